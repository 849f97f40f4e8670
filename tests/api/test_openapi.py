"""The document by itself: complete, typed, and without loose ends."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

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
    named = {name for way in DOCUMENT["security"] for name in way}
    assert named == DOCUMENT["components"]["securitySchemes"].keys()


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
