"""Files that other rooms write: content in the database or in a folder, letters that are rendered later."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx2
import psycopg
import pytest
from moto.server import ThreadedMotoServer
from pydantic import ValidationError

from reskontro.batches.kinds import ChunkContext, Origin, RunRequest
from reskontro.db.bulk import Outbox
from reskontro.db.engine import Database, Transaction, lock_client
from reskontro.db.objects import ObjectStore, ObjectStoreFault, open_objects
from reskontro.kit.clock import MovableClock
from reskontro.kit.ids import encode_id, new_id
from reskontro.ledger.books import open_books
from reskontro.receivable.administration.service import create_client
from reskontro.receivable.files import writing
from reskontro.receivable.files.content import PIECE_BYTES, even_pieces
from reskontro.receivable.files.writing import NewFile, QueuedLetter, queue_letters, read_pieces, register_renderer, write_file
from reskontro.settings import Settings
from tests.conftest import NOW

CLIENT = 3107
BATCH = new_id()
RUN = RunRequest(BATCH, {}, Origin("test", "anne", new_id(), "RUN", BATCH))


@contextmanager
def working(database: Database) -> Iterator[tuple[Transaction, ChunkContext]]:
    """A transaction that holds the write lock of the client, and what a set knows."""
    with database.transaction(CLIENT) as transaction:
        lock_client(transaction, CLIENT)
        books = open_books(transaction, CLIENT, NOW)
        yield transaction, ChunkContext(CLIENT, books, NOW, books.today(NOW), run=RUN)


@pytest.fixture
def files(database: Database, clock: MovableClock) -> Database:
    """A database with one client."""
    sent = {"clientNo": CLIENT, "name": "Client", "organizationNo": "310044113", "ledgerStart": "2026-01-01"}
    with database.system() as transaction:
        create_client(transaction, sent, clock=clock, origin=Origin("test", "test", new_id(), "SYSTEM"))
    return database


@pytest.fixture
def folder(files: Database, tmp_path: Path) -> Iterator[tuple[Database, Path]]:
    """The same database with a folder for the content of files."""
    database = Database(files.url, connections_max=4, objects=ObjectStore(f"file://{tmp_path}/content"))
    database.open()
    yield database, tmp_path / "content"
    database.close()


def content_of(database: Database, file_id: UUID) -> bytes:
    with database.transaction(CLIENT) as transaction:
        return b"".join(read_pieces(transaction, CLIENT, file_id))


def row(database: Database, file_id: UUID) -> tuple[Any, ...]:
    statement = "select file_type, direction, content_type, size, sha256, storage, batch_uuid, created_by from file where file_id = %s"
    with database.transaction(CLIENT) as transaction:
        found = transaction.execute(statement, (file_id,)).fetchone()
    assert found is not None
    return found


LONG = bytes(range(256)) * 10_000


class TestEvenPieces:
    @pytest.mark.parametrize("sizes", [(0,), (1,), (5,), (6,), (2, 9, 1), (3, 3, 3), (7, 0, 1), (30,)])
    def test_the_bytes_stay_and_the_sizes_are_even(self, sizes: tuple[int, ...]) -> None:
        """Whatever the pieces that come, those that go are of one size but the last."""
        content = bytes(range(sum(sizes)))
        source, start = [], 0
        for size in sizes:
            source.append(content[start : start + size])
            start += size
        found = list(even_pieces(source, 3))
        assert b"".join(found) == content
        assert all(len(piece) == 3 for piece in found[:-1])
        assert all(found)


class TestWriteFile:
    @pytest.mark.parametrize("content", [b"", b"x", LONG, LONG[:PIECE_BYTES], LONG[: PIECE_BYTES + 1]])
    def test_content_comes_back(self, files: Database, content: bytes) -> None:
        """What was written in odd pieces is read back whole; the row says how much it is."""
        with working(files) as (transaction, context):
            pieces = (content[start : start + 100_003] for start in range(0, len(content), 100_003))
            file_id = write_file(transaction, context, NewFile("REPORT", "aged.pdf"), pieces)
        assert content_of(files, file_id) == content
        found = row(files, file_id)
        assert found[:4] == ("REPORT", "OUT", "application/pdf", len(content))
        assert bytes(found[4]) == hashlib.sha256(content).digest()
        assert found[5:] == ("DATABASE", BATCH, "anne")

    def test_it_is_logged(self, files: Database) -> None:
        """A file that was made is in the log."""
        with working(files) as (transaction, context):
            write_file(transaction, context, NewFile("SAF-T", "saf-t.xml"), [b"<a/>"])
        with files.transaction(CLIENT) as transaction:
            events = [found[0] for found in transaction.execute("select event from log_item order by sequence_no")]
        assert events[-1] == "FILE-CREATED"

    def test_a_transaction_that_fails_leaves_nothing(self, files: Database) -> None:
        """The content goes with its row."""

        def fail() -> None:
            with working(files) as (transaction, context):
                write_file(transaction, context, NewFile("REPORT", "r.pdf"), [LONG])
                raise RuntimeError

        with pytest.raises(RuntimeError):
            fail()
        with files.transaction(CLIENT) as transaction:
            assert transaction.execute("select count(*) from file_piece").fetchone() == (0,)


class TestFolder:
    def test_content_lies_in_the_folder(self, folder: tuple[Database, Path]) -> None:
        """The database holds the row only; a large content is written in parts."""
        database, path = folder
        content = LONG * 4
        with working(database) as (transaction, context):
            file_id = write_file(transaction, context, NewFile("REPORT", "r.pdf"), [LONG] * 4)
        assert content_of(database, file_id) == content
        assert row(database, file_id)[5] == "STORE"
        assert [found.read_bytes() == content for found in path.rglob("*") if found.is_file()] == [True]
        with database.transaction(CLIENT) as transaction:
            assert transaction.execute("select count(*) from file_piece").fetchone() == (0,)

    def test_what_is_lost_is_said(self, folder: tuple[Database, Path]) -> None:
        """A content that somebody took away is a fault, never an empty file."""
        database, path = folder
        with working(database) as (transaction, context):
            file_id = write_file(transaction, context, NewFile("REPORT", "r.pdf"), [b"content"])
        for found in path.rglob("*"):
            if found.is_file():
                found.unlink()
        with pytest.raises(ObjectStoreFault):
            content_of(database, file_id)

    def test_only_its_user_can_look_into_it(self, folder: tuple[Database, Path]) -> None:
        """The folder, those of the clients and the files in them, small and large ones, whatever the umask lets others do."""
        before = os.umask(0o002)
        try:
            objects = ObjectStore(f"file://{folder[1]}/a/b")
            for key, content in (("1/small", b"x"), ("1/large", LONG * 9), ("2/small", b"")):
                objects.put(key, [content])
        finally:
            os.umask(before)
        modes = {str(path.relative_to(folder[1] / "a")): stat.S_IMODE(path.stat().st_mode) for path in (folder[1] / "a").rglob("*")}
        folders = dict.fromkeys(("b", "b/1", "b/2"), 0o700)
        assert modes == folders | dict.fromkeys(("b/1/small", "b/1/large", "b/2/small"), 0o600)
        assert stat.S_IMODE(folder[1].stat().st_mode) == 0o700

    def test_files_of_both_kinds_stay_readable(self, files: Database, folder: tuple[Database, Path]) -> None:
        """After the setting was changed older files are still found in the database; without the folder its files are not."""
        with working(files) as (transaction, context):
            earlier = write_file(transaction, context, NewFile("REPORT", "r.pdf"), [b"earlier"])
        with working(folder[0]) as (transaction, context):
            later = write_file(transaction, context, NewFile("REPORT", "r.pdf"), [b"later"])
        assert content_of(folder[0], earlier) == b"earlier"
        assert content_of(folder[0], later) == b"later"
        with pytest.raises(ObjectStoreFault):
            content_of(files, later)


class TestLetters:
    @pytest.fixture(autouse=True)
    def renderer(self) -> Iterator[None]:
        """Renders a letter as the text it says."""
        kept = list(writing._renderers)
        register_renderer(lambda letter: letter["text"].encode())
        yield
        writing._renderers[:] = kept

    def test_rendered_when_it_is_read(self, files: Database) -> None:
        """Letters of a set are rows first; the first reader lets them be rendered, and the content stays."""
        letters = [QueuedLetter(new_id(), f"letter {n}.pdf", f"R{n}", None, {"text": f"Hei, Åse\t{n}\\"}) for n in range(3)]
        with working(files) as (transaction, context), Outbox(transaction) as outbox:
            queue_letters(outbox, context, letters)
        assert row(files, letters[1].file_id)[:6] == ("LETTER", "OUT", "application/pdf", None, None, None)
        assert content_of(files, letters[1].file_id) == "Hei, Åse\t1\\".encode()
        assert row(files, letters[1].file_id)[3] == len("Hei, Åse\t1\\".encode())
        register_renderer(lambda letter: b"another")
        assert content_of(files, letters[1].file_id) == "Hei, Åse\t1\\".encode()

    def test_the_serving_role_cannot_change_a_content(self, files: Database) -> None:
        """What was stored stays as it is."""
        with working(files) as (transaction, context):
            write_file(transaction, context, NewFile("REPORT", "r.pdf"), [b"x"])
        for statement in ("update file_piece set body = 'y'", "delete from file_piece", "delete from file", "update file set file_name = 'z'"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), files.transaction(CLIENT) as transaction:
                transaction.execute(statement.encode())


def test_an_address_of_another_kind_is_refused() -> None:
    """Only a folder or a bucket."""
    for url in ("http://example/", "file://host/x", "s3:///x", "/tmp/x", "file://"):
        with pytest.raises(ValueError, match="file:///folder"):
            ObjectStore(url)


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """An S3-compatible service on a free port, with the bucket ``letters``."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    url = f"http://{host}:{port}"
    assert httpx2.put(f"{url}/letters").status_code == 200
    yield url
    server.stop()


class TestBucket:
    def objects(self, endpoint: str, **settings: Any) -> ObjectStore:
        """The store that the settings name."""
        named = Settings(
            files_store="s3://letters/reskontro/a",
            files_endpoint=endpoint,
            files_region="eu-north-1",
            files_access_key_id="key",
            files_secret_access_key="secret",
            **settings,
        )
        found = open_objects(named)
        assert found is not None
        return found

    @pytest.mark.parametrize("content", [b"", b"small", LONG * 9])
    def test_content_lies_in_the_bucket(self, files: Database, endpoint: str, content: bytes) -> None:
        """Small contents are sent at once, large ones in parts; both come back by real HTTP, and lie under the client's number."""
        database = Database(files.url, connections_max=4, objects=self.objects(endpoint))
        database.open()
        try:
            with working(database) as (transaction, context):
                pieces = (content[start : start + 1_000_000] for start in range(0, len(content), 1_000_000))
                file_id = write_file(transaction, context, NewFile("REPORT", "r.pdf"), pieces)
            assert content_of(database, file_id) == content
            assert row(database, file_id)[3:6] == (len(content), hashlib.sha256(content).digest(), "STORE")
            listing = httpx2.get(f"{endpoint}/letters?list-type=2&prefix=reskontro/a/{CLIENT}/{encode_id(file_id)}").text
            assert f"<Size>{len(content)}</Size>" in listing
        finally:
            database.close()

    def test_a_store_that_is_away(self, files: Database) -> None:
        """Nothing is committed whose content is not stored."""
        database = Database(files.url, connections_max=4, objects=self.objects("http://127.0.0.1:9"))
        database.open()
        try:
            with pytest.raises(ObjectStoreFault), working(database) as (transaction, context):
                write_file(transaction, context, NewFile("REPORT", "r.pdf"), [b"x"])
            with files.transaction(CLIENT) as transaction:
                assert transaction.execute("select count(*) from file").fetchone() == (0,)
        finally:
            database.close()

    def test_the_secret_stays_one(self) -> None:
        """Settings can be shown."""
        assert "hidden" not in repr(Settings(files_secret_access_key="hidden"))


def test_without_a_setting_there_is_no_store() -> None:
    """Files lie in the database."""
    assert open_objects(Settings()) is None


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    """The setting that is wrong is named."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(ObjectStoreFault, match="RESKONTRO_FILES_STORE"):
        open_objects(Settings(files_store=f"file://{tmp_path}/file/inside"))


@pytest.mark.parametrize("url", ["/srv/files", "http://example/", "file://host/x", "s3:///x", ""])
def test_a_setting_of_another_kind_is_refused(url: str) -> None:
    """Before anything is opened."""
    with pytest.raises(ValidationError):
        Settings(files_store=url)
