"""Tensors from real files of each container; code in a file is refused."""

import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from understudy.engines.ovi.weights.check import check
from understudy.engines.ovi.weights.loading import load_part, load_tensors
from understudy.engines.ovi.weights.pickles import open_pickle
from understudy.engines.ovi.weights.tiny import TINY_VARIANT
from understudy.errors import EngineUnavailable

TENSORS = {
    "b.weight": torch.arange(6, dtype=torch.float32).reshape(2, 3),
    "a.weight": torch.ones(4, dtype=torch.bfloat16),
}


class Trap:
    """Runs a command when it is unpickled, unless somebody looks."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


def written(path: Path, *, modern: bool = True) -> Path:
    if path.suffix == ".safetensors":
        save_file(TENSORS, path)
    else:
        torch.save(
            {"generator": TENSORS} if path.suffix == ".pt" else TENSORS,
            path,
            _use_new_zipfile_serialization=modern,
        )
    return path


@pytest.mark.parametrize(
    ("name", "modern"), [("a.safetensors", True), ("a.pth", True), ("a.pt", True), ("a.pt", False)]
)
def test_every_container_gives_the_same_tensors(tmp_path: Path, name: str, modern: bool) -> None:
    found = dict(load_tensors(written(tmp_path / name, modern=modern), device="cpu"))
    assert found.keys() == TENSORS.keys()
    for key, tensor in TENSORS.items():
        torch.testing.assert_close(found[key], tensor, rtol=0, atol=0)
        assert found[key].dtype == tensor.dtype


@pytest.mark.parametrize("name", ["a.safetensors", "a.pth"])
def test_tensors_are_chosen_by_name(tmp_path: Path, name: str) -> None:
    path = written(tmp_path / name)
    assert [key for key, _ in load_tensors(path, device="cpu", only=lambda key: key[0] == "a")] == [
        "a.weight"
    ]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no card")
@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
@pytest.mark.parametrize("name", ["a.safetensors", "a.pth"])
def test_tensors_come_to_the_card(tmp_path: Path, name: str, device: str) -> None:
    found = dict(load_tensors(written(tmp_path / name), device=device))
    assert {tensor.device.type for tensor in found.values()} == {"cuda"}
    assert torch.equal(found["b.weight"].cpu(), TENSORS["b.weight"])


def test_shapes_are_read_without_data(tmp_path: Path) -> None:
    found = open_pickle(written(tmp_path / "a.pth"), meta=True)
    assert {name: (tensor.device.type, tensor.shape) for name, tensor in found.items()} == {
        "b.weight": ("meta", (2, 3)),
        "a.weight": ("meta", (4,)),
    }


def test_code_in_a_file_is_refused_and_not_run(folder: Path) -> None:
    file, mark = folder / "Wan2.2-TI2V-5B/Wan2.2_VAE.pth", folder / "ran"
    torch.save({"decoder.conv1.weight": Trap(mark)}, file)
    with pytest.raises(EngineUnavailable, match="refused: it is damaged, or holds code") as refused:
        dict(load_part(folder, TINY_VARIANT, "video_vae", device="cpu"))
    assert isinstance(refused.value.__cause__, pickle.UnpicklingError)
    (problem,) = check(folder, TINY_VARIANT)
    assert "holds code" in problem.message
    assert not mark.exists()
    # The trap is one: whoever looks less closely falls into it.
    torch.load(file, weights_only=False)
    assert mark.exists()


def test_a_file_of_something_else_is_told(tmp_path: Path) -> None:
    torch.save({"epoch": 3, "a": TENSORS["a.weight"]}, tmp_path / "a.pth")
    with pytest.raises(EngineUnavailable, match=r"a\.pth is not a table of tensors"):
        load_tensors(tmp_path / "a.pth", device="cpu").__next__()
    (tmp_path / "a.safetensors").write_text("<html>Sign in</html>")
    with pytest.raises(EngineUnavailable, match=r"a\.safetensors cannot be read"):
        load_tensors(tmp_path / "a.safetensors", device="cpu").__next__()


def test_a_missing_part_is_told_at_once(folder: Path) -> None:
    (folder / "Ovi/model.safetensors").unlink()
    with pytest.raises(EngineUnavailable, match=r"Ovi/model\.safetensors are missing"):
        load_part(folder, TINY_VARIANT, "transformer", device="cpu")
