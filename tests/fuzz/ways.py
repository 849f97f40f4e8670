"""Everything that takes a body, and what it may have in it."""

from typing import NamedTuple

WIRE = {
    "projectid": "1",
    "callbackUrl": "",
    "taskid": "1",
    "tasktoken": "eDcCm5yyUfIvMFspTwww49OUfgXkQt",
    "socketaccesstoken": "",
    "start": 0,
    "limit": 2,
    "sort": "id",
    "order": "ASC",
    "status": "task_queue",
    "modelName": "openai/sora-2-pro",
    "search": "a",
    "categories": ["a"],
    "tags": "a,b",
    "slugowner": "openai",
    "slugproject": "sora-2-pro",
    "hideworkflows": True,
    "summary": "1",
    "name": "clips",
    "parentid": "",
    "folderid": "",
}
INPUTS = {
    "prompt": "A road.",
    "inputImage": "openai_sora_pro_2_input_4.jpg",
    "inputImageUrl": "",
    "seconds": 8,
    "durationSeconds": 8,
    "resolution": "720p",
    "ratio": "16:9",
    "seed": 7,
    "steps": 30,
    "generateAudio": True,
    "callbackUrl": "",
}
OPENAI = {
    "model": "sora-2",
    "prompt": "A road.",
    "seconds": "8",
    "size": "1280x720",
    "width": 1280,
    "height": 720,
    "input_reference": {"image_url": "data:image/png;base64,AAAA"},
    "input_reference[image_url]": "",
    "image_reference": '{"image_url": ""}',
    "reference_url": "",
    "callback_url": "",
    "seed": 7,
}
GOOGLE = {
    "instances": [{"prompt": "A road.", "image": {"bytesBase64Encoded": "AAAA", "mimeType": "image/png"}}],
    "parameters": {"sampleCount": 1, "durationSeconds": 8, "aspectRatio": "16:9", "seed": 7, "fps": 24},
    "webhookConfig": None,
    "operationName": "models/veo/operations/1",
}
MCP = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "list_models", "arguments": {"limit": 2}},
}


class Way(NamedTuple):
    """One way in."""

    path: bytes
    fields: dict[str, object]
    bearer: bool = False
    """Whether the key comes as a token instead of as a signature."""


WAYS = [
    *(
        Way(f"/v1/Run/{address}".encode(), INPUTS)
        for address in ("openai/sora-2-pro", "google/veo3-1", "chetwinlow1/ovi")
    ),
    *(
        Way(f"/v1/{name}".encode(), WIRE)
        for name in (
            "Task/Detail",
            "Task/Kill",
            "Task/Cancel",
            "Task/List",
            "Task/InputOutputDelete",
            "File/Upload",
            "File/FolderCreate",
            "Tool/List",
            "Tool/Detail",
            "Tool/Explore",
        )
    ),
    Way(b"/v1/videos", OPENAI, bearer=True),
    Way(b"/v1beta/models/google/veo3-1:predictLongRunning", GOOGLE, bearer=True),
    Way(b"/v1/publishers/google/models/veo3-1:predictLongRunning", GOOGLE, bearer=True),
    Way(b"/v1/publishers/google/models/veo3-1:fetchPredictOperation", GOOGLE, bearer=True),
    Way(b"/mcp", MCP, bearer=True),
]
