"""A real replica of the local executor: another process loads diffusers and the tiny model, and plays job after job."""

import asyncio
from pathlib import Path

import pytest

from tests.engines.ltx2.jobs import job, picture, tiny_options
from understudy.engines.ltx2 import engine
from understudy.executors.executor import Line, Progress, RunEvent
from understudy.executors.local import LocalExecutor
from understudy.files.probe import probe


async def test_text_and_picture_in_mp4_with_sound_out(weights: Path, tmp_path: Path) -> None:
    """Slow, because a replica imports torch, diffusers and transformers: nearly all of its time."""
    executor = LocalExecutor()
    options = tiny_options(weights)
    assert engine.availability(options).ok
    try:
        clips = []
        for name, image in (("text", None), ("picture", picture(tmp_path / "in.png")), ("again", None)):
            heard: list[RunEvent] = []
            (output,) = await executor.run(engine, options, job(tmp_path / name, image=image), heard.append)
            found = probe(Path(output.path))
            assert [(each.width, each.height, each.frames) for each in found.video] == [(128, 64, 10)]
            assert [(each.codec, each.rate) for each in found.audio] == [("aac", 24000)]
            progress = [event for event in heard if isinstance(event, Progress)]
            assert {event.stage for event in progress} >= {"Text", "Generate", "Encode"}
            assert max(event.step for event in progress if event.stage == "Generate") == 3
            said = [event.text for event in heard if isinstance(event, Line) and event.stream == "stdout"]
            assert any("3 steps, seed 7" in line for line in said)
            assert not [event.text for event in heard if isinstance(event, Line) and event.stream == "stderr"]
            clips.append(Path(output.path).read_bytes())
        assert clips[0] == clips[2] != clips[1]
        assert len(executor.replicas()) == 1

        (folder := tmp_path / "cancelled").mkdir()
        generating = asyncio.Event()

        def listen(event: RunEvent) -> None:
            if isinstance(event, Progress) and event.stage == "Generate":
                generating.set()

        replica = executor.replicas()[0].pid
        run = asyncio.create_task(executor.run(engine, options, job(folder, steps=100), listen))
        await asyncio.wait_for(generating.wait(), 30)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        await executor.run(engine, options, job(tmp_path / "after", steps=2), lambda _: None)
        # It stopped by itself, and was not killed: the same process plays the next one.
        assert [each.pid for each in executor.replicas()] == [replica]
        assert list(folder.iterdir()) == []
    finally:
        await executor.close()
