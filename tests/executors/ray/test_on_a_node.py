"""What an actor does on its node, without Ray: whether it sees files, its folder, its cards."""

import os
import time
from pathlib import Path

import msgspec
import pytest

from tests.executors.contract import NewJob
from understudy.engines.engine import Job
from understudy.executors.artifact import Here
from understudy.executors.ray.actor import ReplicaActor
from understudy.executors.ray.cluster import smallest_card
from understudy.executors.ray.node_folder import NodeFolder, measured, read_piece, write_piece
from understudy.executors.ray.node_protocol import Birth, OnNode, Unfit, to_born
from understudy.executors.ray.sight import inputs_of, seen, shown, withdrawn
from understudy.executors.timings import Timings


@pytest.fixture
def with_input(job: NewJob, tmp_path: Path) -> Job:
    path = tmp_path / "input.png"
    path.write_bytes(b"pixels")
    return msgspec.structs.replace(job(), files={"image": (str(path),)})


def test_who_sees_the_probe_and_the_inputs_takes_the_probe_away(with_input: Job) -> None:
    assert seen(shown(with_input))
    assert list(Path(with_input.folder).iterdir()) == []


def test_what_differs_is_not_the_same_disk(with_input: Job) -> None:
    sight = shown(with_input)
    assert not seen(msgspec.structs.replace(sight, token="other"))
    (path,) = inputs_of(with_input)
    before = Path(path).stat()
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert not seen(sight)
    Path(path).unlink()
    assert not seen(sight)
    assert not seen(msgspec.structs.replace(sight, inputs=(), probe="/nowhere/probe"))
    assert len(list(Path(with_input.folder).iterdir())) == 1
    withdrawn(sight)
    withdrawn(sight)
    assert list(Path(with_input.folder).iterdir()) == []


def test_a_folder_is_taken_away_by_the_next_actor_when_its_own_is_dead(
    with_input: Job, tmp_path: Path
) -> None:
    parent = tmp_path / "nodes"
    living = NodeFolder(parent)
    moved = living.moved(with_input)
    (there,) = inputs_of(moved)
    write_piece(there, 3, b"els")
    write_piece(there, 0, b"pix")
    assert read_piece(there, 0, 99) == b"pixels"
    assert read_piece(there, 4, 1) == b"l"
    dead = parent / "dead"
    (dead / "job").mkdir(parents=True)
    other = NodeFolder(parent)
    assert not dead.exists()
    assert Path(there).exists()
    other.close()
    living.clear()
    assert not Path(there).exists()
    living.close()
    assert list(parent.iterdir()) == []


def test_outputs_are_named_by_their_place_in_the_folder(job: NewJob) -> None:
    this = job()
    (Path(this.folder) / "in").mkdir()
    (Path(this.folder) / "in" / "clip.mp4").write_bytes(b"12345")
    clip = Path(this.folder).resolve() / "in" / "clip.mp4"
    assert measured(this, [Here(clip)]) == (OnNode(name="in/clip.mp4", path=str(clip), size=5),)


async def test_another_version_starts_nothing() -> None:
    actor = ReplicaActor()
    birth = Birth(engine="x", pipeline="x:y", timings=Timings())
    answer = to_born.decode(await actor.begin("0.0.1", msgspec.msgpack.encode(birth)))
    assert isinstance(answer, Unfit)
    assert "this server is 0.0.1" in answer.reason
    with pytest.raises(RuntimeError):
        await actor.life()


@pytest.mark.parametrize(
    ("says", "gb"), [("81559\n143771\n", 81559 * 2**20 / 1e9), ("No devices were found\n", 0), ("", 0)]
)
def test_the_smallest_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str, gb: float) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '{says}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    began = time.monotonic()
    assert smallest_card() == pytest.approx(gb)
    assert time.monotonic() - began < 5
    program.unlink()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert smallest_card() == 0
