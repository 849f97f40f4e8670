"""Addresses that lead to this server's own files: what is here already need not be fetched, from ourselves least of all."""

import re
from collections.abc import Iterable
from urllib.parse import unquote

from understudy.tasks.records import File
from understudy.tasks.store.store import Store

_INPUT = re.compile(r"/v1/file/([a-z0-9]{30})/[^/]+", re.IGNORECASE | re.ASCII)
_OUTPUT = re.compile(r"/([0-9a-f]{8}(?:-[0-9a-f]{8}){7})/[^/]+", re.IGNORECASE | re.ASCII)


async def own_files(store: Store, base_url: str, urls: Iterable[str]) -> dict[str, File | None]:
    """The files of ours that some of the addresses name, by address; None where there is no such file.

    Addresses of anything else are left out. Who knows the address of a file may use it, whoever's it is.
    """
    found: dict[str, File | None] = {}
    for url in urls:
        if base_url and url.startswith(f"{base_url}/"):
            path = unquote(re.split(r"[?#]", url.removeprefix(base_url))[0])
            if match := _INPUT.fullmatch(path):
                file = await store.file_by_accesskey(match[1])
                found[url] = _named([file] if file else [], path)
            elif match := _OUTPUT.fullmatch(path):
                found[url] = _named(await store.files_by_address(match[1].lower()), path)
    return found


def _named(files: Iterable[File], path: str) -> File | None:
    name = path.rpartition("/")[2]
    return next((file for file in files if file.name == name and file.role != "folder"), None)
