"""The OpenAPI 3.1 document, made from the manifests: one typed operation for each model. Pure."""

from collections.abc import Iterable
from typing import Any

import understudy
from understudy.api.schemas import COMPONENTS, Schema, run_body
from understudy.catalogue.manifest import Model

_PAGE = {
    "start": {"type": "integer", "minimum": 0},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100},
}
_ORDER = {"type": "string", "enum": ["ASC", "DESC"]}
_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}


def document(models: Iterable[Model], base_url: str) -> dict[str, Any]:
    """The whole document, for a server at `base_url`."""
    runs = {f"/v1/Run/{model.address}": {"post": _run(model)} for model in models if model.enabled}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Understudy",
            "version": understudy.__version__,
            "description": "A self-hosted server for models that make video with sound.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url or "/"}],
        "security": [{"ApiKey": [], "Nonce": [], "Signature": []}, {"ApiKey": []}],
        "tags": [{"name": name} for name in ("Run", "Task", "File", "Tool", "Server")],
        "paths": runs | _tasks() | _files() | _tools() | _server(),
        "components": {"schemas": COMPONENTS, "securitySchemes": _SECURITY},
    }


_SECURITY = {
    "ApiKey": {
        "type": "apiKey",
        "in": "header",
        "name": "x-api-key",
        "description": "The project's API key; enough by itself for a key-only project.",
    },
    "Nonce": {
        "type": "apiKey",
        "in": "header",
        "name": "x-nonce",
        "description": "A Unix time or any number.",
    },
    "Signature": {
        "type": "apiKey",
        "in": "header",
        "name": "x-signature",
        "description": "HMAC-SHA256 in hex; the key is the API key, the message API secret + nonce.",
    },
}


def _run(model: Model) -> Schema:
    return {
        "operationId": f"run_{model.owner}_{model.slug}".replace("-", "_"),
        "tags": ["Run"],
        "summary": model.title or model.printed_name,
        "description": model.description,
        "parameters": [
            {
                "name": "Idempotency-Key",
                "in": "header",
                "schema": {"type": "string", "maxLength": 255},
                "description": "The same key with the same body within 24 hours answers with the same task.",
            }
        ],
        "requestBody": {
            "content": {
                "application/json": {"schema": run_body(model, files=False)},
                "multipart/form-data": {"schema": run_body(model, files=True)},
            }
        },
        "responses": _responses("Run"),
    }


def _tasks() -> Schema:
    reference = {"$ref": "#/components/schemas/TaskReference"}
    query = _object(**_PAGE, sort={"const": "id"}, order=_ORDER, modelName=_TEXT, status=_TEXT)
    return {
        "/v1/Task/Detail": _post("Task", "One task", "CountedTasks", reference),
        "/v1/Task/Kill": _post("Task", "Stop a task, queued or running", "Tasks", reference),
        "/v1/Task/Cancel": _post("Task", "Take a task out of the queue", "Tasks", reference),
        "/v1/Task/List": _post("Task", "The project's tasks", "CountedTasks", query),
        "/v1/Task/InputOutputDelete": _post(
            "Task", "Delete the files of a task that is over", "Done", _object(tasktoken=_TEXT)
        ),
    }


def _files() -> Schema:
    upload = {
        "type": "object",
        "properties": {
            "file": {"type": "string", "contentMediaType": "application/octet-stream"},
            "folderid": _TEXT,
        },
        "required": ["file"],
    }
    folder = _object(name={"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"}, parentid=_TEXT)
    return {
        "/v1/File/Upload": _post("File", "Keep a file", "Files", upload, "multipart/form-data"),
        "/v1/File/FolderCreate": _post("File", "Make a folder", "Files", folder | {"required": ["name"]}),
    }


def _tools() -> Schema:
    query = _object(
        **_PAGE,
        search=_TEXT,
        sort={
            "type": "string",
            "enum": ["id", "relevance", "time", "ratedusercount", "commentcount", "averagepoint"],
        },
        order=_ORDER,
        categories=_TEXTS,
        tags=_TEXTS,
        slugowner=_TEXT,
        hideworkflows={"type": "boolean"},
        summary={"type": "boolean"},
    )
    one = _object(slugowner=_TEXT, slugproject=_TEXT) | {"required": ["slugowner", "slugproject"]}
    return {
        "/v1/Tool/List": _post("Tool", "Search the models", "Tools", query),
        "/v1/Tool/Detail": _post("Tool", "One model", "Tools", one),
        "/v1/Tool/Explore": _post("Tool", "The models in groups", "Explore", _object()),
    }


def _server() -> Schema:
    return {
        "/healthz": _get("The process is alive", {"200": "It is."}),
        "/readyz": _get("Tasks are taken and worked on", {"200": "They are.", "503": "Not now."}),
    }


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "properties": properties}


def _post(tag: str, summary: str, answer: str, body: Schema, media_type: str = "application/json") -> Schema:
    return {
        "post": {
            "operationId": summary.lower().replace(" ", "_").replace("'", "").replace(",", ""),
            "tags": [tag],
            "summary": summary,
            "requestBody": {"content": {media_type: {"schema": body}}},
            "responses": _responses(answer),
        }
    }


def _get(summary: str, answers: dict[str, str]) -> Schema:
    responses = {status: {"description": text} for status, text in answers.items()}
    operation = {"operationId": summary.lower().replace(" ", "_"), "tags": ["Server"], "security": []}
    return {"get": {**operation, "summary": summary, "responses": responses}}


def _responses(answer: str) -> Schema:
    success, failure = ({"$ref": f"#/components/schemas/{name}"} for name in (answer, "Error"))
    refused = {
        "401": "The caller has not proved who it is.",
        "413": "The body is over a limit.",
        "503": "Nothing can be accepted at the moment.",
    }
    return {
        "200": {
            "description": "The answer; a refusal has `result` false.",
            "content": {"application/json": {"schema": {"oneOf": [success, failure]}}},
        },
        **{
            status: {"description": text, "content": {"application/json": {"schema": failure}}}
            for status, text in refused.items()
        },
    }
