"""Every page: its links lead somewhere, and it says nothing of what is not there."""

from pathlib import Path

import pytest

from tests.docs.pages import PAGES, ROOT, anchors, links

LARGEST_PICTURE = 200 * 1024


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if "://" in link:
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_of_docs_can_be_found_from_the_readme() -> None:
    known = {
        (ROOT / link.partition("#")[0]).resolve() for link in links(ROOT / "README.md") if "://" not in link
    }
    assert {page for page in PAGES if page.name != "README.md"} <= known


def test_pictures_are_used_and_small() -> None:
    used = {(page.parent / link).resolve() for page in PAGES for link in links(page) if "images/" in link}
    assert used == set((ROOT / "docs" / "images").glob("*.*"))
    assert all(picture.stat().st_size < LARGEST_PICTURE for picture in used)
