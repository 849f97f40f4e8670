"""The rules of paying once, as tables."""

from decimal import Decimal

import pytest

from understudy.tasks.purchases.pace import LONGEST, MOST_HINT, Pace
from understudy.tasks.purchases.verdicts import Failover, after_kill, failover_of, goes_on, killed
from understudy.tasks.records import Outcome, Purchase

FREE, PAID = Decimal(0), Decimal("1.2")


def purchase(outcome: Outcome = "", charged: Decimal | None = None, **fields: object) -> Purchase:
    state = "settled" if outcome else "intended"
    given = {"state": state, "outcome": outcome, "charged": charged, **fields}
    return Purchase(id=1, task=1, project=1, engine="partner", key="k", hook="h", placed=1.0, **given)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcome", "charged", "unpaid", "always"),
    [
        ("refused", FREE, True, True),
        ("declined", FREE, False, False),
        ("declined", None, False, False),
        ("failed", FREE, True, True),
        ("failed", PAID, False, True),
        ("failed", None, False, True),
        ("cancelled", FREE, True, True),
        ("lost", PAID, False, True),
        ("lost", FREE, False, True),
        ("unknown", None, False, True),
        ("abandoned", PAID, False, True),
    ],
)
def test_who_may_play_next(outcome: Outcome, charged: Decimal | None, unpaid: bool, always: bool) -> None:
    ended = purchase(outcome, charged)
    assert [goes_on(ended, policy) for policy in ("unpaid", "always", "never")] == [unpaid, always, False]


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ({}, "unpaid"),
        ({"*": "never"}, "never"),
        ({"*": "never", "google/veo3-1": "always"}, "always"),
        ({"Google/Veo3.1": "always"}, "always"),
        ({"openai/sora-2-pro": "always"}, "unpaid"),
    ],
)
def test_the_policy_of_a_model(policies: dict[str, Failover], expected: Failover) -> None:
    assert failover_of("google/veo3-1", policies) == expected


def test_a_kill_says_what_is_true_of_the_money() -> None:
    assert killed([], cancels=True) == ""
    assert killed([purchase("refused", FREE)], cancels=False) == ""
    assert "being looked up" in killed([purchase()], cancels=True)
    assert "is asked to cancel" in killed([purchase(state="submitted")], cancels=True)
    assert "cannot cancel it" in killed([purchase(state="submitted")], cancels=False)
    # What is here already cannot be cancelled by anybody.
    assert "cannot cancel it" in killed([purchase(state="fetched")], cancels=True)


@pytest.mark.parametrize("outcome", ["abandoned", "lost", "failed", "cancelled", "unknown"])
def test_nothing_is_called_free_that_may_cost(outcome: Outcome) -> None:
    for charged in (None, PAID):
        said = after_kill(purchase(outcome, charged, state="settled", submitted=2.0))
        assert "charges nothing" not in said
        assert "Nothing was charged" not in said


def test_pauses_obey_the_partner_and_grow_without() -> None:
    pace = Pace(jitter=lambda: 0.5)
    assert [pace.after_answer(hint) for hint in (2.0, 0.0, 1e9)] == [2.0, 0.2, MOST_HINT]
    pauses = [pace.after_answer(None) for _ in range(12)]
    assert pauses[0] == 1.0
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST
    failures = [pace.after_failure(None) for _ in range(10)]
    assert failures[:3] == [1.0, 2.0, 4.0]
    assert failures[-1] == MOST_HINT
    assert Pace(jitter=lambda: 0.5).after_failure(30.0) == 30.0
