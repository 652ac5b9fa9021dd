"""The data folder of the embedded PostgreSQL: whether it is ours, what lies in it, and the files of a new server."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from reskontro.db.binaries import (
    SETTING,
    Binaries,
    EmbeddedPostgresError,
    Identity,
    choose_identity,
    initdb,
    installed_binaries,
)

SUPERUSER = "postgres"
FORMAT_VERSION = 1
_MARKER = "reskontro.json"
_PGDATA_NEW = "pgdata.initializing"
_ALLOWED_WITHOUT_MARKER = {
    *("lock", "lock.users", "lock.server", "postgres.log", f"{_MARKER}.new", _PGDATA_NEW),
    "lost+found",  # a freshly made file system
}


class DataFolder:
    """A folder that holds a server, or is to hold one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.pgdata = path / "pgdata"

    # --- files --------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def opened(self, name: str) -> Iterator[int]:
        """The descriptor of a file of the folder, made when missing, for a block."""
        descriptor = self.open(name)
        try:
            yield descriptor
        finally:
            os.close(descriptor)

    def open(self, name: str) -> int:
        """The same until it is closed."""
        try:
            descriptor = os.open(self.path / name, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        except PermissionError as error:
            raise self.belongs_to_another() from error
        self.give_to_owner(descriptor)
        return descriptor

    def give_to_owner(self, descriptor: int) -> None:
        """What root leaves in another user's folder must not lock that user out."""
        if os.geteuid() == 0:
            owner = self.path.stat()
            os.fchown(descriptor, owner.st_uid, owner.st_gid)

    # --- whose it is --------------------------------------------------------------------------------------------------

    def belongs_to_another(self) -> EmbeddedPostgresError:
        """The error of a folder that this user may not use."""
        return EmbeddedPostgresError(f"The data folder {self.path} belongs to another user. Run Reskontro as that user, or choose another one.")

    def refuse_unsuitable(self) -> None:
        """Makes the folder when missing; raises, with nothing touched, when it holds anything that is not ours."""
        if sys.platform == "win32":
            raise EmbeddedPostgresError("The embedded PostgreSQL needs Linux or macOS. Set DATABASE_URL to a server.")
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise EmbeddedPostgresError(f"The data folder {self.path} cannot be made: {error.strerror}. Choose another one.") from error
        try:
            names = set(os.listdir(self.path))
            # Asked for by name and not looked up in the list, which another process may have been changing meanwhile.
            marked = (self.path / _MARKER).exists()
        except PermissionError as error:
            raise self.belongs_to_another() from error
        if marked:
            self._check_marker()
        elif foreign := sorted(names - _ALLOWED_WITHOUT_MARKER):
            raise EmbeddedPostgresError(
                f"{self.path} is no data folder of Reskontro: it has no {_MARKER} but holds {', '.join(foreign[:3])}."
                " Nothing was changed. Choose an empty folder or a new one."
            )

    def _check_marker(self) -> None:
        try:
            format_version = int(json.loads((self.path / _MARKER).read_text())["formatVersion"])
        except PermissionError as error:
            raise self.belongs_to_another() from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EmbeddedPostgresError(
                f"The marker {self.path / _MARKER} is damaged ({error!r}). Nothing was changed. Restore the folder from"
                " a copy, or choose a new folder and restore a backup into it."
            ) from error
        if format_version != FORMAT_VERSION:
            raise EmbeddedPostgresError(
                f"The data folder {self.path} has format {format_version}, and this Reskontro knows format"
                f" {FORMAT_VERSION}. Nothing was changed. Use the release of Reskontro that made it."
            )

    def initialise_if_new(self, binaries: Binaries, server_lock: int, *, sync: bool) -> None:
        """Makes ``pgdata`` unless it is there; built under another name, so that no half of it comes into place."""
        new = self.path / _PGDATA_NEW
        if not (self.path / _MARKER).exists():
            if new.exists():
                shutil.rmtree(new)
            new.mkdir(mode=0o700)
            owner = self.path.stat()
            identity = choose_identity(binaries, owner.st_uid, owner.st_gid)
            self.admit(identity, new)
            initdb(binaries, identity, new, SUPERUSER, sync=sync, inherit=server_lock)
            created = datetime.fromtimestamp((new / "PG_VERSION").stat().st_mtime, tz=UTC).isoformat()
            self._write_marker({"formatVersion": FORMAT_VERSION, "created": created, "postgresMajor": binaries.major})
        # The marker is written after a complete initdb, so where it is, what bears the other name is complete.
        if new.exists() and not self.pgdata.exists():
            new.rename(self.pgdata)
            self._sync_folder()

    def admit(self, identity: Identity, path: Path) -> None:
        """Lets another user, as whom the server has to run, own ``path`` and pass through our folder to it."""
        identity.grant(path)
        folder = self.path.stat()
        if identity.kind == "user" and folder.st_uid != identity.uid and folder.st_mode & 0o011 != 0o011:
            self.path.chmod(stat.S_IMODE(folder.st_mode) | 0o011)

    def _write_marker(self, marker: Mapping[str, object]) -> None:
        """Writes the marker so that it is there whole or not at all, also after a power failure."""
        new = self.path / f"{_MARKER}.new"
        with new.open("w") as file:
            json.dump(marker, file, indent=2)
            file.flush()
            os.fsync(file.fileno())
            self.give_to_owner(file.fileno())
        new.rename(self.path / _MARKER)
        self._sync_folder()

    def _sync_folder(self) -> None:
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def check_pgdata(self, binaries: Binaries) -> None:
        """Raises EmbeddedPostgresError unless the files of the server are there and of the version of the programs."""
        parts = ("PG_VERSION", "global/pg_control", "postgresql.conf", "pg_hba.conf", "pg_wal", "base")
        if missing := [name for name in parts if not (self.pgdata / name).exists()]:
            raise EmbeddedPostgresError(
                f"The database files in {self.pgdata} lack {', '.join(missing)}. Nothing was changed."
                " Restore the folder from a copy, or choose a new data folder and restore a backup into it."
            )
        major = (self.pgdata / "PG_VERSION").read_text().strip()
        if major == str(binaries.major):
            return
        fitting = next((found.folder for found in installed_binaries() if str(found.major) == major), None)
        remedy = f"set {SETTING} to {fitting or f'the folder with the programs of a PostgreSQL {major}'}"
        raise EmbeddedPostgresError(
            f"The database files in {self.pgdata} were made by PostgreSQL {major}, but the programs in"
            f" {binaries.folder} are PostgreSQL {binaries.major}. Nothing was changed. To use the folder, {remedy}."
            f" To move to PostgreSQL {binaries.major}, back up with the old programs and restore into a new folder."
        )
