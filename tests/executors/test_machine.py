from pathlib import Path

import pytest

from understudy.executors.machine import cards_here

LISTED = """\
GPU 0: NVIDIA H200 (UUID: GPU-5c1e)
  MIG 1g.18gb     Device  0: (UUID: MIG-91f0)
GPU 1: NVIDIA H200 (UUID: GPU-77aa)
"""


def never() -> str:
    raise AssertionError("nvidia-smi was asked")


@pytest.mark.parametrize(
    ("visible", "cards"),
    [
        ("", ()),
        ("-1", ()),
        ("0", ("0",)),
        (" 3, 1", ("3", "1")),
        ("0,-1,2", ("0",)),
        ("0,0", ("0",)),
        ("GPU-5c1e,MIG-91f0", ("GPU-5c1e", "MIG-91f0")),
    ],
)
def test_what_the_server_may_see_is_all_there_is(
    tmp_path: Path, visible: str, cards: tuple[str, ...]
) -> None:
    (tmp_path / "nvidia7").touch()
    assert cards_here({"CUDA_VISIBLE_DEVICES": visible}, tmp_path, never) == cards


def test_device_files_are_counted_from_zero(tmp_path: Path) -> None:
    for name in ("nvidia3", "nvidia5", "nvidiactl", "nvidia-uvm", "null"):
        (tmp_path / name).touch()
    assert cards_here({}, tmp_path, never) == ("0", "1")


def test_without_device_files_nvidia_smi_is_asked(tmp_path: Path) -> None:
    assert cards_here({}, tmp_path, lambda: LISTED) == ("0", "1")
    assert cards_here({}, tmp_path / "missing", lambda: "No devices were found") == ()
