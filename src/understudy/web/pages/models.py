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

_CLIPS = (".mp4", ".m4v", ".mov", ".webm")


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

    @property
    def cover(self) -> str:
        """The address of its cover here; nothing for one at another host, which pages may not load."""
        named = self.model.cover
        return f"/{named.lstrip('/')}" if named and "://" not in named else ""

    @property
    def cover_moves(self) -> bool:
        """Whether the cover is a clip, not a picture."""
        return self.cover.lower().endswith(_CLIPS)


async def _models(call: Call) -> Response:
    text, category = (call.request.query_params.get(name, "").strip() for name in ("q", "category"))
    parts = call.parts
    statistics = await parts.store.statistics()
    enabled = [model for model in parts.catalogue.models if model.enabled]
    _, found = parts.catalogue.search(text, categories=[category] if category else [], limit=1000)
    answers = await parts.reports.answers()
    cards = [
        _card(
            model,
            player_of(parts.cast, parts.decisions, model, answers),
            statistics.get(model.address, ModelStatistics()),
        )
        for model in found
    ]
    categories = categories_of(enabled)
    template = "models_found.html" if call.request.headers.get("hx-target") == "found" else "models.html"
    return call.page(template, cards=cards, categories=categories, text=text, category=category)


def _card(model: Model, player: Player, statistics: ModelStatistics) -> Card:
    return Card(
        model=model,
        categories=categories_of([model]),
        price=estimate(model, {each.id: each.default for each in model.inputs}),
        player=player,
        typical=statistics.mean_elapsed,
        runs=statistics.runs,
    )


PAGES = (Page("GET", "/", "anybody", _models),)
