"""How much main memory replicas take, of real ones."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from tests.executors.contract import NONE, NewJob, printed
from tests.executors.processes import until
from understudy.errors import ReplicaLost
from understudy.executors import main_memory
from understudy.executors.executor import RunEvent
from understudy.executors.local import LocalExecutor
from understudy.executors.main_memory import memory_of_groups
from understudy.executors.timings import Timings
from understudy.testing.trouble import engine as trouble

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

MIB = 1 << 20
HUNGRY = "x = bytearray(%d); x[::4096] = b'x' * len(x[::4096]); print(flush=True); input()"


async def test_of_a_replica_with_what_it_started(job: NewJob) -> None:
    executor = LocalExecutor(Timings(stop_grace=0.5))
    heard: list[RunEvent] = []
    task = asyncio.create_task(executor.run(trouble, NONE, job("[children]"), heard.append))
    await until(lambda: bool(printed(heard, "stdout")))
    (replica,) = executor.replicas()
    (whole,) = memory_of_groups({replica.pid, 1 << 30}).items()
    assert whole[0] == replica.pid
    own = int(Path(f"/proc/{replica.pid}/statm").read_text().split()[1]) * 4096
    assert own / 2 < whole[1] < 3 * own
    await executor.close()
    with pytest.raises(ReplicaLost):
        await task
    assert not any(memory_of_groups({replica.pid}).values())


@pytest.mark.parametrize("exact_below", [1 << 30, 0])
def test_what_is_taken_is_told(monkeypatch: pytest.MonkeyPatch, exact_below: int) -> None:
    monkeypatch.setattr(main_memory, "_EXACT_BELOW", exact_below)
    with subprocess.Popen(
        [sys.executable, "-c", HUNGRY % (64 * MIB)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as hungry:
        assert hungry.stdout is not None
        hungry.stdout.readline()
        assert 64 * MIB < memory_of_groups({hungry.pid})[hungry.pid] < 96 * MIB
        hungry.kill()


def test_of_nobody() -> None:
    assert memory_of_groups(()) == {}


def test_where_there_is_no_such_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(main_memory, "_PROC", tmp_path / "proc")
    assert memory_of_groups({1}) == {}
