import json
import math
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.catalogue import (
    Checked,
    Input,
    Model,
    Option,
    Sample,
    Source,
    Upload,
    Url,
    check,
    load_catalogue,
)
from understudy.errors import InvalidInput

CATALOGUE = load_catalogue()
OVI, VEO, SORA = CATALOGUE.models
SAMPLE = "openai_sora_pro_2_input_4.jpg"
OTHER_SAMPLE = "openai_sora_pro_2_input_5.jpg"
IMAGE = "https://pictures.example/a.jpg"

STUDIO = Model(
    owner="studio",
    slug="clip",
    inputs=(
        Input(id="cover", type="fileinput", required=True),
        Input(id="pictures", type="multifileinput", max_files=3),
        Input(id="mixed", type="combinefileinput", max_files=3),
        Input(id="title", type="text", default="Untitled"),
        Input(id="strength", type="range", default=0.5, min=0, max=1, step=0.1),
        Input(id="frames", type="number", required=True, min=9, max=241, step=8),
        Input(id="speed", type="number", default=1.0, min=0.25),
        Input(
            id="mood", type="select", required=True, options=(Option("calm", "Calm"), Option("wild", "Wild"))
        ),
    ),
)
COMPLETE = {"cover": IMAGE, "frames": 121, "mood": "calm"}


def upload(name: str = "a.jpg", size: int = 9) -> Upload:
    return Upload(path="/tmp/part", name=name, content_type="image/jpeg", size=size)


def run(
    model: Model,
    fields: Mapping[str, object],
    uploads: Mapping[str, Sequence[Upload]] = {},
    files: str = "",
) -> Checked:
    return check(model, fields, uploads, CATALOGUE.has_sample, files=files)


def sora(**fields: object) -> Checked:
    return run(SORA, {"prompt": "A road.", **fields})


def studio(**fields: object) -> Checked:
    return run(STUDIO, {**COMPLETE, **fields})


def refusal(model: Model, fields: Mapping[str, object], **uploads: Sequence[Upload]) -> tuple[str, ...]:
    with pytest.raises(InvalidInput) as refused:
        run(model, fields, uploads)
    return (refused.value.message, *refused.value.details)


def test_defaults_are_filled_in_and_files_are_not() -> None:
    checked = sora()
    assert checked.values == {"prompt": "A road.", "seconds": "4", "resolution": "720p", "ratio": "auto"}
    assert checked.sources == {}
    assert checked.ignored == ()


@pytest.mark.parametrize("prompt", [None, "", "  \n", []])
def test_a_required_text_must_not_be_blank(prompt: object) -> None:
    assert refusal(SORA, {"prompt": prompt}) == ("Request parameter [prompt] required",)


def test_the_first_problem_in_the_order_of_the_inputs_is_told() -> None:
    assert refusal(SORA, {"ratio": "4:3", "seconds": 5}) == ("Request parameter [prompt] required",)
    assert refusal(SORA, {"ratio": "4:3", "seconds": 5, "prompt": "x"})[0].startswith(
        "Request parameter [seconds]"
    )


def test_an_optional_text_has_its_default_only_if_it_is_missing() -> None:
    assert studio().values["title"] == "Untitled"
    assert studio(title=None).values["title"] == "Untitled"
    assert studio(title="").values["title"] == ""
    assert studio(title=" two\r\n\tlines ").values["title"] == " two\r\n\tlines "


@pytest.mark.parametrize(
    ("given", "meant"), [(42, "42"), (True, "true"), (0.5, "0.5"), (2**64, "18446744073709551616")]
)
def test_scalars_are_texts_as_json_writes_them(given: object, meant: str) -> None:
    assert studio(title=given).values["title"] == meant


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"a": 1}, "[title] must be a text."),
        (["a", "b"], "[title] takes one text; it was given as a list or more than once."),
        pytest.param(10**5000, "[title] must be a text.", id="huge"),
        ("a\0b", "[title] has control characters in it; take them out."),
        ("\x1b[31m", "[title] has control characters in it; take them out."),
        ("\ud800", "[title] has control characters in it; take them out."),
        pytest.param("x" * 32_001, "[title] takes at most 32000 characters; it has 32001.", id="long"),
    ],
)
def test_what_is_no_text_is_refused(given: object, reason: str) -> None:
    assert refusal(STUDIO, {**COMPLETE, "title": given}) == ("Request parameters are invalid.", reason)


@pytest.mark.parametrize("given", ["8", 8, 8.0])
def test_choices_are_compared_as_strings(given: object) -> None:
    assert sora(seconds=given).values["seconds"] == "8"


def test_truth_values_are_choices_too() -> None:
    assert run(VEO, {"prompt": "x", "generateAudio": False}).values["generateAudio"] == "false"


@pytest.mark.parametrize("given", [None, "", []])
def test_no_choice_is_the_default(given: object) -> None:
    assert sora(seconds=given).values["seconds"] == "4"


@pytest.mark.parametrize(
    "given",
    ["5", 5, 8.5, "8 ", "Auto", True, ["8"], {"value": "8"}, math.nan, pytest.param(10**5000, id="huge")],
)
def test_an_unknown_choice_is_refused(given: object) -> None:
    assert refusal(SORA, {"prompt": "x", "seconds": given}) == (
        "Request parameter [seconds] must be one of 4, 8, 12",
    )


def test_a_required_choice_must_be_made() -> None:
    assert refusal(STUDIO, {**COMPLETE, "mood": ""}) == ("Request parameter [mood] required",)


@pytest.mark.parametrize(
    ("given", "meant"),
    [(30, 30), ("30", 30), (30.0, 30), (" 3e1 ", 30), ("", 30), (None, 30), (1, 1), (100, 100)],
)
def test_numbers_of_a_whole_input_are_ints(given: object, meant: int) -> None:
    steps = run(OVI, {"prompt": "x", "steps": given}).values["steps"]
    assert steps == meant
    assert isinstance(steps, int)


@pytest.mark.parametrize(
    "given",
    [
        "many",
        "1_0",
        "0x10",
        "nan",
        "inf",
        "１２",
        "1 2",
        math.nan,
        math.inf,
        True,
        [30],
        {"a": 1},
        pytest.param("1" * 5000, id="long"),
        "1e999",
    ],
)
def test_what_is_no_number_is_refused(given: object) -> None:
    assert refusal(OVI, {"prompt": "x", "steps": given}) == (
        "Request parameter [steps] must be integer or float",
    )


@pytest.mark.parametrize("given", [0, 101, "-5", 1e18])
def test_numbers_have_bounds(given: object) -> None:
    assert refusal(OVI, {"prompt": "x", "steps": given}) == (
        "Request parameter [steps] must be between 1 and 100",
    )


def test_the_seed_of_veo_has_32_bits() -> None:
    assert run(VEO, {"prompt": "x", "seed": "4294967295"}).values["seed"] == 4294967295
    assert refusal(VEO, {"prompt": "x", "seed": 4294967296}) == (
        "Request parameter [seed] must be between 0 and 4294967295",
    )


def test_steps_are_exact() -> None:
    assert studio(strength=0.3).values["strength"] == 0.3
    assert studio(frames="17").values["frames"] == 17
    assert (
        refusal(STUDIO, {**COMPLETE, "strength": 0.35})[1] == "[strength] must be 0 plus a multiple of 0.1."
    )
    assert refusal(STUDIO, {**COMPLETE, "frames": 120})[1] == "[frames] must be 9 plus a multiple of 8."
    assert refusal(OVI, {"prompt": "x", "steps": 2.5})[1] == "[steps] must be a whole number."


def test_one_bound_alone() -> None:
    assert studio(speed="2").values["speed"] == 2
    assert refusal(STUDIO, {**COMPLETE, "speed": 0.1})[1] == "[speed] must be 0.25 or more."
    assert refusal(STUDIO, {**COMPLETE, "speed": 1e300})[1] == "[speed] is too large."


def test_a_required_number_must_be_given() -> None:
    assert refusal(STUDIO, {**COMPLETE, "frames": " "}) == ("Request parameter [frames] required",)


@pytest.mark.parametrize("given", [None, "", "  ", [], [""], [None], "[]", '[""]'])
def test_no_file_is_no_file(given: object) -> None:
    assert sora(inputImage=given).sources == {}
    assert refusal(STUDIO, {**COMPLETE, "cover": given}) == ("Request files [cover] required",)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"inputImage": IMAGE}, Url(IMAGE)),
        ({"inputImage": f" {IMAGE} "}, Url(IMAGE)),
        ({"inputImage": [IMAGE]}, Url(IMAGE)),
        ({"inputImage": json.dumps([IMAGE])}, Url(IMAGE)),
        ({"inputImage": [json.dumps([IMAGE])]}, Url(IMAGE)),
        ({"inputImageUrl": IMAGE}, Url(IMAGE)),
        ({"inputImage": "", "inputImageUrl": IMAGE + ","}, Url(IMAGE)),
        ({"inputImage": SAMPLE}, Sample(SAMPLE)),
        ({"inputImageUrl": OTHER_SAMPLE}, Sample(OTHER_SAMPLE)),
        ({"inputImage": f"https://cdn.wiro.ai/uploads/sampleinputs/{SAMPLE}"}, Sample(SAMPLE)),
        ({"inputImage": f"https://cdn1.wiro.ai/uploads/sampleinputs/{SAMPLE}"}, Sample(SAMPLE)),
        ({"inputImage": f"http://127.0.0.1:8000/uploads/sampleinputs/{SAMPLE}"}, Sample(SAMPLE)),
        (
            {"inputImage": f"https://elsewhere.example/uploads/sampleinputs/{SAMPLE}"},
            Url(f"https://elsewhere.example/uploads/sampleinputs/{SAMPLE}"),
        ),
        (
            {"inputImage": "https://cdn.wiro.ai/uploads/sampleinputs/google-veo31-input-1.jpg"},
            Url("https://cdn.wiro.ai/uploads/sampleinputs/google-veo31-input-1.jpg"),
        ),
        ({"inputImage": "HTTP://pictures.example?a,b"}, Url("HTTP://pictures.example?a,b")),
    ],
)
def test_one_file_in_all_the_ways_to_name_it(fields: dict[str, object], expected: Source) -> None:
    checked = run(SORA, {"prompt": "x", **fields}, files="http://127.0.0.1:8000/")
    assert checked.sources == {"inputImage": (expected,)}
    assert checked.ignored == ()


def test_uploads_come_first_and_empty_parts_of_forms_do_not_count() -> None:
    uploads = {"mixed": [upload("b.jpg"), upload("", 0)], "cover": [upload()]}
    checked = run(STUDIO, {"frames": 9, "mood": "calm", "mixed": ["", json.dumps([IMAGE])]}, uploads)
    assert checked.sources == {"cover": (upload(),), "mixed": (upload("b.jpg"), Url(IMAGE))}


def test_several_files() -> None:
    a, b, c = (f"https://pictures.example/{name}.jpg?x=1,2" for name in "abc")
    assert studio(picturesUrl=f"{a}, {b},{c}").sources["pictures"] == (Url(a), Url(b), Url(c))
    assert studio(mixed=[a, f"{b},{c}"]).sources["mixed"] == (Url(a), Url(b), Url(c))
    assert refusal(STUDIO, {**COMPLETE, "mixed": [a, b, c], "mixedUrl": a}) == (
        "Request parameters are invalid.",
        "[mixed] takes at most 3 files; it was given more.",
    )


@pytest.mark.parametrize(
    "fields", [{"cover": [IMAGE, IMAGE]}, {"coverUrl": IMAGE}, {"cover": json.dumps([IMAGE] * 2)}]
)
def test_a_fileinput_takes_one_file(fields: dict[str, object]) -> None:
    assert refusal(STUDIO, {**COMPLETE, **fields})[1] == "[cover] takes at most 1 file; it was given more."


def test_a_fileinput_is_not_split_at_commas() -> None:
    address = f"{IMAGE},http://pictures.example/b.jpg"
    assert studio(cover=address).sources["cover"] == (Url(address),)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("a.jpg", "must be a file, an http or https address, or one of the model's sample inputs."),
        (
            "google-veo31-input-1.jpg",
            "must be a file, an http or https address, or one of the model's sample inputs.",
        ),
        (f"../{SAMPLE}", "must be a file, an http or https address, or one of the model's sample inputs."),
        (
            "file:///etc/passwd",
            "must be a file, an http or https address, or one of the model's sample inputs.",
        ),
        (
            "//pictures.example/a.jpg",
            "must be a file, an http or https address, or one of the model's sample inputs.",
        ),
        ("[object File]", "begins like a JSON array, but is not a JSON array of addresses."),
        ("[1]", "begins like a JSON array, but is not a JSON array of addresses."),
        pytest.param(
            "[" * 100_000, "begins like a JSON array, but is not a JSON array of addresses.", id="deep"
        ),
        ("[\ud800]", "begins like a JSON array, but is not a JSON array of addresses."),
        ([[IMAGE]], "takes addresses, not lists in lists."),
        ({"url": IMAGE}, "must be a file or an http or https address."),
        (7, "must be a file or an http or https address."),
        (False, "must be a file or an http or https address."),
        pytest.param("https://" + "x" * 9000, "has an address of more than 8192 characters.", id="long"),
        *(
            (url, "has an address that is not valid: it needs a host, and no spaces, user name or password.")
            for url in (
                "http://",
                "https:///a.jpg",
                "http://user:word@pictures.example/a.jpg",
                "http://pictures.example\\@inside/a.jpg",
                "http://pictures.example/a b.jpg",
                "http://pictures.example/a\0.jpg",
                "http://pictures.example/\ud800",
            )
        ),
    ],
)
def test_what_is_no_file_is_refused(given: object, reason: str) -> None:
    assert refusal(SORA, {"prompt": "x", "inputImage": given}) == (
        "Request parameters are invalid.",
        f"[inputImage] {reason}",
    )


def test_a_sample_counts_only_if_it_is_there() -> None:
    with pytest.raises(InvalidInput):
        check(SORA, {"prompt": "x", "inputImage": SAMPLE}, {}, lambda _: False)


def test_a_file_for_a_text_is_refused() -> None:
    assert refusal(SORA, {}, prompt=[upload()]) == (
        "Request parameters are invalid.",
        "[prompt] takes a value, not a file.",
    )


def test_unknown_fields_are_listed_and_common_ones_are_not() -> None:
    uploads = {"mask": [upload()], "inputImage": [upload()]}
    fields = {
        "prompt": "x",
        "callbackUrl": "",
        "projectid": "1",
        "inputImageUrl": "",
        "fps": 30,
        "promptUrl": "x",
    }
    assert run(SORA, fields, uploads).ignored == ("fps", "promptUrl", "mask")


def test_listed_names_are_short_few_and_printable() -> None:
    names = {"a\nb": 1, "x" * 1000: 1, **{f"n{i}": 1 for i in range(1000)}}
    ignored = run(SORA, {"prompt": "x", **names}).ignored
    assert ignored[:2] == ("a?b", "x" * 64)
    assert len(ignored) == 20


def test_an_input_that_is_called_like_an_address_field_is_itself() -> None:
    model = Model(
        owner="a", slug="b", inputs=(Input(id="image", type="fileinput"), Input(id="imageUrl", type="text"))
    )
    checked = run(model, {"imageUrl": "a title"})
    assert (checked.values, checked.sources) == ({"imageUrl": "a title"}, {})


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from([IMAGE, SAMPLE, "8", "0.5"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = sorted({each.id for model in (*CATALOGUE.models, STUDIO) for each in model.inputs})


@given(
    model=st.sampled_from([*CATALOGUE.models, STUDIO]),
    fields=st.dictionaries(
        st.sampled_from([*NAMES, "inputImageUrl", "callbackUrl"]) | st.text(), JSON, max_size=8
    ),
    complete=st.booleans(),
)
def test_whatever_comes_is_refused_or_becomes_what_the_manifest_says(
    model: Model, fields: dict[str, object], complete: bool
) -> None:
    given = {"prompt": "x", **COMPLETE, **fields} if complete else fields
    try:
        checked = run(model, given)
    except InvalidInput:
        return
    assert set(checked.values) == {each.id for each in model.inputs if not each.is_file}
    for each in model.inputs:
        if each.is_file:
            assert len(checked.sources.get(each.id, ())) <= each.max_files
            assert not each.required or checked.sources[each.id]
            continue
        value = checked.values[each.id]
        if each.type in ("number", "range"):
            assert isinstance(value, int | float)
            assert not isinstance(value, bool)
            assert each.min is None or each.min <= value
            assert each.max is None or value <= each.max
        else:
            assert isinstance(value, str)
            value.encode()
            assert each.type != "select" or value in [option.value for option in each.options]
