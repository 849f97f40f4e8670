"""What users do with a server, through its front door: real HTTP, real sockets, our own client and command line."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.served import picture
from tests.server.caller import SORA, Caller, caller, command, socket, understudy
from tests.server.outside import Answer, Outside, the_outside
from tests.server.patience import until
from understudy.client import Client
from understudy.testing.live import Live, live

LARGEST = 50_000
REFUSED = "The host of the address cannot be found, or is in a network that this server does not reach."
PNG = picture()


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with the_outside() as server:
        yield server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, outside: Outside) -> Iterator[Live]:
    config = f"""
        server.allow_addresses = ["{outside.authority}"]
        limits.max_upload_bytes = {LARGEST}
        engine.trouble.replicas = 2
        engine.trouble.labels = {{ preset = "rough" }}
    """
    with live(tmp_path_factory.mktemp("server"), engine="trouble", config=config) as running:
        yield running


@pytest.fixture
def me(server: Live) -> Iterator[Caller]:
    with caller(server) as project:
        yield project


def test_an_engine_tells_more_of_how_it_played(server: Live, me: Caller) -> None:
    answer = me.ask(f"Run/{SORA}", data={"prompt": "A road."}).json()
    task = me.end_of(answer["taskid"])
    assert (task["engine"]["name"], task["engine"]["preset"]) == ("trouble", "rough")
    with Client(data=server.data) as client:
        mine = client.submit(SORA, {"prompt": "A road."})
        played_task = client.wait(mine)
    played = played_task.engine
    assert played is not None
    assert (played.name, played.labels) == ("trouble", {"preset": "rough"})
    shown = command("tasks", "show", played_task.id, "--data", str(server.data)).stdout
    assert " ".join(shown.partition("played with")[2].split()[:2]) == "preset rough"


def test_an_upload_is_shown_served_and_deleted(server: Live, me: Caller) -> None:
    answer = me.ask(
        f"Run/{SORA}",
        data={"prompt": "A road."},
        files={"inputImage": ("my road.png", PNG, "image/png")},
    ).json()
    task = me.end_of(answer["taskid"])
    assert task["pexit"] == "0"
    (clip,) = task["outputs"]
    shown = task["parameters"]["inputImage"]
    for url, content_type in ((shown, "image/png"), (clip["url"], "video/mp4")):
        assert url.startswith(f"{server.url}/")
        whole = httpx.get(url, trust_env=False)
        assert (whole.status_code, whole.headers["content-type"]) == (200, content_type)
        part = httpx.get(url, headers={"range": "bytes=2-5"}, trust_env=False)
        assert (part.status_code, part.content) == (206, whole.content[2:6])
        assert part.headers["content-range"] == f"bytes 2-5/{len(whole.content)}"
    assert httpx.get(shown, trust_env=False).content == PNG
    for _ in range(2):
        assert me.post("Task/InputOutputDelete", tasktoken=answer["socketaccesstoken"])["result"]
        for url in (shown, clip["url"]):
            assert httpx.get(url, trust_env=False).status_code == 404
    after = me.task(task["id"])
    assert (after["status"], after["outputs"], after["size"]) == ("task_postprocess_end", [], "0")
    kept = [path for path in (server.data / "files").rglob("*") if path.is_file()]
    assert not [path for path in kept if path.read_bytes() == PNG]


def test_our_client_brings_a_clip_home(server: Live, tmp_path: Path) -> None:
    image = tmp_path / "in.png"
    image.write_bytes(PNG)
    heard: list[Any] = []
    with Client(data=server.data, environ={}) as client:
        run = client.submit(SORA, {"prompt": "[say hello][steps 3]"}, {"inputImage": [image]})
        task = client.wait(run, heard.append, timeout=30)
        assert task.stdout == "hello"
        (clip,) = task.outputs
        path = client.download(clip, tmp_path / "clip.mp4")
        assert path.stat().st_size == clip.size > 1000
        client.delete_files(run)
    assert any("hello" in str(event) for event in heard)


def test_an_address_is_fetched_once_and_kept(server: Live, me: Caller, outside: Outside) -> None:
    url = outside.gives("/once.png", Answer(PNG, "image/png"))
    id, token = me.run("[exit 3]", inputImage=url)
    assert me.end_of(id)["debugerror"].endswith("It was tried 3 times.")
    shown = me.task(id)["parameters"]["inputImage"]
    assert shown.startswith(f"{server.url}/v1/File/")
    assert shown.endswith("/once.png")
    assert httpx.get(shown, trust_env=False).content == PNG
    assert outside.times("/once.png") == 1
    (asked,) = outside.heard("/once.png")
    assert asked.headers["host"] == outside.authority
    assert not {"x-api-key", "x-signature", "x-nonce"} & set(asked.headers)
    assert me.post("Task/InputOutputDelete", tasktoken=token)["result"]
    assert httpx.get(shown, trust_env=False).status_code == 404


def test_files_of_the_server_are_inputs_by_their_addresses(server: Live, me: Caller, tmp_path: Path) -> None:
    image = tmp_path / "my road.png"
    image.write_bytes(PNG)
    with Client(data=server.data, environ={}) as client:
        uploaded = client.upload(image)
    first, first_token = me.run(inputImage=uploaded.url)
    task = me.end_of(first)
    assert (task["pexit"], task["parameters"]["inputImage"]) == ("0", uploaded.url)
    thumbnail = task["outputs"][0]["url"].replace("0.mp4", "0.jpg")
    second, _ = me.run(inputImage=thumbnail)
    assert me.end_of(second)["pexit"] == "0"
    assert me.post("Task/InputOutputDelete", tasktoken=first_token)["result"]
    assert httpx.get(uploaded.url, trust_env=False).content == PNG, "it is no task's own"
    before = me.total()
    for gone in (thumbnail, uploaded.url.replace(".png", ".jpg")):
        refused = me.post(f"Run/{SORA}", prompt="A road.", inputImage=gone)
        assert refused["errors"][1]["message"] == "[inputImage] This server has no such file."
    assert me.total() == before


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(b"<html>Not found</html>", "image/png"), "This is a web page, not a media file"),
        (Answer(b"", "image/png"), "empty"),
        (Answer(PNG[:-40], "image/png"), "damaged"),
        (Answer(PNG + bytes(LARGEST), "image/png"), f"larger than the limit of {LARGEST:,} bytes"),
        (Answer(status=404), "The address answered with HTTP status 404."),
        (Answer(status=302, location="http://127.0.0.1:1/secret"), REFUSED),
        (Answer(status=302, location="http://169.254.169.254/latest/meta-data/"), REFUSED),
        (Answer(status=307, location="file:///etc/passwd"), "must begin with http:// or https://"),
    ],
    ids=["html", "empty", "half", "large", "404", "loopback", "metadata", "file"],
)
def test_an_address_that_gives_no_picture(me: Caller, outside: Outside, answer: Answer, words: str) -> None:
    url = outside.gives(f"/bad{len(outside.answers)}.png", answer)
    id, _ = me.run(inputImage=url)
    task = me.end_of(id)
    assert (task["status"], task["pexit"], task["totalcost"]) == ("task_error", "1", "0")
    assert words in task["debugerror"]
    assert not any(each in task["debugerror"] for each in ("127.0.0.1", "169.254", "/tmp", "Error", "Errno"))
    assert task["parameters"]["inputImage"] == url
    assert task["outputs"] == []


PRIVATE = [
    "http://127.0.0.1/",
    "http://127.0.0.1:1/x.png",
    "https://127.9.9.9/",
    "http://localhost/",
    "http://LocalHost.:8080/x",
    "http://a.localhost/",
    "http://10.1.2.3/x.png",
    "http://172.16.0.1/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://0.0.0.0/",
    "http://255.255.255.255/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://[64:ff9b::7f00:1]/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://127.0.0.1./",
    "http://１２７.０.０.１/",
    "http://127。0。0。1/",
    "http://example.com@10.0.0.1/",
]


@pytest.mark.parametrize("field", ["inputImage", "inputImageUrl", "callbackUrl"])
def test_private_addresses_are_refused_before_a_task_exists(me: Caller, field: str) -> None:
    before = me.total()
    for url in PRIVATE:
        answer = me.ask(f"Run/{SORA}", json={"prompt": "A road.", field: url})
        assert answer.status_code == 200
        refused = answer.json()
        assert refused["result"] is False, url
        assert {each["code"] for each in refused["errors"]} == {0}
        assert f"[{field.removesuffix('Url')}" in str(refused["errors"]), url
    assert me.total() == before


def test_the_servers_own_address_is_private_too(server: Live, me: Caller) -> None:
    before = me.total()
    refused = me.post(f"Run/{SORA}", prompt="A road.", callbackUrl=f"{server.url}/v1/Task/List")
    assert refused["errors"][1]["message"] == f"[callbackUrl] {REFUSED}"
    assert me.total() == before


def test_a_webhook_is_signed_and_tells_what_detail_tells(server: Live, outside: Outside) -> None:
    made = understudy("projects", "create", "hooked", data=server.data)
    hook = outside.gives("/hook", Answer(status=500), Answer(status=204))
    with caller(server, made) as project:
        id, _ = project.run("[say done]", callbackUrl=hook)
        project.end_of(id)
        detail = project.post("Task/Detail", taskid=id)
        # The first attempt was refused; the second comes after 5 seconds at most.
        first, second = outside.heard("/hook", 2)
    key = base64.b64decode(made["webhook_secret"].removeprefix("whsec_"))
    for each in (first, second):
        assert (each.method, each.headers["content-type"]) == ("POST", "application/json")
        assert json.loads(each.body) == detail
        signed = f"{each.headers['webhook-id']}.{each.headers['webhook-timestamp']}.".encode() + each.body
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        assert each.headers["webhook-signature"] == f"v1,{expected}"
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert detail["tasklist"][0]["callbackurl"] == hook


@pytest.mark.parametrize("status", ["task_cancel", "task_error", "task_postprocess_end"])
def test_a_webhook_comes_at_every_end(me: Caller, outside: Outside, status: str) -> None:
    hook = outside.gives(f"/hook/{status}", Answer(status=204))
    match status:
        case "task_cancel":
            id, _ = me.run("[sleep 60]", callbackUrl=hook)
            me.post("Task/Kill", taskid=id)
        case "task_error":
            id, _ = me.run(callbackUrl=hook, inputImage=outside.gives("/none.png", Answer(status=404)))
        case _:
            id, _ = me.run("[raise no]", callbackUrl=hook)
    (heard,) = outside.heard(f"/hook/{status}")
    (task,) = json.loads(heard.body)["tasklist"]
    assert (task["id"], task["status"]) == (id, status)


def test_a_socket_tells_of_several_tasks_and_late_ones_the_end(me: Caller, server: Live) -> None:
    first, first_token = me.run("[say one][complain oh][steps 3][sleep 0.3][say two]")
    second, second_token = me.run("[say three]")
    with socket(server, first_token, second_token, "nobody" * 5) as watching:
        heard = [json.loads(message) for message in watching]
    assert [each["message"] for each in heard if not each["result"]] == ["There is no task yet."]
    for id, token in ((first, first_token), (second, second_token)):
        mine = [each for each in heard if each.get("id") == id]
        assert {each["tasktoken"] for each in mine} == {token}
        assert mine[-1]["type"] == "task_postprocess_end"
        assert mine[-1]["message"] == me.task(id)["outputs"]
        assert [each["type"] for each in mine].count("task_postprocess_end") == 1
    mine = [each for each in heard if each.get("id") == first]
    lines = [each["message"] for each in mine if isinstance(each["message"], str)]
    assert [line for line in lines if line != "oh"] == ["one", "two"]
    assert {"task_output_full", "task_error_full"} <= {each["type"] for each in mine}
    with socket(server, first_token) as late:
        message = json.loads(late.recv(timeout=5))
    assert (message["type"], message["message"]) == ("task_postprocess_end", me.task(first)["outputs"])


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("[say so far][raise it broke]", "it broke"),
        ("[say so far][oom]", "memory"),
        ("[say so far][nothing]", "no file"),
        ("[say so far][garbage]", "no media"),
        ("[say so far][badinput The prompt is too long.]", "The prompt is too long."),
    ],
)
def test_a_failed_run_says_why_and_costs_nothing(me: Caller, server: Live, prompt: str, words: str) -> None:
    id, _ = me.run(prompt)
    task = me.end_of(id)
    assert (task["status"], task["pexit"], task["totalcost"]) == ("task_postprocess_end", "1", "0")
    assert words in task["debugerror"]
    assert (task["debugoutput"], task["outputs"]) == ("so far", [])
    assert str(server.data) not in json.dumps(task)
    paid = understudy("projects", "balance", "log", task["projectid"], data=server.data)
    assert int(id) not in [line["task"] for line in paid]


def test_what_a_killed_run_had_said_is_kept(me: Caller) -> None:
    id, token = me.run("[say so far][complain oh][sleep 60]")
    me.reached(id, "task_output")
    (killed,) = me.post("Task/Kill", tasktoken=token)["tasklist"]
    assert (killed["status"], killed["totalcost"]) == ("task_cancel", "0")
    task = until(lambda: (now := me.task(id))["debugoutput"] and now)
    assert (task["debugoutput"], task["debugerror"], task["outputs"]) == ("so far", "oh", [])
    assert me.task(id) == {**killed, "debugoutput": "so far", "debugerror": "oh"}
    again = me.post("Task/Kill", taskid=id)
    assert again["errors"] == [
        {"code": 1, "message": "Task could not be killed: it is over already (task_cancel)"}
    ]


def test_an_idempotency_key_makes_one_task(me: Caller) -> None:
    before = me.total()

    def ask(prompt: str) -> dict[str, Any]:
        answer: dict[str, Any] = me.ask(
            f"Run/{SORA}", json={"prompt": prompt}, headers={"idempotency-key": "order-7"}
        ).json()
        return answer

    first = ask("A road.")
    me.end_of(first["taskid"])
    assert ask("A road.") == first
    assert ask("A river.")["errors"] == [
        {"code": 0, "message": "Idempotency-Key was used with other parameters"}
    ]
    assert me.total() == before + 1


def test_projects_do_not_see_each_other(me: Caller, server: Live) -> None:
    id, token = me.run()
    me.end_of(id)
    folder = me.post("File/FolderCreate", name="mine")["list"][0]["id"]
    with caller(server, understudy("projects", "create", "other", data=server.data)) as other:
        assert other.total() == 0
        for path in ("Detail", "Kill", "Cancel"):
            for named in ({"taskid": id}, {"tasktoken": token}, {"socketaccesstoken": token}):
                refused = other.post(f"Task/{path}", **named)
                assert refused["errors"] == [{"code": 1, "message": "There is no task yet."}]
        refused = other.post("Task/InputOutputDelete", tasktoken=token)
        assert refused["errors"] == [{"code": 1, "message": "task-not-exist"}]
        image = {"file": ("a.png", PNG, "image/png")}
        refused = other.ask("File/Upload", data={"folderid": folder}, files=image).json()
        assert refused["errors"] == [{"code": 1, "message": "Folder does not exist."}]
        refused = other.post("File/FolderCreate", name="below", parentid=folder)
        assert refused["errors"] == [{"code": 1, "message": "Folder does not exist."}]
        refused = other.post(f"Run/{SORA}", prompt="A road.", projectid=me.task(id)["projectid"])
        assert refused["result"] is False
        assert other.total() == 0
    assert me.task(id)["outputs"]
    assert (
        me.ask("File/Upload", data={"folderid": folder}, files=image).json()["list"][0]["parentid"] == folder
    )


def test_a_key_only_project_with_an_allow_list(server: Live) -> None:
    made = understudy(
        "projects", "create", "keyed", "--auth", "key", "--allow-ip", "203.0.113.0/24", data=server.data
    )
    assert "api_secret" not in made
    with caller(server, made) as project:
        answer = project.ask("Task/List", json={})
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["message"] == "Requested ip 127.0.0.1 is not allowed."
        understudy("projects", "allow", str(made["id"]), "127.0.0.0/8", data=server.data)
        until(lambda: project.ask("Task/List", json={}).status_code == 200, 2)
        assert set(project.headers()) == {"x-api-key"}
        id, _ = project.run()
        assert project.end_of(id)["pexit"] == "0"


def test_a_disabled_project_is_refused(server: Live) -> None:
    made = understudy("projects", "create", "soon gone", data=server.data)
    with caller(server, made) as project:
        assert project.total() == 0
        understudy("projects", "disable", str(made["id"]), data=server.data)
        until(lambda: project.ask("Task/List", json={}).status_code == 401, 2)
        answer = project.ask(f"Run/{SORA}", json={"prompt": "A road."})
        assert answer.json()["errors"][0]["message"] == "Project authorization is not founded."
        understudy("projects", "enable", str(made["id"]), data=server.data)
        until(lambda: project.ask("Task/List", json={}).status_code == 200, 2)


def test_new_keys_replace_the_old_ones(server: Live) -> None:
    before = server.credentials
    with caller(server) as old:
        me = str(old.task(old.run()[0])["projectid"])
        made = understudy("projects", "rotate-secret", me, data=server.data)
        until(lambda: old.ask("Task/List", json={}).status_code == 401, 2)
    assert server.credentials == {
        **before,
        "api_key": made["api_key"],
        "api_secret": made["api_secret"],
    }
    with Client(data=server.data, environ={}) as client:
        assert client.tasks(limit=1)
    other = understudy("projects", "create", "turned", data=server.data)
    understudy("projects", "rotate-secret", str(other["id"]), data=server.data)
    assert server.credentials["api_key"] == made["api_key"], "somebody else's keys are not written there"


def test_prepaid_projects_pay_for_what_they_get(tmp_path: Path) -> None:
    with live(tmp_path, engine="trouble", config='billing = "prepaid"') as server:
        made = understudy("projects", "create", "paying", data=server.data)
        number = str(made["id"])
        with caller(server, made) as project:
            refused = project.post(f"Run/{SORA}", prompt="A road.")
            assert refused["errors"] == [{"code": 97, "message": "Insufficient balance"}]
            understudy("projects", "balance", "add", number, "10", data=server.data)
            long, _ = project.run("[say a][sleep 60]")
            refused = project.post(f"Run/{SORA}", prompt="A road.")
            assert refused["errors"] == [
                {
                    "code": 96,
                    "message": "You have reached your concurrent task limit. With your current balance of $10.00,"
                    " you can run up to 1 tasks at the same time. Add funds to increase your limit.",
                }
            ]
            assert project.total() == 1
            project.post("Task/Kill", taskid=long)
            id, _ = project.run("[sleep 0.1]")
            task = project.end_of(id)
        assert task["pexit"] == "0"
        charged, paid_in = understudy("projects", "balance", "log", number, data=server.data)
        assert (paid_in["task"], paid_in["amount"]) == (None, "10.00")
        assert (charged["task"], charged["note"]) == (int(id), SORA)
        cost = float(task["totalcost"])
        assert cost > 0
        assert float(charged["amount"]) == pytest.approx(-cost, abs=1e-9)
        left = understudy("projects", "show", number, data=server.data)["balance"]
        assert float(left) == pytest.approx(10 - cost, abs=1e-9)
