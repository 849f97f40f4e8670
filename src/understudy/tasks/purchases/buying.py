"""One purchase for one run: from the intention to the files, or on from the step that was stored last."""

import asyncio
import logging
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
from msgspec.structs import replace

from understudy.engines.engine import Job, Output, RemoteEngine
from understudy.engines.partner import Partner, Prepared, Standing
from understudy.errors import (
    AddressRefused,
    EngineFailed,
    EngineInputError,
    EngineRefused,
    EngineUnavailable,
    FetchFailed,
    MediaRefused,
    NotAccepted,
    PartnerAway,
    ResultLost,
    StoreUnavailable,
    Unclear,
    UnderstudyError,
)
from understudy.executors.executor import Line, Listener, Progress, Started
from understudy.executors.uncancelled import to_its_end
from understudy.files.probe import Probe, probe
from understudy.tasks.file_records import new_file
from understudy.tasks.projects import letters
from understudy.tasks.purchases.counter import LAST_WORD_SECONDS, Counter, TooLate
from understudy.tasks.purchases.pace import Pace
from understudy.tasks.purchases.verdicts import believed
from understudy.tasks.records import File, Outcome, Purchase, Task

log = logging.getLogger(__name__)

_SUBMIT_TRIES = 5
_MISSING_TRIES = 3
_FETCH_TRIES = 6


class NotBought(Exception):
    """The purchase has ended without a clip. `purchase` says how."""

    def __init__(self, purchase: Purchase) -> None:
        super().__init__(purchase.note)
        self.purchase = purchase


class NotHeld(Exception):
    """The task is no longer held by this run."""


class Bought(msgspec.Struct, frozen=True, kw_only=True):
    """What a purchase brought."""

    outputs: tuple[Output, ...]
    purchase: Purchase
    notes: tuple[str, ...]
    """What was played in another way than it was asked for."""


class Buyer:
    """Buys a job for a run."""

    def __init__(
        self, counter: Counter, engine: RemoteEngine, partner: Partner, task: Task, job: Job, hear: Listener
    ) -> None:
        """`hear` is told of progress, as of a local run."""
        self._counter = counter
        self._engine = engine
        self._partner = partner
        self._task = task
        self._job = job
        self._hear = hear
        self._terms = counter.partners.terms(engine)
        self._began = counter.clock()
        self._complaint = ""

    async def buy(self, purchase: Purchase | None) -> Bought:
        """Go on with an open purchase, or begin one. Its files lie in the job's folder then, and in the storage.

        Raises `NotBought`, `NotHeld` if the task is somebody else's by now, and `EngineFailed` if the partner is not done in time;
        the purchase stays open then. Cancelling leaves it open, too: another run goes on with it, or aftercare ends it.
        """
        prepared = await self._prepared(purchase)
        try:
            return await self._bought(purchase, prepared)
        except (EngineUnavailable, EngineInputError) as error:
            # Before a purchase these let another engine play.
            raise EngineFailed(error.message) from error

    async def _prepared(self, purchase: Purchase | None) -> Prepared:
        try:
            return await self._partner.prepare(self._job)
        except UnderstudyError:
            if purchase is None or purchase.state != "fetched":
                raise
            # The clip is here: that the inputs could not be asked for any more is no reason to lose it.
            return Prepared(request=None)

    async def _bought(self, purchase: Purchase | None, prepared: Prepared) -> Bought:
        if purchase is not None and purchase.state == "intended":
            purchase = await self._counter.sent(purchase)
            if purchase.state == "intended" and purchase.placed:
                purchase = await self._found(purchase, prepared)
        if purchase is None or purchase.state == "intended":
            purchase = await self._submit(purchase or self._intention(prepared), prepared)
        self._hear(Started())
        if purchase.state == "submitted":
            standing = await self._done(purchase)
            purchase = await self._fetch(purchase, standing)
        outputs = await self._files(purchase)
        notes = prepared.notes + ((purchase.note,) if purchase.note else ())
        return Bought(outputs=outputs, purchase=purchase, notes=notes)

    def _intention(self, prepared: Prepared) -> Purchase:
        return Purchase(
            id=0,
            task=self._task.id,
            project=self._task.project,
            engine=self._engine.name,
            key=f"understudy-{secrets.token_hex(16)}",
            hook=letters(40),
            placed=0.0,
            estimate=prepared.cost,
        )

    async def _placed(self, purchase: Purchase) -> Purchase:
        """Written as on its way from now on; if this is cancelled, as not on its way."""
        counter = self._counter
        held = self._task.lease_owner, self._task.attempts
        writing = asyncio.ensure_future(
            # As of each try: between the first and the one that is written the store may have been away for a minute.
            counter.stored(
                lambda: counter.store.begin_purchase(replace(purchase, placed=counter.clock()), held)
            )
        )
        try:
            placed = await asyncio.shield(writing)
        except asyncio.CancelledError:
            await to_its_end(self._held_back(writing))
            raise
        if placed is None:
            raise NotHeld
        return placed

    async def _held_back(self, writing: "asyncio.Future[Purchase | None]") -> None:
        try:
            async with asyncio.timeout(LAST_WORD_SECONDS):
                placed = await writing
                if placed is not None:
                    await self._counter.held_back(placed)
        except (StoreUnavailable, TimeoutError):
            log.warning("task %d: its purchase at %s is looked up later", self._task.id, self._engine.name)

    async def _submit(self, purchase: Purchase, prepared: Prepared) -> Purchase:
        """Sent again only as long as it is proven that nothing was bought."""
        counter, pace = self._counter, Pace()
        give_up = counter.clock() + self._terms.busy_seconds
        for attempt in range(1, _SUBMIT_TRIES + 1):
            purchase = await self._placed(purchase)
            try:
                return await counter.submit(self._partner, purchase, prepared)
            except NotAccepted as refusal:
                pause = pace.after_failure(refusal.retry_after)
                if not refusal.busy or attempt == _SUBMIT_TRIES or counter.clock() + pause > give_up:
                    raise _ended(await self._refused(purchase, refusal)) from refusal
                self._complain(f"{refusal.message} Asking again in {pause:.0f} s.")
                await counter.sleep(pause)
            except TooLate as late:
                raise NotHeld from late
            except Unclear as unclear:
                self._complain(unclear.message)
                return await self._found(purchase, prepared)
        raise AssertionError("the last attempt returns or raises")

    async def _found(self, purchase: Purchase, prepared: Prepared) -> Purchase:
        try:
            found = await self._counter.look_up(self._partner, purchase, prepared)
        except NotAccepted as refusal:
            raise _ended(await self._refused(purchase, refusal)) from refusal
        except Unclear as unclear:
            raise _ended(
                await self._counter.settle(purchase, "unknown", None, unknown(purchase))
            ) from unclear
        if found is None:
            note = f"{purchase.engine} did not get the request."
            raise _ended(await self._counter.settle(purchase, "refused", Decimal(0), note))
        return found

    async def _refused(self, purchase: Purchase, refusal: NotAccepted) -> Purchase:
        outcome: Outcome = "declined" if refusal.content else "refused"
        return await self._counter.settle(purchase, outcome, Decimal(0), refusal.message)

    async def _done(self, purchase: Purchase) -> Standing:
        try:
            return await self._waited_for(purchase)
        finally:
            self._counter.waited(purchase)

    async def _waited_for(self, purchase: Purchase) -> Standing:
        counter, pace, missing = self._counter, Pace(), 0
        deadline = purchase.submitted + self._terms.deadline_seconds
        while True:
            try:
                standing = await self._partner.check(purchase.remote_id)
            except PartnerAway as away:
                self._complain(away.message)
                pause = pace.after_failure(away.retry_after)
            except ResultLost as lost:
                # A list that lags may not know a job that was just taken.
                missing += 1
                if missing == _MISSING_TRIES:
                    raise NotBought(
                        await counter.settle(purchase, "lost", purchase.estimate, lost.message)
                    ) from lost
                pause = pace.after_failure(lost.retry_after)
            else:
                if standing.state == "done":
                    return standing
                if standing.state == "failed":
                    raise NotBought(await self._failed(purchase, standing))
                self._tell(standing)
                pause = pace.after_answer(standing.poll_after)
            if counter.clock() > deadline:
                raise EngineFailed(
                    f"{purchase.engine} was not done with the job after"
                    f" {deadline - purchase.submitted:.0f} s. It may still charge the operator for it."
                )
            await counter.pause(purchase, pause)

    async def _failed(self, purchase: Purchase, standing: Standing) -> Purchase:
        note = standing.reason or f"The job failed at {purchase.engine}."
        outcome: Outcome = "declined" if standing.fault == "content" else "failed"
        return await self._counter.settle(purchase, outcome, charged_for_failure(purchase, standing), note)

    async def _fetch(self, purchase: Purchase, standing: Standing) -> Purchase:
        """Into our own storage before anything else: what a partner keeps expires."""
        counter, pace = self._counter, Pace()
        for attempt in range(1, _FETCH_TRIES + 1):
            folder = Path(self._job.folder) / f"fetched-{attempt}"
            await asyncio.to_thread(folder.mkdir)
            try:
                paths = [
                    folder / output.path for output in await self._partner.fetch(purchase.remote_id, folder)
                ]
                probes = [await asyncio.to_thread(probe, path) for path in paths]
                if not paths:
                    raise ResultLost(f"{purchase.engine} has no result.")
                return await self._keep(purchase, standing, paths, probes)
            except (PartnerAway, FetchFailed, MediaRefused, ResultLost) as error:
                lost = isinstance(error, ResultLost) and attempt >= _MISSING_TRIES
                if lost or attempt == _FETCH_TRIES:
                    note = f"{purchase.engine} did not hand over what it had made: {error.message}"
                    raise NotBought(
                        await counter.settle(purchase, "lost", purchase.estimate, note)
                    ) from error
                self._complain(error.message)
                hint = error.retry_after if isinstance(error, PartnerAway) else None
                await counter.sleep(pace.after_failure(hint))
            except AddressRefused as error:
                raise NotBought(
                    await counter.settle(purchase, "lost", purchase.estimate, error.message)
                ) from error
            except EngineRefused as error:
                raise NotBought(await counter.settle(purchase, "declined", None, error.message)) from error
        raise AssertionError("the last attempt returns or raises")

    async def _keep(
        self, purchase: Purchase, standing: Standing, paths: Sequence[Path], probes: Sequence[Probe]
    ) -> Purchase:
        counter = self._counter
        files: dict[File, Path] = {}
        for index, (path, media) in enumerate(zip(paths, probes, strict=True)):
            file = new_file(
                "fetched",
                project=self._task.project,
                task=self._task.id,
                name=f"{index}{path.suffix.lower()}",
                content_type=media.content_type,
                size=media.size,
                at=counter.clock(),
            )
            files[file] = path
        async with counter.shelf.holding(files):
            after = await counter.stored(
                lambda: counter.store.step_purchase(
                    purchase.id,
                    ("submitted",),
                    files=tuple(files),
                    state="fetched",
                    note=standing.reason,
                    preview=standing.preview,
                    estimate=charged_for(purchase, standing),
                )
            )
            if after is None:
                raise NotHeld
        return after

    async def _files(self, purchase: Purchase) -> tuple[Output, ...]:
        """What is kept of it, as files of this run."""
        folder = Path(self._job.folder) / "bought"
        await asyncio.to_thread(folder.mkdir)
        outputs = []
        for file in await self._counter.store.fetched(purchase.task):
            path = folder / file.name
            await self._counter.storage.fetch(file.key, path)
            outputs.append(Output(str(path)))
        return tuple(outputs)

    def _tell(self, standing: Standing) -> None:
        if standing.progress is None:
            return
        elapsed = self._counter.clock() - self._began
        done = max(0.0, min(100.0, standing.progress))
        self._hear(
            Progress(
                stage="Generate",
                step=round(done),
                total=100,
                unit="%",
                speed=done / elapsed if elapsed > 0 else 0.0,
                elapsed=elapsed,
                remaining=elapsed * (100 - done) / done if done > 0 else 0.0,
            )
        )

    def _complain(self, text: str) -> None:
        if text != self._complaint:
            self._complaint = text
            self._hear(Line("stderr", f"{self._engine.name}: {text}"))


def _ended(purchase: Purchase) -> NotBought | NotHeld:
    # If it has not, another process has placed it again meanwhile.
    return NotBought(purchase) if purchase.state == "settled" else NotHeld()


def charged_for(purchase: Purchase, standing: Standing) -> Decimal | None:
    """What a job that is done cost: what the partner says, else the estimate."""
    told = believed(standing.cost)
    return purchase.estimate if told is None else told


def charged_for_failure(purchase: Purchase, standing: Standing) -> Decimal | None:
    """What a job that failed cost, by what the partner says; None if nobody knows."""
    if standing.charged is False:
        return Decimal(0)
    return charged_for(purchase, standing) if standing.charged else believed(standing.cost)


def unknown(purchase: Purchase) -> str:
    """For the caller and the operator: what nobody can tell, and where to look."""
    return (
        f"The request to {purchase.engine} may have arrived, and {purchase.engine} cannot tell. It is not sent again,"
        " since it may have been paid. The operator can look for it in the partner's own records"
        f" (key {purchase.key}, around {_utc(purchase.placed)})."
    )


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
