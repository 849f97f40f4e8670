"""What every store must say of many projects at once: subclass `TenantsContract`, give it a `store` fixture."""

from decimal import Decimal

from tests.tasks.examples import project
from tests.tasks.store.contract import claimed, ended, submitted
from understudy.tasks.records import Charge
from understudy.tasks.store.store import Store
from understudy.tasks.store.tenants import Tally


class TenantsContract:
    async def test_projects_are_found(self, store: Store) -> None:
        first = await store.add_project(project(name="Ädä's films", allow=("10.0.0.0/8",)))
        second = await store.add_project(project(name="100%_x!", balance=Decimal(7)))
        third = await store.add_project(project(name="Trailers"))
        assert await store.tenants.find() == [third, second, first]
        assert await store.tenants.find(limit=2) == [third, second]
        assert await store.tenants.find(beyond=second.id) == [first]
        assert await store.tenants.find("TRAIL") == [third]
        assert await store.tenants.find("Ädä") == [first]
        assert await store.tenants.find("0%_x!") == [second]
        assert await store.tenants.find("_") == [second]
        assert await store.tenants.find(str(third.id)) == [third]
        assert await store.tenants.find("9" * 40) == []

    async def test_tallies(self, store: Store) -> None:
        one, other = await store.add_project(project()), await store.add_project(project())
        idle = await store.add_project(project())
        for amount in ("0.25", "0.5"):
            task = await claimed(store, one.id)
            await ended(store, task, charge=Charge(amount=Decimal(amount)))
        await claimed(store, one.id)
        await submitted(store, one.id)
        await submitted(store, one.id, model="acme/other")
        await submitted(store, other.id)
        (spent,) = await store.operating.spending(0, one.id)
        assert await store.tenants.tallies([one.id, idle.id], 0) == {
            one.id: Tally(waiting=2, running=1, spent=Decimal("0.75")),
            idle.id: Tally(),
        }
        later = await store.tenants.tallies([one.id, other.id], spent.hour + 1)
        assert later == {one.id: Tally(waiting=2, running=1), other.id: Tally(waiting=1)}
        assert await store.tenants.tallies([], 0) == {}
