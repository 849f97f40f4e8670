"""The front desk: what the outside may do with tasks and files. Every dialect of the API speaks to it alone.

It knows projects (somebody else's task does not exist here), not HTTP.
"""

import re
import zlib
from collections.abc import Awaitable, Callable, Container, Iterable, Mapping
from pathlib import Path
from typing import NoReturn

from understudy.catalogue.checked import Checked, Sample, Source, Stored, Upload, Url, Value
from understudy.catalogue.manifest import Model
from understudy.catalogue.sources import SAMPLES
from understudy.errors import AddressRefused, InvalidInput, NotAllowed, NotFound
from understudy.log import add_to_context
from understudy.tasks import lifecycle
from understudy.tasks.about import log_fields, span_attributes
from understudy.tasks.events import Event, Events
from understudy.tasks.file_records import new_file, new_uuid
from understudy.tasks.lifecycle import Status
from understudy.tasks.own_files import own_files
from understudy.tasks.projects import letters
from understudy.tasks.records import File, NewTask, Project, ProjectLimits, QueueLimits, Task
from understudy.tasks.shelf import Shelf
from understudy.tasks.store.store import Store
from understudy.tracing.tracer import NO_TRACER, Tracer

Vet = Callable[[str], Awaitable[None]]
"""Raises `AddressRefused` for an address that must not be reached; an unknown name is not an error yet."""

_FOLDER_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SEEDS = 2**31


class Desk:
    """Submits, finds, stops and tidies up tasks; takes files in."""

    def __init__(
        self,
        *,
        store: Store,
        shelf: Shelf,
        events: Events,
        vet: Vet,
        wake: Callable[[str], None],
        stop: Callable[[int], None],
        clock: Callable[[], float],
        prepaid: bool = False,
        base_url: str = "",
        priorities: Mapping[str, int] | None = None,
        limits: ProjectLimits = ProjectLimits(),  # noqa: B008 - frozen
        queued_of_model: Mapping[str, int] | None = None,
        about_money: Callable[[int], Awaitable[str]] | None = None,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        """`wake` tells the dispatcher that a task of a model waits, `stop` that a task's run is to end.

        `base_url` is where this server's files are to be had. `priorities` are by model, "*" for all others: higher
        ones are taken first. `limits` are those of projects that have none of their own, `queued_of_model` how many
        tasks of a model may wait. `about_money` says what is true of a task's purchases at the moment of a kill; "" if
        there are none.
        """
        self._about_money = about_money
        self._tracer = tracer
        self._store = store
        self._shelf = shelf
        self._events = events
        self._vet = vet
        self._wake = wake
        self._stop = stop
        self._clock = clock
        self._prepaid = prepaid
        self._priorities = dict(priorities or {})
        self._limits = limits
        self._queued_of_model = dict(queued_of_model or {})
        self._base_url = base_url

    async def submit(
        self,
        project: Project,
        model: Model,
        checked: Checked,
        *,
        callback_url: str = "",
        idempotency_key: str = "",
        body_hash: bytes = b"",
        door: str = "",
        seed: int = 0,
    ) -> Task:
        """A durable task. Its uploads are in the storage before it exists. `door`: see `Task`. `seed`: that of the run, if
        not 0, whatever the inputs say.

        Raises `InvalidInput` for an address that must not be reached and for an idempotency key that was used with
        another body, `ConcurrencyLimit` and `InsufficientBalance` by the rules of prepaid billing.
        """
        own: Mapping[str, File] = {}
        if checked.sources or callback_url:
            own = await self._own_files(checked)
            await self._vet_addresses(checked, own, callback_url)
        now, id = self._clock(), new_uuid()
        uploads = {
            source: _input(project, source, now)
            for given in checked.sources.values()
            for source in given
            if isinstance(source, Upload)
        }
        sources = {
            name: tuple(_stored(source, uploads, own) for source in given)
            for name, given in checked.sources.items()
        }
        new = NewTask(
            task=Task(
                id=0,
                uuid=id,
                token=letters(30),
                project=project.id,
                model=model.address,
                status=Status.QUEUE.value,
                priority=self._priorities.get(model.address, self._priorities.get("*", 0)),
                values=checked.values,
                sources=sources,
                media=_media(sources, [*uploads.values(), *own.values()]),
                seed=seed or _seed(checked.values.get("seed", 0), id),
                callback_url=callback_url,
                door=door,
                notes=_notes(checked.ignored),
                cps=format(model.cps, ".12f"),
                created=now,
                trace=self._tracer.current(),
            ),
            files=tuple(uploads.values()),
            idempotency_key=idempotency_key,
            body_hash=body_hash,
            prepaid=self._prepaid,
            limits=QueueLimits(
                of_project=project.limits.queued or self._limits.queued,
                of_model=self._queued_of_model.get(model.address, self._queued_of_model.get("*", 0)),
                hourly=project.limits.hourly,
                monthly=project.limits.monthly,
            ),
        )
        put = {file: Path(source.path) for source, file in uploads.items()}
        with self._tracer.span("submit") as span:
            if put:
                async with self._shelf.holding(put):
                    task, replayed = await self._store.submit(new)
                    if replayed:
                        await self._shelf.take_down(put)
            else:
                task, replayed = await self._store.submit(new)
            span.set(span_attributes(task))
        add_to_context(**log_fields(task))
        if not replayed:
            self._wake(task.model)
        return task

    async def again(self, project: Project, model: Model, task: Task) -> Task:
        """The same once more, with the same seed. Raises as `submit` does, also if its inputs were deleted."""
        sources = {
            name: tuple(
                self._named(source, shown) for source, shown in zip(given, task.media[name], strict=True)
            )
            for name, given in task.sources.items()
        }
        return await self.submit(project, model, Checked(values=task.values, sources=sources), seed=task.seed)

    async def find(self, project: Project, *, id: str = "", token: str = "") -> Task:
        """A task of the project by id or token. Raises `NotFound`."""
        task = await self._look_up(project, id, token)
        if task is None:
            raise NotFound("There is no task yet.")
        return task

    async def page(
        self, project: Project, *, model: str, status: str, start: int, limit: int, ascending: bool
    ) -> tuple[int, list[Task]]:
        """How many tasks of the project match, and one page of them."""
        return await self._store.tasks(
            project.id, model=model, status=status, start=start, limit=limit, ascending=ascending
        )

    async def outputs(self, task: Task) -> tuple[File, ...]:
        """What the task made."""
        return tuple(await self._store.outputs(task.id))

    def heard(self, task: Task) -> list[Event]:
        """What the run of a task has said lately, as late watchers are told it: its latest lines, and the latest step."""
        subscription = self._events.subscribe(task.id)
        self._events.unsubscribe(task.id, subscription)
        return subscription.kept

    async def cancel(self, project: Project, *, id: str = "", token: str = "") -> Task:
        """Take a task out of the queue. Raises `NotFound`, or `NotAllowed` once it has left the queue."""
        task = await self.find(project, id=id, token=token)
        after = await self._store.apply(task.id, lifecycle.cancel(self._clock(), await self._money(task)))
        if after is None:
            raise NotAllowed("Task is not in a cancellable state.")
        self._tell_stopped(after)
        return after

    async def kill(self, project: Project, *, id: str = "", token: str = "") -> Task:
        """Stop a task in whatever it does. Raises `NotFound`, or `NotAllowed` if it is over already."""
        task = await self.find(project, id=id, token=token)
        after = await self._store.apply(task.id, lifecycle.kill(self._clock(), await self._money(task)))
        if after is None:
            await self._refuse_kill(task)
        self._tell_stopped(after)
        return after

    async def stop(self, project: Project, task: Task, *, running_too: bool = True) -> bool:
        """End a task, whether it waits or runs; False if it was over already, or has begun to run and is to be left alone
        then. Raises `NotFound`.
        """
        if task.status == Status.QUEUE:
            try:
                await self.cancel(project, id=str(task.id))
            except NotAllowed:  # it has begun meanwhile
                if not running_too:
                    return False
            else:
                return True
        try:
            await self.kill(project, id=str(task.id))
        except NotAllowed:  # it is over meanwhile: there is nothing left to stop
            return False
        return True

    async def delete_files(self, project: Project, *, token: str) -> None:
        """Delete the files of a task that is over; its record stays. Doing it again changes nothing.

        Raises `NotFound`, or `NotAllowed` while the task is not over.
        """
        task = await self._look_up(project, "", token)
        if task is None:
            raise NotFound("task-not-exist")
        if not lifecycle.is_terminal(task.status):
            raise NotAllowed("Task must be completed or cancelled before deleting files")
        await self._shelf.clear(task.id)

    async def upload(self, project: Project, upload: Upload, folder: str = "") -> File:
        """Keep a file for the project. Raises `NotFound` if there is no such folder of its own."""
        await self._check_folder(project, folder)
        file = new_file(
            "upload",
            project=project.id,
            name=upload.name,
            content_type=upload.content_type,
            size=upload.size,
            at=self._clock(),
            parent=folder,
        )
        async with self._shelf.holding({file: Path(upload.path)}):
            await self._store.add_file(file)
        return file

    async def make_folder(self, project: Project, name: str, parent: str = "") -> File:
        """A folder for uploads. Raises `InvalidInput` for a bad name, `NotFound` for an unknown parent."""
        if not _FOLDER_NAME.fullmatch(name):
            raise InvalidInput(
                "Request parameters are invalid.",
                "[name] takes 1 to 128 letters, digits, '-' and '_'.",
            )
        await self._check_folder(project, parent)
        file = new_file(
            "folder", project=project.id, name=name, content_type="", size=0, at=self._clock(), parent=parent
        )
        await self._store.add_file(file)
        return file

    def _named(self, source: Source, shown: str) -> Source:
        """What is kept here, by its address: whether it still is will be seen."""
        return Url(f"{self._base_url}/{shown.lstrip('/')}") if isinstance(source, Stored) else source

    async def _money(self, task: Task) -> str:
        return await self._about_money(task.id) if self._about_money else ""

    async def _look_up(self, project: Project, id: str, token: str) -> Task | None:
        if token:
            task = await self._store.task_by_token(token)
        elif number := _number(id):
            task = await self._store.task(number)
        else:
            return None
        if task is None or task.project != project.id:
            return None
        add_to_context(**log_fields(task))
        return task

    async def _refuse_kill(self, task: Task) -> NoReturn:
        now = await self._store.task(task.id)
        status = now.status if now else task.status
        raise NotAllowed(f"Task could not be killed: it is over already ({status})")

    def _tell_stopped(self, task: Task) -> None:
        self._events.publish(task.id, Event(task.status, task.reason or None, status=True))
        self._stop(task.id)

    async def _own_files(self, checked: Checked) -> dict[str, File]:
        urls = {url: name for name, url in _urls(checked)}
        found = await own_files(self._store, self._base_url, urls)
        for url, file in found.items():
            if file is None:
                raise InvalidInput(
                    "Request parameters are invalid.", f"[{urls[url]}] This server has no such file."
                )
            if not file.content_type.startswith("image/"):
                raise InvalidInput(
                    "Request parameters are invalid.",
                    f"[{urls[url]}] The file is {file.content_type}; only image files are taken here.",
                )
        return {url: file for url, file in found.items() if file is not None}

    async def _vet_addresses(self, checked: Checked, own: Container[str], callback_url: str) -> None:
        urls = [(name, url) for name, url in _urls(checked) if url not in own]
        for name, url in [*urls, *([("callbackUrl", callback_url)] if callback_url else [])]:
            try:
                await self._vet(url)
            except AddressRefused as refusal:
                raise InvalidInput("Request parameters are invalid.", f"[{name}] {refusal}") from refusal

    async def _check_folder(self, project: Project, folder: str) -> None:
        if not folder:
            return
        found = await self._store.file(folder)
        if found is None or found.project != project.id or found.role != "folder":
            raise NotFound("Folder does not exist.")


def _number(id: str) -> int:
    """A task's id; 0 for what is none."""
    return int(id) if id.isascii() and id.isdigit() and len(id) < 19 else 0


def _input(project: Project, upload: Upload, now: float) -> File:
    return new_file(
        "input",
        project=project.id,
        name=upload.name,
        content_type=upload.content_type,
        size=upload.size,
        at=now,
    )


def _urls(checked: Checked) -> list[tuple[str, str]]:
    """The addresses among the inputs, each with its input's name."""
    return [
        (name, each.url) for name, given in checked.sources.items() for each in given if isinstance(each, Url)
    ]


def _stored(source: Source, uploads: Mapping[Upload, File], own: Mapping[str, File]) -> Source:
    match source:
        case Upload():
            file = uploads[source]
        case Url(url=url) if url in own:
            file = own[url]
        case _:
            return source
    return Stored(key=file.key, name=file.name)


def _media(sources: dict[str, tuple[Source, ...]], uploads: Iterable[File]) -> dict[str, tuple[str, ...]]:
    paths = {file.key: file.path for file in uploads}
    return {name: tuple(_shown(source, paths) for source in given) for name, given in sources.items()}


def _shown(source: Source, paths: dict[str, str]) -> str:
    match source:
        case Url(url=url):
            return url
        case Sample(name=name):
            return f"{SAMPLES}{name}"
        case Stored(key=key):
            return paths[key]
        case Upload():
            raise AssertionError("an upload is stored before it is shown")


def _seed(given: Value, uuid: str) -> int:
    """The run's seed: what was given, or the task's own for zero and for nothing. Any text is a seed, too."""
    try:
        seed = int(given)
    except ValueError:
        seed = zlib.crc32(str(given).encode())
    return seed % _SEEDS or int(uuid[:8], 16) % _SEEDS or 1


def _notes(ignored: tuple[str, ...]) -> str:
    return f"Ignored: {', '.join(sorted(ignored))}." if ignored else ""
