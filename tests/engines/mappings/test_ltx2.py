"""The mapping to LTX-2, as tables."""

from pathlib import Path

import pytest
from PIL import Image

from understudy.catalogue.loader import load_catalogue
from understudy.engines.engine import Job
from understudy.engines.mappings.ltx2 import Limits, Request, request_for, treated
from understudy.engines.mappings.treatments import treatments
from understudy.engines.wish import Wish, wish_for

SORA, VEO, OVI = "openai/sora-2-pro", "google/veo3-1", "chetwinlow1/ovi"
LIMITS = Limits()


def asked(model: str, files: dict[str, tuple[str, ...]] | None = None, **values: str | int) -> Request:
    job = Job(
        id="1",
        model=model,
        values={"prompt": "A koala.", **values},
        files=files or {},
        seed=7,
        folder="/nowhere",
    )
    return request_for(wish_for(job), LIMITS)


@pytest.mark.parametrize(
    ("values", "size", "frames", "kept"),
    [
        ({"seconds": "4", "resolution": "720p", "ratio": "16:9"}, (1280, 704), 97, 96),
        ({"seconds": "8", "resolution": "720p", "ratio": "9:16"}, (704, 1280), 193, 192),
        ({"seconds": "12", "resolution": "1080p", "ratio": "16:9"}, (1920, 1088), 289, 288),
        ({"seconds": "4", "resolution": "1080p", "ratio": "9:16"}, (1088, 1920), 97, 96),
        ({"seconds": "4", "resolution": "720p", "ratio": "auto"}, (1280, 704), 97, 96),
    ],
)
def test_sora(values: dict[str, str], size: tuple[int, int], frames: int, kept: int) -> None:
    request = asked(SORA, **values)
    assert (request.size, request.frames, request.kept, request.sound) == (size, frames, kept, True)
    assert (request.negative, request.steps, request.guidance) == (None, None, None)
    assert request.seconds == float(values["seconds"])


def test_sora_takes_the_pictures_orientation(tmp_path: Path) -> None:
    path = str(tmp_path / "in.png")
    Image.new("RGB", (30, 40)).save(path)
    request = asked(SORA, {"inputImage": (path,)}, seconds="4", resolution="720p", ratio="auto")
    assert (request.size, request.picture) == ((704, 1280), path)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"durationSeconds": "8", "aspectRatio": "16:9", "resolution": "720p", "generateAudio": "true"},
            ((1280, 704), 193, 192, True, None),
        ),
        (
            {"durationSeconds": "6", "aspectRatio": "9:16", "resolution": "1080p", "generateAudio": "false"},
            ((1088, 1920), 145, 144, False, None),
        ),
        (
            {"durationSeconds": "4", "negativePrompt": " rain ", "enhancePrompt": "true", "seed": 3},
            ((1280, 704), 97, 96, True, "rain"),
        ),
    ],
)
def test_veo(values: dict[str, str | int], expected: object) -> None:
    request = asked(VEO, **values)
    assert (request.size, request.frames, request.kept, request.sound, request.negative) == expected


@pytest.mark.parametrize(
    ("values", "size", "steps", "negative"),
    [
        ({"resolution": "512x992"}, (992, 512), None, None),
        ({"resolution": "992x512"}, (512, 992), None, None),
        ({"resolution": "720x720"}, (704, 704), None, None),
        ({"resolution": "448x1120"}, (1120, 448), None, None),
        ({"resolution": "default"}, (1280, 704), None, None),
        ({"resolution": "default", "steps": 30}, (1280, 704), 30, None),
        ({"steps": 1, "negativePrompt": "blur"}, (1280, 704), 2, "blur"),
        ({"negativePrompt": "blur", "audioNegativePrompt": "echo"}, (1280, 704), None, "blur, echo"),
        ({"audioNegativePrompt": "echo"}, (1280, 704), None, "echo"),
    ],
)
def test_ovi(
    values: dict[str, str | int], size: tuple[int, int], steps: int | None, negative: str | None
) -> None:
    request = asked(OVI, **values)
    assert (request.size, request.steps, request.negative) == (size, steps, negative)
    assert (request.frames, request.kept) == (121, 121)


@pytest.mark.parametrize(
    ("seconds", "kept", "frames"),
    [
        (1 / 24, 1, 1),
        (0.001, 1, 1),
        (0.35, 8, 9),
        (9 / 24, 9, 9),
        (10 / 24, 10, 17),
        (5.5, 132, 137),
        (20, 480, 481),
    ],
)
def test_the_length_is_exact_and_what_is_made_is_the_least_that_has_it(
    seconds: float, kept: int, frames: int
) -> None:
    request = request_for(Wish(prompt="x", seconds=seconds), LIMITS)
    assert (request.kept, request.frames, request.notes) == (kept, frames, request.notes)
    assert frames % 8 == 1
    assert 0 <= frames - kept < 8


@pytest.mark.parametrize(
    ("limits", "wish", "size", "kept"),
    [
        (Limits(pixels=1280 * 704), Wish(prompt="x", tier="1080p"), (1248, 704), 121),
        (Limits(pixels=768 * 512), Wish(prompt="x", tier="720p", ratio="9:16"), (448, 832), 121),
        (Limits(pixels=64 * 64), Wish(prompt="x", tier="4k"), (64, 64), 121),
        (Limits(pixels=128 * 128), Wish(prompt="x", size=(4096, 10)), (256, 64), 121),
        (Limits(pixels=128 * 128), Wish(prompt="x", size=(10, 4096)), (64, 256), 121),
        (LIMITS, Wish(prompt="x", size=(10, 10)), (64, 64), 121),
        (Limits(seconds=3), Wish(prompt="x", seconds=8), (1280, 704), 72),
        (Limits(seconds=3), Wish(prompt="x"), (1280, 704), 72),
    ],
)
def test_limits(limits: Limits, wish: Wish, size: tuple[int, int], kept: int) -> None:
    request = request_for(wish, limits)
    assert (request.size, request.kept) == (size, kept)
    assert size[0] * size[1] <= limits.pixels
    assert not size[0] % 32
    assert not size[1] % 32


@pytest.mark.parametrize("tier", ["480p", "512p", "540p", "720p", "1080p", "1440p", "4k", "8k"])
@pytest.mark.parametrize("ratio", ["16:9", "9:16"])
@pytest.mark.parametrize("pixels", [64 * 64, 512 * 288, 1280 * 704, 1920 * 1088])
def test_no_size_is_beyond_the_limit_or_far_from_the_shape(tier: str, ratio: str, pixels: int) -> None:
    request = request_for(Wish(prompt="x", tier=tier, ratio=ratio), Limits(pixels=pixels))  # type: ignore[arg-type]
    width, height = request.size
    assert width * height <= pixels
    if pixels > 64 * 64:
        shape = width / height if ratio == "16:9" else height / width
        assert shape == pytest.approx(16 / 9, rel=0.1)
        assert width * height > pixels * 0.8 or tier in ("480p", "512p", "540p", "720p")


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish(prompt="x", size=(704, 704), seconds=4), ()),
        (Wish(prompt="x", tier="720p", seconds=4), ("1280 x 720 pixels; made are 1280 x 704",)),
        (Wish(prompt="x", size=(704, 704), seconds=30), ("Asked for 30 s; the longest clip is 20 s",)),
        (Wish(prompt="x", size=(704, 704), negative_audio="echo"), ("one for both",)),
        (Wish(prompt="x", size=(704, 704), people="dont_allow"), ("keeps people out",)),
        (Wish(prompt="x", size=(704, 704), people="allow_adult"), ()),
        (Wish(prompt="x", size=(704, 704), others=("/b.png",)), ("other pictures are not used",)),
        (Wish(prompt="x", size=(704, 704), steps=1), ("the least is 2",)),
    ],
)
def test_what_is_made_otherwise_is_said(wish: Wish, words: tuple[str, ...]) -> None:
    notes = request_for(wish, LIMITS).notes
    assert len(notes) == len(words)
    assert all(word in note for word, note in zip(words, notes, strict=True))


OTHER = {
    "prompt": "A man.", "seconds": "8", "durationSeconds": "6", "ratio": "9:16", "aspectRatio": "9:16",
    "resolution": "1080p", "generateAudio": "false", "negativePrompt": "fog", "audioNegativePrompt": "hum",
    "enhancePrompt": "false", "personGeneration": "dont_allow", "steps": 12,
}  # fmt: skip


@pytest.mark.parametrize("model", load_catalogue().models, ids=lambda model: model.address)
def test_every_input_becomes_what_the_table_says(model, tmp_path: Path) -> None:
    """What is dropped changes nothing of the call, everything else does."""
    base = {"seconds": "4", "durationSeconds": "4", "resolution": "720p"}
    values = {name: base[name] for name in model.input_ids if name in base}
    plain = asked(model.address, **values)
    path = tmp_path / "in.png"
    Image.new("RGB", (40, 30)).save(path)
    rows = treatments(model, treated(LIMITS))
    assert [row.input for row in rows] == list(model.input_ids)
    for row in rows:
        if row.input == "seed":
            continue  # the job's own, see tests/engines/ltx2/test_pipeline
        if row.input == "inputImage":
            changed = asked(model.address, {"inputImage": (str(path),)}, **values)
        else:
            changed = asked(model.address, **{**values, row.input: OTHER[row.input]})
        same = _call(changed) == _call(plain)
        assert same == (row.how == "dropped"), row


def _call(request: Request) -> tuple[object, ...]:
    return tuple(getattr(request, name) for name in request.__struct_fields__ if name != "notes")
