"""Who may sign in."""

from understudy.web.pages.page import Page

PAGES: tuple[Page, ...] = ()
