"""What can be asked for: a card for each model."""

from decimal import Decimal

import msgspec
from starlette.responses import Response

from understudy.catalogue.manifest import Model
from understudy.catalogue.prices import estimate
from understudy.tasks.records import ModelStatistics
from understudy.web.pages.page import Call, Page
from understudy.web.shown.categories import categories_of
from understudy.web.shown.playing import Player, player_of


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """A model as its card shows it."""

    model: Model
    categories: list[tuple[str, str]]
    """Each as it is written in the manifest, and in words."""
    price: Decimal | None
    """Of a run with its defaults; None where only the run can tell."""
    player: Player
    typical: float
    """Seconds of work of a successful run so far; 0 before the first."""
    runs: int


async def _models(call: Call) -> Response:
    text, category = (call.request.query_params.get(name, "").strip() for name in ("q", "category"))
    parts = call.parts
    statistics = await parts.store.statistics()
    enabled = [model for model in parts.catalogue.models if model.enabled]
    _, found = parts.catalogue.search(text, categories=[category] if category else [], limit=1000)
    cards = [_card(call, model, statistics.get(model.address, ModelStatistics())) for model in found]
    categories = categories_of(enabled)
    template = "models_found.html" if call.request.headers.get("hx-target") == "found" else "models.html"
    return call.page(template, cards=cards, categories=categories, text=text, category=category)


def _card(call: Call, model: Model, statistics: ModelStatistics) -> Card:
    return Card(
        model=model,
        categories=categories_of([model]),
        price=estimate(model, {each.id: each.default for each in model.inputs}),
        player=player_of(call.parts.cast, call.parts.decisions, model),
        typical=statistics.mean_elapsed,
        runs=statistics.runs,
    )


PAGES = (Page("GET", "/", "anybody", _models),)
