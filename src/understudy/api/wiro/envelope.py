"""The envelope around every answer of this dialect."""

from typing import Any


def success(**payload: Any) -> dict[str, Any]:
    """`payload` at the top level, between `errors` and `result`, as the reference service orders them."""
    return {"errors": [], **payload, "result": True}


def counted(total: int, **payload: Any) -> dict[str, Any]:
    """The same for lists that say how many there are in all."""
    return {"total": str(total), "errors": [], **payload, "result": True}
