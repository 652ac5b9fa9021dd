"""What the tests of auto postings and reservations share: calls, and ways to look at what came of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.api.support import ledger_rows
from tests.house import House, exact_json

BANK_ACCOUNTS = [
    {"bankAccountNo": "12345678903", "currency": "NOK", "glAccount": "1920", "source": "OCR"},
    {"bankAccountNo": "86011117947", "currency": "NOK", "glAccount": "1920", "source": "CAMT054"},
    {"bankAccountNo": "05405010005", "currency": "EUR", "glAccount": "1920", "source": "CAMT054"},
]


def post(house: House, method: str, *postings: dict[str, Any], **options: Any) -> Any:
    """The answer to a call with auto postings."""
    return house.post(f"/autopostings/{method}", {"autoPostings": list(postings)}, **options)


def booked(house: House, method: str, *postings: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    """The results of postings that must be booked, numbers exact."""
    answer = post(house, method, *postings, **options)
    assert answer.status_code == 200, answer.text
    return exact_json(answer)["autoPostings"]  # type: ignore[no-any-return]


def refused(house: House, method: str, *postings: dict[str, Any]) -> list[tuple[str, str]]:
    """(code, pointer below the posting) of the errors of a call that must be refused; it leaves no row behind."""
    before = ledger_rows(house)
    answer = post(house, method, *postings)
    assert (answer.status_code, answer.json()["code"]) == (422, "POSTINGS-REJECTED"), answer.text
    assert ledger_rows(house) == before
    found: list[tuple[str, str]] = []
    for result in answer.json()["autoPostings"]:
        root = f"/autoPostings/{result['index']}"
        found += [(error["code"], error.get("pointer", "").removeprefix(root)) for error in result.get("errors", ())]
    return found


def items(house: House, kind: str | None = None, customer_no: str | None = None) -> list[dict[str, Any]]:
    """AR items in the order they were made: type, kind of claim, customer, amounts and dates."""
    names = "arItemType claimKind customerNo original open baseOriginal baseOpen dueDate itemDate glDate reversal documentNo kid".split()
    rows = house.rows(
        "select a.ar_item_type, a.claim_kind, c.customer_no, a.original_amount, a.open_amount, a.base_original_amount, a.base_open_amount,"
        " a.due_date::text, a.item_date::text, a.gl_date::text, a.reversal, a.document_no, a.kid from ar_item a"
        " join customer c on c.client_no = a.client_no and c.account_no = a.account_no"
        " where a.client_no = %s order by a.gl_year, a.transaction_no, a.original_amount desc, a.ar_item_id",
        house.client_no,
    )
    found = [dict(zip(names, row, strict=True)) for row in rows]
    return [item for item in found if kind in (None, item["arItemType"]) and customer_no in (None, item["customerNo"])]


def open_amounts(house: House, kind: str | None = None, customer_no: str | None = None) -> list[Decimal]:
    """What is open of AR items, in the order they were made."""
    return [item["open"] for item in items(house, kind, customer_no)]


def lines(house: House, result: dict[str, Any]) -> list[tuple[str, Decimal, str | None]]:
    """(account, base amount with debit positive, VAT code) of the GL lines of a booked posting, in their order."""
    return house.rows(
        "select gl_account, amount, vat_code from gl_item where client_no = %s and gl_year = %s and transaction_no = %s order by line_no",
        house.client_no,
        result["glYear"],
        result["transactionNo"],
    )


def head(house: House, result: dict[str, Any]) -> dict[str, Any]:
    """What the lines of a booked posting have in common."""
    names = "journal glDate documentDate currency rate text createdBy reverses".split()
    rows = house.rows(
        "select distinct journal, gl_date::text, document_date::text, currency, exchange_rate, line_text, created_by, reverses_transaction_no"
        " from gl_item where client_no = %s and gl_year = %s and transaction_no = %s",
        house.client_no,
        result["glYear"],
        result["transactionNo"],
    )
    assert len(rows) == 1
    return dict(zip(names, rows[0], strict=True))


def matches(house: House) -> list[tuple[str, str, list[Decimal]]]:
    """(source, status, amounts of the lines) of all matches, oldest first."""
    rows = house.rows(
        "select m.source, m.status, array_agg(l.amount order by l.line_no) from match m"
        " join match_line l on l.client_no = m.client_no and l.match_id = m.match_id where m.client_no = %s"
        " group by m.match_id, m.source, m.status order by m.match_id",
        house.client_no,
    )
    return [(source, status, list(amounts)) for source, status, amounts in rows]


def payments(house: House) -> list[dict[str, Any]]:
    """The payments that are kept beside their items."""
    names = "amount currency paymentDate method bankAccountNo bankReference kid exception reversed placed".split()
    rows = house.rows(
        "select amount, currency, payment_date::text, payment_method, bank_account_no, bank_reference, kid, exception_code, reversed,"
        " ar_item_id is not null from payment where client_no = %s order by gl_year, transaction_no",
        house.client_no,
    )
    return [dict(zip(names, row, strict=True)) for row in rows]
