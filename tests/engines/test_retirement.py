from datetime import date, timedelta

import pytest

from understudy.catalogue.manifest import Model
from understudy.engines.retirement import end_dates, endings, left, warnings
from understudy.errors import ConfigurationError

TODAY = date(2026, 11, 21)
SORA = Model(owner="openai", slug="sora-2-pro", ends=date(2026, 12, 1))
VEO = Model(owner="google", slug="veo3-1")


def after(days: int) -> date:
    return TODAY + timedelta(days=days)


@pytest.mark.parametrize(
    ("days", "due"), [(-4, True), (-1, True), (0, True), (1, True), (60, True), (61, False)]
)
def test_an_operator_is_warned_from_60_days_before_and_ever_after(days: int, due: bool) -> None:
    engines = {"azure": after(days)}
    assert [(each.name, each.days) for each in warnings(TODAY, engines, ())] == [("azure", days)] * due
    assert [each.days for each in endings(TODAY, engines, ())] == [days]


def test_models_and_engines_the_first_end_first() -> None:
    found = endings(TODAY, {"late": after(300), "past": after(-9)}, [SORA, VEO])
    assert [(each.what, each.name, each.days) for each in found] == [
        ("engine", "past", -9),
        ("model", "openai/sora-2-pro", 10),
        ("engine", "late", 300),
    ]
    assert warnings(TODAY, {"late": after(300), "past": after(-9)}, [SORA, VEO]) == found[:2]


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (
            12,
            (
                "This engine is retired on 2026-12-03, in 12 days. Put another engine into the cast of the models that it"
                " plays (understudy cast show MODEL)."
            ),
        ),
        (
            0,
            (
                "This engine is retired on 2026-11-21, today. Put another engine into the cast of the models that it"
                " plays (understudy cast show MODEL)."
            ),
        ),
        (
            -4,
            (
                "This engine was to be retired on 2026-11-17, 4 days ago. It is still tried. If it has been given more"
                " time, correct `ends`; if not, take it out of the cast."
            ),
        ),
    ],
)
def test_what_is_said_of_an_engine(days: int, sentence: str) -> None:
    (ending,) = warnings(TODAY, {"azure": after(days)}, ())
    assert ending.sentence == sentence


def test_what_is_said_of_a_model() -> None:
    (ending,) = warnings(TODAY, {}, [SORA])
    assert ending.sentence == (
        "This model is retired on 2026-12-01, in 10 days. Tell those who call it which model takes its place."
    )
    (ending,) = warnings(after(11), {}, [SORA])
    assert ending.sentence == (
        "This model was to be retired on 2026-12-01, 1 day ago. It is still served. If it has been given more time,"
        " correct `ends`; if not, set enabled = false in its manifest."
    )


def test_how_far_away() -> None:
    words = [left(after(days), TODAY) for days in (-2, -1, 0, 1, 2)]
    assert words == ["2 days ago", "1 day ago", "today", "in 1 day", "in 2 days"]


def test_end_dates_of_the_operators_options() -> None:
    assert end_dates({"azure": {"ends": "2026-11-17"}, "ovi": {"gpus": 1}}) == {"azure": date(2026, 11, 17)}
    with pytest.raises(
        ConfigurationError, match=r"^engine\.azure\.ends: must be a date, such as 2026-11-17$"
    ):
        end_dates({"azure": {"ends": "soon"}})
