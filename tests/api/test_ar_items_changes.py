"""PUT aritems: which item is meant, what can be changed of it, and credit notes for what is behind it."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests.api.postings import booked
from tests.api.support import (
    amounts,
    change_books,
    close_periods,
    codes,
    configure,
    created,
    credit_note,
    exchange_rate,
    invoice,
    ledger_rows,
    line,
    payment,
    posting,
    shown,
)
from tests.house import House, exact_json
from tests.shared_data import shared_path


def put(house: House, **ar_item: Any) -> Any:
    """The answer to a change."""
    return house.put("/aritems", {"metadata": {"userId": "anne"}, "arItem": ar_item})


def changed(house: House, **ar_item: Any) -> dict[str, Any]:
    """The result of a change that must succeed, numbers exact."""
    answer = put(house, **ar_item)
    assert answer.status_code == 200, answer.text
    return exact_json(answer)  # type: ignore[no-any-return]


def refused(house: House, **ar_item: Any) -> list[tuple[str, str]]:
    """(code, pointer without /arItem) of the errors of a change that must be refused; it leaves no row behind and changes none."""
    before = ledger_rows(house), states(house)
    answer = put(house, **ar_item)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION-FAILED"), answer.text
    assert (ledger_rows(house), states(house)) == before
    return [(code, pointer.removeprefix("/arItem")) for code, pointer in codes(answer.json()["errors"])]


def states(house: House) -> list[tuple[Any, ...]]:
    """What can change of the items."""
    return house.rows(
        "select ar_item_id, open_amount, credited_amount, due_date, details, changed_at from ar_item where client_no = %s", house.client_no
    )


def item(house: House, document_no: str) -> dict[str, Any]:
    """The one item that bears a document number, numbers exact."""
    (found,) = exact_json(house.get(f"/aritems?documentno={document_no}"))["arItems"]
    return found  # type: ignore[no-any-return]


class TestNaming:
    def test_by_each_key(self, books: House) -> None:
        """arItemId, documentUuid, documentNo and referenceNo without case, kid with blanks: alone and all together."""
        made = created(books, invoice(documentNo="In1", referenceNo="Ref 1", kid="0010017"))
        keys = {
            "arItemId": made["arItemId"],
            "documentUuid": made["documentUuid"],
            "documentNo": "iN1",
            "referenceNo": "REF 1",
            "kid": "00 100 17",
        }
        for number, key in enumerate((*({name: value} for name, value in keys.items()), keys)):
            result = changed(books, ledgerNote=f"note {number}", **key)
            assert result == {
                "status": "PROCESSED",
                "result": "UPDATED",
                "message": "AR item updated",
                "clientNo": books.client_no,
                "accountNo": made["accountNo"],
                "customerNo": "100001",
                "documentNo": "In1",
                "documentUuid": made["documentUuid"],
                "arItemId": made["arItemId"],
            }
            assert item(books, "In1")["ledgerNote"] == f"note {number}"

    @pytest.mark.parametrize("document", [invoice(documentNo="1", kid="0010017", sellerReference="S"), payment(100, documentNo="P1")])
    def test_item_is_sent_back_as_it_was_read(self, books: House, document: dict[str, Any]) -> None:
        """What cannot be changed is passed over, and what is as it was is no change."""
        made = created(books, document)
        read = books.get(f"/aritems/{made['arItemId']}?expand=matches,reservations,document,glitems").json()
        before = states(books)
        assert changed(books, **read)["result"] == "UNCHANGED"
        assert changed(books, **(read | {"ledgerNote": "seen", "openAmount": 0, "status": "CLOSED"}))["result"] == "UPDATED"
        after = books.get(f"/aritems/{made['arItemId']}").json()
        assert after == {key: read[key] for key in after} | {"ledgerNote": "seen", "changedAt": after["changedAt"]}
        assert before != states(books)

    @pytest.mark.parametrize(
        "key",
        [
            {"arItemId": "AaELSpbkfeSc8k8SdjxPTA"},
            {"documentUuid": "AaELSpbkfeSc8k8SdjxPTA"},
            {"documentNo": "ZZ"},
            {"referenceNo": "ZZ"},
            {"kid": "0010025"},
            {"documentNo": "1", "kid": "0010025"},
        ],
    )
    def test_unknown(self, books: House, key: dict[str, str]) -> None:
        """404: the call acts upon it, whatever else is wrong with the request."""
        created(books, invoice(documentNo="1", kid="0010017"))
        answer = put(books, dueDate="yesterday", **key)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND")

    def test_none_named(self, books: House) -> None:
        """At least one of the keys is needed; an empty text names nothing."""
        assert refused(books, ledgerNote="x", documentNo="") == [("TARGET-MISSING", "")]
        answer = put(books, ledgerNote="x")
        assert answer.json()["errors"] == [
            {
                "field": "arItem",
                "message": "One of arItemId, documentUuid, documentNo, referenceNo, kid is required",
                "code": "TARGET-MISSING",
                "pointer": "/arItem",
            }
        ]

    def test_keys_that_mean_different_items(self, books: House) -> None:
        """All keys sent must mean the same item."""
        created(books, invoice(documentNo="1", kid="0010017"))
        created(books, invoice(documentNo="2", kid="0010025"))
        assert refused(books, ledgerNote="x", documentNo="1", kid="0010025") == [("TARGET-CONFLICT", "/documentNo")]

    def test_a_kid_means_the_open_item(self, books: House) -> None:
        """Of two items with one KID the open one; with two open ones, or none open and two closed, nobody can tell."""
        created(books, invoice(documentNo="1", kid="0010017"))
        created(books, payment(1250, kid="0010017"))
        created(books, invoice(documentNo="2", kid="0010017"))
        assert changed(books, kid="0010017", ledgerNote="x")["documentNo"] == "2"
        created(books, invoice(documentNo="3", kid="0010017"))
        assert refused(books, kid="0010017", ledgerNote="x") == [("TARGET-CONFLICT", "/kid")]
        assert changed(books, kid="0010017", documentNo="3", ledgerNote="x")["documentNo"] == "3"
        created(books, payment(2500, kid="0010017"))
        assert refused(books, kid="0010017", ledgerNote="x") == [("TARGET-CONFLICT", "/kid")]


class TestDetails:
    def test_all_of_them(self, books: House) -> None:
        """Every detail is stored and shown, the rest of the item stays as it was, and the log tells what changed."""
        created(books, invoice(documentNo="1", dueDate="2026-10-19"))
        before = item(books, "1")
        sent = {
            "dueDate": "2026-12-01",
            "stopReminderUntil": "2026-12-10",
            "stopDebtCollectionUntil": "2026-12-11",
            "stopInterestCalcUntil": "2026-12-12",
            "disputed": True,
            "disputeReason": "Varene kom ikke",
            "ledgerNote": "ring\nigjen",
            "subCustomerNo": "north",
            "sellerReference": "S1",
            "buyerReference": "B1",
        }
        books.clock.advance(seconds=1)
        assert changed(books, documentNo="1", **sent)["result"] == "UPDATED"
        after = item(books, "1")
        assert {name: after[name] for name in sent} == sent
        assert {name for name in after if after[name] != before[name]} == {*sent, "changedAt"}
        (entry,) = books.get(f"/logitems?event=AR-ITEM-UPDATED&aritemid={before['arItemId']}&expand=changes").json()["logItems"]
        assert {change["field"]: (change["oldValue"], change["newValue"]) for change in entry["changes"]} == {
            name: (before[name], value) for name, value in sent.items()
        }
        assert (entry["userId"], entry["documentNo"], entry["customerNo"]) == ("anne", "1", "100001")

    def test_unchanged(self, books: House) -> None:
        """What is sent as it is already changes nothing, not even changedAt, and is not logged."""
        created(books, invoice(documentNo="1", dueDate="2026-10-19", sellerReference="S1"))
        before = states(books)
        books.clock.advance(seconds=1)
        result = changed(books, documentNo="1", dueDate="2026-10-19", disputed=False, sellerReference="S1", ledgerNote="", stopReminderUntil="")
        assert (result["result"], result["message"]) == ("UNCHANGED", "AR item unchanged")
        assert changed(books, documentNo="1")["result"] == "UNCHANGED"
        assert states(books) == before
        assert books.get("/logitems?event=AR-ITEM-UPDATED").json()["logItems"] == []

    def test_cleared(self, books: House) -> None:
        """An empty text takes a detail away, also one that came from the document; null leaves it."""
        created(books, invoice(documentNo="1", sellerReference="S1", buyerReference="B1"))
        changed(books, documentNo="1", stopReminderUntil="2026-12-10", disputed=True, disputeReason="x", buyerReference="B2", subCustomerNo="n")
        changed(books, documentNo="1", stopReminderUntil=None, disputed=None)
        assert item(books, "1")["disputed"] is True
        cleared = {"stopReminderUntil": "", "disputed": "", "disputeReason": "", "sellerReference": "", "buyerReference": "", "subCustomerNo": ""}
        assert changed(books, documentNo="1", **cleared)["result"] == "UPDATED"
        after = item(books, "1")
        assert [after[name] for name in cleared] == [None, False, None, None, None, None]
        assert shown(books, "1")["sellerReference"] == "S1"
        assert changed(books, documentNo="1", **cleared)["result"] == "UNCHANGED"

    def test_the_due_date_only_gets_later(self, books: House) -> None:
        """An earlier one is DATE-ORDER, an empty one REQUIRED; a later one holds for the list."""
        created(books, invoice(documentNo="1", dueDate="2026-10-19"))
        answer = put(books, documentNo="1", dueDate="2026-10-18")
        assert answer.json()["errors"] == [
            {
                "field": "dueDate",
                "message": "dueDate must not be before 2026-10-19",
                "code": "DATE-ORDER",
                "pointer": "/arItem/dueDate",
            }
        ]
        assert refused(books, documentNo="1", dueDate="") == [("REQUIRED", "/dueDate")]
        changed(books, documentNo="1", dueDate="2026-12-01")
        assert books.get("/aritems?overdue=true").json()["arItems"] == []

    def test_a_dispute_has_a_reason(self, books: House) -> None:
        """true without a reason, sent or stored, is REQUIRED; so is taking the reason of a dispute away."""
        created(books, invoice(documentNo="1"))
        assert refused(books, documentNo="1", disputed=True) == [("REQUIRED", "/disputeReason")]
        changed(books, documentNo="1", disputeReason="x")
        changed(books, documentNo="1", disputed=True)
        assert refused(books, documentNo="1", disputeReason="") == [("REQUIRED", "/disputeReason")]
        changed(books, documentNo="1", disputed=False)
        changed(books, documentNo="1", disputeReason="")

    @pytest.mark.parametrize(
        ("sent", "expected"),
        [
            ({"stopReminderUntil": "2026-02-30"}, [("FORMAT", "/stopReminderUntil")]),
            ({"disputed": "yes"}, [("TYPE", "/disputed")]),
            ({"ledgerNote": "x" * 501, "sellerReference": "x" * 36}, [("LENGTH", "/ledgerNote"), ("LENGTH", "/sellerReference")]),
            ({"subCustomerNo": "a\x00b"}, [("CHARACTER", "/subCustomerNo")]),
            ({"remainderLevel": 3, "dueDate": "2026-10-01"}, [("DATE-ORDER", "/dueDate"), ("UNKNOWN-FIELD", "/remainderLevel")]),
            ({"creditNote": "all"}, [("TYPE", "/creditNote")]),
        ],
    )
    def test_what_is_wrong(self, books: House, sent: dict[str, Any], expected: list[tuple[str, str]]) -> None:
        """All findings at once, in the order of the fields; unknown keys last."""
        created(books, invoice(documentNo="1", dueDate="2026-10-19"))
        assert refused(books, documentNo="1", **sent) == expected

    @pytest.mark.parametrize("status", ["HANDED-OVER", "IN-COLLECTION"])
    def test_a_claim_in_collection_keeps_its_due_date(self, books: House, status: str) -> None:
        """A later due date is refused on the item and on the fee that belongs to it; other details and credit notes go on."""
        created(books, invoice(documentNo="1", dueDate="2026-10-19"))
        booked(books, "fee", {"documentNo": "1", "feeCode": "OTHER", "amount": 38})
        with books.database.transaction(books.client_no) as transaction:
            transaction.execute(
                "update ar_item set details = jsonb_build_object('collectionStatus', %s::text) where client_no = %s and document_no = '1'",
                (status, books.client_no),
            )
        fee_id = exact_json(books.get("/aritems?aritemtype=FE"))["arItems"][0]["arItemId"]
        answer = put(books, documentNo="1", dueDate="2026-12-01")
        assert answer.json()["errors"] == [
            {"field": "documentNo", "message": f"Not possible in status {status}", "code": "STATE-CONFLICT", "pointer": "/arItem/documentNo"}
        ]
        assert refused(books, arItemId=fee_id, dueDate="2026-12-01") == [("STATE-CONFLICT", "/arItemId")]
        assert changed(books, documentNo="1", ledgerNote="x", creditNote={"inclVat": 125, "reason": "r"})["result"] == "CREATED"

    def test_amounts_cannot_be_changed_by_the_serving_role(self, books: House) -> None:
        """What is booked is out of reach of raw SQL under the role that serves; so are matches' amounts and dates."""
        created(books, invoice(documentNo="1", kid="0010017"))
        created(books, payment(100, kid="0010017"))
        statements = (
            "update ar_item set original_amount = 1",
            "update ar_item set base_original_amount = 1",
            "update ar_item set gl_date = '2026-01-01'",
            "update ar_item set account_no = 1",
            "delete from ar_item",
            "update match set match_date = '2026-01-01'",
            "update match_line set amount = 1",
            "delete from match_line",
            "update payment set amount = 1",
            "update gl_item set amount = 1",
        )
        for statement in statements:
            with pytest.raises(psycopg.errors.InsufficientPrivilege), books.database.transaction(books.client_no) as transaction:
                transaction.execute(statement.encode())

    def test_parallel_changes_each_stand(self, books: House) -> None:
        """Changes of different fields at the same time all hold, whichever set they are committed in."""
        created(books, invoice(documentNo="1"))
        texts = {"ledgerNote": "a", "subCustomerNo": "b", "sellerReference": "c", "buyerReference": "d", "stopReminderUntil": "2026-12-01"}
        with ThreadPoolExecutor(5) as threads:
            results = list(threads.map(lambda entry: put(books, documentNo="1", **{entry[0]: entry[1]}).json()["result"], texts.items()))
        assert results == ["UPDATED"] * 5
        after = item(books, "1")
        assert {name: after[name] for name in texts} == texts


def credited(house: House, document_no: str, **credit_note: Any) -> dict[str, Any]:
    """The result of a credit note that must be made."""
    result = changed(house, documentNo=document_no, creditNote={"reason": "Returned goods", **credit_note})
    assert (result["result"], result["message"]) == ("CREATED", "Credit note created"), result
    return result


class TestCreditNote:
    def test_the_example_of_the_description(self, books: House) -> None:
        """500 of an invoice: the answer names the credit note, which carries the reason; the invoice is lower by it."""
        created(books, invoice(documentNo="26001003", customerNo="100002"))
        note = {"documentNo": "26009001", "documentDate": "2026-11-20", "inclVat": 500}
        result = credited(books, "26001003", **note)
        document = shown(books, "26009001", "aritem")
        assert result == {
            "status": "PROCESSED",
            "result": "CREATED",
            "message": "Credit note created",
            "clientNo": books.client_no,
            "accountNo": document["accountNo"],
            "customerNo": "100002",
            "documentNo": "26009001",
            "documentUuid": document["documentUuid"],
            "arItemId": document["arItemId"],
        }
        assert document["documentType"] == "CN"
        assert document["documentDate"] == "2026-11-20"
        assert document["customerMessage"] == "Returned goods"
        assert document["currencyAmounts"] == {"exclVat": 400, "vat": 100, "inclVat": 500}
        assert document["createdBy"] == "anne"
        assert posting(books, "26009001") == [("1500", -500, None), ("3000", 400, "3"), ("2700", 100, "3")]
        credited_item = item(books, "26001003")
        assert (credited_item["openAmount"], credited_item["creditedAmount"], credited_item["status"]) == (750, 500, "PARTIAL")

    def test_everything_by_default(self, books: House) -> None:
        """Without amounts all that is not yet credited, on the accounts as credited; today, under the next number; nothing is left then."""
        lines = [line(1, 600, 150), line(2, 400, 60)]
        created(books, invoice(documentNo="1", currencyAmounts=amounts(1000, 210), documentLines=lines))
        result = credited(books, "1", ledgerNote="never printed")
        document = shown(books, result["documentNo"])
        assert result["documentNo"] == "C26-000001"
        assert (document["documentDate"], document["ledgerNote"]) == ("2026-11-25", "never printed")
        assert document["currencyAmounts"] == {"exclVat": 1000, "vat": 210, "inclVat": 1210}
        assert "warnings" not in result
        assert books.balances() == {}
        assert refused(books, documentNo="1", creditNote={"reason": "again"}) == [("STATE-CONFLICT", "/documentNo")]
        assert refused(books, documentNo="1", creditNote={"inclVat": 1, "reason": "again"}) == [("AMOUNT-EXCEEDED", "/creditNote/inclVat")]

    def test_piece_by_piece_ends_at_nothing(self, books: House) -> None:
        """The pieces are an øre more or less than the whole; the rest takes what is left on every account (a stranger's case)."""
        (case,) = [case for case in json.loads(shared_path("domain/strangers.json").read_text())["cases"] if case["id"] == "str-024"]
        results = []
        for step in case["input"]["steps"]:
            method, path = step["call"].split()
            for _ in range(step.get("repeat", 1)):
                results.append(books.call(method, path, step["body"]))
        expected = case["expected"]
        assert [answer.status_code for answer in results] == [201, 200, 200, 200, 200, 422]
        assert [error["code"] for error in results[-1].json()["errors"]] == ["AMOUNT-EXCEEDED"]
        notes = [shown(books, answer.json()["documentNo"])["currencyAmounts"] for answer in results[1:5]]
        assert notes == [{name: Decimal(str(value)) for name, value in note.items()} for note in expected["credit_notes"]]
        credited_item = item(books, "26001")
        assert (credited_item["openAmount"], credited_item["creditedAmount"]) == (0, Decimal("124.99"))
        assert books.balances() == {}

    def test_pieces_over_several_accounts_end_at_nothing(self, books: House) -> None:
        """Three rates and a rounding: whatever the pieces took of each account, the last one leaves nothing on any."""
        lines = [line(1, "33.33", "8.33"), line(2, "66.67", "10"), line(3, "10.01", "1.20"), line(4, "5", 0)]
        created(books, invoice(documentNo="1", currencyAmounts=amounts("115.02", "19.53", "134.55"), documentLines=lines))
        for piece in (10, Decimal("33.33"), Decimal("0.01"), Decimal("0.02"), 40):
            credited(books, "1", inclVat=piece)
        credited(books, "1", documentLines=[line(1, 10, "2.50")])
        credited(books, "1", currencyAmounts=amounts(1, 0))
        result = credited(books, "1")
        assert "warnings" not in result
        assert books.balances() == {}
        assert item(books, "1")["vatOpenAmount"] == 0

    def test_vat_never_runs_out_before_the_rest(self, books: House) -> None:
        """Many small pieces whose VAT share always rounds the same way: their VAT stays within what is left, on both sides."""
        created(books, invoice(documentNo="1", currencyAmounts=amounts("0.80", "0.20")))
        for _ in range(16):
            credited(books, "1", inclVat=Decimal("0.03"))
        left = credited(books, "1")
        assert shown(books, left["documentNo"])["currencyAmounts"]["inclVat"] == Decimal("0.52")
        assert books.balances() == {}

    def test_pieces_in_one_set(self, books: House) -> None:
        """Calls at the same time that are committed together credit as if one came after the other."""
        created(books, invoice(documentNo="1", currencyAmounts=amounts("99.99", 25)))
        with ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(put, books, documentNo="1", creditNote={"inclVat": Decimal("41.66"), "reason": "r"}) for _ in range(4)]
        answers = [call.result() for call in asked]
        assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 422]
        credited(books, "1")
        assert books.balances() == {}

    def test_currency_amounts_and_lines(self, books: House) -> None:
        """Amounts as sent; lines alone are summed and posted with their own codes."""
        created(books, invoice(documentNo="1"))
        credited(books, "1", documentNo="N1", currencyAmounts=amounts(100, 25))
        credited(
            books,
            "1",
            documentNo="N2",
            documentLines=[line(1, 100, 25), line(2, 50, 0, vatCode="5"), {"lineNo": 3, "lineType": "TXT", "lineText": "t"}],
        )
        credited(books, "1", documentNo="N3", documentLines=[line(1, 80, 20)], inclVat=100)
        assert [shown(books, number)["currencyAmounts"]["inclVat"] for number in ("N1", "N2", "N3")] == [125, 175, 100]
        assert shown(books, "N2")["documentLines"][1]["vatCode"] == "5"

    def test_amounts_that_do_not_agree(self, books: House) -> None:
        """inclVat beside amounts or lines must be their inclVat; amounts must add up in themselves and with the lines."""
        created(books, invoice(documentNo="1"))
        for note, expected in (
            ({"inclVat": 100, "currencyAmounts": amounts(100, 25)}, [("TOTAL-SUM", "/creditNote/inclVat")]),
            ({"inclVat": 100, "documentLines": [line(1, 100, 25)]}, [("TOTAL-SUM", "/creditNote/inclVat")]),
            ({"currencyAmounts": amounts(100, 25, 130)}, [("TOTAL-SUM", "/creditNote/currencyAmounts/inclVat")]),
            (
                {"currencyAmounts": amounts(100, 25), "documentLines": [line(1, 50, "12.50")]},
                [("TOTAL-SUM", "/creditNote/currencyAmounts/exclVat"), ("TOTAL-SUM", "/creditNote/currencyAmounts/inclVat")],
            ),
            ({"currencyAmounts": amounts(900, 260)}, [("AMOUNT-EXCEEDED", "/creditNote/currencyAmounts/vat")]),
            ({"inclVat": 1251}, [("AMOUNT-EXCEEDED", "/creditNote/inclVat")]),
            ({"documentLines": [line(1, 2000, 500)]}, [("AMOUNT-EXCEEDED", "/creditNote/documentLines")] * 2),
            ({"inclVat": 0}, [("RANGE", "/creditNote/inclVat")]),
            ({"inclVat": -5}, [("RANGE", "/creditNote/inclVat")]),
            ({"inclVat": Decimal("1.001")}, [("PRECISION", "/creditNote/inclVat")]),
            (
                {"currencyAmounts": {"exclVat": 1}},
                [("REQUIRED", "/creditNote/currencyAmounts/vat"), ("REQUIRED", "/creditNote/currencyAmounts/inclVat")],
            ),
        ):
            assert refused(books, documentNo="1", creditNote={"reason": "r", **note}) == expected, note

    def test_what_is_wrong_with_the_rest(self, books: House) -> None:
        """Findings of the credit note and of the details come together, those of the credit note at their places in the request."""
        created(books, invoice(documentNo="1", dueDate="2026-10-19"))
        created(books, invoice(documentNo="2"))
        note = {"documentNo": "2", "documentDate": "2026-10-04", "inclVat": 2000, "colour": "red"}
        assert refused(books, documentNo="1", dueDate="2026-10-01", creditNote=note) == [
            ("DATE-ORDER", "/dueDate"),
            ("REQUIRED", "/creditNote/reason"),
            ("NOT-UNIQUE", "/creditNote/documentNo"),
            ("DATE-ORDER", "/creditNote/documentDate"),
            ("AMOUNT-EXCEEDED", "/creditNote/inclVat"),
            ("UNKNOWN-FIELD", "/creditNote/colour"),
        ]

    def test_the_series_decides_about_numbers(self, books: House) -> None:
        """SYSTEM refuses a number, CLIENT asks for one; one that was refused already is not asked for again."""
        created(books, invoice(documentNo="1"))
        series = {"prefix": "C{yy}-", "next": 1, "length": 6}
        configure(books, "series.cn", {"mode": "SYSTEM", **series})
        assert refused(books, documentNo="1", creditNote={"reason": "r", "documentNo": "N"}) == [("SYSTEM-GIVEN", "/creditNote/documentNo")]
        configure(books, "series.cn", {"mode": "CLIENT", **series})
        assert refused(books, documentNo="1", creditNote={"reason": "r"}) == [("REQUIRED", "/creditNote/documentNo")]
        assert refused(books, documentNo="1", creditNote={"reason": "r", "documentNo": "x" * 36}) == [("LENGTH", "/creditNote/documentNo")]

    def test_what_cannot_be_credited(self, books: House) -> None:
        """Only invoices and interest notes: not payments, reminders, credit notes, fees."""
        created(books, invoice(documentNo="1"))
        created(books, invoice(documentNo="T", documentType="IT", currencyAmounts=amounts(100, 0), referenceDocumentNo="1"))
        created(books, invoice(documentNo="R", documentType="RM", currencyAmounts=amounts(38, 0), referenceDocumentNo="1"))
        created(books, payment(10, documentNo="P"))
        created(books, credit_note("1", 10, 0, documentNo="C"))
        for number in ("R", "P", "C"):
            assert refused(books, documentNo=number, creditNote={"reason": "r"}) == [("STATE-CONFLICT", "/documentNo")]
        booked(books, "fee", {"documentNo": "1", "feeCode": "OTHER", "amount": 38})
        fee_id = books.get("/aritems?aritemtype=FE").json()["arItems"][0]["arItemId"]
        answer = put(books, arItemId=fee_id, creditNote={"reason": "r"})
        assert [error["message"] for error in answer.json()["errors"]] == ["Not possible in status FE"]
        credited(books, "T")
        assert item(books, "T")["status"] == "CLOSED"

    def test_a_paid_invoice_leaves_credit(self, books: House) -> None:
        """The credit note is matched up to what is open of the invoice, the rest of it stays open."""
        created(books, invoice(documentNo="1", kid="0010017"))
        created(books, payment(500, kid="0010017"))
        result = credited(books, "1")
        assert item(books, "1")["status"] == "CLOSED"
        assert item(books, result["documentNo"])["openAmount"] == -500

    def test_details_and_credit_note_in_one_commit(self, books: House) -> None:
        """Both happen, or with a fault in either neither does; the answer names the credit note."""
        created(books, invoice(documentNo="1"))
        note = {"inclVat": 125, "reason": "r"}
        refused(books, documentNo="1", ledgerNote="x", creditNote={**note, "inclVat": 9999})
        refused(books, documentNo="1", dueDate="2026-01-01", creditNote=note)
        result = changed(books, documentNo="1", ledgerNote="x", creditNote=note)
        assert (result["result"], result["documentNo"]) == ("CREATED", "C26-000001")
        assert (item(books, "1")["ledgerNote"], item(books, "1")["creditedAmount"]) == ("x", 125)

    def test_the_same_number_again(self, books: House) -> None:
        """A credit note that was made before with the same content is unchanged; with other content its number is in use."""
        created(books, invoice(documentNo="1"))
        note = {"documentNo": "N", "documentDate": "2026-11-01", "inclVat": 125}
        credited(books, "1", **note)
        again = changed(books, documentNo="1", creditNote={"reason": "Returned goods", **note})
        assert (again["result"], again["documentNo"]) == ("UNCHANGED", "N")
        assert refused(books, documentNo="1", creditNote={"reason": "Returned goods", **note, "inclVat": 100}) == [
            ("NOT-UNIQUE", "/creditNote/documentNo")
        ]

    def test_an_idempotency_key(self, books: House) -> None:
        """The answer is repeated byte for byte, the credit note is made once."""
        created(books, invoice(documentNo="1"))
        body = json.dumps({"arItem": {"documentNo": "1", "creditNote": {"inclVat": 125, "reason": "r"}}}).encode()
        answers = [books.call("PUT", "/aritems", content=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
        assert answers[0].content == answers[1].content
        assert answers[1].headers["Idempotency-Replayed"] == "true"
        assert item(books, "1")["creditedAmount"] == 125

    def test_a_closed_period(self, books: House) -> None:
        """The credit note goes to the first open day with a warning, or is refused when the client says so."""
        created(books, invoice(documentNo="1"))
        close_periods(books, "2026-10-31")
        result = credited(books, "1", documentNo="N", documentDate="2026-10-20", inclVat=125)
        assert [(warning["code"], warning["field"], warning["pointer"]) for warning in result["warnings"]] == [
            ("PERIOD-CLOSED", "glDate", "/arItem/creditNote/documentDate")
        ]
        assert shown(books, "N")["glDate"] == "2026-11-01"
        configure(books, "document.closedPeriod", "ERROR")
        note = {"documentDate": "2026-10-20", "inclVat": 125, "reason": "r"}
        assert refused(books, documentNo="1", creditNote=note) == [("PERIOD-CLOSED", "/creditNote/documentDate")]

    def test_an_account_that_is_no_longer_active(self, books: House) -> None:
        """Credited is on the accounts as posted; one that cannot be posted to refuses the credit note."""
        created(books, invoice(documentNo="1"))
        change_books(books, "update gl_account set active = false where gl_account = '3000'")
        answer = put(books, documentNo="1", creditNote={"reason": "r"})
        assert [(error["code"], error["field"], error["pointer"]) for error in answer.json()["errors"]] == [
            ("ACCOUNT-UNKNOWN", "creditNote", "/arItem/creditNote")
        ]

    def test_strict_vat_takes_the_rest_all_the_same(self, books: House) -> None:
        """With validation.vat ERROR a rest of an øre of VAT fits no rate, and need not: it is posted as the original was."""
        configure(books, "validation.vat", "ERROR")
        created(books, invoice(documentNo="1", currencyAmounts=amounts("99.99", 25)))
        for _ in range(3):
            credited(books, "1", inclVat=Decimal("41.66"))
        credited(books, "1")
        assert books.balances() == {}

    def test_foreign_currency_at_the_rate_of_the_original(self, books: House) -> None:
        """The rate of the day does not matter: what is credited in full leaves nothing, in base currency either."""
        exchange_rate(books, "EUR", "12.8")
        euro = {"currency": "EUR", "exchangeRate": Decimal("11.5123"), "currencyAmounts": amounts("99.99", 25)}
        created(books, invoice(documentNo="1", **euro))
        credited(books, "1", documentNo="N")
        assert shown(books, "N")["exchangeRate"] == Decimal("11.5123")
        assert books.balances() == {}

    def test_half_away_from_zero_on_both_sides(self, books: House) -> None:
        """An invoice and its credit note round the half unit of base currency alike (a stranger's case)."""
        (case,) = [case for case in json.loads(shared_path("domain/strangers.json").read_text())["cases"] if case["id"] == "str-020"]
        for step in case["input"]["steps"]:
            method, path = step["call"].split()
            assert books.call(method, path, step["body"]).status_code == 201
        for expected in case["expected"]["items"]:
            found = item(books, expected["documentNo"])
            assert {name: found[name] for name in expected} == {
                name: Decimal(str(value)) if isinstance(value, float) else value for name, value in expected.items()
            }


def test_a_client_that_is_not_active(books: House) -> None:
    """409 for a change of a known item, but 404 for an unknown one, which is said first."""
    created(books, invoice(documentNo="1"))
    change_books(books, "update client set status = 'SUSPENDED' where client_no = current_client_no()")
    answers = [put(books, documentNo="1", ledgerNote="x"), put(books, documentNo="2", ledgerNote="x"), put(books, ledgerNote="x")]
    assert [answer.json()["code"] for answer in answers] == ["CLIENT-NOT-ACTIVE", "NOT-FOUND", "CLIENT-NOT-ACTIVE"]
