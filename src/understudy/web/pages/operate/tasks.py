"""All tasks, by whatever filter."""

from understudy.web.pages.page import Page

PAGES: tuple[Page, ...] = ()
