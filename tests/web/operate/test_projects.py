"""Projects, through the front door: their pages, and the API beside them with the keys that the pages show."""

import asyncio
import re
import stat
import subprocess
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from msgspec.structs import replace

from tests.api.served import PROMPT, SORA, signed
from tests.tasks.store.contract import claimed, ended
from tests.web.visiting import House, Markup, Visitor
from understudy import data_folder
from understudy.api.app import create_app
from understudy.tasks.budgets import hour_of
from understudy.tasks.operations.records import Spent
from understudy.tasks.projects import Credentials
from understudy.tasks.records import Charge, Project, ProjectLimits
from understudy.web.parts import SettingShown
from understudy.web.shown.spending import first_hour, spending_chart
from understudy.web.site import PAGES, Site

LIST = "/operate/projects"
HOSTILE = "</textarea><script>alert(1)</script>\"'{{7*7}}"
_SHOWN = re.compile(r'<span class="label">([^<]+)</span>\s*<code>([^<]+)</code>')
_CURL = re.compile(r'<pre class="snippet"[^>]*><code>(.*?)</code></pre>', re.DOTALL)
FORMS = [page.path for page in PAGES if page.method == "POST" and page.path.startswith("/operate/projects")]


def filled(path: str) -> str:
    return path.replace("{id}", "1")


def keys_in(answer: httpx.Response) -> dict[str, str]:
    return {unescape(name): unescape(value) for name, value in _SHOWN.findall(answer.text)}


async def made(visitor: Visitor, name: str = "films", auth: str = "signature", **more: str) -> dict[str, str]:
    answer = await visitor.send(LIST, name=name, auth=auth, **more)
    assert answer.status_code == 200, answer.text
    return keys_in(answer)


async def newest(house: House) -> Project:
    return (await house.web.store.tenants.find(limit=1))[0]


async def run(house: House, headers: dict[str, str]) -> httpx.Response:
    """Asks the API for a clip, as a program does."""
    client = house.visitor().client
    client.headers["accept"] = "*/*"
    return await client.post(SORA, json=PROMPT, headers=headers)


def signing(house: House, project: Project, keys: dict[str, str]) -> dict[str, str]:
    return signed(
        Credentials(
            project=project, api_key=keys["API key"], api_secret=keys["API secret"], webhook_secret=""
        )
    )


async def test_the_list_says_what_each_has_on_its_hands(house: House) -> None:
    visitor, store = await house.operator(), house.web.store
    other = (await house.web.projects.create("Ädä's films", "key")).project
    await house.web.projects.set_limits(other.id, ProjectLimits(running=4, monthly=Decimal(20)))
    await house.served.run()
    await house.served.run()
    task = await claimed(store, other.id)
    await ended(store, task, charge=Charge(amount=Decimal("0.75")))
    page = " ".join((await visitor.get(LIST)).text.split())
    assert page.index(f"{LIST}/{other.id}") < page.index(f"{LIST}/1")
    assert "Ädä&#39;s films" in page
    assert '<a href="/operate/tasks?project=1&amp;stage=waiting">2</a>' in page
    assert "4 running, $20.00 a month" in page
    assert "Balance" not in page, "nobody has one, and none is needed"
    await house.web.projects.add_balance(other.id, Decimal("12.5"))
    await house.web.projects.set_enabled(other.id, False)
    page = (await visitor.get(LIST)).text
    assert "$12.50" in page
    assert "revoked" in page


async def test_the_list_goes_on_and_is_searched(house: House) -> None:
    visitor = await house.operator()
    for number in range(60):
        await house.web.projects.create(f"Project {number:02}", "key")
    page = (await visitor.get(LIST)).text
    ids = [int(id) for id in re.findall(r'class="what"><a href="/operate/projects/(\d+)"', page)]
    assert ids == list(range(61, 11, -1))
    (older,) = re.findall(r'href="(/operate/projects\?[^"]*beyond=\d+)"', page)
    page = (await visitor.get(unescape(older))).text
    ids = [int(id) for id in re.findall(r'class="what"><a href="/operate/projects/(\d+)"', page)]
    assert ids == list(range(11, 0, -1))
    assert "beyond=" not in page
    found = (await visitor.get(f"{LIST}?q=ject+17")).text
    assert re.findall(r'class="what"><a href="/operate/projects/(\d+)"', found) == ["19"]
    assert "No project fits" in (await visitor.get(f"{LIST}?q=nothing%25")).text
    for odd in ("beyond=-1", "beyond=" + "9" * 40, "q=" + "%" * 3, "beyond=1"):
        assert (await visitor.get(f"{LIST}?{odd}")).status_code == 200


async def test_new_keys_are_shown_once_and_work(house: House, caplog: pytest.LogCaptureFixture) -> None:
    visitor = await house.operator()
    answer = await visitor.send(LIST, name=" Films ", auth="signature")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    keys, project = keys_in(answer), await newest(house)
    assert (project.name, project.auth, project.allow) == ("Films", "signature", ())
    assert sorted(keys) == ["API key", "API secret", "Webhook secret"]
    assert (await run(house, signing(house, project, keys))).json()["result"] is True
    for path in (LIST, f"{LIST}/{project.id}", f"{LIST}/{project.id}/ledger", "/operate/users"):
        later = (await visitor.get(path)).text
        assert not any(secret in later for secret in keys.values())
    assert not any(secret in caplog.text for secret in keys.values())


async def test_a_project_with_a_key_alone(house: House) -> None:
    visitor = await house.operator()
    keys = await made(visitor, auth="key")
    assert sorted(keys) == ["API key", "Webhook secret"]
    assert (await run(house, {"x-api-key": keys["API key"]})).json()["result"] is True


@pytest.mark.parametrize("auth", ["signature", "key"])
async def test_the_request_that_is_shown_with_the_keys_works_in_a_shell(
    house: House, tmp_path: Path, auth: str
) -> None:
    """curl is put in its place by a script that writes down what it was asked to send."""
    visitor = await house.operator()
    answer = await visitor.send(LIST, name="films", auth=auth)
    text = unescape(_CURL.findall(answer.text)[0])
    assert unescape(re.findall(r'data-copy-text="([^"]*)">Copy</button></div>', answer.text)[0]) == text
    curl = tmp_path / "curl"
    curl.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    curl.chmod(curl.stat().st_mode | stat.S_IXUSR)
    sent = await asyncio.to_thread(
        subprocess.check_output, ["bash", "-c", text], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, text=True
    )
    words = sent.splitlines()
    pairs = list(pairwise(words))
    headers = dict(value.split(": ", 1) for option, value in pairs if option == "-H")
    fields = dict(value.split("=", 1) for option, value in pairs if option == "--form-string")
    assert words[:2] == ["-X", "POST"]
    client = house.visitor().client
    client.headers["accept"] = "*/*"
    files = {name: (None, value) for name, value in fields.items()}
    done = await client.post(words[2], files=files, headers=headers)
    assert done.json()["result"] is True, done.text


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"name": " ", "auth": "key"}, "A project needs a name."),
        ({"name": "x" * 201, "auth": "key"}, "at most 200 characters"),
        ({"name": "x"}, "Choose how its requests prove who they are."),
        ({"name": "x", "auth": "odd"}, "Choose how its requests prove who they are."),
        ({"name": "x", "auth": "key", "allow": "10.0.0.0/8\r\nfirst\r\nnext"}, "'first', 'next' are no IP"),
    ],
)
async def test_what_makes_no_project(house: House, fields: dict[str, str], why: str) -> None:
    visitor = await house.operator()
    answer = await visitor.send(LIST, **fields)
    assert answer.status_code == 400
    assert why in unescape(answer.text)
    assert f'value="{fields["name"]}"' in answer.text, "what was written is still there"
    assert (await newest(house)).id == 1


async def test_an_allow_list_holds(house: House) -> None:
    visitor = await house.operator()
    keys = await made(visitor, auth="key", allow="10.0.0.0/8\r\n\r\n ::1 \r\n")
    project = await newest(house)
    assert project.allow == ("10.0.0.0/8", "::1")
    headers = {"x-api-key": keys["API key"]}
    refused = await run(house, headers)
    assert (refused.status_code, "is not allowed" in refused.text) == (401, True)
    answer = await visitor.send(f"{LIST}/{project.id}/allow", allow="127.0.0.0/8")
    assert answer.headers["location"] == f"{LIST}/{project.id}?done=allow"
    assert (await run(house, headers)).json()["result"] is True
    wrong = await visitor.send(f"{LIST}/{project.id}/allow", allow="127.0.0.1\nhere\nthere")
    assert wrong.status_code == 400
    assert "'here', 'there' are no IP address or network" in unescape(wrong.text)
    assert "127.0.0.1\nhere\nthere</textarea>" in wrong.text
    assert (await newest(house)).allow == ("127.0.0.0/8",)


async def test_other_keys_end_the_old_ones(house: House) -> None:
    visitor = await house.operator()
    changed: list[tuple[Project, Credentials]] = []
    before = await made(visitor)
    old = await newest(house)
    app = _app_with(house, lambda project, fresh: changed.append((project, fresh)))
    visitor.client._transport = httpx.ASGITransport(app)
    answer = await visitor.send(f"{LIST}/{old.id}/keys")
    after, new = keys_in(answer), await newest(house)
    assert answer.status_code == 200
    assert "films has new keys" in answer.text
    assert set(before.values()).isdisjoint(after.values())
    assert (await run(house, signing(house, old, before))).status_code == 401
    assert (await run(house, signing(house, new, after))).json()["result"] is True
    ((project, fresh),) = changed
    assert (project, fresh.api_key) == (old, after["API key"])
    later = (await visitor.get(f"{LIST}/{old.id}")).text
    assert not any(secret in later for secret in after.values())


def _app_with(house: House, changed: Callable[[Project, Credentials], None]) -> object:
    web = replace(house.web, keys_changed=changed)
    return create_app(replace(house.served.parts, web=Site(web)))


def test_credentials_of_the_machine_follow(tmp_path: Path) -> None:
    data_folder.write_credentials(tmp_path, url="u", api_key="old", api_secret="s")
    data_folder.renew_keys(tmp_path, lambda known: known == "another", api_key="new", api_secret="t")
    assert data_folder.read_credentials(tmp_path)["api_key"] == "old"
    data_folder.renew_keys(tmp_path, lambda known: known == "old", api_key="new", api_secret="t")
    assert data_folder.read_credentials(tmp_path) == {"url": "u", "api_key": "new", "api_secret": "t"}


async def test_who_is_revoked_is_refused_and_may_come_back(house: House) -> None:
    visitor = await house.operator()
    keys = await made(visitor, auth="key")
    path = f"{LIST}/{(await newest(house)).id}"
    headers = {"x-api-key": keys["API key"]}
    assert (await visitor.send(f"{path}/disable")).headers["location"] == f"{path}?done=disable"
    assert (await run(house, headers)).status_code == 401
    page = (await visitor.get(f"{path}?done=disable")).text
    assert "its keys are refused" in page
    assert "Enable again" in page
    await visitor.send(f"{path}/enable")
    assert (await run(house, headers)).json()["result"] is True


async def test_another_name(house: House) -> None:
    visitor = await house.operator()
    assert (await visitor.send(f"{LIST}/1/name", name=" Ädä's ")).status_code == 303
    assert "<h1>Ädä&#39;s</h1>" in (await visitor.get(f"{LIST}/1")).text
    refused = await visitor.send(f"{LIST}/1/name", name="  ")
    assert (refused.status_code, "A project needs a name." in refused.text) == (400, True)


async def test_limits_are_set_taken_back_and_hold(house: House) -> None:
    visitor = await house.operator()
    given = {
        "running": "2",
        "queued": "1",
        "rate": "2.5",
        "burst": "",
        "hourly": "0.5",
        "monthly": "20",
        "keep_days": "7",
    }
    assert (await visitor.send(f"{LIST}/1/limits", **given)).headers["location"] == f"{LIST}/1?done=limits"
    expected = ProjectLimits(
        running=2, queued=1, rate=2.5, hourly=Decimal("0.5"), monthly=Decimal(20), keep_days=7.0
    )
    assert (await house.web.projects.get(1)).limits == expected
    page = (await visitor.get(f"{LIST}/1")).text
    for name, value in given.items():
        assert f'name="{name}" value="{value}"' in page
    await house.served.run()
    too_many = await house.served.post(SORA, PROMPT)
    assert too_many.json()["result"] is False
    await visitor.send(f"{LIST}/1/limits", running="0", hourly="0")
    assert (await house.web.projects.get(1)).limits == ProjectLimits()


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("running", "many", "Tasks that run at the same time: write a whole number"),
        ("running", "1.5", "Tasks that run at the same time: write a whole number"),
        ("queued", "-1", "Tasks that wait: write a whole number"),
        ("rate", "nan", "Requests a second, in the long run: write a number"),
        ("hourly", "1e999", "A limit is at most 1,000,000"),
        ("monthly", "5 €", "US dollars in a month (UTC): write a number"),
        ("keep_days", "1e400", "Days that files are kept: write a number"),
        ("burst", "9" * 5000, "Requests at once, after a pause: write a whole number"),
        ("burst", "9" * 30, "A limit is at most 1,000,000"),
    ],
)
async def test_limits_that_are_none(house: House, name: str, value: str, why: str) -> None:
    visitor = await house.operator()
    answer = await visitor.send(f"{LIST}/1/limits", **{"queued": "3", name: value})
    assert answer.status_code == 400
    assert why in unescape(answer.text)
    assert f'name="{name}" value="{value}"' in answer.text
    assert (await house.web.projects.get(1)).limits == ProjectLimits()


async def test_the_server_s_own_limits_stand_beside(house: House) -> None:
    visitor = await house.operator()
    settings = [
        SettingShown(section="limits", key=key, value=value, origin="default", help="", environment="")
        for key, value in (("limits.running_per_project", "4"), ("limits.keep_days", "30.0"))
    ]
    app = create_app(replace(house.served.parts, web=Site(replace(house.web, settings=settings))))
    visitor.client._transport = httpx.ASGITransport(app)
    page = (await visitor.get(f"{LIST}/1")).text
    assert re.findall(r">Server: ([^<]+)<", page) == [
        "4",
        "any number",
        "any number",
        "as many as in a second",
        "no budget",
        "no budget",
        "30",
    ]


async def test_money_in_and_out(house: House) -> None:
    visitor = await house.operator()
    path = f"{LIST}/1/balance"
    assert (await visitor.send(path, way="add", amount="$12.50", note=" invoice  7 ")).status_code == 303
    assert (await visitor.send(path, way="back", amount="0.000000000001")).status_code == 303
    assert (await house.web.projects.get(1)).balance == Decimal("12.499999999999")
    page = (await visitor.get(f"{LIST}/1")).text
    assert "invoice 7" in page
    assert "+$12.50" in page
    for amount in ("", "lots", "1,50", "NaN", "Infinity", "0", "-1", "1e400", "1000001", "1e-13"):
        answer = await visitor.send(path, way="add", amount=amount, note="kept")
        assert answer.status_code == 400, amount
        assert 'value="kept"' in answer.text
    assert (await visitor.send(path, way="add", amount="1", note="x" * 201)).status_code == 400
    assert (await house.web.projects.get(1)).balance == Decimal("12.499999999999")


async def test_movements_of_money_go_on_and_lead_to_their_tasks(house: House) -> None:
    visitor, store = await house.operator(), house.web.store
    task = await claimed(store, 1)
    await ended(store, task, charge=Charge(amount=Decimal("0.5"), note="acme/clip"))
    for number in range(60):
        await house.web.projects.add_balance(1, Decimal(1), f"note {number}")
    assert f"{LIST}/1/ledger" in (await visitor.get(f"{LIST}/1")).text
    page = (await visitor.get(f"{LIST}/1/ledger")).text
    assert re.findall(r">note (\d+)<", page) == [str(number) for number in range(59, 9, -1)]
    (older,) = re.findall(rf'href="({LIST}/1/ledger\?beyond=\d+)"', page)
    page = (await visitor.get(older)).text
    assert re.findall(r">note (\d+)<", page) == [str(number) for number in range(9, -1, -1)]
    assert f'<a href="/operate/tasks/{task.id}">' in page
    assert "−$0.50" in page


async def test_spending_day_by_day(house: House) -> None:
    visitor, store = await house.operator(), house.web.store
    assert "Nothing was spent." in (await visitor.get(f"{LIST}/1")).text
    task = await claimed(store, 1)
    await ended(store, task, charge=Charge(amount=Decimal("0.5")))
    spent = await store.operating.spending(0, 1)
    clock = lambda: float(spent[0].hour * 3600)  # noqa: E731
    app = create_app(replace(house.served.parts, web=Site(replace(house.web, clock=clock))))
    visitor.client._transport = httpx.ASGITransport(app)
    page = (await visitor.get(f"{LIST}/1")).text
    assert "$0.50 spent in the last 30 days" in page
    assert "$0.50 in 30 days; the most of one day, $0.50, on 1 Jan." in page


def test_a_bar_for_each_day_with_spending() -> None:
    now = 1_734_513_807.25  # 18 December 2024
    today = hour_of(now) // 24 * 24
    hours = (today - 29 * 24 - 1, today - 29 * 24, today - 24, today - 1, today, today + 9)
    chart = spending_chart([Spent(hour=hour, amount=Decimal("0.5")) for hour in hours], now)
    assert first_hour(now) == hours[1]
    assert chart.title == "$2.50 spent in the last 30 days"
    assert chart.words == "$2.50 in 30 days; the most of one day, $1.00, on 17 Dec."
    assert [round(bar.height) for bar in chart.bars] == [50, 100, 100]
    assert [tick.text for tick in chart.ticks] == ["19 Nov", "28 Nov", "8 Dec", "18 Dec"]
    assert len(chart.marks) == 30
    assert chart.marks[-1].words == "18 Dec: $1.00"


async def test_where_webhooks_go(house: House) -> None:
    visitor = await house.operator()
    path = f"{LIST}/1/webhook"
    await visitor.send(path, url=" https://example.com/hook ")
    assert (await house.web.projects.get(1)).webhook_url == "https://example.com/hook"
    refused = await visitor.send(path, url="javascript:alert(1)")
    assert refused.status_code == 400
    assert Markup(refused.text).live == ["input value=javascript:alert(1)"], "it is the value of a field"
    await visitor.send(path, url="")
    assert (await house.web.projects.get(1)).webhook_url == ""


async def test_who_works_in_it(house: House) -> None:
    visitor = await house.operator()
    other = (await house.web.projects.create("other")).project
    await house.maker(other.id, "Grace")
    assert "Grace" in (await visitor.get(f"{LIST}/{other.id}")).text
    assert "No maker yet" in (await visitor.get(f"{LIST}/1")).text


async def test_no_such_project(house: House) -> None:
    visitor = await house.operator()
    for id in ("7", "0", "-1", "one", "9" * 30):
        assert (await visitor.get(f"{LIST}/{id}")).status_code == 404
        assert (await visitor.send(f"{LIST}/{id}/name", name="x")).status_code == 404
        assert (await visitor.send(f"{LIST}/{id}/keys")).status_code == 404


@pytest.mark.parametrize("path", FORMS)
async def test_a_maker_changes_no_project(house: House, path: str) -> None:
    maker = await house.maker(1)
    before = await house.web.store.projects()
    answer = await maker.send(filled(path), name="x", auth="key", amount="1", allow="10.0.0.1", url="")
    assert answer.status_code == 403
    assert await house.web.store.projects() == before


@pytest.mark.parametrize("path", [LIST, f"{LIST}/new", f"{LIST}/1", f"{LIST}/1/ledger"])
async def test_a_maker_sees_none_of_the_pages(house: House, path: str) -> None:
    maker = await house.maker(1)
    assert (await maker.get(path)).status_code == 403
    assert (await house.visitor().get(path)).status_code == 303


@pytest.mark.parametrize("path", FORMS)
async def test_a_form_without_its_token_changes_nothing(house: House, path: str) -> None:
    visitor = await house.operator()
    before = await house.web.store.projects()
    fields = {"name": "x", "auth": "key", "amount": "1", "allow": "10.0.0.1", "url": ""}
    assert (await visitor.client.post(filled(path), data=fields)).status_code == 403
    assert await house.web.store.projects() == before


async def test_what_operators_and_makers_write_is_text(house: House) -> None:
    visitor = await house.operator()
    answer = await visitor.send(LIST, name=HOSTILE, auth="signature")
    project = await newest(house)
    await visitor.send(f"{LIST}/{project.id}/balance", way="add", amount="1", note=HOSTILE)
    await house.web.accounts.create(HOSTILE, "maker", project=project.id)
    pages = [answer.text] + [
        (await visitor.get(path)).text
        for path in (
            LIST,
            f"{LIST}/{project.id}",
            f"{LIST}/{project.id}/ledger",
            f"{LIST}?q={HOSTILE}",
            "/operate/users",
        )
    ]
    pages += [
        (await visitor.send(f"{LIST}/{project.id}/{part}", **fields)).text
        for part, fields in (
            ("allow", {"allow": HOSTILE}),
            ("webhook", {"url": HOSTILE}),
            ("limits", {"running": HOSTILE}),
            ("balance", {"amount": HOSTILE, "note": HOSTILE}),
        )
    ]
    for text in pages:
        assert Markup(text).live == []
        assert "<script>alert" not in text
        assert "alert(1)" in text, "and it is shown"


async def test_the_list_asks_no_more_for_many_projects_than_for_one(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, asks = await house.operator(), house.web.store.tenants._asks
    asked: list[str] = []
    read = asks.read

    async def counting(sql: str, *cells: object) -> object:
        asked.append(sql)
        return await read(sql, *cells)

    monkeypatch.setattr(asks, "read", counting)
    await visitor.get(LIST)
    for_one = len(asked)
    for number in range(60):
        await house.web.projects.create(f"project {number}", "key")
    asked.clear()
    await visitor.get(LIST)
    assert len(asked) == for_one
