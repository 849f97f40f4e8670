"""What the server runs with, and where each value comes from."""

from understudy.web.pages.page import Page

PAGES: tuple[Page, ...] = ()
