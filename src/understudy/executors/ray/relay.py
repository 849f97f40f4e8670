"""One turn on its way: to an actor, and what it brings back to the server."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import msgspec

from understudy.executors.protocol import Run, Stopped
from understudy.executors.ray.carrying import bring, fetch
from understudy.executors.ray.node_protocol import Batch, Finished, Lost, Made, Order, Passing, to_passing
from understudy.executors.ray.protocol import Fetch
from understudy.executors.ray.sight import shown, withdrawn

T = TypeVar("T")

packed = msgspec.msgpack.encode
_NOTHING = msgspec.Raw(packed(()))


class Relay:
    """Has one order carried out. If the node does not see the inputs of a Run, they are copied there."""

    def __init__(self, actor: Any, order: Order | Fetch, tell: Callable[[bytes], None]) -> None:
        """`tell` is given every `Batch`, packed; the last one has an end."""
        self.turn = order.turn
        self._actor = actor
        self._order = order
        self._tell = tell
        self._copying: asyncio.Task[Any] | None = None
        self._cancelled = False

    async def play(self) -> None:
        """Bring the turn to its end. Raises `RayError` if that cannot be."""
        try:
            if isinstance(self._order, Run):
                await self._play_job(self._order)
            elif isinstance(self._order, Fetch):
                self._go_on()
                await self._copied(fetch(self._actor, self._order.file, self._order.to))
                self._tell(packed(Batch(end=Finished(self.turn))))
            else:
                await self._pass_on(await self._played(b""))
        except _Stopped:
            self._tell(packed(Batch(end=Stopped(self.turn))))
        except OSError as error:
            self._tell(packed(Batch(end=self._uncopied(error))))

    def cancel(self) -> None:
        """Stop it: the actor ends what is being played, and copying just ends."""
        self._cancelled = True
        if self._copying is not None:
            self._copying.cancel()
        else:
            self._actor.cancel.remote(self.turn)

    async def _play_job(self, order: Run) -> None:
        sight = await asyncio.to_thread(shown, order.job)
        try:
            first = await self._played(packed(sight))
        except BaseException:
            withdrawn(sight)
            raise
        if not to_passing.decode(first).apart:
            await self._pass_on(first)
            return
        withdrawn(sight)
        last = await self._play_apart(order)
        if not isinstance(last.end, Made):
            # First this, so that nothing is taken away from the next job.
            await self._actor.clear.remote()
        self._tell(packed(last))

    async def _played(self, sight: bytes) -> bytes:
        # From the call on the actor knows the turn, and can cancel it.
        self._go_on()
        answer: bytes = await self._actor.play.remote(self.turn, packed(self._order), sight)
        return answer

    async def _play_apart(self, order: Run) -> Passing:
        """Tell all but the last batch, which is returned."""
        try:
            self._go_on()
            await self._copied(self._bring(order))
            self._go_on()
            return await self._pass_on(await self._actor.play_moved.remote(self.turn), but_the_last=True)
        except _Stopped:
            return Passing(events=_NOTHING, end=Stopped(self.turn))
        except OSError as error:
            return Passing(events=_NOTHING, end=self._uncopied(error))

    async def _bring(self, order: Run) -> None:
        paths = await self._actor.make_room.remote(packed(order))
        await bring(self._actor, order.job, paths)

    async def _pass_on(self, answer: bytes, but_the_last: bool = False) -> Passing:
        """Tell all that comes, up to the end; the last batch is returned."""
        while True:
            batch = to_passing.decode(answer)
            if batch.end is None or not but_the_last:
                self._tell(answer)
            if batch.end is not None:
                return batch
            answer = await self._actor.hear.remote(self.turn)

    async def _copied(self, work: Coroutine[Any, Any, T]) -> T:
        copying = self._copying = asyncio.create_task(work)
        try:
            await asyncio.wait({copying})
            if copying.cancelled():
                raise _Stopped
            copied: T = copying.result()
            return copied
        finally:
            copying.cancel()
            self._copying = None

    def _go_on(self) -> None:
        if self._cancelled:
            raise _Stopped

    def _uncopied(self, error: OSError) -> Lost:
        return Lost(self.turn, f"The files of the job could not be copied: {error}")


class _Stopped(Exception):
    """The turn was cancelled while nothing was being played."""
