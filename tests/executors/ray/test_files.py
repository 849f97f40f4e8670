"""Inputs and outputs, on nodes that see the server's files and on one that does not."""

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import msgspec
import pytest

from tests.executors.contract import NewJob, finished
from tests.executors.ray.cluster import Cluster
from tests.executors.ray.copier import engine as copier
from understudy.engines.engine import Job
from understudy.errors import EngineFailed, ReplicaLost
from understudy.executors.executor import Line, RunEvent
from understudy.executors.ray.carrying import PIECE
from understudy.executors.ray.executor import RayExecutor
from understudy.testing.trouble import engine as trouble

ELSEWHERE = {"gpus": 9}
"""What only the node has that does not see the folders of these tests."""


@pytest.fixture(scope="module")
def elsewhere(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A node that sees another, empty folder where this machine has the tests' folders."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("a mount namespace needs root's rights here")
    cluster.add_apart(tmp_path_factory.getbasetemp(), gpus=9)


def with_inputs(job: Job) -> tuple[Job, str]:
    """The job with four input files, one of them empty and one of several pieces; the hash of all."""
    folder = Path(job.folder).with_name("inputs")
    folder.mkdir()
    contents = (b"first", b"", os.urandom(2 * PIECE + 5), b"last")
    paths = []
    for number, content in enumerate(contents):
        path = folder / str(number) / "input.png"
        path.parent.mkdir()
        path.write_bytes(content)
        paths.append(str(path))
    files = {"image": tuple(paths[:1]), "more": tuple(paths[1:])}
    return msgspec.structs.replace(job, files=files), hashlib.sha256(b"".join(contents)).hexdigest()


async def play(executor: RayExecutor, job: Job, options: dict[str, object]) -> tuple[list[Path], list[str]]:
    """The files that `copier` makes of it, and what it prints: the hash of what it read, and the folder where."""
    heard: list[RunEvent] = []
    outputs = await executor.run(copier, options, job, heard.append)
    (line,) = [event.text for event in heard if isinstance(event, Line)]
    return [Path(output.path) for output in outputs], line.split()


async def test_nothing_is_copied_where_the_node_sees_them(fresh: RayExecutor, job: NewJob) -> None:
    this, digest = with_inputs(job())
    (joined, empty), (read, where) = await play(fresh, this, {})
    assert (read, where) == (digest, this.folder)
    assert hashlib.sha256(joined.read_bytes()).hexdigest() == digest
    assert empty.read_bytes() == b""
    assert sorted(each.name for each in Path(this.folder).iterdir()) == ["made"]


@pytest.mark.usefixtures("elsewhere")
class TestElsewhere:
    async def test_files_are_copied_there_and_back(self, fresh: RayExecutor, job: NewJob) -> None:
        this, digest = with_inputs(job())
        (joined, empty), (read, where) = await play(fresh, this, ELSEWHERE)
        assert read == digest
        assert where != this.folder
        assert joined == Path(this.folder).resolve() / "made" / "joined"
        assert hashlib.sha256(joined.read_bytes()).hexdigest() == digest
        assert empty.read_bytes() == b""
        assert sorted(each.name for each in Path(this.folder).iterdir()) == ["made"]
        assert sorted(each.name for each in Path(where).parent.parent.iterdir()) == []

    async def test_the_replica_keeps_the_files_while_they_are_dealt_with(
        self, fresh: RayExecutor, job: NewJob, tmp_path: Path
    ) -> None:
        assert await finished(fresh, job(), tmp_path / "files", ELSEWHERE) == "busy"
        assert [each.state for each in fresh.replicas()] == ["idle"]
        assert await fresh.run(trouble, ELSEWHERE, job("[garbage]"), lambda _: None)
        async with fresh.playing(trouble, ELSEWHERE, job("[garbage]"), lambda _: None) as (made,):
            with pytest.raises(EngineFailed, match="made a file that is no media"):
                await made.look(tmp_path / "0.jpg")
        with pytest.raises(ReplicaLost, match="were let go"):
            await made.look(tmp_path / "0.jpg")

    async def test_what_an_engine_may_not_hand_over_is_refused_there(
        self, fresh: RayExecutor, job: NewJob
    ) -> None:
        for prompt, message in (
            ("[outside]", "outside the folder"),
            ("[link]", "not a regular file"),
            ("[nothing]", "made no file"),
            ("[missing]", "did not make: missing.mp4"),
        ):
            with pytest.raises(EngineFailed, match=message):
                await fresh.run(trouble, ELSEWHERE, job(prompt), lambda _: None)
        assert await fresh.run(trouble, ELSEWHERE, job("[garbage]"), lambda _: None)

    async def test_a_full_folder_here_is_said(self, fresh: RayExecutor, job: NewJob) -> None:
        this, _ = with_inputs(job())
        shutil.rmtree(this.folder)
        with pytest.raises(ReplicaLost, match="could not be copied"):
            await play(fresh, this, ELSEWHERE)
