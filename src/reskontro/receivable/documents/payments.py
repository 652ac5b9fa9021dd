"""Payment documents: which claims they settle, and the payment that is kept beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from reskontro.batches.kinds import Origin
from reskontro.kit.ids import new_id
from reskontro.ledger.matching import group_claims
from reskontro.ledger.posting import OpenItem
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.rules import Draft
from reskontro.receivable.documents.schemas import DOCUMENT, PAYMENT_DETAILS
from reskontro.receivable.documents.store import KnownDocument

if TYPE_CHECKING:
    from reskontro.receivable.documents.desk import DocumentDesk

_PAYMENT = DOCUMENT.field("payment").position


def _find(draft: Draft, code: str, name: str, /, **parameters: Any) -> None:
    draft.messages.add("E", code, name, f"/payment/{name}", (_PAYMENT, PAYMENT_DETAILS.field(name).position), **parameters)


def check_payment(desk: DocumentDesk, draft: Draft, customer: Customer | None) -> None:
    """The receiving account must be one of the client's, the bank reference new, and a KID or document must be this customer's."""
    payment = draft.values.get("payment") or {}
    if "bankAccountNo" in payment:
        key = desk.bank_account_key(payment)
        accounts = desk.books.config("bank.accounts", desk.context.today) or ()
        if all(account["bankAccountNo"].lower() != key for account in accounts):
            _find(draft, "CODE-UNKNOWN", "bankAccountNo", value=payment["bankAccountNo"])
    if "bankReference" in payment and (desk.bank_account_key(payment), payment["bankReference"].lower()) in desk.bank_references:
        _find(draft, "BANK-DUPLICATE", "bankReference", value=payment["bankReference"])
    kid = draft.values.get("kid")
    if kid is not None and customer is not None and "referenceDocumentNo" not in draft.values:
        owners = {item.account_no for item in desk.items_with_kid(kid) if item.original_amount > 0}
        if not owners:
            owner = desk.customers.owner_of_kid(kid)
            owners = set() if owner is None else {owner}
        if owners and customer.account_no not in owners:
            draft.find("E", "TARGET-CONFLICT", "kid", fields="kid, customerNo")


def _targets(desk: DocumentDesk, item: OpenItem, draft: Draft, references: list[KnownDocument]) -> tuple[str, list[OpenItem], str | None]:
    """(source of the match, items of the claims meant, exception when none is meant)."""
    if references:
        return "DOCUMENT-NO", [found for reference in references if reference.item for found in _claims_of(desk, reference.item)], None
    kid = item.kid
    if kid is None or not _matches_automatically(desk, item):
        return "", [], None
    own = [found for found in desk.items_with_kid(kid) if found.account_no == item.account_no and found.original_amount > 0]
    if own:
        in_currency = [found for found in own if found.currency == item.currency]
        if not in_currency:
            return "KID", [], "CURRENCY"
        claims = [claim for found in in_currency for claim in _claims_of(desk, found)]
        if not any(claim.open_amount > 0 for claim in claims):
            credited = any(found.credited_amount >= found.original_amount for found in in_currency)
            return "KID", [], "ITEM-CREDITED" if credited else "ALREADY-PAID"
        return "KID", claims, None
    customer = desk.customers.find_account(item.account_no)
    if customer is not None and customer.customer_kid == kid:
        claims = [found for found in desk.account_items(item.account_no) if found.currency == item.currency and found.open_amount > 0]
        return "KID", claims, None if claims else "ALREADY-PAID"
    return "KID", [], "KID-UNKNOWN"


def _matches_automatically(desk: DocumentDesk, item: OpenItem) -> bool:
    books = desk.books
    return bool(books.config("matching.auto", item.gl_date)) and "KID" in books.config("matching.rules", item.gl_date)


def _claims_of(desk: DocumentDesk, target: OpenItem) -> list[OpenItem]:
    """The claims an item means: a letter means every claim it names, a principal itself with its interest and costs."""
    named = target.details.get("claimArItemIds") or ([target.claim_ar_item_id] if target.claim_ar_item_id else [])
    principals = [found.ar_item_id for claim in named if (found := desk.item(_as_id(claim))) is not None]
    items = desk.claim_items(principals or [target.ar_item_id])
    if principals and target not in items:
        items = [*items, target]
    return items


def _as_id(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def settle_payment(
    desk: DocumentDesk, draft: Draft, item: OpenItem, document: KnownDocument, references: list[KnownDocument], origin: Origin
) -> tuple[Any, ...]:
    """Match a payment with the claims it means and return the row of the payment that is kept beside it."""
    payment = draft.values.get("payment") or {}
    source, targets, exception = _targets(desk, item, draft, references)
    claims = group_claims({found.ar_item_id: found for found in targets}.values())
    if claims and desk.books.config("coverage.excess", item.gl_date) == "OLDEST-CLAIM":
        meant = {found.ar_item_id for found in targets}
        others = [found for found in desk.account_items(item.account_no) if found.currency == item.currency and found.ar_item_id not in meant]
        claims += group_claims(others)
    if claims:
        latest = max([item.gl_date, *(claim[0].gl_date for claim in claims)])
        match = desk.settler.settle(item, claims, source=source, match_date=latest, created_by=origin.user_id, batch_uuid=origin.batch_uuid)
        if match is not None:
            desk.log_match(match.match_id, origin, document)
    if exception is None and claims and item.open_amount:
        exception = "OVERPAID"
    bank_key = desk.bank_account_key(payment)
    reference = payment.get("bankReference")
    if reference is not None:
        desk.bank_references.add((bank_key, reference.lower()))
    return (
        new_id(),
        item.ar_item_id,
        item.account_no,
        document.document_uuid,
        -item.original_amount,
        item.currency,
        draft.values["documentDate"],
        item.gl_date,
        payment.get("paymentMethod", "BANK"),
        payment.get("bankAccountNo") or desk.first_bank_account(),
        bank_key,
        reference,
        reference.lower() if reference is not None else None,
        payment.get("payerName"),
        payment.get("payerAccountNo"),
        item.kid,
        exception,
        origin.batch_uuid,
    )
