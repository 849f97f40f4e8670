"""A server that speaks our own protocol, as a partner: Run, Task/Detail, Kill, List and InputOutputDelete.

A task is named by its id, which its operator knows, too. Progress comes over the protocol's socket only, which would
have to be kept open for each task; the task is asked for instead, and the hook tells of its end.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from understudy.engines.engine import Job, Output
from understudy.engines.mappings.wiro import Run, estimate, run_of
from understudy.engines.partner import Cancellation, Prepared, Standing, Tools
from understudy.engines.wiro.answers import (
    BUSY,
    KEY_USED,
    NO_MONEY,
    NOT_FOUND,
    Answer,
    failure,
    objects,
    text,
)
from understudy.engines.wiro.connection import Connection
from understudy.engines.wiro.options import ENGINE, read_server, remote_model
from understudy.engines.wiro.tasks import is_of, made, reach_before, standing
from understudy.errors import (
    AddressRefused,
    FetchFailed,
    MediaRefused,
    NotAccepted,
    PartnerAway,
    ResultLost,
    Unclear,
)

_ID: Final = re.compile(r"[\w-]{1,64}", re.ASCII)
_KEY_KEPT: Final = 23 * 3600.0
"""Seconds for which a key is relied on: an Understudy remembers it for 24 hours, by its own clock."""
_MOST_FILES: Final = 100
_PAGE: Final = 20
"""Tasks: their logs come along."""
_PAGES: Final = 25


class Wiro:
    """See `engines.partner.Partner`."""

    def __init__(self, options: Mapping[str, object], tools: Tools) -> None:
        """Raises `ConfigurationError`."""
        self._server = read_server(options)
        self._options = options
        self._name = str(options.get("name", ENGINE))
        self._tools = tools
        self._connection = Connection(self._server, tools.clock)

    async def prepare(self, job: Job) -> Prepared:
        """The same inputs under the same names, or those of another model there."""
        run, notes = await asyncio.to_thread(run_of, job, remote_model(self._options, job.model))
        return Prepared(request=run, notes=notes, cost=estimate(run, self._server.prices))

    async def submit(self, prepared: Prepared, key: str, hook: str) -> str:
        """Run, once."""
        answer = await self._run(prepared.request, key, hook)
        if not answer.ok:
            raise failure(answer, self._name)
        return _task_id(answer)

    async def look_up(
        self, prepared: Prepared, key: str, placed: float, hook: str = "", *, may_buy: bool = True
    ) -> tuple[str, ...] | None:
        """With an Understudy, the same Run again: the same key answers with the same task. Else a look at the list."""
        run: Run = prepared.request
        if not may_buy or self._server.profile != "understudy" or self._tools.clock() - placed >= _KEY_KEPT:
            return await self._listed(run, placed) or None
        try:
            answer = await self._run(run, key, hook)
            if answer.ok:
                return (_task_id(answer),)
        except (NotAccepted, Unclear) as error:
            raise PartnerAway(error.message, retry_after=error.retry_after) from error
        refusal = failure(answer, self._name)
        if not answer.refused:
            raise PartnerAway(refusal.message, retry_after=refusal.retry_after)
        if answer.code in (BUSY, NO_MONEY):
            # Keys are looked up before money is counted: there is no task with this one.
            raise refusal
        found = await self._listed(run, placed)
        if found or answer.words.startswith(KEY_USED):
            # Its address, or ours, has changed since: for the server that is another request.
            return found or None
        raise refusal

    async def check(self, remote_id: str) -> Standing:
        """Task/Detail."""
        return standing(await self._task(remote_id), self._server.secrets)

    async def fetch(self, remote_id: str, folder: Path) -> Sequence[Output]:
        """Every output, from the addresses that the task shows now."""
        task = await self._task(remote_id)
        files = made(task)
        if not files:
            raise ResultLost("The server behind this one has no files of this task (any more).")
        if len(files) > _MOST_FILES:
            raise ResultLost(f"The task made {len(files)} files, and no more than {_MOST_FILES} are copied.")
        outputs = []
        for number, file in enumerate(files):
            path = folder / f"{number}{file.suffix}"
            try:
                await self._tools.fetch(file.url, path, {})
            except (FetchFailed, MediaRefused) as error:
                raise PartnerAway(f"A file of the server behind this one cannot be had: {error}") from error
            except AddressRefused as error:
                raise ResultLost(
                    "A file of the server behind this one lies where this server does not reach (allow_addresses)."
                ) from error
            outputs.append(Output(str(path)))
        return outputs

    async def cancel(self, remote_id: str) -> Cancellation:
        """Task/Kill: what is killed costs nothing."""
        answer = await self._ask("/v1/Task/Kill", {"taskid": remote_id})
        tasks = objects(answer.wire or {}, "tasklist")
        now = standing(tasks[0], self._server.secrets) if answer.ok and tasks else await self.check(remote_id)
        if now.state != "failed":
            return "cannot"
        return "charged" if now.charged else "stopped"

    async def delete(self, remote_id: str) -> None:
        """Task/InputOutputDelete, which wants the token; a task that is gone has nothing left to delete."""
        try:
            task = await self._task(remote_id)
        except ResultLost:
            return
        await self._ask("/v1/Task/InputOutputDelete", {"tasktoken": text(task, "socketaccesstoken")})

    async def close(self) -> None:
        """See `Connection.close`."""
        await self._connection.close()

    async def _run(self, run: Run, key: str, hook: str) -> Answer:
        path = f"/v1/Run/{quote(run.model, safe='/')}"
        fields = {**run.fields, **({"callbackUrl": hook} if hook else {})}
        return await self._connection.run(path, fields, run.files, {"Idempotency-Key": key})

    async def _ask(self, path: str, fields: Mapping[str, str]) -> Answer:
        """An answer that was understood: the request was carried out or refused. Raises `PartnerAway`."""
        try:
            answer = await self._connection.ask(path, fields)
        except (NotAccepted, Unclear) as error:
            raise PartnerAway(error.message) from error
        if answer.ok or answer.refused:
            return answer
        reason = failure(answer, self._name)
        raise PartnerAway(reason.message, retry_after=reason.retry_after)

    async def _task(self, remote_id: str) -> dict[str, Any]:
        """The task object. Raises `PartnerAway`, `ResultLost`."""
        answer = await self._ask("/v1/Task/Detail", {"taskid": remote_id})
        if answer.refused and answer.code != NOT_FOUND:
            raise PartnerAway(f"The server behind this one refused: {answer.words}")
        tasks = objects(answer.wire or {}, "tasklist")
        if answer.refused or not tasks:
            raise ResultLost("The server behind this one knows no such task (any more).")
        return tasks[0]

    async def _listed(self, run: Run, placed: float) -> tuple[str, ...]:
        """The tasks that may come from `run`, newest first, as far as the list goes back to `placed`."""
        found: dict[str, None] = {}
        for page in range(_PAGES):
            fields = {"start": str(page * _PAGE), "limit": str(_PAGE), "sort": "id", "order": "DESC"}
            answer = await self._ask("/v1/Task/List", fields)
            if answer.refused:
                raise PartnerAway(f"The server behind this one refused: {answer.words}")
            tasks = objects(answer.wire or {}, "tasklist")
            found |= {text(task, "id"): None for task in tasks if is_of(task, run, placed)}
            if len(tasks) < _PAGE or reach_before(tasks, placed):
                break
        return tuple(found)


def connect(options: Mapping[str, object], tools: Tools) -> Wiro:
    """The partner. Raises `ConfigurationError`."""
    return Wiro(options, tools)


def _task_id(answer: Answer) -> str:
    id = text(answer.wire or {}, "taskid")
    if not _ID.fullmatch(id):
        raise Unclear("The server behind this one answered without the number of a task.")
    return id
