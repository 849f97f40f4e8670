"""Several processes make the clip that one makes; and what happens when one is stopped, fails or dies.

Processes are real, and each takes two seconds or more to start: tests that do no harm to them share them.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engines.ovi.distance import rel
from tests.engines.ovi.parallel import loads
from tests.engines.ovi.runs import NAMES, recorded
from tests.executors.processes import alive
from understudy.engines.ovi.parallel.arrangement import Arrangement, arrange
from understudy.engines.ovi.parallel.ensemble import Ensemble
from understudy.errors import Cancelled, EngineFailed, EngineInputError, EngineOutOfMemory, EngineUnavailable

EXACT = 1e-6
LEADER = os.getpid()


def quiet(step: int, total: int) -> None:
    pass


@pytest.fixture(scope="module", params=[(2, 1), (1, 3)], ids=["passes", "heads"])
def ensemble(request: pytest.FixtureRequest) -> Iterator[Ensemble]:
    arrangement = Arrangement(*request.param)
    ensemble = Ensemble(arrangement, ["cpu"] * arrangement.processes, loads.recorded_solo, {})
    yield ensemble
    pids = ensemble.pids
    assert len(pids) == arrangement.processes - 1
    assert all(map(alive, pids))
    ensemble.close()
    assert not any(map(alive, pids))


@pytest.mark.parametrize("name", NAMES)
def test_it_ends_where_one_process_and_the_reference_end(ensemble: Ensemble, name: str) -> None:
    request, expected = recorded(name)
    ours, alone = ensemble(request, quiet), ensemble.solo(request, quiet)
    for found, one, wanted in zip(ours, alone, expected, strict=True):
        assert rel(found, one) < EXACT
        assert rel(found, wanted) < 5e-6


def test_a_cancel_stops_all_of_them_and_they_play_again(ensemble: Ensemble) -> None:
    request, expected = recorded("i2v")
    pids = ensemble.pids
    for last in (0, 2, 4):
        told: list[int] = []

        def done(step: int, total: int, last: int = last, told: list[int] = told) -> None:
            told.append(step)
            if step == last:
                raise Cancelled("enough")

        with pytest.raises(Cancelled, match="enough"):
            ensemble(request, done)
        assert told == list(range(last + 1))
    assert rel(ensemble(request, quiet).video, expected.video) < 5e-6
    assert ensemble.pids == pids


def test_a_request_that_cannot_be_played_harms_nobody(ensemble: Ensemble) -> None:
    request, expected = recorded("t2v")
    pids = ensemble.pids
    with pytest.raises(EngineInputError, match="0 steps"):
        ensemble(request._replace(steps=0), quiet)
    assert rel(ensemble(request, quiet).video, expected.video) < 5e-6
    assert ensemble.pids == pids


def test_passes_apart_and_heads_shared_at_once() -> None:
    ensemble = Ensemble(arrange(4, heads=4), ["cpu"] * 4, loads.small_solo, {"heads": 4})
    try:
        for clean_first in (False, True):
            request = loads.small_request(clean_first=clean_first)
            for found, one in zip(ensemble(request, quiet), ensemble.solo(request, quiet), strict=True):
                assert rel(found, one) < EXACT
    finally:
        ensemble.close()


def test_a_run_that_loses_a_process_begins_again_with_new_ones(tmp_path: Path, capsys) -> None:
    """Slow: four processes have to load torch, one after the other two."""
    request, expected = recorded("t2v")
    options = {"leader": LEADER, "mark": str(tmp_path / "died")}
    ensemble = Ensemble(Arrangement(1, 3), ["cpu"] * 3, loads.dying, options)
    try:
        pids = ensemble.pids
        told: list[int] = []
        latents = ensemble(request, lambda step, total, /: told.append(step))
        assert rel(latents.video, expected.video) < 5e-6
        assert told[-5:] == [0, 1, 2, 3, 4]
        assert len(told) > 5
        assert not any(map(alive, pids))
        assert not set(pids) & set(ensemble.pids)
        assert "is gone; the log may tell why. The run begins again." in capsys.readouterr().out
    finally:
        ensemble.close()


def test_a_process_that_dies_again_fails_the_run_and_nobody_is_left() -> None:
    """Slow: as above."""
    ensemble = Ensemble(Arrangement(2, 1), ["cpu"] * 2, loads.dying, {"leader": LEADER})
    pids = ensemble.pids
    with pytest.raises(EngineFailed, match="is gone"):
        ensemble(recorded("t2v").request, quiet)
    assert not any(map(alive, pids))
    assert ensemble.pids == ()


def test_an_error_of_another_process_is_told_as_what_it_is() -> None:
    ensemble = Ensemble(Arrangement(2, 1), ["cpu"] * 2, loads.out_of_memory, {"leader": LEADER})
    pids = ensemble.pids
    with pytest.raises(EngineOutOfMemory, match="One of the cards"):
        ensemble(recorded("t2v").request, quiet)
    assert not any(map(alive, pids))


def test_one_that_cannot_load_leaves_nobody_behind() -> None:
    with pytest.raises(EngineUnavailable, match="The weights are not there"):
        Ensemble(Arrangement(2, 1), ["cpu"] * 2, loads.only_the_first, {"leader": LEADER})


LEADING = """
import os, signal, sys
from tests.engines.ovi.parallel import loads
from understudy.engines.ovi.parallel.arrangement import Arrangement
from understudy.engines.ovi.parallel.ensemble import Ensemble

if __name__ == "__main__":
    ensemble = Ensemble(Arrangement(2, 1), ["cpu"] * 2, loads.recorded_solo, {})
    print(*ensemble.pids, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_others_end_with_the_process_that_leads(tmp_path: Path) -> None:
    leader = subprocess.run(
        [sys.executable, "-c", LEADING],
        cwd=Path(__file__).parents[4],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
        timeout=60,
    )
    pids = [int(pid) for pid in leader.stdout.split()]
    assert len(pids) == 1
    until = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, pids))
