"""How a remote engine is worked with: one job at somebody else's service, step by step.

A `Partner` does one thing per method and remembers nothing that matters: every step is stored by its caller before the
next one begins (`tasks.purchases`), so a restart at any moment goes on with a remote id and nothing else. What an
exception means is fixed, because money depends on it:

    NotAccepted    provably no job was taken
    Unclear        one may have been taken; only `submit` raises it
    PartnerAway    ask again later; nothing has changed
    ResultLost     the job, or its result, is gone
    EngineInputError, EngineRefused    the caller's inputs are to blame
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Protocol

import msgspec

from understudy.engines.engine import Job, Output

Fetch = Callable[[str, Path, Mapping[str, str]], Awaitable[None]]
"""Save what lies at an address into a file that does not exist yet. The headers go to that address's host only.

The address comes from outside, so every connection is guarded. Raises `AddressRefused` or `FetchFailed`; what is
saved is checked to be media, `MediaRefused` otherwise.
"""


class Tools(msgspec.Struct, frozen=True, kw_only=True):
    """What the server lends to a partner."""

    fetch: Fetch
    clock: Callable[[], float]
    """Unix seconds."""


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """A request, ready to be sent: made from a job by pure functions, the same every time."""

    request: Any
    """The partner's own."""
    notes: tuple[str, ...] = ()
    """What of the inputs is played in another way than they say, or not at all: sentences for the answer."""
    cost: Decimal | None = None
    """What the partner will charge for it, by the operator's table of prices; US dollars, None if that does not say."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """How a job stands at the partner."""

    state: Literal["queued", "running", "done", "failed"]
    progress: float | None = None
    """0 to 100, if the partner tells."""
    poll_after: float | None = None
    """Seconds until the partner wants to be asked again, if it tells."""
    reason: str = ""
    """Of a failed job, for the task's caller."""
    fault: Literal["content", "input", "partner"] = "partner"
    """Of a failed job: its rules refused the content; the inputs cannot be played; it was the partner's own fault."""
    preview: bool = False
    """Of a job that is done: whether something stood in for the model there and must be marked so."""
    charged: bool | None = None
    """Whether the job costs money: of a failed one, None if nobody knows."""
    cost: Decimal | None = None
    """What the partner says that it charged, US dollars; None if it says nothing."""


Cancellation = Literal["stopped", "charged", "cannot"]
"""The partner stopped the job and charges nothing; it stopped it but charges; it cannot be stopped (any more)."""


class Partner(Protocol):
    """A service that plays. Methods may run at the same time, each for its own job. None may retry a paid request."""

    async def prepare(self, job: Job) -> Prepared:
        """Map the inputs and fit the pictures; nothing is sent. Raises `EngineInputError`."""

    async def submit(self, prepared: Prepared, key: str, hook: str) -> str:
        """Buy one job; returns its remote id, by which everything else is found, also by another process.

        `key` is unique to this purchase and stays the same if it is looked up: to be sent as the protocol's idempotency
        key or label where it has one. `hook`, if not empty, is an address that may be told of the job's end.
        Sends at most one request that could buy. Raises `NotAccepted`, `Unclear`.
        """

    async def look_up(
        self, prepared: Prepared, key: str, placed: float, hook: str = "", *, may_buy: bool = True
    ) -> tuple[str, ...] | None:
        """The remote ids of jobs that may come from a `submit` of this request at or after `placed` (Unix seconds).

        `key` and `hook` are those of the `submit`. `may_buy`: whether the job is still wanted; then, if the protocol
        promises that the same key never buys twice, this may send the request again.
        Empty: no job was taken, for certain. None: the partner cannot tell. Raises `PartnerAway`, and `NotAccepted` if
        what was sent again is so refused.
        """

    async def check(self, remote_id: str) -> Standing:
        """How the job stands. Raises `PartnerAway`, and `ResultLost` if the partner knows no such job."""

    async def fetch(self, remote_id: str, folder: Path) -> Sequence[Output]:
        """Copy the results of a job that is done into `folder`. Raises `PartnerAway`, `ResultLost`, `EngineRefused`."""

    async def cancel(self, remote_id: str) -> Cancellation:
        """Stop a job if the protocol can. Raises `PartnerAway`, `ResultLost`."""

    async def delete(self, remote_id: str) -> None:
        """Delete what the partner keeps of a job that is over, if it can; does nothing otherwise. Raises `PartnerAway`."""

    async def close(self) -> None:
        """Let go of the connections."""
