"""What the server answers, as typed records. Each keeps the wire's own object as `raw`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec

from understudy.client.errors import TaskCancelled, TaskFailed
from understudy.client.wire_values import Wire, money, number, table, tables, text, whole, words

TERMINAL = frozenset({"task_postprocess_end", "task_cancel", "task_error"})
"""The statuses after which nothing happens any more."""


class Submitted(msgspec.Struct, frozen=True):
    """A task that the server has taken on, and will not lose."""

    taskid: str
    socketaccesstoken: str
    """Whoever knows it may watch the task."""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """A file at the server. Size in bytes, times in Unix seconds."""

    id: str
    name: str
    content_type: str
    size: int
    url: str
    access_key: str = ""
    parent: str = ""
    added: int = 0
    raw: dict[str, Any] = {}

    @classmethod
    def of(cls, wire: Wire) -> Output:
        """From the wire's object."""
        return cls(
            id=text(wire, "id"),
            name=text(wire, "name"),
            content_type=text(wire, "contenttype"),
            size=whole(wire, "size"),
            url=text(wire, "url"),
            access_key=text(wire, "accesskey"),
            parent=text(wire, "parentid"),
            added=whole(wire, "addedtime"),
            raw=dict(wire),
        )


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """Who really made the clip."""

    name: str
    version: str = ""
    preview: bool = False
    """True if it stands in for the model's own work."""
    tried: tuple[Any, ...] = ()
    """The engines that were asked before it, as the server tells."""
    notes: tuple[str, ...] = ()
    """What was played in another way than it was asked for, in sentences."""
    labels: dict[str, str] = {}
    """What it says of itself beyond that, such as a preset."""

    @classmethod
    def of(cls, wire: Wire) -> Played | None:
        """From the wire's object; None if it names nobody."""
        if not wire.get("name"):
            return None
        known = {"name", "version", "preview", "tried", "notes", "seed"}
        return cls(
            name=text(wire, "name"),
            version=text(wire, "version"),
            preview=bool(wire.get("preview")),
            tried=tuple(wire.get("tried") or ()),
            notes=words(wire, "notes"),
            labels={name: text(wire, name) for name in wire if name not in known},
        )


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One run of one model. Times in Unix seconds, 0 while not reached; money in US dollars."""

    id: str
    token: str
    status: str
    model: str
    """`owner/slug`."""
    exit_code: str = ""
    outputs: tuple[Output, ...] = ()
    engine: Played | None = None
    parameters: dict[str, Any] = {}
    stdout: str = ""
    stderr: str = ""
    created: int = 0
    started: int = 0
    ended: int = 0
    cancelled: int = 0
    elapsed: float = 0.0
    """Seconds of work."""
    cost: Decimal = Decimal(0)
    raw: dict[str, Any] = {}

    @classmethod
    def of(cls, wire: Wire) -> Task:
        """From the wire's object."""
        owner, slug = text(wire, "modelslugowner"), text(wire, "modelslugproject")
        return cls(
            id=text(wire, "id"),
            token=text(wire, "socketaccesstoken"),
            status=text(wire, "status"),
            model=f"{owner}/{slug}" if owner and slug else "",
            exit_code=text(wire, "pexit"),
            outputs=tuple(Output.of(each) for each in tables(wire, "outputs")),
            engine=Played.of(table(wire, "engine")),
            parameters=table(wire, "parameters"),
            stdout=text(wire, "debugoutput"),
            stderr=text(wire, "debugerror"),
            created=whole(wire, "createtime"),
            started=whole(wire, "starttime"),
            ended=whole(wire, "endtime"),
            cancelled=whole(wire, "canceltime"),
            elapsed=number(wire, "elapsedseconds"),
            cost=money(wire, "totalcost"),
            raw=dict(wire),
        )

    @property
    def over(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.status in TERMINAL

    @property
    def succeeded(self) -> bool:
        """Whether it came to its regular end with exit code 0."""
        return self.status == "task_postprocess_end" and self.exit_code in ("0", "")

    @property
    def clip(self) -> Output | None:
        """Its first video, if it made one."""
        return next((each for each in self.outputs if each.content_type.startswith("video/")), None)

    @property
    def reason(self) -> str:
        """Why it failed: the last line of its error log."""
        lines = [line.strip() for line in self.stderr.splitlines() if line.strip()]
        return lines[-1] if lines else ""

    def check(self) -> Task:
        """Itself, if it has not ended badly. Raises `TaskCancelled` or `TaskFailed`."""
        if self.status == "task_cancel":
            raise TaskCancelled(self, f"Task {self.id} was cancelled.")
        if self.over and not self.succeeded:
            reason = self.reason or "the server gives no reason"
            raise TaskFailed(self, f"Task {self.id} failed: {reason}")
        return self


class Choice(msgspec.Struct, frozen=True):
    """One choice of a select."""

    value: str
    label: str = ""


class Input(msgspec.Struct, frozen=True, kw_only=True):
    """One input of a model."""

    id: str
    type: str
    label: str = ""
    help: str = ""
    required: bool = False
    default: str = ""
    choices: tuple[Choice, ...] = ()
    minimum: float | None = None
    maximum: float | None = None

    @property
    def is_file(self) -> bool:
        """Whether it takes files, or addresses of files."""
        return "file" in self.type

    @classmethod
    def of(cls, wire: Wire) -> Input:
        """From the wire's object."""
        return cls(
            id=text(wire, "id"),
            type=text(wire, "type"),
            label=text(wire, "label"),
            help=text(wire, "description") or text(wire, "note"),
            required=wire.get("required") in (True, 1, "1", "true"),
            default=text(wire, "default"),
            choices=tuple(
                Choice(text(each, "value"), text(each, "label")) for each in tables(wire, "options")
            ),
            minimum=number(wire, "min") if text(wire, "min") else None,
            maximum=number(wire, "max") if text(wire, "max") else None,
        )


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """One contract. In lists its inputs are left out."""

    owner: str
    slug: str
    title: str = ""
    description: str = ""
    categories: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    inputs: tuple[Input, ...] = ()
    price_per_second: Decimal = Decimal(0)
    raw: dict[str, Any] = {}

    @classmethod
    def of(cls, wire: Wire) -> Model:
        """From the wire's object."""
        groups = tables(wire, "parameters")
        return cls(
            owner=text(wire, "cleanslugowner") or text(wire, "slugowner"),
            slug=text(wire, "cleanslugproject") or text(wire, "slugproject"),
            title=text(wire, "title"),
            description=text(wire, "description"),
            categories=words(wire, "categories"),
            tags=words(wire, "tags"),
            inputs=tuple(Input.of(item) for group in groups for item in tables(group, "items")),
            price_per_second=money(wire, "cps"),
            raw=dict(wire),
        )

    @property
    def address(self) -> str:
        """`owner/slug`."""
        return f"{self.owner}/{self.slug}"

    @property
    def defaults(self) -> dict[str, str]:
        """The inputs that its form shows first."""
        return {each.id: each.default for each in self.inputs if each.default}


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Some models under one heading, for somebody who looks around."""

    id: str
    title: str
    models: tuple[Model, ...]

    @classmethod
    def of(cls, wire: Wire) -> Group:
        """From the wire's object."""
        return cls(
            id=text(wire, "id"),
            title=text(wire, "title"),
            models=tuple(Model.of(each) for each in tables(wire, "tools")),
        )
