import os
from collections.abc import Callable
from pathlib import Path

import pytest

from understudy.engines.engine import Job, Output
from understudy.errors import EngineFailed
from understudy.executors.outputs import checked_outputs


def test_files_of_the_job_are_taken(job: Callable[..., Job]) -> None:
    this = job()
    inner = Path(this.folder) / "more"
    inner.mkdir()
    for path in (Path(this.folder) / "a.mp4", inner / "b.jpg"):
        path.touch()
    outputs = checked_outputs(this, [Output("a.mp4"), Output(str(inner / "b.jpg"))])
    folder = Path(this.folder).resolve()
    assert [output.path for output in outputs] == [str(folder / "a.mp4"), str(folder / "more" / "b.jpg")]


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "..",
        "missing",
        "folder",
        "link",
        "dangling",
        "pipe",
        "way/file",
        "../file",
        "/etc/passwd",
        "a\0b",
        "x" * 5000,
    ],
)
def test_anything_else_is_refused_without_naming_a_folder(job: Callable[..., Job], path: str) -> None:
    this = job()
    folder = Path(this.folder)
    (folder.parent / "file").touch()
    (folder / "folder").mkdir()
    (folder / "link").symlink_to(folder.parent / "file")
    (folder / "dangling").symlink_to(folder / "nothing")
    (folder / "way").symlink_to(folder.parent)
    os.mkfifo(folder / "pipe")
    with pytest.raises(EngineFailed) as caught:
        checked_outputs(this, [Output(path)])
    assert str(folder.parent) not in str(caught.value)


def test_a_folder_with_a_similar_name_is_outside(job: Callable[..., Job]) -> None:
    this = job()
    similar = Path(this.folder + "x")
    similar.mkdir()
    (similar / "a").touch()
    with pytest.raises(EngineFailed, match="outside"):
        checked_outputs(this, [Output(str(similar / "a"))])


def test_no_output_is_a_failure(job: Callable[..., Job]) -> None:
    with pytest.raises(EngineFailed, match="made no file"):
        checked_outputs(job(), [])
