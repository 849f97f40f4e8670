"""What operators decide, and what they look at, the same for every store."""

from collections.abc import Sequence
from typing import Any

import msgspec

from understudy.tasks.lifecycle import Status
from understudy.tasks.operations.records import Decision, DecisionKind, Report, Sample, Spent
from understudy.tasks.records import LedgerLine, OperatorLine
from understudy.tasks.store.asks import Asks
from understudy.tasks.store.rows import columns, from_pico, to_operator_line

MOST_AHEAD = 10_000
"""So far the tasks ahead of another one are counted."""

_DECISION = columns(Decision.__struct_fields__)
_SAMPLE = columns(Sample.__struct_fields__)
_LINE = columns(LedgerLine.__struct_fields__)
_OPERATOR_LINE = columns(OperatorLine.__struct_fields__)
_encode = msgspec.json.Encoder().encode
_to_report = msgspec.json.Decoder(Report).decode

# Column names are this program's own words; values are always bound.
DECIDE = f"""
INSERT INTO decisions (kind, name, value, "by", at) VALUES ($1, $2, $3, $4, $5) RETURNING {_DECISION}
"""  # noqa: S608
DECISIONS = f"SELECT {_DECISION} FROM decisions WHERE id > $1 ORDER BY id"  # noqa: S608
REPORT = """
INSERT INTO reports (owner, at, content) VALUES ($1, $2, $3)
ON CONFLICT (owner) DO UPDATE SET at = excluded.at, content = excluded.content
"""
REPORTS = "SELECT content FROM reports WHERE at >= $1 ORDER BY owner"
WITHDRAW = "DELETE FROM reports WHERE owner = $1"
FORGET_REPORTS = "DELETE FROM reports WHERE at < $1"
ADD_SAMPLE = f"""
INSERT INTO samples ({_SAMPLE}) VALUES ({", ".join(f"${n + 1}" for n in range(len(Sample.__struct_fields__)))})
ON CONFLICT (at) DO NOTHING
"""  # noqa: S608
SAMPLES = f"SELECT {_SAMPLE} FROM samples WHERE at >= $1 ORDER BY at"  # noqa: S608
FORGET_SAMPLES = "DELETE FROM samples WHERE at < $1"
SPENT = "SELECT hour, sum(amount) FROM spent WHERE hour >= $1 GROUP BY hour ORDER BY hour"
_SPENT_BY = (
    "SELECT hour, sum(amount) FROM spent WHERE project = $2 AND hour >= $1 GROUP BY hour ORDER BY hour"
)
LINE_OF = f"SELECT {_LINE} FROM ledger WHERE task = $1 AND task <> 0"  # noqa: S608
LINES = f"SELECT {_LINE} FROM ledger WHERE project = $1 AND id < $2 ORDER BY id DESC LIMIT $3"  # noqa: S608
OPERATOR_LINES = f"SELECT {_OPERATOR_LINE} FROM operator_ledger WHERE task = $1 ORDER BY id"  # noqa: S608
# One that had its last attempt begins anew, and so do its hours; one that waits is due at once.
SEND_AGAIN = """
UPDATE webhooks SET
    due = $2, state = 'waiting',
    attempts = CASE WHEN state = 'waiting' THEN attempts ELSE 0 END,
    created = CASE WHEN state = 'waiting' THEN created ELSE $2 END
WHERE id = $1 RETURNING id
"""
AHEAD = f"""
SELECT count(*) FROM (
    SELECT 1 FROM tasks AS mine JOIN open_tasks AS other ON other.model = mine.model
    WHERE mine.id = $1 AND other.status = '{Status.QUEUE.value}'
    AND (other.priority > mine.priority OR other.priority = mine.priority AND other.id < mine.id)
    LIMIT {MOST_AHEAD}
) AS those
"""  # noqa: S608
_RUNNING = "SELECT model, sum(running) FROM tallies GROUP BY model HAVING sum(running) > 0"
_NEWEST = 2**62


class Operating:
    """Part of a store."""

    def __init__(self, asks: Asks) -> None:
        self._asks = asks

    async def decide(self, kind: DecisionKind, name: str, value: str, by: str, at: float) -> Decision:
        """Write a decision; see `Decision`."""
        (row,) = await self._asks.change(DECIDE, kind, name, value, by, at)
        return _decision(row)

    async def decisions(self, beyond: int = 0) -> list[Decision]:
        """All of them, the oldest first; those after the decision `beyond`."""
        return [_decision(row) for row in await self._asks.read(DECISIONS, beyond)]

    async def report(self, report: Report) -> None:
        """What a process says of itself, in place of what it said before."""
        await self._asks.change(REPORT, report.owner, report.at, _encode(report).decode())

    async def withdraw(self, owner: str) -> None:
        """A process that stops says nothing more."""
        await self._asks.change(WITHDRAW, owner)

    async def reports(self, since: float) -> list[Report]:
        """What processes have said since a time, by their names."""
        return [_to_report(content) for (content,) in await self._asks.read(REPORTS, since)]

    async def forget_reports(self, before: float) -> None:
        """Delete those of processes that are gone."""
        await self._asks.change(FORGET_REPORTS, before)

    async def add_sample(self, sample: Sample, *, forget_before: float) -> None:
        """A point of the charts; older ones than that time are deleted."""
        await self._asks.change(ADD_SAMPLE, *(getattr(sample, name) for name in Sample.__struct_fields__))
        await self._asks.change(FORGET_SAMPLES, forget_before)

    async def samples(self, since: float) -> list[Sample]:
        """The points since a time, the oldest first."""
        rows = await self._asks.read(SAMPLES, since)
        return [Sample(**dict(zip(Sample.__struct_fields__, row, strict=True))) for row in rows]

    async def spending(self, since_hour: int, project: int = 0) -> list[Spent]:
        """What the tasks of a project (0: of all) have cost by hours of the clock; hours without any are left out."""
        if project:
            rows = await self._asks.read(_SPENT_BY, since_hour, project)
        else:
            rows = await self._asks.read(SPENT, since_hour)
        return [Spent(hour=hour, amount=from_pico(int(amount))) for hour, amount in rows]

    async def line_of(self, task: int) -> LedgerLine | None:
        """What a task was charged; None if nothing was."""
        rows = await self._asks.read(LINE_OF, task)
        return _line(rows[0]) if rows else None

    async def lines(self, project: int, *, beyond: int = 0, limit: int = 50) -> list[LedgerLine]:
        """Movements of a project's money, the newest first; those older than the line `beyond` (0: from the newest on)."""
        return [_line(row) for row in await self._asks.read(LINES, project, beyond or _NEWEST, limit)]

    async def operator_lines(self, task: int) -> list[OperatorLine]:
        """What partners charged for a task, the oldest first."""
        return [to_operator_line(tuple(row)) for row in await self._asks.read(OPERATOR_LINES, task)]

    async def send_again(self, delivery: int, at: float) -> bool:
        """Make an attempt of a webhook due now, also of one that was delivered or given up; False if there is none."""
        return bool(await self._asks.change(SEND_AGAIN, delivery, at))

    async def running(self) -> dict[str, int]:
        """How many tasks run, by model; from the counts that are kept."""
        return {str(model): int(number) for model, number in await self._asks.read(_RUNNING)}

    async def ahead(self, task: int) -> int:
        """How many waiting tasks of the same model come before a waiting one, as if all were of one project.

        Counted up to `MOST_AHEAD`.
        """
        ((number,),) = await self._asks.read(AHEAD, task)
        return int(number)


def _decision(row: Sequence[Any]) -> Decision:
    return Decision(**dict(zip(Decision.__struct_fields__, row, strict=True)))


def _line(row: Sequence[Any]) -> LedgerLine:
    cells = dict(zip(LedgerLine.__struct_fields__, row, strict=True))
    return LedgerLine(**{**cells, "amount": from_pico(cells["amount"])})
