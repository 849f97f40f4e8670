"""docs/metrics.md and the program have the same metrics, with the same types and labels, in the same parts."""

import re

import pytest

from tests.docs.pages import read, section
from understudy.metrics.stages import STAGES
from understudy.metrics.table import METRICS, Scope

HEADLINES: dict[Scope, str] = {"installation": "Of the installation", "process": "Of one process"}


@pytest.mark.parametrize("scope", HEADLINES)
def test_every_metric(scope: Scope) -> None:
    rows = re.findall(
        r"^\| `(understudy_\w+)` \| ([^|]*)\| (\w+) \| \S",
        section(read("metrics"), HEADLINES[scope]),
        re.MULTILINE,
    )
    shown = [(name, tuple(re.findall(r"`(\w+)`", labels)), kind) for name, labels, kind in rows]
    assert shown == [(each.name, each.labels, each.kind) for each in METRICS if each.scope == scope]


def test_nothing_else_is_named() -> None:
    assert set(re.findall(r"understudy_\w+", read("metrics"))) == {metric.name for metric in METRICS}


def test_every_stage() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \| [^`|]+ \| [^`|]+ \|$", read("metrics"), re.MULTILINE)) == STAGES


def test_every_name_is_as_prometheus_wants_it() -> None:
    for metric in METRICS:
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric.name
        assert metric.help.endswith("."), metric.name
