"""Records of files."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from understudy.tasks.records import File
from understudy.tasks.store import rows
from understudy.tasks.store.postgres.cells import (
    LARGEST_ID,
    insertable,
    plain,
    to_cell,
    to_text,
)
from understudy.tasks.store.postgres.database import Database
from understudy.tasks.store.postgres.gathering import Gatherer
from understudy.tasks.store.rows import FILE_FIELDS, columns

_NEW = insertable(File, given_id=True)
# Column and table names are this program's own words; values are always bound.
_FILES = f"SELECT {columns(FILE_FIELDS)} FROM files"  # noqa: S608
ADD = f"INSERT INTO files ({columns(_NEW)}) VALUES ({', '.join(f'${n}' for n in range(1, len(_NEW) + 1))})"  # noqa: S608
BY_ID = f"{_FILES} WHERE id = ANY ($1::text[])"
BY_ACCESSKEY = f"{_FILES} WHERE accesskey = ANY ($1::text[])"
BY_ADDRESS = f"{_FILES} WHERE address = ANY ($1::text[]) AND address <> '' ORDER BY address, number"
OUTPUTS = f"{_FILES} WHERE task = ANY ($1::bigint[]) AND task <> 0 AND role = 'output' ORDER BY task, number"
OF_TASK = f"{_FILES} WHERE task = $1 AND task <> 0 ORDER BY task, number"
FETCHED = f"{_FILES} WHERE task = $1 AND role = 'fetched' ORDER BY task, number"
LEFTOVERS = f"""
{_FILES} WHERE role = 'fetched' AND NOT EXISTS (
    SELECT 1 FROM purchases WHERE purchases.task = files.task AND purchases.state <> 'settled'
) LIMIT $1
"""  # noqa: S608
FORGET = "DELETE FROM files WHERE id = ANY ($1::text[])"
DELETE = """
WITH gone AS (
    DELETE FROM files WHERE task = $1 AND task <> 0 RETURNING number, "key"
), marked AS (
    UPDATE tasks SET files_deleted = 1 WHERE id = $1 AND files_deleted = 0
)
SELECT "key" FROM gone ORDER BY number
"""
WITH_OLD_FILES = """
SELECT id FROM tasks
WHERE project = $1 AND files_deleted = 0 AND phase IN ('delivered', 'cancelled', 'failed')
    AND created < $2 AND greatest(postprocess_ended, ended, cancelled, created) < $2
ORDER BY created LIMIT $3
"""


class Files:
    """The part of the store that keeps records of files."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ids = Gatherer(self._files_by_id)
        self._accesskeys = Gatherer(self._files_by_accesskey)
        self._addresses = Gatherer(self._files_by_address)
        self._outputs = Gatherer(self._outputs_of_tasks)

    async def add_file(self, file: File) -> None:
        """See `Store`."""
        await self._database.fetch(ADD, *(to_cell(name, getattr(file, name)) for name in _NEW))

    async def file(self, id: str) -> File | None:
        """See `Store`."""
        return await self._ids.ask(to_text(id))

    async def file_by_accesskey(self, accesskey: str) -> File | None:
        """See `Store`."""
        return await self._accesskeys.ask(to_text(accesskey))

    async def files_by_address(self, address: str) -> list[File]:
        """See `Store`."""
        return await self._addresses.ask(to_text(address))

    async def outputs(self, task: int) -> list[File]:
        """See `Store`."""
        return await self._outputs.ask(task) if 0 < task <= LARGEST_ID else []

    async def outputs_of(self, tasks: Sequence[int]) -> dict[int, list[File]]:
        """See `Store`."""
        asked = [task for task in tasks if 0 < task <= LARGEST_ID]
        found = dict(zip(asked, await self._database.carry_out(self._outputs_of_tasks(asked)), strict=True))
        return {task: found.get(task, []) for task in tasks}

    async def files_of(self, task: int) -> list[File]:
        """See `Store`."""
        return await self._files(OF_TASK, task)

    async def with_old_files(self, project: int, before: float, limit: int = 100) -> list[int]:
        """See `Store`."""
        return [id for (id,) in await self._database.fetch(WITH_OLD_FILES, project, before, limit)]

    async def delete_files(self, task: int) -> list[str]:
        """See `Store`."""
        return [row[0] for row in map(plain, await self._database.fetch(DELETE, task))]

    async def fetched(self, task: int) -> list[File]:
        """See `Store`."""
        return await self._files(FETCHED, task)

    async def leftovers(self, limit: int = 100) -> list[File]:
        """See `Store`."""
        return await self._files(LEFTOVERS, limit)

    async def forget_files(self, ids: Sequence[str]) -> None:
        """See `Store`."""
        await self._database.fetch(FORGET, [to_text(id) for id in ids])

    async def _files_by_id(self, ids: list[str]) -> list[File | None]:
        found = {file.id: file for file in await self._files_of_keys(BY_ID, ids)}
        return [found.get(id) for id in ids]

    async def _files_by_accesskey(self, accesskeys: list[str]) -> list[File | None]:
        found = {file.accesskey: file for file in await self._files_of_keys(BY_ACCESSKEY, accesskeys)}
        return [found.get(accesskey) for accesskey in accesskeys]

    async def _files_by_address(self, addresses: list[str]) -> list[list[File]]:
        found: dict[str, list[File]] = defaultdict(list)
        for file in await self._files_of_keys(BY_ADDRESS, addresses):
            found[file.address].append(file)
        return [found.get(address, []) for address in addresses]

    async def _outputs_of_tasks(self, tasks: list[int]) -> list[list[File]]:
        found: dict[int, list[File]] = defaultdict(list)
        for file in await self._files_of_keys(OUTPUTS, tasks):
            found[file.task].append(file)
        return [found.get(task, []) for task in tasks]

    async def _files(self, sql: str, *cells: Any) -> list[File]:
        return [rows.to_file(plain(row)) for row in await self._database.fetch(sql, *cells)]

    async def _files_of_keys(self, sql: str, keys: Sequence[Any]) -> list[File]:
        found = await self._database.connections.fetch(sql, list(dict.fromkeys(keys)))
        return [rows.to_file(plain(row)) for row in found]
