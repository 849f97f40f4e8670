"""At a glance: what waits, what runs, what it costs, what failed."""

from understudy.web.pages.page import Page

PAGES: tuple[Page, ...] = ()
