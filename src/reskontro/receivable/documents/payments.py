"""Payment documents: which claims they settle, and the payment that is kept beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reskontro.batches.kinds import Origin
from reskontro.kit.ids import new_id
from reskontro.ledger.claims import Meaning, matches_by_rule, meant_by_items, meant_by_kid, settle_payment
from reskontro.ledger.payments import bank_account_key, is_own_bank_account, record_of
from reskontro.ledger.posting import OpenItem
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.rules import Draft
from reskontro.receivable.documents.schemas import DOCUMENT
from reskontro.receivable.documents.store import KnownDocument
from reskontro.receivable.payment_details import PAYMENT_DETAILS

if TYPE_CHECKING:
    from reskontro.receivable.documents.desk import DocumentDesk

_PAYMENT = DOCUMENT.field("payment").position


def _find(draft: Draft, code: str, name: str, /, **parameters: Any) -> None:
    draft.messages.add("E", code, name, f"/payment/{name}", (_PAYMENT, PAYMENT_DETAILS.field(name).position), **parameters)


def check_payment(desk: DocumentDesk, draft: Draft, customer: Customer | None) -> None:
    """The receiving account must be one of the client's, the bank reference new, and a KID or document must be this customer's."""
    payment = draft.values.get("payment") or {}
    key = bank_account_key(desk.books, desk.context.today, payment.get("bankAccountNo"))
    if "bankAccountNo" in payment and not is_own_bank_account(desk.books, desk.context.today, key):
        _find(draft, "CODE-UNKNOWN", "bankAccountNo", value=payment["bankAccountNo"])
    if "bankReference" in payment and desk.has_bank_reference((key, payment["bankReference"].lower())):
        _find(draft, "BANK-DUPLICATE", "bankReference", value=payment["bankReference"])
    kid = draft.values.get("kid")
    if kid is not None and customer is not None and "referenceDocumentNo" not in draft.values:
        owners = {item.account_no for item in desk.items_with_kid(kid) if item.original_amount > 0}
        if not owners:
            owner = desk.customers.owner_of_kid(kid)
            owners = set() if owner is None else {owner}
        if owners and customer.account_no not in owners:
            draft.find("E", "TARGET-CONFLICT", "kid", fields="kid, customerNo")


def _meaning(desk: DocumentDesk, item: OpenItem, references: list[KnownDocument]) -> Meaning | None:
    """What a payment document means: the claims it refers to, else its KID; None when it stays with the customer."""
    if references:
        return meant_by_items(desk, [reference.item for reference in references if reference.item is not None], "DOCUMENT-NO")
    if item.kid is None or not matches_by_rule(desk, item.gl_date, "KID"):
        return None
    return meant_by_kid(desk, item.kid, item.account_no, item.currency)


def settle_document(
    desk: DocumentDesk, draft: Draft, item: OpenItem, document: KnownDocument, references: list[KnownDocument], origin: Origin
) -> None:
    """Match a payment with the claims it means and keep the payment beside it."""
    meaning = _meaning(desk, item, references)
    exception = None
    if meaning is not None:
        _, exception = settle_payment(desk, item, meaning, origin, customer_no=document.customer_no, document_no=document.document_no)
    desk.add_payment(
        record_of(
            draft.values.get("payment") or {},
            desk.books,
            desk.context.today,
            payment_uuid=new_id(),
            ar_item_id=item.ar_item_id,
            account_no=item.account_no,
            document_uuid=document.document_uuid,
            amount=-item.original_amount,
            currency=item.currency,
            payment_date=draft.values["documentDate"],
            booking_date=item.gl_date,
            kid=item.kid,
            exception_code=exception,
            batch_uuid=origin.batch_uuid,
            posting=item.transaction,
        )
    )
