import io

from rich.console import Console

from understudy.client import LogLine, Progress
from understudy.client.listening import listening
from understudy.client.progress import bar


def test_the_bar_shows_stage_and_steps_and_goes_away() -> None:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=80, color_system=None)
    with bar(console) as shown:
        shown(3, 10, "Generate")
        console.print("a line above it")
    assert "Generate" in screen.getvalue()
    assert "3/10" in screen.getvalue()
    before = screen.getvalue()
    shown(4, 10, "Generate")
    assert screen.getvalue() == before


def test_progress_hears_steps_only_and_is_entered_if_it_wants_to_be() -> None:
    told: list[object] = []

    class Kept:
        def __enter__(self) -> None:
            told.append("in")

        def __exit__(self, *_: object) -> None:
            told.append("out")

        def __call__(self, step: int, total: int, stage: str) -> None:
            told.append((step, total, stage))

    with listening(None, Kept()) as hear:
        hear(LogLine("stdout", "x"))
        hear(Progress(stage="Load", percentage=50, step=1, total=2))
    assert told == ["in", (1, 2, "Load"), "out"]
