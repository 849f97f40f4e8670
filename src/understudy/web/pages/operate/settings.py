"""What the server runs with, and where each value comes from."""

from collections.abc import Callable, Mapping
from itertools import groupby
from typing import Any

import msgspec
from starlette.responses import Response

from understudy.errors import InvalidInput, RequestError
from understudy.tasks.operations.records import Decision, DecisionKind
from understudy.web.pages.page import Call, Page, go_to, status_of
from understudy.web.parts import SettingShown
from understudy.web.shown.decision_words import what

_TITLES = {
    "": "General",
    "server": "Server",
    "limits": "Limits",
    "tasks": "Tasks",
    "replicas": "Replicas",
    "log": "Log",
}
_BACK: Mapping[DecisionKind, str] = {
    "enabled": "Back to the manifest",
    "prices": "Back to the manifest",
    "cast": "Back to the settings",
    "hold": "Resume",
}
"""What can be taken back, and what its button says."""


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """Settings that stand together in the file."""

    name: str
    title: str
    settings: tuple[SettingShown, ...]


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that comes before the settings."""

    decision: Decision
    what: str
    href: str
    back: str


async def _show(call: Call) -> Response:
    template = "settings_found" if call.request.headers.get("hx-target") == "found" else "settings"
    return _page(call, f"operate/{template}.html")


async def _take_back(call: Call) -> Response:
    """Let the settings decide again."""
    decisions, by = call.parts.decisions, call.me.user.name
    name = call.form.get("name", "")
    ways: Mapping[str, Callable[[], Any]] = {
        "enabled": lambda: decisions.offer(name, None, by),
        "prices": lambda: decisions.price(name, None, by),
        "cast": lambda: decisions.cast(name, None, by),
        "hold": lambda: decisions.hold(name, None, by),
    }
    try:
        way = ways.get(call.form.get("kind", ""))
        if way is None:
            raise InvalidInput("This kind of decision cannot be taken back.")
        await way()
    except RequestError as refused:
        return _page(call, "operate/settings.html", refused=refused)
    return go_to("/operate/settings")


def _page(call: Call, template: str, refused: RequestError | None = None) -> Response:
    text = call.request.query_params.get("q", "").strip()[:200]
    found = [each for each in call.parts.settings if _fits(each, text.lower())]
    standing = sorted(call.parts.decisions.standing.values(), key=lambda each: -each.id)
    return call.page(
        template,
        status=status_of(refused) if refused else 200,
        refused=refused.message if refused else "",
        text=text,
        sections=_sections(found),
        number=len(found),
        standing=[_stands(each) for each in standing if each.kind in _BACK],
    )


def _fits(each: SettingShown, sought: str) -> bool:
    return sought in f"{each.key}\n{each.help}\n{each.environment}\n{each.value}\n{each.origin}".lower()


def _sections(settings: list[SettingShown]) -> list[Section]:
    """In the order of the file; what stands at its top is together, wherever the table has it."""
    order = list(dict.fromkeys(each.section for each in settings))
    together = sorted(settings, key=lambda each: order.index(each.section))
    return [
        Section(name=name, title=_TITLES.get(name, name.capitalize()), settings=tuple(rows))
        for name, rows in groupby(together, key=lambda each: each.section)
    ]


def _stands(each: Decision) -> Stands:
    href = f"/operate/engines#engine-{each.name}" if each.kind == "hold" else f"/operate/models/{each.name}"
    return Stands(decision=each, what=what(each), href=href, back=_BACK[each.kind])


PAGES: tuple[Page, ...] = (
    Page("GET", "/operate/settings", "operator", _show),
    Page("POST", "/operate/settings/back", "operator", _take_back),
)
