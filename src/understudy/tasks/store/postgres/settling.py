"""How purchases end: a part of statements, for those that end alone and those that end with their task."""

from collections.abc import Sequence

from understudy.tasks.records import Settlement
from understudy.tasks.store.postgres.cells import Cells, prefixed, to_text
from understudy.tasks.store.rows import PURCHASE_FIELDS, to_pico

SETTLEMENT_TYPES = ["bigint", "bigint", "text", "bigint", "text", "double precision", "double precision"]


def settling(given: str) -> str:
    """Parts of a WITH that end the purchases in `given` (purchase, outcome, charged, note, at, placed): `settled` are those
    that were open. Each has its line in the operator's ledger, if it cost anything, and is counted.
    """
    # Column names are this program's own words; values are always bound.
    return f"""settled AS (
        UPDATE purchases
        SET state = 'settled', outcome = {given}.outcome, charged = {given}.charged, note = {given}.note, settled = {given}.at
        FROM {given}
        WHERE purchases.id = {given}.purchase AND purchases.state <> 'settled'
            AND ({given}.placed IS NULL OR (purchases.state = 'intended' AND purchases.placed IN (0, {given}.placed)))
        RETURNING {prefixed("purchases", PURCHASE_FIELDS)}
    ), accounted AS (
        INSERT INTO operator_ledger (purchase, task, project, engine, amount, note, at)
        SELECT id, task, project, engine, -charged, outcome, settled FROM settled WHERE charged <> 0
    ), counted AS (
        INSERT INTO purchase_counts AS kept (engine, outcome, n)
        SELECT engine, outcome, count(*) FROM settled GROUP BY engine, outcome ORDER BY engine, outcome
        ON CONFLICT (engine, outcome) DO UPDATE SET n = kept.n + excluded.n
    )"""  # noqa: S608


def settlement_cells(settlements: Sequence[tuple[int, Settlement]]) -> list[Cells]:
    """Arrays of `SETTLEMENT_TYPES`: the first is what each settlement is given with."""
    ends = [settlement for _, settlement in settlements]
    return [
        [given for given, _ in settlements],
        [end.purchase for end in ends],
        [end.outcome for end in ends],
        [None if end.charged is None else to_pico(end.charged) for end in ends],
        [to_text(end.note) for end in ends],
        [end.at for end in ends],
        [end.placed for end in ends],
    ]
