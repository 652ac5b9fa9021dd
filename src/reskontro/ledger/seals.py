"""Seals: a digest over everything in a row that never changes, written with it, so that a row altered past the application shows.

The seal is PostgreSQL's 64-bit hash of the values. It finds what was altered by accident or by hand; whoever knows it can make another that fits,
other than with the log, whose items are chained by SHA-256.
"""

from __future__ import annotations

from typing import Final

SEALED: Final = {
    "gl_item": (
        "client_no, gl_year, transaction_no, line_no, gl_period, gl_date, document_date, journal, gl_account, amount, currency, currency_amount,"
        " exchange_rate, vat_code, account_no, ar_item_id, document_uuid, batch_uuid, reverses_gl_year, reverses_transaction_no, dimensions,"
        " line_text, created_by, created_at"
    ),
    "ar_item": (
        "client_no, ar_item_id, account_no, ar_item_type, claim_kind, claim_ar_item_id, document_uuid, document_no, kid, item_date, gl_date,"
        " gl_year, gl_period, transaction_no, control_account, currency, exchange_rate, original_amount, base_original_amount, vat_amount, reversal,"
        " created_at"
    ),
    "document": (
        "client_no, document_uuid, document_type, account_no, customer_no, document_no, document_key, reference_no, reference_document_uuid,"
        " document_date, due_date, gl_date, currency, exchange_rate, kid, excl_vat, vat, incl_vat, base_excl_vat, base_vat, base_incl_vat,"
        " ar_item_id, gl_year, gl_period, transaction_no, document_bundle_id, batch_uuid, content_hash, details, created_by, created_at"
    ),
    "document_line": "client_no, document_uuid, line_no, line_type, excl_vat, vat, incl_vat, vat_code, gl_account, details",
    "match": "client_no, match_id, account_no, match_date, source, coverage_order, created_by, created_at",
    "match_line": "client_no, match_id, line_no, ar_item_id, amount, base_amount, match_date, item_gl_date",
    "payment": (
        "client_no, payment_uuid, document_uuid, amount, currency, payment_date, booking_date, payment_method, bank_account_no, bank_account_key,"
        " bank_reference, bank_reference_key, payer_name, payer_account_no, kid, payment_text, file_id, batch_uuid, gl_year, transaction_no,"
        " suspense, fingerprint, fingerprint_no, created_at"
    ),
}
"""By table, the columns that are written once; the others may change."""

_KEYS: Final = {
    "gl_item": "gl_year, transaction_no, line_no",
    "ar_item": "ar_item_id",
    "document": "document_no",
    "document_line": "document_uuid, line_no",
    "match": "match_id",
    "match_line": "match_id, line_no",
    "payment": "payment_uuid",
}


def _seal(table: str) -> str:
    values = ", ".join(f"r.{column}" for column in SEALED[table].split(", "))
    return f"hash_record_extended(row({values}), 0)"


def sealed_insert(table: str, columns: str, source: str) -> str:
    """The statement that inserts ``columns``, as a query gives them in their order and under their names, each row with its seal.

    Constants in the query need the types of their columns: the hash of an integer is not that of the same digits as text.
    """
    return f"insert into {table} ({columns}, seal) select r.*, {_seal(table)} from ({source}) r"


def broken_seals(table: str) -> str:
    """The statement that finds the rows of a client whose seal does not fit."""
    keys = ", ".join(f"r.{column}" for column in _KEYS[table].split(", "))
    return f"select concat_ws('/', {keys}) from {table} r where r.client_no = %(client_no)s and r.seal is distinct from {_seal(table)}"
