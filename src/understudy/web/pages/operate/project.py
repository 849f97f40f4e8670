"""One project: its keys, rules, limits and money."""

from understudy.web.pages.page import Page

PAGES: tuple[Page, ...] = ()
