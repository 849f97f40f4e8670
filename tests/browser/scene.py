"""What is to be seen on a server that is in use: clips in every state, projects, people."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.browser.studio import Studio
from tests.server.patience import until
from understudy.client import Client

LONG = "A slow pan over a harbour at night, with every window lit and the ferry coming in; " * 12


@contextmanager
def scene(studio: Studio) -> Iterator[dict[str, str]]:
    """Ids by what they are: clips `done`, `other`, `failed`, `running`, `waiting`, `stopped`."""
    with studio.client() as client:
        ids = {
            "done": _made(client, "acme/flipbook", LONG),
            "other": _made(client, "acme/flipbook", "A road."),
            "failed": _made(client, "acme/stubborn", "[complain Reading.][raise The picture is too dark.]"),
        }
        lasting = [
            client.submit("acme/stubborn", {"prompt": "[say Rolling.][sleep 600]"}).taskid for _ in "123"
        ]
        ids["running"], _, ids["waiting"] = lasting
        ids["stopped"] = client.submit("acme/stubborn", {"prompt": "[sleep 600]"}).taskid
        client.cancel(ids["stopped"])
        until(lambda: all(client.task(id).status == "task_output" for id in lasting[:2]))
        yield ids
        for id in reversed(lasting):
            client.kill(id)


def _made(client: Client, model: str, prompt: str) -> str:
    id = client.submit(model, {"prompt": prompt}).taskid
    until(lambda: client.task(id).over)
    return id
