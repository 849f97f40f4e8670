from pathlib import Path

import av

from understudy.engines.engine import Job
from understudy.testing.clip import tiny_clip
from understudy.testing.instant import engine, load


def test_makes_its_clip_and_reports_two_steps(tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []

    def report(step: int, total: int, /, *, stage: str = "", unit: str = "") -> None:
        steps.append((step, total))

    pipeline = load({})
    job = Job(id="1", model="a/b", values={}, files={}, seed=0, folder=str(tmp_path))
    (output,) = pipeline.run(job, report)
    pipeline.close()
    assert steps == [(1, 2), (2, 2)]
    assert Path(output.path).read_bytes() == tiny_clip()
    with av.open(output.path) as clip:
        assert sum(1 for _ in clip.decode(video=0)) == 10


def test_is_marked_as_a_preview_and_always_there() -> None:
    assert engine.name == "instant"
    assert engine.preview
    assert engine.availability({}).ok
