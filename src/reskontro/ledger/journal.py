"""Writing to the ledger, in sets: transactions, AR items, matches and balances of a set in a handful of statements.

The caller holds the client's write lock; transaction numbers are claimed per set, in its transaction, so they have no gaps.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from msgspec import Struct

from reskontro.db.bulk import NULL, Outbox, Stage, copy_day, copy_json, copy_text
from reskontro.db.engine import Transaction
from reskontro.kit.money import ZERO
from reskontro.ledger.matching import Match
from reskontro.ledger.posting import LedgerTransaction, OpenItem, check_balance
from reskontro.ledger.seals import sealed_insert
from reskontro.ledger.series import claim

TRANSACTION_SERIES = "transaction"

_GL_COLUMNS = (
    ("gl_year", "integer"),
    ("transaction_no", "integer"),
    ("line_no", "smallint"),
    ("gl_period", "smallint"),
    ("gl_date", "date"),
    ("document_date", "date"),
    ("journal", "text"),
    ("gl_account", "text"),
    ("amount", "numeric(18, 2)"),
    ("currency", "text"),
    ("currency_amount", "numeric(18, 2)"),
    ("exchange_rate", "numeric(20, 10)"),
    ("vat_code", "text"),
    ("account_no", "integer"),
    ("ar_item_id", "uuid"),
    ("document_uuid", "uuid"),
    ("batch_uuid", "uuid"),
    ("reverses_gl_year", "integer"),
    ("reverses_transaction_no", "integer"),
    ("dimensions", "jsonb"),
    ("line_text", "text"),
    ("created_by", "text"),
)
_gl_stage = Stage("stage_gl_item", _GL_COLUMNS)
_GL_NAMES = ", ".join(name for name, _ in _GL_COLUMNS)
_INSERT_GL = sealed_insert(
    "gl_item",
    f"client_no, {_GL_NAMES}, created_at",
    f"select %s::integer as client_no, {_GL_NAMES}, %s::timestamptz as created_at from stage_gl_item",
)

_AR_COLUMNS = (
    ("ar_item_id", "uuid"),
    ("account_no", "integer"),
    ("ar_item_type", "text"),
    ("claim_kind", "text"),
    ("claim_ar_item_id", "uuid"),
    ("document_uuid", "uuid"),
    ("document_no", "text"),
    ("reference_no", "text"),
    ("kid", "text"),
    ("item_date", "date"),
    ("due_date", "date"),
    ("gl_date", "date"),
    ("gl_year", "integer"),
    ("gl_period", "smallint"),
    ("transaction_no", "integer"),
    ("control_account", "text"),
    ("currency", "text"),
    ("exchange_rate", "numeric(20, 10)"),
    ("original_amount", "numeric(18, 2)"),
    ("base_original_amount", "numeric(18, 2)"),
    ("vat_amount", "numeric(18, 2)"),
    ("reversal", "boolean"),
    ("open_amount", "numeric(18, 2)"),
    ("base_open_amount", "numeric(18, 2)"),
    ("credited_amount", "numeric(18, 2)"),
    ("credited_vat", "numeric(18, 2)"),
    ("details", "jsonb"),
)
_ar_stage = Stage("stage_ar_item", _AR_COLUMNS)
_AR_NAMES = ", ".join(name for name, _ in _AR_COLUMNS)
_INSERT_AR = sealed_insert(
    "ar_item",
    f"client_no, {_AR_NAMES}, created_at, changed_at",
    f"select %s::integer as client_no, {_AR_NAMES}, %s::timestamptz as created_at, %s::timestamptz as changed_at from stage_ar_item",
)

_change_stage = Stage(
    "stage_ar_change",
    (
        ("ar_item_id", "uuid"),
        ("open_amount", "numeric(18, 2)"),
        ("base_open_amount", "numeric(18, 2)"),
        ("credited_amount", "numeric(18, 2)"),
        ("credited_vat", "numeric(18, 2)"),
    ),
)
_detail_stage = Stage("stage_ar_detail", (("ar_item_id", "uuid"), ("due_date", "date"), ("details", "jsonb")))
_match_stage = Stage(
    "stage_match",
    (
        ("match_id", "uuid"),
        ("account_no", "integer"),
        ("match_date", "date"),
        ("source", "text"),
        ("coverage_order", "text"),
        ("created_by", "text"),
        ("status", "text"),
        ("undone_on", "date"),
        ("undone_by", "text"),
    ),
)
_match_line_stage = Stage(
    "stage_match_line",
    (
        ("match_id", "uuid"),
        ("line_no", "integer"),
        ("ar_item_id", "uuid"),
        ("amount", "numeric(18, 2)"),
        ("base_amount", "numeric(18, 2)"),
        ("match_date", "date"),
        ("item_gl_date", "date"),
    ),
)


def number_transactions(transaction: Transaction, client_no: int, postings: Iterable[LedgerTransaction]) -> None:
    """Give transaction numbers, without gaps per client and year, in the order of the set."""
    by_year: dict[int, list[LedgerTransaction]] = {}
    for posting in postings:
        by_year.setdefault(posting.gl_year, []).append(posting)
    for year, members in by_year.items():
        first = claim(transaction, client_no, TRANSACTION_SERIES, year, len(members))
        for number, posting in enumerate(members, first):
            posting.transaction_no = number


def write_transactions(outbox: Outbox, client_no: int, postings: Sequence[LedgerTransaction], now: datetime) -> None:
    """Write the GL items of numbered transactions and fold their sums into the balances.

    Raises Unbalanced, and then nothing may be committed, when one of them does not balance.
    """
    lines: list[str] = []
    sums: dict[tuple[int, int], dict[str, _Sum]] = {}
    for t in postings:
        gl_year, gl_period, currency = t.gl_year, t.gl_period, t.currency
        head = f"{gl_year}\t{t.transaction_no}\t"
        dates = f"\t{gl_period}\t{copy_day(t.gl_date)}\t{copy_day(t.document_date)}\t{t.journal}\t"
        reverses = f"{t.reverses.gl_year}\t{t.reverses.transaction_no}" if t.reverses else f"{NULL}\t{NULL}"
        tail = f"\t{t.document_uuid.hex if t.document_uuid else NULL}\t{t.batch_uuid.hex if t.batch_uuid else NULL}\t{reverses}\t"
        text, created_by = _text(t.text), copy_text(t.created_by)
        rate = str(t.exchange_rate)
        period_sums = sums.setdefault((gl_year, gl_period), {})
        left = currency_left = ZERO
        for line_no, line in enumerate(t.lines, 1):
            amount, currency_amount = line.amount, line.currency_amount
            left += amount
            currency_left += currency_amount
            line_text = text if line.text is None else copy_text(line.text)
            dimensions = copy_json([{"dimensionNo": number, "value": value} for number, value in line.dimensions]) if line.dimensions else NULL
            base = str(amount)
            own = base if currency_amount is amount else str(currency_amount)
            lines.append(
                f"{head}{line_no}{dates}{line.gl_account}\t{base}\t{currency}\t{own}\t{rate}\t{line.vat_code or NULL}\t"
                f"{line.account_no or NULL}\t{line.ar_item_id.hex if line.ar_item_id else NULL}{tail}{dimensions}\t{line_text}\t{created_by}"
            )
            entry = period_sums.get(line.gl_account)
            if entry is None:
                entry = period_sums[line.gl_account] = _Sum()
            if amount > 0:
                entry.debit += amount
            else:
                entry.credit -= amount
            entry.count += 1
        if left or currency_left:
            check_balance(t.lines)
    if not lines:
        return
    outbox.rows(_gl_stage, lines, _INSERT_GL, (client_no, now))
    _fold_balances(outbox, client_no, sums)


class _Sum(Struct):
    """What a set posted to an account in a period."""

    debit: Decimal = ZERO
    credit: Decimal = ZERO
    count: int = 0


def _fold_balances(outbox: Outbox, client_no: int, sums: dict[tuple[int, int], dict[str, _Sum]]) -> None:
    rows = sorted(
        (account, *period, found.debit, found.credit, found.count) for period, accounts in sums.items() for account, found in accounts.items()
    )
    outbox.execute(
        "insert into account_balance as b (client_no, gl_account, gl_year, gl_period, debit, credit, item_count)"
        " select %s, * from unnest(%s::text[], %s::int[], %s::smallint[], %s::numeric[], %s::numeric[], %s::bigint[])"
        " on conflict (client_no, gl_account, gl_year, gl_period) do update"
        " set debit = b.debit + excluded.debit, credit = b.credit + excluded.credit, item_count = b.item_count + excluded.item_count",
        (
            client_no,
            *(list(column) for column in zip(*rows, strict=True)),
        ),
    )


def _hex(value: UUID | None) -> str:
    return NULL if value is None else value.hex


def _text(value: str | None) -> str:
    return NULL if value is None else copy_text(value)


def write_items(outbox: Outbox, client_no: int, items: Sequence[OpenItem], now: datetime) -> None:
    """Write new AR items with the state they have now; their transactions are numbered. What changes afterwards is for ``write_changes``."""
    lines: list[str] = []
    for i in items:
        t = i.transaction
        assert t is not None
        # Of most new items all four amounts are one.
        original = str(i.original_amount)
        base = original if i.base_original_amount is i.original_amount else str(i.base_original_amount)
        own_open = original if i.open_amount is i.original_amount else str(i.open_amount)
        base_open = base if i.base_open_amount is i.base_original_amount else str(i.base_open_amount)
        lines.append(
            f"{i.ar_item_id.hex}\t{i.account_no}\t{i.ar_item_type}\t{i.claim_kind}\t{_hex(i.claim_ar_item_id)}\t{_hex(i.document_uuid)}\t"
            f"{_text(i.document_no)}\t{_text(i.reference_no)}\t{i.kid or NULL}\t{copy_day(i.item_date or t.document_date)}\t{copy_day(i.due_date)}\t"
            f"{copy_day(t.gl_date)}\t{t.gl_year}\t{t.gl_period}\t{t.transaction_no}\t{i.control_account}\t{i.currency}\t{i.exchange_rate!s}\t"
            f"{original}\t{base}\t{i.vat_amount!s}\t{'t' if i.reversal else 'f'}\t{own_open}\t"
            f"{base_open}\t{i.credited_amount!s}\t{i.credited_vat!s}\t{copy_json(i.details) if i.details else '{}'}"
        )
        i.sent, i.changed, i.details_changed = True, False, False
    outbox.rows(_ar_stage, lines, _INSERT_AR, (client_no, now, now))


def write_changes(outbox: Outbox, client_no: int, items: Iterable[OpenItem], now: datetime) -> None:
    """Write the new state of AR items that a match or a credit note changed after they were looked up or sent."""
    lines = [
        f"{i.ar_item_id.hex}\t{i.open_amount:f}\t{i.base_open_amount:f}\t{i.credited_amount:f}\t{i.credited_vat:f}"
        for i in items
        if i.changed and i.has_row
    ]
    outbox.rows(
        _change_stage,
        lines,
        "update ar_item a set open_amount = s.open_amount, base_open_amount = s.base_open_amount, credited_amount = s.credited_amount,"
        " credited_vat = s.credited_vat, changed_at = %s from stage_ar_change s where a.client_no = %s and a.ar_item_id = s.ar_item_id",
        (now, client_no),
    )


def write_details(outbox: Outbox, client_no: int, items: Iterable[OpenItem], now: datetime) -> None:
    """Write the details and due dates of AR items where they changed after these were looked up or sent."""
    changed = [i for i in items if i.details_changed and i.has_row]
    outbox.rows(
        _detail_stage,
        [f"{i.ar_item_id.hex}\t{i.due_date}\t{copy_json(i.details) if i.details else '{}'}" for i in changed],
        "update ar_item a set due_date = s.due_date, details = s.details, changed_at = %s from stage_ar_detail s"
        " where a.client_no = %s and a.ar_item_id = s.ar_item_id",
        (now, client_no),
    )


def write_undone(transaction: Transaction, client_no: int, matches: Sequence[Match]) -> None:
    """Mark stored matches as undone."""
    if matches:
        transaction.execute(
            "update match m set status = 'UNDONE', undone_on = u.undone_on, undone_by = u.undone_by"
            " from unnest(%s::uuid[], %s::date[], %s::text[]) as u (match_id, undone_on, undone_by)"
            " where m.client_no = %s and m.match_id = u.match_id",
            ([m.match_id for m in matches], [m.undone_on for m in matches], [m.undone_by for m in matches], client_no),
        )


_MATCH_NAMES = "match_id, account_no, match_date, source, coverage_order, created_by, status, undone_on, undone_by"
_INSERT_MATCHES = sealed_insert(
    "match",
    f"client_no, {_MATCH_NAMES}, created_at",
    f"select %s::integer as client_no, {_MATCH_NAMES}, %s::timestamptz as created_at from stage_match",
)
_MATCH_LINE_NAMES = "match_id, line_no, ar_item_id, amount, base_amount, match_date, item_gl_date"
_INSERT_MATCH_LINES = sealed_insert(
    "match_line", f"client_no, {_MATCH_LINE_NAMES}", f"select %s::integer as client_no, {_MATCH_LINE_NAMES} from stage_match_line"
)


def write_matches(outbox: Outbox, client_no: int, matches: Sequence[Match], now: datetime) -> None:
    """Write new matches with their lines, those included that were undone at once."""
    heads: list[str] = []
    lines: list[str] = []
    for m in matches:
        match_id, day = m.match_id.hex, copy_day(m.match_date)
        undone_on = NULL if m.undone_on is None else copy_day(m.undone_on)
        heads.append(
            f"{match_id}\t{m.account_no}\t{day}\t{m.source}\t{m.coverage_order}\t{copy_text(m.created_by)}\t{m.status}\t{undone_on}\t{_text(m.undone_by)}"
        )
        for number, line in enumerate(m.lines, 1):
            item = line.item
            lines.append(f"{match_id}\t{number}\t{item.ar_item_id.hex}\t{line.amount:f}\t{line.base_amount:f}\t{day}\t{copy_day(item.gl_date)}")
    outbox.rows(_match_stage, heads, _INSERT_MATCHES, (client_no, now))
    outbox.rows(_match_line_stage, lines, _INSERT_MATCH_LINES, (client_no,))
