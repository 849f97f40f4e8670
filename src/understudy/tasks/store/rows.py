"""Rows to records and back, the same for every store. JSON in text columns, money in 1e-12 dollars, truth as 0 and 1."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import msgspec

from understudy.catalogue.checked import Source, Value
from understudy.tasks.records import (
    Delivery,
    File,
    LedgerLine,
    ModelStatistics,
    OperatorLine,
    Project,
    ProjectLimits,
    Purchase,
    Task,
)

PICO = Decimal("1e12")

TASK_FIELDS = Task.__struct_fields__
FILE_FIELDS = File.__struct_fields__
PROJECT_FIELDS = Project.__struct_fields__
DELIVERY_FIELDS = Delivery.__struct_fields__
PURCHASE_FIELDS = Purchase.__struct_fields__

_encode = msgspec.json.Encoder().encode
_decode: dict[str, msgspec.json.Decoder[Any]] = {
    "values": msgspec.json.Decoder(dict[str, Value]),
    "sources": msgspec.json.Decoder(dict[str, tuple[Source, ...]]),
    "media": msgspec.json.Decoder(dict[str, tuple[str, ...]]),
    "engine": msgspec.json.Decoder(dict[str, Any] | None),
    "allow": msgspec.json.Decoder(tuple[str, ...]),
    "limits": msgspec.json.Decoder(ProjectLimits),
}
_MONEY = frozenset({"balance", "estimate", "charged"})
CHANGED = frozenset({*_decode, *_MONEY, "enabled", "files_deleted"})
"""The fields whose columns hold them in another form."""
_JSON_AT = tuple(
    (TASK_FIELDS.index(name), _decode[name].decode) for name in ("values", "sources", "media", "engine")
)
_FILES_DELETED_AT = TASK_FIELDS.index("files_deleted")


def columns(fields: Iterable[str]) -> str:
    """For a SELECT or an INSERT: quoted, since `values` and `key` are words of SQL."""
    return ", ".join(f'"{name}"' for name in fields)


def to_column(name: str, value: Any) -> Any:
    """A field's value as its column holds it."""
    # An engine is a task's answer about who played it, and elsewhere just a name.
    if name in _decode and not isinstance(value, str):
        return _encode(value).decode()
    if name in _MONEY:
        return None if value is None else to_pico(value)
    return int(value) if isinstance(value, bool) else value


def to_pico(amount: Decimal) -> int:
    """US dollars in 1e-12 dollars."""
    return int((amount * PICO).to_integral_value())


def from_pico(amount: int) -> Decimal:
    """1e-12 dollars in US dollars."""
    return Decimal(amount) / PICO


def to_task(row: tuple[Any, ...]) -> Task:
    """From a row of `TASK_FIELDS`."""
    cells = list(row)
    for place, decode in _JSON_AT:
        cells[place] = decode(cells[place])
    cells[_FILES_DELETED_AT] = bool(cells[_FILES_DELETED_AT])
    return Task(**dict(zip(TASK_FIELDS, cells, strict=True)))


def to_project(row: tuple[Any, ...]) -> Project:
    """From a row of `PROJECT_FIELDS`."""
    cells = dict(zip(PROJECT_FIELDS, row, strict=True))
    for name in ("allow", "limits"):
        cells[name] = _decode[name].decode(cells[name])
    cells["balance"] = from_pico(cells["balance"])
    cells["enabled"] = bool(cells["enabled"])
    return Project(**cells)


def limits_of(written: str) -> ProjectLimits:
    """A project's limits, out of their column."""
    limits: ProjectLimits = _decode["limits"].decode(written)
    return limits


def to_file(row: tuple[Any, ...]) -> File:
    """From a row of `FILE_FIELDS`."""
    return File(**dict(zip(FILE_FIELDS, row, strict=True)))


def to_delivery(row: tuple[Any, ...]) -> Delivery:
    """From a row of `DELIVERY_FIELDS`."""
    return Delivery(**dict(zip(DELIVERY_FIELDS, row, strict=True)))


def to_purchase(row: tuple[Any, ...]) -> Purchase:
    """From a row of `PURCHASE_FIELDS`."""
    cells = dict(zip(PURCHASE_FIELDS, row, strict=True))
    for name in ("estimate", "charged"):
        cells[name] = None if cells[name] is None else from_pico(cells[name])
    cells["preview"] = bool(cells["preview"])
    return Purchase(**cells)


def to_operator_line(row: tuple[Any, ...]) -> OperatorLine:
    """From a row of the operator's ledger."""
    cells = dict(zip(OperatorLine.__struct_fields__, row, strict=True))
    return OperatorLine(**{**cells, "amount": from_pico(cells["amount"])})


def to_ledger_line(row: tuple[Any, ...]) -> LedgerLine:
    """From a row of the ledger."""
    id, project, task, amount, note, at = row
    return LedgerLine(id=id, project=project, task=task, amount=from_pico(amount), note=note, at=at)


def to_statistics(row: tuple[Any, ...]) -> ModelStatistics:
    """From a row of counts."""
    runs, successes, errors, last_run, elapsed = row
    return ModelStatistics(runs=runs, successes=successes, errors=errors, last_run=last_run, elapsed=elapsed)
