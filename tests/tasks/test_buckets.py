import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.tasks.buckets import Bucket, Valve, drawn

RATE, BURST = 2.0, 5.0


def draw(bucket: Bucket | None, wanted: float, at: float) -> tuple[float, Bucket]:
    return drawn(bucket, wanted, rate=RATE, burst=BURST, at=at)


def test_a_new_bucket_is_full_and_fills_at_its_rate() -> None:
    taken, bucket = draw(None, 7.0, 100.0)
    assert taken == 5.0
    assert draw(bucket, 1.0, 100.0)[0] == 0.0
    assert draw(bucket, 10.0, 101.5)[0] == 3.0
    assert draw(bucket, 10.0, 10_000.0)[0] == 5.0, "no more than the burst, however long the pause"


def test_less_than_there_is_leaves_the_rest() -> None:
    taken, bucket = draw(None, 1.5, 100.0)
    assert (taken, bucket.tokens) == (1.5, 3.5)


def test_a_lower_burst_holds_at_once() -> None:
    _, bucket = draw(None, 0.0, 100.0)
    assert drawn(bucket, 9.0, rate=RATE, burst=2.0, at=100.0)[0] == 2.0


def test_a_clock_that_was_set_back_fills_nothing_and_stops_nobody_for_long() -> None:
    _, bucket = draw(None, 5.0, 10_000.0)
    taken, bucket = draw(bucket, 1.0, 6_400.0)
    assert taken == 0.0
    assert draw(bucket, 10.0, 6_400.5)[0] == 0.0
    assert draw(bucket, 10.0, 6_402.0)[0] == pytest.approx(2.0)


def test_clocks_that_are_a_little_apart_fill_nothing_twice() -> None:
    _, bucket = draw(None, 5.0, 100.0)
    got = 0.0
    for step in range(100):
        for late in (0.0, 0.3, 0.1):
            taken, bucket = draw(bucket, 1.0, 100.0 + step * 0.1 - late)
            got += taken
    assert got <= 9.9 * RATE + 1e-9


@given(
    st.lists(st.tuples(st.floats(0, 3), st.floats(0, 6)), max_size=60),
    st.floats(0.1, 10),
    st.integers(1, 10),
)
def test_no_more_than_the_burst_and_the_rate(
    asked: list[tuple[float, float]], rate: float, burst: int
) -> None:
    at, total, bucket = 0.0, 0.0, None
    for pause, wanted in asked:
        at += pause
        taken, bucket = drawn(bucket, wanted, rate=rate, burst=float(burst), at=at)
        assert 0.0 <= taken <= wanted
        total += taken
    began = asked[0][0] if asked else 0.0
    assert total <= burst + rate * (at - began) + 1e-6


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 6)), max_size=60))
def test_whatever_the_clock_does_there_are_never_more_tokens_than_fit(
    asked: list[tuple[float, float]],
) -> None:
    bucket = None
    for at, wanted in asked:
        taken, bucket = draw(bucket, wanted, at)
        assert 0.0 <= taken <= BURST
        assert 0.0 <= bucket.tokens <= BURST


def test_a_valve() -> None:
    now = 0.0
    valve = Valve(3, lambda: now)
    assert [valve.opens() for _ in range(5)] == [True, True, True, False, False]
    now = 0.5
    assert [valve.opens() for _ in range(3)] == [True, False, False]
