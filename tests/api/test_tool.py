"""Tool/List, Tool/Detail and Tool/Explore."""

from typing import Any

import pytest

from tests.api.served import BASE, Served


async def ask(served: Served, what: str, **fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = (await served.post(f"/v1/Tool/{what}", fields)).json()
    return body


def slugs(body: dict[str, Any]) -> list[str]:
    return [f"{tool['cleanslugowner']}/{tool['cleanslugproject']}" for tool in body["tool"]]


async def test_all_models(served: Served) -> None:
    body = await ask(served, "List")
    assert list(body) == ["total", "errors", "tool", "result"]
    assert body["total"] == "3"
    assert sorted(slugs(body)) == ["chetwinlow1/ovi", "google/veo3-1", "openai/sora-2-pro"]
    assert all("parameters" in tool for tool in body["tool"])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"search": "koala sora"}, []),
        ({"search": "SORA"}, ["openai/sora-2-pro"]),
        ({"slugowner": "google"}, ["google/veo3-1"]),
        ({"categories": ["bf16"]}, ["chetwinlow1/ovi"]),
        ({"categories": "bf16, none"}, ["chetwinlow1/ovi"]),
        ({"categories[]": "bf16"}, ["chetwinlow1/ovi"]),
        ({"categories[]": ["bf16"]}, ["chetwinlow1/ovi"]),
        ({"tags": ["google"]}, ["google/veo3-1"]),
        ({"start": 1, "limit": "1", "search": "sora"}, []),
    ],
)
async def test_searches(served: Served, query: dict[str, Any], found: list[str]) -> None:
    assert slugs(await ask(served, "List", **query)) == found


async def test_order_and_pages(served: Served) -> None:
    up = slugs(await ask(served, "List", sort="id", order="ASC"))
    assert slugs(await ask(served, "List", sort="id", order="desc")) == up[::-1]
    page = await ask(served, "List", start=1, limit=1, summary=True, hideworkflows="true")
    assert (page["total"], slugs(page)) == ("3", up[1:2])
    assert "parameters" not in page["tool"][0]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"limit": 1000}, "Request parameter [limit] must be between 1 and 100"),
        ({"order": 1}, "Request parameter [order] must be one of ASC, DESC"),
        ({"tags": [1]}, "Request parameter [tags] must be a list of strings"),
        ({"summary": "perhaps"}, "Request parameter [summary] must be one of true, 1, false, 0"),
        ({"search": ["a"]}, "Request parameter [search] must be a string of at most 1000 characters"),
    ],
)
async def test_searches_that_make_no_sense(served: Served, query: dict[str, Any], message: str) -> None:
    assert (await ask(served, "List", **query))["errors"] == [{"code": 0, "message": message}]


async def test_one_model(served: Served) -> None:
    body = await ask(served, "Detail", slugowner="openai", slugproject="sora-2-pro")
    assert list(body) == ["total", "errors", "tool", "result"]
    [tool] = body["tool"]
    inputs = [item["id"] for group in tool["parameters"] for item in group["items"]]
    assert inputs == ["inputImage", "prompt", "seconds", "resolution", "ratio"]
    assert tool["taskstat"] == {"runcount": "0", "successcount": "0", "errorcount": "0", "lastruntime": "0"}
    assert all(sample.startswith(f"{BASE}/uploads/sampleinputs/") for sample in tool["samples"])
    for sample in tool["samples"]:
        assert (await served.client.get(sample)).headers["content-type"] == "image/jpeg"


async def test_one_model_that_is_not(served: Served) -> None:
    unknown = await ask(served, "Detail", slugowner="openai", slugproject="sora-9")
    assert unknown["errors"] == [{"code": 1, "message": "slug-owner-project-not-exist"}]
    nameless = await ask(served, "Detail", slugowner="openai")
    assert nameless["errors"] == [{"code": 0, "message": "Request parameter [slugproject] required"}]


async def test_groups(served: Served) -> None:
    body = await ask(served, "Explore")
    assert list(body) == ["errors", "explore", "result"]
    for group in body["explore"]:
        assert list(group) == ["id", "title", "tools", "total"]
        assert group["total"] == str(len(group["tools"]))
