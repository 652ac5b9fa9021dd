"""Aim: the object store may be slow or away: uploads keep nothing of the database meanwhile, and no row is without its content."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx2
import psycopg
import pytest

from reskontro.db.engine import Database
from reskontro.db.objects import ObjectStore, ObjectStoreFault
from reskontro.kit.clock import MovableClock
from reskontro.kit.ids import encode_id
from reskontro.settings import Settings
from tests.api.uploads import JPEG, PDF, PNG, new_file, post_files, uploaded
from tests.house import House, serve

CONNECTIONS = 2
SECONDS = 20


class SlowStore(ObjectStore):
    """A folder that takes a content only when it is told to go on, and none at all while it is away."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"file://{folder}")
        self.asked = threading.Semaphore(0)
        self.going_on = threading.Event()
        self.going_on.set()
        self.away = False

    def put(self, key: str, pieces: Iterable[bytes]) -> None:
        """Wait, then store."""
        self.asked.release()
        assert self.going_on.wait(SECONDS)
        if self.away:
            raise ObjectStoreFault("the store of files did not take an object")
        super().put(key, pieces)


@dataclass
class Shop:
    """A served house, its store, and calls that run beside the test."""

    house: House
    objects: SlowStore
    folder: Path
    admin_url: str
    threads: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(8))

    def stored(self) -> dict[str, bytes]:
        """What lies in the store, by client and id."""
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in self.folder.rglob("*") if path.is_file()}

    def named(self) -> list[str]:
        """What the rows say lies there; the store is to have that and nothing else."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            rows = connection.execute("select client_no, file_id from file where storage = 'STORE'").fetchall()
        assert not self.house.rows("select 1 from file_piece")
        return sorted(f"{client_no}/{encode_id(file_id)}" for client_no, file_id in rows)

    def waiting(self, count: int) -> None:
        """Wait until so many contents are at the door of the store."""
        for _ in range(count):
            assert self.objects.asked.acquire(timeout=SECONDS)

    def open_transactions(self) -> int:
        """How many transactions of the API are open."""
        with psycopg.connect(self.admin_url, autocommit=True) as connection:
            row = connection.execute(
                "select count(*) from pg_stat_activity where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()"
            ).fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture
def shop(database: Database, admin_url: str, settings: Settings, clock: MovableClock, tmp_path: Path) -> Iterator[Shop]:
    """Client 3107 of an API with two connections and a store in a folder."""
    objects = SlowStore(tmp_path / "content")
    with_store = Database(database.url, connections_max=CONNECTIONS, objects=objects)
    with_store.open()
    with serve(with_store, settings, clock) as house:
        house.add_client(3107)
        found = Shop(house, objects, tmp_path / "content", admin_url)
        yield found
        objects.going_on.set()
        found.threads.shutdown()
    with_store.close()


def test_a_slow_store_keeps_nothing_from_others(shop: Shop) -> None:
    """More uploads than there are connections wait for the store; reads and writes of the same client go on, and no transaction is open."""
    house = shop.house
    shop.objects.going_on.clear()
    contents = [PDF + bytes([number]) for number in range(CONNECTIONS + 1)]
    uploads = [shop.threads.submit(post_files, house, new_file(content)) for content in contents]
    shop.waiting(len(uploads))
    assert shop.open_transactions() == 0
    assert house.http.get("/health", timeout=5).status_code == 200
    assert house.post("/customers", {"customer": {"customerNo": "1", "name": "N"}}).status_code == 201
    assert house.get("/files").json()["files"] == []
    assert not any(upload.done() for upload in uploads)
    shop.objects.going_on.set()
    assert [upload.result().status_code for upload in uploads] == [200] * len(uploads)
    assert sorted(shop.stored().values()) == contents
    assert sorted(shop.stored()) == shop.named()


def test_content_comes_back(shop: Shop) -> None:
    """Several at once, one of them twice, one not in order; the same again stores nothing."""
    house = shop.house
    answer = post_files(house, new_file(PDF), new_file(PNG, "a.png"), new_file(PDF, "again.pdf"), new_file(b"\0"))
    assert (answer.status_code, [one["result"] for one in answer.json()["files"]]) == (207, ["CREATED", "CREATED", "UNCHANGED", "FAILED"])
    assert len(shop.stored()) == 2
    for one, content in zip(answer.json()["files"], (PDF, PNG), strict=False):
        assert house.get(f"/files/{one['fileId']}", headers={"Accept": "application/octet-stream"}).content == content
    assert [uploaded(house, content)["result"] for content in (PNG, JPEG)] == ["UNCHANGED", "CREATED"]
    assert sorted(shop.stored()) == shop.named()


def test_the_same_content_at_the_same_time(shop: Shop) -> None:
    """It is registered once, and what was stored in vain is taken away."""
    shop.objects.going_on.clear()
    uploads = [shop.threads.submit(uploaded, shop.house, PDF, f"{number}.pdf") for number in range(3)]
    shop.waiting(3)
    shop.objects.going_on.set()
    results = [upload.result() for upload in uploads]
    assert sorted(result["result"] for result in results) == ["CREATED", "UNCHANGED", "UNCHANGED"]
    assert len({result["fileId"] for result in results}) == 1
    assert list(shop.stored()) == shop.named()


def test_the_same_key_at_the_same_time(shop: Shop) -> None:
    """One of them is the call, the other gets its answer."""
    shop.objects.going_on.clear()

    def send() -> httpx2.Response:
        return post_files(shop.house, new_file(), headers={"Idempotency-Key": "k-1"})

    uploads = [shop.threads.submit(send) for _ in range(2)]
    shop.waiting(2)
    shop.objects.going_on.set()
    first, second = (upload.result() for upload in uploads)
    assert (first.status_code, first.content) == (200, second.content)
    assert sorted("idempotency-replayed" in answer.headers for answer in (first, second)) == [False, True]
    assert list(shop.stored()) == shop.named()
    again = send()
    assert (again.content, len(shop.stored())) == (first.content, 1)


def test_a_client_suspended_meanwhile(shop: Shop) -> None:
    """What it had stored is taken away again."""
    shop.objects.going_on.clear()
    upload = shop.threads.submit(post_files, shop.house, new_file())
    shop.waiting(1)
    assert shop.house.put("", {"client": {"status": "SUSPENDED"}}).status_code == 200
    shop.objects.going_on.set()
    assert upload.result().json()["code"] == "CLIENT-NOT-ACTIVE"
    assert (shop.stored(), shop.named()) == ({}, [])


def test_a_store_that_is_away(shop: Shop) -> None:
    """503 with Retry-After, no row, and the key may be used again."""
    shop.objects.away = True
    answer = post_files(shop.house, new_file(), headers={"Idempotency-Key": "k-1"})
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "UNAVAILABLE", "5")
    assert (shop.stored(), shop.named()) == ({}, [])
    shop.objects.away = False
    assert post_files(shop.house, new_file(), headers={"Idempotency-Key": "k-1"}).status_code == 200
    assert list(shop.stored()) == shop.named()


def test_clients_have_contents_of_their_own(shop: Shop) -> None:
    """Each under its number, the same content too."""
    other = replace(shop.house, client_no=shop.house.add_client(3108))
    first, second = uploaded(shop.house), uploaded(other)
    assert second["result"] == "CREATED"
    assert sorted(shop.stored()) == shop.named() == sorted([f"3107/{first['fileId']}", f"3108/{second['fileId']}"])
    assert other.get(f"/files/{first['fileId']}").status_code == 404


def test_nothing_is_stored_of_a_call_that_is_refused(shop: Shop) -> None:
    """The files are judged before the store is asked."""
    assert post_files(shop.house, new_file(b"\0")).status_code == 422
    assert not shop.objects.asked.acquire(blocking=False)
