"""Run: a checked request becomes a durable task."""

import asyncio
from collections.abc import Mapping
from typing import Any

from understudy.api.call import Call
from understudy.api.idempotency import idempotency_key
from understudy.api.parts import Parts
from understudy.api.pictures import check_pictures
from understudy.api.wiro.envelope import success
from understudy.api.wiro.fields import text
from understudy.api.wiro.models import usable
from understudy.catalogue import inputs
from understudy.catalogue.checked import Upload
from understudy.catalogue.manifest import Model
from understudy.catalogue.page import CALLBACK_PLACEHOLDER
from understudy.errors import AddressRefused, InvalidInput, UnknownPath
from understudy.files.sniff import PICTURES
from understudy.files.weburl import parse_url
from understudy.tasks.records import Project

PREFIX = "/v1/run/"

_LONGEST_URL = 2048


class RunEndpoint:
    """`POST /v1/Run/{owner}/{model}`."""

    def __init__(self, parts: Parts) -> None:
        self._catalogue = parts.catalogue
        self._desk = parts.desk
        self._limits = parts.limits
        self._decoding = parts.decoding
        self._base_url = parts.base_url

    async def run(self, call: Call) -> dict[str, Any]:
        """Everything is checked before a task exists; what is refused has left nothing and costs nothing."""
        model = self._model(call.path)
        key = idempotency_key(call.headers)
        body = await call.body(PICTURES)
        check_project(body.fields, call.project)
        callback_url = read_callback_url(body.fields)
        checked = inputs.check(
            model, body.fields, body.uploads, self._catalogue.has_sample, files=self._base_url
        )
        await check_pictures(
            {
                name: tuple(each for each in given if isinstance(each, Upload))
                for name, given in checked.sources.items()
            },
            self._limits.image_pixels,
            self._decoding,
        )
        task = await self._desk.submit(
            call.project,
            model,
            checked,
            callback_url=callback_url,
            idempotency_key=key,
            body_hash=await asyncio.to_thread(body.digest, model.address) if key else b"",
        )
        return success(taskid=str(task.id), socketaccesstoken=task.token)

    def _model(self, path: str) -> Model:
        names = path[len(PREFIX) :].split("/")
        if len(names) != 2 or not all(names):
            raise UnknownPath("Error parsing url.")
        return usable(self._catalogue, *names)


def check_project(fields: Mapping[str, Any], project: Project) -> None:
    """A project that is named must be the caller's own. Raises `InvalidInput`."""
    named = text(fields, "projectid")
    if named and named != str(project.id):
        raise InvalidInput("Request parameter [projectid] must be the project of the API key")


def read_callback_url(fields: Mapping[str, Any]) -> str:
    """Where the webhook goes; "" for none. Raises `InvalidInput` for anything but an http(s) address."""
    given = fields.get("callbackUrl")
    if given is None or given in ("", CALLBACK_PLACEHOLDER):
        return ""
    try:
        if not isinstance(given, str) or len(given) > _LONGEST_URL:
            raise AddressRefused(f"An address is text of at most {_LONGEST_URL} characters.")
        parse_url(given)
    except AddressRefused as refused:
        raise InvalidInput(
            "Request parameter [callbackUrl] must be an http or https URL", refused.message
        ) from refused
    return given
