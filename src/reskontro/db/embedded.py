"""The embedded PostgreSQL: a real server in a data folder of its own, started when needed, shared by all who use it.

Who uses the server holds a shared lock on ``lock.users``. A supervisor process (in ``binaries.py``) keeps the server
alive for as long as anybody holds one, and then stops it. The kernel drops a lock when its holder dies, however that
happens, so there is nothing to clean up after kill -9, and no process number is trusted. What lies in a data folder:

* ``reskontro.json``: the marker that makes a folder ours; ``pgdata/``: PostgreSQL's own; ``postgres.log``: its log;
* ``lock``: locked by who starts or stops the server; ``lock.users``: by who uses it; ``lock.server``: by each of its
  processes, by inheritance;
* ``socket/``: where the server listens, or a link to a folder with a shorter name.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

import psycopg
from psycopg import sql

from reskontro.db.binaries import (
    QUIT_TIMEOUT_SECONDS,
    EmbeddedPostgresError,
    Identity,
    choose_identity,
    clean_environment,
    find_binaries,
    limit_log,
    script_command,
    try_lock,
)
from reskontro.db.data_folder import SUPERUSER, DataFolder

__all__ = ["DATABASE", "SUPERUSER", "EmbeddedPostgres", "EmbeddedPostgresError"]

DATABASE = "reskontro"
PORT = 5432  # a part of the socket's name; nothing listens on the network
SOCKET_NAME = f".s.PGSQL.{PORT}"
SOCKET_PATH_BYTES_MAX = 107
START_TIMEOUT_SECONDS = 300.0
STOP_TIMEOUT_SECONDS = 60.0
CONNECT_TIMEOUT_SECONDS = 10
CONNECT_PAUSE_SECONDS = 0.05  # each refused connection is a line in the server's log
OPERATOR_INTERVENTION = "57"  # class of the errors of a server that starts, stops or crashes
LAUNCHES_MAX = 2  # more than one, because a start may be hit by a kill that was meant for the server before
POLL_SECONDS = 0.02
LOG_TAIL_BYTES = 2_000
SERVER_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "fsync": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%u@%d ",
    # The application reports the errors of its own statements. The server's log leaves them out, because their texts
    # would carry data about persons into it.
    "log_min_messages": "log",
    "log_min_error_statement": "panic",
    # After a crash: one call for the file system instead of opening every file. Only Linux has it.
    **({"recovery_init_sync_method": "syncfs"} if sys.platform == "linux" else {}),
}


class EmbeddedPostgres:
    """A PostgreSQL server in a data folder, for as long as this object or another user of the same folder needs it.

    ``settings`` are further settings of PostgreSQL and win over ours; they take effect when this object is the one that
    starts the server. ``binaries`` is the folder of PostgreSQL's programs (default: see ``find_binaries``). Safe to use
    from several threads.
    """

    def __init__(
        self,
        data: Path,
        *,
        binaries: Path | None = None,
        settings: Mapping[str, str] | None = None,
        shared_buffers: str = "512MB",
        start_timeout_seconds: float = START_TIMEOUT_SECONDS,
        stop_timeout_seconds: float = STOP_TIMEOUT_SECONDS,
    ) -> None:
        self.data = data.expanduser().resolve()
        self.shared = False
        self._folder = DataFolder(self.data)
        self._pgdata = self._folder.pgdata
        self._log = self.data / "postgres.log"
        self._sockets = self.data / "socket"
        self._explicit_binaries = binaries
        self._settings = SERVER_SETTINGS | {"shared_buffers": shared_buffers} | dict(settings or {})
        self._start_timeout_seconds = start_timeout_seconds
        self._stop_timeout_seconds = stop_timeout_seconds
        self._thread_lock = threading.RLock()
        self._users: int | None = None
        self._log_bytes_before = 0
        self._process_id = os.getpid()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def start(self) -> str:
        """The URL of the database ``reskontro`` for the superuser, once its server is known to run.

        Starts the server unless one runs on this folder already (then ``shared`` is true). May be called again at any
        time, for instance after a lost connection. Raises EmbeddedPostgresError, with the remedy, when it cannot run.
        """
        with self._thread_lock:
            joined_before = self._users is not None
            try:
                self._folder.refuse_unsuitable()
                with self._starter_lock():
                    self._join()
                    self.shared = self._running_or_started()
            except BaseException as error:
                if not joined_before:
                    self._leave()
                if isinstance(error, OSError | psycopg.Error | subprocess.SubprocessError):
                    raise EmbeddedPostgresError(f"The PostgreSQL server of {self.data} cannot run: {error}") from error
                raise
            if not joined_before:
                atexit.register(self.stop)
            return self.url()

    def stop(self) -> None:
        """Ends our use of the server: returns when it has stopped, or at once when others use it, for whom it stays up.

        Raises EmbeddedPostgresError when the server does not stop in time.
        """
        with self._thread_lock:
            # A forked child shares its parent's lock, and must neither end the parent's use nor wait for it.
            if self._users is None or os.getpid() != self._process_id:
                return
            atexit.unregister(self.stop)
            self._leave()
            deadline = time.monotonic() + self._stop_timeout_seconds + 2 * QUIT_TIMEOUT_SECONDS
            while not self._stopped_or_used_by_others():
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(f"The server of {self.data} does not stop. {self._process_hint()} {self._log_tail()}")
                time.sleep(POLL_SECONDS)

    def is_running(self) -> bool:
        """Whether any process of the server is left, be it only the supervisor that is about to start the others again."""
        try:
            with self._folder.opened("lock.server") as server_lock:
                return not try_lock(server_lock, fcntl.LOCK_SH)
        except (OSError, EmbeddedPostgresError):  # the folder is out of reach for the moment; who starts the server is told why
            return False

    def url(self, *, user: str = SUPERUSER, database: str = DATABASE) -> str:
        """The libpq URL of a user and a database of this server. It needs no password: the socket is closed."""
        host = quote(os.fsencode(self._sockets.resolve()), safe="")
        return f"postgresql://{quote(user, safe='')}@/{quote(database, safe='')}?host={host}&port={PORT}"

    # --- locks --------------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _starter_lock(self) -> Iterator[None]:
        """Alone among all processes in starting or stopping the server of this folder."""
        timeout_seconds = self._start_timeout_seconds + self._stop_timeout_seconds
        deadline = time.monotonic() + timeout_seconds
        with self._folder.opened("lock") as descriptor:
            while not try_lock(descriptor, fcntl.LOCK_EX):
                if time.monotonic() > deadline:
                    raise EmbeddedPostgresError(
                        f"Another process has been starting or stopping the server of {self.data} for"
                        f" {timeout_seconds:.0f} seconds. End that process and try again. {self._log_tail()}"
                    )
                time.sleep(POLL_SECONDS)
            yield

    def _join(self) -> None:
        """Counts us among the users until ``_leave`` or our death. The starter's lock makes the lock free to take."""
        if self._users is None:
            self._users = self._folder.open("lock.users")
            self._process_id = os.getpid()
            fcntl.flock(self._users, fcntl.LOCK_SH)

    def _leave(self) -> None:
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def _stopped_or_used_by_others(self) -> bool:
        if not self.data.exists():  # removed under the running server, which ends by itself
            return True
        with self._folder.opened("lock") as starter, self._folder.opened("lock.users") as users, self._folder.opened("lock.server") as last:
            if try_lock(starter, fcntl.LOCK_EX):  # else somebody is starting or stopping it right now
                return not try_lock(users, fcntl.LOCK_EX) or try_lock(last, fcntl.LOCK_EX)
        return False

    # --- the server ---------------------------------------------------------------------------------------------------

    def _running_or_started(self) -> bool:
        """True when a server was found running, False when one was started; either way it now accepts connections."""
        deadline = time.monotonic() + self._start_timeout_seconds
        launches = 0
        while True:
            with self._folder.opened("lock.server") as server_lock:
                if try_lock(server_lock, fcntl.LOCK_EX):  # no process of any earlier server is left
                    if launches == LAUNCHES_MAX:
                        raise EmbeddedPostgresError(
                            f"The PostgreSQL server of {self.data} does not start. Remove the cause named there, or"
                            f" restore a backup into a new data folder. {self._log_tail()}"
                        )
                    self._launch(server_lock)
                    launches += 1
            if self._is_ready():
                return launches == 0
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"The PostgreSQL server of {self.data} has not accepted a connection for"
                    f" {self._start_timeout_seconds:.0f} seconds. If it is recovering, try again later."
                    f" {self._process_hint()} {self._log_tail()}"
                )
            time.sleep(POLL_SECONDS)

    def _launch(self, server_lock: int) -> None:
        """Starts the supervisor, which starts the server. Both inherit the server's lock, which the caller holds."""
        binaries = find_binaries(self._explicit_binaries)
        self._folder.initialise_if_new(binaries, server_lock, sync=self._settings["fsync"] != "off")
        self._folder.check_pgdata(binaries)
        owner = self._pgdata.stat()
        identity = choose_identity(binaries, owner.st_uid, owner.st_gid)
        if identity.kind == "self" and identity.uid != owner.st_uid:
            raise self._folder.belongs_to_another()
        if identity.uid != owner.st_uid:
            self._folder.admit(identity, self._pgdata)
        sockets = self._make_socket_folder(identity)
        self._remove_stale_process_files(sockets)
        quoted = str(sockets).replace('"', '""')
        settings = self._settings | {"unix_socket_directories": f'"{quoted}"', "port": str(PORT)}
        order = {
            "kind": identity.kind,
            "uid": identity.uid,
            "gid": identity.gid,
            "lock": str(self.data / "lock"),
            "users": str(self.data / "lock.users"),
            "log": str(self._log),
            "sockets": str(sockets),
            "server_descriptor": server_lock,
            "stop_timeout_seconds": self._stop_timeout_seconds,
            "program": [binaries.program("postgres"), "-D", str(self._pgdata)]
            + [word for name, value in settings.items() for word in ("-c", f"{name}={value}")],
        }
        limit_log(self._log)
        with self._folder.opened(self._log.name) as log:
            self._log_bytes_before = os.fstat(log).st_size
            subprocess.run(
                script_command("supervise", order),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=clean_environment(),
                pass_fds=[server_lock],
                start_new_session=True,  # Ctrl-C is meant for the program at the keyboard, not for the server
                check=True,
            )

    def _make_socket_folder(self, identity: Identity) -> Path:
        """``socket`` in our folder; a link to a temporary folder where its name is too long or sockets cannot be."""
        if self._sockets.is_symlink():
            self._sockets.unlink()
        self._sockets.mkdir(mode=0o700, exist_ok=True)
        self._sockets.chmod(0o700)
        folder = self._sockets
        if not _holds_sockets(folder):
            folder = _temporary_socket_folder(self.data, identity)
            shutil.rmtree(self._sockets)
            self._sockets.symlink_to(folder)
        self._folder.admit(identity, folder)
        return folder

    def _remove_stale_process_files(self, sockets: Path) -> None:
        """Removes what a killed server left behind, whose process number may by now belong to somebody else.

        The caller holds the server's lock, so none of our servers runs. A server that somebody started by hand does not
        hold that lock; it is known by its working directory, and refused.
        """
        if not Path("/proc/self").exists():  # nothing tells such a server from a stale file; PostgreSQL decides
            return
        process_file = self._pgdata / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, ValueError, IndexError, PermissionError):
            process_id = int(process_file.read_text().split()[0])
            if os.path.samefile(f"/proc/{process_id}/cwd", self._pgdata):
                raise EmbeddedPostgresError(
                    f"A PostgreSQL server that Reskontro did not start (process {process_id}) runs on {self._pgdata}."
                    " Stop it, or use it by DATABASE_URL."
                )
        for stale in (process_file, sockets / SOCKET_NAME, sockets / f"{SOCKET_NAME}.lock"):
            stale.unlink(missing_ok=True)

    def _is_ready(self) -> bool:
        """Whether the server accepts connections, with the database in place; the only proof is to connect."""
        if not (self._sockets / SOCKET_NAME).exists():
            return False
        url = self.url(database="postgres")
        try:
            with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_TIMEOUT_SECONDS) as connection:
                if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        except psycopg.OperationalError as error:
            if error.sqlstate is not None and not error.sqlstate.startswith(OPERATOR_INTERVENTION):
                raise
            time.sleep(CONNECT_PAUSE_SECONDS)
            return False
        return True

    def _process_hint(self) -> str:
        return f"`fuser {self.data / 'lock.server'}` lists its processes, in case they have to be ended by hand."

    def _log_tail(self) -> str:
        """The end of what the server has logged since we started it."""
        try:
            text = self._log.read_bytes()[self._log_bytes_before :][-LOG_TAIL_BYTES:].decode(errors="replace").strip()
        except OSError:
            text = ""
        return f"The end of {self._log}:\n{text}"


def _holds_sockets(folder: Path) -> bool:
    """Whether a server can listen here: the name short and without a comma, the file system able to hold a socket."""
    path = folder / SOCKET_NAME
    if len(os.fsencode(path)) > SOCKET_PATH_BYTES_MAX or "," in str(path):  # to libpq a comma ends the name
        return False
    probe_path = folder / "probe"
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.bind(str(probe_path))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    probe_path.unlink()
    return True


def _temporary_socket_folder(data: Path, identity: Identity) -> Path:
    """A folder with a short name that only the server's user may enter; the same each time unless its name is taken."""
    name = f"reskontro-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"
    for base in (Path(tempfile.gettempdir()).resolve(), Path("/tmp").resolve()):  # noqa: S108 - made with a name of its own and closed to others
        folder = base / name
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        ours = stat.S_ISDIR(found.st_mode) and found.st_uid in (os.geteuid(), identity.uid)
        if not ours or stat.S_IMODE(found.st_mode) != 0o700:
            folder = Path(tempfile.mkdtemp(prefix="reskontro-", dir=base))
        if _holds_sockets(folder):
            return folder
        folder.rmdir()
    raise EmbeddedPostgresError(
        f"PostgreSQL can listen on a socket neither in {data} (its name is too long or holds a comma, or its file"
        f" system has no sockets) nor in {base}. Choose a data folder with a shorter name."
    )
