"""Projects: who may ask, with which keys, from where, and for how much money."""

import base64
import hmac
import ipaddress
import secrets
import string
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from understudy.errors import AddressRefused, InvalidInput, NotFound
from understudy.files.weburl import parse_url
from understudy.tasks.records import LedgerLine, Project, ProjectAuth, ProjectLimits
from understudy.tasks.store.store import Store
from understudy.tasks.vault import Vault

_SMALLEST = Decimal("0.000000000001")
_LARGEST = Decimal(1_000_000)
_LONGEST_NAME = 200
_ALPHABET = (string.ascii_letters + string.digits).encode()
_LETTER_OF = bytes(_ALPHABET[byte % len(_ALPHABET)] for byte in range(256))
_UNEVEN = bytes(range(256 - 256 % len(_ALPHABET), 256))


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """A project with its secrets in the open: shown once, when they are made."""

    project: Project
    api_key: str
    api_secret: str
    webhook_secret: str


class Projects:
    """Makes, finds and changes projects."""

    def __init__(self, store: Store, vault: Vault, clock: Callable[[], float]) -> None:
        self._store = store
        self._vault = vault
        self._clock = clock

    async def create(
        self, name: str, auth: ProjectAuth = "signature", allow: tuple[str, ...] = ()
    ) -> Credentials:
        """A new project with fresh keys. Its type (`auth`) never changes.

        Raises `InvalidInput` for a name that is empty or too long, or an entry of `allow` that is no address or network.
        """
        name = _named(name)
        check_networks(allow)
        api_key, api_secret, webhook_secret = letters(32), letters(40), _webhook_secret()
        project = await self._store.add_project(
            Project(
                id=0,
                name=name,
                auth=auth,
                key_hash=self._vault.hash(api_key),
                api_key=self._vault.seal(api_key),
                api_secret=self._vault.seal(api_secret),
                webhook_secret=self._vault.seal(webhook_secret),
                allow=allow,
                created=self._clock(),
            )
        )
        return Credentials(
            project=project, api_key=api_key, api_secret=api_secret, webhook_secret=webhook_secret
        )

    async def check_key(self) -> None:
        """Raises `ConfigurationError` if the projects were made with another secret key than the one at hand."""
        for project in (await self._store.projects())[:1]:
            self.secret_of(project)

    async def by_key(self, api_key: str) -> Project | None:
        """The enabled project of an API key."""
        project = await self._store.project_by_key(self._vault.hash(api_key))
        return project if project is not None and project.enabled else None

    async def list(self) -> list[Project]:
        """All of them, oldest first."""
        return await self._store.projects()

    async def get(self, id: int) -> Project:
        """Raises `NotFound`."""
        return _found(await self._store.project(id), id)

    async def rotate(self, id: int) -> Credentials:
        """New key and secrets; the old ones stop working at once."""
        api_key, api_secret, webhook_secret = letters(32), letters(40), _webhook_secret()
        project = await self._change(
            id,
            key_hash=self._vault.hash(api_key),
            api_key=self._vault.seal(api_key),
            api_secret=self._vault.seal(api_secret),
            webhook_secret=self._vault.seal(webhook_secret),
        )
        return Credentials(
            project=project, api_key=api_key, api_secret=api_secret, webhook_secret=webhook_secret
        )

    async def rename(self, id: int, name: str) -> Project:
        """What it is called; nothing else changes. Raises `InvalidInput` for a name that is empty or too long."""
        return await self._change(id, name=_named(name))

    async def set_allow(self, id: int, allow: tuple[str, ...]) -> Project:
        """Where requests may come from; none: from anywhere."""
        check_networks(allow)
        return await self._change(id, allow=allow)

    async def set_webhook_url(self, id: int, url: str) -> Project:
        """Where the webhooks of tasks go that bring no address of their own, in protocols that register it; "" for none.

        Raises `InvalidInput` for what is no http or https address.
        """
        if url:
            try:
                parse_url(url)
            except AddressRefused as refused:
                raise InvalidInput(refused.message) from refused
        return await self._change(id, webhook_url=url)

    async def set_limits(self, id: int, limits: ProjectLimits) -> Project:
        """What it may take at the same time, in a while, and for how long its files are kept.

        Raises `InvalidInput` for a limit that is negative, larger than anything could be, or smaller and not 0.
        """
        for name in ProjectLimits.__struct_fields__:
            value = getattr(limits, name)
            if value is not None and (not Decimal(value).is_finite() or value < 0):
                raise InvalidInput(f"A limit is no less than 0, and {name} is {value}.")
            if value is not None and value > _LARGEST:
                raise InvalidInput(
                    f"A limit is at most {_LARGEST:,}, and {name} is {value}: leave it out instead."
                )
            if value and value < _SMALLEST:
                raise InvalidInput(f"A limit is 0 or at least {_SMALLEST:f}, and {name} is {value}.")
        return await self._change(id, limits=limits)

    async def set_enabled(self, id: int, enabled: bool) -> Project:
        """Whether its key is answered."""
        return await self._change(id, enabled=enabled)

    async def add_balance(self, id: int, amount: Decimal, note: str = "paid in") -> Project:
        """Money paid in, US dollars; a negative amount takes it back. Raises `InvalidInput` for no amount of money."""
        if not amount.is_finite() or not _SMALLEST <= abs(amount) <= _LARGEST:
            raise InvalidInput(f"An amount of money is between {_SMALLEST:f} and {_LARGEST:,} US dollars.")
        return _found(await self._store.deposit(id, amount, note, self._clock()), id)

    async def ledger(self, id: int, limit: int = 100) -> Sequence[LedgerLine]:
        """Its latest movements of money, newest first."""
        return await self._store.ledger((await self.get(id)).id, limit)

    def has_key(self, project: Project, api_key: str) -> bool:
        """Whether that is the project's API key."""
        return hmac.compare_digest(project.key_hash, self._vault.hash(api_key))

    def secret_of(self, project: Project) -> str:
        """The API secret, to check a signature with."""
        return self._vault.open(project.api_secret)

    def webhook_secret_of(self, project: Project) -> str:
        """The secret that its webhooks are signed with (`whsec_...`)."""
        return self._vault.open(project.webhook_secret)

    async def _change(self, id: int, **fields: Any) -> Project:
        return _found(await self._store.change_project(id, **fields), id)


def letters(count: int) -> str:
    """Letters and digits that nobody can guess."""
    drawn = b""
    while len(drawn) < count:
        # One request to the kernel, not one a letter; bytes that would make some letters likelier are left out.
        drawn += secrets.token_bytes(2 * count).translate(_LETTER_OF, _UNEVEN)
    return drawn[:count].decode()


def check_networks(allow: tuple[str, ...]) -> None:
    """Raises `InvalidInput` that names every entry that is no IP address or network."""
    wrong = [entry for entry in allow if not _is_network(entry)]
    if wrong:
        named = ", ".join(repr(entry) for entry in wrong[:10]) + (", ..." if len(wrong) > 10 else "")
        raise InvalidInput(
            f"{named} {'is' if len(wrong) == 1 else 'are'} no IP address or network;"
            " write 203.0.113.7 or 203.0.113.0/24."
        )


def _is_network(entry: str) -> bool:
    try:
        ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
    return True


def _named(name: str) -> str:
    name = name.strip()
    if not name:
        raise InvalidInput("A project needs a name.")
    if len(name) > _LONGEST_NAME:
        raise InvalidInput(f"A project's name has at most {_LONGEST_NAME} characters.")
    return name


def _webhook_secret() -> str:
    # Standard Webhooks: "whsec_" and 24 to 64 random bytes in base64.
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def _found(project: Project | None, id: int) -> Project:
    if project is None:
        raise NotFound(f"There is no project {id}.")
    return project
