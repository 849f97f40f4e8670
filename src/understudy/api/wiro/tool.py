"""Tool/List, Tool/Detail and Tool/Explore."""

from typing import Any, cast

from understudy.api.call import Call
from understudy.api.parts import Parts
from understudy.api.wiro.envelope import counted, success
from understudy.api.wiro.fields import flag, one_of, text, texts, whole
from understudy.api.wiro.models import usable
from understudy.catalogue.detail import explore_objects, tool_object
from understudy.catalogue.search import SORTS, Sort
from understudy.errors import InvalidInput

MOST = 100
"""Models on one page of a list."""

_FAR = 10**9


class ToolEndpoints:
    """What the catalogue offers."""

    def __init__(self, parts: Parts) -> None:
        self._catalogue = parts.catalogue
        self._store = parts.store
        self._base_url = parts.base_url

    async def list(self, call: Call) -> dict[str, Any]:
        """The enabled models that match. There are no workflows here, so `hideworkflows` hides none."""
        fields = await call.fields()
        flag(fields, "hideworkflows")
        summary = flag(fields, "summary")
        stats = await self._store.statistics()
        total, models = self._catalogue.search(
            text(fields, "search"),
            categories=texts(fields, "categories"),
            tags=texts(fields, "tags"),
            owner=text(fields, "slugowner"),
            sort=cast(Sort, one_of(fields, "sort", SORTS, "id")),
            order=one_of(fields, "order", ("ASC", "DESC"), "ASC"),
            start=whole(fields, "start", 0, 0, _FAR),
            limit=whole(fields, "limit", 20, 1, MOST),
            stats=stats,
        )
        tools = [
            tool_object(model, stats.get(model.address), files=self._base_url, summary=summary)
            for model in models
        ]
        return counted(total, tool=tools)

    async def detail(self, call: Call) -> dict[str, Any]:
        """One model, with everything that its form needs."""
        fields = await call.fields()
        names = text(fields, "slugowner"), text(fields, "slugproject")
        for name, given in zip(("slugowner", "slugproject"), names, strict=True):
            if not given:
                raise InvalidInput(f"Request parameter [{name}] required")
        model = usable(self._catalogue, *names)
        stats = await self._store.statistics()
        return counted(1, tool=[tool_object(model, stats.get(model.address), files=self._base_url)])

    async def explore(self, call: Call) -> dict[str, Any]:
        """The enabled models in groups."""
        await call.fields()
        stats = await self._store.statistics()
        return success(explore=explore_objects(self._catalogue.explore(), stats, files=self._base_url))
