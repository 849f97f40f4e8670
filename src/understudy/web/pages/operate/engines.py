"""Who can play, where, and why not; held and unloaded."""

from datetime import UTC, datetime
from typing import Any

from starlette.responses import Response

from understudy.engines.engine import Engine, LocalEngine
from understudy.errors import InvalidInput, NotFound, RequestError
from understudy.tasks.operations.records import Hold
from understudy.web.pages.page import Call, Page, go_to, status_of
from understudy.web.shown.engine_cards import engine_cards

_HOLDS: dict[str, Hold | None] = {"paused": "paused", "drained": "drained", "": None}


async def _show(call: Call) -> Response:
    return call.page("operate/engines.html", refused="", **await _now(call))


async def _show_now(call: Call) -> Response:
    return call.page("operate/engines_now.html", **await _now(call))


async def _hold(call: Call) -> Response:
    """Pause or drain an engine, or let it go on."""
    hold = call.form.get("hold", "")
    try:
        if hold not in _HOLDS:
            raise InvalidInput("An engine can be paused, drained, or let go on.")
        await call.parts.decisions.hold(_engine(call).name, _HOLDS[hold], call.me.user.name)
    except RequestError as refused:
        return await _refused(call, refused)
    return go_to("/operate/engines")


async def _unload(call: Call) -> Response:
    """End its replicas that have nothing to do."""
    try:
        engine = _engine(call)
        if not isinstance(engine, LocalEngine):
            raise InvalidInput(f"{engine.name} is somebody else's service: nothing of it is loaded here.")
        await call.parts.decisions.unload(engine.name, call.me.user.name)
    except RequestError as refused:
        return await _refused(call, refused)
    return go_to("/operate/engines")


def _engine(call: Call) -> Engine:
    name = call.form.get("engine", "")
    engine = call.parts.cast.named(name)
    if engine is None:
        raise NotFound(f"There is no engine {name!r}." if name else "Say which engine: its name is missing.")
    return engine


async def _refused(call: Call, refused: RequestError) -> Response:
    return call.page(
        "operate/engines.html", status=status_of(refused), refused=refused.message, **await _now(call)
    )


async def _now(call: Call) -> dict[str, Any]:
    parts = call.parts
    now = parts.clock()
    reports = await parts.reports.all()
    models = parts.catalogue.models
    cards = engine_cards(
        parts.cast.describe(models),
        reports,
        parts.decisions.standing,
        await parts.store.queue(),
        now,
        datetime.fromtimestamp(now, UTC).date(),
    )
    return {
        "cast": [card for card in cards if card.about.models],
        "others": [card for card in cards if not card.about.models],
        "titles": {model.address: model.title or model.address for model in models},
        "processes": len(reports),
    }


PAGES: tuple[Page, ...] = (
    Page("GET", "/operate/engines", "operator", _show),
    Page("GET", "/operate/engines/now", "operator", _show_now),
    Page("POST", "/operate/engines/hold", "operator", _hold),
    Page("POST", "/operate/engines/unload", "operator", _unload),
)
