from pathlib import Path

import pytest
from PIL import Image

from understudy.engines.engine import Job
from understudy.engines.ovi.config import REAL
from understudy.engines.ovi.contracts import (
    NEGATIVE_AUDIO,
    NEGATIVE_VIDEO,
    OVI,
    SORA,
    VEO,
    Request,
    made_otherwise,
    request_for,
)
from understudy.errors import EngineInputError

Value = str | int | float


def job(model: str, files: dict[str, tuple[str, ...]] | None = None, **values: Value) -> Job:
    return Job(id="1", model=model, values=values, files=files or {}, seed=7, folder="/nowhere")


@pytest.fixture
def portrait(tmp_path: Path) -> str:
    path = tmp_path / "portrait.png"
    Image.new("RGB", (30, 40)).save(path)
    return str(path)


@pytest.fixture
def square(tmp_path: Path) -> str:
    path = tmp_path / "square.png"
    Image.new("RGB", (30, 30)).save(path)
    return str(path)


class TestOvi:
    def test_every_input_is_taken(self, portrait: str) -> None:
        asked = job(
            OVI,
            {"inputImage": (portrait,)},
            prompt="A koala.",
            negativePrompt="blur",
            audioNegativePrompt="echo",
            resolution="992x512",
            steps=30,
            seed="0",
        )
        assert request_for(asked) == Request(
            prompt="A koala.",
            negative_video="blur",
            negative_audio="echo",
            size=(992, 512),
            image=portrait,
            steps=30,
        )

    @pytest.mark.parametrize(
        ("resolution", "size"), [("512x992", (512, 992)), ("448x1120", (448, 1120)), ("default", (512, 992))]
    )
    def test_resolutions_are_height_first(self, resolution: str, size: tuple[int, int]) -> None:
        assert request_for(job(OVI, prompt="A koala.", resolution=resolution)).size == size

    def test_by_default_the_image_decides(self, portrait: str) -> None:
        assert (
            request_for(job(OVI, {"inputImage": (portrait,)}, prompt="A.", resolution="default")).size is None
        )

    def test_an_empty_negative_prompt_is_meant(self) -> None:
        request = request_for(job(OVI, prompt="A.", negativePrompt="", audioNegativePrompt=""))
        assert (request.negative_video, request.negative_audio) == ("", "")

    @pytest.mark.parametrize(("given", "steps"), [(50, 50), (50.0, 50), ("12", 12), (1, 1), (100, 100)])
    def test_steps(self, given: Value, steps: int) -> None:
        assert request_for(job(OVI, prompt="A.", steps=given)).steps == steps


class TestVeo:
    def test_its_inputs_are_mapped(self) -> None:
        asked = job(
            VEO,
            prompt="A koala.",
            generateAudio="false",
            aspectRatio="9:16",
            resolution="1080p",
            negativePrompt="rain",
            enhancePrompt="false",
            personGeneration="allow_adult",
            durationSeconds="6",
        )
        assert request_for(asked) == Request(
            prompt="A koala.", negative_video="rain", size=(1920, 1080), seconds=6, sound=False
        )

    def test_what_it_leaves_empty_is_the_references(self) -> None:
        request = request_for(job(VEO, prompt="A.", negativePrompt="", generateAudio="true"))
        assert (request.negative_video, request.negative_audio) == (NEGATIVE_VIDEO, NEGATIVE_AUDIO)
        assert request.sound
        assert request.size == (720, 1280)

    def test_what_cannot_be_played_is_noted(self) -> None:
        notes = request_for(job(VEO, prompt="A.", enhancePrompt="true", personGeneration="dont_allow")).notes
        assert [note.split()[0] for note in notes] == ["personGeneration"]

    def test_a_named_shape_stays_with_an_image(self, portrait: str) -> None:
        request = request_for(job(VEO, {"inputImage": (portrait,)}, prompt="A.", aspectRatio="16:9"))
        assert (request.size, request.image) == ((720, 1280), portrait)


class TestSora:
    @pytest.mark.parametrize(
        ("resolution", "ratio", "size"),
        [
            ("720p", "16:9", (720, 1280)),
            ("1080p", "9:16", (1920, 1080)),
            ("720p", "auto", (720, 1280)),
        ],
    )
    def test_shape_without_an_image(self, resolution: str, ratio: str, size: tuple[int, int]) -> None:
        request = request_for(job(SORA, prompt="A.", resolution=resolution, ratio=ratio, seconds="12"))
        assert request == Request(prompt="A.", size=size, seconds=12)

    def test_auto_is_the_images_orientation(self, portrait: str, square: str) -> None:
        def size(image: str) -> object:
            return request_for(job(SORA, {"inputImage": (image,)}, prompt="A.", ratio="auto")).size

        assert size(portrait) == (1280, 720)
        assert size(square) == (720, 1280)


class TestOthers:
    def test_usual_names_are_read(self, portrait: str) -> None:
        asked = job(
            "somebody/else",
            {"firstFrame": (portrait,)},
            prompt="A.",
            negative_prompt="rain",
            size="640x360",
            duration="6s",
            steps=500,
            generateAudio="False",
        )
        assert request_for(asked) == Request(
            prompt="A.",
            negative_video="rain",
            size=(360, 640),
            image=portrait,
            steps=100,
            seconds=6,
            sound=False,
        )

    @pytest.mark.parametrize(
        ("values", "size"),
        [
            ({}, (512, 992)),
            ({"aspect_ratio": "1:1", "resolution": "480p"}, (480, 480)),
            ({"ratio": "21:9"}, (720, 1680)),
            ({"ratio": "999:1"}, (720, 2880)),
            ({"ratio": "0:0"}, (512, 992)),
            ({"size": "9999x10"}, (10, 40)),
            ({"size": "00x00"}, (512, 992)),
        ],
    )
    def test_any_shape_can_be_made(self, values: dict[str, str], size: tuple[int, int]) -> None:
        assert request_for(job("somebody/else", prompt="A.", **values)).size == size

    def test_without_a_prompt_there_is_nothing_to_play(self) -> None:
        with pytest.raises(EngineInputError, match="no input for a prompt"):
            request_for(job("somebody/else", seconds=5))

    def test_what_is_no_number_asks_for_nothing(self) -> None:
        request = request_for(job("somebody/else", prompt="A.", seconds="soon", steps=0))
        assert (request.seconds, request.steps) == (None, None)


def test_other_images_are_dropped_with_a_note(portrait: str, square: str) -> None:
    files = {"lastFrame": (square,), "inputImage": (portrait, square), "empty": ()}
    request = request_for(job(VEO, files, prompt="A."))
    assert request.image == portrait
    assert request.notes == (
        "lastFrame is not played: Ovi begins with one image and takes no other files.",
        "Of the 2 images in inputImage the first one is played.",
    )


def test_a_lost_image_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineInputError, match="cannot be read"):
        request_for(job(OVI, {"inputImage": (str(tmp_path / "gone.png"),)}, prompt="A."))


@pytest.mark.parametrize(
    ("loaded", "request_", "notes"),
    [
        (
            "720x720_5s",
            Request(prompt="", size=(720, 1280), seconds=8),
            (
                "Asked for 8 s; the checkpoint 720x720_5s makes 5.04 s.",
                "Asked for 1280 x 720 pixels; the checkpoint 720x720_5s makes 960 x 544 pixels.",
            ),
        ),
        (
            "960x960_10s",
            Request(prompt="", size=(704, 1280), seconds=4),
            ("Asked for 4 s; the checkpoint 960x960_10s makes 10.04 s.",),
        ),
        ("720x720_5s", Request(prompt="", size=(512, 992), seconds=5), ()),
        ("960x960_5s", Request(prompt="", image="/picture.png"), ()),
    ],
)
def test_what_the_loaded_checkpoint_makes_otherwise(
    loaded: str, request_: Request, notes: tuple[str, ...]
) -> None:
    assert made_otherwise(REAL.variants, loaded, request_) == notes
