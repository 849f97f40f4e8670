"""The answers that every page shows as examples: the same for all models, as in the reference documents."""

from typing import Any

_UUID = "15bce51f-442f-4f44-a71d-13c6374a62bd"
_PICTURE = "6a6af820-c5050aee-40bd7b83-a2e186c6-7f61f7da-3894e49c-fc0eeb66-9b500fe2/0.png"
_INPUT = "v1/File/mCmUXgZLG1FNjjjwmbtPFr2LVJA112/inputImage-6060136.png"

RUN_ID = "2221"
RUN_TOKEN = "eDcCm5yyUfIvMFspTwww49OUfgXkQt"
KILL_ID = "534574"
KILL_TOKEN = "ZpYote30on42O4jjHXNiKmrWAZqbRE"
CANCEL_ID = "634574"

_TIMES_FROM_CREATION = {
    "createtime": "1734513807",
    "canceltime": "0",
    "assigntime": "1734513807",
    "accepttime": "1734513807",
    "preprocessstarttime": "1734513807",
    "preprocessendtime": "1734513807",
    "postprocessstarttime": "1734513813",
    "postprocessendtime": "1734513814",
}


def run_answer() -> dict[str, Any]:
    """What Run answers."""
    return {"errors": [], "taskid": RUN_ID, "socketaccesstoken": RUN_TOKEN, "result": True}


def detail_answer(files: str) -> dict[str, Any]:
    """What Task/Detail answers; `files` is the base address of files."""
    output = {**_output(), "url": f"{files}/{_PICTURE}"}
    task = {
        "id": RUN_ID,
        "uuid": _UUID,
        "socketaccesstoken": RUN_TOKEN,
        "parameters": {},
        **_work("task_postprocess_end"),
        **_TIMES_FROM_CREATION,
        "outputs": [output],
        "size": output["size"],
    }
    return {"total": "1", "errors": [], "tasklist": [task], "result": True}


def stop_answer(id: str, *, api: str, files: str) -> dict[str, Any]:
    """What Task/Kill and Task/Cancel answer for the task `id`; `api` and `files` are base addresses."""
    output = {
        **_output(),
        "foldercount": "0",
        "filecount": "0",
        "ispublic": 0,
        "expiretime": None,
        "url": f"{files}/{_PICTURE}",
    }
    task = {
        "id": id,
        "uuid": _UUID,
        "name": "",
        "socketaccesstoken": KILL_TOKEN,
        "parameters": {"inputImage": f"{api}/{_INPUT}"},
        **_work("task_cancel"),
        "cps": "0.000585000000",
        "totalcost": "0.003510000000",
        "guestid": None,
        "projectid": "699",
        "modelid": "598",
        "description": "",
        "basemodelid": "0",
        "runtype": "model",
        "modelfolderid": "",
        "modelfileid": "",
        "callbackurl": "",
        "marketplaceid": None,
        **_TIMES_FROM_CREATION,
        "pexit": "0",
        "categories": '["tool","image-to-image","quick-showcase","compare-landscape"]',
        "outputs": [output],
        "size": output["size"],
    }
    return {"errors": [], "tasklist": [task], "result": True}


def _work(status: str) -> dict[str, str]:
    return {
        "debugoutput": "",
        "debugerror": "",
        "starttime": "1734513809",
        "endtime": "1734513813",
        "elapsedseconds": "6.0000",
        "status": status,
    }


def _output() -> dict[str, Any]:
    return {
        "id": "6bc392c93856dfce3a7d1b4261e15af3",
        "name": "0.png",
        "contenttype": "image/png",
        "parentid": "6c1833f39da71e6175bf292b18779baf",
        "uuid": _UUID,
        "size": "202472",
        "addedtime": "1734513812",
        "modifiedtime": "1734513812",
        "accesskey": "dFKlMApaSgMeHKsJyaDeKrefcHahUK",
    }
