"""``serve`` with its workers survives what happens to processes, and leaves nothing behind."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest
from psycopg.conninfo import make_conninfo

from tests.process.commands import Server, command, gone, result, serving, until

pytestmark = pytest.mark.process


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server with one worker on an embedded database of its own."""
    with serving(tmp_path) as running:
        yield running


def test_it_serves_with_a_worker_and_ends_in_order(server: Server) -> None:
    """SIGTERM: the API, the worker and the database end, and the exit status is 0."""
    until(lambda: server.health() == {"database": "UP", "queue": "UP", "workers": "UP", "clock": "UP"}, "all is up")
    assert httpx2.get(f"{server.url}/openapi.json").status_code == 200
    assert "authorization" not in {name.lower() for name in httpx2.get(f"{server.url}/docs").headers}
    (worker,) = server.workers()
    everything = [worker, *psutil.Process(server.process.pid).children(recursive=True)]
    assert server.end() == 0
    assert server.events("stopped")
    until(lambda: all(gone(process) for process in everything), "all processes have ended")


def test_ctrl_c_ends_it_in_order_too(server: Server) -> None:
    """SIGINT is the same as SIGTERM: no traceback in the log."""
    until(lambda: server.health()["workers"] == "UP", "the worker is up")
    assert server.end(signal.SIGINT) == 0
    assert "Traceback" not in server.log.read_text()


def test_it_can_be_ended_while_it_starts(tmp_path: Path) -> None:
    """Before it is ready, SIGTERM unwinds what was started."""
    with serving(tmp_path) as starting:
        until((tmp_path / "data" / "lock.users").exists, "the database is being started")
        assert starting.end() == 0
    assert not starting.events("ready")
    assert command("client", "list", data=tmp_path / "data").returncode == 0


def test_a_dead_worker_is_replaced(server: Server) -> None:
    """kill -9 of a worker: another one takes its place."""
    until(lambda: server.health()["workers"] == "UP", "the worker is up")
    (worker,) = server.workers()
    worker.kill()
    until(lambda: server.workers() not in ([], [worker]), "there is another worker")
    until(lambda: server.health()["workers"] == "UP", "the new worker is connected")
    assert server.events("worker died and is restarted")[0]["status"] == -9


def test_no_worker_outlives_its_parent(server: Server) -> None:
    """kill -9 of the server: the worker ends by itself, and so does the database."""
    until(lambda: server.health()["workers"] == "UP", "the worker is up")
    (worker,) = server.workers()
    server.process.kill()
    server.process.wait()
    until(lambda: gone(worker), "the worker has ended")


def test_it_goes_on_after_the_database_died(server: Server, tmp_path: Path) -> None:
    """kill -9 of PostgreSQL: it comes back by itself, and the API and the worker find it again."""
    until(lambda: server.health()["workers"] == "UP", "the worker is up")
    # The number in the file is that of the server's own namespace when root runs it, so the process is looked for by its folder.
    (postmaster,) = (
        process
        for process in psutil.process_iter(["cmdline"])
        if str(tmp_path / "data" / "pgdata") in (process.info["cmdline"] or []) and process.info["cmdline"][0].endswith("/postgres")
    )
    postmaster.kill()
    until(lambda: gone(postmaster), "PostgreSQL is gone")
    until(lambda: server.health() == {"database": "UP", "queue": "UP", "workers": "UP", "clock": "UP"}, "all is up again")


def test_a_second_server_on_the_same_port_is_refused(server: Server, tmp_path: Path) -> None:
    """It ends with an error that names the port, before it touches a database."""
    port = server.url.rsplit(":", 1)[1]
    second = command("serve", "--port", port, data=tmp_path / "other")
    assert second.returncode == 1
    assert f"Port {port} of 127.0.0.1 is in use" in second.stderr
    assert not (tmp_path / "other").exists()


def test_workers_of_another_shell_join_in(tmp_path: Path) -> None:
    """``serve --workers 0`` and a ``worker`` in another shell with the same folder: the batch is processed."""
    with serving(tmp_path, "--workers", "0") as server:
        data = tmp_path / "data"
        url = server.url
        client = result("client", "add", "--name", "Fjord AS", "--organization-no", "310044113", data=data)["clientNo"]
        credential = result("credential", "add", "--client", str(client), data=data)
        access = {"RESKONTRO_URL": url, "RESKONTRO_CLIENT_ID": credential["clientId"], "RESKONTRO_CLIENT_SECRET": credential["clientSecret"]}
        file = tmp_path / "customers.csv"
        file.write_text("customerNo,name\n1,Kari\n")
        sent = result("batch", "send", str(file), "--no-wait", **access)
        assert server.health()["workers"] == "DEGRADED"
        assert command("worker", "--until-idle", data=data).returncode == 0
        assert result("batch", "show", sent["batchUuid"], **access)["batch"]["status"] == "PROCESSED"


class TestOwnServer:
    """On a PostgreSQL that somebody else runs."""

    @pytest.fixture
    def own(self, postgres: str, tmp_path: Path) -> Iterator[str]:
        """URL of the owner of an empty database."""
        import psycopg

        name = f"own_{tmp_path.name}".lower().replace("-", "_")[:60]
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"create database {name}".encode())
        yield make_conninfo(postgres, dbname=name)
        with psycopg.connect(postgres, autocommit=True) as connection:
            connection.execute(f"drop database {name} with (force)".encode())

    def test_an_owner_sets_it_up_and_the_serving_role_serves(self, own: str, tmp_path: Path) -> None:
        """Neither the API nor the worker is connected as the owner."""
        import psycopg

        role = f"serving_{tmp_path.name}".lower().replace("-", "_")[:60]
        with serving(tmp_path, RESKONTRO_DATABASE_URL=own, RESKONTRO_SERVING_ROLE=role) as server:
            until(lambda: server.health()["workers"] == "UP", "the worker is up")
            with psycopg.connect(own) as connection:
                rows = connection.execute(
                    "select distinct usename from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
                )
                assert [row[0] for row in rows] == [role]
            assert server.end() == 0
        assert not (tmp_path / "data").exists()

    def test_the_serving_role_alone_is_enough_once_it_is_set_up(self, own: str, tmp_path: Path) -> None:
        """``migrate`` as the owner; afterwards only the serving role's URL is known, and ``migrate`` says whom it needs."""
        from reskontro.db.setup import migrate

        role = f"serving_{tmp_path.name}".lower().replace("-", "_")[:60]
        before = command("client", "list", RESKONTRO_SERVING_URL=own)
        assert before.returncode == 1
        assert "reskontro migrate" in before.stderr
        assert command("migrate", RESKONTRO_DATABASE_URL=own, RESKONTRO_SERVING_ROLE=role).returncode == 0
        serving_url = migrate(own, role)
        assert command("client", "list", "--json", RESKONTRO_SERVING_URL=serving_url).stdout == "[]\n"
        assert command("client", "list", "--json", RESKONTRO_DATABASE_URL=serving_url).stdout == "[]\n"
        refused = command("migrate", RESKONTRO_SERVING_URL=serving_url)
        assert refused.returncode == 1
        assert "RESKONTRO_DATABASE_URL" in refused.stderr

    def test_a_superuser_serves_nobody(self, own: str, tmp_path: Path) -> None:
        """A role that sees past row-level security is refused as the serving role."""
        assert command("migrate", RESKONTRO_DATABASE_URL=own, RESKONTRO_SERVING_ROLE=f"s_{tmp_path.name}".lower()[:60]).returncode == 0
        refused = command("client", "list", RESKONTRO_SERVING_URL=own)
        assert refused.returncode == 1
        assert "superuser" in refused.stderr
