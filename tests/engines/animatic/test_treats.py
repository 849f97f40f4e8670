"""What the rows say is what happens: an input that is dropped changes nothing, any other changes what is drawn."""

from pathlib import Path

import msgspec
import pytest
from PIL import Image

from understudy.catalogue.loader import load_catalogue
from understudy.engines.animatic import engine
from understudy.engines.animatic.contracts import spec_for
from understudy.engines.animatic.picture.photo import picture_size
from understudy.engines.animatic.pipeline import _prompt
from understudy.engines.animatic.prompt.reading import read
from understudy.engines.engine import Job


class Contract(msgspec.Struct, frozen=True):
    address: str
    input_ids: tuple[str, ...]


UNKNOWN = Contract(
    "somebody/else",
    (
        "image", "prompt", "text", "size", "resolution", "aspect_ratio", "ratio", "duration", "seconds",
        "fps", "generateAudio", "negativePrompt", "steps", "seed", "style",
    ),
)  # fmt: skip
SPARE = Contract("somebody/spare", ("description", "size", "ratio", "duration", "colour"))
BASE = {
    "prompt": "rain", "text": "rain", "description": "rain", "seconds": "4", "durationSeconds": "4", "duration": "4",
    "resolution": "720p", "size": "720p", "ratio": "16:9", "aspectRatio": "16:9", "aspect_ratio": "16:9", "fps": 24,
    "generateAudio": "true", "negativePrompt": "", "audioNegativePrompt": "", "enhancePrompt": "true",
    "personGeneration": "allow_adult", "steps": 30, "seed": 7, "style": "noir", "colour": "red",
}  # fmt: skip
OTHER = {
    "prompt": "a train", "text": "a train", "description": "a train", "seconds": "8", "durationSeconds": "8",
    "duration": "8", "resolution": "1080p", "size": "1080p", "ratio": "9:16", "aspectRatio": "9:16",
    "aspect_ratio": "9:16", "fps": 30, "generateAudio": "false", "negativePrompt": "fog", "audioNegativePrompt": "hum",
    "enhancePrompt": "false", "personGeneration": "dont_allow", "steps": 50, "seed": 8, "style": "pop", "colour": "blue",
}  # fmt: skip


OVI = "chetwinlow1/ovi"
OVI_SIZES = {"720p": {"resolution": "512x992"}, "1080p": {"resolution": "720x720"}}
"""Ovi names its sizes in pixels."""


def drawn(model: str, values: dict[str, object], image: str | None = None) -> object:
    """All that the pipeline draws from."""
    given = {**values, **OVI_SIZES[str(values["resolution"])]} if model == OVI else values
    job = Job(
        id="1",
        model=model,
        values=given,  # type: ignore[arg-type]
        files={"inputImage": (image,)} if image else {},
        seed=int(values.get("seed", 0)),  # type: ignore[call-overload]
        folder="/nowhere",
    )
    spec = spec_for(model, job.values, picture_size(image) if image else None)
    return spec, read(_prompt(job)), job.seed, image


@pytest.mark.parametrize(
    "contract", [*load_catalogue().models, UNKNOWN, SPARE], ids=lambda each: each.address
)
def test_every_input_becomes_what_its_row_says(contract: Contract, tmp_path: Path) -> None:
    path = tmp_path / "in.png"
    Image.new("RGB", (40, 30)).save(path)
    rows = engine.treats(contract, {})
    assert [row.input for row in rows] == list(contract.input_ids)
    values = {name: BASE[name] for name in contract.input_ids if name in BASE}
    plain = drawn(contract.address, values)
    for row in rows:
        if row.input in ("inputImage", "image"):
            changed = drawn(contract.address, values, str(path))
        else:
            changed = drawn(contract.address, {**values, row.input: OTHER[row.input]})
        assert (changed == plain) == (row.how == "dropped"), row


def test_rows_that_are_not_plain_say_why() -> None:
    for contract in (*load_catalogue().models, UNKNOWN, SPARE):
        assert all(row.note for row in engine.treats(contract, {}) if row.how != "honoured")


def test_what_comes_second_says_what_comes_first() -> None:
    rows = {row.input: row for row in engine.treats(UNKNOWN, {})}
    assert rows["text"].note == "prompt comes before it."
    assert rows["duration"].note == "seconds comes before it."
    assert rows["seconds"].how == "honoured"
