"""The house with other engines, settings and reports than it comes with."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from tests.web.visiting import House
from understudy.api.app import create_app
from understudy.engines.cast import Cast
from understudy.engines.engine import Engine
from understudy.tasks.operations.decisions import Decisions
from understudy.tasks.operations.records import Report
from understudy.tasks.operations.reports import Reports
from understudy.web.parts import SettingShown
from understudy.web.proof import Proof
from understudy.web.site import Site

ATTACK = "</textarea></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'{{7*7}}"


async def furnished(
    house: House,
    *engines: Engine,
    casting: Mapping[str, Sequence[str]],
    options: Mapping[str, Mapping[str, object]] | None = None,
    own: Callable[[], Awaitable[Report]] | None = None,
    settings: Sequence[SettingShown] = (),
) -> House:
    """As its neighbour would have furnished it; `own` says what the process reports."""
    parts = house.served.parts
    cast = Cast({engine.name: engine for engine in engines}, casting, options)
    decisions = Decisions(parts.store, parts.catalogue, cast, parts.clock)
    await decisions.start()
    web = msgspec.structs.replace(
        house.web,
        cast=cast,
        decisions=decisions,
        reports=Reports(parts.store, parts.clock, own),
        settings=settings,
    )
    app = create_app(msgspec.structs.replace(parts, web=Site(web), signed_in=Proof(web)))
    return House(served=house.served, web=web, app=app)
