"""What partners are lent: downloads through the guard, for what they hand over as addresses."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from understudy.engines.partner import Tools
from understudy.files.address import AddressGuard
from understudy.files.outbound import Outbound
from understudy.files.sniff import EVERYTHING

MOST_BYTES = 2_000_000_000
"""Of one result: a minute of 4k at a rate that no partner uses."""
SECONDS = 900.0
"""For one result."""


def lender(allowed: Sequence[str], clock: Callable[[], float]) -> Callable[[Mapping[str, object]], Tools]:
    """Makes tools for partners, from their options.

    What a partner hands over comes from outside: private addresses are refused, but for those that the operator allows
    and the partner's own, which the operator has set.
    """

    def lend(options: Mapping[str, object]) -> Tools:
        outbound = Outbound(AddressGuard((*allowed, *_own(options.get("base_url")))))

        async def fetch(url: str, to: Path, headers: Mapping[str, str]) -> None:
            await outbound.get_to_file(
                url, to, max_bytes=MOST_BYTES, kinds=EVERYTHING, deadline=SECONDS, headers=headers
            )

        return Tools(fetch=fetch, clock=clock)

    return lend


def _own(base_url: object) -> tuple[str, ...]:
    try:
        parts = urlsplit(str(base_url or ""))
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    except (ValueError, KeyError):
        return ()
    if not parts.hostname:
        return ()
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return (f"{host}:{port}",)
