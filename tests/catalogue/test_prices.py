from decimal import Decimal

import msgspec
import pytest

from understudy.catalogue import (
    Input,
    Model,
    Price,
    Usage,
    approximate_cost,
    cost,
    dynamic_price_json,
    estimate,
    exact_seconds,
    format_cost,
    load_catalogue,
)

USAGE = Usage(
    elapsed=Decimal("6.0000"), outputs=2, video_seconds=Decimal("8"), prompt_characters=100, pixels=1_048_577
)


def priced(*rules: Price) -> Model:
    prompt = Input(id="prompt", type="text", default="four")
    return Model(
        owner="a", slug="b", inputs=(prompt, Input(id="size", type="text", default="small")), prices=rules
    )


def bundled(owner: str, slug: str) -> Model:
    model = load_catalogue().find(owner, slug)
    assert model is not None
    return model


@pytest.mark.parametrize(
    ("method", "extra", "expected"),
    [
        ("cpr", None, "0.100000000000"),
        ("cps", None, "0.600000000000"),
        ("cpo", None, "0.200000000000"),
        ("cp-outputVideoLength", None, "0.800000000000"),
        ("cp-promptlength", None, "10.000000000000"),
        ("cp-pixel", None, "0.200000000000"),
        ("cp-pixel", "0.03", "0.130000000000"),
    ],
)
def test_every_method(method: str, extra: str | None, expected: str) -> None:
    rule = msgspec.convert({"method": method, "price": "0.1", "extra": extra}, Price)
    assert format_cost(cost(priced(rule), {}, USAGE)) == expected


@pytest.mark.parametrize(
    ("pixels", "expected"),
    [(0, "0"), (1, "0.1"), (1_048_576, "0.1"), (1_048_577, "0.13"), (4 * 1_048_576, "0.19")],
)
def test_pixels_are_charged_by_the_started_unit(pixels: int, expected: str) -> None:
    rule = Price(method="cp-pixel", price=Decimal("0.1"), extra=Decimal("0.03"))
    assert cost(priced(rule), {}, Usage(elapsed=Decimal(1), pixels=pixels)) == Decimal(expected)


def test_the_rule_that_names_most_inputs_wins_whatever_its_place() -> None:
    rules = (
        Price(method="cpr", price=Decimal(1)),
        Price(method="cpr", price=Decimal(2), inputs={"size": "large"}),
        Price(method="cpr", price=Decimal(3), inputs={"size": "large", "prompt": "x"}),
        Price(method="cpr", price=Decimal(4), inputs={"size": "large"}),
    )
    model = priced(*rules)
    assert cost(model, {"size": "large", "prompt": "x"}, USAGE) == 3
    assert cost(model, {"size": "large", "prompt": "y"}, USAGE) == 2
    assert cost(model, {"size": "huge"}, USAGE) == 1
    assert cost(priced(*reversed(rules)), {"size": "large", "prompt": "x"}, USAGE) == 3


def test_without_a_fitting_rule_the_work_is_paid_by_the_second() -> None:
    ovi = bundled("chetwinlow1", "ovi")
    assert format_cost(cost(ovi, {}, USAGE)) == "0.003510000000"


def test_money_is_exact_where_floats_are_not() -> None:
    rule = Price(method="cp-outputVideoLength", price=Decimal("0.1"))
    usage = Usage(elapsed=Decimal(1), video_seconds=exact_seconds(0.1 + 0.2))
    assert format_cost(cost(priced(rule), {}, usage)) == "0.030000000000"


def test_amounts_are_rounded_half_up_to_twelve_decimals_and_have_no_exponent() -> None:
    assert format_cost(Decimal("0.0000000000005")) == "0.000000000001"
    assert format_cost(Decimal("1E+3")) == "1000.000000000000"
    assert format_cost(Decimal("1E-20")) == "0.000000000000"


@pytest.mark.parametrize(
    ("address", "parameters", "expected"),
    [
        (("openai", "sora-2-pro"), {"seconds": "12", "resolution": "1080p"}, "8.40"),
        (("openai", "sora-2-pro"), {}, "1.20"),
        (("google", "veo3-1"), {}, "3.20"),
        (
            ("google", "veo3-1"),
            {"generateAudio": "false", "durationSeconds": "4", "resolution": "1080p"},
            "0.80",
        ),
    ],
)
def test_clips_with_a_length_to_choose_have_a_price_before_the_run(
    address: tuple[str, str], parameters: dict[str, str], expected: str
) -> None:
    assert estimate(bundled(*address), parameters) == Decimal(expected)


def test_other_estimates() -> None:
    assert estimate(bundled("chetwinlow1", "ovi"), {}) is None
    assert estimate(priced(Price(method="cpo", price=Decimal(1))), {}) is None
    assert estimate(priced(Price(method="cpr", price=Decimal(2))), {}) == 2
    assert estimate(priced(Price(method="cp-promptlength", price=Decimal("0.5"))), {}) == 2
    assert estimate(priced(Price(method="cp-outputVideoLength", price=Decimal(1))), {}) is None


def test_a_usual_run_costs_its_mean_work() -> None:
    assert format_cost(approximate_cost(bundled("chetwinlow1", "ovi"), 6.00004)) == "0.003510000000"


def test_rules_on_the_wire_are_a_json_array_in_a_string() -> None:
    rule = Price(method="cp-pixel", price=Decimal("0.30"), extra=Decimal("0.1"), inputs={"size": "large"})
    assert (
        dynamic_price_json(priced(rule))
        == '[{"inputs":{"size":"large"},"price":0.30,"priceMethod":"cp-pixel","priceExtra":0.1}]'
    )
    assert dynamic_price_json(priced()) == "[]"
