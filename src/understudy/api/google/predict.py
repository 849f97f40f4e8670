"""predictLongRunning: a checked request becomes a durable task, as with Run."""

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from understudy.api.asked import fields_for, picture_field
from understudy.api.body import Body
from understudy.api.google.contract import in_their_words, usable, without_effect
from understudy.api.google.errors import FieldRefused
from understudy.api.google.paths import Target
from understudy.api.google.picture import FIELD, LARGEST, encoded_bytes, save_picture
from understudy.api.google.request import Predict, read_predict
from understudy.api.idempotency import idempotency_key
from understudy.api.json_text import read_object
from understudy.api.parts import Parts
from understudy.api.pictures import check_pictures
from understudy.api.stream import BodyStream
from understudy.catalogue import inputs
from understudy.catalogue.checked import Upload
from understudy.catalogue.manifest import Model
from understudy.errors import InvalidInput
from understudy.tasks.records import Project, Task

# A body of this size is read in about a millisecond; larger ones must not hold up the event loop.
_QUICK = 256 * 1024


class PredictEndpoint:
    """Takes requests for clips."""

    def __init__(self, parts: Parts) -> None:
        self._catalogue = parts.catalogue
        self._desk = parts.desk
        self._limits = parts.limits
        self._decoding = parts.decoding
        self._incoming = parts.incoming
        self._base_url = parts.base_url
        self._largest_picture = min(LARGEST, parts.limits.upload_bytes)
        self.body_bytes = parts.limits.json_bytes + encoded_bytes(self._largest_picture)
        """The largest body."""

    async def submit(
        self, project: Project, target: Target, headers: Mapping[bytes, bytes], stream: BodyStream
    ) -> Task:
        """The task; what is refused has left nothing. Raises `RequestError`."""
        model = usable(self._catalogue, target.owner, target.model)
        key = idempotency_key(headers)
        predict = read_predict(await read_json(stream, headers, self.body_bytes))
        uploads = await self._uploads(model, predict)
        try:
            return await self._submit(project, model, predict, uploads, key)
        except InvalidInput as refused:
            theirs = in_their_words(refused)
            if theirs is None:
                raise
            raise theirs from refused
        finally:
            Body(uploads=uploads).discard()

    async def _submit(
        self,
        project: Project,
        model: Model,
        predict: Predict,
        uploads: dict[str, tuple[Upload, ...]],
        key: str,
    ) -> Task:
        body = Body(fields=fields_for(model, predict.asked), uploads=uploads)
        checked = inputs.check(model, body.fields, uploads, self._catalogue.has_sample, files=self._base_url)
        await check_pictures(uploads, self._limits.image_pixels, self._decoding)
        ignored = (*without_effect(model, predict.asked), *predict.ignored)
        return await self._desk.submit(
            project,
            model,
            msgspec.structs.replace(checked, ignored=ignored),
            idempotency_key=key,
            body_hash=await asyncio.to_thread(body.digest, model.address) if key else b"",
            door="google",
        )

    async def _uploads(self, model: Model, predict: Predict) -> dict[str, tuple[Upload, ...]]:
        if not predict.picture:
            return {}
        field = picture_field(model)
        if field is None:
            raise FieldRefused(FIELD, f"{model.address} begins with no picture; leave it out.")
        upload = await asyncio.to_thread(save_picture, predict.picture, self._incoming, self._largest_picture)
        return {field: (upload,)}


async def read_json(stream: BodyStream, headers: Mapping[bytes, bytes], limit: int) -> dict[str, Any]:
    """The object that a body holds, whatever its Content-Type. Raises `InvalidInput`, `TooLarge` and `ClientGone`."""
    if headers.get(b"content-encoding", b"identity").strip().lower() not in (b"", b"identity"):
        raise InvalidInput("Compressed bodies are not accepted; send it without Content-Encoding.")
    text = await stream.whole(limit)
    return read_object(text) if len(text) <= _QUICK else await asyncio.to_thread(read_object, text)
