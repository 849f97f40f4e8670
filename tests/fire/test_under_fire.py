"""Several processes, PostgreSQL, S3, partners and receivers, all of which fail at random: nothing is lost or doubled."""

from pathlib import Path

import pytest

from tests.executors.ray import cluster
from tests.fire.people import MODELS, MODELS_IN_FULL
from tests.fire.scene import Scene, play, seed_of_today

FULL = Scene(
    tasks=5000,
    least=500,
    seconds=600,
    pause=4.0,
    streams=2,
    models=MODELS_IN_FULL,
    longest=5.0,
    quiet_seconds=240,
    small_disks=64,
)
SHORT = Scene(
    tasks=300,
    least=60,
    seconds=20,
    pause=1.0,
    streams=2,
    models=MODELS,
    longest=2.0,
    quiet_seconds=90,
    small_disks=64,
)


@pytest.mark.timeout(240)
async def test_a_short_fire(tmp_path: Path) -> None:
    await play(SHORT, tmp_path, seed_of_today())


@pytest.mark.fire
@pytest.mark.timeout(1500)  # until 5,000 tasks are accepted, for ten minutes at most, and until all is quiet
async def test_a_whole_fire(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "NODES", Path(__file__).with_name("patient_nodes.py"))
    with cluster.Cluster() as nodes:
        await play(FULL, tmp_path, seed_of_today(), nodes)
