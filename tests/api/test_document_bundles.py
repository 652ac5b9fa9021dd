"""Aim: what goes to one receiver together is one bundle, and shows what belongs to it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.support import amounts, configure, exchange_rate, invoice
from tests.house import House, exact_json

NAMES = (
    "documentBundleId clientNo accountNo customerNo bundleType bundleReference batchUuid status currency totalInclVat documentCount fileCount"
    " createdAt"
).split()


def listed(house: House, query: str = "", **options: Any) -> list[dict[str, Any]]:
    """Bundles of a list, by customer: those of one moment have no other order than that of their ids."""
    answer = house.get(f"/documentbundles?{query}", **options)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = exact_json(answer)["documentBundles"]
    return sorted(found, key=lambda bundle: bundle["customerNo"])


def sent(number: str, reference: str | None, **values: Any) -> dict[str, Any]:
    """An invoice of 100 in a bundle."""
    return invoice(documentNo=number, bundleReference=reference, currencyAmounts=amounts(80, 20), **values)


@pytest.fixture
def bundled(books: House) -> tuple[House, dict[str, Any]]:
    """A batch with two documents of a bundle, one of another customer with the same reference, and one without a reference."""
    documents = [sent("A-1", "Week 40"), sent("A-2", "week 40"), sent("A-3", "Week 40", customerNo="100002"), sent("A-4", None)]
    return books, books.batch("/documents/batches", {"documents": documents})


class TestBundles:
    def test_every_key(self, bundled: tuple[House, dict[str, Any]]) -> None:
        """In the documented order; the reference is the one first sent, and documents are matched without case."""
        house, batch = bundled
        found = listed(house)
        account = house.rows("select account_no from customer where customer_no = '100001'")[0][0]
        about = (house.client_no, account, "100001", "INVOICING", "Week 40", batch["batchUuid"], "SEALED")
        values = (*about, "NOK", 200, 2, 0, "2026-11-25T12:00:00.000Z")
        assert [(item["customerNo"], item["documentCount"], item["totalInclVat"]) for item in found] == [("100001", 2, 200), ("100002", 1, 100)]
        assert list(found[0].items()) == list(zip(NAMES, (found[0]["documentBundleId"], *values), strict=True))

    def test_one_bundle_shows_what_belongs_to_it(self, bundled: tuple[House, dict[str, Any]]) -> None:
        """Its documents and files, and the documents name it."""
        house, batch = bundled
        bundle = listed(house)[0]
        found = exact_json(house.get(f"/documentbundles/{bundle['documentBundleId']}"))
        assert list(found) == [*NAMES, "documents", "files"]
        ids = {item["documentNo"]: item["documentUuid"] for item in house.get(f"/batches/{batch['batchUuid']}").json()["items"]}
        assert found["documents"] == [
            {"documentUuid": ids[number], "documentNo": number, "documentType": "IN", "inclVat": 100} for number in ("A-1", "A-2")
        ]
        assert found["files"] == []
        assert house.get(f"/documents?documentbundleid={bundle['documentBundleId']}").json()["summary"]["totalCount"] == 2
        assert listed(house, "expand=documents,files")[0] == found
        assert "files" not in listed(house, "expand=documents")[0]

    def test_a_credit_note_lowers_the_total(self, books: House) -> None:
        """The documents state positive amounts, the bundle what the receiver owes for all of it."""
        configure(books, "document.creditNoteReference", "OPTIONAL")
        credit = invoice(documentType="CN", documentNo="C-1", bundleReference="b", currencyAmounts=amounts(24, 6))
        books.batch("/documents/batches", {"documents": [sent("A-1", "b"), credit]})
        (found,) = listed(books, "expand=documents")
        assert (found["totalInclVat"], [document["inclVat"] for document in found["documents"]]) == (70, [100, 30])

    def test_mixed_currencies_have_no_total(self, books: House) -> None:
        """Neither currency nor total."""
        exchange_rate(books, "EUR", "11.5")
        books.batch("/documents/batches", {"documents": [sent("A-1", "b"), sent("A-2", "b", currency="EUR")]})
        assert [(item["currency"], item["totalInclVat"], item["documentCount"]) for item in listed(books)] == [(None, None, 2)]

    def test_open_until_the_batch_is_final(self, bundled: tuple[House, dict[str, Any]]) -> None:
        """While the batch is still being worked on more documents may come."""
        house, _ = bundled
        set_status(house, "PROCESSING")
        assert [item["status"] for item in listed(house)] == ["OPEN", "OPEN"]
        set_status(house, "CANCELLED")
        assert [item["status"] for item in listed(house)] == ["SEALED", "SEALED"]
        set_status(house, "PROCESSED")

    def test_single_documents_have_none(self, books: House) -> None:
        """A bundle is of one batch; a document sent alone belongs to no bundle."""
        assert books.post("/documents", {"document": sent("A-1", "Week 40")}).status_code == 201
        assert listed(books) == []

    def test_a_bundle_of_another_client_does_not_exist(self, bundled: tuple[House, dict[str, Any]], module_house: House) -> None:
        """404."""
        house, _ = bundled
        other = module_house.add_client(house.client_no + 500_000)
        identifier = listed(house)[0]["documentBundleId"]
        answer = module_house.get(f"/documentbundles/{identifier}", client_no=other)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND")
        assert house.get("/documentbundles/x").json()["code"] == "ID-MALFORMED"


def set_status(house: House, status: str) -> None:
    """Put the client's batches into a status."""
    with house.database.transaction(house.client_no) as transaction:
        transaction.execute("update batch set status = %s where client_no = %s", (status, house.client_no))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("customerno=100002", ["100002"]),
        ("customerno=nobody", []),
        ("bundletype=invoicing", ["100001", "100002"]),
        ("bundletype=REMINDER,STATEMENT", []),
        ("bundlereference=WEEK 40", ["100001", "100002"]),
        ("bundlereference=Week 41", []),
        ("batchuuid=AAAAAAAAAAAAAAAAAAAAAA", []),
        ("createdfrom=2026-11-25&createdto=2026-11-25", ["100001", "100002"]),
        ("createdto=2026-11-25T12:00:00Z", []),
        ("createdfrom=2026-11-26", []),
    ],
)
def test_filters(bundled: tuple[House, dict[str, Any]], query: str, expected: list[str]) -> None:
    """Each alone; values compare without case."""
    house, batch = bundled
    assert [item["customerNo"] for item in listed(house, query)] == expected
    assert len(listed(house, f"batchuuid={batch['batchUuid']}")) == 2
