from collections.abc import Callable
from pathlib import Path

import pytest

from understudy.engines.engine import Job
from understudy.executors.protocol import Done, Failed, Load, Progressed, Ready, Run, Started, Stopped
from understudy.executors.worker import Worker

NewJob = Callable[..., Job]


class Bench:
    """A worker with `trouble` loaded, in this process."""

    def __init__(self) -> None:
        self.sent: list[Started | Progressed] = []
        self.worker = Worker(self._hear)
        self.cancel_at_step = 0
        assert self.worker.load(Load("load", "understudy.testing.trouble:load", {})) == Ready("load")

    def _hear(self, message: Started | Progressed) -> None:
        self.sent.append(message)
        if isinstance(message, Progressed) and message.progress.step == self.cancel_at_step:
            self.worker.cancel(message.turn)


def test_a_run(job: NewJob) -> None:
    bench = Bench()
    answer = bench.worker.run(Run("t", job("[steps 2] [garbage]")))
    assert isinstance(answer, Done)
    assert [Path(output.path).name for output in answer.outputs] == ["clip.mp4"]
    assert bench.sent[0] == Started("t")
    assert [each.progress.step for each in bench.sent if isinstance(each, Progressed)] == [1, 2]


def test_a_failure_keeps_its_traceback_for_the_operator(
    job: NewJob, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = Bench().worker.run(Run("t", job("[raise at /a/b]")))
    assert isinstance(answer, Failed)
    assert (answer.kind, answer.message) == ("failed", "RuntimeError: at b")
    assert "Traceback" in answer.detail
    assert "/a/b" in answer.detail
    assert capsys.readouterr().err == "RuntimeError: at b\n"


def test_cancel_stops_its_own_turn_only(job: NewJob) -> None:
    bench = Bench()
    bench.cancel_at_step = 1
    assert bench.worker.run(Run("one", job("[sleep 60]"))) == Stopped("one")
    bench.cancel_at_step = 0
    assert isinstance(bench.worker.run(Run("two", job("[steps 2] [garbage]"))), Done)
    bench.worker.cancel("three")
    assert bench.worker.run(Run("three", job("[sleep 60]"))) == Stopped("three")


@pytest.mark.parametrize(
    ("pipeline", "kind", "words"),
    [
        ("no_such_package.engine:load", "unavailable", "no_such_package"),
        ("understudy.testing.trouble:nothing", "failed", "AttributeError"),
        ("understudy.testing.trouble:engine", "failed", "TypeError"),
    ],
)
def test_a_pipeline_that_cannot_be_loaded(pipeline: str, kind: str, words: str) -> None:
    answer = Worker(lambda _: None).load(Load("t", pipeline, {}))
    assert isinstance(answer, Failed)
    assert answer.kind == kind
    assert words in answer.message
