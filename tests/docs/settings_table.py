"""The table of settings in docs/configure.md, made from the program's own: `python -m tests.docs.settings_table`."""

import re
from itertools import groupby

import msgspec

from tests.docs.pages import ROOT
from understudy.config import TABLE, Setting

PAGE = ROOT / "docs" / "configure.md"
_PLACE = re.compile(r"(?<=<!-- settings -->\n).*(?=<!-- end of settings -->)", re.DOTALL)


def table() -> str:
    """One table for each section of the file; tables of values come last there, and so they do here."""
    lines = []
    for headline, rows in groupby(TABLE, key=_headline):
        lines += [
            "",
            f"### {headline}",
            "",
            "| key | environment | default | meaning |",
            "| --- | --- | --- | --- |",
        ]
        lines += [_row(row) for row in rows]
    return "\n".join(lines) + "\n\n"


def _headline(row: Setting) -> str:
    if row.section:
        return f"`[{row.section}]`"
    return "Tables" if row.is_table else "Top of the file"


def _row(row: Setting) -> str:
    flag = f" Flag: `{row.flag}`." if row.has_flag else ""
    key = f"[{row.key}]" if row.is_table else row.key
    meaning = row.help.replace("<", "&lt;").replace(">", "&gt;").replace("|", "\\|")
    return f"| `{key}` | `{row.environment}` | {_default(row)} | {meaning}{flag} |"


def _default(row: Setting) -> str:
    if row.name == "data":
        return "see below"
    return f"`{msgspec.json.encode(row.default, enc_hook=str).decode()}`"


def current() -> str:
    """What the page has now."""
    found = _PLACE.search(PAGE.read_text())
    assert found, "docs/configure.md has lost the place of its table"
    return found[0]


if __name__ == "__main__":
    PAGE.write_text(_PLACE.sub(lambda _: table(), PAGE.read_text()))
