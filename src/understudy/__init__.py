"""Understudy: a self-hosted server for models that make video with sound.

`understudy.Client` and `understudy.AsyncClient` are `understudy.client`'s.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from understudy.client import AsyncClient, Client

__version__ = "0.1.0"
__all__ = ["AsyncClient", "Client", "__version__"]


def __getattr__(name: str) -> object:
    # Its libraries take a quarter of a second to import; most who import the package do not need them.
    if name in ("AsyncClient", "Client"):
        from understudy import client

        return getattr(client, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
