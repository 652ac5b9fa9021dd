"""The tables of a letter: claims, how interest was computed, and the postings of a statement."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from reskontro.receivable.item_types import item_type
from reskontro.receivable.letters.model import ClaimLine
from reskontro.receivable.letters.writer import Writer, breakable, cut

_TEXT_CHARACTERS: Final = 120
"""What a claim concerns is cut to so many characters: one or two lines."""
_LARGE_DIGITS, _HUGE_DIGITS = 11, 15
"""From so many characters of the longest amount on, tables are set smaller so that no amount is broken."""


def tables_of(writer: Writer) -> Iterable[dict[str, Any]]:
    """The tables of the letter, in the order in which they are read."""
    letter = writer.letter
    if letter.statement is not None:
        yield _postings_table(writer)
    if letter.kind == "INTEREST-NOTE":
        yield _interest_table(writer)
        yield _computation_table(writer)
    elif letter.claims:
        yield _claims_table(writer)


def _claims_table(writer: Writer) -> dict[str, Any]:
    letter = writer.letter
    with_costs, with_interest = bool(letter.earlier_fees), bool(letter.interest_amount)
    columns = [
        _column(writer.text("document"), wide=True),
        _column(writer.text("documentDate")),
        _column(writer.text("dueDate")),
        _column(writer.text("original"), number=True),
        _column(writer.text("open"), number=True),
    ]
    if with_costs:
        columns.append(_column(writer.text("costs"), number=True))
    if with_interest:
        columns.append(_column(writer.text("interest"), number=True))
    rows: list[list[Any]] = []
    for claim in letter.claims:
        row = [
            _named(writer, claim),
            writer.day(claim.document_date),
            writer.day(claim.due_date),
            writer.number(claim.original),
            writer.number(claim.open_amount),
        ]
        if with_costs:
            row.append(writer.number(claim.fee))
        if with_interest:
            row.append(writer.number(claim.interest))
        rows.append(row)
    title = writer.text("openClaims" if letter.statement else "claims")
    return _table(f"{title} ({letter.currency})", columns, rows)


def _named(writer: Writer, claim: ClaimLine) -> list[str]:
    """What the claim is, with its number, and what it concerns."""
    name = f"{item_type(claim.kind, writer.language)} {claim.document_no}".strip()
    return [breakable(name), breakable(cut(claim.text, _TEXT_CHARACTERS))]


def _interest_table(writer: Writer) -> dict[str, Any]:
    letter = writer.letter
    columns = [
        _column(writer.text("document"), wide=True),
        _column(writer.text("documentDate")),
        _column(writer.text("dueDate")),
        _column(writer.text("original"), number=True),
        _column(writer.text("interest"), number=True),
    ]
    rows: list[list[Any]] = [
        [
            _named(writer, claim),
            writer.day(claim.document_date),
            writer.day(claim.due_date),
            writer.number(claim.original),
            writer.number(claim.interest),
        ]
        for claim in letter.claims
    ]
    return _table(f"{writer.text('claims')} ({letter.currency})", columns, rows)


def _computation_table(writer: Writer) -> dict[str, Any]:
    interest = writer.letter.interest
    assert interest is not None
    columns = [
        _column(writer.text("document"), wide=True),
        _column(writer.text("span")),
        _column(writer.text("days"), number=True),
        _column(writer.text("base"), number=True),
        _column(writer.text("rate"), number=True),
    ]
    rows: list[list[Any]] = [
        [
            [breakable(segment.document_no), ""],
            f"{writer.day(segment.first_day)}–{writer.day(segment.last_day)}",
            str((segment.last_day - segment.first_day).days + 1),
            writer.number(segment.principal),
            writer.percent(segment.rate),
        ]
        for segment in interest.segments
    ]
    return _table(writer.text("computation"), columns, rows)


def _postings_table(writer: Writer) -> dict[str, Any]:
    letter = writer.letter
    statement = letter.statement
    assert statement is not None
    columns = [
        _column(writer.text("documentDate")),
        _column(writer.text("document"), wide=True),
        _column(writer.text("dueDate")),
        _column(writer.text("amount"), number=True),
        _column(writer.text("balance"), number=True),
    ]
    rows: list[list[Any]] = [[writer.day(statement.from_date), [writer.text("opening"), ""], "", "", writer.number(statement.opening_balance)]]
    for posting in statement.postings:
        names = [breakable(posting.document_no), breakable(cut(posting.text, _TEXT_CHARACTERS))]
        due = writer.day(posting.due_date)
        rows.append([writer.day(posting.posting_date), names, due, writer.number(posting.amount), writer.number(posting.balance)])
    rows.append([writer.day(statement.to_date), [writer.text("closing"), ""], "", "", writer.number(statement.closing_balance)])
    title = "postings" if statement.postings else "balance"
    return _table(f"{writer.text(title)} ({letter.currency})", columns, rows, strong_rows=(0, len(rows) - 1))


def _column(label: str, *, number: bool = False, wide: bool = False) -> dict[str, Any]:
    return {"label": label, "number": number, "wide": wide}


def _width(column: dict[str, Any], cells: Iterable[str]) -> int | None:
    """The width of a column in thousandths of an em: digits are half an em wide, the label is smaller. None takes what is left.

    Widths are said here since a compiler that is told them need not measure every cell first.
    """
    if column["wide"]:
        return None
    return max(max((len(cell) for cell in cells), default=0) * 485, len(column["label"]) * 430) + 100


def _table(title: str, columns: list[dict[str, Any]], rows: list[list[Any]], strong_rows: Iterable[int] = ()) -> dict[str, Any]:
    """A table; a cell is a text, or two texts one under the other."""
    numbers = [at for at, column in enumerate(columns) if column["number"]]
    longest = max((len(row[at]) for row in rows for at in numbers), default=0)
    size = 74 if longest >= _HUGE_DIGITS else 84 if longest >= _LARGE_DIGITS or len(columns) > 6 else 92
    widths = [_width(column, (row[at] for row in rows)) for at, column in enumerate(columns)]
    return {
        "title": title,
        "columns": [{"label": column["label"], "number": column["number"], "width": width} for column, width in zip(columns, widths, strict=True)],
        "rows": rows,
        "strong": list(strong_rows),
        "size": size,  # tenths of a point
    }
