"""What every executor must do. A test module makes a subclass of `ExecutorContract` and gives it an `executor` fixture.

The jobs are played by `understudy.testing`'s engines, in real replicas.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.executors.processes import alive, until
from tests.files.storage_contract import listed
from understudy.engines.engine import Job, LocalEngine
from understudy.errors import (
    ConfigurationError,
    EngineFailed,
    EngineInputError,
    EngineOutOfMemory,
    EngineUnavailable,
    ReplicaLost,
)
from understudy.executors.executor import (
    Executor,
    Line,
    Loading,
    Progress,
    ReplicaState,
    RunEvent,
    Started,
)
from understudy.files.folder import FolderStorage
from understudy.testing.instant import engine as instant
from understudy.testing.trouble import engine as trouble

NewJob = Callable[..., Job]
NONE: Mapping[str, object] = {}


async def run(executor: Executor, job: Job, options: Mapping[str, object] = NONE) -> list[RunEvent]:
    """Run it with `trouble`, and return what was heard."""
    events: list[RunEvent] = []
    await executor.run(trouble, options, job, events.append)
    return events


async def begun(executor: Executor, job: Job, options: Mapping[str, object] = NONE) -> asyncio.Task[object]:
    """Run it with `trouble`; return the task once the pipeline has begun."""
    started = asyncio.Event()

    def listen(event: RunEvent) -> None:
        if isinstance(event, Started):
            started.set()

    task: asyncio.Task[object] = asyncio.create_task(executor.run(trouble, options, job, listen))
    await asyncio.wait_for(started.wait(), 20)
    return task


async def finished(executor: Executor, job: Job, files: Path, options: Mapping[str, object] = NONE) -> str:
    """Play it with `instant`, have its clip looked at and stored below `files`; the replica's state meanwhile."""
    storage = FolderStorage(files)
    async with executor.playing(instant, options, job, lambda _: None) as (clip,):
        seen, picture = await clip.look(files.with_name("thumbnails") / "0.jpg")
        await clip.put(storage, "clip.mp4")
        await picture.put(storage, "clip.jpg")
        (state,) = [each.state for each in executor.replicas() if each.engine == "instant"]
    assert (clip.suffix, seen.content_type) == (".mp4", "video/mp4")
    assert seen.width == seen.height > 0
    assert seen.seconds == 1.0
    sizes = [kept.size for kept in await listed(storage)]
    assert sorted(sizes) == sorted((seen.size, seen.thumbnail_size))
    return state


def printed(events: list[RunEvent], stream: str) -> list[str]:
    """The lines of a stream."""
    return [event.text for event in events if isinstance(event, Line) and event.stream == stream]


class ExecutorContract:
    async def test_a_run_ends_with_a_file_in_its_folder(self, executor: Executor, job: NewJob) -> None:
        this = job()
        events: list[RunEvent] = []
        (output,) = await executor.run(instant, NONE, this, events.append)
        assert Path(output.path).parent == Path(this.folder).resolve()
        assert Path(output.path).read_bytes()[4:8] == b"ftyp"
        assert events[:2] == [Loading(), Started()]
        assert [(each.step, each.total) for each in events[2:] if isinstance(each, Progress)] == [
            (1, 2),
            (2, 2),
        ]

    async def test_files_that_are_here_take_no_replicas_time(
        self, executor: Executor, job: NewJob, tmp_path: Path
    ) -> None:
        assert await finished(executor, job(), tmp_path / "files") == "idle"

    async def test_what_is_no_media_is_refused_when_it_is_looked_at(
        self, executor: Executor, job: NewJob, tmp_path: Path
    ) -> None:
        async with executor.playing(trouble, NONE, job("[garbage]"), lambda _: None) as (made,):
            with pytest.raises(EngineFailed, match="made a file that is no media"):
                await made.look(tmp_path / "0.jpg")

    async def test_a_loaded_replica_is_used_again(self, executor: Executor, job: NewJob) -> None:
        await run(executor, job("[garbage]"))
        events = await run(executor, job("[garbage]"))
        assert events == [Started()]
        (replica,) = executor.replicas()
        assert (replica.engine, replica.state, replica.runs, replica.job) == ("trouble", "idle", 2, "")

    async def test_every_line_is_heard_before_the_end_and_by_its_own_run(
        self, executor: Executor, job: NewJob
    ) -> None:
        first = await run(executor, job("[print 500] [raw] [garbage]"))
        second = await run(executor, job("[say second] [garbage]"))
        assert printed(first, "stdout") == [*(f"out {n}" for n in range(500)), "caf\ufffd \ufffd"]
        assert printed(first, "stderr") == [f"err {n}" for n in range(500)]
        assert printed(second, "stdout") == ["second"]
        assert printed(second, "stderr") == []

    async def test_what_is_printed_while_loading_is_heard(self, executor: Executor, job: NewJob) -> None:
        events = await run(executor, job("[say later] [garbage]"), {"load": "[say weights]"})
        assert events == [Loading(), Line("stdout", "weights"), Started(), Line("stdout", "later")]

    async def test_what_c_libraries_print_is_heard_even_before_a_crash(
        self, executor: Executor, job: NewJob
    ) -> None:
        events = await run(executor, job("[puts from C] [say from Python] [garbage]"))
        assert printed(events, "stdout") == ["from C", "from Python"]
        last: list[RunEvent] = []
        with pytest.raises(ReplicaLost):
            await executor.run(trouble, NONE, job("[puts so long] [crash]"), last.append)
        assert printed(last, "stdout") == ["so long"]

    async def test_a_progress_bar_is_lines(self, executor: Executor, job: NewJob) -> None:
        assert printed(await run(executor, job("[bar 3] [garbage]")), "stderr") == [
            "step 0",
            "step 1",
            "step 2",
        ]

    async def test_a_warning_names_no_file_of_the_server(self, executor: Executor, job: NewJob) -> None:
        events = await run(executor, job("[warn Mind the step] [garbage]"))
        assert printed(events, "stderr") == ["UserWarning: Mind the step"]

    async def test_output_past_the_limit_is_left_out_with_a_note(
        self, executor: Executor, job: NewJob
    ) -> None:
        events = await run(executor, job("[print 6000] [garbage]"))
        lines = [event.text for event in events if isinstance(event, Line)]
        assert len(lines) == 10_001
        assert sum("left out" in line for line in lines) == 1
        after = await run(executor, job("[flood 4] [say end] [garbage]"))
        (line,) = printed(after, "stdout")
        assert len(line) == 8 * 1024 + 1

    async def test_progress_is_thinned_out_but_not_its_end(self, executor: Executor, job: NewJob) -> None:
        events = await run(executor, job("[steps 20000] [garbage]"))
        steps = [event for event in events if isinstance(event, Progress)]
        assert 2 <= len(steps) < 200
        assert (steps[0].step, steps[-1].step, steps[-1].total) == (1, 20000, 20000)
        assert steps[-1].unit == "step"
        assert steps[-1].remaining == 0
        assert steps[-1].speed > 0

    @pytest.mark.parametrize(
        ("prompt", "error", "message"),
        [
            ("[raise no luck]", EngineFailed, r"^RuntimeError: no luck$"),
            ("[raise see /secret/folder/weights.bin]", EngineFailed, r"^RuntimeError: see weights.bin$"),
            ("[badinput too long]", EngineInputError, r"^too long$"),
            ("[unavailable no card]", EngineUnavailable, r"^no card$"),
            ("[oom]", EngineOutOfMemory, r"replicas"),
            ("[ask]", EngineFailed, r"EOFError"),
            ("[nothing]", EngineFailed, r"made no file"),
            ("[missing]", EngineFailed, r"did not make: missing\.mp4$"),
            ("[outside]", EngineFailed, r"outside the folder"),
            ("[link]", EngineFailed, r"not a regular file"),
            ("\ud800", EngineInputError, r"Unicode"),
        ],
    )
    async def test_failures_by_kind(
        self, executor: Executor, job: NewJob, prompt: str, error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message) as caught:
            await run(executor, job(prompt))
        assert type(caught.value) is error
        await run(executor, job("[garbage]"))
        assert [replica.state for replica in executor.replicas()] == ["idle"]

    async def test_a_failure_is_one_clean_line_in_the_log(self, executor: Executor, job: NewJob) -> None:
        events: list[RunEvent] = []
        with pytest.raises(EngineFailed):
            await executor.run(trouble, NONE, job("[raise no luck]"), events.append)
        assert printed(events, "stderr") == ["RuntimeError: no luck"]

    @pytest.mark.parametrize(
        ("load", "error", "message"),
        [
            ("[unavailable no weights]", EngineUnavailable, "no weights"),
            ("[raise no luck]", EngineFailed, "RuntimeError: no luck"),
            ("[oom]", EngineOutOfMemory, "MemoryError"),
            ("[crash]", ReplicaLost, "trouble"),
        ],
    )
    async def test_a_failed_load_says_why(
        self, executor: Executor, job: NewJob, load: str, error: type[Exception], message: str
    ) -> None:
        with pytest.raises(error, match=message):
            await run(executor, job(), {"load": load})
        assert [replica for replica in executor.replicas() if replica.pid] == []

    async def test_a_missing_package_makes_it_unavailable(self, executor: Executor, job: NewJob) -> None:
        engine = LocalEngine(name="gone", version="1", preview=False, pipeline="no_such_package:load")
        with pytest.raises(EngineUnavailable, match="no_such_package"):
            await executor.run(engine, NONE, job(), lambda _: None)

    @pytest.mark.parametrize("prompt", ["[crash]", "[exit 3]", "[exit 0]"])
    async def test_a_lost_replica_is_said_to_be_lost_and_replaced(
        self, executor: Executor, job: NewJob, prompt: str
    ) -> None:
        with pytest.raises(ReplicaLost, match=r"engine trouble .*last words: so it goes"):
            await run(executor, job("[complain so it goes] " + prompt))
        events = await run(executor, job("[garbage]"))
        assert events[0] == Loading()

    async def test_a_cancelled_run_stops_at_its_next_step_and_leaves_the_replica_loaded(
        self, executor: Executor, job: NewJob
    ) -> None:
        task = await begun(executor, job("[sleep 60]"))
        (before,) = executor.replicas()
        assert (before.state, before.job) == ("busy", "job")
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 1
        assert await run(executor, job("[garbage]")) == [Started()]

    async def test_a_run_that_does_not_heed_its_cancel_is_killed(
        self, executor: Executor, job: NewJob
    ) -> None:
        task = await begun(executor, job("[hang]"))
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 2
        assert [replica for replica in executor.replicas() if replica.pid] == []
        assert Started() in await run(executor, job("[garbage]"))

    async def test_cancelling_one_who_waits_disturbs_nobody(self, executor: Executor, job: NewJob) -> None:
        running = await begun(executor, job("[sleep 0.5] [garbage]"))
        waiting = asyncio.create_task(run(executor, job("[garbage]")))
        behind = asyncio.create_task(run(executor, job("[garbage]")))
        await asyncio.sleep(0.05)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await running
        assert await behind == [Started()]

    async def test_first_come_first_served(self, executor: Executor, job: NewJob) -> None:
        ended: list[int] = []

        async def one(number: int) -> None:
            await run(executor, job("[sleep 0.02] [garbage]"))
            ended.append(number)

        async with asyncio.TaskGroup() as group:
            for number in range(5):
                group.create_task(one(number))
                await asyncio.sleep(0)
        assert ended == [0, 1, 2, 3, 4]
        assert len(executor.replicas()) == 1

    async def test_as_many_at_once_as_the_operator_says(self, executor: Executor, job: NewJob) -> None:
        options = {"replicas": 2}
        one = await begun(executor, job("[sleep 60]"), options)
        two = await begun(executor, job("[sleep 60]"), options)
        assert [replica.state for replica in executor.replicas()] == ["busy", "busy"]
        for task in (one, two):
            task.cancel()
        await asyncio.wait([one, two])

    async def test_what_stays_loaded_is_loaded_before_a_job_comes(
        self, executor: Executor, job: NewJob
    ) -> None:
        options = {"replicas": 3, "replicas_min": 2}
        before = {replica.pid for replica in executor.replicas()}

        def new() -> list[ReplicaState]:
            return [replica for replica in executor.replicas() if replica.pid not in before]

        await executor.warm(trouble, {})
        assert new() == []
        await asyncio.gather(*(executor.warm(trouble, options) for _ in range(2)))
        assert [replica.state for replica in new()] == ["idle", "idle"]
        assert await run(executor, job("[garbage]"), options) == [Started()]
        assert sorted(replica.runs for replica in new()) == [0, 1]

    async def test_what_cannot_be_loaded_beforehand_says_why(self, executor: Executor) -> None:
        with pytest.raises(EngineUnavailable, match="no weights"):
            await executor.warm(trouble, {"load": "[unavailable no weights]", "replicas_min": 1})

    async def test_what_has_nothing_to_do_is_unloaded_when_it_is_told_so(
        self, executor: Executor, job: NewJob
    ) -> None:
        options = {"replicas": 2, "replicas_min": 2, "persistent": True, "cpus": 0.2}
        await executor.warm(trouble, options)
        busy = await begun(executor, job("[sleep 60]"), options)
        pids = {replica.state: replica.pid for replica in executor.replicas()}
        assert executor.unload("instant") == 0
        assert executor.unload("trouble") == 1
        assert executor.unload("trouble") == 0
        await until(lambda: not alive(pids["idle"]), within=5)
        await until(lambda: len(executor.replicas()) == 1)
        assert [(replica.state, replica.pid) for replica in executor.replicas()] == [("busy", pids["busy"])]
        assert not busy.done()
        busy.cancel()
        await asyncio.wait([busy])
        assert await run(executor, job("[garbage]"), options) == [Started()]
        assert executor.unload("trouble") == 1
        await until(lambda: not alive(pids["busy"]), within=5)

    async def test_a_job_that_comes_while_all_are_unloaded_has_one_started(
        self, executor: Executor, job: NewJob
    ) -> None:
        options = {"persistent": True, "close": "[sleep 0.2]", "cpus": 0.2}
        await run(executor, job("[garbage]"), options)
        before = {replica.pid for replica in executor.replicas()}
        assert executor.unload("trouble") == 1
        at_once = asyncio.create_task(run(executor, job("[garbage]"), options))
        await asyncio.sleep(0.05)
        later = asyncio.create_task(run(executor, job("[garbage]"), options))
        assert [each for each in await at_once if not isinstance(each, Line)] == [Loading(), Started()]
        assert await later == [Started()]
        (after,) = executor.replicas()
        assert after.pid not in before
        assert not any(alive(pid) for pid in before)

    @pytest.mark.parametrize("number", [0, -1, "2", True, 1.5])
    def test_a_number_of_replicas_that_is_none(self, executor: Executor, number: object) -> None:
        assert executor.capacity(trouble, {}) == 1
        assert executor.capacity(trouble, {"replicas": 3}) == 3
        with pytest.raises(ConfigurationError, match="replicas"):
            executor.capacity(trouble, {"replicas": number})

    async def test_a_listener_that_fails_hurts_nobody(
        self, executor: Executor, job: NewJob, caplog: pytest.LogCaptureFixture
    ) -> None:
        def listen(event: RunEvent) -> None:
            raise RuntimeError("deaf")

        assert await executor.run(trouble, NONE, job("[say x] [garbage]"), listen)
        assert "deaf" in caplog.text

    async def test_closing_ends_what_runs_and_what_waits(self, executor: Executor, job: NewJob) -> None:
        running = await begun(executor, job("[hang]"))
        waiting = asyncio.create_task(run(executor, job()))
        await asyncio.sleep(0.05)
        await executor.close()
        for task in (running, waiting):
            with pytest.raises(ReplicaLost):
                await asyncio.wait_for(task, 1)
        with pytest.raises(ReplicaLost):
            await run(executor, job())
        assert executor.replicas() == ()
        await executor.close()
