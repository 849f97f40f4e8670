"""What the rows say is what happens: an input that is dropped changes nothing of a clip, any other does."""

from pathlib import Path

import msgspec
import pytest
from PIL import Image

from understudy.catalogue.loader import load_catalogue
from understudy.engines.engine import Job
from understudy.engines.ovi import engine
from understudy.engines.ovi.config import DEFAULT_VARIANT, REAL
from understudy.engines.ovi.contracts import OVI, Request, request_for
from understudy.engines.ovi.sizes import requested_size


class Contract(msgspec.Struct, frozen=True):
    address: str
    input_ids: tuple[str, ...]


UNKNOWN = Contract(
    "somebody/else",
    (
        "firstFrame", "image", "prompt", "text", "resolution", "aspect_ratio", "duration", "seconds",
        "generateAudio", "negative_prompt", "audioNegativePrompt", "num_inference_steps", "steps", "seed", "style",
    ),
)  # fmt: skip
SPARE = Contract("somebody/spare", ("textPrompt", "size", "duration", "inferenceSteps", "colour"))
BASE = {
    "prompt": "Rain.", "text": "Rain.", "textPrompt": "Rain.", "seconds": "4", "durationSeconds": "4", "duration": "4",
    "resolution": "720p", "size": "640x360", "ratio": "16:9", "aspectRatio": "16:9", "aspect_ratio": "16:9",
    "generateAudio": "true", "negativePrompt": "", "negative_prompt": "", "audioNegativePrompt": "",
    "enhancePrompt": "true", "personGeneration": "allow_adult", "steps": 30, "inferenceSteps": 30,
    "num_inference_steps": 30, "seed": 7, "style": "noir", "colour": "red",
}  # fmt: skip
OTHER = {
    "prompt": "A train.", "text": "A train.", "textPrompt": "A train.", "seconds": "8", "durationSeconds": "8",
    "duration": "8", "resolution": "1080p", "size": "360x640", "ratio": "9:16", "aspectRatio": "9:16",
    "aspect_ratio": "9:16", "generateAudio": "false", "negativePrompt": "fog", "negative_prompt": "fog",
    "audioNegativePrompt": "hum", "enhancePrompt": "false", "personGeneration": "dont_allow", "steps": 50,
    "inferenceSteps": 50, "num_inference_steps": 50, "seed": 8, "style": "pop", "colour": "blue",
}  # fmt: skip
SIZES = {OVI: ("512x992", "720x720"), UNKNOWN.address: ("640x360", "360x640")}
"""Values of `resolution` that name a size, for the contracts in which they can."""


def played(
    model: str, values: dict[str, object], files: dict[str, tuple[str, ...]] | None = None
) -> tuple[object, ...]:
    """All that a clip of the usual checkpoint depends on: of the request, what `pipeline` reads; the seed."""
    job = Job(
        id="1",
        model=model,
        values=values,  # type: ignore[arg-type]
        files=files or {},
        seed=int(values.get("seed", 0)),  # type: ignore[call-overload]
        folder="/nowhere",
    )
    request: Request = request_for(job)
    size = requested_size(*request.size, REAL.variants[DEFAULT_VARIANT].area) if request.size else None
    texts = request.prompt, request.negative_video, request.negative_audio
    return *texts, size, request.image, request.steps, request.sound, job.seed


@pytest.mark.parametrize(
    "contract", [*load_catalogue().models, UNKNOWN, SPARE], ids=lambda each: each.address
)
def test_every_input_becomes_what_its_row_says(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "in.png"
    Image.new("RGB", (40, 30)).save(path)
    rows = engine.treats(contract, {})
    assert [row.input for row in rows] == list(contract.input_ids)
    values = {name: BASE[name] for name in contract.input_ids if name in BASE}
    for row in rows:
        first, second = BASE.get(row.input), OTHER.get(row.input)
        if row.input == "resolution" and contract.address in SIZES:
            first, second = SIZES[contract.address]
        plain = played(contract.address, {**values, row.input: first} if first is not None else values)
        if row.input in ("inputImage", "image", "firstFrame"):
            changed = played(contract.address, values, {row.input: (str(path),)})
        else:
            changed = played(contract.address, {**values, row.input: second})
        assert (changed == plain) == (row.how == "dropped"), row


def test_one_picture_is_played_the_others_are_not(tmp_path: Path) -> None:
    rows = {row.input: row for row in engine.treats(UNKNOWN, {})}
    assert (rows["image"].how, rows["firstFrame"].how) == ("honoured", "approximated")
    assert rows["firstFrame"].note == "Played if image is not given."
    for name in ("a.png", "b.png"):
        Image.new("RGB", (40, 30)).save(tmp_path / name)
    one, two = ((str(tmp_path / name),) for name in ("a.png", "b.png"))
    given = {"prompt": "Rain."}
    both = played(UNKNOWN.address, given, {"firstFrame": two, "image": one})
    assert both == played(UNKNOWN.address, given, {"image": one})


def test_rows_that_are_not_plain_say_why() -> None:
    for contract in (*load_catalogue().models, UNKNOWN, SPARE):
        assert all(row.note for row in engine.treats(contract, {}) if row.how != "honoured")


@pytest.mark.parametrize(("variant", "length"), [("720x720_5s", "5.04 s"), ("960x960_10s", "10.04 s")])
def test_the_length_is_the_loaded_checkpoints(variant: str, length: str) -> None:
    (sora,) = (model for model in load_catalogue().models if model.address == "openai/sora-2-pro")
    rows = {row.input: row for row in engine.treats(sora, {"variant": variant})}
    assert rows["seconds"].how == "dropped"
    assert length in rows["seconds"].note
