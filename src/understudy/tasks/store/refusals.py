"""Why a store does not take a task: the rules and the words, the same for every store."""

from decimal import Decimal

from understudy.errors import ConcurrencyLimit, InsufficientBalance, InvalidInput

IDEMPOTENCY_SECONDS = 24 * 3600.0
"""For how long a key is remembered."""
UNLIMITED_ABOVE = Decimal(250)
"""A prepaid balance above which any number of tasks may run (the wire's rule)."""


def other_body() -> InvalidInput:
    """The key came back with another body."""
    return InvalidInput("Idempotency-Key was used with other parameters")


def tasks_at_once(balance: Decimal) -> int | None:
    """How many tasks a prepaid balance allows between queue and end; None is any number. Raises `InsufficientBalance`."""
    if balance <= 0:
        raise InsufficientBalance("Insufficient balance")
    if balance > UNLIMITED_ABOVE:
        return None
    return max(1, int(balance * Decimal("0.10")))


def too_many_at_once(balance: Decimal, allowed: int) -> ConcurrencyLimit:
    """In the wire's words."""
    return ConcurrencyLimit(
        "You have reached your concurrent task limit. With your current balance of "
        f"${balance:.2f}, you can run up to {allowed} tasks at the same time. Add funds to increase your limit."
    )


def queue_is_full(of: str, most: int) -> ConcurrencyLimit:
    """`of`: "project" or "model"."""
    return ConcurrencyLimit(
        f"The queue of this {of} is full: {most} of its tasks wait. Send this again when one of them has begun."
    )


def budget_is_spent(period: str, budget: Decimal) -> InsufficientBalance:
    """`period`: "hour" or "month"."""
    return InsufficientBalance(
        f"The project's budget of ${budget:.2f} for this {period} is spent. A new {period} begins by the clock of UTC."
    )
