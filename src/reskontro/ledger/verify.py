"""Verification: everything the ledger promises, recomputed from the rows and compared with what is stored.

Each check is one statement that returns the places where its promise does not hold; a sound ledger returns none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reskontro.db.engine import Database, Transaction
from reskontro.ledger.log import verify_log
from reskontro.ledger.seals import SEALED, broken_seals

PLACES_SHOWN_MAX = 20
"""A broken promise is reported with at most so many places."""


@dataclass(slots=True)
class Report:
    """What was looked at and what is wrong; a ledger in order has no findings."""

    client_no: int
    findings: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def in_order(self) -> bool:
        """Whether every promise holds."""
        return not self.findings


CHECKS: tuple[tuple[str, str], ...] = (
    (
        "a transaction does not balance in base currency or in its own",
        "select format('%%s/%%s: base %%s, currency %%s', gl_year, transaction_no, sum(amount), sum(currency_amount)) from gl_item"
        " where client_no = %(client_no)s group by gl_year, transaction_no having sum(amount) <> 0 or sum(currency_amount) <> 0",
    ),
    (
        "transaction numbers have a gap or start anywhere but at 1",
        "select format('year %%s: %%s numbers up to %%s', gl_year, count(distinct transaction_no), max(transaction_no)) from gl_item"
        " where client_no = %(client_no)s group by gl_year having count(distinct transaction_no) <> max(transaction_no)",
    ),
    (
        "the number series of transactions does not end where the transactions do",
        "select format('year %%s: series at %%s, last transaction %%s', s.series_year, s.last_no, t.last_no) from number_series s"
        " left join (select gl_year, max(transaction_no) as last_no from gl_item where client_no = %(client_no)s group by gl_year) t"
        " on t.gl_year = s.series_year"
        " where s.client_no = %(client_no)s and s.series = 'transaction' and s.last_no is distinct from t.last_no",
    ),
    (
        "the lines of a transaction are not numbered from 1",
        "select format('%%s/%%s', gl_year, transaction_no) from gl_item where client_no = %(client_no)s"
        " group by gl_year, transaction_no having min(line_no) <> 1 or max(line_no) <> count(*)",
    ),
    (
        "a line on a control account has no AR item of its own, or another amount than it",
        "select format('%%s/%%s line %%s', g.gl_year, g.transaction_no, g.line_no) from gl_item g"
        " join gl_account k on k.client_no = g.client_no and k.gl_account = g.gl_account and k.is_control"
        " left join ar_item a on a.client_no = g.client_no and a.ar_item_id = g.ar_item_id"
        " where g.client_no = %(client_no)s and (a.ar_item_id is null or a.base_original_amount is distinct from g.amount"
        " or a.original_amount is distinct from g.currency_amount or a.account_no is distinct from g.account_no"
        " or a.transaction_no is distinct from g.transaction_no or a.gl_year is distinct from g.gl_year"
        " or a.control_account is distinct from g.gl_account)",
    ),
    (
        "an AR item does not have exactly one line on a control account",
        "select a.ar_item_id::text from ar_item a left join (select g.ar_item_id,"
        " count(*) filter (where k.is_control) as lines from gl_item g"
        " join gl_account k on k.client_no = g.client_no and k.gl_account = g.gl_account"
        " where g.client_no = %(client_no)s and g.ar_item_id is not null group by g.ar_item_id) g on g.ar_item_id = a.ar_item_id"
        " where a.client_no = %(client_no)s and g.lines is distinct from 1",
    ),
    (
        "the open amount of an AR item is not its original amount less its active matches",
        "select format('%%s: open %%s, recomputed %%s', a.ar_item_id, a.open_amount, a.original_amount - coalesce(m.amount, 0)) from ar_item a"
        " left join (select l.ar_item_id, sum(l.amount) as amount, sum(l.base_amount) as base_amount from match_line l"
        " join match m on m.client_no = l.client_no and m.match_id = l.match_id and m.status = 'ACTIVE'"
        " where l.client_no = %(client_no)s group by l.ar_item_id) m on m.ar_item_id = a.ar_item_id"
        " where a.client_no = %(client_no)s and (a.open_amount <> a.original_amount - coalesce(m.amount, 0)"
        " or a.base_open_amount <> a.base_original_amount - coalesce(m.base_amount, 0))",
    ),
    (
        "an AR item is open beyond its original amount, or with the other sign",
        "select ar_item_id::text from ar_item where client_no = %(client_no)s"
        " and (abs(open_amount) > abs(original_amount) or open_amount * original_amount < 0)",
    ),
    (
        "what an AR item says was credited is not the sum of its credit notes",
        "select format('%%s: credited %%s, credit notes %%s', a.ar_item_id, a.credited_amount, coalesce(c.amount, 0)) from ar_item a"
        " left join (select reference_document_uuid, sum(incl_vat) as amount, sum(vat) as vat from document"
        " where client_no = %(client_no)s and document_type = 'CN' and reference_document_uuid is not null group by reference_document_uuid) c"
        " on c.reference_document_uuid = a.document_uuid and a.ar_item_type in ('IN', 'IT') and not a.reversal"
        " where a.client_no = %(client_no)s and (a.credited_amount <> coalesce(c.amount, 0) or a.credited_vat <> coalesce(c.vat, 0))",
    ),
    (
        "the lines of a match do not add up to zero",
        "select format('%%s: %%s, base %%s', match_id, sum(amount), sum(base_amount)) from match_line where client_no = %(client_no)s"
        " group by match_id having sum(amount) <> 0 or sum(base_amount) <> 0",
    ),
    (
        "a line of a match bears another date than its match, or than its item",
        "select format('%%s line %%s', l.match_id, l.line_no) from match_line l"
        " left join match m on m.client_no = l.client_no and m.match_id = l.match_id"
        " left join ar_item a on a.client_no = l.client_no and a.ar_item_id = l.ar_item_id"
        " where l.client_no = %(client_no)s and (l.match_date is distinct from m.match_date or l.item_gl_date is distinct from a.gl_date)",
    ),
    (
        "a match has items of several customers, or none though it did not place a payment",
        "select m.match_id::text from match m left join match_line l on l.client_no = m.client_no and l.match_id = m.match_id"
        " left join ar_item a on a.client_no = l.client_no and a.ar_item_id = l.ar_item_id"
        " where m.client_no = %(client_no)s group by m.match_id, m.account_no, m.source"
        " having (count(l.line_no) = 0 and m.source <> 'MANUAL')"
        " or count(l.line_no) filter (where a.account_no is distinct from m.account_no) > 0",
    ),
    (
        "the open items of a control account do not add up to its balance",
        "select format('%%s: items %%s, balance %%s', k.gl_account, coalesce(a.amount, 0), coalesce(g.amount, 0)) from gl_account k"
        " left join (select control_account, sum(base_open_amount) as amount from ar_item where client_no = %(client_no)s"
        " group by control_account) a on a.control_account = k.gl_account"
        " left join (select gl_account, sum(amount) as amount from gl_item where client_no = %(client_no)s group by gl_account) g"
        " on g.gl_account = k.gl_account"
        " where k.client_no = %(client_no)s and k.is_control and coalesce(a.amount, 0) <> coalesce(g.amount, 0)",
    ),
    (
        "a stored balance is not the sum of its lines",
        "select format('%%s %%s/%%s', coalesce(b.gl_account, g.gl_account), coalesce(b.gl_year, g.gl_year), coalesce(b.gl_period, g.gl_period))"
        " from (select * from account_balance where client_no = %(client_no)s) b"
        " full join (select gl_account, gl_year, gl_period, sum(greatest(amount, 0)) as debit, sum(greatest(-amount, 0)) as credit,"
        " count(*) as item_count from gl_item where client_no = %(client_no)s group by gl_account, gl_year, gl_period) g"
        " on g.gl_account = b.gl_account and g.gl_year = b.gl_year and g.gl_period = b.gl_period"
        " where b.debit is distinct from g.debit or b.credit is distinct from g.credit or b.item_count is distinct from g.item_count",
    ),
    (
        "a line lies in another period than its date, or in none",
        "select format('%%s/%%s line %%s', g.gl_year, g.transaction_no, g.line_no) from gl_item g"
        " left join period p on p.client_no = g.client_no and g.gl_date between p.from_date and p.to_date"
        " where g.client_no = %(client_no)s and (p.gl_year is distinct from g.gl_year or p.gl_period is distinct from g.gl_period::integer)",
    ),
    (
        "a document and its posting do not belong together",
        "select d.document_no from document d"
        " left join ar_item a on a.client_no = d.client_no and a.ar_item_id = d.ar_item_id"
        " left join (select distinct document_uuid, gl_year, transaction_no from gl_item"
        " where client_no = %(client_no)s and document_uuid is not null) g on g.document_uuid = d.document_uuid"
        " where d.client_no = %(client_no)s and (d.transaction_no is distinct from g.transaction_no or d.gl_year is distinct from g.gl_year"
        " or (d.ar_item_id is not null and (a.document_uuid is distinct from d.document_uuid or a.account_no <> d.account_no"
        " or abs(a.original_amount) <> d.incl_vat)))",
    ),
    (
        "a document's own amounts do not add up",
        "select document_no from document where client_no = %(client_no)s"
        " and (excl_vat + vat <> incl_vat or base_excl_vat + base_vat <> base_incl_vat)",
    ),
    *((f"a row of {table} is not as it was written", broken_seals(table)) for table in SEALED),
    (
        "a batch counts other results than it has",
        "select b.batch_uuid::text from batch b left join (select batch_uuid, count(*) as items,"
        " count(*) filter (where result = 'FAILED') as failed, max(item_index) as last_index"
        " from batch_item where client_no = %(client_no)s group by batch_uuid) r on r.batch_uuid = b.batch_uuid"
        " where b.client_no = %(client_no)s and (b.count_processed <> coalesce(r.items, 0) or b.count_failed <> coalesce(r.failed, 0)"
        " or b.count_successful <> coalesce(r.items, 0) - coalesce(r.failed, 0) or coalesce(r.last_index, -1) <> b.count_processed - 1)",
    ),
)
"""What must hold, in words, and the statement that finds where it does not."""

_COUNTS = {
    "customers": "select count(*) from customer where client_no = %(client_no)s",
    "documents": "select count(*) from document where client_no = %(client_no)s",
    "transactions": "select coalesce(sum(last_no), 0) from number_series where client_no = %(client_no)s and series = 'transaction'",
    "GL items": "select count(*) from gl_item where client_no = %(client_no)s",
    "AR items": "select count(*) from ar_item where client_no = %(client_no)s",
    "log items": "select count(*) from log_item where client_no = %(client_no)s",
    "batch results": "select count(*) from batch_item where client_no = %(client_no)s",
}


def verify_client(database: Database, client_no: int) -> Report:
    """Recompute everything of one client from its rows, the log's hash chain included, and report what does not hold.

    Reads one snapshot, so it may run beside writers.
    """
    report = Report(client_no)
    with database.transaction(client_no, snapshot=True) as transaction:
        verify_ledger(transaction, report)
        report.findings += [f"log: {finding}" for finding in verify_log(transaction, client_no)]
    return report


def verify_ledger(transaction: Transaction, report: Report) -> None:
    """The checks of the ledger in the caller's transaction; findings and counts go into the report."""
    values = {"client_no": report.client_no}
    # Rows are joined and grouped by the million: what does not fit into memory is written to disk and read again. After a large import the server
    # knows nothing of the tables yet, and would look their rows up one by one.
    transaction.execute("set local work_mem = '64MB'; set local jit = off; set local enable_nestloop = off")
    for name, statement in _COUNTS.items():
        row = transaction.execute(statement.encode(), values).fetchone()
        assert row is not None
        report.counts[name] = int(row[0])
    for promise, statement in CHECKS:
        # Materialised, because a planner that sees the limit takes nested loops in the hope of a quick first row; there is none.
        query = f"with found as materialized ({statement}) select * from found limit {PLACES_SHOWN_MAX + 1}"
        places = transaction.execute(query.encode(), values).fetchall()
        if places:
            report.findings.append(f"{promise}: {_shown([str(place[0]) for place in places])}")


def _shown(places: Sequence[str]) -> str:
    more = ", and more" if len(places) > PLACES_SHOWN_MAX else ""
    return ", ".join(places[:PLACES_SHOWN_MAX]) + more
