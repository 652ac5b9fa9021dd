"""AVTALEGIRO-RUN: one unit of work makes both files, so that what is remembered as sent is in a file, and what is in a file is remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from reskontro.batches.kinds import ChunkContext, Item, ItemResult, Refusal, RunKind
from reskontro.db.engine import Transaction
from reskontro.kit.ids import new_id
from reskontro.kit.json import write_json
from reskontro.kit.messages import Message, outcome_text
from reskontro.ledger.series import YEARLESS, claim
from reskontro.norway.avtalegiro import REFERENCE_LENGTH, Claim, ClaimAssignment, ClaimFile, ClaimText
from reskontro.receivable.avtalegiro import store
from reskontro.receivable.avtalegiro.selecting import Due, to_send, to_take_back
from reskontro.receivable.drafts import Draft
from reskontro.receivable.files.writing import NewFile, write_file
from reskontro.receivable.reports.model import Column
from reskontro.receivable.runs.inputs import chosen_accounts, read_input, unknown_customer
from reskontro.receivable.runs.proposals import LANGUAGE, Row, keep_rows, proposal_file
from reskontro.receivable.runs.run import ENTITY, OPERATION, Run, check_run_date

FILE_TYPE: Final = "AVTALEGIRO"
UNIT_ID: Final = "avtalegiro.customerUnitId"
SERIES: Final = "avtalegiro"
"""The series of the numbers of transmissions and assignments: seven digits that do not come again before ten million were given."""
NUMBERS: Final = 9_999_999
ALL: Final = "all"
ACCOUNTS: Final = "accounts"
_WORDS: Final = {"IN": ("Invoice", "Faktura"), "IT": ("Interest", "Rentenota")}
COLUMNS: Final = (
    Column("customerNo", "Customer"),
    Column("accountNo", "Account", "integer"),
    Column("name", "Name"),
    Column("documentNo", "Document"),
    Column("kid", "KID"),
    Column("bankAccountNo", "Bank account"),
    Column("dueDate", "Due", "date"),
    Column("amount", "Amount", "amount"),
    Column("message", "Outcome"),
)
"""The columns of the proposal file."""


def plan(transaction: Transaction, context: ChunkContext) -> Iterator[bytes] | Refusal:
    """One input for all there is to send, after one for each customer that was named and is unknown; Refusal with REQUIRED without a customer unit
    id.
    """
    asked, reference = _asked(context)
    if context.books.config(UNIT_ID, context.today) is None:
        message = Message("E", "REQUIRED", UNIT_ID, "", {})
        return Refusal([ItemResult("FAILED", client_reference=reference, messages=[message])])
    return _inputs(transaction, context, asked.get("customerNos"))


def _inputs(transaction: Transaction, context: ChunkContext, customer_nos: Sequence[str] | None) -> Iterator[bytes]:
    unknown, accounts = chosen_accounts(transaction, context.client_no, customer_nos)
    yield from unknown
    yield write_json({ALL: True, ACCOUNTS: accounts})


def work(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[list[ItemResult]]:
    """Make the files; see batches.kinds.Work."""
    _, reference = _asked(context)
    results = []
    for item in items:
        if item.value.get(ALL):
            results.append(_Sending(transaction, context, item.index, item.value[ACCOUNTS]).results())
        else:
            results.append([unknown_customer(read_input(item.value), reference)])
    return results


def _asked(context: ChunkContext) -> tuple[dict[str, Any], str | None]:
    assert context.run is not None
    asked = dict(context.run.asked)
    return asked, asked.get("clientReference")


class _Sending:
    """What a run sends and takes back. The caller's transaction holds the client's write lock."""

    def __init__(self, transaction: Transaction, context: ChunkContext, index: int, accounts: Sequence[int] | None) -> None:
        self._transaction = transaction
        self._context = context
        self._index = index
        self._asked, self._reference = _asked(context)
        # A claim file is made the day its turn comes, and the bank's lead time counts from then.
        run_date = date.fromisoformat(self._asked["runDate"])
        self._day = run_date if self._asked.get("validateOnly") else max(run_date, context.today)
        self._deletions = to_take_back(transaction, context.client_no, self._day, accounts, context.now)
        self._claims = to_send(transaction, context.client_no, self._day, accounts, context.now)
        norwegian = context.books.config("base.language", context.today) in ("no", "nb", "nn")
        self._words = {kind: words[norwegian] for kind, words in _WORDS.items()}

    def results(self) -> list[ItemResult]:
        """Make the files, or say what would be in them; a result for each claim."""
        if self._asked.get("validateOnly"):
            return self._propose()
        client_no, day = self._context.client_no, self._day
        results: list[ItemResult] = []
        if self._deletions:
            file_id = self._write("deletions", self._deletions, deletions=True)
            store.end_sent(self._transaction, client_no, day, [due.claim.avtalegiro_claim_id for due in self._deletions], file_id)
            results += [self._result("CREATED", "FILE-CREATED", due, file_id) for due in self._deletions]
        if self._claims:
            # What is still standing in the place of a new claim was sent for a day that has passed.
            store.end_sent(self._transaction, client_no, day, [due.sent.avtalegiro_claim_id for due in self._claims if due.sent], None)
            file_id = self._write("claims", self._claims)
            assert self._context.run is not None
            sent = (replace(due.claim, avtalegiro_claim_id=new_id()) for due in self._claims)
            store.remember_sent(self._transaction, client_no, day, self._context.run.batch_uuid, file_id, sent)
            results += [self._result("CREATED", "FILE-CREATED", due, file_id) for due in self._claims]
        return results

    def _propose(self) -> list[ItemResult]:
        proposed = [("AVTALEGIRO-DELETION-PROPOSED", due) for due in self._deletions] + [("AVTALEGIRO-CLAIM-PROPOSED", due) for due in self._claims]
        language = self._asked.get(LANGUAGE, "en")
        rows = [
            Row(
                self._index,
                number,
                {
                    "customerNo": due.payer.customer_no,
                    "accountNo": due.payer.account_no,
                    "name": due.payer.name,
                    "documentNo": due.item.document_no,
                    "kid": due.claim.kid,
                    "bankAccountNo": due.claim.bank_account_no,
                    "dueDate": due.claim.due_date,
                    "amount": due.claim.amount,
                    "message": outcome_text(outcome, language),
                },
            )
            for number, (outcome, due) in enumerate(proposed)
        ]
        if rows:
            keep_rows(self._transaction, self._context, rows)
        return [self._result("UNCHANGED", outcome, due, None) for outcome, due in proposed]

    def _write(self, name: str, claims: Sequence[Due], *, deletions: bool = False) -> UUID:
        by_account = [(account, list(group)) for account, group in groupby(claims, lambda due: due.claim.bank_account_no)]
        numbers = self._numbers(1 + len(by_account))
        file = ClaimFile(self._context.books.config(UNIT_ID, self._context.today), numbers[0], deletions=deletions)
        assignments = [
            ClaimAssignment(number, account, map(self._claim, group)) for number, (account, group) in zip(numbers[1:], by_account, strict=True)
        ]
        new = NewFile(FILE_TYPE, f"avtalegiro-{name}-{self._day.isoformat()}-{numbers[0]}.txt")
        return write_file(self._transaction, self._context, new, file.pieces(assignments))

    def _numbers(self, count: int) -> list[str]:
        first = claim(self._transaction, self._context.client_no, SERIES, YEARLESS, count)
        return [f"{(number - 1) % NUMBERS + 1:07d}" for number in range(first, first + count)]

    def _claim(self, due: Due) -> Claim:
        label = f"{self._words.get(due.item.ar_item_type, '')} {due.item.document_no or ''}".strip()
        reference = label if len(label) <= REFERENCE_LENGTH else due.item.document_no or ""
        text = (ClaimText(1, 1, label),) if due.notify and label else ()
        return Claim(due.claim.due_date, due.claim.amount, due.claim.kid, due.payer.name, reference, due.notify, text)

    def _result(self, result: str, outcome: str, due: Due, file_id: UUID | None) -> ItemResult:
        return ItemResult(
            result,  # type: ignore[arg-type]
            outcome,
            due.payer.account_no,
            due.payer.customer_no,
            due.item.document_no,
            due.item.document_uuid,
            due.item.ar_item_id,
            client_reference=self._reference,
            file_id=file_id,
        )


def _check(draft: Draft, today: date) -> None:
    check_run_date(draft, today, earlier=True)


AVTALEGIRO_RUN: Final = Run(
    action_type="AVTALEGIRO-RUN",
    kind=RunKind(name="actions.avtalegiro", entity=ENTITY, operation=OPERATION, plan=plan, work=work, finish=proposal_file("avtalegiro", COLUMNS)),
    takes=frozenset(("runDate",)),
    check=_check,
)
"""Claims to the bank, and their withdrawal."""
