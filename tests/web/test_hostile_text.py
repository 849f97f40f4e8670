"""What users write is text wherever it is shown, through the front door."""

from html import escape, unescape

import pytest

from tests.api.served import SORA, picture
from tests.web.test_security import READ, filled
from tests.web.visiting import House, Markup, Visitor
from understudy.tasks.lifecycle import Change, Status

SCRIPT = "<script>alert(1)</script>"
ATTACK = f"</textarea></title></script>{SCRIPT}<img src=x onerror=alert(1)>\"'`{{{{7*7}}}}"
CONTROLS = "\x1b[31mred\x1b[0m \x07\x08 \u202eexe.4pm\u2028\r\n"
FILE_NAMES = (
    f'"><{SCRIPT}.jpg',
    "../../../../etc/passwd.png",
    "..\\..\\boot.ini.png",
    "a\r\nset-cookie: stolen=1\r\n\r\n<marquee>.png",
    "' onerror='alert(1).png",
    "javascript:alert(1).png",
    "%3Cscript%3E.png",
    "\u202egnp.exe",
)


def assert_nothing_runs(text: str) -> None:
    markup = Markup(text)
    assert markup.live == []
    assert markup.loaded == []
    assert SCRIPT not in text
    assert "<img src=x" not in text
    assert "<marquee>" not in text


@pytest.fixture
async def visitor(house: House) -> Visitor:
    return await house.operator(name=f"<marquee>{ATTACK}"[:60])


@pytest.fixture
async def id(house: House, visitor: Visitor) -> str:
    """A task with all that can be written about it."""
    project = house.served.owner.project
    await house.served.parts.store.change_project(project.id, name=f"<marquee>{ATTACK}")
    files = {"inputImage": (FILE_NAMES[0], picture(), "image/png")}
    answer = await visitor.ask(SORA, data={"prompt": f"{ATTACK}\u202e\u2028"}, files=files)
    assert answer.json()["result"], answer.text
    id: str = answer.json()["taskid"]
    said = {
        "stdout": f"{ATTACK}\n{CONTROLS}",
        "stderr": f"<marquee>{ATTACK}",
        "notes": ATTACK,
        "reason": f"<marquee>{ATTACK}",
    }
    engine = {"name": f"<marquee>{ATTACK}", "version": SCRIPT, "preview": True, "tried": [], SCRIPT: SCRIPT}
    change = Change(
        expect=(Status.QUEUE,),
        fields={"status": Status.QUEUE.value, "engine": engine} | said,
    )
    assert await house.served.parts.store.apply(int(id), change)
    return id


@pytest.mark.parametrize("path", READ)
async def test_every_page(visitor: Visitor, id: str, path: str) -> None:
    answer = await visitor.get(filled(path, id))
    assert answer.status_code < 500, answer.text
    assert_nothing_runs(answer.text)


async def test_a_task_that_failed(house: House, visitor: Visitor, id: str) -> None:
    store = house.served.parts.store
    assert await store.apply(
        int(id), Change(expect=(Status.QUEUE,), fields={"status": Status.ERROR.value, "pexit": "1"})
    )
    text = (await visitor.get(f"/clips/{id}")).text
    assert_nothing_runs(text)
    assert text.count(escape(SCRIPT)) >= 4, "the prompt, the reason and the log are told"
    for path in ("/clips", "/operate", "/operate/tasks", f"/operate/tasks/{id}"):
        assert_nothing_runs((await visitor.get(path)).text)


@pytest.mark.parametrize(
    "path", ["/?q={}", "/?category={}", "/clips?q={}", "/clips?model={}&since={}&stage={}", "/working-in?q={}",
             "/sign-in?next={}", "/compare?left={}", "/models/openai/{}", "/{}", "/operate/tasks?q={}&project={}"]
)  # fmt: skip
async def test_what_stands_in_an_address(house: House, visitor: Visitor, path: str) -> None:
    address = path.replace("{}", ATTACK.replace("#", "").replace("/", "%2F"))
    for who in (visitor, house.visitor()):
        answer = await who.client.get(address, follow_redirects=True)
        assert_nothing_runs(answer.text)


@pytest.mark.parametrize("name", FILE_NAMES)
async def test_names_of_files(house: House, visitor: Visitor, name: str) -> None:
    answer = await visitor.ask(
        SORA, data={"prompt": "x"}, files={"inputImage": (name, picture(), "image/png")}
    )
    id = answer.json()["taskid"]
    page = (await visitor.get(f"/clips/{id}")).text
    assert_nothing_runs(page)
    (task,) = await house.served.tasks()
    (url,) = task.media["inputImage"]
    assert f'src="/{url.lstrip("/")}"' in unescape(page)
    file = await visitor.get(f"/{url.lstrip('/')}")
    assert (file.status_code, file.content) == (200, picture())
    assert file.headers["content-type"] == "image/png"
    assert file.headers["content-disposition"].startswith("inline; filename*=UTF-8''")
    assert "set-cookie" not in file.headers


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:alert(1)",
     "/\r\nset-cookie: a=b", "\\\\evil.example", " //evil.example", "/\u0000/evil.example"],
)  # fmt: skip
async def test_signing_in_leads_nowhere_else(house: House, elsewhere: str) -> None:
    await house.operator()
    fields = {"name": "Ada", "password": "correct horse battery", "next": elsewhere}
    answer = await house.visitor().client.post("/sign-in", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = await house.visitor().get("/sign-in", params={"next": elsewhere})
    assert 'name="next" value=""' in page.text


async def test_signing_in_leads_back(house: House) -> None:
    await house.operator()
    visitor = house.visitor()
    where = (await visitor.get("/clips?q=a+b&stage=done")).headers["location"]
    assert where == "/sign-in?next=/clips%3Fq%3Da%2Bb%26stage%3Ddone"
    page = await visitor.get(where)
    assert 'name="next" value="/clips?q=a+b&amp;stage=done"' in page.text
    fields = {"name": "Ada", "password": "correct horse battery", "next": "/clips?q=a+b&stage=done"}
    answer = await visitor.client.post("/sign-in", data=fields)
    assert answer.headers["location"] == "/clips?q=a+b&stage=done"
