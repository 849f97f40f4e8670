"""Pages for machines and their operators: health, the OpenAPI document, a model's plain-text page."""

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

import understudy
from understudy.api.answers import encode
from understudy.api.openapi import document
from understudy.api.parts import Parts
from understudy.catalogue.page import page
from understudy.client_address import client_address, networks, within
from understudy.errors import UnderstudyError, UnknownPath

_JSON = "application/json"
_METRICS = "text/plain; version=0.0.4"


class Pages:
    """The endpoints."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._trusted = networks(parts.trusted_proxies)
        self._metrics_from = networks(parts.metrics_from)

    async def landing(self, request: Request) -> Response:
        """What this server is, and where to go on."""
        base_url = self._parts.base_url
        return _json(
            {
                "name": "understudy",
                "version": understudy.__version__,
                "openapi": f"{base_url}/openapi.json",
                "models": {
                    model.address: f"{base_url}/models/{model.address}/llms.txt"
                    for model in self._parts.catalogue.models
                    if model.enabled
                },
            }
        )

    async def healthz(self, request: Request) -> Response:
        """The process is alive."""
        return _json({"status": "ok"})

    async def readyz(self, request: Request) -> Response:
        """The store answers, and tasks are worked on; if not, 503 and what is missing."""
        try:
            await self._parts.store.ping()
            await self._parts.ready()
        except UnderstudyError as error:
            return _json({"status": "unavailable", "reason": error.message}, 503)
        return _json({"status": "ready"})

    async def metrics(self, request: Request) -> Response:
        """What Prometheus reads, for those who may: for others there is no such page."""
        forwarded = request.headers.getlist("x-forwarded-for")
        peer = request.client.host if request.client else ""
        asks = client_address(peer, forwarded, self._trusted)
        # Behind a proxy that is not believed everybody would come from the proxy's own address.
        unknown = bool(forwarded) and not within(peer, self._trusted)
        if self._parts.metrics is None or unknown or not within(asks, self._metrics_from):
            raise UnknownPath("Error parsing url.")
        return Response(await self._parts.metrics(), media_type=_METRICS, headers=_NO_SNIFF)

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document."""
        return _json(document(self._parts.catalogue.models, self._parts.base_url))

    async def model_page(self, request: Request) -> Response:
        """A model's plain-text page."""
        model = self._parts.catalogue.find(request.path_params["owner"], request.path_params["slug"])
        if model is None or not model.enabled:
            raise UnknownPath("Error parsing url.")
        base_url = self._parts.base_url
        return PlainTextResponse(page(model, api=base_url, files=base_url), headers=_NO_SNIFF)


_NO_SNIFF = {"x-content-type-options": "nosniff"}


def _json(body: object, status: int = 200) -> Response:
    return Response(
        encode(body),  # type: ignore[arg-type]
        status_code=status,
        media_type=_JSON,
        headers={**_NO_SNIFF, "cache-control": "no-store"},
    )
