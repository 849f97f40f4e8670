"""Finding a job again whose create request got no answer: by the server's list, as far as that can tell.

The protocol has no key of ours in a job. What repeats the request is compared; what the server does not show is not.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from understudy.engines.openai_videos.answers import as_decimal, remote_id

EARLIER: Final = 5.0
"""Seconds that a server's clock may be behind ours."""
SETTLED: Final = 15.0
"""Seconds after which a request that was on its way has arrived or never will."""

_PAGE: Final = 100
_MOST_PAGES: Final = 20

Page = Callable[[Mapping[str, str]], Awaitable[Mapping[str, Any] | None]]
"""`GET /videos` with a query; None if the answer is no object."""


async def jobs_since(page: Page, since: float) -> list[Mapping[str, Any]] | None:
    """The jobs that were made at or after `since` (Unix seconds), the newest first; None if the list cannot tell.

    A job without a time counts as new. Raises what `page` raises.
    """
    found: list[Mapping[str, Any]] = []
    seen: set[str] = set()
    after: str | None = None
    for _ in range(_MOST_PAGES):
        query = {"limit": str(_PAGE), "order": "desc", **({"after": after} if after else {})}
        body = await page(query)
        data = body.get("data") if body is not None else None
        if body is None or not isinstance(data, list) or not all(isinstance(job, dict) for job in data):
            return None
        new = [job for job in data if remote_id(job) not in seen]
        found += [job for job in new if _made(job) is None or (_made(job) or 0.0) >= since]
        seen |= {id for job in new if (id := remote_id(job)) is not None}
        # Some servers say has_more, others do not; some ignore the order, so one old job does not end the search.
        whole = body.get("has_more") is not True and len(data) < _PAGE
        if whole or (new and all((_made(job) or since) < since for job in new)):
            return found
        if not new:
            return None
        after = remote_id(new[-1])
        await asyncio.sleep(0)
    return None


def same(job: Mapping[str, Any], fields: Mapping[str, str], shows: tuple[str, ...]) -> bool:
    """Whether a job may come from a request: nothing that it shows says otherwise."""
    return all(_agree(name, job.get(name), fields.get(name)) for name in shows)


def foreign(job: Mapping[str, Any], fields: Mapping[str, str]) -> bool:
    """Whether a job certainly comes from another request: it shows a prompt of its own."""
    shown = job.get("prompt")
    if not isinstance(shown, str) or not shown.strip():
        return False
    ours, theirs = (" ".join(text.split()).casefold() for text in (fields["prompt"], shown))
    return not (ours.startswith(theirs.rstrip("….")) or theirs.startswith(ours))


def _agree(name: str, shown: object, asked: str | None) -> bool:
    if shown in (None, "") or asked is None:
        return True
    if name == "seconds":
        return as_decimal(shown) == as_decimal(asked)
    return isinstance(shown, str) and " ".join(shown.split()) == " ".join(asked.split())


def _made(job: Mapping[str, Any]) -> float | None:
    made = as_decimal(job.get("created_at"))
    return None if made is None else float(made)
