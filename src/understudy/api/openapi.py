"""The OpenAPI 3.1 document, made from the manifests: one typed operation for each model. Pure."""

from collections.abc import Iterable
from typing import Any

import understudy
from understudy.api.described import (
    IDEMPOTENCY_KEY,
    TEXT,
    TRUTH,
    Schema,
    answers,
    in_header,
    in_path,
    one_of,
    operation,
    ref,
    some,
)
from understudy.api.google import described as google
from understudy.api.openai_videos import described as openai_videos
from understudy.api.schemas import COMPONENTS, run_body
from understudy.catalogue.manifest import Model

_PAGE: Schema = {
    "start": {"type": "integer", "minimum": 0},
    "limit": {"type": "integer", "minimum": 1, "maximum": 100},
}
_ORDER = one_of(("ASC", "DESC"))
_TEXTS: Schema = {"type": "array", "items": TEXT}
_TAGS = ("Run", "Task", "File", "Tool", "OpenAI Videos", "Google Veo", "Server")


def document(models: Iterable[Model], base_url: str) -> dict[str, Any]:
    """The whole document, for a server at `base_url`."""
    enabled = [model for model in models if model.enabled]
    runs = {f"/v1/Run/{model.address}": {"post": _run(model)} for model in enabled}
    doors = openai_videos.paths(enabled) | google.paths(enabled)
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
        "tags": [{"name": name} for name in _TAGS],
        "paths": runs | _tasks() | _files() | _tools(enabled) | doors | _server(),
        "components": {
            "schemas": COMPONENTS | openai_videos.COMPONENTS | google.COMPONENTS,
            "securitySchemes": _SECURITY | openai_videos.SCHEMES | google.SCHEMES,
        },
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
    responses = _responses("Run")
    responses["200"]["links"] = {
        name: {"operationId": _id(name), "requestBody": {"taskid": "$response.body#/taskid"}}
        for name in (_ONE, _STOP, _WITHDRAW)
    }
    return operation(
        f"run_{model.owner}_{model.slug}".replace("-", "_"),
        "Run",
        model.title or model.printed_name,
        responses,
        parameters=[IDEMPOTENCY_KEY],
        body={
            "application/json": run_body(model, files=False),
            "multipart/form-data": run_body(model, files=True),
        },
        description=model.description,
    )


_ONE, _STOP, _WITHDRAW = "One task", "Stop a task, queued or running", "Take a task out of the queue"


def _tasks() -> Schema:
    reference = ref("TaskReference")
    query = some({**_PAGE, "sort": {"const": "id"}, "order": _ORDER, "modelName": TEXT, "status": TEXT})
    return {
        "/v1/Task/Detail": _post("Task", _ONE, "CountedTasks", reference),
        "/v1/Task/Kill": _post("Task", _STOP, "Tasks", reference),
        "/v1/Task/Cancel": _post("Task", _WITHDRAW, "Tasks", reference),
        "/v1/Task/List": _post("Task", "The project's tasks", "CountedTasks", query),
        "/v1/Task/InputOutputDelete": _post(
            "Task", "Delete the files of a task that is over", "Done", some({"tasktoken": TEXT})
        ),
    }


def _files() -> Schema:
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    upload = some({"file": file, "folderid": TEXT}, "file")
    name = {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,128}$"}
    folder = some({"name": name, "parentid": TEXT}, "name")
    return {
        "/v1/File/Upload": _post("File", "Keep a file", "Files", upload, "multipart/form-data"),
        "/v1/File/FolderCreate": _post("File", "Make a folder", "Files", folder),
        "/v1/File/{accesskey}/{name}": _file("An input", in_path("accesskey", TEXT)),
        "/{address}/{name}": _file("An output", in_path("address", TEXT)),
        "/uploads/sampleinputs/{name}": _file("A bundled sample input"),
        "/uploads/models/{name}": _file("A cover of a model"),
    }


def _tools(models: list[Model]) -> Schema:
    sorts = ["id", "relevance", "time", "ratedusercount", "commentcount", "averagepoint"]
    query = some(
        {
            **_PAGE,
            "search": TEXT,
            "sort": one_of(sorts),
            "order": _ORDER,
            "categories": _TEXTS,
            "tags": _TEXTS,
            "slugowner": TEXT,
            "hideworkflows": TRUTH,
            "summary": TRUTH,
        }
    )
    one = some({"slugowner": TEXT, "slugproject": TEXT}, "slugowner", "slugproject")
    return {
        "/v1/Tool/List": _post("Tool", "Search the models", "CountedTools", query),
        "/v1/Tool/Detail": _post("Tool", "One model", "CountedTools", one),
        "/v1/Tool/Explore": _post("Tool", "The models in groups", "Explore", some({})),
        "/models/{owner}/{slug}/llms.txt": {
            "get": operation(
                "page_of_a_model",
                "Tool",
                "The page of a model",
                answers({"200": "Plain text."}, TEXT, "text/plain") | answers(_MISSING, ref("Error")),
                parameters=[
                    in_path("owner", one_of(model.owner for model in models)),
                    in_path("slug", one_of(model.slug for model in models)),
                ],
                security=[],
            )
        },
    }


def _server() -> Schema:
    word = some({"status": TEXT, "reason": TEXT}, "status")
    return {
        "/": _get("What this server is", answers({"200": "And where to go on."}, {"type": "object"})),
        "/healthz": _get("The process is alive", answers({"200": "It is."}, word)),
        "/health": _get("Requests are answered", answers({"200": "They are."}, word)),
        "/readyz": _get(
            "Tasks are taken and worked on", answers({"200": "They are.", "503": "Not now."}, word)
        ),
        "/metrics": _get(
            "Figures for Prometheus",
            answers({"200": "Text."}, TEXT, "text/plain") | answers(_MISSING, ref("Error")),
        ),
        "/openapi.json": _get("This document", answers({"200": "JSON."}, {"type": "object"})),
    }


_MISSING = {"404": "There is nothing like that."}


def _post(tag: str, summary: str, answer: str, body: Schema, media_type: str = "application/json") -> Schema:
    return {"post": operation(_id(summary), tag, summary, _responses(answer), body={media_type: body})}


def _get(summary: str, responses: Schema) -> Schema:
    return {"get": operation(_id(summary), "Server", summary, responses, security=[])}


def _file(summary: str, *more: Schema) -> Schema:
    """Whoever knows the address may read the file."""
    responses = answers({"200": "The file.", "206": "A part of it."}, {}, "*/*") | {
        "304": {"description": "It is as it was."},
        "416": {"description": "There is no such part."},
    }
    parameters = [*more, in_path("name", TEXT), in_header("Range", TEXT)]
    return {
        "get": operation(
            _id(summary),
            "File",
            summary,
            responses | answers(_MISSING, ref("Error")),
            parameters=parameters,
            security=[],
        )
    }


def _responses(answer: str) -> Schema:
    refused = {
        "400": "It is no HTTP, or has not one Host.",
        "401": "The caller has not proved who it is.",
        **_MISSING,
        "413": "The body is over a limit.",
        "429": "Too many requests; Retry-After says when to send the next.",
        "503": "Nothing can be accepted at the moment.",
    }
    either = {"oneOf": [ref(answer), ref("Error")]}
    return answers({"200": "The answer; a refusal has `result` false."}, either) | answers(
        refused, ref("Error")
    )


def _id(summary: str) -> str:
    return summary.lower().replace(" ", "_").replace("'", "").replace(",", "")
