"""The embedded PostgreSQL under the users it may meet: root, an ordinary user, root where namespaces are forbidden."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from reskontro.db.embedded import EmbeddedPostgres

SOURCE = Path(__file__).resolve().parents[2] / "src"
PACKAGES = Path(psycopg.__file__).resolve().parents[1]
QUICK = {"fsync": "off"}
DEADLINE_SECONDS = 60.0
PROGRAM = """
import os, sys
from pathlib import Path
import psycopg
from reskontro.db.embedded import EmbeddedPostgres, EmbeddedPostgresError
try:
    with EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"}, shared_buffers="16MB") as server:
        with psycopg.connect(server.url()) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS visit (who integer)")
            connection.execute("INSERT INTO visit VALUES (%s)", [os.geteuid()])
            print(connection.execute("SELECT array_agg(who ORDER BY who) FROM visit").fetchone()[0])
except EmbeddedPostgresError as error:
    print(error)
"""
WITHOUT_NAMESPACES = """
import ctypes, sys
from pathlib import Path
assert ctypes.CDLL(None).unshare(0x10000000) == 0
print("entered", flush=True)
sys.stdin.readline()
Path("/proc/sys/user/max_user_namespaces").write_text("0")
"""

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become other users; test_embedded.py suits one")


def nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


def as_nobody(*command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command as the user nobody, with the test's own packages."""
    user = nobody()
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{SOURCE}{os.pathsep}{PACKAGES}"},
        cwd="/",
        user=user.pw_uid,
        group=user.pw_gid,
        extra_groups=[],
        timeout=DEADLINE_SECONDS,
        check=False,
    )


@pytest.fixture(scope="module")
def python_of_nobody() -> str:
    """A Python that the user nobody may run and that finds the test's packages; root's own is often closed."""
    for candidate in (sys.executable, "/usr/bin/python3", f"/usr/bin/python3.{sys.version_info.minor}"):
        try:
            if as_nobody(candidate, "-c", "import psycopg, reskontro.db.embedded").returncode == 0:
                return candidate
        except OSError:
            continue
    pytest.skip("the user nobody may run no Python that has the needed packages")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that every user can reach; pytest's own are closed to all but root."""
    folder = Path(tempfile.mkdtemp(prefix="reskontro-test-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def folder_of_nobody(open_folder: Path) -> Path:
    """An empty folder that belongs to the user nobody."""
    folder = open_folder / "data"
    folder.mkdir(mode=0o700)
    os.chown(folder, nobody().pw_uid, nobody().pw_gid)
    return folder


def owners(folder: Path) -> set[int]:
    return {path.lstat().st_uid for path in (folder, *folder.rglob("*"))}


def server_process(data: Path) -> psutil.Process:
    return psutil.Process(int((data / "pgdata" / "postmaster.pid").read_text().split()[0]))


def test_root_keeps_its_files_in_a_folder_that_only_root_may_enter(tmp_path: Path) -> None:
    """Under root everything stays root's, and the closed folders above stay closed."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with EmbeddedPostgres(closed / "data", settings=QUICK, shared_buffers="16MB") as server:
        psycopg.connect(server.url()).close()
        assert owners(closed) == {0}
    assert (closed.stat().st_mode & 0o777, (closed / "data").stat().st_mode & 0o777) == (0o700, 0o700)


def test_ordinary_user_runs_it_and_root_may_join_in(folder_of_nobody: Path, python_of_nobody: str) -> None:
    """A folder of another user is served as that user, also when root starts it, and stays usable for that user."""
    program = (python_of_nobody, "-c", PROGRAM, str(folder_of_nobody))
    uid = nobody().pw_uid
    first = as_nobody(*program)
    assert first.stdout == f"[{uid}]\n", first.stderr
    with EmbeddedPostgres(folder_of_nobody, settings=QUICK, shared_buffers="16MB") as server:
        assert server_process(folder_of_nobody).uids().effective == uid
        with psycopg.connect(server.url()) as connection:
            connection.execute("INSERT INTO visit VALUES (0)")
        joined = as_nobody(*program)
        assert joined.stdout == f"[0, {uid}, {uid}]\n", joined.stderr
    last = as_nobody(*program)
    assert last.stdout == f"[0, {uid}, {uid}, {uid}]\n", last.stderr
    assert owners(folder_of_nobody) == {uid}


def test_root_makes_a_folder_for_the_user_it_belongs_to(folder_of_nobody: Path, python_of_nobody: str) -> None:
    """An empty folder prepared for an ordinary user can be filled by root without locking that user out."""
    with EmbeddedPostgres(folder_of_nobody, settings=QUICK, shared_buffers="16MB"):
        pass
    assert owners(folder_of_nobody) == {nobody().pw_uid}
    visit = as_nobody(python_of_nobody, "-c", PROGRAM, str(folder_of_nobody))
    assert visit.stdout == f"[{nobody().pw_uid}]\n", visit.stderr


def test_folder_of_root_is_refused_to_an_ordinary_user(open_folder: Path, python_of_nobody: str) -> None:
    """The message names the cause instead of a failed system call."""
    data = open_folder / "data"
    with EmbeddedPostgres(data, settings=QUICK, shared_buffers="16MB"):
        running = as_nobody(python_of_nobody, "-c", PROGRAM, str(data))
    stopped = as_nobody(python_of_nobody, "-c", PROGRAM, str(data))
    assert "belongs to another user. Run Reskontro as that user" in running.stdout
    assert stopped.stdout == running.stdout


class TestNamespacesForbidden:
    """As in many containers: root, other users, and no right to make a user namespace."""

    @staticmethod
    def run(data: Path) -> str:
        """The program's output as root of a namespace that holds the ordinary numbers and allows no further one."""
        process = subprocess.Popen(
            [sys.executable, "-c", WITHOUT_NAMESPACES + PROGRAM, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": str(SOURCE)},
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "entered\n"
        for numbers in ("uid_map", "gid_map"):
            Path(f"/proc/{process.pid}/{numbers}").write_text("0 0 65536")
        output, _ = process.communicate("\n", timeout=DEADLINE_SECONDS)
        return output

    def test_server_runs_as_another_user(self, open_folder: Path) -> None:
        """Only the database files change hands, inside the data folder; a second start finds them as they are."""
        data = open_folder / "data"
        assert self.run(data) == "[0]\n"
        server_uid = (data / "pgdata").stat().st_uid
        assert pwd.getpwuid(server_uid).pw_name in ("postgres", "nobody")
        assert owners(data / "pgdata") == {server_uid}
        assert data.stat().st_uid == 0
        assert open_folder.stat().st_mode & 0o777 == 0o755
        assert self.run(data) == "[0, 0]\n"

    def test_files_made_under_a_namespace_are_taken_along(self, open_folder: Path) -> None:
        """A folder from a machine that allows namespaces works on one that does not, and back."""
        data = open_folder / "data"
        with EmbeddedPostgres(data, settings=QUICK, shared_buffers="16MB"):
            pass
        assert self.run(data) == "[0]\n"
        with EmbeddedPostgres(data, settings=QUICK, shared_buffers="16MB") as server:
            psycopg.connect(server.url()).close()

    def test_closed_folder_above_is_named_and_stays_closed(self, open_folder: Path) -> None:
        """What would have to be opened is said, not done."""
        closed = open_folder / "closed"
        closed.mkdir(mode=0o700)
        output = self.run(closed / "data")
        assert f"may not enter {closed}. Choose a data folder" in output
        assert closed.stat().st_mode & 0o777 == 0o700

    def test_folder_of_an_ordinary_user_is_served_as_that_user(self, folder_of_nobody: Path) -> None:
        """A folder that belongs to somebody needs no namespace at all."""
        assert self.run(folder_of_nobody) == "[0]\n"
        assert owners(folder_of_nobody / "pgdata") == {nobody().pw_uid}
