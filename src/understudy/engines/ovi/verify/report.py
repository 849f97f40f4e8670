"""Outcomes for people: a table that fits 100 columns, and what was wrong below it."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from understudy.engines.ovi.verify.case import Measure, Outcome, Verdict, worst

WIDTH: Final = 100
_STYLES: Final[dict[Verdict, str]] = {
    "ok": "green",
    "beyond": "bold red",
    "failed": "bold red",
    "skipped": "yellow",
}
_WORDS: Final[dict[Verdict, str]] = {
    "ok": "within tolerance",
    "beyond": "beyond tolerance",
    "failed": "failed",
    "skipped": "skipped",
}


def print_report(outcomes: Sequence[Outcome], seconds: float, console: Console) -> None:
    """For each case its largest error of each kind, beside the tolerance; then notes, then how many were well."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in ("Case", "Largest error of", "Measure"):
        table.add_column(column, overflow="fold")
    for column in ("Error", "Tolerance"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("")
    for outcome in outcomes:
        _add(table, outcome)
    console.print(table)
    for outcome in outcomes:
        for line in _notes(outcome):
            console.print(Text(line, _STYLES[outcome.verdict]))
    console.print(Text(summary(outcomes, seconds)))


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    """One line."""
    counts = Counter(outcome.verdict for outcome in outcomes)
    said = ", ".join(f"{counts[verdict]} {words}" for verdict, words in _WORDS.items() if counts[verdict])
    return f"{len(outcomes)} cases: {said}. {seconds:.1f} s."


def _add(table: Table, outcome: Outcome) -> None:
    rows = worst(outcome.measures)
    style = _STYLES[outcome.verdict]
    if outcome.verdict in ("failed", "skipped"):
        table.add_row(Text(outcome.case), "", "", "", "", Text(outcome.verdict, style))
        return
    for number, measure in enumerate(rows):
        table.add_row(
            Text(outcome.case if number == 0 else ""),
            Text(measure.what),
            measure.kind,
            Text(_error(measure), "" if measure.ok else style),
            "0" if measure.kind == "unequal" else f"{measure.tolerance:.1e}",
            Text("ok", _STYLES["ok"]) if measure.ok else Text("beyond", style),
        )


def _error(measure: Measure) -> str:
    return f"{measure.error:.0f} of {measure.of}" if measure.kind == "unequal" else f"{measure.error:.1e}"


def _notes(outcome: Outcome) -> list[str]:
    """Why it was not well, in full."""
    if outcome.verdict in ("failed", "skipped"):
        return [f"{outcome.case} {outcome.verdict}: {outcome.message}"]
    return [
        f"{outcome.case} beyond: {measure.what}, {measure.kind} {_error(measure)}"
        + (f" ({measure.note})" if measure.note else "")
        for measure in outcome.measures
        if not measure.ok
    ]
