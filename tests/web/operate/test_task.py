"""One task as operators see it, through the front door."""

import asyncio
import html
import re
from collections.abc import Callable
from decimal import Decimal

import msgspec
import pytest

from tests.api.served import NOW, PROMPT, SORA, picture
from tests.tasks.examples import claimed_by_an_engine
from tests.tasks.test_webhooks import Receiver, listening, settled, webhooks
from tests.web.operate.test_tasks import ATTACK, asked
from tests.web.visiting import House, Markup
from understudy.api.app import create_app
from understudy.tasks import lifecycle
from understudy.tasks.events import Event
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import Charge, Purchase, Settlement, Task
from understudy.web.pages.operate import task as page
from understudy.web.proof import Proof
from understudy.web.site import Site

MODEL = "openai/sora-2-pro"
PARTS = ("head", "clip", "log", "facts", "webhooks")
ENGINE = {
    "name": "instant",
    "version": "7",
    "preview": True,
    "tried": [{"engine": "ovi", "reason": "No card is free."}],
    "seed": "4711",
    "notes": ["The ratio was left out."],
}


async def running(house: House, id: str = "", **fields: object) -> Task:
    id = id or await asked(house, **fields)  # type: ignore[arg-type]
    store = house.served.parts.store
    task = await claimed_by_an_engine(store, MODEL, NOW)
    assert task.id == int(id)
    after = await store.apply(task.id, lifecycle.advance(task, Status.START, NOW, engine=ENGINE))
    assert after is not None
    return after


async def ended(house: House, task: Task, **fields: object) -> Task:
    given: dict[str, object] = {"pexit": "0", **fields}
    after = await house.served.parts.store.apply(task.id, lifecycle.finish(task, NOW + 12, **given))  # type: ignore[arg-type]
    assert after is not None
    return after


async def status(house: House, id: object) -> str:
    task = await house.served.parts.store.task(int(str(id)))
    assert task is not None
    return task.status


async def test_one_that_is_over_with_all_that_is_known(house: House) -> None:
    visitor = await house.operator()
    charge = Charge(amount=Decimal("1.20"), note="1.20 a run")
    task = await ended(
        house,
        await running(house, prompt="A road at dawn.", token="t" * 30, trace=f"00-{'ab' * 16}-{'cd' * 8}-01"),
        charge=charge,
        cost="1.20",
        stdout="Shot 1: a road",
        stderr="a warning",
    )
    text = (await visitor.get(f"/operate/tasks/{task.id}")).text
    for words in (
        "A road at dawn.",
        'Running</span> <span class="number">12 s</span>',
        "12 s in all",
        "$1.20",
        "instant",
        "preview</span>",
        "<strong>ovi</strong> No card is free.",
        "The ratio was left out.",
        "Shot 1: a road",
        "a warning",
        "ab" * 16,
        "4711",
        f'href="/operate/projects/{task.project}"',
        "Nobody asked to be told.",
        f"{task.token[:6]}…",
    ):
        assert words in text, words
    assert task.token not in text
    assert 'class="finishing"' in text
    assert ">Stop<" not in re.sub(r"<svg.*?</svg>", "", text, flags=re.S)
    assert 'data-every="15"' in text


async def test_one_that_waits(house: House) -> None:
    visitor = await house.operator()
    await asked(house)
    id = await asked(house, callback_url="https://studio.example/hook?key=hushhush")
    text = (await visitor.get(f"/operate/tasks/{id}")).text
    assert "Before it, for this model</dt><dd>1</dd>" in text
    assert "<strong>instant</strong>" in text
    assert "would play it now" in text
    assert "https://studio.example/hook?…</span> is told when it is over." in text
    assert "hushhush" not in text
    assert '<span class="badge live">now</span>' in text


async def test_a_run_is_followed_with_its_log_and_its_holder(house: House) -> None:
    visitor = await house.operator()
    task = await running(house)
    events = house.served.parts.events
    before = len(events)
    assert "Nothing yet." in (await visitor.get(f"/operate/tasks/{task.id}/log")).text
    assert len(events) == before, "looking leaves nothing behind"
    events.publish(task.id, Event("task_output", "Shot 1: <b>a road</b>"))
    events.publish(task.id, Event("task_error", "a warning"))
    step = {
        "task": "Generate",
        "stepCurrent": "12",
        "stepTotal": "30",
        "remainingTime": "9s",
        "percentage": "40",
    }
    events.publish(task.id, Event("task_output", step))
    log = (await visitor.get(f"/operate/tasks/{task.id}/log")).text
    assert "Shot 1: &lt;b&gt;a road&lt;/b&gt;\na warning" in log
    head = (await visitor.get(f"/operate/tasks/{task.id}/head")).text
    assert "step 12 of 30, 9s left" in head
    facts = (await visitor.get(f"/operate/tasks/{task.id}/facts")).text
    assert 'Held by</dt><dd class="mono">engine</dd>' in facts
    whole = (await visitor.get(f"/operate/tasks/{task.id}")).text
    for part in PARTS:
        answer = await visitor.get(f"/operate/tasks/{task.id}/{part}")
        assert "<html" not in answer.text
        assert f'data-live="/operate/tasks/{task.id}/{part}"' in whole
        assert answer.text.strip() in whole, "what comes later is made as what came first"


async def test_the_log_of_one_that_was_stopped_stays_until_it_is_on_record(house: House) -> None:
    visitor = await house.operator()
    task = await running(house)
    events = house.served.parts.events
    events.publish(task.id, Event("task_output", "Shot 1"))
    await visitor.send(f"/operate/tasks/{task.id}/stop")
    assert "Shot 1" in (await visitor.get(f"/operate/tasks/{task.id}/log")).text
    await house.served.parts.store.keep_log(task.id, task.attempts, stdout="All of it", stderr="")
    text = (await visitor.get(f"/operate/tasks/{task.id}/log")).text
    assert ("All of it" in text, "Shot 1" in text) == (True, False)


async def test_of_a_long_log_the_end_is_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "_MOST_LOG", 20)
    visitor = await house.operator()
    task = await ended(house, await running(house), stdout=f"the beginning{'.' * 30}the end")
    text = (await visitor.get(f"/operate/tasks/{task.id}/log")).text
    assert "Only its end is shown." in text
    assert ("the end" in text, "the beginning" in text) == (True, False)


async def test_what_partners_charged(house: House) -> None:
    visitor = await house.operator()
    store = house.served.parts.store
    task = await running(house)
    wanted = Purchase(
        id=0,
        task=task.id,
        project=task.project,
        engine="bought",
        key="our-own-key",
        hook="unguessable",
        placed=NOW,
        estimate=Decimal("0.80"),
    )
    purchase = await store.begin_purchase(wanted, (task.lease_owner, task.attempts))
    assert purchase is not None
    await store.step_purchase(purchase.id, ["intended"], state="submitted", remote_id="job-9")
    text = (await visitor.get(f"/operate/tasks/{task.id}")).text
    for words in ("bought", "submitted", "$0.80", "job-9", "not known yet"):
        assert words in text
    settlement = Settlement(
        purchase=purchase.id, outcome="delivered", at=NOW, charged=Decimal("0.75"), note="4 seconds"
    )
    await ended(house, task, settlement=settlement)
    text = (await visitor.get(f"/operate/tasks/{task.id}")).text
    for words in ("delivered", "$0.75", "4 seconds", "Your ledger"):
        assert words in text
    assert ("our-own-key" in text, "unguessable" in text) == (False, False)


async def test_a_waiting_one_is_cancelled_and_a_running_one_killed_whosever_it_is(house: House) -> None:
    visitor = await house.operator()
    other = (await house.served.parts.projects.create("other")).project
    first = await running(house, project=other.id)
    second = await asked(house, project=other.id)
    for id in (first.id, second):
        path = f"/operate/tasks/{id}"
        assert "data-confirm=" in (await visitor.get(path)).text
        assert (await visitor.send(f"{path}/stop")).headers["location"] == path
        assert await status(house, id) == "task_cancel"
        assert (await visitor.send(f"{path}/stop")).status_code == 303, "there is nothing left to stop"
    text = (await visitor.get(f"/operate/tasks/{first.id}")).text
    assert "stopped here" in text


async def test_run_again_in_its_own_project(house: House) -> None:
    visitor = await house.operator()
    other = await house.served.parts.projects.create("other")
    files = {"inputImage": ("road.png", picture(), "image/png")}
    answer = await house.served.client.post(
        SORA, data=PROMPT, files=files, headers=house.served.headers(other)
    )
    id = answer.json()["taskid"]
    answer = await visitor.send(f"/operate/tasks/{id}/again")
    (again,) = re.findall(r"/operate/tasks/(\d+)", answer.headers["location"])
    store = house.served.parts.store
    first, second = await store.task(int(id)), await store.task(int(again))
    assert first is not None
    assert second is not None
    assert second.project == other.project.id
    assert (second.seed, second.values, second.media) == (first.seed, first.values, first.media)
    assert 'alt="Input' in (await visitor.get(f"/operate/tasks/{again}")).text


async def test_what_cannot_be_run_again_is_said(house: House) -> None:
    visitor = await house.operator()
    gone = await asked(house, model="acme/gone")
    answer = await visitor.send(f"/operate/tasks/{gone}/again")
    assert answer.status_code == 409
    assert "acme/gone is not offered here any more" in answer.text
    assert "not offered any more" in (await visitor.get(f"/operate/tasks/{gone}")).text
    other = (await house.served.parts.projects.create("other")).project
    theirs = await asked(house, project=other.id)
    await house.served.parts.store.change_project(other.id, enabled=False)
    answer = await visitor.send(f"/operate/tasks/{theirs}/again")
    assert (answer.status_code, "project of this task is disabled" in answer.text) == (409, True)
    assert (await house.served.parts.store.depth())["task_queue"] == 2


async def test_a_webhook_is_shown_without_its_secrets_and_sent_again(house: House) -> None:
    parts = house.served.parts
    async with listening(Receiver(500, 200, 204)) as receiver:
        sender = webhooks(parts.store, parts.clock)
        web = msgspec.structs.replace(house.web, wake_webhooks=sender.wake)
        app = create_app(msgspec.structs.replace(parts, web=Site(web), signed_in=Proof(web)))
        visitor = await msgspec.structs.replace(house, web=web, app=app).operator()
        id = await asked(house, callback_url=f"{receiver.url}?secret=hushhush")
        await visitor.send(f"/operate/tasks/{id}/stop")
        task = await parts.store.task(int(id))
        assert task is not None
        sender.start()
        await settled(parts.store, task, lambda each: each.attempts == 1)
        text = (await visitor.get(f"/operate/tasks/{id}")).text
        assert f"{receiver.url}?…" in text
        assert "1 attempt, the last answered with HTTP 500" in text
        assert ("hushhush" in text, "task_cancel" in text) == (False, False)
        await _press(visitor.send, text, "Send now")
        await settled(parts.store, task, lambda each: each.state == "delivered" and each.status == 200)
        text = (await visitor.get(f"/operate/tasks/{id}/webhooks")).text
        assert "2 attempts, the last answered with HTTP 200" in text
        await _press(visitor.send, text, "Send again")
        await settled(parts.store, task, lambda each: each.state == "delivered" and each.status == 204)
        await sender.stop()
    assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1
    assert len(receiver.requests) == 3


async def _press(send: Callable[..., object], text: str, button: str) -> None:
    (form,) = [each for each in re.findall(r"<form.*?</form>", text, re.S) if button in each]
    (action,) = re.findall(r'action="([^"]+)"', form)
    (delivery,) = re.findall(r'name="delivery" value="(\d+)"', form)
    answer = await send(action, delivery=delivery)  # type: ignore[misc]
    assert answer.status_code == 303


async def test_only_its_own_webhooks_are_sent_again(house: House) -> None:
    visitor = await house.operator()
    store = house.served.parts.store
    with_one, without = await asked(house, callback_url="https://studio.example/hook"), await asked(house)
    await asyncio.gather(*(visitor.send(f"/operate/tasks/{id}/stop") for id in (with_one, without)))
    (delivery,) = await store.deliveries(int(with_one))
    await store.settle_delivery(msgspec.structs.replace(delivery, state="given-up", attempts=9, due=NOW + 1))
    for wanted in (str(delivery.id), "0", "x", ""):
        answer = await visitor.send(f"/operate/tasks/{without}/send-again", delivery=wanted)
        assert (answer.status_code, "no such webhook" in answer.text) == (404, True)
    assert (await store.deliveries(int(with_one)))[0].state == "given-up"
    await visitor.send(f"/operate/tasks/{with_one}/send-again", delivery=str(delivery.id))
    (after,) = await store.deliveries(int(with_one))
    assert (after.state, after.due, after.attempts) == ("waiting", NOW, 0)


@pytest.mark.parametrize("id", ["0", "99", "x", "9" * 30])
async def test_there_is_no_such_task(house: House, id: str) -> None:
    visitor = await house.operator()
    for answer in (
        await visitor.get(f"/operate/tasks/{id}"),
        await visitor.get(f"/operate/tasks/{id}/log"),
        await visitor.send(f"/operate/tasks/{id}/stop"),
        await visitor.send(f"/operate/tasks/{id}/again"),
        await visitor.send(f"/operate/tasks/{id}/send-again"),
    ):
        assert (answer.status_code, "There is no such task." in answer.text) == (404, True)


async def test_what_users_write_is_text(house: House) -> None:
    visitor = await house.operator()
    other = (await house.served.parts.projects.create(ATTACK[:60])).project
    media = {"inputImage": ("https://studio.example/a.png?key=hushhush",)}
    task = await running(house, prompt=ATTACK, project=other.id, media=media, notes=ATTACK)
    engine = ENGINE | {"name": ATTACK, "tried": [{"engine": ATTACK, "reason": ATTACK}], "label": ATTACK}
    house.served.parts.events.publish(task.id, Event("task_output", ATTACK))
    texts = [(await visitor.get(f"/operate/tasks/{task.id}")).text]
    await ended(house, task, pexit="1", reason=ATTACK, engine=engine, stdout=ATTACK, stderr=ATTACK)
    texts.append((await visitor.get(f"/operate/tasks/{task.id}")).text)
    for text in texts:
        assert "<script>alert" not in text
        assert Markup(text).live == []
        assert "hushhush" not in text
        assert "https://studio.example/a.png?…" in html.unescape(text)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://studio.example:8443/hook/a?key=1#x", "https://studio.example:8443/hook/a?…"),
        ("https://ada:secret@studio.example/hook", "https://studio.example/hook"),
        ("", ""),
    ],
)
def test_of_an_address_what_may_be_a_secret_is_left_out(url: str, shown: str) -> None:
    assert page.shown_address(url) == shown
