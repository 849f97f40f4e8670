"""Where the server is and who we are there."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from understudy.client.errors import NotConfigured
from understudy.config.folders import data_folder

FILE = "credentials.json"


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """A server's base address and one project's keys."""

    url: str
    api_key: str
    api_secret: str = ""
    auth: Literal["signature", "key"] = "signature"

    def __repr__(self) -> str:
        return f"Credentials(url={self.url!r}, ...)"


def find_credentials(
    environ: Mapping[str, str],
    *,
    url: str | None = None,
    api_key: str | None = None,
    api_secret: str | None = None,
    data: Path | None = None,
) -> Credentials:
    """What was given, else `UNDERSTUDY_URL`, `_API_KEY`, `_API_SECRET`, else `credentials.json` in the data folder.

    A key that was given without a secret is that of a key-only project. The keys of the file go only to the address
    that stands beside them.

    Raises `NotConfigured` if an address or a key is missing, a key cannot be one, or the file cannot be used.
    """
    url = url or environ.get("UNDERSTUDY_URL")
    if not api_key and environ.get("UNDERSTUDY_API_KEY"):
        api_key = environ["UNDERSTUDY_API_KEY"]
        api_secret = api_secret or environ.get("UNDERSTUDY_API_SECRET")
    if not (url and api_key):
        kept = _read((data or data_folder(environ)) / FILE)
        if not api_key:
            if url and checked_url(url) != checked_url(kept.url):
                raise NotConfigured(
                    f"No keys are known for {url}: set UNDERSTUDY_API_KEY and UNDERSTUDY_API_SECRET."
                )
            return msgspec.structs.replace(kept, url=checked_url(kept.url))
        url = url or kept.url
    if not api_key.isascii() or not api_key.isprintable():
        raise NotConfigured("The API key has characters in it that no key has; copy it once more.")
    return Credentials(
        url=checked_url(url),
        api_key=api_key,
        api_secret=api_secret or "",
        auth="signature" if api_secret else "key",
    )


def checked_url(url: str) -> str:
    """The base address without a slash at its end. Raises `NotConfigured` if it is no http(s) address."""
    if not url.startswith(("http://", "https://")) or len(url.split("://", 1)[1].strip("/")) == 0:
        raise NotConfigured(f"The server's address must start with http:// or https://, not {url!r}.")
    return url.rstrip("/")


def _read(file: Path) -> Credentials:
    try:
        return msgspec.json.decode(file.read_bytes(), type=Credentials)
    except FileNotFoundError as error:
        raise NotConfigured(
            "No server is known here. Start one with `understudy serve`, or set UNDERSTUDY_URL,"
            f" UNDERSTUDY_API_KEY and UNDERSTUDY_API_SECRET. (Looked for {file}.)"
        ) from error
    except OSError as error:
        raise NotConfigured(f"{file} cannot be read: {error.strerror}.") from error
    except msgspec.DecodeError as error:
        raise NotConfigured(f"{file} is damaged: {error}.") from error
