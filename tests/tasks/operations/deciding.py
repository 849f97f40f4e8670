"""Models, engines and processes to decide about."""

from decimal import Decimal

from understudy.catalogue.catalogue import Catalogue
from understudy.catalogue.manifest import Input, Model, Option, Price
from understudy.engines.cast import Cast
from understudy.engines.engine import LocalEngine
from understudy.tasks.operations.decisions import Decisions, PriceList
from understudy.tasks.store.store import Store

ROAD = Model(
    owner="acme",
    slug="road",
    aliases=("the-road",),
    inputs=(
        Input(id="prompt", type="textarea", required=True),
        Input(
            id="size",
            type="select",
            default="small",
            options=(Option(value="small", label="Small"), Option(value="large", label="Large")),
        ),
    ),
    prices=(Price(method="cpr", price=Decimal("0.25")),),
)
SEA = Model(owner="acme", slug="sea", inputs=ROAD.inputs)
ENGINES = {
    name: LocalEngine(
        name=name,
        version="1",
        pipeline="m:f",
        plays=lambda contract, name=name: name != "only_sea" or contract.address == SEA.address,  # type: ignore[misc]
    )
    for name in ("one", "two", "only_sea")
}


class Process:
    """What one process knows."""

    def __init__(self, store: Store, models: tuple[Model, ...] = (ROAD, SEA), *engines: str) -> None:
        known = {name: ENGINES[name] for name in engines or ENGINES}
        self.now = 1000.0
        self.catalogue = Catalogue(models, {})
        self.cast = Cast(known, {"*": [name for name in ("one", "two") if name in known]})
        self.decisions = Decisions(store, self.catalogue, self.cast, lambda: self.now)

    @property
    def road(self) -> Model:
        found = self.catalogue.find("acme", "road")
        assert found is not None
        return found

    def players(self, model: Model = ROAD) -> list[str]:
        return [engine.name for engine in self.cast.of(model)]


async def started(process: Process) -> Process:
    await process.decisions.start()
    return process


def cpr(price: str, **inputs: str) -> PriceList:
    rule = Price(method="cpr", price=Decimal(price), inputs=inputs)
    return PriceList(prices=(rule,), cps=Decimal("0.001"))
