import base64
import re
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from understudy.errors import InvalidInput, NotFound
from understudy.tasks.projects import Projects, check_networks, letters
from understudy.tasks.records import ProjectLimits
from understudy.tasks.store.sqlite.store import SqliteStore, open_sqlite
from understudy.tasks.vault import Vault

NOW = 1_734_513_807.25


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = await open_sqlite(tmp_path / "tasks.db")
    yield store
    await store.close()


@pytest.fixture
def projects(store: SqliteStore) -> Projects:
    return Projects(store, Vault(bytes(32)), lambda: NOW)


async def test_a_new_project_has_keys_that_only_its_maker_sees(projects: Projects, tmp_path: Path) -> None:
    made = await projects.create("  mine  ")
    assert (made.project.name, made.project.auth, made.project.created) == ("mine", "signature", NOW)
    assert re.fullmatch(r"[A-Za-z0-9]{32}", made.api_key)
    assert re.fullmatch(r"[A-Za-z0-9]{40}", made.api_secret)
    assert len(base64.b64decode(made.webhook_secret.removeprefix("whsec_"))) == 32
    found = await projects.by_key(made.api_key)
    assert found == made.project == await projects.get(made.project.id)
    assert projects.secret_of(found) == made.api_secret
    assert projects.webhook_secret_of(found) == made.webhook_secret
    assert projects.has_key(found, made.api_key)
    assert not projects.has_key(found, made.api_secret)
    on_disk = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (made.api_key, made.api_secret, made.webhook_secret):
        assert secret.encode() not in on_disk


async def test_no_two_projects_share_a_key(projects: Projects) -> None:
    made = [await projects.create(f"p{number}", "key") for number in range(5)]
    assert len({each.api_key for each in made}) == len({each.webhook_secret for each in made}) == 5
    assert [project.name for project in await projects.list()] == ["p0", "p1", "p2", "p3", "p4"]
    assert {project.auth for project in await projects.list()} == {"key"}


@pytest.mark.parametrize("key", ["", "nobody", "é", "'; DROP TABLE projects; --"])
async def test_nobodys_key(projects: Projects, key: str) -> None:
    await projects.create("mine")
    assert await projects.by_key(key) is None


async def test_rotation_ends_the_old_keys(projects: Projects) -> None:
    old = await projects.create("mine", allow=("10.0.0.0/8",))
    new = await projects.rotate(old.project.id)
    assert await projects.by_key(old.api_key) is None
    found = await projects.by_key(new.api_key)
    assert found is not None
    assert (found.id, found.allow) == (old.project.id, ("10.0.0.0/8",))
    assert projects.secret_of(found) == new.api_secret != old.api_secret
    assert projects.webhook_secret_of(found) == new.webhook_secret != old.webhook_secret


async def test_a_disabled_project_is_not_found_by_its_key(projects: Projects) -> None:
    made = await projects.create("mine")
    assert not (await projects.set_enabled(made.project.id, False)).enabled
    assert await projects.by_key(made.api_key) is None
    assert (await projects.get(made.project.id)).name == "mine"
    await projects.set_enabled(made.project.id, True)
    assert await projects.by_key(made.api_key) is not None


async def test_money(projects: Projects) -> None:
    id = (await projects.create("mine")).project.id
    assert list(await projects.ledger(id)) == []
    await projects.add_balance(id, Decimal("12.5"))
    after = await projects.add_balance(id, Decimal("-0.000000000001"), "taken back")
    assert after.balance == Decimal("12.499999999999")
    assert [(line.amount, line.note, line.at) for line in await projects.ledger(id)] == [
        (Decimal("-0.000000000001"), "taken back", NOW),
        (Decimal("12.5"), "paid in", NOW),
    ]
    assert len(await projects.ledger(id, 1)) == 1


async def test_no_such_project(projects: Projects) -> None:
    for asked in (
        projects.get(7),
        projects.rename(7, "mine"),
        projects.rotate(7),
        projects.set_allow(7, ()),
        projects.set_enabled(7, True),
        projects.add_balance(7, Decimal(1)),
        projects.ledger(7),
    ):
        with pytest.raises(NotFound, match=r"There is no project 7\."):
            await asked


@pytest.mark.parametrize(
    ("name", "why"), [("", "needs"), ("  ", "needs"), ("\n", "needs"), ("x" * 201, "at most 200")]
)
async def test_a_project_needs_a_name(projects: Projects, name: str, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        await projects.create(name)
    assert await projects.list() == []
    made = await projects.create("mine")
    with pytest.raises(InvalidInput, match=why):
        await projects.rename(made.project.id, name)
    assert (await projects.get(made.project.id)).name == "mine"


async def test_another_name_and_the_same_keys(projects: Projects) -> None:
    made = await projects.create("mine")
    renamed = await projects.rename(made.project.id, " Ädä's films ")
    assert renamed == await projects.by_key(made.api_key) == replace(made.project, name="Ädä's films")


async def test_every_entry_that_is_no_network_is_named(projects: Projects) -> None:
    entries = ("10.0.0.0/8", "first", "::1", "second's")
    with pytest.raises(InvalidInput, match=r"""^'first', "second's" are no IP address or network; write"""):
        await projects.create("mine", allow=entries)
    with pytest.raises(InvalidInput, match=r"'9', \.\.\. are no"):
        check_networks(tuple(map(str, range(11))))


@pytest.mark.parametrize(
    "limits",
    [
        ProjectLimits(running=-1),
        ProjectLimits(hourly=Decimal("1e30")),
        ProjectLimits(rate=1e300),
        ProjectLimits(queued=2**70),
        ProjectLimits(hourly=Decimal("1e-999999999999")),
        ProjectLimits(monthly=Decimal("1e-13")),
        ProjectLimits(rate=1e-320),
    ],
)
async def test_limits_that_nothing_could_reach(projects: Projects, limits: ProjectLimits) -> None:
    made = await projects.create("mine")
    with pytest.raises(InvalidInput, match="A limit is"):
        await projects.set_limits(made.project.id, limits)
    assert (await projects.get(made.project.id)).limits == ProjectLimits()


@pytest.mark.parametrize("entry", ["203.0.113.7", "203.0.113.0/24", "203.0.113.7/24", "::1", "fd00::/8"])
def test_networks(entry: str) -> None:
    check_networks((entry,))


@pytest.mark.parametrize(
    "entry", ["", "nonsense", "203.0.113.7:80", "203.0.113.0/33", "1.2.3", "example.com"]
)
async def test_what_is_no_network(projects: Projects, entry: str) -> None:
    with pytest.raises(InvalidInput, match=r"is no IP address or network; write"):
        await projects.create("mine", allow=("10.0.0.0/8", entry))
    made = await projects.create("mine")
    with pytest.raises(InvalidInput):
        await projects.set_allow(made.project.id, (entry,))
    assert (await projects.get(made.project.id)).allow == ()


def test_letters_are_many_and_even() -> None:
    drawn = letters(62 * 500)
    assert len(drawn) == 62 * 500
    counts = [drawn.count(letter) for letter in set(drawn)]
    assert len(counts) == 62
    # 500 each, with a standard deviation of 22: further out than one in a million million.
    assert 340 < min(counts) <= max(counts) < 660
    assert letters(0) == ""


@pytest.mark.parametrize("amount", ["1e400", "0.0000000000001", "0", "NaN", "-Infinity", "1000001"])
async def test_amounts_that_are_no_money(projects: Projects, amount: str) -> None:
    made = await projects.create("a")
    with pytest.raises(InvalidInput, match="An amount of money is between"):
        await projects.add_balance(made.project.id, Decimal(amount))
    assert await projects.ledger(made.project.id) == []
