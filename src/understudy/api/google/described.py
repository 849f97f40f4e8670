"""This dialect in the OpenAPI document: its Developer form, and the enterprise form without projects. Pure."""

from collections.abc import Sequence

from understudy.api.described import (
    IDEMPOTENCY_KEY,
    TEXT,
    TRUTH,
    WHOLE,
    Schema,
    answers,
    in_path,
    in_query,
    list_of,
    one_of,
    operation,
    ref,
    some,
    whole,
)
from understudy.api.google.request import KNOWN, REFUSED
from understudy.catalogue.manifest import Model

_TAG = "Google Veo"
_KEYS: list[Schema] = [{"GoogleKey": []}]
_REFUSED = {
    "400": "A field is missing, of the wrong type, or not played here.",
    "401": "The key is not right.",
    "403": "The balance is used up.",
    "404": "There is nothing like that.",
    "413": "The body is too large.",
    "429": "Too many requests, or the balance does not allow one more.",
    "503": "Nothing can be accepted or read at the moment.",
}
_FIELDS: Schema = {
    "sampleCount": {"const": 1},
    "durationSeconds": WHOLE,
    "aspectRatio": TEXT,
    "resolution": TEXT,
    "negativePrompt": TEXT,
    "enhancePrompt": TRUTH,
    "generateAudio": TRUTH,
    "personGeneration": TEXT,
    "seed": {"type": "integer", "minimum": 0, "maximum": 2**32 - 1},
    "fps": {"const": 24},
    "compressionQuality": {"const": "OPTIMIZED"},
    "resizeMode": {"const": "crop"},
}
_PICTURE = some({"bytesBase64Encoded": TEXT, "mimeType": TEXT}, "bytesBase64Encoded")
_PREDICT = some(
    {
        "instances": {
            "type": "array",
            "items": some({"prompt": TEXT, "image": _PICTURE}, "prompt"),
            "minItems": 1,
            "maxItems": 1,
        },
        "parameters": some(
            {
                name: _FIELDS[name]
                for name in sorted(KNOWN["parameters"])
                if f"parameters.{name}" not in REFUSED
            }
        ),
    },
    "instances",
)

SCHEMES = {
    "GoogleKey": {
        "type": "apiKey",
        "in": "header",
        "name": "x-goog-api-key",
        "description": "KEY of a key-only project, KEY:SECRET of one that signs; also as a bearer token or `key` of the query.",
    }
}
"""How its clients prove who they are."""

COMPONENTS: dict[str, Schema] = {
    "GoogleError": whole(
        {
            "error": some(
                {"code": WHOLE, "message": TEXT, "status": TEXT, "details": {"type": "array"}},
                "code",
                "message",
                "status",
            )
        }
    ),
    "Operation": some(
        {
            "name": TEXT,
            "metadata": {"type": "object"},
            "done": TRUTH,
            "error": whole({"code": WHOLE, "message": TEXT}),
            "response": {"type": "object"},
        },
        "name",
    ),
    "GoogleModel": whole(
        {
            "name": TEXT,
            "version": TEXT,
            "displayName": TEXT,
            "description": TEXT,
            "supportedGenerationMethods": {"type": "array", "items": TEXT},
        }
    ),
    "GoogleModels": whole({"models": list_of("GoogleModel")}),
}
"""What its operations refer to."""


def paths(models: Sequence[Model]) -> Schema:
    """Its paths. A model's address is two parts of each."""
    owner = in_path("owner", one_of(model.owner for model in models))
    model = in_path("model", one_of(model.slug for model in models))
    predicted = _answered("Operation")
    predicted["200"]["links"] = {
        "fetch": {
            "operationId": "fetch_veo_operation",
            "parameters": {"path.owner": "$request.path.owner", "path.model": "$request.path.model"},
            "requestBody": {"operationName": "$response.body#/name"},
        }
    }
    sent, asked = [owner, model, IDEMPOTENCY_KEY], {"application/json": _PREDICT}
    return {
        "/v1beta/models": {"get": _operation("list_veo_models", "The models", _answered("GoogleModels"))},
        "/v1beta/models/{owner}/{model}": {
            "get": _operation(
                "get_veo_model", "One model", _answered("GoogleModel"), parameters=[owner, model]
            )
        },
        "/v1beta/models/{owner}/{model}:predictLongRunning": {
            "post": _operation("predict_veo", "Ask for a clip", predicted, parameters=sent, body=asked)
        },
        "/v1beta/models/{owner}/{model}/operations/{id}": {
            "get": _operation(
                "get_veo_operation",
                "One operation",
                _answered("Operation"),
                parameters=[owner, model, in_path("id", TEXT)],
            )
        },
        "/v1beta/files/{id}:download": {
            "get": _operation(
                "download_veo_file",
                "A clip",
                answers(
                    {"200": "The file.", "206": "A part of it.", "416": "There is no such part."}, {}, "*/*"
                )
                | {"304": {"description": "It is as it was."}}
                | answers(_REFUSED, ref("GoogleError")),
                parameters=[
                    in_path("id", {"type": "string", "pattern": "^[0-9a-f]{32}$"}),
                    in_query("alt", TEXT),
                ],
            )
        },
        "/v1/publishers/{owner}/models/{model}:predictLongRunning": {
            "post": _operation(
                "predict_veo_as_publisher", "Ask for a clip", predicted, parameters=sent, body=asked
            )
        },
        "/v1/publishers/{owner}/models/{model}:fetchPredictOperation": {
            "post": _operation(
                "fetch_veo_operation",
                "One operation, its clips with it",
                _answered("Operation"),
                parameters=[owner, model],
                body={"application/json": some({"operationName": TEXT}, "operationName")},
            )
        },
    }


def _operation(
    id: str,
    summary: str,
    responses: Schema,
    *,
    parameters: list[Schema] | None = None,
    body: Schema | None = None,
) -> Schema:
    return operation(id, _TAG, summary, responses, parameters=parameters or (), body=body, security=_KEYS)


def _answered(name: str) -> Schema:
    return answers({"200": "The answer."}, ref(name)) | answers(_REFUSED, ref("GoogleError"))
