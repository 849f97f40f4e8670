"""A server that nobody looks at does without pages."""

import subprocess
import sys

from tests.web.visiting import House
from understudy.web.front import Front


def test_pages_are_no_part_of_a_start() -> None:
    program = "import sys, understudy.assembly; print({'understudy.web.site', 'jinja2'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


async def test_they_are_there_when_they_are_asked_for(house: House) -> None:
    front = Front(house.web)
    browser = {"type": "http", "path": "/operate", "headers": []}
    assert front.serves(browser)
    assert not front.serves({**browser, "path": "/v1/nothing"})
