"""Verification finds whatever is altered behind the ledger's back: one byte of one row, by somebody whom no rule of the database stops."""

from __future__ import annotations

import pytest

from reskontro.ledger.seals import SEALED, broken_seals
from reskontro.ledger.verify import verify_client
from tests.api.postings import booked
from tests.api.support import created, credit_note, invoice, line, superuser
from tests.house import House


@pytest.fixture
def story(house: House) -> House:
    """An invoice with a credit note and a payment, a fee, a payment left over, a batch; all in order before the test."""
    house.customer("100001")
    created(house, invoice(documentNo="1"))
    created(house, credit_note("1", 100, 25, documentNo="C1"))
    booked(house, "payment", {"documentNo": "1", "amount": 500, "paymentDate": "2026-11-10"})
    booked(house, "fee", {"documentNo": "1", "feeCode": "OTHER", "amount": 50})
    booked(house, "payment", {"customerNo": "100001", "amount": 2000, "paymentDate": "2026-11-12"})
    house.batch("/documents/batches", {"documents": [invoice(documentNo="2", customerNo="100001")]})
    created(house, invoice(documentNo="3", documentLines=[line(1, 1000, 250)]))
    assert verify_client(house.database, house.client_no).findings == []
    return house


ALTERED = [
    ("update gl_item set amount = amount + 0.01 where transaction_no = 1 and line_no = 1", "does not balance"),
    ("update gl_item set amount = amount + 0.01 where transaction_no = 1 and line_no in (2)", "does not balance"),
    (
        "update gl_item set amount = case when line_no = 2 then amount - 1 else amount + 1 end where transaction_no = 1 and line_no in (2, 3)",
        "a stored balance is not the sum of its lines",
    ),
    ("update gl_item set gl_account = '3100' where transaction_no = 1 and line_no = 2", "a stored balance is not the sum of its lines"),
    ("update gl_item set account_no = account_no + 1 where transaction_no = 1 and line_no = 1", "another amount than it"),
    ("update gl_item set gl_date = '2026-09-30' where transaction_no = 1 and line_no = 2", "another period than its date"),
    ("update gl_item set ar_item_id = null where transaction_no = 1 and line_no = 1", "exactly one line on a control account"),
    ("delete from gl_item where transaction_no = 3", "transaction numbers have a gap"),
    ("delete from gl_item where transaction_no = 1 and line_no = 3", "does not balance"),
    ("update gl_item set line_no = 9 where transaction_no = 1 and line_no = 3", "are not numbered from 1"),
    ("update number_series set last_no = last_no + 1 where series = 'transaction'", "does not end where the transactions do"),
    ("update account_balance set debit = debit + 0.01 where gl_account = '1920'", "a stored balance is not the sum of its lines"),
    ("update ar_item set open_amount = open_amount - 0.01 where document_no = '1'", "is not its original amount less its active matches"),
    ("update ar_item set original_amount = original_amount + 1 where document_no = '1'", "another amount than it"),
    ("update ar_item set credited_amount = credited_amount + 1 where document_no = '1'", "is not the sum of its credit notes"),
    ("update ar_item set credited_vat = 0 where document_no = '1'", "is not the sum of its credit notes"),
    ("update match_line set amount = amount + 0.01 where line_no = 1", "do not add up to zero"),
    ("update match_line set match_date = match_date - 1 where line_no = 1", "bears another date than its match"),
    ("update match_line set item_gl_date = item_gl_date - 1 where line_no = 2", "bears another date than its match, or than its item"),
    ("update match set status = 'UNDONE' where source = 'CREDIT-NOTE'", "is not its original amount less its active matches"),
    ("update document set vat = vat + 1 where document_no = '1'", "a document's own amounts do not add up"),
    ("update document set transaction_no = 4 where document_no = '1'", "a document and its posting do not belong together"),
    ("update batch set count_failed = count_failed + 1", "a batch counts other results than it has"),
    ("delete from batch_item", "a batch counts other results than it has"),
    ("update log_item set actor = actor || 'x' where sequence_no = 2", "log:"),
    ("update log_item set document_no = '9' where sequence_no = 2", "log:"),
    ("update log_item set hash = set_byte(hash, 0, get_byte(hash, 0) # 1) where sequence_no = 3", "log:"),
    ("delete from log_item where sequence_no = 2", "log:"),
    ("delete from log_item where sequence_no = (select max(sequence_no) from log_item)", "log:"),
]


@pytest.mark.parametrize(("statement", "said"), ALTERED)
def test_one_altered_row_is_found(story: House, postgres: str, statement: str, said: str) -> None:
    """The finding says what does not hold."""
    with superuser(story, postgres) as connection:
        assert connection.execute(statement.encode()).rowcount > 0
    findings = verify_client(story.database, story.client_no).findings
    assert any(said in finding for finding in findings), findings


CHANGES = {
    "integer": "{0} + 1000",
    "smallint": "{0} + 1000",
    "numeric": "{0} + 1",
    "date": "coalesce({0}, '2026-01-01') + 1",
    "timestamp with time zone": "{0} + interval '1 second'",
    "text": "coalesce({0}, '') || gen_random_uuid()",
    "uuid": "gen_random_uuid()",
    "jsonb": "coalesce({0}, '{{}}') || '{{\"altered\": 1}}'",
    "boolean": "not {0}",
    "bytea": "coalesce({0}, '') || '\\x00'",
}
"""By type of a column, what makes another value of the one that is there."""


def test_no_column_can_be_altered_unseen(story: House, postgres: str) -> None:
    """Each column of the sealed tables, one after the other: the row is found, unless the application itself may change the column."""
    seen = set()
    with superuser(story, postgres) as connection:
        connection.execute("set session_replication_role = replica")
        for table in SEALED:
            columns = story.rows(
                "select column_name, data_type, has_column_privilege(table_name::text, column_name::text, 'update') or is_generated = 'ALWAYS'"
                " from information_schema.columns where table_name = %s and column_name not in ('client_no', 'seal')",
                table,
            )
            (rows,) = connection.execute(f"select count(*) from {table}".encode()).fetchone() or (0,)
            for column, kind, may_change in columns:
                if may_change:
                    continue
                assert column in SEALED[table].split(", "), (table, column)
                change = "'COST'" if column == "claim_kind" else CHANGES[kind].format(column)
                with connection.transaction(force_rollback=True):
                    condition = "where claim_kind <> 'COST'" if column == "claim_kind" else ""
                    altered = connection.execute(f"update {table} set {column} = {change} {condition}".encode()).rowcount
                    filled = altered if "coalesce" in change else connection.execute(f"select count({column}) from {table}".encode()).fetchone()[0]  # type: ignore[index]
                    found = connection.execute(broken_seals(table).encode(), {"client_no": story.client_no}).fetchall()
                    assert len(found) == min(altered, filled), (table, column)
                    seen.add((table, rows > 0))
    assert {table for table, filled in seen if filled} == set(SEALED)
