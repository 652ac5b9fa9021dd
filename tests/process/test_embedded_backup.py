"""Backup and restore between two real servers, and psql on one of them."""

from __future__ import annotations

import os
import stat
import subprocess
import traceback
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from reskontro.db.backup import backup, psql_command, restore
from reskontro.db.binaries import EmbeddedPostgresError
from reskontro.db.embedded import EmbeddedPostgres

OWNER = "reskontro owner"
BOOKS = f"""
    CREATE ROLE "{OWNER}" NOLOGIN;
    CREATE ROLE serving LOGIN;
    GRANT CREATE ON SCHEMA public TO "{OWNER}";
    SET ROLE "{OWNER}";
    CREATE TABLE gl_item (client_no integer, amount numeric);
    INSERT INTO gl_item VALUES (1, 12.345), (2, -12.345);
    ALTER TABLE gl_item ENABLE ROW LEVEL SECURITY;
    ALTER TABLE gl_item FORCE ROW LEVEL SECURITY;
    CREATE POLICY tenant ON gl_item USING (client_no = 1);
    GRANT SELECT ON gl_item TO serving;
"""


@pytest.fixture(scope="module")
def books(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server with a database that has an owner, a grant, row-level security and two rows of two clients."""
    folder = tmp_path_factory.mktemp("books") / "data"
    with EmbeddedPostgres(folder, settings={"fsync": "off"}, shared_buffers="16MB") as server:
        with psycopg.connect(server.url()) as connection:
            connection.execute(BOOKS)
        yield server


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """A server of a new folder, which knows none of the roles."""
    folder = tmp_path_factory.mktemp("other") / "data"
    with EmbeddedPostgres(folder, settings={"fsync": "off"}, shared_buffers="16MB") as server:
        yield server


@pytest.fixture
def empty(other: EmbeddedPostgres) -> Iterator[str]:
    """The URL of an empty database on the other server."""
    with psycopg.connect(other.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE trial")
    yield other.url(database="trial")
    with psycopg.connect(other.url(), autocommit=True) as connection:
        connection.execute("DROP DATABASE trial")


class TestBackup:
    def test_file_is_whole_and_closed_to_others(self, books: EmbeddedPostgres, tmp_path: Path) -> None:
        """The backup is one file that its owner alone may read, and nothing else is left beside it."""
        backup(books.url(), tmp_path / "books.dump")
        assert [path.name for path in tmp_path.iterdir()] == ["books.dump"]
        assert stat.S_IMODE((tmp_path / "books.dump").stat().st_mode) == 0o600
        assert (tmp_path / "books.dump").read_bytes().startswith(b"PGDMP")

    def test_older_backup_is_not_replaced(self, books: EmbeddedPostgres, tmp_path: Path) -> None:
        """A file that exists may be the only good backup."""
        (tmp_path / "books.dump").write_text("the good one")
        with pytest.raises(EmbeddedPostgresError, match="exists already"):
            backup(books.url(), tmp_path / "books.dump")
        assert (tmp_path / "books.dump").read_text() == "the good one"

    def test_failure_leaves_no_file(self, books: EmbeddedPostgres, tmp_path: Path) -> None:
        """A database or a folder that is not there, a role that does not see every row: told, and no file."""
        with pytest.raises(EmbeddedPostgresError, match='"missing" does not exist'):
            backup(books.url(database="missing"), tmp_path / "books.dump")
        with pytest.raises(EmbeddedPostgresError, match="row-level security"):
            backup(books.url(user="serving"), tmp_path / "books.dump")
        with pytest.raises(EmbeddedPostgresError, match="No file can be written"):
            backup(books.url(), tmp_path / "missing" / "books.dump")
        assert list(tmp_path.iterdir()) == []


class TestRestore:
    def test_everything_comes_back_to_its_owner(self, books: EmbeddedPostgres, empty: str, tmp_path: Path) -> None:
        """On a server without the roles: every client's rows, policies and owner return, grants await the migration."""
        backup(books.url(), tmp_path / "books.dump")
        restore(empty, tmp_path / "books.dump")
        with psycopg.connect(empty) as connection:
            rows = connection.execute("SELECT client_no, amount::text FROM gl_item ORDER BY 1").fetchall()
            assert rows == [(1, "12.345"), (2, "-12.345")]
            table = connection.execute(
                "SELECT pg_get_userbyid(relowner), relforcerowsecurity, relacl IS NULL FROM pg_class WHERE oid = 'gl_item'::regclass"
            ).fetchone()
            assert table == (OWNER, True, True)
            assert connection.execute("SELECT polname FROM pg_policy").fetchall() == [("tenant",)]
            login = connection.execute("SELECT rolcanlogin FROM pg_roles WHERE rolname = %s", [OWNER]).fetchone()
            assert login == (False,)

    @pytest.mark.parametrize(
        "content",
        ["CREATE TABLE held ()", "CREATE SCHEMA held", "CREATE FUNCTION held() RETURNS int LANGUAGE sql RETURN 1"],
    )
    def test_database_that_is_not_empty_is_refused(self, books: EmbeddedPostgres, empty: str, tmp_path: Path, content: str) -> None:
        """Whatever the database holds stays alone and as it is."""
        backup(books.url(), tmp_path / "books.dump")
        with psycopg.connect(empty) as connection:
            connection.execute(content.encode())
        with pytest.raises(EmbeddedPostgresError, match=r"trial is not empty: it holds the \w+ held.*Nothing was chang"):
            restore(empty, tmp_path / "books.dump")
        with psycopg.connect(empty) as connection:
            assert connection.execute("SELECT to_regclass('gl_item')").fetchone() == (None,)

    def test_extension_does_not_count_as_content(self, books: EmbeddedPostgres, empty: str, tmp_path: Path) -> None:
        """A database that the host prepared with an extension is still empty."""
        backup(books.url(), tmp_path / "books.dump")
        with psycopg.connect(empty) as connection:
            connection.execute("CREATE EXTENSION pg_trgm")
        restore(empty, tmp_path / "books.dump")
        with psycopg.connect(empty) as connection:
            assert connection.execute("SELECT count(*) FROM gl_item").fetchone() == (2,)

    def test_damaged_file_leaves_the_database_empty(self, books: EmbeddedPostgres, empty: str, tmp_path: Path) -> None:
        """A missing file, a file that is no backup, and one that was cut off: told, and nothing half restored."""
        backup(books.url(), tmp_path / "books.dump")
        whole = (tmp_path / "books.dump").read_bytes()
        (tmp_path / "cut.dump").write_bytes(whole[:-30])
        (tmp_path / "letter.txt").write_text("not a backup")
        with pytest.raises(EmbeddedPostgresError, match="There is no backup"):
            restore(empty, tmp_path / "missing.dump")
        with pytest.raises(EmbeddedPostgresError, match="not a backup that can be restored"):
            restore(empty, tmp_path / "letter.txt")
        with pytest.raises(EmbeddedPostgresError):
            restore(empty, tmp_path / "cut.dump")
        with psycopg.connect(empty) as connection:
            assert connection.execute("SELECT to_regclass('gl_item')").fetchone() == (None,)


class TestPsql:
    def test_psql_reaches_the_database(self, books: EmbeddedPostgres) -> None:
        """The command line works as it is handed out."""
        arguments, environment = psql_command(books.url())
        answer = subprocess.run(
            [*arguments, "--no-psqlrc", "--tuples-only", "--no-align", "--command=SELECT count(*) FROM gl_item"],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert answer.stdout == "2\n"

    def test_password_is_not_among_the_arguments(self) -> None:
        """Every user of a machine can read the arguments of its processes."""
        arguments, environment = psql_command("postgresql://owner:s3cret@db.example:5433/books?sslmode=require")
        assert "s3cret" not in " ".join(arguments)
        assert environment["PGPASSWORD"] == "s3cret"
        assert "host=db.example" in arguments[1]
        assert environment.keys() - os.environ.keys() == {"PGPASSWORD"}

    def test_url_of_another_kind_is_refused_without_repeating_it(self) -> None:
        """An error message must not carry the password of a URL that was mistyped."""
        secret = "hush" * 3  # put together here, because a traceback repeats the lines of this file
        with pytest.raises(EmbeddedPostgresError, match="not one that PostgreSQL's programs understand") as caught:
            psql_command(f"postgresql+psycopg://owner:{secret}@db.example/books")
        assert secret not in "".join(traceback.format_exception(caught.value))
