"""Task/Detail, Kill, Cancel, List and InputOutputDelete: their exact JSON."""

from typing import Any

import pytest

from tests.api.served import BASE, NOW, Served
from tests.tasks.examples import claimed_by_an_engine
from understudy.tasks import lifecycle
from understudy.tasks.file_records import new_address, new_file
from understudy.tasks.lifecycle import Status
from understudy.tasks.records import File, Task

FIELDS = [
    "id",
    "uuid",
    "name",
    "socketaccesstoken",
    "parameters",
    "debugoutput",
    "debugerror",
    "starttime",
    "endtime",
    "elapsedseconds",
    "status",
    "cps",
    "totalcost",
    "guestid",
    "projectid",
    "modelid",
    "description",
    "basemodelid",
    "runtype",
    "modelfolderid",
    "modelfileid",
    "callbackurl",
    "marketplaceid",
    "createtime",
    "canceltime",
    "assigntime",
    "accepttime",
    "preprocessstarttime",
    "preprocessendtime",
    "postprocessstarttime",
    "postprocessendtime",
    "pexit",
    "categories",
    "outputs",
    "size",
    "modeldescription",
    "modelslugowner",
    "modelslugproject",
    "engine",
]
NO_TASK = {"result": False, "errors": [{"code": 1, "message": "There is no task yet."}]}
NO_NAME = {"result": False, "errors": [{"code": 0, "message": "taskid or socketaccesstoken is required"}]}


async def finished(served: Served, id: str) -> tuple[Task, File]:
    """The task as its engine would leave it after six seconds, with a clip."""
    store, at = served.parts.store, NOW
    task = await claimed_by_an_engine(store, "openai/sora-2-pro", at)
    assert task.id == int(id)
    started = await store.apply(task.id, lifecycle.advance(task, Status.START, at + 2))
    assert started is not None
    clip = new_file(
        "output",
        project=task.project,
        name="0.mp4",
        content_type="video/mp4",
        size=11,
        at=at,
        task=task.id,
        address=new_address(),
    )
    await served.parts.storage.put_bytes(clip.key, b"hello world")
    change = lifecycle.finish(
        started,
        at + 6,
        pexit="0",
        files=(clip,),
        stdout="one\ntwo\n",
        stderr="careful\n",
        cost="0.00351",
        engine={"name": "animatic", "version": "1", "preview": True, "tried": []},
    )
    done = await store.apply(task.id, change)
    assert done is not None
    return done, clip


async def detail(served: Served, **named: str) -> dict[str, Any]:
    answer = await served.post("/v1/Task/Detail", named)
    assert answer.status_code == 200
    body: dict[str, Any] = answer.json()
    return body


async def test_a_queued_task_has_every_field(served: Served) -> None:
    id, token = await served.run(seconds=8)
    body = await detail(served, taskid=id)
    assert list(body) == ["total", "errors", "tasklist", "result"]
    assert (body["total"], body["errors"], body["result"]) == ("1", [], True)
    [task] = body["tasklist"]
    assert list(task) == FIELDS
    assert task["parameters"] == {
        "prompt": "A narrow dirt road.",
        "seconds": "8",
        "resolution": "720p",
        "ratio": "auto",
    }
    zero = [name for name in FIELDS if name.endswith("time") and name != "createtime"]
    assert {task[name] for name in zero} == {"0"}
    assert (task["id"], task["socketaccesstoken"], task["status"]) == (id, token, "task_queue")
    assert (task["createtime"], task["elapsedseconds"]) == ("1734513807", "0.0000")
    assert (task["cps"], task["totalcost"]) == ("0.000585000000", "0")
    assert task["projectid"] == str(served.owner.project.id)
    assert (task["modelslugowner"], task["modelslugproject"]) == ("openai", "sora-2-pro")
    assert (task["outputs"], task["size"], task["pexit"], task["engine"]) == ([], "0", "", None)
    assert '"text-to-video"' in task["categories"]
    assert (task["guestid"], task["marketplaceid"], task["basemodelid"], task["runtype"]) == (
        None,
        None,
        "0",
        "model",
    )


async def test_a_finished_task_shows_what_it_made(served: Served) -> None:
    id, token = await served.run(inputImage="openai_sora_pro_2_input_4.jpg")
    _, clip = await finished(served, id)
    [task] = (await detail(served, tasktoken=token))["tasklist"]
    assert task["outputs"] == [
        {
            "id": clip.id,
            "name": "0.mp4",
            "contenttype": "video/mp4",
            "parentid": "",
            "uuid": clip.uuid,
            "size": "11",
            "addedtime": "1734513807",
            "modifiedtime": "1734513807",
            "accesskey": clip.accesskey,
            "foldercount": "0",
            "filecount": "0",
            "ispublic": 0,
            "expiretime": None,
            "url": f"{BASE}/{clip.address}/0.mp4",
        }
    ]
    assert (task["status"], task["pexit"], task["size"]) == ("task_postprocess_end", "0", "11")
    assert (task["elapsedseconds"], task["totalcost"]) == ("6.0000", "0.003510000000")
    assert (task["debugoutput"], task["debugerror"]) == ("one\ntwo", "careful")
    assert (task["accepttime"], task["starttime"], task["endtime"]) == (
        "1734513807",
        "1734513809",
        "1734513813",
    )
    assert task["parameters"]["inputImage"] == f"{BASE}/uploads/sampleinputs/openai_sora_pro_2_input_4.jpg"
    assert task["engine"]["preview"] is True
    assert (await served.client.get(task["outputs"][0]["url"])).content == b"hello world"
    assert (await served.client.get(task["parameters"]["inputImage"])).status_code == 200


async def test_a_refused_task_says_why(served: Served) -> None:
    id, _ = await served.run()
    store = served.parts.store
    task = await claimed_by_an_engine(store, "openai/sora-2-pro", NOW)
    await store.apply(task.id, lifecycle.refuse(task, NOW, "No engine can play it."))
    [shown] = (await detail(served, taskid=id))["tasklist"]
    assert (shown["status"], shown["debugerror"], shown["totalcost"]) == (
        "task_error",
        "No engine can play it.",
        "0",
    )


@pytest.mark.parametrize("name", ["taskid", "tasktoken", "socketaccesstoken"])
@pytest.mark.parametrize("path", ["/v1/Task/Detail", "/v1/task/detail", "/v1/Task/Kill", "/v1/Task/Cancel"])
async def test_every_name_of_a_task_everywhere(served: Served, path: str, name: str) -> None:
    id, token = await served.run()
    answer = (await served.post(path, {name: id if name == "taskid" else token})).json()
    assert answer["result"] is True
    assert answer["tasklist"][0]["id"] == id


@pytest.mark.parametrize("path", ["/v1/Task/Detail", "/v1/Task/Kill", "/v1/Task/Cancel"])
async def test_no_task(served: Served, path: str) -> None:
    for unknown in (
        {"taskid": "999"},
        {"taskid": "-1"},
        {"taskid": "9" * 30},
        {"taskid": 999},
        {"taskid": "1 OR 1=1"},
        {"tasktoken": "x"},
    ):
        assert (await served.post(path, unknown)).json() == NO_TASK
    for nothing in ({}, {"taskid": ""}, {"taskid": None}, {"task": "1"}):
        assert (await served.post(path, nothing)).json() == NO_NAME
    assert (await served.post(path)).json() == NO_NAME


@pytest.mark.parametrize("given", [1.5, True, [], {}, ["1"], "x" * 1001])
async def test_a_task_id_of_another_type(served: Served, given: Any) -> None:
    answer = (await served.post("/v1/Task/Detail", {"taskid": given})).json()
    assert answer["errors"] == [
        {"code": 0, "message": "Request parameter [taskid] must be a string of at most 1000 characters"}
    ]


async def test_cancel_takes_a_task_out_of_the_queue_once(served: Served) -> None:
    id, _ = await served.run()
    answer = (await served.post("/v1/Task/Cancel", {"taskid": id})).json()
    assert list(answer) == ["errors", "tasklist", "result"]
    assert list(answer["tasklist"][0]) == FIELDS
    assert (answer["tasklist"][0]["status"], answer["tasklist"][0]["canceltime"]) == (
        "task_cancel",
        "1734513807",
    )
    again = (await served.post("/v1/Task/Cancel", {"taskid": id})).json()
    assert again["errors"] == [{"code": 1, "message": "Task is not in a cancellable state."}]


async def test_kill_works_until_the_end(served: Served) -> None:
    id, _ = await served.run()
    await claimed_by_an_engine(served.parts.store, "openai/sora-2-pro", NOW)
    refused = (await served.post("/v1/Task/Cancel", {"taskid": id})).json()
    assert refused["errors"] == [{"code": 1, "message": "Task is not in a cancellable state."}]
    answer = (await served.post("/v1/Task/Kill", {"taskid": id})).json()
    assert (answer["tasklist"][0]["status"], answer["tasklist"][0]["totalcost"]) == ("task_cancel", "0")
    [again] = (await served.post("/v1/Task/Kill", {"taskid": id})).json()["errors"]
    assert again["code"] == 1
    assert again["message"].startswith("Task could not be killed: ")


async def test_lists(served: Served) -> None:
    ids = [(await served.run())[0] for _ in range(3)]
    await served.post("/v1/Run/google/veo3-1", {"prompt": "x"})
    await served.post("/v1/Task/Cancel", {"taskid": ids[0]})

    async def listed(**query: Any) -> tuple[str, list[str]]:
        answer = (await served.post("/v1/Task/List", query)).json()
        assert list(answer) == ["total", "errors", "tasklist", "result"]
        return answer["total"], [task["id"] for task in answer["tasklist"]]

    assert await listed(modelName="openai/sora-2-pro") == ("3", ids[::-1])
    assert await listed(modelName="Sora-2-Pro", order="asc") == ("3", ids)
    assert await listed(modelName="sora-2-pro", order="ASC", start="1", limit=1) == ("3", [ids[1]])
    assert await listed(status="task_cancel") == ("1", [ids[0]])
    assert await listed(modelName="none/such") == ("0", [])
    assert (await listed())[0] == "4"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": 101}, "Request parameter [limit] must be between 1 and 100"),
        ({"limit": 0}, "Request parameter [limit] must be between 1 and 100"),
        ({"limit": "many"}, "Request parameter [limit] must be integer or float"),
        ({"limit": 1.5}, "Request parameter [limit] must be integer or float"),
        ({"limit": True}, "Request parameter [limit] must be integer or float"),
        ({"start": 10**30}, "Request parameter [start] must be between 0 and 1000000000000000"),
        ({"start": -1}, "Request parameter [start] must be between 0 and 1000000000000000"),
        ({"order": "sideways"}, "Request parameter [order] must be one of ASC, DESC"),
        ({"sort": "name"}, "Request parameter [sort] must be one of id"),
    ],
)
async def test_lists_that_nobody_can_give(served: Served, query: dict[str, Any], message: str) -> None:
    answer = (await served.post("/v1/Task/List", query)).json()
    assert answer["errors"] == [{"code": 0, "message": message}]


async def test_files_are_deleted_once_the_task_is_over(served: Served) -> None:
    path = "/v1/Task/InputOutputDelete"
    id, token = await served.run(inputImage="openai_sora_pro_2_input_4.jpg")
    early = (await served.post(path, {"tasktoken": token})).json()
    assert early["errors"] == [
        {"code": 1, "message": "Task must be completed or cancelled before deleting files"}
    ]
    _, clip = await finished(served, id)
    for _ in range(2):
        assert (await served.post(path, {"tasktoken": token})).json() == {"errors": [], "result": True}
    [task] = (await detail(served, taskid=id))["tasklist"]
    assert (task["outputs"], task["size"], task["status"]) == ([], "0", "task_postprocess_end")
    assert (await served.client.get(clip.path)).status_code == 404
    assert (await served.client.get("/uploads/sampleinputs/openai_sora_pro_2_input_4.jpg")).status_code == 200


async def test_deleting_the_files_of_nothing(served: Served) -> None:
    path = "/v1/Task/InputOutputDelete"
    unknown = (await served.post(path, {"tasktoken": "x"})).json()
    assert unknown["errors"] == [{"code": 1, "message": "task-not-exist"}]
    nothing = (await served.post(path, {})).json()
    assert nothing["errors"] == [{"code": 0, "message": "Request parameter [tasktoken] required"}]
