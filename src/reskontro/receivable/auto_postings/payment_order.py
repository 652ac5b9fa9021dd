"""The file with which refunds are paid: one pain.001 message for all refunds of a call."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from reskontro.batches.kinds import Origin
from reskontro.kit.ids import new_id
from reskontro.ledger.payments import first_bank_account
from reskontro.norway.pain001 import CreditTransfer, Orderer, write_pain001
from reskontro.receivable.auto_postings.desk import PostingDesk
from reskontro.receivable.auto_postings.drafts import Outcome
from reskontro.receivable.drafts import Draft
from reskontro.receivable.files.writing import NewFile, write_file

FILE_TYPE: Final = "PAIN001"
_TEXTS: Final = {"en": "Refund", "no": "Tilbakebetaling", "nb": "Tilbakebetaling", "nn": "Tilbakebetaling"}


def paying_account(desk: PostingDesk, draft: Draft) -> str | None:
    """The client's bank account that a refund is paid from, without blanks and dots: the one named, else its first; None when it keeps none."""
    payment = draft.values.get("payment") or {}
    number = payment.get("bankAccountNo") or first_bank_account(desk.books, desk.context.today)
    return None if number is None else str(number).replace(" ", "").replace(".", "").upper()


def order_payments(desk: PostingDesk, drafts: Sequence[Draft], outcomes: Sequence[Outcome], origin: Origin) -> None:
    """Write the file for the refunds that were booked, those without a paying account left out. Raises ObjectStoreFault.

    Payment is ordered for the paymentDate, and for today when that has passed.
    """
    transfers = [transfer for draft, outcome in zip(drafts, outcomes, strict=True) if (transfer := _transfer(desk, draft, outcome)) is not None]
    if not transfers:
        return
    client, context = desk.books.client, desk.context
    message_id = new_id().hex
    content = write_pain001(message_id, context.now, Orderer(client.name, client.organization_no), transfers)
    name = f"refunds-{context.today.isoformat()}-{message_id[-8:]}.xml"
    write_file(desk.transaction, context, NewFile(FILE_TYPE, name), [content], origin)


def _transfer(desk: PostingDesk, draft: Draft, outcome: Outcome) -> CreditTransfer | None:
    account = paying_account(desk, draft)
    if account is None:
        return None
    item, *credits = outcome.items
    customer = desk.customers.find_account(item.account_no)
    assert customer is not None, "a refund has a customer"
    day: date = max(draft.values["paymentDate"], desk.context.today)
    numbers = [credit.document_no for credit in credits if credit.document_no]
    text = draft.values.get("text") or " ".join((_TEXTS.get(customer.language, _TEXTS["en"]), *numbers))
    payee = str(item.details["payeeBankAccountNo"])
    return CreditTransfer(item.ar_item_id.hex, outcome.amount, item.currency, day, account, customer.name, payee, text)
