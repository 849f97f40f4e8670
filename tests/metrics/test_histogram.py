from understudy.metrics.histogram import Histogram


def test_observations_fall_into_the_buckets_that_hold_them() -> None:
    histogram = Histogram((0.1, 1.0, 10.0))
    for seconds in (0.05, 0.1, 0.5, 10.0, 11.0):
        histogram.observe(seconds)
    assert list(histogram.buckets()) == [("0.1", 2), ("1", 3), ("10", 4), ("+Inf", 5)]
    assert (histogram.count, histogram.sum) == (5, 21.65)


def test_nothing_observed() -> None:
    histogram = Histogram((1.0,))
    assert list(histogram.buckets()) == [("1", 0), ("+Inf", 0)]
    assert (histogram.count, histogram.sum) == (0, 0.0)
