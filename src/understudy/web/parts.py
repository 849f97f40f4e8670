"""What the dashboard is assembled from: every part is handed in, none is found."""

from collections.abc import Callable, Sequence

import msgspec

from understudy.catalogue.catalogue import Catalogue
from understudy.engines.cast import Cast
from understudy.tasks.accounts.accounts import Accounts
from understudy.tasks.desk import Desk
from understudy.tasks.operations.decisions import Decisions
from understudy.tasks.operations.reports import Reports
from understudy.tasks.projects import Credentials, Projects
from understudy.tasks.rates import Rates
from understudy.tasks.records import Project
from understudy.tasks.store.store import Store


class SettingShown(msgspec.Struct, frozen=True, kw_only=True):
    """One of the server's settings, fit to be shown: secrets are hidden."""

    section: str
    key: str
    """Its full key in the file: `server.port`."""
    value: str
    origin: str
    """Where the value comes from: `default`, a file, the environment, a flag."""
    help: str
    environment: str


class WebParts(msgspec.Struct, frozen=True, kw_only=True):
    """The parts, and the operator's settings that concern the dashboard."""

    accounts: Accounts
    catalogue: Catalogue
    cast: Cast
    desk: Desk
    store: Store
    projects: Projects
    decisions: Decisions
    reports: Reports
    settings: Sequence[SettingShown] = ()
    """What the server runs with."""
    clock: Callable[[], float]
    """Unix seconds."""
    base_url: str
    """What browsers see in front of every path, without a slash at its end."""
    trusted_proxies: tuple[str, ...] = ()
    """Addresses and networks of proxies whose X-Forwarded-For is believed."""
    media_origins: Sequence[str] = ()
    """Where clips come from beside this server: the storage's, if downloads lead there."""
    rates: Rates | None = None
    """How often a project may ask; None: as often as it likes."""
    wake_webhooks: Callable[[], None] = lambda: None
    """Called when a webhook is to be sent again now."""
    largest_upload: int = 100_000_000
    """Bytes of one input file."""
    first_sign_in: Callable[[], None] = lambda: None
    """Called once somebody has signed in."""
    keys_changed: Callable[[Project, Credentials], None] = lambda before, made: None
    """Called when a project, as it was before, has new keys: whoever keeps its old ones may keep the new ones."""
