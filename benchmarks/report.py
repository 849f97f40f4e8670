"""One table: each figure with its goal beside it."""

import msgspec


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured number."""

    what: str
    measured: float
    goal: float
    unit: str
    at_least: bool
    """Whether the goal is a lower bound."""
    note: str = ""

    @property
    def reached(self) -> bool:
        return self.measured >= self.goal if self.at_least else self.measured <= self.goal


def table(figures: list[Figure]) -> str:
    """As Markdown, which reads well in a terminal, too."""
    head = ("what", "measured", "goal", "reached", "note")
    rows = [
        (
            each.what,
            _number(each.measured, each.unit),
            f"{'at least' if each.at_least else 'at most'} {_number(each.goal, each.unit)}",
            "yes" if each.reached else "NO",
            each.note,
        )
        for each in figures
    ]
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    lines = [head, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) + " |"
        for line in lines
    )


def _number(value: float, unit: str) -> str:
    if unit == "%":
        return f"{100 * value:.1f}%"
    return f"{value:.3g} {unit}" if value < 1000 else f"{value:,.0f} {unit}"
