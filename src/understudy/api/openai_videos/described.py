"""This dialect in the OpenAPI document. Pure."""

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
    nullable,
    one_of,
    operation,
    ref,
    some,
    whole,
)
from understudy.api.openai_videos.content import VARIANTS
from understudy.api.openai_videos.paging import MOST
from understudy.api.openai_videos.requests import CALLBACK, LONGEST_PROMPT, REFERENCE
from understudy.catalogue.manifest import Model

_TAG = "OpenAI Videos"
_BEARER: list[Schema] = [{"Bearer": []}]
_ID: Schema = {"type": "string", "pattern": "^video_[1-9][0-9]{0,18}$"}
_VIDEO = in_path("id", _ID)
_REFUSED = {
    "400": "A field is missing or wrong, or nothing here can do it.",
    "401": "The key is not right.",
    "404": "There is nothing like that.",
    "429": "Too many requests, or the balance does not allow one more.",
    "503": "Nothing can be accepted or read at the moment.",
}
_SIZE: Schema = {"type": "string", "pattern": "^[1-9][0-9]{1,4}x[1-9][0-9]{1,4}$"}

SCHEMES = {
    "Bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "KEY of a key-only project, KEY:SECRET of one that signs.",
    }
}
"""How its clients prove who they are."""

COMPONENTS: dict[str, Schema] = {
    "OpenAIError": whole(
        {"error": whole({"message": TEXT, "type": TEXT, "param": nullable(TEXT), "code": nullable(TEXT)})}
    ),
    "Video": whole(
        {
            "id": _ID,
            "object": {"const": "video"},
            "model": TEXT,
            "status": {"enum": ["queued", "in_progress", "completed", "failed"]},
            "progress": {"type": "integer", "minimum": 0, "maximum": 100},
            "created_at": WHOLE,
            "completed_at": nullable(WHOLE),
            "expires_at": nullable(WHOLE),
            "prompt": TEXT,
            "size": nullable(TEXT),
            "seconds": nullable(TEXT),
            "remixed_from_video_id": {"type": "null"},
            "error": nullable(whole({"code": TEXT, "message": TEXT})),
            "num_outputs": nullable(WHOLE),
            "engine": {"type": ["object", "null"]},
            "cost": TEXT,
        }
    ),
    "Videos": whole(
        {
            "object": {"const": "list"},
            "data": list_of("Video"),
            "first_id": nullable(TEXT),
            "last_id": nullable(TEXT),
            "has_more": TRUTH,
        }
    ),
    "DeletedVideo": whole({"id": _ID, "deleted": {"const": True}, "object": {"const": "video.deleted"}}),
    "OpenAIModel": whole({"id": TEXT, "object": {"const": "model"}, "created": WHOLE, "owned_by": TEXT}),
    "OpenAIModels": whole({"object": {"const": "list"}, "data": list_of("OpenAIModel")}),
}
"""What its operations refer to."""


def paths(models: Sequence[Model]) -> Schema:
    """Its paths. Models are named by their address or an alias."""
    names = [name for model in models for name in (model.address, *model.aliases)]
    query = [
        in_query("after", _ID, "The video behind which the page begins."),
        in_query("limit", {"type": "integer", "minimum": 1, "maximum": MOST}),
        in_query("order", one_of(("asc", "desc"))),
    ]
    made = _answered("Video")
    made["200"]["links"] = {
        name: {"operationId": f"{name}_video", "parameters": {"path.id": "$response.body#/id"}}
        for name in ("get", "delete", "download")
    }
    return {
        "/v1/videos": {
            "get": _operation("list_videos", "The project's videos", _answered("Videos"), query),
            "post": _operation(
                "create_video",
                "Ask for a video",
                made | _refused("413"),
                [IDEMPOTENCY_KEY],
                body={
                    "application/json": _body(names, files=False),
                    "multipart/form-data": _body(names, files=True),
                },
            ),
        },
        "/v1/videos/{id}": {
            "get": _operation("get_video", "One video", _answered("Video"), [_VIDEO]),
            "delete": _operation(
                "delete_video",
                "Delete a video that is over",
                _answered("DeletedVideo") | _refused("409"),
                [_VIDEO],
            ),
        },
        "/v1/videos/{id}/content": {
            "get": _operation(
                "download_video",
                "The clip, or a picture of it",
                answers(
                    {"200": "The file.", "206": "A part of it.", "416": "There is no such part."}, {}, "*/*"
                )
                | {"304": {"description": "It is as it was."}}
                | _refused(),
                [_VIDEO, in_query("variant", one_of(VARIANTS))],
            ),
        },
        "/v1/models": {
            "get": _operation("list_openai_models", "What can be named as model", _answered("OpenAIModels"))
        },
        "/v1/models/{model}": {
            "get": _operation(
                "get_openai_model", "One model", _answered("OpenAIModel"), [in_path("model", one_of(names))]
            )
        },
    }


def _operation(
    id: str,
    summary: str,
    responses: Schema,
    parameters: list[Schema] | None = None,
    body: Schema | None = None,
) -> Schema:
    return operation(id, _TAG, summary, responses, parameters=parameters or (), body=body, security=_BEARER)


def _body(names: list[str], *, files: bool) -> Schema:
    address = some({"image_url": {"type": "string", "description": "A web or data URL."}}, "image_url")
    file = {"type": "string", "contentMediaType": "application/octet-stream"}
    return some(
        {
            "model": one_of(names),
            "prompt": {"type": "string", "maxLength": LONGEST_PROMPT},
            "seconds": {"type": ["string", "integer"]},
            "size": _SIZE,
            REFERENCE: file if files else address,
            CALLBACK: TEXT,
        },
        "prompt",
    )


def _answered(name: str) -> Schema:
    return answers({"200": "The answer."}, ref(name)) | _refused()


def _refused(*more: str) -> Schema:
    own = {"409": "The video is not over.", "413": "The body or a picture is too large."}
    return answers(_REFUSED | {status: own[status] for status in more}, ref("OpenAIError"))
