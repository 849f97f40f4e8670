"""Ends the purchases whose task is over: what is bought is cancelled if it can be, and accounted for if it cannot.

A task may be over before its purchase: it was killed, or it did not want to wait any longer. Everything needed is in the
store, so this goes on after a restart.
"""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path

from understudy.engines.engine import Job, RemoteEngine
from understudy.engines.partner import Partner
from understudy.errors import (
    EngineUnavailable,
    NotAccepted,
    PartnerAway,
    ResultLost,
    StorageFailed,
    StoreUnavailable,
    Unclear,
    UnderstudyError,
)
from understudy.log import log_context
from understudy.tasks.jobs import job_of
from understudy.tasks.lifecycle import Status
from understudy.tasks.preprocess import Preprocess
from understudy.tasks.purchases.buying import charged_for, charged_for_failure, unknown
from understudy.tasks.purchases.counter import Counter
from understudy.tasks.purchases.pace import Pace
from understudy.tasks.records import Outcome, Purchase
from understudy.tasks.store.store import Store

log = logging.getLogger(__name__)

BEAT_SECONDS = 20.0
REST_SECONDS = 0.2
"""Before a look: the end of every task asks for one, and those that end within this are one look."""
GIVE_UP_SECONDS = 24 * 3600.0
"""How long a partner is asked about a job that nobody waits for."""

Remake = Callable[[int, Path], Awaitable[Job]]
"""The job of a task, made once more, with its input files in a folder."""


def remaker(store: Store, preprocess: Preprocess) -> Remake:
    """Makes the jobs of tasks that are over, as their runs did."""

    async def remake(id: int, folder: Path) -> Job:
        task = await store.task(id)
        if task is None:
            raise StorageFailed("The task is gone.")
        await asyncio.to_thread(folder.mkdir)
        prepared = await preprocess.prepare(task, folder / "inputs")
        return job_of(task, prepared.paths, folder)

    return remake


class Aftercare:
    """Looks after open purchases without a task, and after the files that they leave."""

    def __init__(
        self,
        counter: Counter,
        remake: Remake,
        folder: Path,
        leads: Callable[[], Awaitable[bool]] | None = None,
    ) -> None:
        """`folder`: an existing one, for input files while a request is compared with a partner's list.

        `leads` says whether this process is the one that looks after them; None: there is no other.
        """
        self._counter = counter
        self._remake = remake
        self._folder = folder
        self._leads = leads
        self._under_way: dict[int, asyncio.Task[None]] = {}
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin with what is left from earlier."""
        self._loop = asyncio.create_task(self._go_on())

    async def stop(self) -> None:
        """What is under way goes on after the next start, but for requests that may buy: those are answered first."""
        tasks = [*self._under_way.values(), *([self._loop] if self._loop else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._counter.close()

    async def _go_on(self) -> None:
        while True:
            self._counter.over.clear()
            try:
                if self._leads is None or await self._leads():
                    for purchase in await self._counter.store.orphaned_purchases():
                        if purchase.id not in self._under_way:
                            self._begin(purchase)
                    await self._sweep()
            except (StoreUnavailable, StorageFailed) as error:
                log.warning("purchases are looked after later: %s", error.__cause__ or error)
            except Exception:
                log.exception("purchases are looked after later")
            # Not wait_for, which in Python 3.11 can lose a cancellation that comes with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._counter.over.wait()
            await asyncio.sleep(REST_SECONDS)

    def _begin(self, purchase: Purchase) -> None:
        about = {"task": str(purchase.task), "project": str(purchase.project), "engine": purchase.engine}
        with log_context(**about):
            task = asyncio.create_task(self._see_to(purchase), name=f"purchase {purchase.id}")
        self._under_way[purchase.id] = task
        task.add_done_callback(lambda _: self._under_way.pop(purchase.id, None))

    async def _sweep(self) -> None:
        files = await self._counter.store.leftovers()
        if files:
            await self._counter.storage.delete([file.key for file in files])
            await self._counter.store.forget_files([file.id for file in files])

    async def _see_to(self, purchase: Purchase) -> None:
        counter = self._counter
        try:
            purchase = await counter.sent(purchase)
            if purchase.state == "settled":
                return
            engine = counter.partners.engine(purchase.engine)
            if engine is None:
                note = f"There is no engine {purchase.engine} any more to ask about the job."
                await self._leave(purchase, note)
            else:
                await self._ask(engine, purchase)
            counter.over.set()
        except StoreUnavailable as error:
            log.warning("purchase %d is looked after later: %s", purchase.id, error.message)
        except Exception:
            log.exception("purchase %d is left as it is until the next look", purchase.id)

    async def _ask(self, engine: RemoteEngine, purchase: Purchase) -> None:
        counter = self._counter
        try:
            await self._end_at(await counter.partners.of(engine), purchase)
        except StoreUnavailable:
            raise
        except Exception as error:
            if counter.clock() < (purchase.submitted or purchase.placed) + GIVE_UP_SECONDS:
                if not isinstance(error, EngineUnavailable):
                    raise
                log.warning("purchase %d is looked after later: %s", purchase.id, error.message)
                return
            log.exception("purchase %d is given up", purchase.id)
            now = await counter.sent(purchase)
            await self._leave(now, f"{engine.name} could not be asked for a day how the job ended.")

    async def _leave(self, purchase: Purchase, note: str) -> None:
        """To the operator, since its partner cannot be asked."""
        if purchase.state != "intended":
            await self._counter.settle(purchase, "lost", purchase.estimate, note)
        elif purchase.placed:
            await self._counter.settle(purchase, "unknown", None, unknown(purchase))
        else:
            await self._never_sent(purchase)

    async def _never_sent(self, purchase: Purchase) -> None:
        note = f"The task was over before {purchase.engine} was asked."
        await self._counter.settle(purchase, "refused", Decimal(0), note)

    async def _end_at(self, partner: Partner, purchase: Purchase) -> None:
        if purchase.state == "intended" and not purchase.placed:
            await self._never_sent(purchase)
            return
        if purchase.state == "intended":
            found = await self._found(partner, purchase)
            if found is None:
                return
            purchase = found
        if purchase.state == "fetched":
            note = "It was done, and the task was over before it was delivered."
            await self._counter.settle(purchase, "abandoned", purchase.estimate, note)
        elif not await self._cancelled(partner, purchase):
            await self._wait_for_its_end(partner, purchase)
        task = await self._counter.store.task(purchase.task)
        if task is not None and task.status == Status.CANCEL:
            # Who stopped the task wants nothing of it; of one that failed here the operator may still save the clip.
            await self._delete(partner, purchase)

    async def _found(self, partner: Partner, purchase: Purchase) -> Purchase | None:
        """The purchase with its job, or None if it has ended without one."""
        folder = self._folder / str(purchase.id)
        try:
            job = await self._remake(purchase.task, folder)
            prepared = await partner.prepare(job)
            found = await self._counter.look_up(partner, purchase, prepared, may_buy=False)
        except NotAccepted as refusal:
            await self._counter.settle(purchase, "refused", Decimal(0), refusal.message)
        except StoreUnavailable:
            raise
        except (Unclear, StorageFailed):
            await self._counter.settle(purchase, "unknown", None, unknown(purchase))
        except UnderstudyError as error:
            log.warning("purchase %d cannot be looked up: %s", purchase.id, error.message)
            await self._counter.settle(purchase, "unknown", None, unknown(purchase))
        else:
            if found is not None:
                return found
            await self._counter.settle(
                purchase, "refused", Decimal(0), f"{purchase.engine} did not get the request."
            )
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
        return None

    async def _cancelled(self, partner: Partner, purchase: Purchase) -> bool:
        pace, asked = Pace(), False
        while True:
            try:
                outcome = await partner.cancel(purchase.remote_id)
            except PartnerAway as away:
                asked = True
                await self._counter.sleep(pace.after_failure(away.retry_after))
                if self._counter.clock() > purchase.submitted + GIVE_UP_SECONDS:
                    return False
                continue
            except ResultLost as lost:
                # Where cancelling deletes the job, it is gone because the answer to the last try was lost.
                ended: Outcome = "cancelled" if asked else "lost"
                await self._counter.settle(
                    purchase, ended, None if asked else purchase.estimate, lost.message
                )
                return True
            if outcome == "cannot":
                return False
            charged = Decimal(0) if outcome == "stopped" else purchase.estimate
            await self._counter.settle(purchase, "cancelled", charged, f"{purchase.engine} stopped the job.")
            return True

    async def _wait_for_its_end(self, partner: Partner, purchase: Purchase) -> None:
        counter, pace, missing = self._counter, Pace(), 0
        # Once in any case: the server may have been down for days.
        while True:
            try:
                standing = await partner.check(purchase.remote_id)
            except PartnerAway as away:
                pause = pace.after_failure(away.retry_after)
            except ResultLost as lost:
                missing += 1
                if missing == 3:
                    await self._counter.settle(purchase, "lost", purchase.estimate, lost.message)
                    return
                pause = pace.after_failure(lost.retry_after)
            else:
                if standing.state == "done":
                    charged = charged_for(purchase, standing)
                    await self._counter.settle(
                        purchase, "abandoned", charged, "It was made although nobody waited for it."
                    )
                    return
                if standing.state == "failed":
                    note = standing.reason or f"The job failed at {purchase.engine}."
                    await self._counter.settle(
                        purchase, "failed", charged_for_failure(purchase, standing), note
                    )
                    return
                pause = pace.after_answer(standing.poll_after)
            if counter.clock() > purchase.submitted + GIVE_UP_SECONDS:
                break
            await counter.pause(purchase, pause)
        note = f"{purchase.engine} did not say within a day how the job ended."
        await self._counter.settle(purchase, "lost", purchase.estimate, note)

    async def _delete(self, partner: Partner, purchase: Purchase) -> None:
        try:
            await partner.delete(purchase.remote_id)
        except UnderstudyError as error:
            log.warning("what %s made for nobody stays there: %s", purchase.engine, error.message)
