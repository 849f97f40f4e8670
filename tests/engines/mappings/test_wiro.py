"""What is asked of a server behind this one, for each of the shipped contracts there."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from understudy.catalogue.inputs import check
from understudy.catalogue.loader import load_catalogue
from understudy.catalogue.manifest import Model
from understudy.engines.engine import Job
from understudy.engines.mappings.wiro import FORMS, Run, estimate, run_of, treats
from understudy.errors import EngineInputError

SORA = {"prompt": "A dog.", "seconds": "4", "resolution": "720p", "ratio": "auto"}
VEO: dict[str, Any] = {
    "prompt": "A dog.",
    "generateAudio": "true",
    "aspectRatio": "16:9",
    "resolution": "720p",
    "negativePrompt": "",
    "enhancePrompt": "true",
    "personGeneration": "allow_adult",
    "seed": 0,
    "durationSeconds": "8",
}
OVI: dict[str, Any] = {
    "prompt": "A dog.",
    "negativePrompt": "",
    "audioNegativePrompt": "",
    "resolution": "512x992",
    "steps": 30,
    "seed": "0",
}
CONTRACTS: dict[str, dict[str, Any]] = {
    "openai/sora-2-pro": SORA,
    "google/veo3-1": VEO,
    "chetwinlow1/ovi": OVI,
}
STEPS = "Steps and guidance are the model's own."


def model(address: str) -> Model:
    found = load_catalogue().find(*address.split("/"))
    assert found
    return found


def job(contract: str, files: dict[str, tuple[str, ...]] | None = None, **values: Any) -> Job:
    given = {**CONTRACTS.get(contract, {}), **values}
    return Job(id="1", model=contract, values=given, files=files or {}, seed=77, folder="/")


def picture(folder: Path, width: int, height: int) -> str:
    path = folder / f"{width}x{height}.png"
    Image.new("RGB", (width, height)).save(path)
    return str(path)


@pytest.mark.parametrize(
    ("contract", "sent"),
    [
        ("openai/sora-2-pro", SORA),
        ("google/veo3-1", {**VEO, "seed": "77"}),
        ("chetwinlow1/ovi", {**OVI, "steps": "30", "seed": "77"}),
        ("acme/own", {"prompt": "x", "strength": "0.25", "count": "3"}),
    ],
)
def test_the_same_contract_gets_the_same_inputs(contract: str, sent: dict[str, str]) -> None:
    extra = {"prompt": "x", "strength": 0.25, "count": 3.0} if contract == "acme/own" else {}
    given = job(contract, {"image": ("/a.png", "/b.png"), "sound": ("/c.wav",)}, **extra)
    files = (("image", "/a.png"), ("image", "/b.png"), ("sound", "/c.wav"))
    for remote in (contract, "acme/the-same-under-another-name"):
        assert run_of(given, remote) == (Run(model=remote, fields=sent, files=files), ())


TO_SORA: list[tuple[str, dict[str, Any], dict[str, str], tuple[str, ...]]] = [
    ("google/veo3-1", {}, {"seconds": "8", "resolution": "720p", "ratio": "16:9"}, ()),
    (
        "google/veo3-1",
        {"durationSeconds": "6", "aspectRatio": "9:16", "resolution": "1080p"},
        {"seconds": "8", "resolution": "1080p", "ratio": "9:16"},
        ("The clip has 8 seconds instead of 6.",),
    ),
    (
        "google/veo3-1",
        {
            "generateAudio": "false",
            "negativePrompt": "rain",
            "enhancePrompt": "false",
            "personGeneration": "dont_allow",
            "seed": 9,
        },
        {"seconds": "8", "resolution": "720p", "ratio": "16:9"},
        (
            "The negative prompt is left out.",
            "The clip has sound, although none was wanted.",
            "That no people appear cannot be asked for.",
            "The seed is left out: this model takes none.",
            "Whether the prompt is rewritten is up to the model.",
        ),
    ),
    (
        "chetwinlow1/ovi",
        {"resolution": "992x512", "audioNegativePrompt": "wind"},
        {"seconds": "4", "resolution": "720p", "ratio": "9:16"},
        (
            "The clip is 9:16 in 720p instead of 512 x 992 pixels.",
            "The negative prompt for the sound is left out.",
            STEPS,
        ),
    ),
    (
        "acme/long",
        {"prompt": "A dog.", "duration": "30s", "size": "4K"},
        {"seconds": "12", "resolution": "1080p", "ratio": "16:9"},
        ("The clip has 12 seconds instead of 30.", "The clip has 1080p instead of 4k."),
    ),
]


@pytest.mark.parametrize(("contract", "values", "sent", "notes"), TO_SORA)
def test_to_sora(contract: str, values: dict[str, Any], sent: dict[str, str], notes: tuple[str, ...]) -> None:
    run, lost = run_of(job(contract, **values), "openai/sora-2-pro")
    assert run == Run(model="openai/sora-2-pro", fields={"prompt": "A dog.", **sent})
    assert lost == notes


@pytest.mark.parametrize(
    ("contract", "values", "sent", "notes"),
    [
        ("openai/sora-2-pro", {}, {"durationSeconds": "4"}, ()),
        (
            "openai/sora-2-pro",
            {"seconds": "12", "ratio": "9:16", "resolution": "1080p"},
            {"durationSeconds": "8", "aspectRatio": "9:16", "resolution": "1080p"},
            ("The clip has 8 seconds instead of 12.",),
        ),
        (
            "chetwinlow1/ovi",
            {"negativePrompt": " blur ", "seed": "5"},
            {"durationSeconds": "4", "negativePrompt": "blur", "seed": "5"},
            ("The clip is 16:9 in 720p instead of 992 x 512 pixels.", STEPS),
        ),
    ],
)
def test_to_veo(contract: str, values: dict[str, Any], sent: dict[str, str], notes: tuple[str, ...]) -> None:
    usual = {name: str(value) for name, value in VEO.items() if name != "enhancePrompt"} | {"seed": "77"}
    run, lost = run_of(job(contract, **values), "google/veo3-1")
    assert run == Run(model="google/veo3-1", fields={**usual, **sent})
    assert lost == notes


@pytest.mark.parametrize(
    ("contract", "values", "sent", "notes"),
    [
        (
            "openai/sora-2-pro",
            {},
            {"resolution": "512x992"},
            (
                "The clip has 5 seconds instead of 4.",
                "The clip is small: 992 x 512 at about half a megapixel.",
            ),
        ),
        (
            "google/veo3-1",
            {"aspectRatio": "9:16", "negativePrompt": "rain", "seed": 9, "generateAudio": "false"},
            {"resolution": "992x512", "negativePrompt": "rain", "seed": "9"},
            (
                "The clip has 5 seconds instead of 8.",
                "The clip is small: 512 x 992 at about half a megapixel.",
                "The clip has sound, although none was wanted.",
            ),
        ),
        (
            "acme/own",
            {"prompt": "A dog.", "steps": 500},
            {"resolution": "512x992", "steps": "100"},
            ("The clip is small: 992 x 512 at about half a megapixel.",),
        ),
    ],
)
def test_to_ovi(contract: str, values: dict[str, Any], sent: dict[str, str], notes: tuple[str, ...]) -> None:
    run, lost = run_of(job(contract, **values), "chetwinlow1/ovi")
    assert run == Run(model="chetwinlow1/ovi", fields={"prompt": "A dog.", "seed": "77", **sent})
    assert lost == notes


def test_pictures_of_another_model(tmp_path: Path) -> None:
    tall, wide = picture(tmp_path, 90, 160), picture(tmp_path, 160, 90)
    run, lost = run_of(job("openai/sora-2-pro", {"inputImage": (tall, wide)}), "google/veo3.1")
    assert run.files == (("inputImage", tall),)
    assert run.fields["aspectRatio"] == "9:16"
    assert lost == ("Only the first picture is used.",)
    with pytest.raises(EngineInputError, match="cannot be read"):
        run_of(job("openai/sora-2-pro", {"inputImage": (str(tmp_path / "no.png"),)}), "google/veo3-1")


@pytest.mark.parametrize("remote", FORMS)
@pytest.mark.parametrize("contract", CONTRACTS)
def test_what_is_sent_is_what_the_model_takes(contract: str, remote: str, tmp_path: Path) -> None:
    """Checked as the server there does, with nothing left over."""
    for values in ({}, {"seconds": "12", "durationSeconds": "6", "resolution": "1080p", "ratio": "9:16"}):
        known = {name: value for name, value in values.items() if name in CONTRACTS[contract]}
        if contract == "chetwinlow1/ovi":
            known = {}
        run, _ = run_of(job(contract, **known), remote)
        checked = check(model(remote), run.fields, {}, lambda _: False)
        assert checked.ignored == ()
        with_picture = {"inputImage": (picture(tmp_path, 64, 64),)}
        run, _ = run_of(job(contract, with_picture, **known), remote)
        assert [name for name, _ in run.files] == ["inputImage"]
        assert next(each for each in model(remote).inputs if each.id == "inputImage").is_file


@pytest.mark.parametrize(
    ("contract", "prices", "dollars"),
    [
        ("openai/sora-2-pro", {}, None),
        ("openai/sora-2-pro", {"720p": "0.30", "second": "0.10"}, "1.20"),
        ("openai/sora-2-pro", {"1080p": "0.70", "second": "0.10"}, "0.40"),
        ("openai/sora-2-pro", {"1080p": "0.70"}, None),
        ("openai/sora-2-pro", {"720p": "0.30", "clip": "0.05"}, "1.25"),
        ("google/veo3-1", {"second": "0.40"}, "3.20"),
        ("chetwinlow1/ovi", {"clip": "0.05"}, "0.05"),
        ("chetwinlow1/ovi", {"second": "0.10", "clip": "0.05"}, None),
    ],
)
def test_estimates(contract: str, prices: dict[str, str], dollars: str | None) -> None:
    run, _ = run_of(job(contract), contract)
    found = estimate(run, {key: Decimal(price) for key, price in prices.items()})
    assert found == (None if dollars is None else Decimal(dollars))


def test_the_names_of_forms_are_addresses_of_the_catalogue() -> None:
    assert {each.address for each in load_catalogue().models} == set(FORMS)


def test_what_operators_are_shown() -> None:
    sora = model("openai/sora-2-pro")
    for remote in ("openai/sora-2-pro", "openai/sora.2-pro", "acme/anything"):
        assert {row.how for row in treats(sora, remote)} == {"honoured"}
    rows = {row.input: row.how for row in treats(model("google/veo3-1"), "openai/sora-2-pro")}
    assert rows == {
        "inputImage": "honoured",
        "prompt": "honoured",
        "generateAudio": "dropped",
        "aspectRatio": "honoured",
        "resolution": "approximated",
        "negativePrompt": "dropped",
        "enhancePrompt": "dropped",
        "personGeneration": "dropped",
        "seed": "dropped",
        "durationSeconds": "approximated",
    }
