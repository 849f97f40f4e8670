"""The alerts and the dashboard speak of figures that there are, in PromQL that can be read."""

import json
import re
from collections.abc import Iterator
from typing import Any

import promql_parser
import pytest
import yaml

from tests.deploy.files import DEPLOY
from tests.docs.pages import ROOT, anchors, read, section

RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((DEPLOY / "prometheus" / "alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS: list[dict[str, Any]] = json.loads((DEPLOY / "grafana" / "understudy.json").read_text())["panels"]
ADDED = {"le", "instance", "job"}
"""Labels that Prometheus adds, and that histograms have."""


def shown() -> Iterator[tuple[str, str, str]]:
    """Every expression of the dashboard with its panel's title and its legend, Grafana's variables filled in."""
    for panel in PANELS:
        for target in panel.get("targets", ()):
            text = target["expr"].replace("$__rate_interval", "5m").replace("$job", "understudy")
            yield panel["title"], text, target["legendFormat"]


EXPRESSIONS = [
    *((rule["alert"], rule["expr"]) for rule in RULES),
    *((title, text) for title, text, _ in shown()),
]


def used(text: str) -> tuple[set[str], set[str]]:
    """The metrics and the labels that an expression names. Raises `ValueError` if it is no PromQL."""
    metrics: set[str] = set()
    labels: set[str] = set()

    def visit(part: promql_parser.Expr) -> bool:
        if isinstance(part, promql_parser.VectorSelector):
            metrics.add(re.sub(r"_(bucket|count|sum)$", "", part.name or ""))
            labels.update(matcher.name for matcher in part.matchers.matchers)
        elif isinstance(part, promql_parser.AggregateExpr) and part.modifier is not None:
            labels.update(part.modifier.labels)
        return True

    promql_parser.walk(promql_parser.parse(text), visit)
    return metrics, labels


def documented() -> dict[str, set[str]]:
    """The labels of every metric, by its row in docs/metrics.md: the words in its second cell that are code."""
    rows = re.findall(r"^\| `(understudy_\w+)`[^|]*\| ([^|]*)\|", read("metrics"), re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", cell)) for name, cell in rows}


@pytest.mark.parametrize(("name", "text"), EXPRESSIONS, ids=[name for name, _ in EXPRESSIONS])
def test_an_expression_names_what_there_is(name: str, text: str) -> None:
    known = documented()
    metrics, labels = used(text)
    assert metrics, "it asks for nothing"
    assert metrics <= set(known), name
    assert labels <= ADDED.union(*(known[metric] for metric in metrics)), name


def test_the_dashboard_shows_every_metric() -> None:
    assert {metric for _, text, _ in shown() for metric in used(text)[0]} == set(documented())


def test_a_legend_names_labels_that_are_left() -> None:
    for title, text, legend in shown():
        assert set(re.findall(r"\{\{(\w+)\}\}", legend)) <= used(text)[1], title


def test_panels_say_what_they_show_and_do_not_lie_over_one_another() -> None:
    places: dict[tuple[int, int], str] = {}
    for panel in PANELS:
        place = panel["gridPos"]
        assert panel["type"] == "row" or panel["description"].endswith("."), panel["title"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert x < 24
                assert places.setdefault((x, y), panel["title"]) == panel["title"]
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"].endswith(".")
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert anchor in anchors(ROOT / page)
    labels = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    assert labels <= used(rule["expr"])[1]


def test_the_page_speaks_of_alerts_that_there_are() -> None:
    headlines = re.findall(
        r"^### (Understudy\w+)$", section_with_headlines("When an alert fires"), re.MULTILINE
    )
    assert headlines == [rule["alert"] for rule in RULES]


def section_with_headlines(headline: str) -> str:
    assert section(read("scale"), headline)
    return read("scale").split(f"## {headline}\n")[1].split("\n## ")[0]
