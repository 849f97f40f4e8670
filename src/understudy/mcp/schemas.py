"""A model's inputs as JSON Schema, as programs that fill in forms want them. Pure."""

from typing import Any

from understudy.client import Input, Model

_NUMBERS = frozenset({"number", "range"})


def input_schema(model: Model) -> dict[str, Any]:
    """The schema of the inputs that are no files."""
    taken = [each for each in model.inputs if not each.is_file]
    return {
        "type": "object",
        "properties": {each.id: _property(each) for each in taken},
        "required": [each.id for each in taken if each.required],
    }


def _property(each: Input) -> dict[str, Any]:
    shape: dict[str, Any] = {"type": "number"} if each.type in _NUMBERS else {"type": "string"}
    if each.choices:
        shape["enum"] = [choice.value for choice in each.choices]
    if each.minimum is not None:
        shape["minimum"] = each.minimum
    if each.maximum is not None:
        shape["maximum"] = each.maximum
    if text := each.help or each.label:
        shape["description"] = text
    if each.default and each.type != "textarea":
        shape["default"] = each.default
    return shape
