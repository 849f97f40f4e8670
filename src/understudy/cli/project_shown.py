"""How commands show projects: never with their keys, but when those are made."""

from typing import TYPE_CHECKING, Any

from understudy.cli.limits import Spent, limits_record, limits_words, spent_record, spent_words
from understudy.cli.output import dollars, moment, note, print_fields, print_json

if TYPE_CHECKING:
    from understudy.tasks.projects import Credentials
    from understudy.tasks.records import Project


def project_record(project: "Project", spent: Spent | None = None) -> dict[str, Any]:
    """For JSON; the keys are not in it."""
    record = {
        "id": project.id,
        "name": project.name,
        "auth": project.auth,
        "allow": list(project.allow),
        "webhook_url": project.webhook_url,
        "limits": limits_record(project.limits),
        "balance": dollars(project.balance),
        "enabled": project.enabled,
        "created": int(project.created),
    }
    return record if spent is None else {**record, "spent": spent_record(spent)}


def project_row(project: "Project") -> list[str]:
    """For a table."""
    return [
        project.name,
        project.auth,
        ", ".join(project.allow) or "anywhere",
        f"${dollars(project.balance)}",
        "yes" if project.enabled else "no",
        moment(project.created),
    ]


def print_project(project: "Project", json: bool, spent: Spent | None = None) -> None:
    """One project, on stdout."""
    if json:
        print_json(project_record(project, spent))
        return
    names = (
        "project",
        "name",
        "type",
        "allowed from",
        "balance",
        "enabled",
        "created",
        "webhooks to",
        "limits",
    )
    shown = [
        str(project.id),
        *project_row(project),
        project.webhook_url or "what each task says",
        limits_words(project.limits),
    ]
    fields = [*zip(names, shown, strict=True)]
    print_fields(fields if spent is None else [*fields, ("spent", spent_words(spent))])


def print_credentials(made: "Credentials", json: bool) -> None:
    """A project with its keys, this once."""
    keys = {"api_key": made.api_key}
    if made.project.auth == "signature":
        keys["api_secret"] = made.api_secret
    keys["webhook_secret"] = made.webhook_secret
    if json:
        print_json({**project_record(made.project), **keys})
        return
    print_project(made.project, json=False)
    print_fields(keys.items())
    note("Keep them now: they are not shown again.")
