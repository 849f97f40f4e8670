from understudy.executors.timings import Timings, backoff


def test_backoff_doubles_up_to_its_bound() -> None:
    timings = Timings(backoff_first=0.5, backoff_most=3)
    assert [backoff(failures, timings) for failures in (0, 1, 2, 3, 4, 5, 10_000)] == [0, 0.5, 1, 2, 3, 3, 3]
