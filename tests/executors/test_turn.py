import asyncio

from understudy.errors import ReplicaLost
from understudy.executors.executor import Line, RunEvent
from understudy.executors.protocol import Ready
from understudy.executors.turn import MARKS_AFTER, Turn


async def test_is_over_after_its_answer_and_both_marks_in_any_order() -> None:
    turn = Turn(lambda _: None)
    turn.mark("stderr")
    turn.answered(Ready(turn.name))
    assert not turn.over.done()
    turn.mark("stdout")
    assert turn.over.done()
    turn = Turn(lambda _: None)
    turn.mark("stdout")
    turn.mark("stderr")
    assert not turn.over.done()
    turn.answered(Ready(turn.name))
    assert turn.over.done()


async def test_does_not_wait_for_ever_for_a_mark() -> None:
    turn = Turn(lambda _: None)
    turn.answered(Ready(turn.name))
    await asyncio.wait_for(turn.over, MARKS_AFTER + 1)


async def test_an_answer_before_the_loss_counts() -> None:
    turn = Turn(lambda _: None)
    turn.answered(Ready(turn.name))
    turn.lose(ReplicaLost("gone"))
    assert turn.over.done()
    assert turn.answer == Ready(turn.name)


async def test_lines_are_heard() -> None:
    heard: list[RunEvent] = []
    turn = Turn(heard.append)
    turn.line("stderr", "x")
    assert heard == [Line("stderr", "x")]
    assert not turn.muted


async def test_names_differ_and_fit_a_mark() -> None:
    names = {Turn(lambda _: None).name for _ in range(100)}
    assert len(names) == 100
    assert {len(name) for name in names} == {32}
