"""What a run that only validates would do: rows gathered on the way, and the CSV file made of them when it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from reskontro.batches.kinds import ChunkContext, Finish, ItemResult
from reskontro.db.bulk import Outbox, Stage, copy_json
from reskontro.db.engine import Transaction
from reskontro.kit.messages import Language
from reskontro.kit.money import quantise
from reskontro.norway.identities import currency_decimals
from reskontro.receivable.files.writing import NewFile, write_file
from reskontro.receivable.reports.csv import proposal_csv
from reskontro.receivable.reports.model import Column, Value

FILE_TYPE: Final = "PROPOSAL"
LANGUAGE: Final = "language"
"""The key of a stored request that names the language of its files."""
KRONE: Final = "NOK"
"""The currency of rows that do not name theirs: claims to the bank have no other."""
_ROWS_AT_A_TIME = 2_000
_stage = Stage("stage_run_proposal", (("input_index", "integer"), ("row_index", "integer"), ("cells", "jsonb")))
_INSERT = (
    "insert into run_proposal (client_no, batch_uuid, input_index, row_index, cells)"
    " select %s, %s, input_index, row_index, cells from stage_run_proposal"
)


class Row(NamedTuple):
    """One line of a proposal file: of which input of the run, its place there, and the cells by column."""

    input_index: int
    row_index: int
    cells: Mapping[str, Value]


def keep_rows(transaction: Transaction, context: ChunkContext, rows: Sequence[Row]) -> None:
    """Keep rows until the run ends."""
    assert context.run is not None
    lines = [f"{row.input_index}\t{row.row_index}\t{copy_json(dict(row.cells))}" for row in rows]
    with Outbox(transaction) as outbox:
        outbox.rows(_stage, lines, _INSERT, (context.client_no, context.run.batch_uuid))


def proposal_file(name: str, columns: Sequence[Column]) -> Finish:
    """The end of a run that may only validate: then the file of the rows kept is made, otherwise nothing."""

    def finish(transaction: Transaction, context: ChunkContext) -> list[ItemResult]:
        assert context.run is not None
        return _write_proposal(transaction, context, name, columns) if context.run.asked.get("validateOnly") else []

    return finish


def _write_proposal(transaction: Transaction, context: ChunkContext, name: str, columns: Sequence[Column]) -> list[ItemResult]:
    """Make the file of the rows kept, in the language the run was asked for in; returns its result."""
    run = context.run
    assert run is not None
    language: Language = run.asked.get(LANGUAGE, "en")
    new = NewFile(FILE_TYPE, f"{name}-{context.today.isoformat()}.csv")
    file_id = write_file(transaction, context, new, proposal_csv(columns, _rows(transaction, context, columns), language))
    transaction.execute("delete from run_proposal where client_no = %s and batch_uuid = %s", (context.client_no, run.batch_uuid))
    return [ItemResult("CREATED", "PROPOSAL-CREATED", file_id=file_id, client_reference=run.asked.get("clientReference"))]


def _rows(transaction: Transaction, context: ChunkContext, columns: Sequence[Column]) -> Iterator[list[Value]]:
    assert context.run is not None
    with transaction.cursor(name="run_proposal") as cursor:
        cursor.itersize = _ROWS_AT_A_TIME
        cursor.execute(
            b"select cells from run_proposal where client_no = %s and batch_uuid = %s order by input_index, row_index",
            (context.client_no, context.run.batch_uuid),
        )
        for (cells,) in cursor:
            decimals = currency_decimals(cells.get("currency") or KRONE)
            yield [_value(column, cells.get(column.key), 2 if decimals is None else decimals) for column in columns]


def _value(column: Column, stored: Any, decimals: int) -> Value:
    if stored is None:
        return None
    if column.kind == "date":
        return date.fromisoformat(stored)
    if column.kind == "amount":
        return quantise(Decimal(stored), decimals)
    return stored  # type: ignore[no-any-return]
