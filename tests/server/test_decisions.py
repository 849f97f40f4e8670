"""What an operator decides on a page, seen from outside: beside that process, behind it, and after it."""

import asyncio
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests import postgres
from tests.mcp.conftest import speaking, token
from tests.server.caller import SORA, Caller, caller
from tests.server.installation import installation
from tests.server.patience import until
from understudy.testing.live import Live, clean_environment, live

PASSWORD = "correct horse battery"
MODEL = f"/operate/models/{SORA}"
CONFIG = """
server.drain_seconds = 0
tasks.lease_seconds = 2
"""
OFF = [{"code": 1, "message": "tool-not-accessible"}]
_CREATE = (sys.executable, "-m", "understudy", "users", "create", "Ada")
_FORM_TOKEN = re.compile(r'<meta name="form-token" content="(\w+)">')


class Operator:
    """Somebody at a browser, signed in at one process."""

    def __init__(self, server: Live) -> None:
        config = str(server.data.parent / "understudy.toml")
        subprocess.run(
            [*_CREATE, "--config", config, "--data", str(server.data)],
            input=f"{PASSWORD}\n",
            text=True,
            env=clean_environment(),
            check=True,
            capture_output=True,
        )
        self._http = httpx.Client(
            base_url=server.url,
            headers={"sec-fetch-site": "same-origin", "accept": "text/html"},
            trust_env=False,
            timeout=20,
        )
        answer = self._http.post("/sign-in", data={"name": "Ada", "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        found = _FORM_TOKEN.search(self._http.get("/").text)
        assert found is not None
        self._form_token = found[1]

    def send(self, path: str, **fields: str) -> None:
        answer = self._http.post(path, data={"form_token": self._form_token, **fields})
        assert answer.status_code == 303, answer.text

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def database() -> str:
    return asyncio.run(postgres.server().new_database())


def prices(asking: Caller) -> str:
    owner, slug = SORA.split("/")
    return str(asking.post("Tool/Detail", slugowner=owner, slugproject=slug))


def refused(asking: Caller) -> list[dict[str, Any]]:
    answer = asking.post(f"Run/{SORA}", prompt="A road.")
    return list(answer["errors"])


def test_two_processes_carry_out_what_one_of_them_is_told(tmp_path: Path, database: str) -> None:
    with installation(tmp_path, database, config=CONFIG, dispatching=1) as several:
        one, two = several.caller("api1"), several.caller("api2")
        operator = Operator(several.processes["api1"])
        before, _ = two.run("[sleep 2]")
        two.reached(before, "task_start", "task_output")
        operator.send(f"{MODEL}/prices", **{"price-0": "3.00", "price-1": "7.00", "cps": "0.5"})
        # Who goes on with the task has never heard the old price.
        several.processes["dispatcher1"].sigkill()
        assert '"price":3.00' in prices(one), "at once where it was decided"
        several.add("dispatcher2", "dispatcher")
        until(lambda: '"price":3.00' in prices(two))
        after, _ = two.run()
        old, new = (Decimal(one.end_of(id)["totalcost"]) for id in (before, after))
        assert new == 10 * old > 0

        operator.send(f"{MODEL}/offer", offered="no")
        assert refused(one) == OFF, "at once where it was decided"
        until(lambda: refused(two) == OFF)
        assert several.processes["api2"].stop() == 0
        several.add("api2", "api")
        two = several.caller("api2")
        assert refused(two) == OFF, "also in a process that begins later"
        operator.send(f"{MODEL}/offer", offered="manifest")
        operator.send(f"{MODEL}/prices", **{"as": "manifest"})
        last, _ = one.run()
        assert Decimal(two.end_of(last)["totalcost"]) == old
        operator.close()


async def test_agents_are_offered_what_an_operator_offers(tmp_path: Path) -> None:
    with live(tmp_path) as server, caller(server) as asking:
        operator = Operator(server)
        async with speaking(server, token(server)) as client:

            async def found() -> str:
                return str((await client.call_tool("search_models", {"query": "sora"})).structured_content)

            assert SORA in await found()
            operator.send(f"{MODEL}/offer", offered="no")
            assert SORA not in await found()
            assert (await client.call_tool("run", {"model": SORA, "inputs": {"prompt": "A road."}})).is_error
            assert refused(asking) == OFF
            operator.send(f"{MODEL}/offer", offered="manifest")
            assert SORA in await found()
        operator.close()
