"""The `openai` package by its generic requests, which releases from before its `videos` have, too."""

import time
from typing import Any

import openai
import pytest


def test_a_cycle_with_generic_requests(client: openai.OpenAI) -> None:
    video: Any = client.post("/videos", cast_to=object, body={"prompt": "A road.", "seconds": 4})
    while video["status"] in ("queued", "in_progress"):
        time.sleep(0.05)
        video = client.get(f"/videos/{video['id']}", cast_to=object)
    assert (video["status"], video["seconds"], video["size"]) == ("completed", "4", "720x1280")
    listed: Any = client.get("/videos", cast_to=object)
    assert listed["data"] == [video]
    gone: Any = client.delete(f"/videos/{video['id']}", cast_to=object)
    assert gone == {"id": video["id"], "deleted": True, "object": "video.deleted"}
    with pytest.raises(openai.NotFoundError) as missing:
        client.get(f"/videos/{video['id']}", cast_to=object)
    assert missing.value.code == "video_not_found"


def test_models_are_listed(client: openai.OpenAI) -> None:
    assert "sora-2-pro" in {each.id for each in client.models.list()}
