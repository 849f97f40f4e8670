"""Requests as the benchmarks of other servers of this protocol send them, and the fields of the answers that they read.

vLLM-Omni 0.30.0 (`benchmarks/diffusion/backends.py`, `vllm bench serve --omni`), SGLang 0.5.23 (`bench_serving.py`), FastVideo
0.2.1 (the same, adapted).
"""

import base64
import json
from typing import Any

import httpx
import pytest

from tests.api.openai_videos.asking import CLIP, VIDEOS, ask, finished, parts
from tests.api.served import Served, picture

PNG = picture()
DATA_URL = "data:image/png;base64," + base64.b64encode(PNG).decode()
WEB_URL = "https://pictures.test/a.png"
FILE = {"input_reference": ("fox.png", PNG, "application/octet-stream")}


async def test_what_comes_first(served: Served) -> None:
    assert (await served.client.get("/health")).status_code == 200
    # Both would take the model's name from it.
    assert (await served.client.get("/v1/model_info")).status_code == 404


async def test_vllm_omni_s_benchmark_from_create_to_delete(served: Served) -> None:
    """It names no model, sends no size and no key: that is in the address."""
    fields = {"prompt": "A fox.", "height": 480, "width": 640, "num_frames": 80, "seed": 7, "fps": 16}
    key = httpx.BasicAuth(served.owner.api_key, served.owner.api_secret)
    made = await served.client.post(VIDEOS, files=parts(fields), auth=key)
    assert made.status_code == 200, made.text
    assert made.json()["status"] == "queued"
    [task] = await served.tasks()
    assert (task.values["ratio"], task.values["resolution"]) == ("16:9", "720p")
    url = f"{VIDEOS}/{made.json()['id']}"
    await finished(served, made.json()["id"])
    assert (await served.client.get(url, auth=key)).json()["status"] == "completed"
    assert (await served.client.get(f"{url}/content", auth=key)).content == CLIP
    assert (await served.client.delete(url, auth=key)).status_code == 200


async def test_sglang_s_benchmark_in_json(served: Served) -> None:
    fields = {"model": "sora-2-pro", "prompt": "A fox.", "num_outputs_per_prompt": 1, "size": "640x480"}
    made = await ask(served, "POST", VIDEOS, json={**fields, "num_frames": 80, "num_inference_steps": 1})
    assert made.status_code == 200, made.text
    assert made.json()["num_outputs"] is None
    await finished(served, made.json()["id"])
    done = (await ask(served, "GET", f"{VIDEOS}/{made.json()['id']}")).json()
    assert (done["status"], done["num_outputs"]) == ("completed", 1)


async def test_sglang_s_benchmark_with_a_picture(served: Served) -> None:
    fields = {"model": "sora-2-pro", "prompt": "A fox.", "num_outputs_per_prompt": "1"}
    made = await ask(served, "POST", VIDEOS, data={**fields, "extra_body": '{"task": "i2v"}'}, files=FILE)
    assert made.status_code == 200, made.text
    [task] = await served.tasks()
    assert len(task.media["inputImage"]) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"image_reference": json.dumps({"image_url": DATA_URL})},
        {"image_reference": json.dumps({"image_url": WEB_URL})},
        {"reference_url": DATA_URL},
        {"reference_url": WEB_URL},
    ],
)
@pytest.mark.parametrize("as_json", [False, True])
async def test_a_picture_under_their_names(served: Served, fields: dict[str, str], as_json: bool) -> None:
    sent: dict[str, Any] = {"prompt": "A fox.", "model": "sora-2-pro", **fields}
    if as_json:
        sent |= {name: json.loads(text) for name, text in fields.items() if text.startswith("{")}
    made = await ask(served, "POST", VIDEOS, **({"json": sent} if as_json else {"files": parts(sent)}))
    assert made.status_code == 200, made.text
    [task] = await served.tasks()
    assert len(task.media["inputImage"]) == 1
    assert task.values["ratio"] == "auto", "its shape is the picture's"
    assert task.notes == ""


async def test_the_protocol_s_own_name_comes_first(served: Served) -> None:
    made = await ask(
        served, "POST", VIDEOS, data={"prompt": "A fox.", "reference_url": "nonsense"}, files=FILE
    )
    assert made.status_code == 200, made.text
    [task] = await served.tasks()
    assert len(task.media["inputImage"]) == 1


@pytest.mark.parametrize(
    ("fields", "ratio", "tier"),
    [
        ({"width": 1920, "height": 1080}, "16:9", "1080p"),
        ({"width": "1080", "height": "1920"}, "9:16", "1080p"),
        ({"width": 1920, "height": 1080, "size": "720x1280"}, "9:16", "720p"),
        ({"width": 1920}, "9:16", "720p"),
    ],
)
async def test_width_and_height(served: Served, fields: dict[str, Any], ratio: str, tier: str) -> None:
    made = await ask(served, "POST", VIDEOS, json={"prompt": "A fox.", **fields})
    assert made.status_code == 200, made.text
    [task] = await served.tasks()
    assert (task.values["ratio"], task.values["resolution"]) == (ratio, tier)
