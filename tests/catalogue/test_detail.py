import json

from tests.catalogue.runs import Runs
from understudy.catalogue import explore_objects, load_catalogue, model_number, tool_object

FILES = "https://clips.example"
CATALOGUE = load_catalogue()


def veo() -> dict[str, object]:
    model = CATALOGUE.find("google", "veo3-1")
    assert model is not None
    return tool_object(
        model, Runs(runs=4, successes=2, errors=1, last_run=1734513813.9, mean_elapsed=6.0), files=FILES
    )


def test_a_tool_has_every_field_of_the_wire() -> None:
    assert set(veo()) >= {
        "parameters",
        "inspire",
        "samples",
        "categories",
        "tags",
        "dynamicprice",
        "cps",
        "approximatelycost",
        "computingtime",
        "readme",
        "title",
        "slugowner",
        "slugproject",
        "cleanslugowner",
        "cleanslugproject",
        "image",
        "taskstat",
        "marketplace",
        "onlymembers",
        "averagepoint",
        "commentcount",
        "ratedusercount",
        "seotitle",
        "seodescription",
    }


def test_the_address_comes_as_printed_and_clean() -> None:
    tool = veo()
    assert (tool["slugowner"], tool["slugproject"]) == ("google", "veo3.1")
    assert (tool["cleanslugowner"], tool["cleanslugproject"]) == ("google", "veo3-1")
    assert tool["image"] == "https://clips.example/uploads/models/google-veo3.1-cover.mp4"


def test_numbers_are_strings() -> None:
    tool = veo()
    assert tool["taskstat"] == {
        "runcount": "4",
        "successcount": "2",
        "errorcount": "1",
        "lastruntime": "1734513813",
    }
    assert (tool["cps"], tool["approximatelycost"]) == ("0.000585000000", "0.003510000000")
    assert tool["computingtime"] == "6.0000"
    assert tool["id"] == model_number("google/veo3-1")
    assert not any(isinstance(value, int | float) for value in tool.values())


def test_prices_are_a_json_array_in_a_string() -> None:
    rules = json.loads(str(veo()["dynamicprice"]))
    assert rules[0] == {
        "inputs": {"resolution": "720p", "generateAudio": "true"},
        "price": 0.4,
        "priceMethod": "cp-outputVideoLength",
    }


def test_inputs_come_in_groups() -> None:
    groups = veo()["parameters"]
    assert isinstance(groups, list)
    items = {item["id"]: item for group in groups for item in group["items"]}
    assert [group["title"] for group in groups] == ["Scene", "Sound", "Format", "Quality", "Safety"]
    assert items["seed"] == {
        "id": "seed",
        "type": "number",
        "label": "seed",
        "description": "A number to make generated videos deterministic. For random result do not send.",
        "note": "",
        "required": False,
        "default": "0",
        "placeholder": "",
        "options": [],
        "min": "0",
        "max": "4294967295",
        "step": "1",
    }
    assert items["prompt"]["required"] is True
    assert items["generateAudio"]["options"] == [
        {"value": "true", "label": "True"},
        {"value": "false", "label": "False"},
    ]


def test_inspires_show_samples_by_address_and_keep_their_order() -> None:
    inspires = veo()["inspire"]
    assert isinstance(inspires, list)
    assert list(inspires[4]) == ["prompt", "inputImage"]
    assert inspires[0]["inputImage"] == ""
    assert inspires[4]["inputImage"] == "https://clips.example/uploads/sampleinputs/google-veo31-input-1.jpg"
    assert "\\" not in "".join(inspire["prompt"] for inspire in inspires)


def test_a_tool_without_runs() -> None:
    tool = tool_object(CATALOGUE.models[0], None, files=FILES)
    assert tool["approximatelycost"] == "0.000000000000"
    assert tool["taskstat"]["lastruntime"] == "0"


def test_groups_on_the_wire() -> None:
    groups = explore_objects(CATALOGUE.explore(), {}, files=FILES)
    assert groups[0]["id"] == "hero-showcase"
    assert groups[0]["total"] == "2"
    assert [tool["cleanslugproject"] for tool in groups[0]["tools"]] == ["veo3-1", "sora-2-pro"]
    assert "readme" not in groups[0]["tools"][0]
