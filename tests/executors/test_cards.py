"""The book, with holders that unload when the test says so."""

import asyncio
import random
from collections import Counter

import pytest

from understudy.executors.cards import Cards, Hold
from understudy.executors.need import Need


class Room:
    """A holder without a process."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.cards: Hold | None = None
        self.told = False
        self.before: Room | None = None

    def unload(self) -> None:
        self.told = True

    def take_over(self, other: "Room") -> None:
        self.before = other

    @property
    def names(self) -> tuple[str, ...]:
        return self.cards.names if self.cards else ()


class Table:
    """Cards 0, 1 and so on, and those who want them."""

    def __init__(self, number: int) -> None:
        self.tasks: list[asyncio.Task[None]] = []
        self.cards = Cards(lambda: [str(each) for each in range(number)])

    async def want(self, gpus: float = 1, kind: str = "", among: str = "") -> Room:
        """One who asks, of a kind of its own unless given; has got its cards already if they were free."""
        room = Room(kind or f"kind {len(self.tasks)}")
        names = tuple(among.split()) or self.cards.names
        need = Need(cards=max(1, int(gpus)), share=min(1, gpus), among=names)
        self.tasks.append(asyncio.create_task(self.cards.take(room, need)))
        await asyncio.sleep(0)
        return room

    async def cancel(self, number: int) -> None:
        self.tasks[number].cancel()
        with pytest.raises(asyncio.CancelledError):
            await self.tasks[number]


async def test_each_whole_card_has_one_holder() -> None:
    table = Table(2)
    first, second, third = [await table.want() for _ in range(3)]
    assert (first.names, second.names, third.names) == (("0",), ("1",), ())
    table.cards.give_back(first)
    assert third.names == ("0",)


async def test_several_cards_for_one_and_only_of_those_it_may_have() -> None:
    table = Table(4)
    assert (await table.want(2, among="3 1")).names == ("3", "1")
    assert (await table.want(2)).names == ("0", "2")


async def test_parts_fill_a_card_before_they_break_another() -> None:
    table = Table(2)
    rooms = [await table.want(0.4) for _ in range(3)]
    assert [room.names for room in rooms] == [("0",), ("0",), ("1",)]
    assert (await table.want(0.2)).names == ("0",)
    tenths = Table(1)
    assert [(await tenths.want(0.1)).names for _ in range(11)] == [("0",)] * 10 + [()]


async def test_first_come_first_served() -> None:
    table = Table(2)
    first, second = await table.want(among="0"), await table.want(among="1")
    both = await table.want(2)
    later = await table.want(1)
    table.cards.give_back(first)
    assert later.names == ()  # the one before could use it
    table.cards.give_back(second)
    assert both.names == ("0", "1")
    table.cards.give_back(both)
    assert later.names == ("0",)


async def test_who_wants_other_cards_need_not_wait() -> None:
    table = Table(2)
    await table.want(among="0")
    assert (await table.want(among="0")).names == ()
    assert (await table.want(among="1")).names == ("1",)


async def test_who_stops_waiting_lets_the_next_one_pass() -> None:
    table = Table(2)
    await table.want(among="0")
    await table.want(2)
    last = await table.want()
    assert last.names == ()
    await table.cancel(1)
    assert last.names == ("1",)


async def test_idle_replicas_make_room_the_one_used_longest_ago_first() -> None:
    table = Table(3)
    rooms = [await table.want() for _ in range(3)]
    for number in (2, 0, 1):
        table.cards.idle(rooms[number])
    assert not any(room.told for room in rooms)  # nobody needs one
    fourth = await table.want()
    assert [room.told for room in rooms] == [False, False, True]
    fifth = await table.want()
    assert [room.told for room in rooms] == [True, False, True]
    table.cards.give_back(rooms[2])
    table.cards.give_back(rooms[0])
    assert (fourth.names, fifth.names) == (("2",), ("0",))


async def test_no_more_make_room_than_are_needed() -> None:
    table = Table(2)
    halves = [await table.want(0.5) for _ in range(3)]
    for room in halves:
        table.cards.idle(room)
    await table.want(1)
    # Card 0 has two of them, card 1 one, and that one was used last.
    assert [room.told for room in halves] == [True, True, False]


async def test_busy_ones_are_left_alone_until_they_are_done() -> None:
    table = Table(1)
    first = await table.want()
    table.cards.idle(first)
    table.cards.busy(first)
    second = await table.want()
    assert not first.told
    table.cards.idle(first)
    assert first.told
    assert second.names == ()
    table.cards.give_back(first)
    assert second.names == ("0",)


async def test_who_leaves_by_itself_is_not_told_again() -> None:
    table = Table(1)
    first = await table.want()
    table.cards.idle(first)
    table.cards.leaving(first)
    second = await table.want()
    assert not first.told
    table.cards.give_back(first)
    assert second.names == ("0",)


async def test_an_idle_replica_of_the_same_kind_is_handed_on() -> None:
    table = Table(1)
    first = await table.want(kind="ovi")
    second = await table.want(kind="ovi")
    table.cards.idle(first)
    assert (second.before, second.names, first.names, first.told) == (first, ("0",), (), False)
    third = await table.want(kind="other")
    table.cards.idle(second)
    assert (second.told, third.before) == (True, None)


async def test_but_not_before_one_who_came_first() -> None:
    table = Table(1)
    first = await table.want(kind="ovi")
    other = await table.want(kind="other")
    mate = await table.want(kind="ovi")
    table.cards.idle(first)
    assert (first.told, mate.names) == (True, ())
    table.cards.give_back(first)
    assert (other.names, mate.names) == (("0",), ())


async def test_the_machine_is_asked_once() -> None:
    machine = iter([["0"]])
    cards = Cards(lambda: next(machine))
    assert (cards.names, cards.names) == (("0",), ("0",))


@pytest.mark.parametrize("seed", range(20))
async def test_nobody_gets_more_than_there_is_and_everybody_is_served(seed: int) -> None:
    """Many of several kinds come, work, idle and leave in any order."""
    chance = random.Random(seed)
    table = Table(4)
    sizes: dict[str, float] = {"a": 1, "b": 2, "c": 0.5, "d": 0.3, "e": 4}
    rooms: list[Room] = []
    for _ in range(60):
        kind = chance.choice("abcde")
        rooms.append(await table.want(sizes[kind], kind))
        while chance.random() < 0.6:
            working = [room for room in rooms if room.cards and room.cards.use == "busy"]
            leaving = [room for room in rooms if room.told and room.cards]
            for room in chance.sample(working, min(1, len(working))):
                table.cards.idle(room)
            for room in chance.sample(leaving, min(1, len(leaving))):
                table.cards.give_back(room)
            check_shares(rooms)
    for _ in range(500):
        for room in rooms:
            if room.cards and room.told:
                table.cards.give_back(room)
            elif room.cards and room.cards.use == "busy":
                table.cards.idle(room)
            check_shares(rooms)
    await asyncio.wait_for(asyncio.gather(*table.tasks), 1)


def check_shares(rooms: list[Room]) -> None:
    given: Counter[str] = Counter()
    for room in rooms:
        if room.cards:
            assert room.cards.holder is room
            for name in room.names:
                given[name] += room.cards.share  # type: ignore[assignment]
    assert all(share <= 1.000001 for share in given.values()), given
