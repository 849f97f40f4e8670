"""Stopping many tasks at once."""

from understudy.web.pages.page import Page

PAGES: tuple[Page, ...] = ()
