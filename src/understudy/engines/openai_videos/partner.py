"""One job at a server of `/v1/videos`, step by step. Nothing is remembered here, and nothing is sent twice."""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from understudy.engines.engine import Job, Output
from understudy.engines.mappings.openai_videos import mapped
from understudy.engines.mappings.picture import Picture, fitted
from understudy.engines.openai_videos import content
from understudy.engines.openai_videos.answers import (
    GONE,
    body_of,
    failed,
    remote_id,
    seconds_to_wait,
    standing,
    status_of,
)
from understudy.engines.openai_videos.connection import Connection
from understudy.engines.openai_videos.listed import EARLIER, SETTLED, foreign, jobs_since, same
from understudy.engines.openai_videos.options import Options, complete
from understudy.engines.openai_videos.refusals import away, not_submitted, trouble_of
from understudy.engines.partner import Cancellation, Prepared, Standing, Tools
from understudy.engines.wish import wish_for
from understudy.errors import EngineUnavailable, PartnerAway, ResultLost, Unclear

if TYPE_CHECKING:
    import httpx2

_ROUNDS: Final = 30
"""How many times the time for one request a whole clip may take."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A create request."""

    fields: Mapping[str, str]
    picture: Picture | None = None


def load(options: Mapping[str, object], tools: Tools) -> "OpenAIVideosPartner":
    """The partner for these options. Raises `ConfigurationError` that names the option that is wrong or missing."""
    return OpenAIVideosPartner(complete(options), tools)


class OpenAIVideosPartner:
    """A server of the OpenAI Videos protocol; see `engines.partner.Partner` for what each step means."""

    def __init__(self, options: Options, tools: Tools) -> None:
        self._options = options
        self._profile = options.profile
        self._tools = tools
        self._connection = Connection(options)

    async def prepare(self, job: Job) -> Prepared:
        """The request for a job, its picture cut to the size."""
        model = self._options.model(job.model)
        if not model and self._profile.needs_model:
            raise EngineUnavailable(
                f"No model is set for {job.model}: add it to engine.{self._options.name}.model."
            )
        wish = await asyncio.to_thread(wish_for, job)
        made = mapped(wish, model, self._options.rules(model), seeded=wish.seed != job.seed)
        picture = None if wish.picture is None else await asyncio.to_thread(fitted, wish.picture, made.size)
        return Prepared(
            request=Request(fields=made.fields, picture=picture), notes=made.notes, cost=made.cost
        )

    async def submit(self, prepared: Prepared, key: str, hook: str) -> str:
        """POST /videos, once. The protocol knows no hook for one job; the key goes along for servers that honour it."""
        request: Request = prepared.request
        as_json = self._profile.json_without_file and request.picture is None
        try:
            response = await self._connection.create(request.fields, request.picture, key, as_json)
        except Exception as error:
            raise not_submitted(error, self._options, self._tools.clock()) from error
        id = remote_id(body_of(response.content))
        if id is None:
            raise Unclear("The partner answered, but with no job's id.")
        return id

    async def look_up(
        self, prepared: Prepared, key: str, placed: float, hook: str = "", *, may_buy: bool = True
    ) -> tuple[str, ...] | None:
        """By the server's list, where it has one: what may have come from this request."""
        if self._profile.lists == "none":
            return None
        request: Request = prepared.request
        jobs = await jobs_since(self._page, placed - EARLIER)
        if jobs is None:
            return None
        found = [job for job in jobs if same(job, request.fields, tuple(self._profile.shows))]
        if found:
            return tuple(id for job in found if (id := remote_id(job)) is not None) or None
        # Only a list of everything can prove that there is no job: not before the request has had its whole time.
        due = SETTLED + (self._options.timeout if self._profile.lists == "all" else 0)
        waited = self._tools.clock() - placed
        if waited < due:
            raise PartnerAway("The partner's list does not show the job yet.", retry_after=due - waited)
        certain = self._profile.lists == "all" and all(foreign(job, request.fields) for job in jobs)
        return () if certain else None

    async def check(self, remote_id: str) -> Standing:
        """GET /videos/{id}."""
        import openai

        try:
            response = await self._connection.get(_path(remote_id))
        except openai.APIStatusError as error:
            return self._erred(error)
        except Exception as error:
            raise away(error, self._options, self._tools.clock()) from error
        body = body_of(response.content)
        if body is not None and status_of(body) == GONE:
            raise ResultLost("The partner has deleted the job.")
        wait = seconds_to_wait(response.headers, self._tools.clock())
        found = standing(body, wait, self._options.charges_failed) if body is not None else None
        if found is None:
            raise PartnerAway("The partner's answer about the job cannot be read.")
        return found

    async def fetch(self, remote_id: str, folder: Path) -> Sequence[Output]:
        """GET /videos/{id}/content, into a file."""
        query = {"variant": self._profile.variant} if self._profile.variant else {}
        return await content.copy(
            self._connection,
            self._tools,
            f"{_path(remote_id)}/content",
            query,
            folder,
            self._options.timeout * _ROUNDS,
        )

    async def cancel(self, remote_id: str) -> Cancellation:
        """DELETE, where the server takes that for a stop; what is over cannot be stopped."""
        if not self._profile.cancels:
            return "cannot"
        if (await self.check(remote_id)).state in ("done", "failed"):
            return "cannot"
        status = await self._deleted(remote_id)
        if status in (404, 410):
            raise ResultLost("The partner knows no such job (any more).")
        if status == 409:
            raise PartnerAway("The partner is still stopping the job.", retry_after=2.0)
        if status in (405, 501):
            return "cannot"
        return "stopped"

    async def delete(self, remote_id: str) -> None:
        """DELETE, where the server has it; what is gone, or not deletable, is left."""
        if self._profile.deletes:
            await self._deleted(remote_id)

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()

    async def _page(self, query: Mapping[str, str]) -> Mapping[str, Any] | None:
        import openai

        try:
            response = await self._connection.get("/videos", query)
        except openai.APIStatusError as error:
            if error.status_code in (404, 405, 501):
                return None
            raise away(error, self._options, self._tools.clock()) from error
        except Exception as error:
            raise away(error, self._options, self._tools.clock()) from error
        return body_of(response.content)

    async def _deleted(self, remote_id: str) -> int:
        """The status of a DELETE that is as good as done."""
        import openai

        try:
            return (await self._connection.delete(_path(remote_id))).status_code
        except openai.APIStatusError as error:
            if error.status_code in (404, 405, 409, 410, 501):
                return error.status_code
            raise away(error, self._options, self._tools.clock()) from error
        except Exception as error:
            raise away(error, self._options, self._tools.clock()) from error

    def _erred(self, error: Any) -> Standing:
        """A job's state where asking for it gave an error status."""
        response: httpx2.Response = error.response
        if response.status_code in (404, 410):
            raise ResultLost("The partner knows no such job (any more).") from error
        body = body_of(response.content)
        if body is not None and status_of(body) in ("failed", "error"):
            # vLLM-Omni answers so, with the whole job.
            return failed(trouble_of(response, self._options), self._options.charges_failed)
        raise away(error, self._options, self._tools.clock()) from error


def _path(remote_id: str) -> str:
    return f"/videos/{quote(remote_id, safe='')}"
