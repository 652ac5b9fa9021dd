"""The rows of the codes that a client keeps."""

from __future__ import annotations

from datetime import date

from reskontro.db.engine import Transaction
from reskontro.kit.json import write_json
from reskontro.ledger.books import CodeRecord


def insert_code(transaction: Transaction, client_no: int, code: CodeRecord) -> None:
    """Add a code, or another row of a code that has one per day."""
    transaction.execute(
        "insert into code (client_no, code_type, code, valid_from, valid_to, name_en, name_no, active, attributes)"
        " values (%s, %s, %s, coalesce(%s::date, '-infinity'), %s, %s, %s, %s, %s::jsonb)",
        (client_no, code.code_type, code.code, code.valid_from, code.valid_to, code.name_en, code.name_no, code.active, _text(code)),
    )


def update_code(transaction: Transaction, client_no: int, valid_from: date | None, code: CodeRecord) -> None:
    """Change the row of a code that begins on a day, its first day included."""
    transaction.execute(
        "update code set valid_from = coalesce(%s::date, '-infinity'), valid_to = %s, name_en = %s, name_no = %s, active = %s,"
        " attributes = %s::jsonb where client_no = %s and code_type = %s and code = %s"
        " and valid_from = coalesce(%s::date, '-infinity')",
        (
            code.valid_from,
            code.valid_to,
            code.name_en,
            code.name_no,
            code.active,
            _text(code),
            client_no,
            code.code_type,
            code.code,
            valid_from,
        ),
    )


def _text(code: CodeRecord) -> str:
    """The attributes as JSON text; a JSON parameter would write rates as binary floats."""
    return write_json(code.attributes).decode()
