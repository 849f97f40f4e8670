"""The rules of paying once: what a purchase that has ended means for its task. Pure functions."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Literal

from understudy.engines.addresses import canonical
from understudy.tasks.records import Purchase

Failover = Literal["unpaid", "always", "never"]
"""When another engine of the cast may play a task after one of them has failed: if nothing has been paid, always, or never."""


MOST_DOLLARS = Decimal(1_000_000)
"""What a partner may say that one job costs: more is a mistake, or a lie that no ledger holds."""


def believed(cost: Decimal | None) -> Decimal | None:
    """What a partner says that a job cost, US dollars; None if it says nothing, or nothing that can be."""
    if cost is None or not cost.is_finite() or not 0 <= cost <= MOST_DOLLARS:
        return None
    return cost


def is_unpaid(purchase: Purchase) -> bool:
    """Whether it is certain that a settled purchase costs nothing."""
    return purchase.outcome in ("refused", "declined") or (
        purchase.outcome in ("failed", "cancelled") and purchase.charged == 0
    )


def goes_on(purchase: Purchase, failover: Failover) -> bool:
    """Whether the next engine may play the task of a purchase that did not deliver.

    What a partner's rules refuse is refused everywhere: taking the same prompt elsewhere is not ours to decide.
    """
    if failover == "never" or purchase.outcome == "declined":
        return False
    return failover == "always" or is_unpaid(purchase)


def failover_of(model: str, policies: Mapping[str, Failover]) -> Failover:
    """The operator's policy for a model, in any spelling of its address; "*" is for all others."""
    by_address = {canonical(address): policy for address, policy in policies.items()}
    return by_address.get(canonical(model), by_address.get("*", "unpaid"))


def killed(purchases: Sequence[Purchase], cancels: bool) -> str:
    """What is true of the money at the moment of a kill, for the caller; "" if nothing was being bought."""
    running = next((each for each in purchases if each.state != "settled"), None)
    if running is None:
        return ""
    if running.state == "intended":
        return f"Stopped while {running.engine} was being asked; whether it took the job is being looked up."
    if running.state == "submitted" and cancels:
        return f"Stopped; {running.engine}, which had taken the job, is asked to cancel it."
    return (
        f"Stopped; {running.engine} had taken the job and cannot cancel it: what it charges for it is the operator's"
        " to pay. Nothing is charged to the project."
    )


def after_kill(purchase: Purchase) -> str:
    """What came of the money after a kill, for the caller."""
    match purchase.outcome:
        case "refused" | "declined" if not purchase.remote_id:
            return f"Stopped; {purchase.engine} had not taken the job. Nothing was charged."
        case "cancelled" if purchase.charged == 0:
            return f"Stopped; {purchase.engine} cancelled the job and charges nothing for it."
        case "unknown":
            return f"Stopped; nobody can tell whether {purchase.engine} took the job. Nothing is charged to the project."
        case "failed" | "declined" if purchase.charged == 0:
            return f"Stopped; the job failed at {purchase.engine}, which charges nothing for it."
        case _:
            return (
                f"Stopped; {purchase.engine} had taken the job, and may charge the operator for it."
                " Nothing is charged to the project."
            )
