"""What a job asks for, out of each contract's own inputs."""

from pathlib import Path

import pytest
from PIL import Image

from understudy.catalogue.loader import load_catalogue
from understudy.engines.engine import Job
from understudy.engines.wish import Wish, wish_for, wished
from understudy.errors import EngineInputError

OVI = "chetwinlow1/ovi"


def job(model: str = "a/b", files: dict[str, tuple[str, ...]] | None = None, **values: str | float) -> Job:
    return Job(id="1", model=model, values=values, files=files or {}, seed=77, folder="")


def picture(folder: Path, width: int, height: int) -> str:
    path = folder / f"{width}x{height}.png"
    Image.new("RGB", (width, height)).save(path)
    return str(path)


def test_every_input_of_the_catalogue_is_known() -> None:
    unknown = {
        (model.address, name)
        for model in load_catalogue(()).models
        for name, field in wished(model).items()
        if field is None
    }
    assert unknown == set()


def test_what_is_not_asked_for() -> None:
    assert wish_for(job(prompt="A fox.")) == Wish(prompt="A fox.", seed=77)


def test_everything_that_can_be_asked_for() -> None:
    asked = wish_for(
        job(
            prompt="A fox.",
            durationSeconds="8",
            aspectRatio="9:16",
            resolution="1080p",
            generateAudio="false",
            negativePrompt=" rain ",
            audioNegativePrompt="music",
            enhancePrompt="false",
            personGeneration="dont_allow",
            seed=5,
            steps="30",
            guidance="4.5",
        )
    )
    assert asked == Wish(
        prompt="A fox.",
        seconds=8,
        ratio="9:16",
        tier="1080p",
        sound=False,
        negative="rain",
        negative_audio="music",
        enhance=False,
        people="dont_allow",
        seed=5,
        steps=30,
        guidance=4.5,
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("8", 8), ("8s", 8), (" 2.5 sec ", 2.5), ("12 seconds", 12), ("0", None), ("", None), ("long", None)],
)
def test_lengths(text: str, seconds: float | None) -> None:
    assert wish_for(job(prompt="A fox.", seconds=text)).seconds == seconds


@pytest.mark.parametrize(("seed", "played"), [("0", 77), ("", 77), ("x", 77), ("4294967295", 4294967295)])
def test_the_tasks_own_seed_stands_in(seed: str, played: int) -> None:
    assert wish_for(job(prompt="A fox.", seed=seed)).seed == played


@pytest.mark.parametrize(
    ("model", "text", "size", "ratio", "tier"),
    [
        (OVI, "512x992", (992, 512), "16:9", "480p"),
        (OVI, "992x512", (512, 992), "9:16", "480p"),
        (OVI, "default", None, "16:9", "720p"),
        ("a/b", "720x1280", (720, 1280), "9:16", "720p"),
        ("a/b", "1792×1024", (1792, 1024), "16:9", "1080p"),
        ("a/b", "4K", None, "16:9", "4k"),
        ("a/b", "0x720", None, "16:9", "720p"),
    ],
)
def test_sizes(model: str, text: str, size: tuple[int, int] | None, ratio: str, tier: str) -> None:
    found = wish_for(job(model, prompt="A fox.", resolution=text))
    assert (found.size, found.ratio, found.tier) == (size, ratio, tier)


@pytest.mark.parametrize(("size", "ratio"), [((90, 160), "9:16"), ((160, 90), "16:9"), ((100, 100), "16:9")])
def test_auto_is_the_pictures_orientation(size: tuple[int, int], ratio: str, tmp_path: Path) -> None:
    found = wish_for(job(prompt="A fox.", ratio="auto", files={"inputImage": (picture(tmp_path, *size),)}))
    assert (found.picture_size, found.ratio) == (size, ratio)


def test_pictures_beyond_the_first(tmp_path: Path) -> None:
    first, second, style = (picture(tmp_path, side, 64) for side in (64, 65, 66))
    found = wish_for(job(prompt="A fox.", files={"style": (style,), "image": (first, second)}))
    assert (found.picture, found.others) == (first, (second, style))


def test_a_picture_that_cannot_be_read(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"\x89PNG")
    with pytest.raises(EngineInputError, match="cannot be read"):
        wish_for(job(prompt="A fox.", files={"image": (str(broken),)}))
