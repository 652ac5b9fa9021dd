"""SQL of documents."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from reskontro.db.bulk import Outbox, Stage, any_of, text_array
from reskontro.db.engine import Transaction
from reskontro.ledger.items_store import ITEM_COLUMNS, item_of
from reskontro.ledger.posting import OpenItem, Part
from reskontro.ledger.seals import sealed_insert


@dataclass(slots=True)
class KnownDocument:
    """What later items need to know of a document."""

    document_uuid: UUID
    document_no: str
    document_type: str
    account_no: int
    currency: str
    document_date: date
    excl_vat: Decimal
    vat: Decimal
    incl_vat: Decimal
    content_hash: bytes
    gl_year: int | None
    transaction_no: int | None
    item: OpenItem | None
    customer_no: str = ""
    kid: str | None = None
    parts: list[Part] | None = None
    """What it posted besides the control account, when it was posted in this set; stored ones are looked up when a credit note asks."""
    credit_notes: list[KnownDocument] = field(default_factory=list)
    """The credit notes of this set that took something back of it."""


_DOCUMENT_COLUMNS = (
    "d.document_uuid, d.document_no, d.document_type, d.account_no, d.currency, d.document_date, d.excl_vat, d.vat, d.incl_vat,"
    " d.content_hash, d.gl_year, d.transaction_no, d.customer_no, d.kid"
)


def documents_by_key(transaction: Transaction, client_no: int, keys: Iterable[str]) -> list[KnownDocument]:
    """Documents with their AR items, by number without case."""
    rows = transaction.execute(
        f"select {_DOCUMENT_COLUMNS}, {ITEM_COLUMNS} from document d"
        " left join ar_item a on a.client_no = d.client_no and a.ar_item_id = d.ar_item_id"
        f" where d.client_no = %s and d.document_key = {any_of('text')}".encode(),
        (client_no, text_array(keys)),
        binary=True,
    )
    return [_known(row) for row in rows]


def _known(row: Sequence[Any]) -> KnownDocument:
    uuid, number, kind, account_no, currency, day, excl_vat, vat, incl_vat, content_hash, gl_year, transaction_no, customer_no, kid = row[:14]
    item = item_of(row[14:]) if row[14] is not None else None
    amounts = (excl_vat, vat, incl_vat)
    return KnownDocument(
        uuid, number, kind, account_no, currency, day, *amounts, bytes(content_hash), gl_year, transaction_no, item, customer_no, kid
    )


def existing_keys(transaction: Transaction, client_no: int, keys: Iterable[str]) -> set[str]:
    """Which document numbers, without case, are in use."""
    rows = transaction.execute(
        f"select document_key from document where client_no = %s and document_key = {any_of('text')}".encode(), (client_no, text_array(keys))
    )
    return {row[0] for row in rows}


def posted_parts(transaction: Transaction, client_no: int, gl_year: int, transaction_no: int) -> list[Part]:
    """What a document put on accounts other than the control account, in its currency, positive as an invoice credits."""
    rows = transaction.execute(
        "select gl_account, -currency_amount, vat_code, dimensions from gl_item"
        " where client_no = %s and gl_year = %s and transaction_no = %s and ar_item_id is null order by line_no",
        (client_no, gl_year, transaction_no),
    )
    return [_part(*row) for row in rows]


def _part(account: str, amount: Decimal, code: str | None, dimensions: list[dict[str, Any]] | None) -> Part:
    return Part(account, amount, code, tuple((d["dimensionNo"], d["value"]) for d in dimensions or ()))


def credited_parts(transaction: Transaction, client_no: int, document_uuid: UUID, besides: Iterable[UUID]) -> list[Part]:
    """What stored credit notes ``besides`` some took back of a document on accounts other than the control account, positive, in its currency."""
    rows = transaction.execute(
        "select g.gl_account, g.currency_amount, g.vat_code, g.dimensions from document d"
        " join gl_item g on g.client_no = d.client_no and g.gl_year = d.gl_year and g.transaction_no = d.transaction_no"
        " where d.client_no = %s and d.reference_document_uuid = %s and d.document_type = 'CN' and g.ar_item_id is null"
        " and d.document_uuid <> all(%s) order by g.gl_year, g.transaction_no, g.line_no",
        (client_no, document_uuid, list(besides)),
    )
    return [_part(*row) for row in rows]


def bundle_ids(transaction: Transaction, client_no: int, batch_uuid: UUID) -> dict[tuple[int, str], UUID]:
    """The bundles a batch has made so far, by (accountNo, reference without case)."""
    rows = transaction.execute(
        "select account_no, bundle_key, document_bundle_id from document_bundle where client_no = %s and batch_uuid = %s", (client_no, batch_uuid)
    )
    return {(account_no, key): bundle_id for account_no, key, bundle_id in rows}


# ------------------------------------------------------------------------------------------------ writing

_DOCUMENT_STAGE_COLUMNS = (
    ("document_uuid", "uuid"),
    ("document_type", "text"),
    ("account_no", "integer"),
    ("customer_no", "text"),
    ("document_no", "text"),
    ("document_key", "text"),
    ("reference_no", "text"),
    ("reference_document_uuid", "uuid"),
    ("document_date", "date"),
    ("due_date", "date"),
    ("gl_date", "date"),
    ("currency", "text"),
    ("exchange_rate", "numeric(20, 10)"),
    ("kid", "text"),
    ("excl_vat", "numeric(18, 2)"),
    ("vat", "numeric(18, 2)"),
    ("incl_vat", "numeric(18, 2)"),
    ("base_excl_vat", "numeric(18, 2)"),
    ("base_vat", "numeric(18, 2)"),
    ("base_incl_vat", "numeric(18, 2)"),
    ("ar_item_id", "uuid"),
    ("gl_year", "integer"),
    ("gl_period", "smallint"),
    ("transaction_no", "integer"),
    ("document_bundle_id", "uuid"),
    ("batch_uuid", "uuid"),
    ("content_hash", "bytea"),
    ("details", "jsonb"),
    ("created_by", "text"),
)
document_stage = Stage("stage_document", _DOCUMENT_STAGE_COLUMNS)
_DOCUMENT_NAMES = ", ".join(name for name, _ in _DOCUMENT_STAGE_COLUMNS)

_LINE_STAGE_COLUMNS = (
    ("document_uuid", "uuid"),
    ("line_no", "integer"),
    ("line_type", "text"),
    ("excl_vat", "numeric(18, 2)"),
    ("vat", "numeric(18, 2)"),
    ("incl_vat", "numeric(18, 2)"),
    ("vat_code", "text"),
    ("gl_account", "text"),
    ("details", "jsonb"),
)
line_stage = Stage("stage_document_line", _LINE_STAGE_COLUMNS)
_LINE_NAMES = ", ".join(name for name, _ in _LINE_STAGE_COLUMNS)


_INSERT_DOCUMENTS = sealed_insert(
    "document",
    f"client_no, {_DOCUMENT_NAMES}, created_at",
    f"select %s::integer as client_no, {_DOCUMENT_NAMES}, %s::timestamptz as created_at from stage_document",
)
_INSERT_LINES = sealed_insert(
    "document_line", f"client_no, {_LINE_NAMES}", f"select %s::integer as client_no, {_LINE_NAMES} from stage_document_line"
)


def insert_documents(outbox: Outbox, client_no: int, now: datetime, lines: Sequence[str]) -> None:
    """Write documents that are ready lines for the stage."""
    outbox.rows(document_stage, lines, _INSERT_DOCUMENTS, (client_no, now))


def insert_lines(outbox: Outbox, client_no: int, lines: Sequence[str]) -> None:
    """Write document lines that are ready lines for the stage."""
    outbox.rows(line_stage, lines, _INSERT_LINES, (client_no,))


class NewBundle(NamedTuple):
    """A document bundle still to be written; those of runs have no reference, and an empty key."""

    bundle_id: UUID
    account_no: int
    batch_uuid: UUID
    key: str
    reference: str | None
    bundle_type: str = "INVOICING"


def insert_bundles(transaction: Transaction, client_no: int, bundles: Sequence[NewBundle], now: datetime) -> None:
    """Write new bundles, all with one statement."""
    if bundles:
        transaction.execute(
            "insert into document_bundle"
            " (client_no, document_bundle_id, account_no, batch_uuid, bundle_key, bundle_reference, bundle_type, created_at)"
            " select %s, b.*, %s from unnest(%s::uuid[], %s::int[], %s::uuid[], %s::text[], %s::text[], %s::text[]) as b",
            (client_no, now, *(list(column) for column in zip(*bundles, strict=True))),
        )


_letter_claim_stage = Stage("stage_letter_claim", (("kid", "text"), ("ar_item_id", "uuid"), ("document_uuid", "uuid")))


def insert_letter_claims(outbox: Outbox, client_no: int, rows: Sequence[tuple[str | None, UUID, UUID]]) -> None:
    """Write which claims the KIDs of letters mean that have no AR item of their own: (KID, AR item, document of the letter)."""
    outbox.rows(
        _letter_claim_stage,
        [f"{kid}\t{item.hex}\t{document.hex}" for kid, item, document in rows],
        "insert into letter_claim (client_no, kid, ar_item_id, document_uuid)"
        " select %s, kid, ar_item_id, document_uuid from stage_letter_claim on conflict do nothing",
        (client_no,),
    )
