"""The counter at which jobs are bought: what `buying` and `aftercare` share, and what outlives a run that is stopped."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from decimal import Decimal

from msgspec.structs import replace

from understudy.engines.partner import Partner, Prepared
from understudy.errors import NotAccepted, PartnerAway, StoreUnavailable, Unclear
from understudy.files.storage import Storage
from understudy.tasks.purchases.pace import Pace
from understudy.tasks.purchases.partners import Partners
from understudy.tasks.purchases.verdicts import after_kill, killed
from understudy.tasks.records import Outcome, Purchase, Settlement
from understudy.tasks.shelf import Shelf
from understudy.tasks.store.store import Store

log = logging.getLogger(__name__)

_STORE_RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0)
LONGEST_ID = 2048
"""Characters of a remote id."""
LOOK_UP_PAUSES = (1.0, 4.0, 15.0)
"""Seconds before each look into a partner's list: a job may take a while to appear there."""
LOOK_UP_SECONDS = 600.0
"""How long a partner that cannot be reached is asked: what broke a request may take minutes to be mended."""
SUBMIT_SECONDS = 300.0
"""How long a request that may buy can be on its way, uploads and all."""
_CLOCKS_APART = 30.0
"""Seconds by which the clocks of two machines may differ."""
_LOOK_SECONDS = 2.0
LAST_WORD_SECONDS = 10.0
"""How long a server that stops waits for the answer to a request that may buy."""


class TooLate(Exception):
    """This process has stood still before it sent its request: another may have taken the purchase for one of which
    nothing is on its way, and bought.
    """


class Counter:
    """Submits, looks up and settles. Everything it does is stored before it returns."""

    def __init__(
        self,
        *,
        store: Store,
        shelf: Shelf,
        storage: Storage,
        partners: Partners,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        base_url: str = "",
    ) -> None:
        """`sleep` is how it waits: tests let virtual time pass instead. `base_url`: where partners may call."""
        self.store = store
        self.shelf = shelf
        self.storage = storage
        self.partners = partners
        self.clock = clock
        self.sleep = sleep
        self.over = asyncio.Event()
        """Set when a task has ended whose purchase may be open."""
        self._base_url = base_url
        self._submitting: dict[int, asyncio.Task[Purchase | None]] = {}
        self._calls: dict[str, asyncio.Event] = {}
        self._ending: dict[int, Purchase] = {}
        """By task: purchases whose end is being written."""

    async def close(self) -> None:
        """Let requests that are on their way be answered, for a few seconds: what they buy is to be known."""
        sending = [*self._submitting.values()]
        if sending:
            await asyncio.wait(sending, timeout=LAST_WORD_SECONDS)
        for each in sending:
            each.cancel()
        await asyncio.gather(*sending, return_exceptions=True)

    async def about_money(self, task: int) -> str:
        """What is true of the money at the moment of a kill, for the caller; "" if nothing is being bought."""
        if ending := self._ending.get(task):
            return after_kill(ending)
        open_ones = await self.store.purchases(task=task, only_open=True)
        engine = self.partners.engine(open_ones[0].engine) if open_ones else None
        return killed(open_ones, engine is not None and self.partners.cancels(engine))

    def hook_url(self, purchase: Purchase) -> str:
        """The address that its partner may call when the job ends; "" if the operator does not want that."""
        engine = self.partners.engine(purchase.engine)
        if engine is None or not self.partners.terms(engine).webhooks:
            return ""
        return f"{self._base_url}/v1/hooks/{purchase.hook}"

    def called(self, hook: str) -> bool:
        """Somebody called that address: whoever waits for it asks the partner now. False if nobody waits.

        The call is believed in nothing else, so it needs no signature.
        """
        event = self._calls.get(hook)
        if event is not None:
            event.set()
        return event is not None

    async def pause(self, purchase: Purchase, seconds: float) -> None:
        """Wait so long, or until the partner calls."""
        event = self._calls.setdefault(purchase.hook, asyncio.Event())
        sleeping = asyncio.ensure_future(self.sleep(seconds))
        calling = asyncio.ensure_future(event.wait())
        try:
            await asyncio.wait({sleeping, calling}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            calling.cancel()
            if event.is_set():
                event.clear()

    def waited(self, purchase: Purchase) -> None:
        """Nobody waits for that call any more."""
        self._calls.pop(purchase.hook, None)

    async def submit(self, partner: Partner, purchase: Purchase, prepared: Prepared) -> Purchase:
        """Send the one request that may buy, and store what came of it; the purchase as it is then.

        Cancelling this does not stop it: what was sent has to be known. Raises `NotAccepted` (it is stored then that
        nothing is on its way), `Unclear`, or `TooLate`.
        """
        sending = asyncio.create_task(self._send(partner, purchase, prepared))
        self._submitting[purchase.id] = sending
        sending.add_done_callback(lambda _: self._submitting.pop(purchase.id, None))
        sending.add_done_callback(_retrieved)
        after = await asyncio.shield(sending)
        if after is None:
            raise Unclear("The purchase was settled while it was being made.")
        return after

    async def sent(self, purchase: Purchase) -> Purchase:
        """The purchase as it is once no request of it is on its way, from here or from another process.

        Another process that lost the task may still be asking: what that brings is known, or can be looked up, once
        its time is over.
        """
        sending = self._submitting.get(purchase.id)
        if sending is not None:
            await asyncio.wait({sending})
        now = await self._now(purchase)
        while (
            sending is None
            and self.store.shared
            and now.state == "intended"
            and now.placed
            and self.clock() < now.placed + SUBMIT_SECONDS + _CLOCKS_APART
        ):
            await self.sleep(_LOOK_SECONDS)
            now = await self._now(purchase)
        return now

    async def held_back(self, purchase: Purchase) -> Purchase | None:
        """Store that no request of a purchase is on its way: it provably bought nothing. None if it is not intended."""
        return await self.stored(lambda: self.store.step_purchase(purchase.id, ("intended",), placed=0.0))

    async def look_up(
        self, partner: Partner, purchase: Purchase, prepared: Prepared, *, may_buy: bool = True
    ) -> Purchase | None:
        """Find the job of a purchase whose request may have arrived; the purchase with its remote id, None if there is none.

        `may_buy`: whether the job is still wanted, so that a partner which promises to buy once may be asked again.

        Raises `Unclear` if nobody can tell, and `NotAccepted` if the partner refuses what was asked again by its key.
        """
        pace, pauses = Pace(), list(LOOK_UP_PAUSES)
        give_up = self.clock() + LOOK_UP_SECONDS
        pause = pauses.pop(0)
        while True:
            await self.sleep(pause)
            try:
                found = await partner.look_up(
                    prepared, purchase.key, purchase.placed, self.hook_url(purchase), may_buy=may_buy
                )
            except PartnerAway as away:
                log.warning("task %d: %s", purchase.task, away)
                if self.clock() > give_up:
                    break
                pause = pace.after_failure(away.retry_after)
                continue
            if found is None:
                break
            if not found:
                return None
            for remote_id in found:
                after = await self.accepted(purchase, remote_id)
                if after is not None:
                    return after
            if not pauses:
                break
            pause = pauses.pop(0)
        raise Unclear(f"{purchase.engine} cannot tell whether it took the job.")

    async def accepted(self, purchase: Purchase, remote_id: str) -> Purchase | None:
        """Store that the partner has taken the job; None if that job is another purchase's, or this one is settled."""
        after = await self.stored(
            lambda: self.store.step_purchase(
                purchase.id, ("intended",), state="submitted", remote_id=remote_id, submitted=self.clock()
            )
        )
        if after is not None:
            log.info("task %d: %s has taken the job", purchase.task, purchase.engine)
            return after
        now = await self._now(purchase)
        # Another process may have found it first.
        return now if now.state != "settled" and now.remote_id == remote_id else None

    async def settle(
        self, purchase: Purchase, outcome: Outcome, charged: Decimal | None, note: str
    ) -> Purchase:
        """End a purchase; returns it as it ended, by this or by somebody else. A task that was stopped is told."""
        settlement = self.settlement(purchase, outcome, charged, note)
        if purchase.state == "intended":
            # Who stood still may know less than another process that has placed it again meanwhile.
            settlement = replace(settlement, placed=purchase.placed)
        ending = self._ending[purchase.task] = replace(purchase, outcome=outcome, charged=charged)
        try:
            settled = await self.stored(lambda: self.store.settle_purchase(settlement, after_kill(ending)))
        finally:
            self._ending.pop(purchase.task, None)
        self.waited(purchase)
        if settled is None:
            return await self._now(purchase)
        if outcome in ("refused", "unknown", "lost", "abandoned"):
            log.warning(
                "task %d: purchase %d at %s is %s: %s (its job there: %s)",
                *(
                    purchase.task,
                    purchase.id,
                    purchase.engine,
                    outcome,
                    note,
                    purchase.remote_id or "not known",
                ),
            )
        return settled

    def settlement(
        self, purchase: Purchase, outcome: Outcome, charged: Decimal | None, note: str = ""
    ) -> Settlement:
        """The record of an end that is written together with something else."""
        return Settlement(purchase=purchase.id, outcome=outcome, at=self.clock(), charged=charged, note=note)

    async def stored(self, write: "Callable[[], Awaitable[Purchase | None]]") -> Purchase | None:
        """Carry out a write; what has been paid is worth waiting a minute for a store that is away."""
        for pause in _STORE_RETRY_SECONDS:
            try:
                return await write()
            except StoreUnavailable:
                log.warning("a purchase cannot be written; trying again in %.1f s", pause)
                await asyncio.sleep(pause)
        return await write()

    async def _now(self, purchase: Purchase) -> Purchase:
        return next(each for each in await self.store.purchases(task=purchase.task) if each.id == purchase.id)

    async def _send(self, partner: Partner, purchase: Purchase, prepared: Prepared) -> Purchase | None:
        left = purchase.placed + SUBMIT_SECONDS - self.clock()
        if left <= 0:
            raise TooLate
        try:
            async with asyncio.timeout(left):
                remote_id = await partner.submit(prepared, purchase.key, self.hook_url(purchase))
        except TimeoutError as error:
            raise Unclear(f"{purchase.engine} did not answer within {SUBMIT_SECONDS:.0f} s.") from error
        except NotAccepted:
            await self.held_back(purchase)
            raise
        except Unclear:
            raise
        except Exception as error:
            # An adapter that fails in a way nobody thought of: after the request left, for all that is known.
            log.exception("task %d: %s failed while it was being asked", purchase.task, purchase.engine)
            raise Unclear(f"{purchase.engine} failed while it was being asked.") from error
        if not 0 < len(remote_id) <= LONGEST_ID or not remote_id.isprintable():
            raise Unclear(f"{purchase.engine} answered with something that is no name of a job.")
        told = (purchase.task, purchase.engine, remote_id)
        while True:
            try:
                after = await self.accepted(purchase, remote_id)
            except StoreUnavailable:
                # Nobody else knows of it: this is not given up while the process lives.
                log.error("task %d: %s has taken job %s, which cannot be stored yet", *told)
                continue
            if after is None:
                log.error("task %d: %s has taken job %s, too late for anybody to know of it", *told)
            return after


def _retrieved(sending: "asyncio.Task[Purchase | None]") -> None:
    """Its exception is told to whoever waits, if anybody still does."""
    if not sending.cancelled():
        sending.exception()
