"""Veo as a partner: predictLongRunning to buy, fetchPredictOperation to ask, the clip inline in the last answer."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec

from understudy.engines.engine import Job, Output
from understudy.engines.google import clips
from understudy.engines.google.account import cost
from understudy.engines.google.sdk import Google, decoded
from understudy.engines.google_veo.operations import Operation, said, standing
from understudy.engines.google_veo.options import ENGINE, Settings, read
from understudy.engines.mappings.google_veo import request
from understudy.engines.partner import Cancellation, Partner, Prepared, Standing, Tools
from understudy.engines.wish import wish_for
from understudy.errors import EngineRefused, PartnerAway, ResultLost, Unclear

# `publishers/google/models/M/operations/ID`, with or without a project before it. The name is sent back as a path.
_NAME: Final = re.compile(r"(?:\w[\w.:-]*/)*models/\w[\w.:@-]*/operations/\w[\w.-]*", re.ASCII)


class Request(msgspec.Struct, frozen=True):
    """What is sent."""

    model: str
    body: dict[str, Any]


class Veo:
    """The protocol. It has no cancel, no list, no key and nothing to delete."""

    def __init__(self, settings: Settings, google: Google) -> None:
        self._settings = settings
        self._google = google
        self._latest: clips.Latest[Operation] = clips.Latest()

    async def prepare(self, job: Job) -> Prepared:
        """See `Partner`."""
        wish = await asyncio.to_thread(wish_for, job)
        picture = await asyncio.to_thread(clips.picture, wish.picture) if wish.picture else None
        mapped = request(wish, self._settings.limits, picture)
        model = self._settings.model(job.model)
        return Prepared(
            request=Request(model, mapped.body),
            notes=mapped.notes,
            cost=cost(self._settings.prices, model, mapped.resolution, mapped.seconds, sound=wish.sound),
        )

    async def submit(self, prepared: Prepared, key: str, hook: str) -> str:
        """See `Partner`. The remote id is the operation's name."""
        asked: Request = prepared.request
        path = f"publishers/google/models/{quote(asked.model, safe='')}:predictLongRunning"
        answer = await self._google.buy(path, asked.body)
        try:
            name = decoded(answer, Operation).name
        except PartnerAway as error:
            raise Unclear("The partner answered with something that cannot be read.") from error
        if not _NAME.fullmatch(name):
            raise Unclear("The partner took the request without naming the job.")
        return name

    async def look_up(
        self, prepared: Prepared, key: str, placed: float, hook: str = "", *, may_buy: bool = True
    ) -> tuple[str, ...] | None:
        """See `Partner`. The protocol has no list and no keys."""
        return None

    async def check(self, remote_id: str) -> Standing:
        """See `Partner`."""
        operation = await self._operation(remote_id)
        stands = self._standing(operation)
        if stands.state == "done":
            self._latest.keep(remote_id, operation)
        return stands

    async def fetch(self, remote_id: str, folder: Path) -> Sequence[Output]:
        """See `Partner`."""
        operation = self._latest.take(remote_id) or await self._operation(remote_id)
        stands = self._standing(operation)
        if stands.state == "failed":
            raise (EngineRefused if stands.fault == "content" else ResultLost)(stands.reason)
        if stands.state != "done" or operation.response is None:
            raise PartnerAway("The partner has not finished the job yet.")
        outputs = []
        for index, video in enumerate(operation.response.videos or ()):
            if not video.bytes_base64_encoded:
                raise ResultLost(
                    "The partner put the clip into its own storage instead of its answer"
                    f"{f' ({self._google.words(video.gcs_uri)})' if video.gcs_uri else ''}:"
                    " the operator can copy it from there."
                )
            path = folder / f"{index}.mp4"
            await asyncio.to_thread(clips.save, video.bytes_base64_encoded, path)
            outputs.append(Output(str(path)))
        return outputs

    async def cancel(self, remote_id: str) -> Cancellation:
        """See `Partner`. The protocol has none."""
        return "cannot"

    async def delete(self, remote_id: str) -> None:
        """See `Partner`. Nothing is kept that could be deleted."""

    async def close(self) -> None:
        """See `Partner`."""
        self._latest.drop()
        await self._google.close()

    async def _operation(self, name: str) -> Operation:
        if not _NAME.fullmatch(name):
            raise ResultLost("The partner has no such job.")
        answer = await self._google.ask(
            "post", f"{name.rpartition('/operations/')[0]}:fetchPredictOperation", {"operationName": name}
        )
        return await asyncio.to_thread(decoded, answer, Operation)

    def _standing(self, operation: Operation) -> Standing:
        return standing(operation, self._google.words(said(operation)))


def partner(options: Mapping[str, object], tools: Tools) -> Partner:
    """The partner. Raises `ConfigurationError` if an option is wrong, or there is nobody to ask as."""
    settings = read(options)
    return Veo(settings, Google(settings.account, engine=str(options.get("name", ENGINE))))
