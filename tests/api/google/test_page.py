"""docs/dialects/google.md knows every field, path and status of this dialect."""

import re

import pytest

from tests.docs.pages import read
from understudy.api.google.errors import STATUSES
from understudy.api.google.paths import target
from understudy.api.google.request import KNOWN, REFUSED

PAGE = read("dialects/google")


@pytest.mark.parametrize("name", sorted({*KNOWN["instances[0]"], *KNOWN["parameters"], *KNOWN[""]}))
def test_fields(name: str) -> None:
    assert re.search(rf"`(?:\w+(?:\[0\])?\.)*{name}`", PAGE), name


@pytest.mark.parametrize("place", REFUSED)
def test_what_is_refused(place: str) -> None:
    (line,) = re.findall(r"^Refused, each.*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    assert place.removeprefix("instances[0].") in line


@pytest.mark.parametrize(("code", "status"), [(code, status) for _, code, status in STATUSES])
def test_errors(code: int, status: str) -> None:
    assert f"| {code} | `{status}` |" in PAGE


def test_paths() -> None:
    rows = re.findall(r"^\| (GET|POST)(?:, HEAD)? \| (.+?) \|", PAGE, re.MULTILINE)
    paths = [(method, path) for method, cell in rows for path in re.findall(r"`([^`]+)`", cell)]
    scoped = "publishers/google/models/m:predictLongRunning"
    verbs = set()
    for method, path in paths:
        made = path.replace("{id}", "0" * 32).replace("publishers/...", scoped)
        found = target(re.sub(r"\{\w+\}", "m", made))
        assert found is not None, path
        assert found.method == method
        verbs.add(found.verb)
    assert verbs == {"predict", "fetch", "operation", "models", "model", "download"}
