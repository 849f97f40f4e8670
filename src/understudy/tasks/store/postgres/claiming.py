"""Claiming: what waits is read, `fairness` decides, and one UPDATE takes what nobody else has taken meanwhile.

Whoever claims at the same time sees the same heads of the queue. So a claim names a few more tasks than it has places
for, passes over those that another one is just taking, and looks again if that left it too few. Only where a limit of
running tasks applies, claims take turns.
"""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from understudy.tasks import lifecycle
from understudy.tasks.fairness import Head, Waiting, next_tasks
from understudy.tasks.records import Room, RunningLimits, Task
from understudy.tasks.store.postgres.agreements import KEEPS
from understudy.tasks.store.postgres.cells import prefixed, to_task
from understudy.tasks.store.postgres.connections import Doubtful
from understudy.tasks.store.postgres.database import Database, now
from understudy.tasks.store.rows import TASK_FIELDS, limits_of

if TYPE_CHECKING:
    from asyncpg import Connection, Record

_MOST = 64
"""Tasks that are taken in one go."""
_SPARE = 8
"""Tasks that are named beyond the places."""
_IN_VAIN = 5
"""Looks that may bring nothing, since others are quicker, before a claim gives up for now."""

# A loose index scan: one step per model and project that wait, not per task.
WAITING = """
WITH RECURSIVE pairs (model, project) AS (
    SELECT wanted.model, (SELECT min(project) FROM tasks WHERE phase = 'queued' AND tasks.model = wanted.model)
    FROM unnest($1::text[]) AS wanted (model)
    UNION ALL
    SELECT model, (
        SELECT min(project) FROM tasks
        WHERE phase = 'queued' AND tasks.model = pairs.model AND tasks.project > pairs.project
    )
    FROM pairs WHERE project IS NOT NULL
)
SELECT pairs.model, pairs.project, projects.limits, heads.ids, heads.priorities, NULL::bigint AS running
FROM pairs JOIN projects ON projects.id = pairs.project CROSS JOIN LATERAL (
    SELECT array_agg(id) AS ids, array_agg(priority) AS priorities FROM (
        SELECT id, priority FROM tasks
        WHERE phase = 'queued' AND tasks.model = pairs.model AND tasks.project = pairs.project
        ORDER BY priority DESC, id LIMIT $2
    ) AS head
) AS heads
WHERE heads.ids IS NOT NULL
UNION ALL
SELECT model, project, NULL, NULL, NULL, sum(running)::bigint
FROM tallies GROUP BY model, project HAVING sum(running) > 0
"""
CLAIM = f"""
WITH named AS (
    SELECT tasks.id, wanted.room, wanted.place
    FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS wanted (id, room, place)
    JOIN tasks ON tasks.id = wanted.id
    WHERE tasks.phase = 'queued'
    ORDER BY wanted.place
    FOR UPDATE OF tasks SKIP LOCKED
), chosen AS (
    SELECT id, row_number() OVER (PARTITION BY room ORDER BY place) AS number, room FROM named
)
UPDATE tasks SET
    status = $4, accepted = $5, attempts = attempts + 1, lease_owner = $6,
    lease_until = {now(7)} + $8::double precision
FROM chosen
WHERE tasks.id = chosen.id AND tasks.phase = 'queued' AND chosen.number <= ($3::bigint[])[chosen.room]
RETURNING {prefixed("tasks", TASK_FIELDS)}
"""  # noqa: S608
TURN = "BEGIN; SELECT pg_advisory_xact_lock(hashtextextended('understudy claim ' || current_schema(), 0))"
HELD_SINCE = f"""
SELECT {prefixed("tasks", TASK_FIELDS)} FROM tasks
WHERE lease_owner = $1 AND lease_owner <> '' AND status = 'task_accept' AND accepted = $2 AND id <> ALL ($3::bigint[])
"""  # noqa: S608
# One row is written, however many tasks are held.
RENEW = f"""
WITH renewed AS (
    INSERT INTO leases (what, owner, until) VALUES ('{KEEPS} ' || $1::text, $1, {now(2)} + $3::double precision)
    ON CONFLICT (what) DO UPDATE SET until = excluded.until
)
SELECT id FROM tasks WHERE lease_owner = $1 AND lease_owner <> ''
"""  # noqa: S608


class Claims:
    """The part of the store that gives tasks to those who run them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._took_turns = False

    async def claim(
        self, owner: str, rooms: Sequence[Room], limits: RunningLimits, *, at: float, until: float
    ) -> list[Task]:
        """See `Store`."""
        return await self._database.carry_out(self._claim(owner, rooms, limits, at, until))

    async def renew(self, owner: str, *, at: float, until: float) -> set[int]:
        """See `Store`."""
        rows = await self._database.fetch(RENEW, owner, self._database.at(at), until - at)
        return {id for (id,) in rows}

    async def _claim(
        self, owner: str, rooms: Sequence[Room], limits: RunningLimits, at: float, until: float
    ) -> list[Task]:
        claimed: list[Task] = []
        in_vain = 0
        while in_vain < _IN_VAIN and (free := _free(rooms, claimed)):
            look = _Look(free, limits)
            taken = await self._take(look, owner, at, until, claimed)
            claimed += taken
            if len(taken) == look.ideal and not look.has_more_for(_free(rooms, claimed)):
                break
            in_vain = 0 if taken else in_vain + 1
        return claimed

    async def _take(
        self, look: "_Look", owner: str, at: float, until: float, before: list[Task]
    ) -> list[Task]:
        rows: list[Record]
        try:
            async with self._database.connections.one() as connection:
                # Whether a project has a limit of its own shows when its tasks are seen; mostly it is as last time.
                if not (look.takes_turns or self._took_turns):
                    look.see(await connection.fetch(WAITING, *look.wanted))
                if look.takes_turns or self._took_turns:
                    rows = await self._in_turn(connection, look, owner, at, until)
                else:
                    rows = await self._named(connection, look, owner, at, until)
                self._took_turns = look.takes_turns
        except Doubtful as doubt:
            rows = await self._database.decided(lambda: self._held_since(owner, at, before), doubt)
        order = {id: place for place, id in enumerate(look.named)}
        return sorted(map(to_task, rows), key=lambda task: order[task.id])

    async def _in_turn(
        self, connection: "Connection[Record]", look: "_Look", owner: str, at: float, until: float
    ) -> "list[Record]":
        try:
            await connection.execute(TURN)
            look.see(await connection.fetch(WAITING, *look.wanted))
            rows = await self._named(connection, look, owner, at, until)
        except BaseException:
            if not connection.is_closed():
                await connection.execute("ROLLBACK")
            raise
        await connection.execute("COMMIT")
        return rows

    async def _named(
        self, connection: "Connection[Record]", look: "_Look", owner: str, at: float, until: float
    ) -> "list[Record]":
        if not look.named:
            return []
        fields = lifecycle.claim(owner, until, at, 0)
        rows: list[Record] = await connection.fetch(
            CLAIM,
            look.named,
            look.rooms_of_named,
            [room.places for room in look.rooms],
            fields["status"],
            fields["accepted"],
            owner,
            self._database.at(at),
            until - at,
        )
        return rows

    async def _held_since(self, owner: str, at: float, before: list[Task]) -> "list[Record]":
        return await self._database.connections.fetch(HELD_SINCE, owner, at, [task.id for task in before])


class _Look:
    """What waits, as one look at it found it, and what is to be taken of it."""

    def __init__(self, rooms: Sequence[Room], limits: RunningLimits) -> None:
        self.rooms = rooms
        self.named: list[int] = []
        self.rooms_of_named: list[int] = []
        self.ideal = 0
        """How many of them are to be taken."""
        self._cut_off: set[str] = set()
        """The models of which more waited than was looked at."""
        self.takes_turns = bool(
            limits.of_project or any(limits.of_model.get(model) for room in rooms for model in room.models)
        )
        self._limits = limits
        self._depth = max(room.places for room in rooms) + _SPARE

    @property
    def wanted(self) -> tuple[list[str], int]:
        """The parameters of `WAITING`."""
        return [model for room in self.rooms for model in room.models], self._depth

    def has_more_for(self, rooms: Sequence[Room]) -> bool:
        """Whether more may wait for them than was looked at."""
        return any(model in self._cut_off for room in rooms for model in room.models)

    def see(self, rows: "list[Record]") -> None:
        """Decide by what `WAITING` has returned."""
        of_project: Counter[int] = Counter()
        of_model: Counter[str] = Counter()
        waiting: list[Waiting] = []
        model_of: dict[int, str] = {}
        self._cut_off = set()
        for model, project, limits, ids, priorities, running in rows:
            if ids is None:
                of_project[project] += running
                of_model[model] += running
                continue
            heads = tuple(Head(id, priority) for id, priority in zip(ids, priorities, strict=True))
            limit = limits_of(limits).running
            waiting.append(Waiting(project=project, model=model, limit=limit, heads=heads))
            model_of.update(dict.fromkeys(ids, model))
            if len(ids) == self._depth:
                self._cut_off.add(model)
        limited = self._limits
        self.takes_turns = self.takes_turns or any(each.limit for each in waiting)
        # In its turn nobody else claims: what is named is there.
        spare = 0 if self.takes_turns else _SPARE
        self.named = next_tasks(
            waiting,
            [replace(room, places=room.places + spare) for room in self.rooms],
            limited,
            running_of_project=of_project,
            running_of_model=of_model,
        )
        self.rooms_of_named = [1 + _room_of(self.rooms, model_of[id]) for id in self.named]
        self.ideal = sum(
            min(room.places, self.rooms_of_named.count(number)) for number, room in enumerate(self.rooms, 1)
        )


def _free(rooms: Sequence[Room], claimed: list[Task]) -> list[Room]:
    """The rooms that have places left, with as many as are filled in one go."""
    used = Counter(_room_of(rooms, task.model) for task in claimed)
    return [
        replace(room, places=min(room.places - used[number], _MOST))
        for number, room in enumerate(rooms)
        if room.places > used[number]
    ]


def _room_of(rooms: Sequence[Room], model: str) -> int:
    return next(number for number, room in enumerate(rooms) if model in room.models)
