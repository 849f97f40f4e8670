"""The adapter against the fake, on real sockets, with everything that goes wrong."""

import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from tests.engines.wiro.bench import connected, job, picture
from understudy.engines.partner import Prepared
from understudy.engines.wiro.partner import Wiro
from understudy.errors import NotAccepted, PartnerAway, ResultLost, Unclear
from understudy.testing.clip import tiny_clip
from understudy.testing.partners.clock import VirtualClock
from understudy.testing.partners.faults import Fault, FaultPlan, Kind, Step
from understudy.testing.partners.serving import serving
from understudy.testing.partners.wiro import Wiro as Server

KEY = "understudy-0123"


class Shop:
    """A fake that is served, and how to reach it."""

    def __init__(self, server: Server, url: str) -> None:
        self.server = server
        self.url = url

    @asynccontextmanager
    async def partner(self, **options: object) -> AsyncIterator[Wiro]:
        known = {
            "base_url": self.url,
            "api_key": "test-key",
            "api_secret": "test-secret",
            "timeout_seconds": 2,
        }
        async with connected(self.server.clock, **{**known, **options}) as partner:
            yield partner

    def goes_wrong(self, step: Step, kind: Kind, **more: float) -> None:
        self.server.plan.add(Fault(step, kind, **more))  # type: ignore[arg-type]

    def end(self) -> None:
        self.server.clock.advance(30)


@pytest.fixture
def shop() -> Iterator[Shop]:
    server = Server(FaultPlan(), clock=VirtualClock(speed=0))
    with serving(server.app) as url:
        yield Shop(server, url)


async def submitted(partner: Wiro, folder: Path) -> tuple[Prepared, str]:
    prepared = await partner.prepare(job(folder))
    return prepared, await partner.submit(prepared, KEY, "")


async def test_a_whole_run(shop: Shop, tmp_path: Path) -> None:
    async with shop.partner() as partner:
        given = job(tmp_path, files={"inputImage": (picture(tmp_path / "in"),)})
        prepared = await partner.prepare(given)
        assert prepared.notes == ()
        assert prepared.cost is None
        remote_id = await partner.submit(prepared, KEY, "https://here.example/hook")
        assert remote_id == "2221"
        assert (await partner.check(remote_id)).state == "queued"
        shop.server.clock.advance(3)
        assert (await partner.check(remote_id)).state == "running"
        shop.end()
        standing = await partner.check(remote_id)
        assert (standing.state, standing.charged, standing.cost) == ("done", True, Decimal("0.01053"))
        (output,) = await partner.fetch(remote_id, tmp_path)
        assert Path(output.path).read_bytes() == tiny_clip()
        await partner.delete(remote_id)
        with pytest.raises(ResultLost, match="no files"):
            await partner.fetch(remote_id, tmp_path)
    sent = shop.server.requests[0]
    assert sent.fields == {**given.values, "callbackUrl": "https://here.example/hook"}
    ((name, content),) = sent.files["inputImage"]
    assert name == "inputImage-0.png"
    assert content == Path(given.files["inputImage"][0]).read_bytes()
    assert sent.headers["idempotency-key"] == KEY
    assert shop.server.paid == 1


async def test_a_project_without_signatures() -> None:
    server = Server(secret="")
    with serving(server.app) as url:
        async with connected(time.time, base_url=f"{url}/v1/", api_key="test-key") as partner:
            await submitted(partner, Path("/"))
    assert "x-signature" not in server.requests[0].headers


async def test_who_played_it_there_is_told(tmp_path: Path) -> None:
    tried = [{"engine": "sora", "reason": "No key is set."}]
    engine = {"name": "animatic", "version": "1", "preview": True, "tried": tried}
    server = Server(clock=VirtualClock(speed=0), engine=engine)
    with serving(server.app) as url:
        async with Shop(server, url).partner() as partner:
            _, remote_id = await submitted(partner, tmp_path)
            server.clock.advance(30)
            reason = (await partner.check(remote_id)).reason
    assert reason == "Played there by animatic 1 (a preview); not by sora: No key is set."


@pytest.mark.parametrize(
    ("kind", "error", "words", "bought"),
    [
        ("drop before", Unclear, "broke", 0),
        ("drop after", Unclear, "broke", 1),
        ("error before", Unclear, "HTTP 500", 0),
        ("error after", Unclear, "HTTP 500", 1),
        ("hang before", Unclear, "broke", 0),
        ("hang after", Unclear, "broke", 1),
        ("truncated", Unclear, "broke", 1),
        ("damaged", Unclear, "not of its protocol", 1),
        ("wrong type", Unclear, "not of its protocol", 1),
        ("redirects", Unclear, "HTTP 307", 0),
        ("refused", NotAccepted, "parameters are invalid", 0),
        ("refused content", NotAccepted, "against the rules", 0),
        ("no account", NotAccepted, r"api_key and api_secret in \[engine.wiro\]", 0),
    ],
)
async def test_a_purchase_that_goes_wrong(
    shop: Shop, tmp_path: Path, kind: Kind, error: type[Exception], words: str, bought: int
) -> None:
    shop.goes_wrong("create", kind)
    async with shop.partner() as partner:
        with pytest.raises(error, match=words):
            await submitted(partner, tmp_path)
    assert shop.server.paid == bought
    assert sum(sent.step == "create" for sent in shop.server.requests) == 1


async def test_a_server_that_says_not_now(shop: Shop, tmp_path: Path) -> None:
    shop.goes_wrong("create", "busy")
    async with shop.partner() as partner:
        with pytest.raises(NotAccepted) as refusal:
            await submitted(partner, tmp_path)
    assert refusal.value.busy
    assert refusal.value.retry_after == 1


async def test_too_slow_is_unclear(shop: Shop, tmp_path: Path) -> None:
    shop.goes_wrong("create", "slow", seconds=1.6)
    async with shop.partner(timeout_seconds=1) as partner:
        with pytest.raises(Unclear, match="in time"):
            await submitted(partner, tmp_path)
    assert shop.server.paid == 1


async def test_a_server_that_is_not_there_took_nothing(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        async with connected(time.time, base_url=url, api_key="k") as partner:
            with pytest.raises(NotAccepted, match="cannot be reached") as refusal:
                await submitted(partner, tmp_path)
            assert refusal.value.busy
            with pytest.raises(PartnerAway, match="cannot be reached"):
                await partner.check("1")


async def test_a_file_that_is_gone_was_not_sent(shop: Shop, tmp_path: Path) -> None:
    async with shop.partner() as partner:
        prepared = await partner.prepare(job(tmp_path, files={"inputImage": (str(tmp_path / "gone.png"),)}))
        with pytest.raises(NotAccepted, match="inputImage cannot be read"):
            await partner.submit(prepared, KEY, "")
    assert shop.server.requests == []


@pytest.mark.parametrize("kind", ["drop after", "error after", "hang after", "wrong type", "drop before"])
async def test_an_understudy_is_asked_again_by_key(shop: Shop, tmp_path: Path, kind: Kind) -> None:
    shop.goes_wrong("create", kind)
    async with shop.partner(profile="understudy") as partner:
        prepared = await partner.prepare(job(tmp_path))
        placed = shop.server.clock()
        with pytest.raises(Unclear):
            await partner.submit(prepared, KEY, "")
        assert await partner.look_up(prepared, KEY, placed) == ("2221",)
        assert await partner.look_up(prepared, KEY, placed) == ("2221",)
    assert shop.server.paid == 1


async def test_a_look_up_makes_the_same_request_after_a_restart(shop: Shop, tmp_path: Path) -> None:
    """The picture lies elsewhere then, under another name."""
    async with shop.partner(profile="understudy") as partner:
        first = job(tmp_path, files={"inputImage": (picture(tmp_path / "a"),)})
        again = job(tmp_path, files={"inputImage": (picture(tmp_path / "b", name="other.png"),)})
        remote_id = await partner.submit(await partner.prepare(first), KEY, "")
        found = await partner.look_up(await partner.prepare(again), KEY, shop.server.clock())
    assert found == (remote_id,)
    assert shop.server.paid == 1


async def test_a_request_that_had_a_hook_is_found_in_the_list(shop: Shop, tmp_path: Path) -> None:
    async with shop.partner(profile="understudy") as partner:
        prepared = await partner.prepare(job(tmp_path))
        remote_id = await partner.submit(prepared, KEY, "https://here.example/hook")
        assert await partner.look_up(prepared, KEY, shop.server.clock()) == (remote_id,)
        with pytest.raises(Unclear, match="before"):
            await partner.submit(prepared, KEY, "")
    assert shop.server.paid == 1


@pytest.mark.parametrize(
    ("profile", "age"), [("hosted", 0.0), ("understudy", 23.5 * 3600)], ids=["hosted", "too old"]
)
async def test_without_a_key_nothing_is_sent_again(
    shop: Shop, tmp_path: Path, profile: str, age: float
) -> None:
    async with shop.partner(profile=profile) as partner:
        prepared = await partner.prepare(job(tmp_path))
        placed = shop.server.clock()
        remote_id = await partner.submit(prepared, KEY, "")
        shop.server.clock.advance(age)
        assert await partner.look_up(prepared, KEY, placed) == (remote_id,)
    assert [sent.step for sent in shop.server.requests] == ["create", "list"]


async def test_what_the_list_does_not_have_nobody_can_tell(shop: Shop, tmp_path: Path) -> None:
    shop.goes_wrong("create", "drop before")
    async with shop.partner(profile="hosted") as partner:
        other = await partner.prepare(job(tmp_path, prompt="Another."))
        prepared = await partner.prepare(job(tmp_path))
        with pytest.raises(Unclear):
            await partner.submit(prepared, KEY, "")
        await partner.submit(prepared, "an earlier one", "")
        shop.server.clock.advance(60)
        await partner.submit(other, "another", "")
        assert await partner.look_up(prepared, KEY, shop.server.clock()) is None


async def test_the_list_is_read_back_to_the_purchase(shop: Shop, tmp_path: Path) -> None:
    async with shop.partner(profile="hosted") as partner:
        prepared = await partner.prepare(job(tmp_path))
        noise = await partner.prepare(job(tmp_path, prompt="Another."))
        for number in range(25):
            await partner.submit(noise, f"early {number}", "")
        shop.server.clock.advance(60)
        placed = shop.server.clock()
        mine = [await partner.submit(prepared, f"mine {number}", "") for number in range(2)]
        for number in range(45):
            await partner.submit(noise, f"late {number}", "")
        assert await partner.look_up(prepared, KEY, placed) == tuple(reversed(mine))
    assert sum(sent.step == "list" for sent in shop.server.requests) == 3


@pytest.mark.parametrize("kind", ["drop before", "busy", "error before", "no account", "wrong type"])
async def test_a_look_up_that_fails_proves_nothing(shop: Shop, tmp_path: Path, kind: Kind) -> None:
    async with shop.partner(profile="understudy") as partner:
        prepared = await partner.prepare(job(tmp_path))
        shop.goes_wrong("create", kind)
        with pytest.raises(PartnerAway):
            await partner.look_up(prepared, KEY, shop.server.clock())
    async with shop.partner(profile="hosted") as partner:
        shop.goes_wrong("list", kind)
        with pytest.raises(PartnerAway):
            await partner.look_up(prepared, KEY, shop.server.clock())


async def test_a_look_up_that_is_refused_for_its_inputs_took_nothing(shop: Shop, tmp_path: Path) -> None:
    async with shop.partner(profile="understudy") as partner:
        prepared = await partner.prepare(job(tmp_path, seconds="5"))
        with pytest.raises(NotAccepted, match="must be one of 4, 8, 12"):
            await partner.look_up(prepared, KEY, shop.server.clock())


@pytest.mark.parametrize(
    "kind", ["drop before", "busy", "error before", "hang before", "truncated", "wrong type", "no account"]
)
async def test_a_check_that_fails_changes_nothing(shop: Shop, tmp_path: Path, kind: Kind) -> None:
    async with shop.partner() as partner:
        _, remote_id = await submitted(partner, tmp_path)
        shop.goes_wrong("check", kind)
        with pytest.raises(PartnerAway) as away:
            await partner.check(remote_id)
        assert (away.value.retry_after == 1) == (kind == "busy")
        assert (await partner.check(remote_id)).state == "queued"


@pytest.mark.parametrize(
    ("fate", "words"), [("fails", "ran out of memory"), ("filtered", "against the rules")]
)
async def test_a_task_that_fails_costs_nothing(shop: Shop, tmp_path: Path, fate: Kind, words: str) -> None:
    shop.goes_wrong("create", fate)
    async with shop.partner() as partner:
        _, remote_id = await submitted(partner, tmp_path)
        shop.end()
        standing = await partner.check(remote_id)
    assert (standing.state, standing.charged) == ("failed", False)
    assert words in standing.reason


async def test_a_task_that_is_forgotten(shop: Shop, tmp_path: Path) -> None:
    shop.goes_wrong("create", "forgotten")
    async with shop.partner() as partner:
        _, remote_id = await submitted(partner, tmp_path)
        for what in (partner.check(remote_id), partner.cancel(remote_id), partner.fetch(remote_id, tmp_path)):
            with pytest.raises(ResultLost, match="no such task"):
                await what
        await partner.delete(remote_id)


@pytest.mark.parametrize(
    "kind", ["drop before", "truncated", "damaged", "wrong type", "expired", "error before"]
)
async def test_a_file_that_does_not_come_can_be_had_later(shop: Shop, tmp_path: Path, kind: Kind) -> None:
    shop.goes_wrong("content", kind)
    async with shop.partner() as partner:
        _, remote_id = await submitted(partner, tmp_path)
        shop.end()
        with pytest.raises(PartnerAway, match="cannot be had"):
            await partner.fetch(remote_id, tmp_path)
        (output,) = await partner.fetch(remote_id, tmp_path)
    assert Path(output.path).read_bytes() == tiny_clip()


@pytest.mark.parametrize("seconds", [0, 5], ids=["queued", "running"])
async def test_kill(shop: Shop, tmp_path: Path, seconds: float) -> None:
    async with shop.partner() as partner:
        _, remote_id = await submitted(partner, tmp_path)
        shop.server.clock.advance(seconds)
        shop.goes_wrong("cancel", "drop after")
        with pytest.raises(PartnerAway):
            await partner.cancel(remote_id)
        assert await partner.cancel(remote_id) == "stopped"
        standing = await partner.check(remote_id)
    assert (standing.state, standing.charged, standing.cost) == ("failed", False, Decimal(0))


async def test_what_is_done_cannot_be_killed(shop: Shop, tmp_path: Path) -> None:
    async with shop.partner() as partner:
        _, remote_id = await submitted(partner, tmp_path)
        shop.end()
        assert await partner.cancel(remote_id) == "cannot"


async def test_secrets_stay_out_of_sight(shop: Shop, tmp_path: Path) -> None:
    async with shop.partner(api_secret="wrong-secret") as partner:
        with pytest.raises(NotAccepted) as refusal:
            await submitted(partner, tmp_path)
    for secret in ("wrong-secret", "test-key"):
        assert secret not in refusal.value.message
        assert secret not in repr(partner._server)
