"""Programs that use the installation as well-made ones do: they insist, with the same Idempotency-Key, until answered."""

import asyncio
import io
import json
import random
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from tests.fire.site import ANIMATIC, BOUGHT, INSTANT, TROUBLE
from tests.server.caller import TERMINAL
from understudy.client.credentials import Credentials
from understudy.client.signing import signed_headers

PROMPTS = {
    "[say a][sleep 0.05]": 45,
    "[say b][sleep 0.5]": 12,
    "[say c][sleep 4]": 1,
    "[raise it broke]": 8,
    "[badinput no]": 3,
    "[garbage]": 2,
    "[exit 3]": 1,
    "[oom]": 1,
}
"""For the engine `trouble`, with how often each is asked for."""
SHARE_KILLED, SHARE_CANCELLED, SHARE_WATCHED, SHARE_UPLOADED = 0.07, 0.05, 0.1, 0.04
_RETRY_SECONDS = 0.3
_ANSWER_SECONDS = 10.0


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What all of them do together."""

    tasks: int
    seconds: float
    """Over which they submit them; what is not submitted by then is left out."""
    models: Mapping[str, int]
    """With how often each is asked for."""
    hooks: Sequence[str]
    """Where webhooks go."""


class Seen(msgspec.Struct, kw_only=True):
    """What they were told."""

    accepted: dict[str, str] = {}
    """Task ids by idempotency key."""
    contradictions: list[str] = []
    ends: dict[str, set[str]] = msgspec.field(default_factory=lambda: defaultdict(set))
    """The last statuses that sockets told, by task id."""
    attempts: int = 0
    """Requests, those that failed included."""


class Person:
    """One project's program."""

    def __init__(
        self,
        number: int,
        credentials: Credentials,
        urls: Sequence[str],
        plan: Plan,
        seen: Seen,
        seed: int,
        room: asyncio.Event,
    ) -> None:
        """`urls`: where it may ask. It submits while there is `room`."""
        self._room = room
        self._number = number
        self._credentials = credentials
        self._urls = list(urls)
        self._plan = plan
        self._seen = seen
        self._random = random.Random(seed)
        self._tokens: dict[str, str] = {}

    async def live(self, tasks: int) -> None:
        """Submit so many, and return when all that was begun has been answered."""
        limits = httpx.Limits(max_connections=16, max_keepalive_connections=4)
        async with httpx.AsyncClient(timeout=_ANSWER_SECONDS, trust_env=False, limits=limits) as self._http:
            began = time.monotonic()
            async with asyncio.TaskGroup() as self._beside:
                for count in range(tasks):
                    due = began + self._plan.seconds * (count + self._random.random()) / tasks
                    await asyncio.sleep(due - time.monotonic())
                    await self._room.wait()
                    if time.monotonic() > began + self._plan.seconds:
                        break
                    self._beside.create_task(self._one(count))

    async def _one(self, count: int) -> None:
        key = f"{self._number}-{count}"
        (model,) = self._random.choices(list(self._plan.models), list(self._plan.models.values()))
        what = self._random.choices(list(PROMPTS), list(PROMPTS.values()))[0] if model == TROUBLE else ""
        body = {"prompt": f"{what} {key} of {model}", "callbackUrl": self._random.choice(self._plan.hooks)}
        if self._random.random() < 0.2:
            del body["callbackUrl"]
        given: dict[str, Any] = {"json": body}
        if model in (TROUBLE, INSTANT) and self._random.random() < SHARE_UPLOADED:
            given = {"data": body, "files": {"inputImage": ("in.png", picture(), "image/png")}}
        answer = await self._insist(f"Run/{model}", {"idempotency-key": key}, **given)
        if not answer.get("result"):
            self._seen.contradictions.append(f"{key} was refused: {answer}")
            return
        id = str(answer["taskid"])
        if self._seen.accepted.setdefault(key, id) != id:
            self._seen.contradictions.append(f"{key} was answered with two tasks")
        self._tokens[id] = answer["socketaccesstoken"]
        await self._follow_up(id, model)

    async def _follow_up(self, id: str, model: str) -> None:
        chance = self._random.random()
        if chance < SHARE_WATCHED:
            self._beside.create_task(self._watch(id))
        chance = self._random.random()
        if chance < SHARE_KILLED:
            await asyncio.sleep(self._random.random() * 1.5)
            await self._insist("Task/Kill", {}, json={"taskid": id})
        elif chance < SHARE_KILLED + SHARE_CANCELLED:
            await self._insist("Task/Cancel", {}, json={"taskid": id})
        elif chance < 0.3:
            detail = await self._insist("Task/Detail", {}, json={"taskid": id})
            if not detail.get("result"):
                self._seen.contradictions.append(f"task {id} was accepted and is not known: {detail}")

    async def _insist(self, path: str, headers: dict[str, str], **given: Any) -> dict[str, Any]:
        while True:
            signed = headers | signed_headers(self._credentials, time.time())
            url = f"{self._random.choice(self._urls)}/v1/{path}"
            self._seen.attempts += 1
            try:
                answer = await self._http.post(url, headers=signed, **given)
                if answer.status_code < 429:
                    found: dict[str, Any] = answer.json()
                    return found
                if answer.status_code == 500:
                    self._seen.contradictions.append(f"{path}: {answer.text}")
            except httpx.HTTPError:
                pass
            await asyncio.sleep(_RETRY_SECONDS * (0.5 + self._random.random()))

    async def _watch(self, id: str) -> None:
        """To its end, on one socket after the other."""
        while True:
            try:
                url = self._random.choice(self._urls).replace("http", "ws", 1)
                async with connect(f"{url}/v1", proxy=None, open_timeout=_ANSWER_SECONDS) as socket:
                    await socket.send(json.dumps({"type": "task_info", "tasktoken": self._tokens[id]}))
                    if await self._heard_to_the_end(id, socket):
                        return
            except (OSError, TimeoutError, WebSocketException):
                await asyncio.sleep(_RETRY_SECONDS)

    async def _heard_to_the_end(self, id: str, socket: Any) -> bool:
        last = ""
        async for text in socket:
            message = json.loads(text)
            if not message["result"]:
                return False  # the store was away
            last = message["type"]
        # A printed line may have the type of an end, too; the server closes the socket after the end alone.
        if last in TERMINAL and socket.close_code == 1000:
            self._seen.ends[id].add(last)
            return True
        return False


def picture() -> bytes:
    """A small PNG."""
    from PIL import Image

    made = io.BytesIO()
    Image.new("RGB", (320, 180), (9, 90, 200)).save(made, "PNG")
    return made.getvalue()


async def crowd(
    credentials: Sequence[Credentials], urls: Sequence[str], plan: Plan, seed: int, room: asyncio.Event
) -> Seen:
    """All of them at work; what they were told."""
    seen = Seen()
    each, more = divmod(plan.tasks, len(credentials))
    await asyncio.gather(
        *(
            Person(number, keys, urls, plan, seen, seed + number, room).live(each + (number < more))
            for number, keys in enumerate(credentials)
        )
    )
    return seen


MODELS = {TROUBLE: 70, INSTANT: 15, BOUGHT: 15}
MODELS_IN_FULL = {TROUBLE: 60, INSTANT: 22, BOUGHT: 15, ANIMATIC: 3}
