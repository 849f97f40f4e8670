"""What is kept for operators: their decisions, what processes report of themselves, and samples for charts."""

from decimal import Decimal
from typing import Literal

import msgspec

from understudy.executors.executor import State

DecisionKind = Literal["enabled", "prices", "cast", "hold", "unload"]
"""What is decided: whether a model is offered, what it costs, who plays it; whether an engine takes up tasks; that its
replicas are unloaded now."""

Hold = Literal["paused", "drained"]
"""`paused`: what waits for the engine goes on waiting. `drained`: its replicas are unloaded, and others play meanwhile.
In both what runs ends."""


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """Something that an operator has decided while the server runs; it comes before the settings. The latest of a kind and
    a name counts.
    """

    id: int
    """Rises: whoever knows the latest one knows all."""
    kind: DecisionKind
    name: str
    """The model's address, or the engine's name."""
    value: str
    """As JSON, by kind: true or false; a `PriceList`; a list of engines; a `Hold`; nothing to unload.
    Empty: as the settings say."""
    by: str
    """The user's name."""
    at: float
    """Unix seconds."""


class ReplicaReport(msgspec.Struct, frozen=True, kw_only=True):
    """One replica, as the process that has it says."""

    engine: str
    state: State
    pid: int = 0
    node: str = ""
    """The machine that it is on; empty for that of the process."""
    job: str = ""
    """The id of the task that it works on."""
    since: float = 0.0
    """When it entered its state, in Unix seconds."""
    runs: int = 0
    memory: int = 0
    """Bytes of main memory that it takes, with what it started; 0 if unknown."""


class CardReport(msgspec.Struct, frozen=True, kw_only=True):
    """One graphics card; bytes."""

    name: str
    used: int
    total: int


class EngineReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether an engine can play where that process is, and why not."""

    name: str
    available: bool
    reason: str = ""
    remedy: str = ""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What a process that runs tasks says of itself."""

    owner: str
    """Its name in leases: host, process id, and something unique."""
    at: float
    """Unix seconds, by its own clock."""
    host: str
    version: str
    """Of this program."""
    running: dict[str, int] = {}
    """Tasks by engine; "" for those that no engine can play."""
    replicas: tuple[ReplicaReport, ...] = ()
    engines: tuple[EngineReport, ...] = ()
    cards: tuple[CardReport, ...] = ()


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One point of the charts. What is counted since the beginning is told apart by subtracting."""

    at: float
    """Unix seconds."""
    queued: int = 0
    oldest: float = 0.0
    """Seconds that the oldest of them has waited."""
    running: int = 0
    replicas: int = 0
    memory: int = 0
    """Bytes of all replicas together, as far as known."""
    succeeded: int = 0
    """Clips since the beginning."""
    failed: int = 0
    """Tasks that failed, since the beginning."""
    cancelled: int = 0
    """Tasks that were stopped, since the beginning."""


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What tasks cost in one hour of the clock (UTC)."""

    hour: int
    """Hours since 1970."""
    amount: Decimal
    """US dollars."""
