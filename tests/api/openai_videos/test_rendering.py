"""Names, sizes and events of tasks: tables."""

import msgspec
import pytest

from tests.api.served import NOW
from tests.tasks.examples import new_task
from understudy.api.openai_videos.naming import size_of, status_of, task_id, video_id
from understudy.api.openai_videos.rendering import event, video_object
from understudy.catalogue.checked import Value
from understudy.tasks.lifecycle import PATH, Status
from understudy.tasks.records import Task

TASK = msgspec.structs.replace(new_task(1).task, id=12, created=NOW)


@pytest.mark.parametrize("status", list(Status))
def test_every_status(status: Status) -> None:
    shown = status_of(msgspec.structs.replace(TASK, status=status.value, pexit="0"))
    expected = {Status.QUEUE: "queued", Status.CANCEL: "failed", Status.ERROR: "failed"}
    assert shown == expected.get(status, "completed" if status == PATH[-1] else "in_progress")


def test_a_run_that_ended_badly_failed() -> None:
    assert (
        status_of(msgspec.structs.replace(TASK, status=Status.POSTPROCESS_END.value, pexit="1")) == "failed"
    )


@pytest.mark.parametrize(
    ("model", "values", "pictures", "size"),
    [
        ("openai/sora-2-pro", {"resolution": "720p", "ratio": "16:9"}, False, "1280x720"),
        ("openai/sora-2-pro", {"resolution": "1080p", "ratio": "9:16"}, True, "1080x1920"),
        ("openai/sora-2-pro", {"resolution": "720p", "ratio": "auto"}, False, "1280x720"),
        ("openai/sora-2-pro", {"resolution": "720p", "ratio": "auto"}, True, None),
        ("google/veo3-1", {"resolution": "1080p", "aspectRatio": "16:9"}, False, "1920x1080"),
        ("chetwinlow1/ovi", {"resolution": "512x992"}, False, "992x512"),
        ("chetwinlow1/ovi", {"resolution": "default"}, False, None),
        ("somebody/else", {"size": "640x480"}, False, "640x480"),
        ("somebody/else", {"resolution": "480p", "ratio": "16:9"}, False, "854x480"),
        ("somebody/else", {}, False, None),
    ],
)
def test_sizes(model: str, values: dict[str, Value], pictures: bool, size: str | None) -> None:
    media = {"inputImage": ("https://a.test/b.png",)} if pictures else {}
    assert size_of(msgspec.structs.replace(TASK, model=model, values=values, media=media)) == size


def test_ids_go_back_and_forth() -> None:
    assert task_id(video_id(12)) == "12"


@pytest.mark.parametrize(
    ("changes", "kind", "at"),
    [
        (
            {"status": "task_postprocess_end", "pexit": "0", "postprocess_ended": NOW + 9},
            "completed",
            NOW + 9,
        ),
        ({"status": "task_postprocess_end", "pexit": "1", "postprocess_ended": NOW + 9}, "failed", NOW + 9),
        ({"status": "task_error", "ended": NOW + 2}, "failed", NOW + 2),
        ({"status": "task_cancel", "cancelled": NOW + 1}, "failed", NOW + 1),
    ],
)
def test_the_event_of_an_end(changes: dict[str, object], kind: str, at: float) -> None:
    task: Task = msgspec.structs.replace(TASK, **changes)
    assert event(task) == {
        "id": f"evt_{task.uuid}",
        "object": "event",
        "created_at": int(at),
        "type": f"video.{kind}",
        "data": {"id": "video_12"},
    }


def test_a_model_that_is_not_there_any_more_is_shown_by_its_address() -> None:
    assert video_object(TASK, None)["model"] == TASK.model
