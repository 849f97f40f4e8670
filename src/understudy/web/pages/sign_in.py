"""Signing in with a password or a link, and out."""

from starlette.responses import Response

from understudy.errors import RequestError
from understudy.tasks.accounts.accounts import SignedIn
from understudy.web.pages.page import Call, Page, go_to, status_of
from understudy.web.visit import PROJECT_COOKIE, SESSION_COOKIE

_A_YEAR = 365 * 24 * 3600


async def _form(call: Call) -> Response:
    if call.visitor is not None:
        return go_to("/")
    return call.page("sign_in.html", next=_own(call.request.query_params.get("next", "")))


async def _sign_in(call: Call) -> Response:
    name, wanted = call.form.get("name", ""), _own(call.form.get("next", ""))
    try:
        signed_in = await call.parts.accounts.sign_in(name, call.form.get("password", ""), call.address)
    except RequestError as refused:
        return call.page(
            "sign_in.html", status=status_of(refused), refused=refused.message, name=name, next=wanted
        )
    return await _welcome(call, signed_in, wanted)


async def _accept(call: Call) -> Response:
    """The token comes in a form, out of the link's fragment: following the link alone uses nothing up."""
    accounts, token = call.parts.accounts, call.form.get("invitation", "")
    user = await accounts.invited(token)
    if user is None:
        refused = (
            "This link was used before, or is too old. Ask for a new one: understudy users passwd NAME --link"
        )
        return call.page("sign_in.html", status=403, refused=refused)
    if "password" not in call.form:
        return call.page("welcome.html", invitation=token, invited=user)
    try:
        signed_in = await accounts.accept(token, call.form["password"])
    except RequestError as refusal:
        return call.page(
            "welcome.html", status=status_of(refusal), refused=refusal.message, invitation=token, invited=user
        )
    return await _welcome(call, signed_in, "/")


async def _sign_out(call: Call) -> Response:
    await call.parts.accounts.sign_out(call.me.token)
    answer = go_to("/sign-in")
    for cookie in (SESSION_COOKIE, PROJECT_COOKIE):
        answer.delete_cookie(cookie, httponly=True, samesite="lax", secure=_secure(call))
    answer.headers["clear-site-data"] = '"cache", "storage"'
    return answer


async def _welcome(call: Call, signed_in: SignedIn, wanted: str) -> Response:
    call.parts.first_sign_in()
    if call.visitor is not None:  # the browser forgets that session's token
        await call.parts.accounts.sign_out(call.visitor.token)
    answer = go_to(wanted or "/")
    # Lax, not strict: a link in a mail to a clip should find who follows it signed in. What changes anything also
    # needs the form token.
    answer.set_cookie(
        SESSION_COOKIE, signed_in.token, max_age=_A_YEAR, httponly=True, samesite="lax", secure=_secure(call)
    )
    return answer


def _secure(call: Call) -> bool:
    return call.parts.base_url.startswith("https:")


def _own(path: str) -> str:
    """The path, if it is one of this site: what looks like another host's is none."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() else ""


PAGES = (
    Page("GET", "/sign-in", "nobody", _form),
    Page("POST", "/sign-in", "nobody", _sign_in),
    Page("POST", "/welcome", "nobody", _accept),
    Page("POST", "/sign-out", "anybody", _sign_out),
)
