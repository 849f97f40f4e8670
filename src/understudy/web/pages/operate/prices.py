"""What each model costs and who plays it."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec
from starlette.responses import Response

from understudy.catalogue.manifest import Model
from understudy.engines.cast import Choice
from understudy.engines.engine import Availability, Engine
from understudy.engines.retirement import warnings
from understudy.errors import InvalidInput, NotFound, RequestError
from understudy.tasks.operations.records import Decision, DecisionKind, Hold
from understudy.tasks.records import ModelStatistics
from understudy.web.pages.page import Call, Page, go_to, status_of
from understudy.web.shown.decision_words import cast_in_words, what
from understudy.web.shown.price_words import in_words, plain, read_prices, rules_of

_HISTORY = 20
_KINDS: tuple[DecisionKind, ...] = ("enabled", "prices", "cast")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A model in the list."""

    model: Model
    price: str
    cast: tuple[Engine, ...]
    choice: Choice
    waiting: int
    running: int
    statistics: ModelStatistics


class Player(msgspec.Struct, frozen=True, kw_only=True):
    """An engine that may be cast for a model."""

    name: str
    preview: bool
    able: bool
    """Whether it can play the model at all."""
    ready: bool
    """Whether it would play it now."""
    state: str
    reason: str


async def _list(call: Call) -> Response:
    parts = call.parts
    queue, statistics = await parts.store.queue(), await parts.store.statistics()
    running = await parts.store.operating.running()
    answers = await parts.reports.answers()
    rows = [
        Row(
            model=model,
            price=in_words(model.prices, model.cps),
            cast=parts.cast.of(model),
            choice=parts.cast.choose(model, answers=answers),
            waiting=queue[model.address].number if model.address in queue else 0,
            running=running.get(model.address, 0),
            statistics=statistics.get(model.address, ModelStatistics()),
        )
        for model in parts.catalogue.models
    ]
    return call.page("operate/prices.html", rows=rows, held=parts.decisions.held)


async def _show(call: Call) -> Response:
    return await _page(call, _model(call))


async def _offer(call: Call) -> Response:
    """Switch a model on or off, or leave that to its manifest."""
    model = _model(call)
    answer = call.form.get("offered", "")
    try:
        if answer not in ("yes", "no", "manifest"):
            raise InvalidInput("Say whether the model is offered: yes, no, or as its manifest says.")
        offered = None if answer == "manifest" else answer == "yes"
        await call.parts.decisions.offer(model.address, offered, call.me.user.name)
    except RequestError as refused:
        return await _page(call, model, refused=refused)
    return go_to("/operate/models" if call.form.get("from") == "list" else f"/operate/models/{model.address}")


async def _price(call: Call) -> Response:
    """Set its prices from now on, or leave them to the manifest."""
    model = _model(call)
    decisions, by = call.parts.decisions, call.me.user.name
    try:
        if call.form.get("as") == "manifest":
            await decisions.price(model.address, None, by)
            return go_to(f"/operate/models/{model.address}#prices")
        prices, wrong = read_prices(model, call.form)
        if wrong:
            return await _page(call, model, wrong=wrong, given=call.form)
        if (prices.prices, prices.cps) != (model.prices, model.cps):
            await decisions.price(model.address, prices, by)
    except RequestError as refused:
        return await _page(call, model, refused=refused, given=call.form)
    return go_to(f"/operate/models/{model.address}#prices")


async def _cast(call: Call) -> Response:
    """Set who may play it, or leave that to the settings."""
    model = _model(call)
    decisions, by = call.parts.decisions, call.me.user.name
    names = [name for name in call.form.getlist("engine") if name]
    try:
        if call.form.get("as") == "settings":
            await decisions.cast(model.address, None, by)
        else:
            _check(names)
            if tuple(names) != tuple(engine.name for engine in call.parts.cast.of(model)):
                await decisions.cast(model.address, names, by)
    except RequestError as refused:
        return await _page(call, model, wrong={"cast": refused.message}, names=names)
    return go_to(f"/operate/models/{model.address}#cast")


def _check(names: Sequence[str]) -> None:
    if not names:
        raise InvalidInput("Choose at least one engine. If nobody is to play the model, switch it off.")
    twice = next((name for name in names if names.count(name) > 1), "")
    if twice:
        raise InvalidInput(f"{twice} is there twice: choose each engine once.")


async def _page(
    call: Call,
    model: Model,
    *,
    refused: RequestError | None = None,
    wrong: Mapping[str, str] | None = None,
    given: Mapping[str, str] | None = None,
    names: Sequence[str] | None = None,
) -> Response:
    parts = call.parts
    waiting = (await parts.store.queue()).get(model.address)
    answers = await parts.reports.answers()
    configured = parts.decisions.configured(model.address)
    chosen = [engine.name for engine in parts.cast.of(model)] if names is None else list(names)
    return call.page(
        "operate/price.html",
        status=status_of(refused) if refused else 400 if wrong else 200,
        refused=refused.message if refused else "",
        wrong=wrong or {},
        model=model,
        configured=configured,
        configured_cps=f"${plain(configured.cps)}",
        waiting=waiting.number if waiting else 0,
        running=(await parts.store.operating.running()).get(model.address, 0),
        statistics=(await parts.store.statistics()).get(model.address, ModelStatistics()),
        choice=parts.cast.choose(model, answers=answers),
        held=parts.decisions.held,
        endings=warnings(datetime.fromtimestamp(parts.clock(), UTC).date(), {}, (model,)),
        players=_players(call, model, chosen, answers),
        chosen=chosen,
        configured_cast=cast_in_words(parts.decisions.configured_cast(model.address)),
        rules=rules_of(model, configured, given or {}),
        cps=(given or {}).get("cps", plain(model.cps)),
        standing={kind: parts.decisions.standing.get((kind, model.address)) for kind in _KINDS},
        history=[(each, what(each)) for each in _history(parts.decisions.made, model)],
    )


def _players(
    call: Call, model: Model, chosen: Sequence[str], answers: Mapping[str, Availability] | None
) -> list[Player]:
    """Those that can play it, and those that are cast although they cannot."""
    cast = call.parts.cast
    able = {engine.name: engine for engine in cast.able(model)}
    others = {name: engine for name in chosen if name not in able and (engine := cast.named(name))}
    held = call.parts.decisions.held
    return [
        _player(engine, cast.availability(engine, answers), held.get(name), able=name in able)
        for name, engine in {**able, **others}.items()
    ]


def _player(engine: Engine, availability: Availability, hold: Hold | None, *, able: bool) -> Player:
    ready = able and availability.ok and not hold
    return Player(
        name=engine.name,
        preview=engine.preview,
        able=able,
        ready=ready,
        state=hold or ("available" if ready else "not available") if able else "it cannot play this model",
        reason=availability.reason if able and not hold else "",
    )


def _history(made: Sequence[Decision], model: Model) -> list[Decision]:
    """The latest ones of a model first."""
    of_it = (each for each in reversed(made) if each.name == model.address and each.kind in _KINDS)
    return [each for each, _ in zip(of_it, range(_HISTORY), strict=False)]


def _model(call: Call) -> Model:
    model = call.parts.catalogue.find(call.path["owner"], call.path["slug"])
    if model is None:
        raise NotFound("There is no such model.")
    return model


_ONE = "/operate/models/{owner}/{slug}"
PAGES: tuple[Page, ...] = (
    Page("GET", "/operate/models", "operator", _list),
    Page("GET", _ONE, "operator", _show),
    Page("POST", f"{_ONE}/offer", "operator", _offer),
    Page("POST", f"{_ONE}/prices", "operator", _price),
    Page("POST", f"{_ONE}/cast", "operator", _cast),
)
