import asyncio

from understudy.tasks.bus import Told
from understudy.tasks.events import ERROR, OUTPUT, Event, Events, Subscription

END = Event("task_postprocess_end", status=True)


def step(number: int) -> Event:
    return Event(OUTPUT, {"stepCurrent": str(number)})


def line(text: str) -> Event:
    return Event(OUTPUT, text)


async def all_of(subscription: Subscription) -> list[Event]:
    """What is waiting now, without waiting for more."""
    heard = []
    while True:
        try:
            heard.append(await asyncio.wait_for(subscription.next(), 0.01))
        except TimeoutError:
            return heard


async def test_everyone_who_watches_hears_everything_in_order() -> None:
    events = Events()
    early, twin, other = events.subscribe(1), events.subscribe(1), events.subscribe(2)
    told = [Event("task_start", status=True), line("a"), step(1), Event(ERROR, "oh"), step(2), END]
    for event in told:
        events.publish(1, event)
    assert await all_of(early) == await all_of(twin) == told
    assert await all_of(other) == []


async def test_next_waits_for_what_has_not_happened() -> None:
    events = Events()
    subscription = events.subscribe(1)
    waiting = asyncio.create_task(subscription.next())
    await asyncio.sleep(0)
    assert not waiting.done()
    events.publish(1, line("a"))
    assert await waiting == line("a")


async def test_late_watchers_get_the_lines_and_the_latest_step() -> None:
    events = Events()
    for event in (Event("task_start", status=True), line("a"), step(1), line("b"), step(2)):
        events.publish(1, event)
    late = events.subscribe(1)
    assert late.kept == [line("a"), line("b"), step(2)]
    assert await all_of(late) == []
    events.publish(1, line("c"))
    assert await all_of(late) == [line("c")]
    assert late.kept == [line("a"), line("b"), step(2)], "no event is told twice"


async def test_what_is_kept_is_bounded() -> None:
    events = Events(kept=10)
    for number in range(100):
        events.publish(1, line(str(number)))
        events.publish(1, step(number))
    assert events.subscribe(1).kept == [line(str(number)) for number in range(90, 100)] + [step(99)]


async def test_a_watcher_that_does_not_keep_up_loses_lines_but_no_status() -> None:
    events = Events(kept=10)
    slow = events.subscribe(1)
    for number in range(100):
        events.publish(1, line(str(number)))
    events.publish(1, END)
    assert await all_of(slow) == [*(line(str(number)) for number in range(10)), END]


async def test_what_a_watcher_knows_already_is_skipped() -> None:
    events = Events()
    subscription = events.subscribe(1)
    statuses = ["task_accept", "task_assign", "task_start", "task_output"]
    for status in statuses:
        events.publish(1, Event(status, status=True))
        events.publish(1, line(status))
    subscription.skip_to("task_start")
    assert await all_of(subscription) == [
        line("task_accept"),
        line("task_assign"),
        line("task_start"),
        Event("task_output", status=True),
        line("task_output"),
    ]


async def test_terminal_statuses_are_never_skipped_by_earlier_ones() -> None:
    for end in ("task_cancel", "task_error", "task_postprocess_end"):
        events = Events()
        subscription = events.subscribe(1)
        events.publish(1, Event(end, "why", status=True))
        subscription.skip_to("task_postprocess_start")
        assert await all_of(subscription) == [Event(end, "why", status=True)]


async def test_nothing_comes_after_the_end() -> None:
    ends = []
    events = Events(ended=ends.append)
    subscription = events.subscribe(1)
    for event in (END, line("too late"), Event("task_cancel", status=True)):
        events.publish(1, event)
    assert await all_of(subscription) == [END]
    assert ends == [1]


async def test_a_line_called_like_a_terminal_status_is_no_end() -> None:
    events = Events()
    subscription = events.subscribe(1)
    events.publish(1, Event(ERROR, "only a line"))
    events.publish(1, line("b"))
    assert [event.ends for event in await all_of(subscription)] == [False, False]
    assert Event("task_error", "why", status=True).ends


async def test_channels_close_a_while_after_the_end() -> None:
    events = Events(linger=0.02)
    events.publish(1, line("a"))
    events.publish(1, END)
    assert events.subscribe(1).kept == [line("a")]
    await asyncio.sleep(0.04)
    assert len(events) == 0


async def test_a_channel_that_nobody_used_goes_with_its_last_watcher() -> None:
    events = Events()
    first, second = events.subscribe(1), events.subscribe(1)
    events.publish(1, Event("task_accept", status=True))
    events.unsubscribe(1, first)
    assert len(events) == 1
    events.unsubscribe(1, second)
    events.unsubscribe(1, second)
    assert len(events) == 0
    watching = events.subscribe(1)
    events.publish(1, line("a"))
    events.unsubscribe(1, watching)
    assert len(events) == 1, "what is kept stays for those who come later"


async def test_what_a_watcher_has_read_already_is_not_told_again_later() -> None:
    events = Events()
    subscription = events.subscribe(1)
    subscription.skip_to("task_start")
    told = ["task_start", "task_output", "task_queue", "task_accept", "task_start"]
    for status in told:
        events.publish(1, Event(status, status=True))
    assert [event.type for event in await all_of(subscription)] == told[1:]


def status(type: str, message: str | None = None) -> Event:
    return Event(type, message, status=True)


async def test_what_the_store_says_twice_is_told_with_what_came_before_it() -> None:
    events = Events()
    watching = events.subscribe(1)
    events.hear(1, status("task_accept"))
    events.catch_up(1, status("task_start"))
    assert await all_of(watching) == [status("task_accept")]
    events.catch_up(1, status("task_start"))
    told = ["task_preprocess_start", "task_preprocess_end", "task_assign", "task_start"]
    assert [event.type for event in await all_of(watching)] == told
    assert events.watched() == [1]


async def test_an_end_is_caught_up_with_its_reason_and_only_once() -> None:
    ends: list[int] = []
    events = Events(ended=ends.append)
    watching = events.subscribe(1)
    for _ in range(4):
        events.catch_up(1, status("task_error", "No engine."))
    assert await all_of(watching) == [status("task_error", "No engine.")]
    assert ends == [1]
    assert events.watched() == []


async def test_two_different_answers_in_a_row_are_not_the_same_twice() -> None:
    events = Events()
    watching = events.subscribe(1)
    for type in ("task_accept", "task_start", "task_output", "task_end"):
        events.catch_up(1, status(type))
    assert await all_of(watching) == []


async def test_a_suspicion_that_was_cleared_up_does_not_count_later() -> None:
    events = Events()
    watching = events.subscribe(1)
    events.hear(1, status("task_start"))
    events.catch_up(1, status("task_assign"))  # an answer that was overtaken
    events.catch_up(1, status("task_start"))
    events.catch_up(1, status("task_assign"))  # and another one
    assert await all_of(watching) == [status("task_start")]


async def test_a_task_that_went_back_to_the_queue_without_a_word() -> None:
    events = Events()
    watching = events.subscribe(1)
    events.hear(1, status("task_output"))
    for _ in range(2):
        events.catch_up(1, status("task_queue"))
    assert [event.type for event in await all_of(watching)] == ["task_output", "task_queue"]


async def test_nobody_is_told_of_tasks_that_are_not_known_here() -> None:
    events = Events()
    events.catch_up(1, status("task_start"))
    events.catch_up(1, status("task_start"))
    assert len(events) == 0


async def test_what_is_heard_goes_no_further() -> None:
    told: list[int] = []
    events = Events(tell=lambda said: told.append(said.task))
    events.hear(1, line("a"))
    events.publish(2, line("b"))
    assert told == [2]


async def test_where_nobody_watches_only_ends_count() -> None:
    ended: list[int] = []
    told: list[Told] = []
    events = Events(kept=0, ended=ended.append, tell=told.append)
    for event in (Event("task_start", status=True), line("a"), END):
        events.publish(1, event)
    events.hear(2, END)
    assert ended == [1, 2]
    assert [each.type for each in told] == ["task_start", OUTPUT, END.type], "others may have watchers"
    assert len(events) == 0, "nothing is kept of tasks that run elsewhere"
