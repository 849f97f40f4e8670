"""Who has which card: one book for all pools of an executor."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

from understudy.executors.need import TOLERANCE, Need

Use = Literal["busy", "idle", "leaving"]
_ALL: tuple[Use, ...] = ("busy", "idle", "leaving")


class Holder(Protocol):
    """What has cards, or waits for them: room for one replica."""

    cards: "Hold | None"
    """Written here, at the moment they are given or taken back."""

    @property
    def kind(self) -> object:
        """Holders of the same kind run the same thing: one can go on with what the other has loaded."""

    def unload(self) -> None:
        """Begin to unload the idle replica; `Cards.give_back` follows when it is gone."""

    def take_over(self, other: Any) -> None:
        """Move the idle replica of `other`, a holder of the same kind, here."""


class Hold:
    """Cards in the hands of a replica."""

    def __init__(self, holder: Holder, names: tuple[str, ...], share: float) -> None:
        self.holder = holder
        self.names = names
        self.share = share
        """Of each of them."""
        self.use: Use = "busy"
        self.used = 0
        """When it became idle last, counted in such events."""


class _Waiter:
    def __init__(self, holder: Holder, need: Need) -> None:
        self.holder = holder
        self.need = need
        self.served: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Cards:
    """Hands out the cards of one machine.

    First come, first served: who comes later gets no card that somebody before could use. Where cards are short,
    idle replicas that have them are unloaded, those first that were used longest ago; an idle replica of the very kind
    that is waited for is handed on as it is.
    """

    def __init__(self, detect: Callable[[], Sequence[str]]) -> None:
        """`detect` names the cards; it is called once, when somebody asks for them."""
        self._detect = detect
        self._names: tuple[str, ...] | None = None
        self._holds: list[Hold] = []
        self._waiting: list[_Waiter] = []
        self._events = 0

    @property
    def names(self) -> tuple[str, ...]:
        """All cards there are."""
        if self._names is None:
            self._names = tuple(self._detect())
        return self._names

    async def take(self, holder: Holder, need: Need) -> None:
        """Wait until `holder.cards` is what it needs."""
        waiter = _Waiter(holder, need)
        self._waiting.append(waiter)
        self._serve()
        try:
            await waiter.served
        finally:
            if waiter in self._waiting:  # it was cancelled; who came after may not have to wait any longer
                self._waiting.remove(waiter)
                self._serve()

    def busy(self, holder: Holder) -> None:
        """The replica has work again."""
        if holder.cards is not None:
            holder.cards.use = "busy"

    def idle(self, holder: Holder) -> None:
        """The replica is loaded and has nothing to do: its cards may be wanted by another."""
        if holder.cards is not None:
            self._events += 1
            holder.cards.use, holder.cards.used = "idle", self._events
            self._serve()

    def leaving(self, holder: Holder) -> None:
        """The replica is being unloaded; `give_back` follows."""
        if holder.cards is not None:
            holder.cards.use = "leaving"

    def give_back(self, holder: Holder) -> None:
        """The replica is gone."""
        if holder.cards is not None:
            self._holds.remove(holder.cards)
            holder.cards = None
            self._serve()

    def _serve(self) -> None:
        promised: set[str] = set()
        for waiter in tuple(self._waiting):
            if waiter.served.done():
                continue
            need = waiter.need
            names = [name for name in need.among if name not in promised]
            if mate := self._mate(waiter.holder, names):
                self._hand_on(mate, waiter.holder)
            elif found := self._free(need, names):
                waiter.holder.cards = Hold(waiter.holder, found, need.share)
                self._holds.append(waiter.holder.cards)
            else:
                promised.update(self._make_room(need, names))
                continue
            self._waiting.remove(waiter)
            waiter.served.set_result(None)

    def _mate(self, holder: Holder, names: list[str]) -> Hold | None:
        mates = (
            hold
            for hold in self._holds
            if hold.use == "idle" and hold.holder.kind is holder.kind and set(hold.names) <= set(names)
        )
        return max(mates, key=lambda hold: hold.used, default=None)

    def _hand_on(self, hold: Hold, holder: Holder) -> None:
        before, hold.holder, hold.use = hold.holder, holder, "busy"
        before.cards, holder.cards = None, hold
        holder.take_over(before)

    def _free(self, need: Need, names: list[str]) -> tuple[str, ...]:
        """The cards that the need can have at once; a part of one comes from the fullest card that has it."""
        free = [name for name in names if self._fits(need.share, name, _ALL)]
        free.sort(key=lambda name: -self._given(name, _ALL))
        return tuple(free[: need.cards]) if len(free) >= need.cards else ()

    def _make_room(self, need: Need, names: list[str]) -> list[str]:
        """Have idle replicas unloaded on the cards where that is enough, or helps at all.

        Returns the cards that are now spoken for: while busy replicas are in the way, all that could be used.
        """

        def price(name: str) -> tuple[bool, int]:
            return self._blocked(need, name), max((hold.used for hold in self._idle(name)), default=0)

        chosen = sorted(names, key=price)[: need.cards]
        for name in chosen:
            for hold in sorted(self._idle(name), key=lambda hold: hold.used):
                if self._fits(need.share, name, ("busy", "idle")):
                    break
                hold.use = "leaving"
                hold.holder.unload()
        certain = len(chosen) == need.cards and not any(self._blocked(need, name) for name in chosen)
        return chosen if certain else names

    def _idle(self, name: str) -> list[Hold]:
        return [hold for hold in self._holds if name in hold.names and hold.use == "idle"]

    def _blocked(self, need: Need, name: str) -> bool:
        return not self._fits(need.share, name, ("busy",))

    def _given(self, name: str, uses: tuple[Use, ...]) -> float:
        return sum(hold.share for hold in self._holds if name in hold.names and hold.use in uses)

    def _fits(self, share: float, name: str, uses: tuple[Use, ...]) -> bool:
        """Whether so much of the card is left, seen from those who use it so."""
        return self._given(name, uses) + share <= 1 + TOLERANCE
