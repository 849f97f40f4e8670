import asyncio

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
