"""The words that would end this process are covered where replicas are: tests/executors."""

import re
from pathlib import Path

import pytest

from understudy.engines.engine import Job
from understudy.errors import EngineInputError, EngineUnavailable
from understudy.testing import trouble


class Bench:
    """The pipeline, and what it reported."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.steps: list[tuple[int, int, str]] = []

    def report(self, step: int, total: int, /, *, stage: str = "Generate", unit: str = "it") -> None:
        self.steps.append((step, total, unit))

    def play(self, prompt: str) -> list[Path]:
        job = Job(id="1", model="a/b", values={"prompt": prompt}, files={}, seed=0, folder=str(self.folder))
        return [Path(output.path) for output in trouble.load({}).run(job, self.report)]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("prompt", ["", "no words [at all", "[unknown] [Sleep 9]"])
def test_without_its_words_it_makes_a_clip(bench: Bench, prompt: str) -> None:
    (clip,) = bench.play(prompt)
    assert clip.read_bytes()[4:8] == b"ftyp"
    assert bench.steps == []


def test_words_are_carried_out_in_order(bench: Bench, capfd: pytest.CaptureFixture[str]) -> None:
    (clip,) = bench.play("A dog. [say one] [print 2] [steps 2] [complain two] [sleep 0.02] [raw] [garbage]")
    out, err = capfd.readouterr()
    assert out.startswith("one\nout 0\nout 1\n")
    assert err == "err 0\nerr 1\ntwo\n"
    assert bench.steps == [(1, 2, "step"), (2, 2, "step"), (1, 2, "it"), (2, 2, "it")]
    assert clip.read_bytes() == b"This is no video."


@pytest.mark.parametrize(
    ("prompt", "error", "message"),
    [
        ("[oom]", MemoryError, "^$"),
        ("[raise a b]", RuntimeError, "^a b$"),
        ("[badinput]", EngineInputError, "cannot be played"),
        ("[badinput why]", EngineInputError, "^why$"),
        ("[unavailable]", EngineUnavailable, "cannot run here"),
    ],
)
def test_failures(bench: Bench, prompt: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        bench.play(prompt)


def test_what_it_hands_over(bench: Bench) -> None:
    assert bench.play("[nothing]") == []
    assert not bench.play("[missing]")[0].exists()
    assert not bench.play("[outside]")[0].is_relative_to(bench.folder)
    assert bench.play("[link]")[0].is_symlink()


def test_options() -> None:
    with pytest.raises(RuntimeError, match="while loading"):
        trouble.load({"load": "[raise while loading]"})
    with pytest.raises(RuntimeError, match="while closing"):
        trouble.load({"close": "[raise while closing]"}).close()
    assert trouble.engine.availability({}).ok
    availability = trouble.engine.availability({"unavailable": "no card"})
    assert (availability.ok, availability.reason) == (False, "no card")
    assert availability.remedy


def test_every_word_is_in_the_documentation() -> None:
    documented = set(re.findall(r"\[(\w+)[ \]]", trouble.__doc__ or ""))
    assert documented == {*trouble._DEEDS, *trouble._OUTPUTS}
