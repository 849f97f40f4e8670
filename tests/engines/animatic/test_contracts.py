import pytest

from understudy.engines.animatic.contracts import Spec, spec_for

SORA, VEO, OVI = "openai/sora-2-pro", "google/veo3-1", "chetwinlow1/ovi"


def shape(spec: Spec) -> tuple[int, int, int, float, bool]:
    return spec.width, spec.height, spec.fps, spec.seconds, spec.sound


@pytest.mark.parametrize(
    ("values", "image", "expected"),
    [
        ({"seconds": "4", "resolution": "720p", "ratio": "16:9"}, None, (1280, 720, 30, 4, True)),
        ({"seconds": 8, "resolution": "720p", "ratio": "9:16"}, None, (720, 1280, 30, 8, True)),
        ({"seconds": "12", "resolution": "1080p", "ratio": "16:9"}, None, (1920, 1080, 30, 12, True)),
        ({"seconds": "4", "resolution": "1080p", "ratio": "9:16"}, None, (1080, 1920, 30, 4, True)),
        ({"seconds": "4", "resolution": "720p", "ratio": "auto"}, None, (1280, 720, 30, 4, True)),
        ({"seconds": "4", "resolution": "720p", "ratio": "auto"}, (500, 500), (1280, 720, 30, 4, True)),
        ({"seconds": "4", "resolution": "720p", "ratio": "auto"}, (499, 500), (720, 1280, 30, 4, True)),
        ({"seconds": "4", "resolution": "720p", "ratio": "16:9"}, (1, 500), (1280, 720, 30, 4, True)),
    ],
)
def test_sora(values: dict[str, str | int | float], image: tuple[int, int] | None, expected: object) -> None:
    assert shape(spec_for(SORA, values, image)) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"durationSeconds": "8", "aspectRatio": "16:9", "resolution": "720p", "generateAudio": "true"},
            (1280, 720, 24, 8, True),
        ),
        (
            {"durationSeconds": "6", "aspectRatio": "9:16", "resolution": "1080p", "generateAudio": "false"},
            (1080, 1920, 24, 6, False),
        ),
    ],
)
def test_veo(values: dict[str, str | int | float], expected: object) -> None:
    assert shape(spec_for(VEO, values, (100, 300))) == expected


@pytest.mark.parametrize(
    ("resolution", "image", "size"),
    [
        ("512x992", None, (992, 512)),
        ("992x512", (10, 10), (512, 992)),
        ("960x512", None, (512, 960)),
        ("512x960", None, (960, 512)),
        ("720x720", None, (720, 720)),
        ("448x1120", None, (1120, 448)),
        ("1120x448", None, (448, 1120)),
        ("default", None, (992, 512)),
        ("default", (1000, 1000), (704, 704)),
        ("default", (1600, 900), (960, 544)),
        ("default", (900, 1600), (544, 960)),
        ("default", (10_000, 100), (1440, 352)),
    ],
)
def test_ovi_counts_height_first(
    resolution: str, image: tuple[int, int] | None, size: tuple[int, int]
) -> None:
    spec = spec_for(OVI, {"resolution": resolution}, image)
    assert shape(spec) == (*size, 24, 5, True)
    assert spec.frames == 120


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, (1280, 720, 24, 5, True)),
        ({"duration": "6s", "resolution": "480p", "aspect_ratio": "1:1"}, (480, 480, 24, 6, True)),
        ({"size": "640x360", "fps": 30, "seconds": 2}, (640, 360, 30, 2, True)),
        ({"size": "9999x9999", "seconds": 9999, "fps": 1000}, (4096, 4096, 60, 60, True)),
        ({"seconds": "soon", "resolution": "wide", "ratio": "0:0"}, (720, 720, 24, 5, True)),
        ({"generateAudio": "False"}, (1280, 720, 24, 5, False)),
    ],
)
def test_other_models_are_read_by_usual_names(values: dict[str, str | int | float], expected: object) -> None:
    assert shape(spec_for("somebody/else", values, None)) == expected
