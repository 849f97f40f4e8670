import gzip

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from understudy.engines.bounded import BoundedClient
from understudy.testing.partners.serving import serving


async def plain(request: Request) -> Response:
    return Response(b"x" * int(request.path_params["size"]), media_type="text/plain")


async def packed(request: Request) -> Response:
    content = gzip.compress(b"x" * int(request.path_params["size"]))
    return Response(content, media_type="text/plain", headers={"content-encoding": "gzip"})


async def elsewhere(request: Request) -> Response:
    return RedirectResponse("/plain/1")


APP = Starlette(
    routes=[Route("/plain/{size}", plain), Route("/packed/{size}", packed), Route("/elsewhere", elsewhere)]
)


@pytest.mark.parametrize("how", ["plain", "packed"])
async def test_an_answer_is_read_whole_up_to_its_bound(how: str) -> None:
    with serving(APP) as url:
        async with BoundedClient(most_bytes=100_000, base_url=url) as client:
            answer = await client.get(f"/{how}/100000")
            assert (answer.status_code, answer.text) == (200, "x" * 100_000)
            # A packed answer of a few hundred bytes is counted as what it becomes.
            with pytest.raises(httpx.ReadError, match="more than 100,000 bytes"):
                await client.get(f"/{how}/100001")


async def test_no_redirect_is_followed() -> None:
    with serving(APP) as url:
        async with BoundedClient(most_bytes=100, base_url=url) as client:
            assert (await client.get("/elsewhere")).status_code == 307
