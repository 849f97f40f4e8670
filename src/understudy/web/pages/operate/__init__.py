"""The pages of those who run the server: all of them need an operator."""

from understudy.web.pages.operate import (
    engines,
    overview,
    prices,
    project,
    projects,
    settings,
    stopping,
    task,
    tasks,
    users,
)

PAGES = (
    *overview.PAGES,
    *tasks.PAGES,
    *stopping.PAGES,
    *task.PAGES,
    *projects.PAGES,
    *project.PAGES,
    *engines.PAGES,
    *prices.PAGES,
    *users.PAGES,
    *settings.PAGES,
)
