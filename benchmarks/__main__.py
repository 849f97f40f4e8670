"""`python -m benchmarks [NAME ...]`: measure, print one table; exit code 1 if a goal is missed."""

import sys
import tempfile
from pathlib import Path

from benchmarks import (
    animatic,
    dialects,
    footprint,
    million,
    million_on_postgres,
    on_postgres,
    pages,
    remote,
    server_speed,
    whole_tasks,
)
from benchmarks.report import Figure, table

PARTS = {
    "speed": server_speed.measure,
    "overhead": server_speed.overhead,
    "footprint": footprint.measure,
    "million": million.measure,
    "pages": pages.measure,
    "animatic": animatic.measure,
    "dialects": dialects.measure,
    "remote": remote.measure,
    "postgres": on_postgres.measure,
    "whole": whole_tasks.measure,
    "postgres_million": million_on_postgres.measure,
}


def main(names: list[str]) -> int:
    """Measure the parts of these names, or all."""
    if unknown := set(names) - set(PARTS):
        print(
            f"There is no part {', '.join(sorted(unknown))}; the parts are {', '.join(PARTS)}.",
            file=sys.stderr,
        )
        return 2
    figures: list[Figure] = []
    for name in names or PARTS:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(dir=Path.cwd(), prefix=".bench-") as folder:
            figures += PARTS[name](Path(folder))
    print(table(figures))
    return 0 if all(each.reached for each in figures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
