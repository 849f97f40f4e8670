"""All projects, a page at a time, and new ones."""

import msgspec
from starlette.responses import Response

from understudy.catalogue.manifest import Model
from understudy.errors import InvalidInput, RequestError
from understudy.tasks.budgets import hour_of, month_began
from understudy.tasks.projects import Credentials
from understudy.tasks.records import Project
from understudy.tasks.store.tenants import Tally
from understudy.web.forms import number_of
from understudy.web.pages.page import Call, Page, status_of
from understudy.web.shown.limit_fields import limits_in_words, setting_of
from understudy.web.shown.snippets import first_curl

_AT_ONCE = 50


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A project as the list shows it."""

    project: Project
    tally: Tally
    """What it has spent is of this month (UTC)."""
    limits: str


async def _list(call: Call) -> Response:
    asked = call.request.query_params
    text, beyond = asked.get("q", "").strip()[:200], number_of(asked.get("beyond", ""))
    tenants = call.parts.store.tenants
    found = await tenants.find(text, beyond=beyond, limit=_AT_ONCE + 1)
    shown = found[:_AT_ONCE]
    tallies = await tenants.tallies([each.id for each in shown], hour_of(month_began(call.parts.clock())))
    rows = [Row(project=each, tally=tallies[each.id], limits=limits_in_words(each.limits)) for each in shown]
    prepaid = is_prepaid(call)
    return call.page(
        "operate/projects.html",
        rows=rows,
        text=text,
        beyond=beyond,
        older=shown[-1].id if len(found) > _AT_ONCE else 0,
        prepaid=prepaid,
        balances=prepaid or any(each.balance for each in shown),
    )


async def _form(call: Call) -> Response:
    return call.page("operate/project_new.html")


async def _create(call: Call) -> Response:
    form = call.form
    auth = form.get("auth", "")
    try:
        if auth not in ("signature", "key"):
            raise InvalidInput("Choose how its requests prove who they are.")
        made = await call.parts.projects.create(
            form.get("name", ""),
            auth,  # type: ignore[arg-type]
            entries_of(form.get("allow", "")),
        )
    except RequestError as refused:
        return call.page(
            "operate/project_new.html", status=status_of(refused), refused=refused.message, given=form
        )
    return keys_page(call, made, f"{made.project.name} is made")


def keys_page(call: Call, made: Credentials, title: str) -> Response:
    """New keys, this once; with a request that works as it is."""
    signs = made.project.auth == "signature"
    model = _first_model(call)
    curl = (
        first_curl(model, call.parts.base_url, made.api_key, made.api_secret if signs else "")
        if model
        else ""
    )
    return call.page(
        "operate/project_keys.html",
        made=made,
        title=title,
        signs=signs,
        curl=curl,
        unpaid=is_prepaid(call) and made.project.balance <= 0,
    )


def entries_of(text: str) -> tuple[str, ...]:
    """One a line; empty lines do not count."""
    return tuple(filter(None, (line.strip() for line in text.splitlines())))


def is_prepaid(call: Call) -> bool:
    """Whether projects pay from their balances."""
    return setting_of(call.parts.settings, "billing") == "prepaid"


def _first_model(call: Call) -> Model | None:
    """One that needs a prompt and nothing else that has no default; rather one that could be played now."""
    fit = [
        model
        for model in call.parts.catalogue.models
        if model.enabled
        and all(
            each.id == "prompt" or (each.default != "" and not each.is_file)
            for each in model.inputs
            if each.required
        )
    ]
    playable = (model for model in fit if call.parts.cast.choose(model, set()).engine is not None)
    return next(playable, fit[0] if fit else None)


PAGES = (
    Page("GET", "/operate/projects", "operator", _list),
    Page("POST", "/operate/projects", "operator", _create),
    Page("GET", "/operate/projects/new", "operator", _form),
)
