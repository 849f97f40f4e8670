"""What operators have decided, carried out: models offered or not, their prices and casts, engines held.

Every process has one. A decision is in the store first; the process that wrote it carries it out at once, the others
within a second.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import get_args

import msgspec

from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Model
from understudy.engines.cast import Cast
from understudy.errors import InvalidInput, NotFound
from understudy.tasks.operations.price_list import PriceList, with_prices, write_prices
from understudy.tasks.operations.records import Decision, DecisionKind, Hold
from understudy.tasks.operations.standing import Key, Standing, manifest_at, standing
from understudy.tasks.outage import Outage
from understudy.tasks.store.store import Store

__all__ = ["Decisions", "PriceList"]

LOOK_SECONDS = 1.0

_LATE = 32
"""So many decisions before the latest one are read again: of two that are written in the same moment, the one with the
lower id may be there last."""
_SKEW_SECONDS = 10.0
"""The clocks of an installation agree so far."""

log = logging.getLogger(__name__)


class Decisions:
    """Made by operators, known to everybody."""

    def __init__(self, store: Store, catalogue: Catalogue, cast: Cast, clock: Callable[[], float]) -> None:
        self._store = store
        self._catalogue = catalogue
        self._cast = cast
        self._clock = clock
        self._made: tuple[Decision, ...] = ()
        self._known: set[int] = set()
        """The ids of those that were made."""
        self._standing = Standing()
        self._read = 0
        """The latest one that a look at the store has brought."""
        self._looked = 0.0
        """When the latest look began."""
        self._told: set[int] = set()
        """Those of which it was said that they are not carried out."""
        self._heard_by: list[Callable[[], None]] = []
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Carry out what was decided, and go on listening for what other processes write. Raises `StoreUnavailable`."""
        await self.refresh()
        if self._store.shared:
            self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Listen no more."""
        if self._listening is not None:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
            self._listening = None

    async def refresh(self) -> None:
        """Carry out what has been decided since the last look. Raises `StoreUnavailable`."""
        began = self._clock()
        found = await self._store.operating.decisions(max(0, self._read - _LATE))
        self._looked = max(self._looked, began)
        if found:
            self._read = max(self._read, found[-1].id)
        self._learn(found)

    def on_change(self, heard: Callable[[], None]) -> None:
        """Have this called whenever something was decided, here or elsewhere, once it is carried out."""
        self._heard_by.append(heard)

    @property
    def standing(self) -> Mapping[Key, Decision]:
        """Those that count now, by kind and name; not those that were taken back or cannot be carried out here."""
        return self._standing.latest

    @property
    def made(self) -> Sequence[Decision]:
        """All of them, the oldest first."""
        return self._made

    @property
    def held(self) -> Mapping[str, Hold]:
        """The engines that take up nothing, and how."""
        return self._standing.held

    @property
    def unloads(self) -> Mapping[str, int]:
        """By engine, the id of the latest decision to unload its idle replicas. Those that a process knows when it starts
        are over: it has no replicas yet.
        """
        return self._standing.unloads

    def configured(self, address: str) -> Model:
        """A model as its manifest has it. Raises `NotFound`."""
        model = manifest_at(self._catalogue, address)
        if model is None:
            raise NotFound(f"There is no model {address} here.")
        return model

    def configured_cast(self, address: str) -> tuple[str, ...]:
        """The engines that the settings cast for a model. Raises `NotFound`."""
        return tuple(engine.name for engine in self._cast.configured(self.configured(address)))

    def prices_at(self, model: Model, at: float) -> Model:
        """The model with the prices that it had then: a task costs what was announced when it was submitted."""
        announced = self._standing.announced.get(model.address)
        if not announced:
            return model
        prices = next((each.prices for each in reversed(announced) if each.since <= at), None)
        return with_prices(self.configured(model.address), prices)

    async def announced(self, model: Model, at: float) -> Model:
        """As `prices_at`, also if another process has decided in this moment. Raises `StoreUnavailable`."""
        if self._store.shared and at + _SKEW_SECONDS > self._looked:
            await self.refresh()
        return self.prices_at(model, at)

    async def offer(self, address: str, offered: bool | None, by: str) -> None:
        """Offer a model, or do not; None: as its manifest says. Raises `NotFound`."""
        model = self.configured(address)
        await self._decide("enabled", model.address, "" if offered is None else str(offered).lower(), by)

    async def price(self, address: str, prices: PriceList | None, by: str) -> None:
        """Set what a model costs from now on; None: as its manifest says. Raises `NotFound`, `InvalidInput`."""
        model = self.configured(address)
        await self._decide("prices", model.address, "" if prices is None else write_prices(model, prices), by)

    async def cast(self, address: str, engines: Sequence[str] | None, by: str) -> None:
        """Set who may play a model, the best one first; None: as the settings say; empty: nobody.

        Raises `NotFound`, `InvalidInput`.
        """
        model, value = self.configured(address), ""
        if engines is not None:
            names = tuple(dict.fromkeys(engines))
            self._check_cast(model, names)
            value = msgspec.json.encode(names).decode()
        await self._decide("cast", model.address, value, by)

    async def hold(self, engine: str, hold: Hold | None, by: str) -> None:
        """Pause or drain an engine; None: it goes on. Raises `NotFound`, `InvalidInput`."""
        self._check_engine(engine)
        if hold is not None and hold not in get_args(Hold):
            raise InvalidInput(f"An engine can be {' or '.join(get_args(Hold))}.")
        await self._decide("hold", engine, hold or "", by)

    async def unload(self, engine: str, by: str) -> None:
        """Unload its replicas that have nothing to do, in every process. Raises `NotFound`."""
        self._check_engine(engine)
        await self._decide("unload", engine, "now", by)

    async def _decide(self, kind: DecisionKind, name: str, value: str, by: str) -> None:
        self._learn([await self._store.operating.decide(kind, name, value, by, self._clock())])

    def _learn(self, found: Iterable[Decision]) -> None:
        if not (fresh := [each for each in found if each.id not in self._known]):
            return
        self._known.update(each.id for each in fresh)
        self._made = tuple(sorted([*self._made, *fresh], key=lambda each: each.id))
        now = standing(self._made, self._catalogue, self._cast)
        self._catalogue.revise(now.revised(self._catalogue))
        self._cast.revise(now.casting, [name for name, hold in now.held.items() if hold == "drained"])
        self._standing = now
        for decision, why in ((each.decision, each.why) for each in now.ignored):
            if decision.id not in self._told:
                self._told.add(decision.id)
                log.warning(
                    "what %s has decided (%s of %s) is not carried out: %s",
                    decision.by,
                    decision.kind,
                    decision.name,
                    why,
                )
        for heard in self._heard_by:
            heard()

    def _check_engine(self, name: str) -> None:
        if self._cast.named(name) is None:
            raise NotFound(f"There is no engine {name} here.")

    def _check_cast(self, model: Model, names: Sequence[str]) -> None:
        able = [engine.name for engine in self._cast.able(model)]
        for name in names:
            if self._cast.named(name) is None:
                known = ", ".join(sorted(each.name for each in self._cast.engines)) or "none"
                raise InvalidInput(f"There is no engine {name} here; the engines are: {known}.")
            if name not in able:
                raise InvalidInput(
                    f"{name} cannot play {model.address}; those that can are: {', '.join(able) or 'none'}."
                )

    async def _listen(self) -> None:
        outage = Outage("what operators decide elsewhere is not carried out")
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            with outage.borne():
                await self.refresh()
