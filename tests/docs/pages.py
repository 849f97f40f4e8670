"""The documentation as a test sees it: pages, their links, and their blocks of code.

What stands behind the language of a block says what it is for:

    ```bash run          is pasted into a shell beside a running server, after the page's earlier ones
    ```python run        the same, as a program
    ```javascript run    the same, for Node
    ```bash try          is pasted into a shell in a folder of its own, by a test that prepares what the page says before it
    ```toml path/to.toml is the content of that file
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]
PAGES = (
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
)

_BLOCK = re.compile(r"^```(\w*)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)|<(?:img|source)[^>]* src(?:set)?=\"([^\"\s]+)\"")
_HEADLINE = re.compile(r"^#+ (.+)$", re.MULTILINE)


class Block(msgspec.Struct, frozen=True):
    """One fenced block."""

    language: str
    purpose: str
    """`run`, the path of a file, or nothing."""
    text: str


def read(name: str) -> str:
    """The page `docs/<name>.md`, or a page of the root by its whole name."""
    return (ROOT / name if name.endswith(".md") else ROOT / "docs" / f"{name}.md").read_text()


def blocks(page: Path) -> list[Block]:
    """Every fenced block of a page, in order."""
    return [Block(*found.groups(default="")) for found in _BLOCK.finditer(page.read_text())]


def files(page: Path) -> dict[str, str]:
    """The files that a page shows, by path."""
    return {block.purpose: block.text for block in blocks(page) if "." in block.purpose}


def links(page: Path) -> Iterator[str]:
    """Where a page's links lead, code aside."""
    return (found[1] or found[2] for found in _LINK.finditer(_BLOCK.sub("", page.read_text())))


def anchors(page: Path) -> set[str]:
    """What can stand behind # in a link to the page: its headlines, as GitHub writes them."""
    return {
        re.sub(r"[^\w\- ]", "", headline.lower()).replace(" ", "-")
        for headline in _HEADLINE.findall(_BLOCK.sub("", page.read_text()))
    }


def section(text: str, headline: str) -> str:
    """What stands below a headline, up to the next one of its rank or above."""
    found = re.search(rf"^(#+) {re.escape(headline)}\n(.*?)(?=^#{{1,6}} |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"no headline {headline!r}"
    return found[2]
