"""Aim: mandates from the bank are kept as it tells them, in files of their own or among payments, whole files or nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.api.bank import content_of
from tests.api.postings import BANK_ACCOUNTS
from tests.api.support import amounts, configure, created, invoice
from tests.api.test_bank_files import imported
from tests.house import House
from tests.unit.norway import nets_files

FIRST, SECOND, NOBODYS = "0010017", "0010025", "0010033"


@pytest.fixture
def bank(books: House) -> House:
    """A client with bank accounts and an invoice of each customer."""
    configure(books, "bank.accounts", BANK_ACCOUNTS)
    for number, kid, customer in (("1", FIRST, "100001"), ("2", SECOND, "100002")):
        sent = invoice(documentNo=number, kid=kid, customerNo=customer, dueDate="2026-12-15", currencyAmounts=amounts(1250, 0))
        created(books, sent)
    return books


def assignment(*registrations: tuple[str, str, str], account: str = nets_files.ACCOUNT) -> list[str]:
    """An assignment of mandates: (registration type, KID, notice) each."""
    records = [f"NY219470{number:07d}{kind}{kid:>25}{notify}".ljust(80, "0") for number, (kind, kid, notify) in enumerate(registrations, 1)]
    count = len(records)
    return [nets_files.assignment("21", "24", account), *records, f"NY212488{count:08d}{count + 2:08d}".ljust(80, "0")]


def mandates_file(*registrations: tuple[str, str, str], number: int = 1, account: str = nets_files.ACCOUNT) -> bytes:
    """A file of mandates."""
    records = assignment(*registrations, account=account)
    return nets_files.as_bytes([nets_files.start(number), *records, nets_files.end(len(registrations), len(records) + 2, 0)])


def outcomes(batch: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    """(result, customer, message) of the items."""
    return [(item["result"], item.get("customerNo"), item["message"]) for item in batch["items"]]


def kept(house: House) -> list[tuple[str, bool, bool]]:
    """(KID, whether it holds, notice) of the mandates."""
    return house.rows("select kid, active, notify from mandate where client_no = %s order by kid", house.client_no)


class TestImport:
    def test_each_registration_is_an_item(self, bank: House) -> None:
        """New, unknown and of a customer's own KID."""
        own = bank.get("/customers/100002").json()["customerKid"]
        batch = imported(bank, mandates_file(("1", FIRST, "J"), ("1", NOBODYS, "N"), ("0", own, "N"), ("1", "", "N")), "MANDATES")
        assert (batch["entity"], batch["operation"], batch["result"], batch["countSuccessful"], batch["countFailed"]) == (
            "BANK-FILE",
            "IMPORT",
            "PARTIAL-SUCCESS",
            2,
            2,
        )
        assert outcomes(batch) == [
            ("CREATED", "100001", "Mandate stored"),
            ("FAILED", None, f"AR item {NOBODYS} does not exist"),
            ("CREATED", "100002", "Mandate stored"),
            ("FAILED", None, "AR item  does not exist"),
        ]
        assert {item["errors"][0]["code"] for item in batch["items"] if item["result"] == "FAILED"} == {"ITEM-UNKNOWN"}
        assert kept(bank) == sorted([(FIRST, True, True), (own, True, False)])

    def test_changed_ended_and_told_again(self, bank: House) -> None:
        """UPDATED, UPDATED, UNCHANGED; in the order of the file when it tells of a KID twice."""
        imported(bank, mandates_file(("1", FIRST, "J"), ("1", SECOND, "N")), "MANDATES")
        batch = imported(bank, mandates_file(("1", FIRST, "N"), ("1", FIRST, "N"), ("2", SECOND, "N"), ("2", SECOND, "N"), number=2), "MANDATES")
        assert outcomes(batch) == [
            ("UPDATED", "100001", "Mandate stored"),
            ("UNCHANGED", "100001", "Mandate already stored"),
            ("UPDATED", "100002", "Mandate stored"),
            ("UNCHANGED", "100002", "Mandate already stored"),
        ]
        assert kept(bank) == [(FIRST, True, False), (SECOND, False, False)]

    def test_a_file_that_is_read_again_does_not_bring_back_what_ended_since(self, bank: House) -> None:
        """A file that failed in part may come again; what a later one told of a KID holds, also of one that had no mandate yet."""
        early = mandates_file(("1", FIRST, "J"), ("1", "60000999", "J"), ("1", NOBODYS, "J"))
        assert imported(bank, early, "MANDATES")["countFailed"] == 2
        bank.clock.set(bank.clock.now() + timedelta(hours=1))
        bank._tokens.clear()
        created(bank, invoice(documentNo="late", kid="60000999"))
        imported(bank, mandates_file(("2", FIRST, "J"), ("2", "60000999", "J"), number=2), "MANDATES")
        again = imported(bank, early, "MANDATES")
        assert outcomes(again)[:2] == [("UNCHANGED", "100001", "Mandate already stored")] * 2
        assert [active for _, active, _ in kept(bank)] == [False, False]
        imported(bank, mandates_file(("1", FIRST, "N"), number=3), "MANDATES")
        assert [row for row in kept(bank) if row[1]] == [(FIRST, True, False)]

    def test_in_norwegian(self, bank: House) -> None:
        """The texts are those of the reading call."""
        batch = imported(bank, mandates_file(("1", FIRST, "J")), "MANDATES")
        answer = bank.get(f"/batches/{batch['batchUuid']}", headers={"Accept-Language": "nb"}).json()
        assert answer["items"][0]["message"] == "Betalingsavtale lagret"

    def test_a_transmission_known_before(self, bank: House) -> None:
        """FILE-DUPLICATE for other bytes under its number; the same bytes are the same file."""
        first = imported(bank, mandates_file(("1", FIRST, "J")), "MANDATES")
        again = imported(bank, mandates_file(("1", FIRST, "J")), "MANDATES")
        assert again["batchUuid"] == first["batchUuid"]
        other = imported(bank, mandates_file(("1", SECOND, "J")), "MANDATES")
        assert (other["result"], other["items"][0]["errors"][0]["code"]) == ("FAILED", "FILE-DUPLICATE")
        assert kept(bank) == [(FIRST, True, True)]

    @pytest.mark.parametrize(
        ("content", "detail"),
        [
            (mandates_file(("1", FIRST, "J"), ("9", SECOND, "J")), "line 4, position 16"),
            (mandates_file(("1", FIRST, "J"))[:-81], "line 4"),
            (mandates_file(("1", FIRST, "J"), account="86011117130"), "86011117130 is not an account of this client"),
        ],
    )
    def test_a_fault_refuses_the_whole_file(self, bank: House, content: bytes, detail: str) -> None:
        """Nothing of it is kept."""
        batch = imported(bank, content, "MANDATES")
        (item,) = batch["items"]
        assert (batch["result"], item["errors"][0]["code"]) == ("FAILED", "FILE-CONTENT")
        assert detail in item["message"]
        assert kept(bank) == []

    def test_the_public_file(self, bank: House) -> None:
        """Sixteen mandates of KIDs that are nobody's here, to an account that is not the client's until it says so."""
        content = nets_files.sample("public/avtalegiro_agreements.txt")
        assert imported(bank, content, "MANDATES")["items"][0]["errors"][0]["code"] == "FILE-CONTENT"
        configure(bank, "validation.identity", "WARN")
        configure(bank, "bank.accounts", [*BANK_ACCOUNTS, {**BANK_ACCOUNTS[0], "bankAccountNo": "99991042764"}])
        batch = imported(bank, content, "MANDATES")
        assert (batch["countFailed"], batch["countSuccessful"]) == (16, 0)


class TestAmongPayments:
    def test_an_ocr_file_with_mandates_imports_both(self, bank: House) -> None:
        """In the order of the file, payments booked and mandates kept."""
        lines = nets_files.ocr_file([nets_files.payment(ore=125_000)], 125_000)
        mandates = assignment(("1", FIRST, "J"), ("1", NOBODYS, "J"))
        size = len(lines) + len(mandates)
        content = nets_files.as_bytes([*lines[:-1], *mandates, nets_files.end(3, size, 125_000)])
        batch = imported(bank, content, "OCR")
        assert outcomes(batch) == [
            ("CREATED", "100001", "Payment booked"),
            ("CREATED", "100001", "Mandate stored"),
            ("FAILED", None, f"AR item {NOBODYS} does not exist"),
        ]
        assert kept(bank) == [(FIRST, True, True)]

    def test_payments_in_a_file_of_mandates_are_named(self, bank: House) -> None:
        """Uploaded under the wrong type: nothing is booked, and the item says so."""
        content = nets_files.as_bytes(nets_files.ocr_file([nets_files.payment()], 125_000))
        batch = imported(bank, content, "MANDATES")
        (item,) = batch["items"]
        assert (item["result"], item["warnings"][0]["code"]) == ("UNCHANGED", "CODE-UNKNOWN")
        assert bank.get("/payments").json()["payments"] == []


def test_from_the_mandate_to_the_payment(bank: House) -> None:
    """The whole way: mandate in, claim out, payment of type 15 in, and nothing is left to take back."""
    configure(bank, "avtalegiro.customerUnitId", "00123456")
    imported(bank, mandates_file(("1", FIRST, "N")), "MANDATES")
    answer = bank.post("/actions", {"action": {"actionType": "AVTALEGIRO-RUN"}})
    bank.work()
    (item,) = bank.get(f"/batches/{answer.json()['batchUuid']}").json()["items"]
    assert f"{FIRST:>25}" in content_of(bank, item["fileId"]).decode("iso-8859-1")
    paid = nets_files.ocr_file([nets_files.payment(ore=125_000, kind=15)], 125_000)
    batch = imported(bank, nets_files.as_bytes(paid), "OCR")
    assert outcomes(batch) == [("CREATED", "100001", "Payment booked")]
    (payment,) = bank.get("/payments").json()["payments"]
    assert (payment["paymentMethod"], payment["status"]) == ("AVTALEGIRO", "MATCHED")
