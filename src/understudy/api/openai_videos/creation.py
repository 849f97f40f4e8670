"""`POST /v1/videos`: a checked request becomes a durable task."""

import asyncio

from understudy.api.body import Body, read_body
from understudy.api.idempotency import idempotency_key
from understudy.api.openai_videos.door import Asking
from understudy.api.openai_videos.naming import DOOR
from understudy.api.openai_videos.pictures import MOST_BYTES, upload_of
from understudy.api.openai_videos.refusals import renamed
from understudy.api.openai_videos.requests import Wanted, wanted
from understudy.api.parts import Parts
from understudy.api.pictures import check_pictures
from understudy.api.wiro.run import read_callback_url
from understudy.catalogue import inputs
from understudy.catalogue.checked import Upload
from understudy.errors import InvalidInput
from understudy.files.sniff import PICTURES
from understudy.tasks.records import Task


class Creation:
    """Makes tasks."""

    def __init__(self, parts: Parts) -> None:
        self._catalogue = parts.catalogue
        self._desk = parts.desk
        self._base_url = parts.base_url
        self._incoming = parts.incoming
        self._limits = parts.limits
        self._decoding = parts.decoding
        self._picture_bytes = min(MOST_BYTES, parts.limits.upload_bytes)

    async def create(self, asking: Asking) -> Task:
        """Everything is checked before a task exists; what is refused has left nothing and costs nothing.

        Raises `RequestError`.
        """
        key = idempotency_key(asking.headers)
        body = await read_body(
            asking.stream,
            asking.headers,
            limits=self._limits,
            incoming=self._incoming,
            kinds=PICTURES,
            picture_bytes=self._picture_bytes * 4 // 3,
        )
        inline = Body()
        try:
            want = wanted(body, self._catalogue, self._limits.json_bytes)
            uploads = want.uploads
            if want.data_url:
                upload = await upload_of(want.data_url, self._incoming, self._picture_bytes)
                inline = Body(uploads={want.picture: (upload,)})
                uploads = {**uploads, want.picture: (*uploads.get(want.picture, ()), upload)}
            return await self._submit(asking, want, uploads, key, body)
        finally:
            body.discard()
            inline.discard()

    async def _submit(
        self, asking: Asking, want: Wanted, uploads: dict[str, tuple[Upload, ...]], key: str, body: Body
    ) -> Task:
        try:
            callback_url = read_callback_url({"callbackUrl": want.callback_url})
            checked = inputs.check(
                want.model, want.fields, uploads, self._catalogue.has_sample, files=self._base_url
            )
            await check_pictures(uploads, self._limits.image_pixels, self._decoding)
            return await self._desk.submit(
                asking.project,
                want.model,
                checked,
                callback_url=callback_url or asking.project.webhook_url,
                idempotency_key=key,
                body_hash=await asyncio.to_thread(body.digest, DOOR, want.model.address) if key else b"",
                door=DOOR,
            )
        except InvalidInput as error:
            raise renamed(error, want.own_names) from error
