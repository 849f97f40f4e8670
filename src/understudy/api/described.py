"""What the OpenAPI document of every dialect is put together from. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WHOLE: Schema = {"type": "integer"}
TRUTH: Schema = {"type": "boolean"}


def ref(name: str) -> Schema:
    """One of the document's components."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(name: str) -> Schema:
    """Several of them."""
    return {"type": "array", "items": ref(name)}


def whole(properties: Schema, **more: Any) -> Schema:
    """An object that always has these properties."""
    return {"type": "object", "properties": properties, "required": list(properties), **more}


def some(properties: Schema, *required: str) -> Schema:
    """An object that may have these properties, and has the `required` ones."""
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def one_of(values: Iterable[str]) -> Schema:
    """One of several texts."""
    return {"type": "string", "enum": list(dict.fromkeys(values))}


def nullable(schema: Schema) -> Schema:
    """The same, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def answers(texts: Mapping[str, str], schema: Schema, media_type: str = "application/json") -> Schema:
    """An answer in the same form for each status, with what it means."""
    return {
        status: {"description": text, "content": {media_type: {"schema": schema}}}
        for status, text in texts.items()
    }


def operation(
    id: str,
    tag: str,
    summary: str,
    responses: Schema,
    *,
    parameters: Iterable[Schema] = (),
    body: Mapping[str, Schema] | None = None,
    security: list[Schema] | None = None,
    **more: Any,
) -> Schema:
    """One operation. `body`: its schema for each content type; `security`: None is the document's own."""
    made: Schema = {"operationId": id, "tags": [tag], "summary": summary, **more}
    if security is not None:
        made["security"] = security
    if listed := list(parameters):
        made["parameters"] = listed
    if body is not None:
        made["requestBody"] = {"content": {kind: {"schema": schema} for kind, schema in body.items()}}
    return made | {"responses": responses}


def in_path(name: str, schema: Schema, description: str = "") -> Schema:
    """A parameter in the path."""
    return {"name": name, "in": "path", "required": True, "schema": schema, **_about(description)}


def in_query(name: str, schema: Schema, description: str = "") -> Schema:
    """A parameter in the query."""
    return {"name": name, "in": "query", "schema": schema, **_about(description)}


def in_header(name: str, schema: Schema, description: str = "") -> Schema:
    """A header."""
    return {"name": name, "in": "header", "schema": schema, **_about(description)}


def _about(description: str) -> Schema:
    return {"description": description} if description else {}


IDEMPOTENCY_KEY = in_header(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,255}$"},
    "The same key with the same body within 24 hours answers with the same task.",
)
