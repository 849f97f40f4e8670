import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.engines.ovi.golden import GOLDEN
from understudy.engines.ovi.picture import cover, first_frame, image_tensor, load_picture, picture_size
from understudy.engines.ovi.sizes import image_size
from understudy.errors import EngineInputError

torch = pytest.importorskip("torch")
RECORDED = json.loads((GOLDEN / "preprocess" / "image_resize.json").read_text())


def gradient(height: int, width: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Red counts rows, green columns: each pixel says where it was."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = np.arange(height)[:, None]
    picture[..., 1] = np.arange(width)[None]
    return picture


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: f"{case['h']}x{case['w']}")
def test_the_tensor_is_the_recorded_one(case: dict[str, int]) -> None:
    from safetensors.numpy import load_file

    recorded = load_file(GOLDEN / "preprocess" / "image_resize.safetensors")
    picture, expected = recorded[f"image{case['index']}"], recorded[f"tensor{case['index']}"]
    made = first_frame(picture, None, case["target_area"])
    assert made.dtype == torch.float32
    assert made.shape == expected.shape
    assert np.abs(made.numpy() - expected).max() <= 1e-5


def test_a_picture_of_the_right_size_is_not_resampled() -> None:
    made = image_tensor(gradient(64, 96), (64, 96))
    assert torch.equal(made[0, 0, :, 0], torch.arange(64.0) / 255 * 2 - 1)


@pytest.mark.parametrize(
    ("shape", "size", "rows", "columns"),
    [
        ((100, 100), (1, 2), (25, 75), (0, 100)),
        ((100, 100), (2, 1), (0, 100), (25, 75)),
        ((90, 160), (720, 1280), (0, 90), (0, 160)),
        ((1, 200), (100, 1), (0, 1), (99, 100)),
    ],
)
def test_cover_cuts_out_of_the_middle(
    shape: tuple[int, int], size: tuple[int, int], rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    assert np.array_equal(cover(gradient(*shape), size), gradient(*shape)[slice(*rows), slice(*columns)])


def test_a_named_size_is_filled_and_never_stretched() -> None:
    circle = np.zeros((400, 400, 3), np.uint8)
    circle[150:250, 150:250] = 255
    made = first_frame(circle, (512, 992), 720 * 720)
    assert made.shape == (1, 3, 512, 992)
    white = made[0, 0] > 0
    assert white.any(0).sum() == pytest.approx(white.any(1).sum(), abs=4)


def test_without_one_the_shape_is_the_pictures() -> None:
    assert first_frame(gradient(90, 160), None, 518_400).shape[-2:] == image_size(90, 160, 518_400)


def test_a_strip_is_cut_to_a_shape_that_can_be_made() -> None:
    height, width = first_frame(np.zeros((4, 3000, 3), np.uint8), None, 518_400).shape[-2:]
    assert height * width == pytest.approx(518_400, rel=0.1)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "CMYK"])
def test_every_kind_of_picture_is_read_as_rgb(mode: str, tmp_path: Path) -> None:
    path = tmp_path / ("picture.tiff" if mode == "CMYK" else "picture.png")
    Image.new("RGB", (3, 2), "white").convert(mode).save(path)
    picture = load_picture(str(path))
    assert picture.shape == (2, 3, 3)
    assert picture.dtype == np.uint8
    assert (picture == 255).all()
    assert picture_size(str(path)) == (2, 3)


def test_transparency_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.new("RGBA", (1, 1), (10, 20, 30, 0)).save(path)
    assert load_picture(str(path)).tolist() == [[[10, 20, 30]]]


@pytest.mark.parametrize("read", [load_picture, picture_size])
def test_what_is_no_picture_is_refused(read: object, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"not a picture")
    for name in (path, tmp_path / "absent.png"):
        with pytest.raises(EngineInputError, match="send a JPEG"):
            read(str(name))  # type: ignore[operator]
