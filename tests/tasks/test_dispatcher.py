"""Runs from the queue to their last status, on real replicas."""

import asyncio
import errno
import time
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.tasks.house import BY_TIME, UNPLAYABLE, House, house
from understudy.catalogue.checked import Upload
from understudy.errors import InvalidInput, NotAllowed, NotFound, StoreUnavailable
from understudy.files.probe import Probe, probe
from understudy.files.thumbnail import probe_with_thumbnail
from understudy.tasks import lifecycle
from understudy.tasks.records import Purchase, Room, RunningLimits
from understudy.tasks.watch import watch


async def test_a_run_leaves_a_clip_a_thumbnail_and_a_ledger_line(tmp_path: Path) -> None:
    async with house(tmp_path, engine="instant") as at:
        task = await at.end_of(await at.submit())
        assert (task.status, task.pexit, task.reason) == ("task_postprocess_end", "0", "")
        assert task.engine == {
            "name": "instant",
            "version": task.engine and task.engine["version"],
            "preview": True,
            "tried": [],
            "seed": str(task.seed),
        }
        (clip,) = await at.desk.outputs(task)
        path = at.storage.local_path(clip.key)
        assert path is not None
        assert (clip.name, clip.content_type, clip.size) == ("0.mp4", "video/mp4", path.stat().st_size)
        assert probe(path).video[0].width == 64
        names = {file.name: file.role for file in await at.store.files_by_address(clip.address)}
        assert names == {"0.mp4": "output", "0.jpg": "thumbnail"}
        assert [line.amount for line in await at.store.ledger(at.project.id)] == [Decimal("-0.25")]
        assert task.cost == "0.250000000000"
    assert not list((tmp_path / "runs").iterdir())


async def test_labels_tell_more_of_who_played_and_change_no_fact(tmp_path: Path) -> None:
    labels = {"preset": "fast", "name": "ovi", "preview": "no", "seed": "1", "tried": "", "version": "9"}
    async with house(tmp_path, options={"labels": labels}) as at:
        task = await at.end_of(await at.submit())
        assert task.engine == {
            "name": "trouble",
            "version": "1",
            "preview": True,
            "tried": [],
            "seed": str(task.seed),
            "preset": "fast",
        }


async def test_an_engine_that_fails_to_say_its_labels_plays_all_the_same(tmp_path: Path) -> None:
    async with house(tmp_path, options={"labels": "none of it"}) as at:
        task = await at.end_of(await at.submit())
        assert task.pexit == "0"
        assert task.engine is not None
        assert set(task.engine) == {"name", "version", "preview", "tried", "seed"}


async def test_times_are_in_order(tmp_path: Path) -> None:
    async with house(tmp_path, engine="instant") as at:
        task = await at.end_of(await at.submit())
        times = [
            task.created,
            *(getattr(task, name) for name in lifecycle.REACHED_AT.values() if name != "cancelled"),
        ]
        assert times == sorted(times)
        assert min(times) > time.time() - 60
        assert task.cancelled == 0.0


async def test_without_a_rule_the_price_is_the_time(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        task = await at.end_of(await at.submit("[sleep 0.2]", BY_TIME))
        elapsed = Decimal(f"{lifecycle.elapsed(task):.4f}")
        assert Decimal(task.cost) == elapsed * Decimal(task.cps)
        assert Decimal("0.2") <= elapsed < 20


async def test_a_watcher_hears_every_status_and_line_once_and_in_order(tmp_path: Path) -> None:
    async with house(tmp_path, started=False) as at:
        task = await at.submit("[say first][steps 3][complain oh][say last]")
        heard = asyncio.create_task(_hear(at, task.token))
        await asyncio.sleep(0.01)
        await at.dispatcher.start()
        events = await heard
    statuses = [kind for kind, _, is_status in events if is_status]
    assert statuses == [
        "task_queue",
        "task_accept",
        "task_preprocess_start",
        "task_preprocess_end",
        "task_assign",
        "task_start",
        "task_output",
        "task_end",
        "task_postprocess_start",
        "task_postprocess_end",
    ]
    lines = [
        message for kind, message, is_status in events if kind == "task_output" and isinstance(message, str)
    ]
    assert lines == ["first", "last"]
    assert ("task_error", "oh", False) in events
    assert ("task_output_full", {"raw": "first\nlast"}, False) in events
    assert ("task_error_full", {"raw": "oh"}, False) in events
    last_step = [m for k, m, _ in events if k == "task_output" and isinstance(m, dict)][-1]
    assert last_step["type"] == "progressGenerate"
    assert (last_step["stepCurrent"], last_step["stepTotal"], last_step["percentage"]) == ("3", "3", "100")


async def test_a_late_watcher_gets_the_state_then_what_was_said(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        task = await at.submit("[say first][sleep 0.6][say last]")
        await at.reached(task, "task_output")
        events = await _hear(at, task.token)
        assert events[0] == ("task_output", None, True)
        assert [message for kind, message, _ in events if isinstance(message, str)] == ["first", "last"]
        assert await _hear(at, task.token) == [("task_postprocess_end", None, True)]
        with pytest.raises(NotFound):
            await _hear(at, "nobody")


async def _hear(at, token: str) -> list[tuple[str, object, bool]]:  # type: ignore[no-untyped-def]
    return [(event.type, event.message, event.status) async for _, event in watch(at.store, at.events, token)]


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [
        ("[raise it broke]", "it broke"),
        ("[badinput too long]", "too long"),
        ("[oom]", "memory"),
        ("[nothing]", "made no file"),
        ("[garbage]", "no media"),
        ("[outside]", "outside"),
    ],
)
async def test_a_failed_run_says_why_and_costs_nothing(tmp_path: Path, prompt: str, reason: str) -> None:
    async with house(tmp_path) as at:
        task = await at.end_of(await at.submit(f"[say working]{prompt}"))
        assert (task.status, task.pexit, task.cost) == ("task_postprocess_end", "1", "0")
        assert reason in task.reason
        assert task.stdout == "working"
        assert str(tmp_path) not in task.reason + task.stderr
        assert await at.desk.outputs(task) == ()
        assert await at.store.ledger(at.project.id) == []
        # The replica lives, and plays the next one.
        assert (await at.end_of(await at.submit())).pexit == "0"


async def test_nobody_can_play_it(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        task = await at.end_of(await at.submit(model=UNPLAYABLE))
        assert task.status == "task_error"
        assert "No engine can play acme/unplayable here now." in task.reason


async def test_an_engine_that_is_not_available_is_named_with_its_reason(tmp_path: Path) -> None:
    async with house(tmp_path, options={"unavailable": "The weights are missing."}) as at:
        task = await at.end_of(await at.submit())
        assert task.status == "task_error"
        assert "trouble: The weights are missing." in task.reason


async def test_a_replica_that_dies_is_tried_three_times(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        task = await at.end_of(await at.submit("[say last words][exit 3]"))
        assert (task.status, task.pexit, task.attempts) == ("task_postprocess_end", "1", 3)
        assert task.stdout == "last words"
        assert "It was tried 3 times." in task.reason
        assert (await at.end_of(await at.submit())).pexit == "0"


@pytest.mark.parametrize("prompt", ["[sleep 30]", "[hang]", "[children]", "[wedge]"])
async def test_kill_frees_the_engine_within_two_seconds(tmp_path: Path, prompt: str) -> None:
    async with house(tmp_path, options={"replicas": 1}) as at:
        task = await at.submit(f"[say at work]{prompt}")
        await at.reached(task, "task_output")
        waiting = await at.submit()
        killed_at = time.monotonic()
        killed = await at.desk.kill(at.project, id=str(task.id))
        assert (killed.status, killed.cost) == ("task_cancel", "0")
        while at.dispatcher._runs.get(task.id):
            await asyncio.sleep(0.01)
        assert time.monotonic() - killed_at < 2.0
        assert (await at.end_of(waiting)).pexit == "0"
        after = await at.desk.find(at.project, id=str(task.id))
        assert after.status == "task_cancel"
        assert await at.desk.outputs(after) == ()
        with pytest.raises(NotAllowed, match="could not be killed"):
            await at.desk.kill(at.project, id=str(task.id))


async def test_cancel_is_for_the_queue(tmp_path: Path) -> None:
    async with house(tmp_path, options={"replicas": 1}) as at:
        running = await at.submit("[say at work][sleep 0.5]")
        waiting = await at.submit()
        await at.reached(running, "task_output")
        assert (await at.desk.cancel(at.project, token=waiting.token)).status == "task_cancel"
        with pytest.raises(NotAllowed, match=r"Task is not in a cancellable state\."):
            await at.desk.cancel(at.project, id=str(running.id))
        assert (await at.end_of(running)).pexit == "0"
        assert (await at.desk.find(at.project, id=str(waiting.id))).accepted == 0.0


async def test_stopping_gives_back_what_does_not_end_in_time(tmp_path: Path) -> None:
    async with house(tmp_path, options={"replicas": 2}, drain_seconds=3.0) as at:
        short, long = await at.submit("[say a][sleep 0.3]"), await at.submit("[say b][sleep 60]")
        await at.reached(short, "task_output")
        await at.reached(long, "task_output")
        late = await at.submit()
    async with house(tmp_path, started=False) as at:
        assert (await at.desk.find(at.project, id=str(short.id))).pexit == "0"
        given_back = await at.desk.find(at.project, id=str(long.id))
        assert (given_back.status, given_back.attempts, given_back.started) == ("task_queue", 0, 0.0)
        assert (await at.desk.find(at.project, id=str(late.id))).status == "task_queue"


async def taken_by(owner: str, at: House, until: float) -> None:
    """Another process claims what waits."""
    room = Room(models=("acme/clip",), places=1)
    assert await at.store.claim(owner, [room], RunningLimits(), at=1.0, until=until)


async def test_what_a_lost_process_held_is_taken_up_again(tmp_path: Path) -> None:
    async with house(tmp_path, started=False) as at:
        task = await at.submit()
        await taken_by("a process that is gone", at, until=time.time() + 600)
    async with house(tmp_path) as at:
        after = await at.end_of(task)
        assert (after.pexit, after.attempts) == ("0", 2)


async def test_a_lease_that_runs_out_is_taken_up_by_another_process(tmp_path: Path) -> None:
    async with house(tmp_path, started=False) as at:
        task = await at.submit()
        await taken_by("a process that is gone", at, until=time.time() + 0.5)
    async with house(tmp_path, sole=False, lease_seconds=0.6) as at:
        after = await at.end_of(task)
        assert (after.pexit, after.attempts) == ("0", 2)


async def test_while_the_store_was_away_nobody_could_renew_a_lease(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away() -> NoReturn:
        raise StoreUnavailable("away")

    async with house(tmp_path, started=False, sole=False, lease_seconds=1.2) as at:
        task = await at.submit()
        await taken_by("a process that lives", at, until=time.time() + 2.5)
        await at.dispatcher.start()
        await asyncio.sleep(2.0)  # long enough to trust what it sees
        with monkeypatch.context() as broken:
            broken.setattr(at.store, "waiting_models", away)
            await asyncio.sleep(1.2)
        await asyncio.sleep(0.6)  # the other one's turn to renew comes later than ours
        for _ in range(3):
            now = time.time()
            assert await at.store.renew("a process that lives", at=now, until=now + 1.2) == {task.id}
            await asyncio.sleep(0.4)
        assert (await at.end_of(task)).attempts == 2, "taken up once it renews no more"


async def test_a_run_whose_lease_is_lost_is_stopped_and_its_result_thrown_away(tmp_path: Path) -> None:
    async with house(tmp_path, lease_seconds=0.6) as at:
        task = await at.submit("[say a][sleep 30]")
        running = await at.reached(task, "task_output")
        stolen = lifecycle.give_back(running, counts=True)
        assert await at.store.apply(task.id, stolen) is not None
        await taken_by("another process", at, until=time.time() + 600)
        while at.dispatcher.running:
            await asyncio.sleep(0.02)
        assert (await at.desk.find(at.project, id=str(task.id))).lease_owner == "another process"


async def test_whoever_takes_up_a_lot_renews_its_lease_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path, sole=False, lease_seconds=0.6, options={"replicas": 1}) as at:
        task = await at.submit("[say a][sleep 2]")
        await at.reached(task, "task_output")
        left = [await at.submit() for _ in range(6)]
        room = Room(models=("acme/clip",), places=len(left))
        purchases, renew = at.store.purchases, at.store.renew
        done: list[str] = []

        async def slow(**filters: Any) -> list[Purchase]:
            done.append("taking up")
            await asyncio.sleep(0.2)
            return await purchases(**filters)

        async def counted(owner: str, **times: float) -> set[int]:
            done.append("renewed")
            return await renew(owner, **times)

        # Its run is past the moment at which it asks for purchases: only who takes up tasks does now.
        monkeypatch.setattr(at.store, "purchases", slow)
        monkeypatch.setattr(at.store, "renew", counted)
        await at.store.claim("gone", [room], RunningLimits(), at=1.0, until=2.0)
        while done.count("taking up") < len(left):
            await asyncio.sleep(0.01)
        assert done[done.index("taking up") :].count("renewed") >= 2
        assert (await at.end_of(task)).attempts == 1


async def test_more_than_the_capacity_never_runs(tmp_path: Path) -> None:
    async with house(tmp_path, options={"replicas": 2}) as at:
        tasks = [await at.submit("[say a][sleep 0.2]") for _ in range(6)]
        most = 0
        while (await at.store.depth()).get("task_postprocess_end", 0) < 6:
            most = max(most, at.dispatcher.running)
            await asyncio.sleep(0.01)
        assert most == 2
        assert {(await at.end_of(task)).pexit for task in tasks} == {"0"}


async def test_an_upload_reaches_the_engine_and_is_shown_by_its_address(tmp_path: Path) -> None:
    picture = tmp_path / "in.png"
    _draw(picture)
    upload = Upload(path=str(picture), name="in.png", content_type="image/png", size=picture.stat().st_size)
    async with house(tmp_path / "h") as at:
        task = await at.end_of(await at.submit(sources={"image": (upload,)}))
        assert task.pexit == "0"
        (shown,) = task.media["image"]
        key = shown.split("/")[3]
        file = await at.store.file_by_accesskey(key)
        assert file is not None
        assert (file.task, file.role, file.path) == (task.id, "input", shown)
        await at.desk.delete_files(at.project, token=task.token)
        await at.desk.delete_files(at.project, token=task.token)
        assert await at.desk.outputs(task) == ()
        assert not [path for path in (tmp_path / "h" / "files").rglob("*") if path.is_file()]


async def test_files_of_a_running_task_stay(tmp_path: Path) -> None:
    async with house(tmp_path) as at:
        task = await at.submit("[say a][sleep 30]")
        await at.reached(task, "task_output")
        with pytest.raises(NotAllowed, match="must be completed or cancelled before deleting files"):
            await at.desk.delete_files(at.project, token=task.token)
        with pytest.raises(NotFound, match="task-not-exist"):
            await at.desk.delete_files(at.project, token="nobody")


async def test_private_addresses_are_refused_before_a_task_exists(tmp_path: Path) -> None:
    async with house(tmp_path, started=False) as at:
        with pytest.raises(InvalidInput, match="Request parameters are invalid") as refused:
            await at.submit(callback_url="http://127.0.0.1:9/hook")
        assert refused.value.details[0].startswith("[callbackUrl]")
        assert (await at.store.tasks(at.project.id))[0] == 0


def _draw(path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (32, 16), "teal").save(path)


async def test_a_model_with_a_higher_priority_comes_first(tmp_path: Path) -> None:
    async with house(tmp_path, options={"replicas": 1}, priorities={"acme/by-time": 5}, started=False) as at:
        first, second = await at.submit(), await at.submit(model=BY_TIME)
        await at.dispatcher.start()
        first, second = await at.end_of(first), await at.end_of(second)
        assert second.accepted < first.accepted


async def test_a_task_that_was_taken_away_and_comes_back_runs_once(tmp_path: Path) -> None:
    async with house(tmp_path, sole=False) as at:
        task = await at.submit("[say once][sleep 1]")
        running = await at.reached(task, "task_output")
        # As another process does with what is being bought, when this one stood still for longer than its lease.
        assert await at.store.apply(task.id, lifecycle.give_back(running))
        at.dispatcher.wake()
        over = await at.end_of(task)
        assert (over.pexit, over.reason, over.attempts) == ("0", "", running.attempts)
        assert len(await at.store.outputs(task.id)) == 1
        await at.dispatcher.stop(0.0)
    assert not list((tmp_path / "runs").iterdir())


async def test_a_disk_that_is_full_for_a_moment_costs_an_attempt_and_no_task(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = [OSError(errno.ENOSPC, "No space left on device")]

    def draw(path: Path, to: Path) -> Probe:
        if full:
            raise full.pop()
        return probe_with_thumbnail(path, to)

    monkeypatch.setattr("understudy.executors.artifact.probe_with_thumbnail", draw)
    async with house(tmp_path, engine="instant") as at:
        over = await at.end_of(await at.submit())
        assert (over.pexit, over.reason, over.attempts) == ("0", "", 2)
