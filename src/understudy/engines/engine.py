"""What an engine is, and what it is asked to do. Nothing here knows of tasks, HTTP or SQL.

An engine is described by a light object that lives in the server. A `LocalEngine` does its work through a `Pipeline`
that is loaded in a replica, a process of its own; a `RemoteEngine` through a `Partner` (see `engines.partner`), in the
server's event loop. A package registers its engine as an entry point of the group `understudy.engines`:

    [project.entry-points."understudy.engines"]
    mine = "my_package.engine:engine"        # a LocalEngine or a RemoteEngine
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol

import msgspec


class Availability(msgspec.Struct, frozen=True):
    """Whether an engine can run here, and if not, why, and what to do about it."""

    ok: bool
    reason: str = ""
    remedy: str = ""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One run, as an engine sees it."""

    id: str
    """A label for logs and file metadata."""
    model: str
    """The contract to play, `owner/slug`."""
    values: dict[str, str | int | float]
    """The checked inputs that are not files: every one of the model's, defaults filled in."""
    files: dict[str, tuple[str, ...]]
    """The checked input files by input: absolute paths of verified, upright images. Absent inputs are left out."""
    seed: int
    """The one source of randomness, 0 <= seed < 2**31."""
    folder: str
    """An empty folder, the run's own; outputs are written there."""


class Output(msgspec.Struct, frozen=True):
    """One file that an engine made."""

    path: str
    """Inside the job's folder."""


class Report(Protocol):
    """How a pipeline tells how far it is; called once per step, it is also where a run is stopped."""

    def __call__(self, step: int, total: int, /, *, stage: str = "Generate", unit: str = "it") -> None:
        """`step` of `total` is done. Raises `Cancelled` if the run was asked to stop."""


class Pipeline(Protocol):
    """A loaded engine: lives in a replica, runs one job at a time, stays loaded between jobs."""

    def run(self, job: Job, report: Report) -> Sequence[Output]:
        """Make the clip. What it prints becomes the task's log.

        Raises `Cancelled` out of `report`, or an `EngineError`; any other exception counts as `EngineFailed`.
        """

    def close(self) -> None:
        """Give memory back; the replica ends after it."""


class Contract(Protocol):
    """What an engine may ask about a model before it is cast for it: a part of `catalogue.Model`."""

    @property
    def address(self) -> str:
        """`owner/slug`."""

    @property
    def input_ids(self) -> tuple[str, ...]:
        """The names of its inputs, in their order."""


def always(_: object) -> bool:
    """For engines that can play every contract."""
    return True


def has_prompt(contract: Contract) -> bool:
    """For engines that can play every contract with a prompt."""
    return "prompt" in contract.input_ids


class Treatment(msgspec.Struct, frozen=True):
    """What becomes of one input of a model when an engine plays it."""

    input: str
    how: Literal["honoured", "approximated", "dropped"]
    note: str = ""
    """How it is approximated, or why it is dropped: a short sentence."""


class Engine(msgspec.Struct, frozen=True, kw_only=True):
    """What all engines say of themselves. Cheap to import and to ask."""

    name: str
    version: str
    preview: bool = False
    """True if what it makes stands in for the model's work and must be marked so."""
    availability: Callable[[Mapping[str, object]], Availability] = lambda _: Availability(ok=True)
    """Asked with the engine's options before every run: must be quick."""
    defaults: Callable[[Path], Mapping[str, object]] = lambda _: {}
    """Options that depend on the server's data folder, such as where weights lie; the operator's come before them."""
    plays: Callable[[Contract], bool] = always
    labels: Callable[[Mapping[str, object]], Mapping[str, str]] = lambda _: {}
    """More words on who played, for the answer's `engine`: a preset, a variant. Asked with the engine's options."""
    treats: Callable[[Contract, Mapping[str, object]], Sequence[Treatment]] = lambda _, __: ()
    """One row for every input of a model: honoured, approximated or dropped, with these options."""


class LocalEngine(Engine, frozen=True, kw_only=True):
    """An engine whose pipeline runs in replicas. Heavy imports wait for the replica."""

    pipeline: str
    """`module:function`; `function(options) -> Pipeline` is called in the replica, and loads."""
    replicas: int = 1
    """How many processes may run it at the same time, unless the operator says otherwise."""
    gpus: float = 0
    """How many graphics cards one replica has to itself and sees; below 1 a part of one, which others may share.
    The operator's option `gpus` takes its place. On a machine without cards it starts without."""
    memory_gb: float = 0
    persistent: bool = False
    """Stays loaded when idle, unless another engine needs its cards."""


class RemoteEngine(Engine, frozen=True, kw_only=True):
    """An engine that is somebody else's service, reached by a protocol. Addresses, keys and prices are its options."""

    partner: str
    """`module:function`; `function(options, tools) -> Partner` is called in the server, once, when it is first needed
    (see `engines.partner`). Heavy imports wait for it."""
    at_once: int = 8
    """How many jobs it may have at the same time, unless the operator's option `at_once` says otherwise."""
    cancels: Callable[[Mapping[str, object]], bool] = lambda _: False
    """Whether it can stop a job that was taken, with these options."""
