from collections.abc import Callable
from pathlib import Path

import pytest

from understudy.catalogue import load_catalogue
from understudy.errors import ConfigurationError

MANIFEST = """\
owner = "studio"
slug = "clip"
title = "Clip"

[[inputs]]
id = "prompt"
type = "textarea"
required = true

[[inputs]]
id = "size"
type = "select"
default = "small"
options = [{ value = "small", label = "Small" }, { value = "large", label = "Large" }]

[[inputs]]
id = "steps"
type = "number"
default = 4
min = 1
max = 8
step = 1

[[prices]]
method = "cpr"
price = 0.10
inputs = { size = "large" }
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str, place: str = "studio/clip.toml") -> Path:
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        return file

    return write


def test_the_bundled_models_come_in_the_order_of_their_addresses() -> None:
    assert [model.address for model in load_catalogue().models] == [
        "chetwinlow1/ovi",
        "google/veo3-1",
        "openai/sora-2-pro",
    ]


def test_every_sample_that_a_bundled_manifest_names_is_a_small_jpeg() -> None:
    catalogue = load_catalogue()
    names = {name for model in catalogue.models for name in model.samples}
    assert names == {
        "chetwinlow1_ovi_input_4.jpg",
        "google-veo31-input-1.jpg",
        "google-veo31-input-2.jpg",
        "openai_sora_pro_2_input_4.jpg",
        "openai_sora_pro_2_input_5.jpg",
    }
    for name in names:
        file = catalogue.sample(name)
        assert file is not None
        content = file.read_bytes()
        assert content.startswith(b"\xff\xd8\xff")
        assert 10_000 < len(content) < 200_000


def test_a_folder_adds_models_and_its_samples(write: Write, tmp_path: Path) -> None:
    write(MANIFEST + '\n[[inputs]]\nid = "image"\ntype = "fileinput"\ndefault = "mine.jpg"\n')
    picture = write("a picture", "samples/mine.jpg")
    write("not a manifest", "samples/notes.toml")
    catalogue = load_catalogue([tmp_path])
    assert len(catalogue.models) == 4
    assert catalogue.sample("mine.jpg") == picture


def test_a_later_folder_replaces_a_model(write: Write, tmp_path: Path) -> None:
    write(MANIFEST.replace("studio", "openai").replace('"clip"', '"sora-2.pro"'), "openai/sora-2.pro.toml")
    catalogue = load_catalogue([tmp_path])
    found = catalogue.find("openai", "sora-2-pro")
    assert found is not None
    assert found.title == "Clip"
    assert len(catalogue.models) == 3


@pytest.mark.parametrize(
    ("old", "new", "key", "reason"),
    [
        ('slug = "clip"', "slug = ", "", "is not valid TOML: Invalid value (at line 2, column 8)"),
        ('slug = "clip"', "", "manifest", "Object missing required field `slug`"),
        ('slug = "clip"', 'slug = "clips"', "slug", "is 'clips', but the file's place says 'clip'"),
        ('owner = "studio"', 'owner = "Studio"', "owner", "is 'Studio', but the file's place says 'studio'"),
        ('title = "Clip"', "title = 3", "title", "Expected `str`, got `int`"),
        ('title = "Clip"', 'titel = "Clip"', "manifest", "Object contains unknown field `titel`"),
        ('type = "number"', 'type = "slider"', "inputs[2].type", "Invalid enum value 'slider'"),
        ('id = "size"', 'id = "prompt"', "inputs[0].id", "is used more than once (input prompt)"),
        ('id = "size"', 'id = "the size"', "inputs[1].id", "must be a letter, then letters, digits or '_'"),
        (
            'default = "small"',
            'default = "tiny"',
            "inputs[1].default",
            "must be one of small, large (input size)",
        ),
        ('value = "large"', 'value = "small"', "inputs[1].options", "have a value twice (input size)"),
        ("options = [", "tags = [", "inputs[1]", "Object contains unknown field `tags`"),
        ('type = "textarea"', 'type = "select"', "inputs[0].options", "must not be empty (input prompt)"),
        (
            "required = true",
            "min = 1",
            "inputs[0].min",
            "is for inputs of type number or range, not textarea",
        ),
        ("default = 4", "default = 9", "inputs[2].default", "must be a number that min, max and step allow"),
        (
            "default = 4",
            'default = "4"',
            "inputs[2].default",
            "must be a number, unless the input is required",
        ),
        ("default = 4", "default = true", "inputs[2].default", "Expected `int | float | str`, got `bool`"),
        ("min = 1", "min = 10", "inputs[2].min", "must not be above max (input steps)"),
        ("max = 8", "max = inf", "inputs[2].max", "must be a finite number (input steps)"),
        ("step = 1", "step = 0", "inputs[2].step", "must be above 0 (input steps)"),
        ("price = 0.10", "price = -1", "prices[0].price", "must be a price in US dollars, 0 or more"),
        ("price = 0.10", "price = nan", "prices[0].price", "must be a price in US dollars, 0 or more"),
        ("price = 0.10", 'price = "cheap"', "prices[0].price", "Invalid decimal string"),
        ("{ size", "{ seize", "prices[0].inputs.seize", "names no input of this model"),
        (
            'size = "large"',
            'size = "huge"',
            "prices[0].inputs.size",
            "'huge' is not one of the input's options",
        ),
        (
            "[[prices]]",
            '[[inspires]]\nseize = "small"\n\n[[prices]]',
            "inspires[0].seize",
            "names no input of this model",
        ),
        (
            "[[prices]]",
            '[[inputs]]\nid = "image"\ntype = "fileinput"\ndefault = "gone.jpg"\n[[prices]]',
            "inputs",
            "the sample input gone.jpg is not in a folder samples/",
        ),
    ],
)
def test_a_wrong_manifest_is_refused_with_file_key_and_reason(
    write: Write, tmp_path: Path, old: str, new: str, key: str, reason: str
) -> None:
    assert old in MANIFEST
    file = write(MANIFEST.replace(old, new))
    with pytest.raises(ConfigurationError) as refused:
        load_catalogue([tmp_path])
    assert str(refused.value).startswith(f"{file}: {key}: {reason}" if key else f"{file}: {reason}")


def test_a_manifest_that_is_no_text_is_refused(write: Write, tmp_path: Path) -> None:
    write("").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match="is not valid TOML"):
        load_catalogue([tmp_path])


def test_two_files_for_one_address_are_refused(write: Write, tmp_path: Path) -> None:
    write(MANIFEST.replace('"clip"', '"clip-2"'), "studio/clip-2.toml")
    write(MANIFEST.replace('"clip"', '"clip.2"'), "studio/clip.2.toml")
    with pytest.raises(ConfigurationError, match=r"slug: leads to the same address as clip-2\.toml"):
        load_catalogue([tmp_path])


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="there is no such folder"):
        load_catalogue([tmp_path / "models"])
