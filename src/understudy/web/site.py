"""The dashboard as an ASGI application: finds the page, lets its reader in, and turns every exception into a page."""

import logging
import re
from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import RedirectResponse, Response
from starlette.types import Receive, Scope, Send

from understudy.client_address import client_address, networks
from understudy.errors import RequestError
from understudy.web.forms import Form, read_form
from understudy.web.pages import account, clip, clips, compare, model, models, operate, sign_in, working_in
from understudy.web.pages.page import Call, Page, status_of
from understudy.web.parts import WebParts
from understudy.web.rendering import Renderer
from understudy.web.static_files import StaticFiles
from understudy.web.visit import Visitor, visitor

log = logging.getLogger(__name__)

_STATIC = re.compile(r"/static/(?P<version>[0-9a-f]{1,64})/(?P<name>[A-Za-z0-9._/-]+)")
_FOREIGN_FORM = (
    "This form was not sent from a page of this server, or you have signed in again since."
    " Go back, reload the page, and send it again."
)
PAGES = (
    *sign_in.PAGES,
    *account.PAGES,
    *models.PAGES,
    *model.PAGES,
    *clips.PAGES,
    *clip.PAGES,
    *compare.PAGES,
    *working_in.PAGES,
    *operate.PAGES,
)
"""Every page there is."""


class Site:
    """All pages."""

    def __init__(self, parts: WebParts) -> None:
        self._parts = parts
        self._static = StaticFiles()
        self._renderer = Renderer(parts, self._static)
        self._pages = [(_pattern(page.path), page) for page in PAGES]
        self._trusted = networks(parts.trusted_proxies)
        self._origin = "://".join(urlsplit(parts.base_url)[:2])

    def serves(self, scope: Scope) -> bool:
        """Whether a request is for a page: one of ours, or whatever a browser wants to see that is nowhere."""
        path, wants_page = scope["path"], _wants_page(scope)
        if path == "/":
            return wants_page
        known = any(pattern.fullmatch(path) for pattern, _ in self._pages)
        return known or wants_page or path.startswith("/static/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            answer = await self._answer(request)
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if static := _STATIC.fullmatch(request.scope["path"]):
            if found := self._static.answer(static["version"], static["name"]):
                return found
            return Response(status_code=404)
        who: Visitor | None = None
        try:
            who = await visitor(self._parts, request.headers.get("cookie", ""))
            return await self._show(request, who)
        except RequestError as refused:
            return self._sorry(request, who, status_of(refused), refused.message)
        except ClientDisconnect:
            raise
        except Exception:
            log.exception("the page %r failed", request.scope["path"])
            return self._sorry(request, who, 500, "The server made a mistake; its log has the details.")

    async def _show(self, request: Request, who: Visitor | None) -> Response:
        method = "GET" if request.method == "HEAD" else request.method
        here = [
            (page, match)
            for pattern, page in self._pages
            if (match := pattern.fullmatch(request.scope["path"]))
        ]
        found = next(((page, match) for page, match in here if page.method == method), None)
        if found is None:
            if here:
                refused = self._sorry(request, who, 405, "This address does not take that.")
                refused.headers["allow"] = ", ".join(_methods(page for page, _ in here))
                return refused
            return self._sorry(request, who, 404, "There is no such page.")
        page, match = found
        if page.needs != "nobody" and who is None:
            return _to_sign_in(request)
        if page.needs == "operator" and who is not None and not who.is_operator:
            return self._sorry(request, who, 403, "This page is for operators of the server.")
        form = Form([])
        if method != "GET":
            form = await read_form(request)
            if not self._is_own(request, who, form):
                return self._sorry(request, who, 403, _FOREIGN_FORM)
        return await page.answer(
            Call(
                parts=self._parts,
                renderer=self._renderer,
                request=request,
                visitor=who,
                path=match.groupdict(),
                form=form,
                address=self._address(request),
            )
        )

    def _address(self, request: Request) -> str:
        peer = request.client.host if request.client else ""
        return client_address(peer, request.headers.getlist("x-forwarded-for"), self._trusted)

    def _is_own(self, request: Request, who: Visitor | None, form: Form) -> bool:
        """Whether a form comes from a page of ours; browsers tell, and a signed-in page's form proves it."""
        site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
        if site is not None and site not in ("same-origin", "none"):
            return False
        if (
            site is None
            and origin is not None
            and origin not in (self._origin, f"http://{request.headers.get('host')}")
        ):
            return False
        if who is None:
            return True
        given = request.headers.get("x-form-token") or form.get("form_token", "")
        return self._parts.accounts.is_form_token(who.token, given)

    def _sorry(self, request: Request, who: Visitor | None, status: int, reason: str) -> Response:
        return self._renderer.page("sorry.html", request, who, status=status, code=status, reason=reason)


def _to_sign_in(request: Request) -> Response:
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    where = "/sign-in" if wanted == "/" or request.method != "GET" else f"/sign-in?next={quote(wanted)}"
    if "hx-request" in request.headers:
        return Response(status_code=401, headers={"hx-redirect": where})
    return RedirectResponse(where, 303)


def _methods(pages: Iterable[Page]) -> list[str]:
    """What an address takes (RFC 9110, 10.2.1)."""
    methods = {page.method for page in pages}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


def _wants_page(scope: Scope) -> bool:
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)))
