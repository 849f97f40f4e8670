import json
from typing import Any

from understudy.client.events import Event, LogLine, StatusChanged
from understudy.client.watching import SOCKET_ATTEMPTS, Watch


def message(kind: str, text: Any = None, **fields: Any) -> str:
    return json.dumps({"type": kind, "tasktoken": "t", "message": text, "result": True, **fields})


class Listener:
    """A watch, and what it passed on."""

    def __init__(self) -> None:
        self.watch = Watch("t")
        self.heard: list[Event] = []

    def hear(self, text: str) -> None:
        if event := self.watch.hear(text):
            self.heard.append(event)


def started() -> tuple[Watch, Listener, list[Event]]:
    listener = Listener()
    listener.watch.attempt()
    listener.watch.subscribe()
    listener.hear(message("task_start"))
    return listener.watch, listener, listener.heard


def test_statuses_are_told_once_and_the_last_ends_it() -> None:
    watch, listener, heard = started()
    listener.hear(message("task_start"))
    assert not watch.over
    listener.hear(message("task_postprocess_end", []))
    assert watch.over
    assert heard == [StatusChanged("task_start"), StatusChanged("task_postprocess_end")]


def test_a_replay_is_not_told_again_but_what_is_new_is() -> None:
    watch, listener, heard = started()
    for text in ("a", "b", "a"):
        listener.hear(message("task_output", text))
    watch.subscribe()
    for text in ("a", "b", "a", "a", "c"):
        listener.hear(message("task_output", text))
    assert [event.text for event in heard if isinstance(event, LogLine)] == ["a", "b", "a", "a", "c"]


def test_an_error_line_after_the_start_is_a_line_and_before_it_may_be_the_end() -> None:
    watch, listener, heard = started()
    listener.hear(message("task_error", "warning"))
    assert heard[-1] == LogLine("stderr", "warning")
    assert not watch.unclear

    for before in ([], ["task_queue"], ["task_queue", "task_assign"]):
        early = Watch("t")
        for status in before:
            early.hear(message(status))
        early.hear(message("task_error", "no engine"))
        assert early.unclear
        assert not early.over


def test_what_is_not_for_us_is_passed_over() -> None:
    watch, listener, heard = started()
    for text in (
        "no json",
        "[]",
        message("task_cancel", tasktoken="other"),
        message("task_output_full", {"raw": ""}),
    ):
        listener.hear(text)
    assert heard == [StatusChanged("task_start")]
    assert not watch.over


def test_an_error_of_the_socket_asks_for_the_task() -> None:
    watch, listener, _ = started()
    listener.hear(message("error", "There is no task yet.", result=False))
    assert watch.unclear


def test_sockets_that_tell_nothing_are_given_up() -> None:
    watch = Watch("t")
    for _ in range(SOCKET_ATTEMPTS):
        assert watch.wants_socket
        watch.attempt()
    assert not watch.wants_socket
    watch.miss()
    assert watch.wants_socket
