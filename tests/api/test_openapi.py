"""The document by itself: complete, typed, and without loose ends."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis

from tests.api.served import BASE, CATALOGUE, Served
from understudy.api.openapi import document

DOCUMENT: dict[str, Any] = json.loads(json.dumps(document(CATALOGUE.models, BASE)))


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from nodes(each)


def test_it_has_what_openapi_requires() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    assert DOCUMENT["servers"] == [{"url": BASE}]
    for operations in DOCUMENT["paths"].values():
        for operation in operations.values():
            assert operation["responses"]
            assert all("description" in each for each in operation["responses"].values())
            assert set(operation["tags"]) <= {tag["name"] for tag in DOCUMENT["tags"]}


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for each in DOCUMENT["paths"].values() for operation in each.values()]
    assert len(ids) == len(set(ids))
    assert all(id.replace("_", "").isalnum() for id in ids)


def test_every_reference_leads_somewhere() -> None:
    for node in nodes(DOCUMENT):
        if "$ref" in node:
            section, name = node["$ref"].removeprefix("#/components/").split("/")
            assert name in DOCUMENT["components"][section]
    operations = [each for paths in DOCUMENT["paths"].values() for each in paths.values()]
    ways = [way for each in (DOCUMENT, *operations) for way in each.get("security", ())]
    assert {name for way in ways for name in way} == DOCUMENT["components"]["securitySchemes"].keys()


def test_every_link_leads_somewhere() -> None:
    operations = [each for paths in DOCUMENT["paths"].values() for each in paths.values()]
    ids = {each["operationId"] for each in operations}
    links = [link for node in nodes(DOCUMENT) for link in node.get("links", {}).values()]
    assert links
    assert {link["operationId"] for link in links} <= ids


def test_it_is_valid() -> None:
    schemathesis.openapi.from_dict(DOCUMENT).validate()


@pytest.mark.parametrize("door", ["/v1/videos", "/v1beta/models", "/v1/publishers"])
def test_the_doors_are_in_it_with_their_own_errors(door: str) -> None:
    found = [
        each for path, ways in DOCUMENT["paths"].items() if path.startswith(door) for each in ways.values()
    ]
    assert found
    for operation in found:
        assert operation["security"][0].keys() <= {"Bearer", "GoogleKey"}
        assert {"400", "401", "404"} <= operation["responses"].keys()


@pytest.mark.parametrize("model", CATALOGUE.models, ids=lambda model: model.address)
def test_every_input_of_every_model_is_typed(model: Any) -> None:
    content = DOCUMENT["paths"][f"/v1/Run/{model.address}"]["post"]["requestBody"]["content"]
    for body in (content["application/json"], content["multipart/form-data"]):
        properties = body["schema"]["properties"]
        for each in model.inputs:
            assert properties[each.id].keys() & {"type", "anyOf"}
            if each.type == "select":
                assert properties[each.id]["enum"] == [option.value for option in each.options]
                assert properties[each.id]["default"] in properties[each.id]["enum"]


async def test_the_task_schema_names_exactly_the_fields_of_a_task(served: Served) -> None:
    id, _ = await served.run()
    [task] = (await served.post("/v1/Task/Detail", {"taskid": id})).json()["tasklist"]
    assert set(DOCUMENT["components"]["schemas"]["Task"]["required"]) == set(task)
