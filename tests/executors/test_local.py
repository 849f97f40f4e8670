"""The contract, and what only processes of this machine do."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.executors.contract import NONE, ExecutorContract, NewJob, begun, printed, run
from tests.executors.processes import alive, gone, group, until
from understudy.errors import ConfigurationError, EngineFailed, EngineUnavailable, ReplicaLost
from understudy.executors.executor import Line, Loading, RunEvent, Started
from understudy.executors.local import LocalExecutor
from understudy.executors.timings import Timings
from understudy.testing.instant import engine as instant
from understudy.testing.trouble import engine as trouble

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
QUICK = Timings(backoff_first=0.01, stop_grace=0.5)


@pytest.fixture
async def executor() -> AsyncIterator[LocalExecutor]:
    executor = LocalExecutor(QUICK)
    yield executor
    await executor.close()


class TestLocalExecutor(ExecutorContract):
    """The contract."""


async def test_the_servers_settings_are_not_for_engines(
    executor: LocalExecutor, job: NewJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNDERSTUDY_SECRET_KEY", "hush")
    monkeypatch.setenv("HF_HOME", "/models")
    events = await run(executor, job("[env UNDERSTUDY_SECRET_KEY][env HF_HOME]"))
    assert printed(events, "stdout") == ["unset", "/models"]


@linux
class TestNothingIsLeftBehind:
    async def test_by_twenty_starts(self, job: NewJob) -> None:
        async def one() -> None:
            executor = LocalExecutor(QUICK)
            await run(executor, job("[garbage]"))
            with pytest.raises(ReplicaLost):
                await run(executor, job("[crash]"))
            await executor.close()

        await one()
        await asyncio.sleep(0.1)
        before = sorted(each.name for each in Path("/proc/self/fd").iterdir())
        threads = threading.active_count()
        for _ in range(10):
            await one()
        await asyncio.sleep(0.1)
        assert sorted(each.name for each in Path("/proc/self/fd").iterdir()) == before
        assert threading.active_count() <= threads
        assert len(asyncio.all_tasks()) == 1

    async def test_by_a_kill_not_even_the_pipelines_own_children(self, job: NewJob) -> None:
        executor = LocalExecutor(QUICK)
        heard: list[RunEvent] = []
        task = asyncio.create_task(executor.run(trouble, NONE, job("[children]"), heard.append))
        await until(lambda: bool(printed(heard, "stdout")))
        child = int(printed(heard, "stdout")[0].split()[1])
        (replica,) = executor.replicas()
        assert {replica.pid, child} < set(group(replica.pid))
        task.cancel()
        await asyncio.wait([task])
        assert await gone(child, replica.pid, within=0.5)
        await until(lambda: not group(replica.pid), within=1)
        await executor.close()

    @pytest.mark.parametrize("prompt", ["[hang]", "[wedge]", "[children]", "[sleep 60]"])
    async def test_by_a_close_in_the_middle(self, job: NewJob, prompt: str) -> None:
        executor = LocalExecutor(QUICK)
        task = await begun(executor, job(prompt))
        (replica,) = executor.replicas()
        began = time.monotonic()
        await executor.close()
        assert time.monotonic() - began < 2
        with pytest.raises(ReplicaLost):
            await task
        await until(lambda: not group(replica.pid), within=1)

    async def test_by_a_close_while_loading(self, job: NewJob) -> None:
        executor = LocalExecutor(QUICK)
        task = asyncio.create_task(run(executor, job(), {"load": "[hang]"}))
        await until(lambda: any(replica.pid for replica in executor.replicas()))
        (replica,) = executor.replicas()
        assert replica.state == "starting"
        await executor.close()
        with pytest.raises(ReplicaLost):
            await task
        await until(lambda: not group(replica.pid), within=1)

    async def test_by_a_pipeline_that_does_not_close(self, job: NewJob) -> None:
        executor = LocalExecutor(QUICK)
        await run(executor, job("[garbage]"), {"close": "[hang]"})
        (replica,) = executor.replicas()
        await executor.close()
        await until(lambda: not group(replica.pid), within=1)

    @pytest.mark.parametrize("prompt", ["[hang]", "[wedge]", "[children]", "[garbage]"])
    async def test_by_a_server_that_is_killed(self, tmp_path: Path, prompt: str) -> None:
        server = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SERVER, str(tmp_path), prompt), stdout=asyncio.subprocess.PIPE
        )
        assert server.stdout is not None
        pid = int(await asyncio.wait_for(server.stdout.readline(), 20))
        members = group(pid)
        assert pid in members
        server.kill()
        await server.wait()
        assert await gone(*members)


SERVER = """
import asyncio, sys
from understudy.engines.engine import Job
from understudy.executors.executor import Line, Started
from understudy.executors.local import LocalExecutor
from understudy.testing.trouble import engine

async def main():
    executor = LocalExecutor()
    folder, prompt = sys.argv[1:]
    job = Job(id="1", model="a/b", values={"prompt": prompt}, files={}, seed=1, folder=folder)
    ready = asyncio.Event()
    task = asyncio.create_task(executor.run(engine, {}, job, lambda _: ready.set()))
    await ready.wait()
    while not any(each.state in ("busy", "idle") for each in executor.replicas()):
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    print(executor.replicas()[0].pid, flush=True)
    await asyncio.sleep(3600)

asyncio.run(main())
"""


async def test_options_that_no_process_can_be_given(executor: LocalExecutor, job: NewJob) -> None:
    with pytest.raises(ConfigurationError, match=r"engine trouble: .*options"):
        await run(executor, job(), {"load": object()})


class TestLoss:
    @pytest.mark.parametrize(
        ("prompt", "how"), [("[crash]", "was killed by SIGABRT"), ("[exit 3]", "ended with exit code 3")]
    )
    async def test_says_how(self, executor: LocalExecutor, job: NewJob, prompt: str, how: str) -> None:
        with pytest.raises(ReplicaLost, match=how):
            await run(executor, job(prompt))

    async def test_by_a_signal_from_outside(self, executor: LocalExecutor, job: NewJob) -> None:
        task = await begun(executor, job("[sleep 60]"))
        os.kill(executor.replicas()[0].pid, signal.SIGKILL)
        with pytest.raises(ReplicaLost, match=r"SIGKILL.*memory"):
            await task

    async def test_of_an_idle_replica_is_no_failure(self, executor: LocalExecutor, job: NewJob) -> None:
        await run(executor, job("[garbage]"))
        os.kill(executor.replicas()[0].pid, signal.SIGKILL)
        await until(lambda: not executor.replicas())
        assert await run(executor, job("[garbage]")) == [Loading(), Started()]

    async def test_by_silence(self, job: NewJob) -> None:
        executor = LocalExecutor(Timings(silence=1.5))
        with pytest.raises(ReplicaLost, match=r"fell silent for \d s and was killed"):
            await run(executor, job("[wedge]"))
        await executor.close()

    async def test_a_pause_of_server_and_replica_together_is_not_silence(self, job: NewJob) -> None:
        executor = LocalExecutor(Timings(silence=1.2))
        task = await begun(executor, job("[sleep 2] [garbage]"))
        (replica,) = executor.replicas()
        os.kill(replica.pid, signal.SIGSTOP)
        time.sleep(1.5)  # noqa: ASYNC251 - this process stands still, too
        os.kill(replica.pid, signal.SIGCONT)
        assert await task
        await executor.close()

    async def test_a_pipeline_that_only_hangs_is_not_silent(self, job: NewJob) -> None:
        executor = LocalExecutor(Timings(silence=1.2, cancel_grace=0.1))
        task = await begun(executor, job("[hang]"))
        await asyncio.sleep(2)
        assert not task.done()
        task.cancel()
        await asyncio.wait([task])
        await executor.close()


class TestBackoff:
    async def test_doubles_with_each_failure_and_ends_with_a_success(self, job: NewJob) -> None:
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        executor = LocalExecutor(Timings(backoff_first=1, backoff_most=5), clock=lambda: 100.0, sleep=sleep)
        options = {"persistent": True}
        for _ in range(5):
            with pytest.raises(ReplicaLost):
                await run(executor, job("[crash]"), options)
        assert waits == [1, 2, 4, 5]
        await run(executor, job("[garbage]"), options)
        assert waits == [1, 2, 4, 5, 5]
        with pytest.raises(ReplicaLost):
            await run(executor, job("[crash]"), options)
        await run(executor, job("[garbage]"), options)
        assert waits == [1, 2, 4, 5, 5, 1]
        await executor.close()

    async def test_counts_failed_loads_but_not_jobs_that_could_not_be_played(self, job: NewJob) -> None:
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        executor = LocalExecutor(Timings(backoff_first=1), clock=lambda: 100.0, sleep=sleep)
        for _ in range(2):
            with pytest.raises(EngineUnavailable):
                await run(executor, job(), {"load": "[unavailable]"})
        assert waits == [1]
        for _ in range(2):
            with pytest.raises(EngineFailed):
                await run(executor, job("[raise x]"), {"persistent": True})
        assert waits == [1]
        await executor.close()

    async def test_is_shown_and_ends_with_a_close(self, job: NewJob) -> None:
        executor = LocalExecutor(Timings(backoff_first=3600, backoff_most=3600), now=lambda: 1234.0)
        with pytest.raises(ReplicaLost):
            await run(executor, job("[crash]"))
        task = asyncio.create_task(run(executor, job()))
        await asyncio.sleep(0.02)
        (replica,) = executor.replicas()
        assert (replica.state, replica.job, replica.since) == ("backing-off", "job", 1234.0)
        await executor.close()
        with pytest.raises(ReplicaLost):
            await task

    async def test_can_be_cancelled(self, job: NewJob) -> None:
        executor = LocalExecutor(Timings(backoff_first=3600, backoff_most=3600))
        with pytest.raises(ReplicaLost):
            await run(executor, job("[crash]"))
        task = asyncio.create_task(run(executor, job()))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert executor.replicas() == ()
        await executor.close()


class TestIdling:
    async def test_unloads_what_is_idle_and_starts_it_again_when_needed(self, job: NewJob) -> None:
        executor = LocalExecutor(Timings(idle=0.05))
        await run(executor, job("[garbage]"))
        (replica,) = executor.replicas()
        assert await gone(replica.pid)
        await until(lambda: not executor.replicas())
        assert await run(executor, job("[garbage]")) == [Loading(), Started()]
        await executor.close()

    async def test_spares_what_is_persistent(self, job: NewJob) -> None:
        executor = LocalExecutor(Timings(idle=0.05))
        await run(executor, job("[garbage]"), {"persistent": True})
        await asyncio.sleep(0.3)
        (replica,) = executor.replicas()
        assert alive(replica.pid)
        await executor.close()

    async def test_a_job_that_comes_while_it_unloads_waits_for_that(self, job: NewJob) -> None:
        executor = LocalExecutor(Timings(idle=0.02, stop_grace=0.3))
        options = {"close": "[hang]"}
        await run(executor, job("[garbage]"), options)
        (old,) = executor.replicas()
        await until(lambda: executor.replicas()[0].state == "stopping")
        assert Loading() in await run(executor, job("[garbage]"), options)
        assert not alive(old.pid)
        await executor.close()

    async def test_a_job_that_is_cancelled_while_it_unloads_changes_nothing(self, job: NewJob) -> None:
        executor = LocalExecutor(Timings(idle=0.02, stop_grace=0.3))
        options = {"close": "[hang]"}
        await run(executor, job("[garbage]"), options)
        await until(lambda: executor.replicas()[0].state == "stopping")
        task = asyncio.create_task(run(executor, job("[garbage]"), options))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.wait([task])
        await until(lambda: not executor.replicas())
        assert Loading() in await run(executor, job("[garbage]"), options)
        await executor.close()


class TestCancel:
    async def test_while_loading_kills_at_once(self, executor: LocalExecutor, job: NewJob) -> None:
        heard: list[RunEvent] = []
        options = {"load": "[say loading] [hang]"}
        task = asyncio.create_task(executor.run(trouble, options, job(), heard.append))
        await until(lambda: Line("stdout", "loading") in heard)
        (replica,) = executor.replicas()
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 0.5
        assert not alive(replica.pid)

    async def test_while_the_process_is_being_started(self, executor: LocalExecutor, job: NewJob) -> None:
        before = len(list(Path("/dev/fd").iterdir()))
        for turns in range(12):
            task = asyncio.create_task(run(executor, job("[garbage]")))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert not any(replica.pid for replica in executor.replicas())
        await until(lambda: len(list(Path("/dev/fd").iterdir())) <= before)
        assert Started() in await run(executor, job("[garbage]"))

    async def test_twice_still_ends_with_a_free_engine(self, executor: LocalExecutor, job: NewJob) -> None:
        task = await begun(executor, job("[hang]"))
        (replica,) = executor.replicas()
        task.cancel()
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert not alive(replica.pid)

    async def test_stops_a_wedged_interpreter(self, executor: LocalExecutor, job: NewJob) -> None:
        task = await begun(executor, job("[wedge]"))
        (replica,) = executor.replicas()
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 2
        assert not alive(replica.pid)


async def test_a_warm_run_takes_little_more_than_its_work(executor: LocalExecutor, job: NewJob) -> None:
    """The goal is 2 ms at the median on a quiet machine; the bound leaves room for a busy one."""
    this = job()
    times = []
    for _ in range(50):
        began = time.perf_counter()
        await executor.run(instant, NONE, this, lambda _: None)
        times.append(time.perf_counter() - began)
    assert sorted(times)[25] < 0.02
