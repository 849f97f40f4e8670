"""The list of models in Google's form."""

import pytest

from tests.api.google.talk import error, key
from tests.api.served import Served

SORA = {
    "name": "models/openai/sora-2-pro",
    "version": "1",
    "displayName": "Sora 2 Pro",
    "supportedGenerationMethods": ["predictLongRunning"],
}


async def test_all_of_them(served: Served) -> None:
    answer = await served.client.get("/v1beta/models?pageSize=1000", headers=key(served))
    assert list(answer.json()) == ["models"]
    names = [model["name"] for model in answer.json()["models"]]
    assert names == [f"models/{model.address}" for model in served.parts.catalogue.models]


@pytest.mark.parametrize("name", ["sora-2-pro", "openai/sora-2-pro", "openai%2Fsora-2-pro"])
async def test_one_of_them(served: Served, name: str) -> None:
    body = (await served.client.get(f"/v1beta/models/{name}", headers=key(served))).json()
    model = served.parts.catalogue.find("openai", "sora-2-pro")
    assert model is not None
    assert body == SORA | {"description": model.description}


async def test_one_that_is_not_here(served: Served) -> None:
    answer = await served.client.get("/v1beta/models/veo-9", headers=key(served))
    message = "There is no model veo-9 here. GET /v1beta/models lists those that there are."
    assert (answer.status_code, answer.json()) == (404, error(404, "NOT_FOUND", message))
