"""The kinds of batch that import bank files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from reskontro.batches.kinds import ChunkContext, Item, ItemResult, RunKind
from reskontro.db.engine import Transaction
from reskontro.norway.avtalegiro_mandates import REGISTRATION_CODES
from reskontro.receivable.bank_files.booking import BankDesk, BankPayment, finding, payments_of
from reskontro.receivable.bank_files.planning import plan_import
from reskontro.receivable.bank_files.reading import CAMT054, MANDATES, OCR
from reskontro.receivable.bank_files.returning import book_returns
from reskontro.receivable.bank_files.store import KnownPayment, known_payments
from reskontro.receivable.files.store import get_file
from reskontro.receivable.files.uploading import import_name
from reskontro.receivable.mandates.registering import Registration, register

PAYMENTS_AT_A_TIME: Final = 1_000
ENTITY: Final = "BANK-FILE"
DELETED: Final = REGISTRATION_CODES["DELETED"]


def work_payments(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> list[list[ItemResult]]:
    """Book the payments of a set in their order, and register its mandates; what was booked before is UNCHANGED."""
    payments = payments_of(items)
    registered = _register(transaction, context, items)
    known = known_payments(transaction, context.client_no, [payment.key[0] for payment in payments if payment is not None])
    results: list[ItemResult | None] = [None] * len(items)
    waiting: list[tuple[int, BankPayment]] = []
    for place, (item, payment) in enumerate(zip(items, payments, strict=True)):
        if place in registered:
            results[place] = registered[place]
        elif payment is None:
            results[place] = _passed_over(item)
        elif payment.key in known:
            results[place] = _known(known[payment.key])
        else:
            waiting.append((place, payment))
    for members in _alike(waiting):
        desk = BankDesk(transaction, context, items[members[0][0]].origin)
        taken = [payment for _, payment in members]
        if taken[0].takes_back:
            done = book_returns(desk, taken)
        else:
            desk.load(taken)
            done = [desk.book(payment) for payment in taken]
            desk.write()
        for (place, _), result in zip(members, done, strict=True):
            results[place] = result
    return [[result] for result in results if result is not None]


def _register(transaction: Transaction, context: ChunkContext, items: Sequence[Item]) -> dict[int, ItemResult]:
    """The results of the mandates among the inputs, by place."""
    found = [(place, item.value) for place, item in enumerate(items) if item.value["what"] == "MANDATE"]
    if not found:
        return {}
    sent = [Registration(value.get("kid"), value["registration"] != DELETED, value["notify"], value["account"]) for _, value in found]
    file = get_file(transaction, context.client_no, context.run.file_id) if context.run is not None and context.run.file_id is not None else None
    results = register(transaction, context, items[0].origin, sent, file.created_at if file is not None else context.now)
    return {place: result for (place, _), result in zip(found, results, strict=True)}


def _alike(waiting: Sequence[tuple[int, BankPayment]]) -> list[list[tuple[int, BankPayment]]]:
    """Payments and returns in turns: a return may take back a payment that stands before it in the same file."""
    groups: list[list[tuple[int, BankPayment]]] = []
    for member in waiting:
        if groups and groups[-1][0][1].takes_back == member[1].takes_back:
            groups[-1].append(member)
        else:
            groups.append([member])
    return groups


def _known(payment: KnownPayment) -> ItemResult:
    return ItemResult(
        "UNCHANGED",
        "RETURN-KNOWN" if payment.is_return else "PAYMENT-KNOWN",
        payment.account_no,
        payment.customer_no,
        ar_item_id=payment.ar_item_id,
        payment_uuid=payment.payment_uuid,
    )


def _passed_over(item: Item) -> ItemResult:
    """An entry that is not booked, or an assignment of a service that is not known."""
    what, value = item.value["what"], item.value.get("value", "")
    if what == "ENTRY":
        return ItemResult("UNCHANGED", "ENTRY-SKIPPED", messages=[finding("W", "STATE-CONFLICT", "status", status=value)])
    return ItemResult("UNCHANGED", "ASSIGNMENT-SKIPPED", messages=[finding("W", "CODE-UNKNOWN", "service", value=value)])


IMPORTS: Final = tuple(
    RunKind(import_name(file_type), ENTITY, "IMPORT", plan_import, work_payments, input_items=PAYMENTS_AT_A_TIME)
    for file_type in (OCR, CAMT054, MANDATES)
)
"""One kind for each type of file."""
