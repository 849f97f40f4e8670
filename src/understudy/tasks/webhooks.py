"""Webhooks: from the outbox to the address that the caller gave, at least once, for up to 24 hours.

Signed as Standard Webhooks says (standardwebhooks.com): HMAC-SHA256 of `id.timestamp.body`, base64, prefixed `v1,`.
"""

import asyncio
import base64
import hmac
import logging
import random
from collections import Counter
from collections.abc import Awaitable, Callable

from msgspec.structs import replace

from understudy.errors import AddressRefused, FetchFailed, StoreUnavailable
from understudy.files.outbound import Outbound
from understudy.log import add_to_context, log_context
from understudy.tasks.about import log_fields, span_attributes
from understudy.tasks.outage import Outage
from understudy.tasks.records import Delivery, Task
from understudy.tasks.store.store import Store
from understudy.tracing.tracer import NO_TRACER, Tracer

log = logging.getLogger(__name__)

Render = Callable[[Task], Awaitable[bytes]]
"""The body of a task's webhook."""

FIRST_PAUSE = 5.0
LONGEST_PAUSE = 3600.0
AT_ONCE = 512
"""Attempts under way at the same time."""
TO_ONE_RECEIVER = 8
"""About so many of them to the same host: one that does not answer holds its own places, nobody else's."""
REST_SECONDS = 0.5
"""For so long a failed attempt keeps its place: who refuses at once is not asked as quickly as the processor can."""
LOOK_SECONDS = 0.1
"""Between two looks while there is nothing to send: the end of every task wakes this, and few tasks have a webhook."""
_MARGIN_SECONDS = 15.0
"""Beside the time-out of an attempt: until then no other process makes it."""
_UNTOLD_SECONDS = 1.0
"""Where other processes end tasks: how often it is looked without being woken. Who ended one may have died before it told."""


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The `webhook-signature` header; `secret` is `whsec_` and base64."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def pause_after(attempts: int, jitter: Callable[[], float] = random.random) -> float:
    """Seconds until the next attempt: exponential from 5 s up to an hour, a quarter of it left to chance."""
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempts - 1)) * (0.75 + 0.25 * jitter())


class Webhooks:
    """Delivers what is due; sleeps until something is."""

    def __init__(
        self,
        *,
        store: Store,
        outbound: Outbound,
        render: Render,
        secret_of: Callable[[int], Awaitable[str]],
        clock: Callable[[], float],
        hours: float = 24.0,
        timeout: float = 15.0,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        """`render` makes the body, `secret_of` gives a project's webhook secret, `hours`: when to give up."""
        self._tracer = tracer
        self._store = store
        self._outbound = outbound
        self._render = render
        self._secret_of = secret_of
        self._clock = clock
        self._hours = hours
        self._timeout = timeout
        self._woken = asyncio.Event()
        self._under_way: set[int] = set()
        self._receivers: Counter[str] = Counter()
        self._rests_until = 0.0
        self._outage = Outage("webhooks wait")
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin; what is left from earlier is delivered first."""
        self._loop = asyncio.create_task(self._deliver_due())

    def wake(self) -> None:
        """There may be a new delivery."""
        self._woken.set()

    async def stop(self) -> None:
        """Deliveries under way are broken off; they are made again after the next start."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)

    async def _deliver_due(self) -> None:
        try:
            async with asyncio.TaskGroup() as attempts:
                while True:
                    self._woken.clear()
                    await self._sleep_until(await self._begin_what_is_due(attempts))
        finally:
            self._under_way.clear()
            self._receivers.clear()

    async def _begin_what_is_due(self, attempts: asyncio.TaskGroup) -> float | None:
        """Begin every attempt that is due, as far as there is room; returns when to look again."""
        with self._outage.borne():
            return await self._begin_due(attempts)
        return self._clock() + 1.0

    async def _begin_due(self, attempts: asyncio.TaskGroup) -> float | None:
        now = self._clock()
        if not self._under_way:
            first = await self._store.next_delivery()
            if first is None or first > now:
                self._rests_until = asyncio.get_running_loop().time() + LOOK_SECONDS
                return first
        while len(self._under_way) < AT_ONCE:
            full = [host for host, number in self._receivers.items() if number >= TO_ONE_RECEIVER]
            # Where deliveries are not taken, those under way are still due: so many more, and none is missed.
            limit = TO_ONE_RECEIVER + (0 if self._store.shared else len(self._under_way))
            until = now + self._timeout + _MARGIN_SECONDS
            due = await self._store.claim_deliveries(now, until, limit, but_not=full)
            fresh = [each for each in due if each.id not in self._under_way]
            if not fresh:
                break
            for delivery in fresh:
                self._under_way.add(delivery.id)
                self._receivers[delivery.receiver] += 1
                attempts.create_task(self._attempt(delivery))
        return await self._store.next_delivery(after=now if self._under_way else 0.0)

    async def _sleep_until(self, due: float | None) -> None:
        pause = None if due is None else max(0.05, due - self._clock())
        if self._store.shared:
            pause = _UNTOLD_SECONDS if pause is None else min(pause, _UNTOLD_SECONDS)
        try:
            # Not wait_for, which in Python 3.11 can lose a cancellation that comes with the event.
            async with asyncio.timeout(pause):
                await self._woken.wait()
        except TimeoutError:
            return
        await asyncio.sleep(self._rests_until - asyncio.get_running_loop().time())

    async def _attempt(self, delivery: Delivery) -> None:
        with log_context(task=str(delivery.task), project=str(delivery.project)):
            await self._make(delivery)

    async def _make(self, delivery: Delivery) -> None:
        try:
            status, error = await self._outcome(delivery)
            after = self._after(delivery, status, error)
            await self._store.settle_delivery(after)
            if after.state != "delivered":
                await asyncio.sleep(REST_SECONDS)
        except StoreUnavailable as failure:
            log.warning(
                "webhook %s is sent again later: %s", delivery.message_id, failure.__cause__ or failure
            )
            await asyncio.sleep(1.0)
        except Exception:
            # Of all attempts: what one of them raises would end the others, too.
            log.exception("webhook %s is sent again later", delivery.message_id)
            await asyncio.sleep(1.0)
        finally:
            self._under_way.discard(delivery.id)
            self._receivers -= Counter([delivery.receiver])
            self._woken.set()

    async def _outcome(self, delivery: Delivery) -> tuple[int, str]:
        try:
            return await self._post(delivery), ""
        except (AddressRefused, FetchFailed) as failure:
            return 0, failure.message
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("webhook %s could not be made", delivery.message_id)
            return 0, "The server could not make this webhook; its log has the details."

    async def _post(self, delivery: Delivery) -> int:
        task = await self._store.task(delivery.task)
        if task is None:
            raise FetchFailed("The task is gone.")
        add_to_context(**log_fields(task))
        about = span_attributes(task) | {"server.address": delivery.receiver}
        with self._tracer.span("webhook", about, kind="client", parent=task.trace) as span:
            status = await self._send(delivery, task)
            span.set({"http.response.status_code": status})
        return status

    async def _send(self, delivery: Delivery, task: Task) -> int:
        body = await self._render(task)
        timestamp = int(self._clock())
        secret = await self._secret_of(delivery.project)
        answer = await self._outbound.post(
            delivery.url,
            body,
            {
                "content-type": "application/json",
                "webhook-id": delivery.message_id,
                "webhook-timestamp": str(timestamp),
                "webhook-signature": sign(secret, delivery.message_id, timestamp, body),
            },
            deadline=self._timeout,
        )
        return answer.status

    def _after(self, delivery: Delivery, status: int, error: str) -> Delivery:
        attempts = delivery.attempts + 1
        tried = replace(delivery, attempts=attempts, status=status, error=error)
        if 200 <= status < 300:
            return replace(tried, state="delivered")
        due = self._clock() + pause_after(attempts)
        if due > delivery.created + self._hours * 3600:
            log.warning("webhook %s was not taken for %g hours; given up", delivery.message_id, self._hours)
            return replace(tried, state="given-up")
        return replace(tried, due=due)
