"""What the tests of the API share: documents to send, books to set up, and ways to look at what came of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.json import Jsonb

from reskontro.ledger.books import raise_version
from reskontro.ledger.verify import verify_client
from tests.house import House, exact_json


def amounts(excl_vat: Any, vat: Any, incl_vat: Any = None) -> dict[str, Any]:
    """Three amounts; the sum unless another one is given. Texts become exact numbers."""
    excl, tax = Decimal(str(excl_vat)), Decimal(str(vat))
    return {"exclVat": excl, "vat": tax, "inclVat": excl + tax if incl_vat is None else Decimal(str(incl_vat))}


def line(number: int, excl_vat: Any, vat: Any = 0, incl_vat: Any = None, *, kind: str = "PLH", **values: Any) -> dict[str, Any]:
    """A document line with amounts."""
    return {"lineNo": number, "lineType": kind, "currencyAmounts": amounts(excl_vat, vat, incl_vat), **values}


def invoice(**values: Any) -> dict[str, Any]:
    """An invoice of 1000 + 250 to customer 100001 unless told otherwise; None leaves a key out."""
    usual = {"documentType": "IN", "customerNo": "100001", "documentDate": "2026-10-05", "currencyAmounts": amounts(1000, 250)}
    return {key: value for key, value in (usual | values).items() if value is not None}


def credit_note(of: str, excl_vat: Any, vat: Any, **values: Any) -> dict[str, Any]:
    """A credit note of 20 October."""
    return invoice(documentType="CN", referenceDocumentNo=of, documentDate="2026-10-20", currencyAmounts=amounts(excl_vat, vat)) | values


def payment(amount: Any, **values: Any) -> dict[str, Any]:
    """A payment of 1 November."""
    return invoice(documentType="PY", documentDate="2026-11-01", currencyAmounts=amounts(amount, 0)) | values


def send(house: House, document: dict[str, Any], **options: Any) -> Any:
    """The answer to one document."""
    return house.post("/documents", {"document": document}, **options)


def created(house: House, document: dict[str, Any]) -> dict[str, Any]:
    """The result of a document that must be created."""
    answer = send(house, document)
    assert answer.status_code == 201, answer.text
    return answer.json()


def found(house: House, document: dict[str, Any]) -> list[tuple[str, str]]:
    """(code, pointer without /document) of the errors of a document that must be refused; it leaves no row behind."""
    before = ledger_rows(house)
    answer = send(house, document)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION-FAILED"), answer.text
    assert ledger_rows(house) == before
    return codes(answer.json()["errors"])


def warned(house: House, document: dict[str, Any]) -> list[tuple[str, str]]:
    """(code, pointer without /document) of the warnings of a document that must be created."""
    return codes(created(house, document).get("warnings", []))


def codes(messages: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(code, pointer without /document) of messages."""
    return [(message["code"], message["pointer"].removeprefix("/document")) for message in messages]


def shown(house: House, document_no: str, expand: str = "") -> dict[str, Any]:
    """A document as GET shows it, numbers exact."""
    answer = house.get(f"/documents/{document_no}{'?expand=' + expand if expand else ''}")
    assert answer.status_code == 200, answer.text
    return exact_json(answer)


def posting(house: House, document_no: str) -> list[tuple[str, Any, str | None]]:
    """(account, amount with debit positive, VAT code) of the GL lines of a document, in their order, in base currency."""
    return [(item["glAccount"], item["debit"] - item["credit"], item["vatCode"]) for item in shown(house, document_no, "glitems")["glItems"]]


def item(house: House, document_no: str) -> dict[str, Any]:
    """The AR item of a document."""
    return shown(house, document_no, "aritem")["arItem"]


def ledger_rows(house: House) -> list[int]:
    """How many rows the tables have that documents write to."""
    tables = ("customer", "document", "document_line", "gl_item", "ar_item", "match", "match_line", "payment", "account_balance", "number_series")
    parts = ", ".join(f"(select count(*) from {table})" for table in (*tables, "log_item", "document_bundle"))
    return list(house.rows(f"select {parts}, (select coalesce(sum(last_no), 0) from number_series)")[0])


def configure(house: House, key: str, value: Any) -> None:
    """Give the client a config value that holds always."""
    with house.database.transaction(house.client_no) as transaction:
        transaction.execute(
            "insert into client_config (client_no, config_key, value, changed_at, changed_by) values (%s, %s, %s, now(), 'test')"
            " on conflict (client_no, config_key, valid_from) do update set value = excluded.value",
            (house.client_no, key, Jsonb(value)),
        )
        raise_version(transaction, house.client_no)


def change_books(house: House, statement: str, *values: Any) -> None:
    """Change accounts, rules, periods or codes of the client by a statement; %s in it are the values."""
    with house.database.transaction(house.client_no) as transaction:
        transaction.execute(statement.encode(), values)
        raise_version(transaction, house.client_no)


def close_periods(house: House, until: str) -> None:
    """Close all periods that end on or before a day."""
    change_books(house, "update period set status = 'CLOSED', closed_at = now(), closed_by = 'test' where to_date <= %s", until)


def exchange_rate(house: House, currency: str, rate: str, valid_from: str = "2026-01-01") -> None:
    """Let the client keep a rate of a currency from a day on."""
    change_books(
        house,
        "insert into code (client_no, code_type, code, valid_from, name_en, name_no, active, attributes)"
        " values (current_client_no(), 'EXCHANGE-RATE', %s, %s, 'rate', 'kurs', true, %s)",
        currency,
        valid_from,
        Jsonb({"rate": float(rate)}),
    )


def in_order(house: House) -> None:
    """Require that everything the ledger promises holds for the client."""
    assert verify_client(house.database, house.client_no).findings == []


def superuser(house: House, url: str) -> psycopg.Connection[Any]:
    """A connection that sees all rows of all clients; ``url`` is the superuser's."""
    return psycopg.connect(make_conninfo(url, dbname=conninfo_to_dict(house.database.url)["dbname"]), autocommit=True)


def customer_batch(house: House) -> str:
    """The id of a batch of one customer that is accepted and not processed."""
    answer = house.post("/customers/batches", {"customers": [{"customerNo": "B-1", "name": "N"}]})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["batchUuid"])
