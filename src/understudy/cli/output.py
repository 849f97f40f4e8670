"""How commands speak: results on stdout, everything else on stderr; tables by Rich, JSON by msgspec."""

import sys
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

import msgspec


def print_json(value: Any, *, lines: bool = False) -> None:
    """One JSON document on stdout: indented, or with `lines` on one line."""
    text = msgspec.json.encode(value, enc_hook=str)
    sys.stdout.write((text if lines else msgspec.json.format(text, indent=2)).decode() + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """A line of the result."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """A line beside the result."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """A table on stdout, as wide as the terminal; piped, one line per row with tabs between. Without rows, `empty`."""
    rows = list(rows)
    if not rows:
        note(empty)
        return
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            say("\t".join(" ".join(cell.split()) for cell in row))
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def size(count: int) -> str:
    """A number of bytes for people, in powers of 1000."""
    value = float(count)
    for unit in ("bytes", "kB", "MB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} GB"


def moment(unix: float) -> str:
    """A Unix time for people, in the time zone of this machine; nothing for 0."""
    from datetime import datetime

    return datetime.fromtimestamp(unix).astimezone().strftime("%Y-%m-%d %H:%M:%S") if unix else ""


def dollars(amount: Decimal) -> str:
    """An amount for people: exact, with two decimals at least."""
    exact = f"{amount.normalize():f}"
    return exact if len(exact.partition(".")[2]) > 2 else f"{amount:.2f}"


def print_fields(rows: Iterable[tuple[str, str]]) -> None:
    """Names and values below each other, without those that are empty."""
    shown = [(name, value) for name, value in rows if value]
    width = max((len(name) for name, _ in shown), default=0)
    for name, value in shown:
        say(f"{name:{width}}  {value}".replace("\n", "\n" + " " * (width + 2)))
