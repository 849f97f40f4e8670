"""What each model costs and who plays it."""

from understudy.web.pages.page import Page

PAGES: tuple[Page, ...] = ()
