"""What a dispatcher asks for."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.tasks.house import house
from understudy.tasks.records import Task


async def test_an_engine_that_was_filled_is_asked_for_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with house(tmp_path, options={"replicas": 1}, started=False) as at:
        asked = []
        claim = at.store.claim

        async def counted(*given: Any, **more: Any) -> list[Task]:
            asked.append(given)
            return await claim(*given, **more)

        monkeypatch.setattr(at.store, "claim", counted)
        for _ in range(3):
            task = await at.submit("[sleep 60]")
        await at.dispatcher.start()
        await asyncio.sleep(0.2)
        assert at.dispatcher.running == 1
        assert len(asked) == 1, "the room that is left is another engine's, for whose models nothing waits"
        at.dispatcher.wake(task.model)
        await asyncio.sleep(0.05)
        assert len(asked) == 1
