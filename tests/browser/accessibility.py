"""Axe, Deque's checker (tests/browser/vendor), on a page as it stands: rules of WCAG 2.2, levels A and AA."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_AXE = Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js"
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
_GRAVE = ("serious", "critical")
_COLOURS = ["color-contrast", "link-in-text-block"]
_RUN = """
async ([type, values]) => {
  const { violations } = await axe.run({ runOnly: { type, values }, resultTypes: ["violations"] });
  return violations;
}
"""


def barriers(page: Page, *, colours_alone: bool = False) -> list[str]:
    """What axe finds serious or critical: its rule, what is wrong, and where.

    `colours_alone`: of the same page in other colours, only what depends on them.
    """
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(_AXE.read_text())
    found: list[dict[str, Any]] = page.evaluate(_RUN, ["rule", _COLOURS] if colours_alone else ["tag", _TAGS])
    return [
        f"{rule['id']} ({rule['impact']}): {' '.join(node['failureSummary'].split())} {node['html'][:200]}"
        for rule in found
        if rule["impact"] in _GRAVE
        for node in rule["nodes"]
    ]
