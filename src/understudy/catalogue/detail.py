"""A model as the wire's Tool/List and Tool/Detail show it, and the groups of Tool/Explore. Pure.

Numbers are strings, as everywhere in the wire's objects. Nobody rates, comments or sells here: those fields say "0".
"""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from understudy.catalogue.explore import Group
from understudy.catalogue.manifest import Input, Model
from understudy.catalogue.page import cover_address, shown_value
from understudy.catalogue.prices import approximate_cost, dynamic_price_json, exact_seconds, format_cost
from understudy.catalogue.search import Statistics
from understudy.catalogue.sources import SAMPLES

_UNGROUPED = "Inputs"


def model_number(address: str) -> str:
    """The model's decimal id on the wire: made of its address, so that it is the same on every server."""
    return str(zlib.crc32(address.encode()))


def tool_object(
    model: Model, stats: Statistics | None, *, files: str, summary: bool = False
) -> dict[str, Any]:
    """The model as an element of `tool`. `files` is the base address of files; a summary leaves long parts out."""
    owner, _, slug = model.printed_name.partition("/")
    mean = stats.mean_elapsed if stats else 0.0
    tool: dict[str, Any] = {
        "id": model_number(model.address),
        "title": model.title or model.printed_name,
        "description": model.description,
        "slugowner": owner,
        "slugproject": slug,
        "cleanslugowner": model.owner,
        "cleanslugproject": model.slug,
        "image": cover_address(model, files),
        "categories": list(model.categories),
        "tags": list(model.tags),
        "cps": format_cost(model.cps),
        "dynamicprice": dynamic_price_json(model),
        "approximatelycost": format_cost(approximate_cost(model, mean)),
        "computingtime": str(exact_seconds(mean)),
        "taskstat": {
            "runcount": str(stats.runs if stats else 0),
            "successcount": str(stats.successes if stats else 0),
            "errorcount": str(stats.errors if stats else 0),
            "lastruntime": str(int(stats.last_run) if stats else 0),
        },
        "marketplace": "0",
        "onlymembers": "0",
        "averagepoint": "0",
        "commentcount": "0",
        "ratedusercount": "0",
        "seotitle": model.title or model.printed_name,
        "seodescription": model.description,
    }
    if not summary:
        tool |= {
            "readme": model.readme,
            "parameters": _parameters(model),
            "inspire": [
                {id: shown_value(model, id, value, files) for id, value in inspire.items()}
                for inspire in model.inspires
            ],
            "samples": [f"{files}{SAMPLES}{name}" for name in model.samples],
        }
    return tool


def explore_objects(
    groups: Sequence[Group], stats: Mapping[str, Statistics], *, files: str
) -> list[dict[str, Any]]:
    """The elements of `explore`."""
    return [
        {
            "id": group.id,
            "title": group.title,
            "tools": [
                tool_object(model, stats.get(model.address), files=files, summary=True)
                for model in group.models
            ],
            "total": str(len(group.models)),
        }
        for group in groups
    ]


def _parameters(model: Model) -> list[dict[str, Any]]:
    groups: dict[str, list[dict[str, Any]]] = {}
    for each in model.inputs:
        groups.setdefault(each.group or _UNGROUPED, []).append(_parameter(each))
    return [{"title": title, "items": items} for title, items in groups.items()]


def _parameter(each: Input) -> dict[str, Any]:
    return {
        "id": each.id,
        "type": each.type,
        "label": each.label,
        "description": each.help,
        "note": each.note,
        "required": each.required,
        "default": str(each.default),
        "placeholder": each.placeholder,
        "options": [{"value": option.value, "label": option.label} for option in each.options],
        "min": _text(each.min),
        "max": _text(each.max),
        "step": _text(each.step),
    }


def _text(number: int | float | None) -> str:
    return "" if number is None else str(number)
