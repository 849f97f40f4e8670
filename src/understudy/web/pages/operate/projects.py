"""All projects, and new ones."""

from understudy.web.pages.page import Page

PAGES: tuple[Page, ...] = ()
