"""A new document: everything about it that is stored, as the lines that are sent to the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Struct

from reskontro.db.bulk import NULL, copy_day, copy_json_values, copy_text
from reskontro.kit.money import ZERO
from reskontro.ledger.posting import LedgerTransaction, OpenItem, Part, gather
from reskontro.receivable.documents.amounts import ComposedLine
from reskontro.receivable.documents.store import KnownDocument

COLUMN_FIELDS = frozenset(
    (
        "documentType",
        "customerNo",
        "customer",
        "documentNo",
        "referenceNo",
        "documentDate",
        "dueDate",
        "glDate",
        "currency",
        "exchangeRate",
        "kid",
        "currencyAmounts",
        "documentLines",
        "clientReference",
        "payment",
    )
)
"""Fields that have a column of their own, are stored elsewhere or not at all; the others are kept together by wire name."""
LINE_COLUMN_FIELDS = ("lineNo", "lineType", "currencyAmounts", "vatCode", "glAccount")


def _text(value: str | None) -> str:
    return NULL if value is None else copy_text(value)


class NewDocument(Struct):
    """One document of a set, judged and posted, still to be written."""

    document_uuid: UUID
    document_type: str
    account_no: int
    customer_no: str
    document_no: str
    reference_no: str | None
    document_date: date
    due_date: date
    gl_date: date
    currency: str
    exchange_rate: Decimal
    kid: str | None
    kid_generated: bool
    amounts: tuple[Decimal, Decimal, Decimal]
    base_amounts: tuple[Decimal, Decimal, Decimal]
    content_hash: bytes
    created_by: str
    details: str
    """As JSON for the stage. Made early, as the line rows are, so that nothing that was read has to be kept."""
    line_rows: list[str]
    reference_document_uuid: UUID | None = None
    item: OpenItem | None = None
    transaction: LedgerTransaction | None = None
    bundle_id: UUID | None = None
    batch_uuid: UUID | None = None
    result: Any = None
    parts: list[Part] = []
    """What it posted besides the control account, not gathered."""
    _known: KnownDocument | None = None

    def known(self) -> KnownDocument:
        """What later documents of the set need to know of it; few are asked for."""
        if self._known is None:
            t = self.transaction
            self._known = KnownDocument(
                self.document_uuid,
                self.document_no,
                self.document_type,
                self.account_no,
                self.currency,
                self.document_date,
                *self.amounts,
                self.content_hash,
                t.gl_year if t is not None else None,
                None,
                self.item,
                self.customer_no,
                self.kid,
                gather(self.parts),
            )
        return self._known

    def change_kid(self, kid: str) -> None:
        """Take another generated KID; the item and the result follow."""
        self.kid = kid
        if self.item is not None:
            self.item.kid = kid
        self.result.kid = kid
        if self._known is not None:
            self._known.kid = kid

    def row(self) -> str:
        """The line for the stage of documents."""
        t, item = self.transaction, self.item
        posted = f"{t.gl_year}\t{t.gl_period}\t{t.transaction_no}" if t is not None else f"{NULL}\t{NULL}\t{NULL}"
        excl, vat, incl = self.amounts
        base_excl, base_vat, base_incl = self.base_amounts
        return (
            f"{self.document_uuid.hex}\t{self.document_type}\t{self.account_no}\t{copy_text(self.customer_no)}\t{copy_text(self.document_no)}\t"
            f"{copy_text(self.document_no.lower())}\t{_text(self.reference_no)}\t"
            f"{self.reference_document_uuid.hex if self.reference_document_uuid else NULL}\t{copy_day(self.document_date)}\t"
            f"{copy_day(self.due_date)}\t{copy_day(self.gl_date)}\t{self.currency}\t{self.exchange_rate!s}\t{self.kid or NULL}\t"
            f"{excl!s}\t{vat!s}\t{incl!s}\t{base_excl!s}\t{base_vat!s}\t{base_incl!s}\t"
            f"{item.ar_item_id.hex if item else NULL}\t{posted}\t{self.bundle_id.hex if self.bundle_id else NULL}\t"
            f"{self.batch_uuid.hex if self.batch_uuid else NULL}\t\\\\x{self.content_hash.hex()}\t{self.details}\t{copy_text(self.created_by)}"
        )


def details_of(values: dict[str, Any], lines: Sequence[dict[str, Any]]) -> list[str]:
    """The fields without a column as JSON in the text format of COPY: of the document first, then of each line it was sent with."""
    return copy_json_values([{key: value for key, value in values.items() if key not in COLUMN_FIELDS}, *map(_line_details, lines)])


def with_defaults(details: str, defaults: str) -> str:
    """The details of a document with further members, each of which has a comma before it."""
    if not defaults:
        return details
    members = copy_text(defaults)
    return details[:-1] + (members if len(details) > 2 else members[1:]) + "}"


def rows_of_lines(document_uuid: UUID, lines: Sequence[ComposedLine], details: Sequence[str]) -> list[str]:
    """The rows for the stage of document lines."""
    rows = []
    head = document_uuid.hex
    for line, line_details in zip(lines, details, strict=True):
        amounts = f"{line.excl_vat!s}\t{line.vat!s}\t{line.incl_vat!s}" if line.excl_vat is not None else f"{NULL}\t{NULL}\t{NULL}"
        rows.append(f"{head}\t{line.raw['lineNo']}\t{line.line_type}\t{amounts}\t{line.vat_code or NULL}\t{line.gl_account or NULL}\t{line_details}")
    return rows


def _line_details(raw: dict[str, Any]) -> dict[str, Any]:
    details = raw.copy()
    for name in LINE_COLUMN_FIELDS:
        details.pop(name, None)
    return details


ZERO_AMOUNTS = (ZERO, ZERO, ZERO)
