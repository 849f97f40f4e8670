"""What operators have decided, carried out: models offered or not, their prices and casts, engines held.

Every process has one. A decision is in the store first; the process that wrote it carries it out at once, the others
within a second.
"""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

import msgspec

from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Model, Price
from understudy.engines.cast import Cast
from understudy.errors import InvalidInput, NotFound
from understudy.tasks.operations.records import Decision, DecisionKind, Hold
from understudy.tasks.store.store import Store


class PriceList(msgspec.Struct, frozen=True, kw_only=True):
    """What a model costs: the rules of its manifest, in their order, and the price of a second of work without one."""

    prices: tuple[Price, ...] = ()
    cps: Decimal


class Decisions:
    """Made by operators, known to everybody."""

    def __init__(self, store: Store, catalogue: Catalogue, cast: Cast, clock: Callable[[], float]) -> None:
        self._store = store
        self._catalogue = catalogue
        self._cast = cast
        self._clock = clock
        self._made: list[Decision] = []

    async def start(self) -> None:
        """Carry out what was decided, and go on listening for what other processes write."""
        await self.refresh()

    async def stop(self) -> None:
        """Listen no more."""

    async def refresh(self) -> None:
        """Carry out what has been decided since the last look."""
        self._made += await self._store.operating.decisions(self._made[-1].id if self._made else 0)

    @property
    def standing(self) -> Mapping[tuple[DecisionKind, str], Decision]:
        """Those that count now, by kind and name; not those that were taken back."""
        latest = {(each.kind, each.name): each for each in self._made}
        return {key: each for key, each in latest.items() if each.value}

    @property
    def made(self) -> Sequence[Decision]:
        """All of them, the oldest first."""
        return self._made

    @property
    def held(self) -> Mapping[str, Hold]:
        """The engines that take up nothing, and how."""
        return {}

    def configured(self, address: str) -> Model:
        """A model as its manifest has it. Raises `NotFound`."""
        raise NotFound(f"There is no model {address}.")

    def configured_cast(self, address: str) -> tuple[str, ...]:
        """The engines that the settings cast for a model."""
        return ()

    def prices_at(self, model: Model, at: float) -> Model:
        """The model with the prices that it had then: a task costs what was announced when it was submitted."""
        return model

    async def offer(self, address: str, offered: bool | None, by: str) -> None:
        """Offer a model, or do not; None: as its manifest says. Raises `NotFound`."""
        await self._decide("enabled", address, "" if offered is None else str(offered).lower(), by)

    async def price(self, address: str, prices: PriceList | None, by: str) -> None:
        """Set what a model costs from now on; None: as its manifest says. Raises `NotFound`, `InvalidInput`."""
        await self._decide(
            "prices", address, "" if prices is None else msgspec.json.encode(prices).decode(), by
        )

    async def cast(self, address: str, engines: Sequence[str] | None, by: str) -> None:
        """Set who may play a model, the best one first; None: as the settings say. Raises `NotFound`, `InvalidInput`."""
        if engines is not None and not all(self._cast.named(name) for name in engines):
            raise InvalidInput("There is no such engine.")
        await self._decide(
            "cast", address, "" if engines is None else msgspec.json.encode(engines).decode(), by
        )

    async def hold(self, engine: str, hold: Hold | None, by: str) -> None:
        """Pause or drain an engine; None: it goes on. Raises `NotFound`."""
        await self._decide("hold", engine, hold or "", by)

    async def unload(self, engine: str, by: str) -> None:
        """Unload its replicas that have nothing to do, in every process. Raises `NotFound`."""
        await self._decide("unload", engine, "now", by)

    async def _decide(self, kind: DecisionKind, name: str, value: str, by: str) -> None:
        await self._store.operating.decide(kind, name, value, by, self._clock())
        await self.refresh()
