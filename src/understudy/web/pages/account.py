"""The account of who is signed in: everybody's own."""

from starlette.responses import Response

from understudy.errors import InvalidInput, RequestError
from understudy.web.pages.page import Call, Page, go_to, status_of

_DONE = {
    "password": "The new password is set. Everywhere else you are signed out.",
    "sessions": "Everywhere else you are signed out.",
}


async def _show(call: Call) -> Response:
    return await _page(call, done=_DONE.get(call.request.query_params.get("done", ""), ""))


async def _page(call: Call, *, done: str = "", refused: RequestError | None = None) -> Response:
    user = call.me.user
    return call.page(
        "account.html",
        status=status_of(refused) if refused else 200,
        project=await call.parts.store.project(user.project) if user.project else None,
        done=done,
        refused=refused.message if refused else "",
    )


async def _set_password(call: Call) -> Response:
    form = call.form
    new = form.get("new", "")
    try:
        if new != form.get("again", ""):
            raise InvalidInput("The new password was not written the same way twice.")
        await call.parts.accounts.change_password(
            call.me.user, form.get("old", ""), new, address=call.address, keep=call.me.token
        )
    except RequestError as refused:
        return await _page(call, refused=refused)
    return go_to("/account?done=password")


async def _sign_out_elsewhere(call: Call) -> Response:
    await call.parts.accounts.sign_out_elsewhere(call.me.user, keep=call.me.token)
    return go_to("/account?done=sessions")


PAGES = (
    Page("GET", "/account", "anybody", _show),
    Page("POST", "/account/password", "anybody", _set_password),
    Page("POST", "/account/sessions", "anybody", _sign_out_elsewhere),
)
