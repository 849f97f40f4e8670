"""The shared store: the contract."""

from collections.abc import AsyncIterator

import pytest

from tests.postgres import server
from tests.tasks.store.account_contract import AccountContract
from tests.tasks.store.browsing_contract import BrowsingContract
from tests.tasks.store.contract import StoreContract
from tests.tasks.store.lease_contract import LeaseContract
from tests.tasks.store.operating_contract import OperatingContract
from tests.tasks.store.purchase_contract import PurchaseContract
from tests.tasks.store.sharing_contract import SharingContract
from tests.tasks.store.tenants_contract import TenantsContract
from understudy.tasks.store.postgres.store import PostgresStore, open_postgres


@pytest.fixture
async def store() -> AsyncIterator[PostgresStore]:
    opened = await open_postgres(await server().new_database(), clock=lambda: 0.0)
    yield opened
    await opened.close()


class TestContract(StoreContract, SharingContract):
    pass


class TestAccounts(AccountContract):
    pass


class TestBrowsing(BrowsingContract):
    pass


class TestLeases(LeaseContract):
    pass


class TestOperating(OperatingContract):
    pass


class TestPurchases(PurchaseContract):
    pass


class TestTenants(TenantsContract):
    pass
