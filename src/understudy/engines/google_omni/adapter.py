"""Gemini Omni as a partner: an interaction in the background, asked for until it is over, cancelled and deleted by its id."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from understudy.engines.engine import Job, Output
from understudy.engines.google import clips
from understudy.engines.google.account import cost
from understudy.engines.google.sdk import Google, Refused, decoded
from understudy.engines.google_omni.interactions import (
    Content,
    Interaction,
    cancellation,
    said,
    standing,
)
from understudy.engines.google_omni.options import ENGINE, Settings, read
from understudy.engines.mappings.google_omni import addressed, request
from understudy.engines.partner import Cancellation, Fetch, Partner, Prepared, Standing, Tools
from understudy.engines.wish import wish_for
from understudy.errors import (
    AddressRefused,
    EngineRefused,
    FetchFailed,
    MediaRefused,
    PartnerAway,
    ResultLost,
    Unclear,
)

SILENT: Final = "#silent"
"""After the remote id of a job whose clip is to lose its sound: whoever fetches it may know nothing but the id."""

_ID: Final = re.compile(r"\w[\w.-]*", re.ASCII)
_FILE: Final = re.compile(r"(https?://[^?#]+/files/[\w-]+)(?::download)?(?:\?[^#]*)?")


class Request(msgspec.Struct, frozen=True):
    """What is sent, before it has a key and a hook."""

    body: dict[str, Any]
    sound: bool


class Omni:
    """The protocol. It has no list, and no key that would keep a request from being bought twice."""

    def __init__(self, settings: Settings, google: Google, fetch: Fetch) -> None:
        self._settings = settings
        self._google = google
        self._fetch = fetch
        self._latest: clips.Latest[Interaction] = clips.Latest()

    async def prepare(self, job: Job) -> Prepared:
        """See `Partner`."""
        wish = await asyncio.to_thread(wish_for, job)
        picture = await asyncio.to_thread(clips.picture, wish.picture) if wish.picture else None
        model = self._settings.model(job.model)
        limits = self._settings.making.limits(model)
        mapped = request(wish, limits, model, picture, seeded=wish.seed != job.seed)
        return Prepared(
            request=Request(mapped.body, wish.sound),
            notes=mapped.notes,
            cost=cost(self._settings.prices, model, mapped.resolution, mapped.seconds, sound=True),
        )

    async def submit(self, prepared: Prepared, key: str, hook: str) -> str:
        """See `Partner`."""
        asked: Request = prepared.request
        answer = await self._google.buy("interactions", addressed(asked.body, key, hook))
        try:
            id = decoded(answer, Interaction).id
        except PartnerAway as error:
            raise Unclear("The partner answered with something that cannot be read.") from error
        if not _ID.fullmatch(id):
            raise Unclear("The partner took the request without naming the job.")
        return id if asked.sound else f"{id}{SILENT}"

    async def look_up(
        self, prepared: Prepared, key: str, placed: float, hook: str = "", *, may_buy: bool = True
    ) -> tuple[str, ...] | None:
        """See `Partner`. Interactions cannot be listed."""
        return None

    async def check(self, remote_id: str) -> Standing:
        """See `Partner`."""
        interaction = await self._interaction(remote_id)
        stands = self._standing(interaction)
        if stands.state == "done":
            self._latest.keep(remote_id, interaction)
        return stands

    async def fetch(self, remote_id: str, folder: Path) -> Sequence[Output]:
        """See `Partner`."""
        interaction = self._latest.take(remote_id) or await self._interaction(remote_id)
        stands = self._standing(interaction)
        if stands.state == "failed":
            raise (EngineRefused if stands.fault == "content" else ResultLost)(stands.reason)
        if stands.state != "done" or interaction.clip is None:
            raise PartnerAway("The partner has not finished the job yet.")
        path = folder / "0.mp4"
        await self._copy(interaction.clip, path)
        if remote_id.endswith(SILENT):
            await asyncio.to_thread(clips.silence, path)
        return [Output(str(path))]

    async def cancel(self, remote_id: str) -> Cancellation:
        """See `Partner`."""
        try:
            answer = await self._google.ask("post", f"{_path(remote_id)}/cancel")
        except Refused:
            # It is over: perhaps because an earlier cancel arrived, and its answer did not.
            interaction = await self._interaction(remote_id)
            return cancellation(interaction) if interaction.status == "cancelled" else "cannot"
        return cancellation(decoded(answer, Interaction))

    async def delete(self, remote_id: str) -> None:
        """See `Partner`."""
        try:
            await self._google.ask("delete", _path(remote_id))
        except ResultLost:
            return

    async def close(self) -> None:
        """See `Partner`."""
        self._latest.drop()
        await self._google.close()

    async def _interaction(self, remote_id: str) -> Interaction:
        answer = await self._google.ask("get", _path(remote_id))
        return await asyncio.to_thread(decoded, answer, Interaction)

    def _standing(self, interaction: Interaction) -> Standing:
        return standing(interaction, self._google.words(said(interaction)))

    async def _copy(self, clip: Content, path: Path) -> None:
        if clip.data:
            await asyncio.to_thread(clips.save, clip.data, path)
            return
        if not clip.uri.startswith(("https://", "http://")):
            raise ResultLost(
                f"The partner put the clip into its own storage ({self._google.words(clip.uri)}):"
                " the operator can copy it from there."
            )
        await asyncio.to_thread(path.unlink, missing_ok=True)
        try:
            url, headers = self._link(clip.uri)
            await self._fetch(url, path, headers)
        except FetchFailed as error:
            raise PartnerAway(f"The clip could not be copied from the partner: {error}") from error
        except (AddressRefused, MediaRefused) as error:
            raise ResultLost(f"The clip cannot be copied from the partner: {error}") from error
        await asyncio.to_thread(clips.must_be_clip, path)

    def _link(self, uri: str) -> tuple[str, Mapping[str, str]]:
        """Where the clip's bytes are, and what to show there: a file's own address tells of it, `:download` gives it.

        As `files.download` of the SDK does it. Raises `AddressRefused`.
        """
        headers = self._google.headers_for(uri)
        file = _FILE.fullmatch(uri)
        return (f"{file[1]}:download?alt=media", headers) if file and headers else (uri, headers)


def partner(options: Mapping[str, object], tools: Tools) -> Partner:
    """The partner. Raises `ConfigurationError` if an option is wrong, or there is nobody to ask as."""
    settings = read(options)
    name = str(options.get("name", ENGINE))
    google = Google(settings.account, engine=name, enterprise=settings.enterprise)
    return Omni(settings, google, tools.fetch)


def _path(remote_id: str) -> str:
    id = remote_id.removesuffix(SILENT)
    if not _ID.fullmatch(id):
        raise ResultLost("The partner has no such job.")
    return f"interactions/{id}"
