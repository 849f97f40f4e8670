"""The client's prices are the server's own, for every model that is shipped and every choice of their inputs."""

from decimal import Decimal
from itertools import product
from typing import Any

import pytest

from understudy.catalogue.detail import tool_object
from understudy.catalogue.loader import load_catalogue
from understudy.catalogue.manifest import Model as Manifest
from understudy.catalogue.prices import estimate
from understudy.client import Model
from understudy.client.prices import price

MANIFESTS = load_catalogue().models


def choices(manifest: Manifest) -> list[dict[str, Any]]:
    """Every combination of the inputs that prices ask for, and of lengths."""
    asked = {id for rule in manifest.prices for id in rule.inputs} | {
        "seconds",
        "durationSeconds",
        "duration",
    }
    known = [each for each in manifest.inputs if each.id in asked and each.options]
    values = [[None, *(option.value for option in each.options)] for each in known]
    return [
        {each.id: value for each, value in zip(known, combination, strict=True) if value is not None}
        for combination in product(*values)
    ]


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda each: each.address)
def test_as_the_server_says(manifest: Manifest) -> None:
    model = Model.of(tool_object(manifest, None, files="http://a"))
    for inputs in choices(manifest):
        assert price(model, inputs).amount == estimate(manifest, inputs), inputs


def model(rules: str, cps: str = "0.001") -> Model:
    return Model.of({"slugowner": "a", "slugproject": "b", "cps": cps, "dynamicprice": rules})


@pytest.mark.parametrize(
    ("rules", "inputs", "amount", "unit"),
    [
        ("[]", {}, None, "second of work"),
        ("no json", {}, None, "second of work"),
        ('[{"inputs":{},"price":0.25,"priceMethod":"cpr"}]', {}, "0.25", "request"),
        ('[{"inputs":{},"price":0.1,"priceMethod":"cp-promptlength"}]', {"prompt": "abc"}, "0.3", "character of the prompt"),
        ('[{"inputs":{},"price":0.1,"priceMethod":"cp-outputVideoLength"}]', {"seconds": 5}, "0.5", "second of video"),
        ('[{"inputs":{},"price":0.1,"priceMethod":"cp-outputVideoLength"}]', {}, None, "second of video"),
        ('[{"inputs":{"hd":"true"},"price":2,"priceMethod":"cpr"},{"inputs":{},"price":1,"priceMethod":"cpr"}]', {"hd": True}, "2", "request"),
        ('[{"inputs":{},"price":1,"priceMethod":"cp-pixel","priceExtra":2}]', {}, None, "1,048,576 pixels"),
    ],
)  # fmt: skip
def test_each_rule(rules: str, inputs: dict[str, Any], amount: str | None, unit: str) -> None:
    found = price(model(rules), inputs)
    assert found.amount == (None if amount is None else Decimal(amount))
    assert found.unit == unit
