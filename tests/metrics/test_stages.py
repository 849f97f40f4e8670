from tests.tasks.examples import new_task
from understudy.metrics.stages import stages


def test_clocks_that_differ_make_no_stage_negative() -> None:
    task = new_task(1, created=20.0, accepted=19.5, postprocess_ended=25.0).task
    assert dict(stages(task)) == {"queue": 0.0, "total": 5.0}
