"""One task, with everything that is known of it."""

from understudy.web.pages.page import Page

PAGES: tuple[Page, ...] = ()
