"""Something that keeps failing: said when it begins and when it is over, and not in between."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from understudy.errors import StoreUnavailable

log = logging.getLogger(__name__)


class Outage:
    """The store, as one part of the program that looks at it again and again sees it."""

    def __init__(self, meanwhile: str) -> None:
        """`meanwhile`: what does not happen, such as "no task is taken up"."""
        self._meanwhile = meanwhile
        self._away = False
        self.lasts = False
        """Whether it failed when it was last tried."""

    @contextmanager
    def borne(self) -> Iterator[None]:
        """What is done here may fail, mostly because the store is away; it is done again by whoever asks next."""
        try:
            yield
        except StoreUnavailable as error:
            if not self._away:
                log.warning("the store is away, and %s: %s", self._meanwhile, error.__cause__ or error)
            self._away = self.lasts = True
        except Exception:
            # Who does something again and again would end with it, and nobody would do it any more.
            log.exception("%s", self._meanwhile)
            self.lasts = True
        else:
            if self._away:
                log.info("the store answers again")
            self._away = self.lasts = False
