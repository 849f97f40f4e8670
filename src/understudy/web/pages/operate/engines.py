"""Who can play, where, and why not; held and unloaded."""

from understudy.web.pages.page import Page

PAGES: tuple[Page, ...] = ()
