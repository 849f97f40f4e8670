"""What comes out of a backup, member by member."""

from pathlib import Path

from understudy import data_folder
from understudy.config import Settings
from understudy.errors import ConfigurationError
from understudy.files.storage import Storage, is_key
from understudy.moving import archive
from understudy.moving.archive import Contents, Manifest, Member
from understudy.moving.refusals import NotWhole, not_empty
from understudy.moving.secret_key import NAME, write_secret_key
from understudy.tasks.store.sqlite.migrations import scripts

_AT_ONCE = 1000


class Put:
    """The places of files that were put into the storage, on disk: there may be many."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def note(self, key: str) -> None:
        """This one is being put."""
        with self._path.open("a") as file:
            file.write(f"{key}\n")

    async def take_down(self, storage: Storage) -> None:
        """Take all of them out of the storage."""
        batch: list[str] = []
        with self._path.open() as file:
            for line in file:
                batch.append(line.rstrip("\n"))
                if len(batch) == _AT_ONCE:
                    await storage.delete(batch)
                    batch = []
        await storage.delete(batch)


class Unpacking:
    """What has come out of a backup so far."""

    def __init__(self, settings: Settings, file: Path, drafts: Path, storage: Storage, put: Put) -> None:
        self._settings = settings
        self._file = file
        self._drafts = drafts
        self._storage = storage
        self._put = put
        self._manifest: Manifest | None = None
        self._contents: Contents | None = None
        self._credentials = b""
        self.key = ""

    async def take(self, member: Member) -> None:
        """The next member. Raises `NotWhole` for what is none of a backup, `ConfigurationError` for what cannot be used."""
        if self._manifest is None:
            await self._begin(member)
        elif member.name.startswith(archive.FILES):
            await self._take_file(member, member.name.removeprefix(archive.FILES))
        elif member.name == archive.DATABASE:
            member.copy_to(self._drafts / archive.DATABASE)
        elif member.name == archive.SECRET_KEY:
            self.key = member.content().decode(errors="replace").strip()
            self._check_key()
        elif member.name == archive.CREDENTIALS:
            self._credentials = member.content()
        elif member.name == archive.CONTENTS:
            self._contents = archive.decoded(member.content(), Contents, self._file)
        else:
            raise NotWhole(
                f"{self._file} is no backup of Understudy: {member.name[:80]} does not belong there."
            )

    def whole(self) -> tuple[Manifest, Contents]:
        """Raises `NotWhole` if something did not come."""
        packed = (self._drafts / archive.DATABASE).exists()
        if self._manifest is None or self._contents is None or not self.key or not packed:
            raise NotWhole(f"{self._file} is not whole: something is missing in it.")
        return self._manifest, self._contents

    def write_keys(self) -> None:
        """The secret key, unless the settings have it, and the credentials, if the folder has none."""
        folder = self._settings.data
        if not self._settings.secret_key and not (folder / NAME).exists():
            write_secret_key(folder, self.key)
        if self._credentials and not (folder / data_folder.CREDENTIALS).exists():
            known = archive.decoded(self._credentials, dict[str, str], self._file)
            data_folder.write_credentials(folder, **known)

    async def _begin(self, member: Member) -> None:
        if member.name != archive.MANIFEST:
            raise NotWhole(f"{self._file} is no backup of Understudy.")
        manifest: Manifest = archive.decoded(member.content(), Manifest, self._file)
        if manifest.format > archive.FORMAT or manifest.schema > len(scripts()):
            raise ConfigurationError(
                f"{self._file} was written by Understudy {manifest.program}, which is newer than this one."
                " Restore it with that version."
            )
        if manifest.files:
            await self._storage.check()
        self._manifest = manifest

    def _check_key(self) -> None:
        here = self._settings.data / NAME
        if self._settings.secret_key:
            if self._settings.secret_key != self.key:
                raise ConfigurationError(
                    "The secret key of the backup is another one than that of the settings (UNDERSTUDY_SECRET_KEY)."
                    " Set it to the one that the server had, or to nothing: then the backup's is written to secret.key."
                )
        elif here.exists() and here.read_text(errors="replace").strip() != self.key:
            raise not_empty(f"The data folder {self._settings.data}", "another secret.key")

    async def _take_file(self, member: Member, key: str) -> None:
        if not is_key(key):
            raise NotWhole(f"{self._file} is no backup of Understudy: {key[:80]!r} is no file's place.")
        there = await self._storage.head(key)
        if there is not None and there.size == member.size:
            return  # from a restore that was killed; what is stored under a key never changes
        draft = self._drafts / "file"
        try:
            member.copy_to(draft)
            self._put.note(key)
            await self._storage.put(key, draft)
        finally:
            draft.unlink(missing_ok=True)
