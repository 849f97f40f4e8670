import re
from datetime import date
from pathlib import Path

from tests.tasks.store.purchase_contract import PurchaseContract, end, intention
from understudy.engines.retirement import Ending
from understudy.metrics import figures
from understudy.tasks.store.sqlite.store import open_sqlite


async def test_every_figure_of_a_store(tmp_path: Path) -> None:
    store = await open_sqlite(tmp_path / "understudy.db")
    contract = PurchaseContract()
    for engine in ("ended", "open"):
        task = await contract.running(store)
        purchase = await store.begin_purchase(
            intention(task, engine=engine), (task.lease_owner, task.attempts)
        )
        assert purchase is not None
        if engine == "ended":
            await store.settle_purchase(end(purchase, "delivered", "1.2"))
    retired = Ending(what="model", name='a "quoted" name', ends=date(2026, 1, 31), days=-3)
    text = (await figures(store, [retired])).decode()
    await store.close()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert sum(float(line.split()[1]) for line in lines if line.startswith("understudy_tasks{")) == 2
    assert sorted(line for line in lines if not line.startswith("understudy_tasks{")) == [
        'understudy_days_until_end{kind="model",name="a \\"quoted\\" name"} -3.0',
        'understudy_purchases_open{engine="open"} 1.0',
        'understudy_purchases_total{engine="ended",outcome="delivered"} 1.0',
    ]
    assert set(re.findall(r"^# TYPE (\S+ \S+)$", text, re.MULTILINE)) == {
        "understudy_tasks gauge",
        "understudy_purchases_total counter",
        "understudy_purchases_open gauge",
        "understudy_days_until_end gauge",
    }
