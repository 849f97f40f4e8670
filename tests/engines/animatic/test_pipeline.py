import hashlib
import subprocess
import sys
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.engines.animatic import prompts
from understudy.engines.animatic.contracts import Spec
from understudy.engines.animatic.picture.film import frames
from understudy.engines.animatic.pipeline import load
from understudy.engines.animatic.prompt.reading import read
from understudy.engines.animatic.timeline import plan
from understudy.engines.engine import Job
from understudy.errors import Cancelled, EngineFailed, EngineInputError
from understudy.files.probe import probe

SMALL = {"size": "192x108", "seconds": 1, "fps": 12}


def job(
    folder: Path, prompt: str, *, model: str = "test/small", image: Path | None = None, **values: object
) -> Job:
    folder.mkdir(exist_ok=True)
    return Job(
        id="42",
        model=model,
        values={"prompt": prompt, **(values or SMALL)},  # type: ignore[dict-item]
        files={"inputImage": (str(image),)} if image else {},
        seed=7,
        folder=str(folder),
    )


class Heard:
    """A report that counts, and stops a run at a second."""

    def __init__(self, stop_at: int | None = None) -> None:
        self.steps: list[tuple[int, int]] = []
        self._stop_at = stop_at

    def __call__(self, step: int, total: int, /, *, stage: str = "Generate", unit: str = "it") -> None:
        assert (stage, unit) == ("Generate", "s")
        self.steps.append((step, total))
        if step == self._stop_at:
            raise Cancelled("enough")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    y, x = np.mgrid[0:300, 0:400]
    pixels = np.stack([x % 256, y % 256, (x + y) % 256], axis=-1).astype(np.uint8)
    path = tmp_path / "picture.png"
    Image.fromarray(pixels).save(path)
    return path


def test_a_real_clip_of_the_default_prompt(tmp_path: Path) -> None:
    heard = Heard()
    order = job(
        tmp_path, prompts.BICYCLE, model="openai/sora-2-pro", seconds="4", resolution="720p", ratio="auto"
    )
    (output,) = load({}).run(order, heard)
    found = probe(tmp_path / output.path)
    assert found.duration == 4
    assert [(each.width, each.height, each.fps, each.frames) for each in found.video] == [
        (1280, 720, 30, 120)
    ]
    assert [(each.rate, each.channels, each.duration) for each in found.audio] == [(48_000, 2, 4)]
    assert heard.steps == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]
    assert found.tags["model"] == "openai/sora-2-pro"
    assert found.tags["engine"].startswith("animatic/")
    assert found.tags["task"] == "42"
    assert found.tags["preview"] == "true"
    assert "preview" in found.tags["comment"]
    with av.open(str(tmp_path / output.path)) as container:
        sound = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert 0.01 < np.abs(sound).max() < 10 ** (-1 / 20)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["animatic.mp4"]


def test_no_sound_stream_if_none_is_wanted(tmp_path: Path) -> None:
    (output,) = load({}).run(job(tmp_path, "rain", generateAudio="false", **SMALL), Heard())
    assert probe(tmp_path / output.path).audio == ()


def test_the_same_job_gives_the_same_bytes_in_another_process(tmp_path: Path, picture: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from tests.engines.animatic.test_pipeline import *;"
        "load({}).run(job(Path(sys.argv[1]), sys.argv[2], image=Path(sys.argv[3]) if sys.argv[3] else None), Heard())"
    )
    for name, image in (("card", None), ("photo", picture)):
        here, there = tmp_path / f"{name}-here", tmp_path / f"{name}-there"
        load({}).run(job(here, prompts.DETECTIVE, image=image), Heard())
        root = Path(__file__).parents[3]
        subprocess.run(
            [sys.executable, "-c", program, str(there), prompts.DETECTIVE, str(image or "")],
            check=True,
            cwd=root,
        )
        digests = {hashlib.sha256((each / "animatic.mp4").read_bytes()).digest() for each in (here, there)}
        assert len(digests) == 1


def test_another_seed_gives_another_picture() -> None:
    reading, spec = read("hills"), Spec(width=64, height=36, fps=8, seconds=1)
    first, second = (next(frames(plan(reading, 1), (), spec, seed, None)) for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_a_cancelled_run_stops_at_once_and_leaves_nothing(tmp_path: Path) -> None:
    heard = Heard(stop_at=2)
    before = threading.active_count()
    with pytest.raises(Cancelled):
        load({}).run(job(tmp_path, "rain", size="192x108", seconds=20, fps=12), heard)
    assert heard.steps[-1] == (2, 20)
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == before


def test_an_image_that_cannot_be_read(tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    for content in (b"", b"not a picture", b"\x89PNG\r\n\x1a\n" + b"\0" * 40):
        bad.write_bytes(content)
        with pytest.raises(EngineInputError, match="input image cannot be read"):
            load({}).run(job(tmp_path / "out", "x", image=bad), Heard())


def test_a_truncated_image(tmp_path: Path, picture: Path) -> None:
    whole = picture.read_bytes()
    picture.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EngineInputError, match="input image cannot be read"):
        load({}).run(job(tmp_path / "out", "x", image=picture), Heard())


def test_a_folder_that_went_away(tmp_path: Path) -> None:
    order = job(tmp_path / "gone", "x")
    (tmp_path / "gone").rmdir()
    with pytest.raises(EngineFailed, match="could not be written"):
        load({}).run(order, Heard())


@pytest.mark.parametrize(
    "prompt",
    [
        "", "   ", "…", "🎬🔥", "一只猫坐在窗边，雨声", "رجل يمشي في الصحراء", "\x00\x07\x1b[31m", "x" * 5000, "a " * 16_000,
        'He says "' + "word " * 6000 + '"', "<S><E><AUDCAP>", "Cut to: " * 4000,
    ],
)  # fmt: skip
def test_any_prompt_makes_a_clip(tmp_path: Path, prompt: str) -> None:
    (output,) = load({}).run(job(tmp_path, prompt, size="96x54", seconds=1, fps=8), Heard())
    assert probe(tmp_path / output.path).duration == 1


@pytest.mark.parametrize("place", ["fields road", "forest", "mountain", "desert", "sea", "city", "office"])
@pytest.mark.parametrize("time", ["midnight neon rain", "dawn mist", "golden hour autumn"])
def test_every_place_can_be_drawn_in_every_light(place: str, time: str) -> None:
    reading = read(f"{place} {time}, the camera pans left and zooms in")
    for width, height in ((96, 54), (54, 96)):
        spec = Spec(width=width, height=height, fps=4, seconds=1)
        shown = list(frames(plan(reading, 1), reading.cues, spec, 3, None))
        assert [frame.shape for frame in shown] == [(height * 3 // 2, width)] * 4
        assert np.ptp(shown[0][:height]) > 40


def test_the_picture_moves_as_the_prompt_says(picture: Path) -> None:
    spec = Spec(width=192, height=108, fps=8, seconds=1)
    still, zoomed = (
        list(frames(plan(read(prompt), 1), (), spec, 1, str(picture)))
        for prompt in ("static shot", "zoom in")
    )
    middle = slice(40, 70)
    assert np.array_equal(still[0][middle], still[-1][middle])
    assert not np.array_equal(zoomed[0][middle], zoomed[-1][middle])


def test_a_subtitle_is_seen_in_its_time_only(picture: Path) -> None:
    spec = Spec(width=320, height=180, fps=8, seconds=4)
    reading = read("static shot. He says “Hello there, old friend.”")
    timeline = plan(reading, 4)
    (speech,) = timeline.speeches
    with_words = list(frames(timeline, (), spec, 1, str(picture)))
    without_words = list(frames(timeline, (), spec, 1, str(picture), subtitles=False))
    for number, (shown, bare) in enumerate(zip(with_words, without_words, strict=True)):
        inside = speech.start <= number / 8 < speech.end
        assert np.array_equal(shown, bare) != inside


def test_what_was_understood_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    load({}).run(job(tmp_path, prompts.DETECTIVE), Heard())
    said = capsys.readouterr().out
    assert "slow zoom in" in said
    assert "clock, distant siren" in said
    assert "Where's the evidence?" in said
