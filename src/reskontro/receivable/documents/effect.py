"""A document that passed takes effect: its posting, its AR item and its row are made, and hold for the documents after it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from reskontro.batches.kinds import ItemResult, Origin
from reskontro.kit.ids import new_id
from reskontro.kit.json import write_json
from reskontro.kit.money import multiply
from reskontro.ledger.accounts import unusable
from reskontro.ledger.claims import LETTER_CLAIMS
from reskontro.ledger.payments import bank_account_key, bank_gl_account
from reskontro.ledger.posting import ONE, LedgerTransaction, OpenItem, Part, exceeds, post_document
from reskontro.norway.kid import KidTooLong
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.documents.amounts import Composition, parts_of
from reskontro.receivable.documents.case import DUE_IS_DATE, Case
from reskontro.receivable.documents.credits import credit_parts, settle_credit
from reskontro.receivable.documents.desk import DocumentDesk, failed
from reskontro.receivable.documents.payments import settle_document
from reskontro.receivable.documents.record import NewDocument, details_of, rows_of_lines, with_defaults
from reskontro.receivable.documents.rules import Draft

JOURNALS = {"IN": "SALES", "CN": "SALES", "IT": "NOTES", "RM": "NOTES", "PY": "PAYMENTS"}
CLAIM_KINDS = {"IN": "PRINCIPAL", "CN": "CREDIT", "IT": "INTEREST", "RM": "COST", "PY": "CREDIT"}
AMOUNT_MAX = Decimal(10**15 - 1)
"""The largest amount of a GL line, in its own and in base currency: 15 digits."""
_WITH_KID = ("IN", "IT", "RM")


class _CustomerDefaults(msgspec.Struct):
    """What a document takes over from its customer's details, as raw JSON."""

    distribution: msgspec.Raw = msgspec.Raw(b"")
    emailAddressDocument: msgspec.Raw = msgspec.Raw(b"")  # noqa: N815 - a wire name


_defaults_decoder = msgspec.json.Decoder(_CustomerDefaults)


def take_effect(desk: DocumentDesk, draft: Draft, case: Case, customer: Customer, origin: Origin) -> ItemResult:
    """Post a document that passed its checks; FAILED with findings that only the posting makes, and then nothing of it took effect."""
    values, kind = draft.values, draft.document_type
    assert kind is not None and case.composition is not None and case.rate is not None and case.due_date is not None and case.gl_day is not None
    document_no = draft.document_no
    document_date: date = values["documentDate"]
    if document_no is None:
        document_no = desk.numbers.peek(kind, document_date.year)
    composition, item_id, document_uuid = case.composition, new_id(), new_id()
    control, parts = _control_account(desk, case, draft, customer), _parts(desk, case, kind, draft)
    if draft.messages.error_count or control is None:
        return failed(draft, draft.messages, customer if case.outcome is None else None)
    lines = post_document(
        control_account=control,
        account_no=customer.account_no,
        ar_item_id=item_id,
        total=composition.incl_vat,
        parts=parts,
        credit=kind in ("CN", "PY"),
        exchange_rate=case.rate,
        base_decimals=desk.base_decimals,
    )
    if exceeds(lines, AMOUNT_MAX):
        draft.messages.cross("E", "RANGE", "inclVat", "/currencyAmounts/inclVat", min=0, max=multiply(AMOUNT_MAX / case.rate, ONE, 0))
        return failed(draft, draft.messages, customer if case.outcome is None else None)
    kid, generated = values.get("kid"), False
    if kid is None and kind in _WITH_KID:
        try:
            kid = _make_kid(desk, customer.account_no)
            generated = kid is not None
        except KidTooLong:
            draft.find("E", "LENGTH", "kid", max=25)
            return failed(draft, draft.messages, customer if case.outcome is None else None)
    elif kid is not None and kind in _WITH_KID and any(item.is_open for item in desk.items_with_kid(kid)):
        draft.messages.cross("W", "KID-SHARED", "kid", "/kid", value=kid)
    if case.outcome is not None:
        desk.customers.accept(case.outcome, origin)
    if values.get("documentNo") is None:
        desk.numbers.draw(kind, document_date.year)
    if customer.control_account is None:
        customer = desk.customers.set_control_account(customer, control)
    posting: LedgerTransaction | None = None
    item: OpenItem | None = None
    if lines:
        posting = LedgerTransaction(
            JOURNALS[kind],
            case.gl_day,
            case.period.gl_year,
            case.period.gl_period,
            document_date,
            case.currency,
            case.rate,
            lines,
            origin.user_id,
            document_uuid,
            origin.batch_uuid,
        )
        desk.transactions.append(posting)
        if lines[0].ar_item_id is not None:
            item = _item(case, kind, customer, posting, item_id, document_no, kid, draft)
    details, *line_details = draft.details or details_of(values, draft.lines)
    new = NewDocument(
        document_uuid=document_uuid,
        document_type=kind,
        account_no=customer.account_no,
        customer_no=customer.customer_no,
        document_no=document_no,
        reference_no=values.get("referenceNo"),
        document_date=document_date,
        due_date=case.due_date,
        gl_date=case.gl_day,
        currency=case.currency,
        exchange_rate=case.rate,
        kid=kid,
        kid_generated=generated,
        amounts=(composition.excl_vat, composition.vat, composition.incl_vat),
        base_amounts=_base_amounts(desk, case, composition),
        content_hash=draft.content_hash,
        created_by=origin.user_id,
        details=with_defaults(details, _defaults(values, customer)),
        line_rows=rows_of_lines(document_uuid, composition.lines, line_details) if draft.lines else [],
        reference_document_uuid=case.references[0].document_uuid if case.references else None if not case.meant else case.meant[0].document_uuid,
        item=item,
        transaction=posting,
        batch_uuid=origin.batch_uuid,
        parts=parts,
    )
    if "bundleReference" in values and origin.batch_uuid is not None:
        new.bundle_id = desk.bundle(origin.batch_uuid, customer.account_no, values["bundleReference"])
    if item is not None:
        desk.add_item(item)
        if kind == "CN" and case.credited is not None:
            settle_credit(desk, item, case.credited, composition, origin, new.known())
        elif kind == "PY":
            settle_document(desk, draft, item, new.known(), case.references, origin)
    if draft.notice is not None:
        new.bundle_id = draft.notice.bundle_id
    if item is None and kid is not None and kind in CLAIM_KINDS and case.meant:
        desk.letters_without_item.append((new, [claim.ar_item_id for claim in case.meant]))
    desk.add_document(new, origin)
    _check_credit_limit(desk, draft, customer, kind)
    new.result = ItemResult(
        "CREATED",
        "DOCUMENT-CREATED",
        customer.account_no,
        customer.customer_no,
        document_no,
        document_uuid,
        item.ar_item_id if item else None,
        kid if generated else None,
        draft.reference,
        None,
        draft.messages.in_order(),
    )
    return new.result  # type: ignore[no-any-return]


def _control_account(desk: DocumentDesk, case: Case, draft: Draft, customer: Customer) -> str | None:
    """The customer's control account, or for a first posting that of the rules; None with a finding when it cannot be posted to."""
    assert case.gl_day is not None
    control, tried = desk.control_account(customer.control_account, case.gl_day)
    if control is None:
        draft.messages.cross("E", "ACCOUNT-UNKNOWN", "document", "", value=tried)
    return control


def _parts(desk: DocumentDesk, case: Case, kind: str, draft: Draft) -> list[Part]:
    """The side of the posting that is not the control account, with findings for accounts that cannot be posted to."""
    composition = case.composition
    assert composition is not None and case.gl_day is not None
    if kind == "PY":
        key = bank_account_key(desk.books, desk.context.today, (draft.values.get("payment") or {}).get("bankAccountNo"))
        bank = bank_gl_account(desk.books, case.gl_day, key)
        parts = [Part(bank or "", composition.incl_vat, None)]
    else:
        rounding = desk.rounding_account(case.gl_day)
        document_dimensions = _dimensions(draft.values)

        def dimensions(raw: dict[str, Any]) -> tuple[tuple[int, str], ...]:
            return document_dimensions if "dimensions" not in raw else _dimensions(raw) or document_dimensions

        if kind == "CN" and case.credited is not None:
            parts = credit_parts(desk, composition, case.credited, rounding, dimensions)
        else:
            parts = parts_of(composition, rounding, dimensions)
    for number in dict.fromkeys([part.gl_account for part in parts]):
        code = unusable(desk.books, number) if number not in desk.usable_accounts else None
        if code is not None:
            draft.messages.cross("E", code, "document", "", value=number)
    return parts


def _dimensions(values: dict[str, Any]) -> tuple[tuple[int, str], ...]:
    if "dimensions" not in values:
        return ()
    return tuple(sorted((d["dimensionNo"], d["value"]) for d in values.get("dimensions", ())))


def _make_kid(desk: DocumentDesk, account_no: int) -> str | None:
    kids = desk.kids()
    if kids is None:
        return None
    while desk.has_kid_here(kid := kids.draw(account_no)):
        pass
    return kid


def _item(
    case: Case, kind: str, customer: Customer, posting: LedgerTransaction, item_id: UUID, document_no: str, kid: str | None, draft: Draft
) -> OpenItem:
    """The AR item on the control line of a document."""
    line = posting.lines[0]
    composition = case.composition
    assert composition is not None and case.rate is not None and case.due_date is not None
    claims = [claim.ar_item_id for claim in case.bearing]
    meant = [claim.ar_item_id for claim in case.meant]
    details: dict[str, Any] = dict(draft.notice.details) if draft.notice is not None else {}
    if len(claims) > 1:
        details["claimArItemIds"] = claims
    if len(meant) > max(len(claims), 1):
        details[LETTER_CLAIMS] = meant
    return OpenItem(
        ar_item_id=item_id,
        account_no=customer.account_no,
        ar_item_type=kind,
        claim_kind=CLAIM_KINDS[kind],
        currency=case.currency,
        due_date=case.due_date,
        gl_date=posting.gl_date,
        original_amount=line.currency_amount,
        base_original_amount=line.amount,
        open_amount=line.currency_amount,
        base_open_amount=line.amount,
        control_account=line.gl_account,
        claim_ar_item_id=claims[0] if len(claims) == 1 else None,
        vat_amount=-composition.vat if kind == "CN" else composition.vat,
        document_uuid=posting.document_uuid,
        document_no=document_no,
        reference_no=draft.values.get("referenceNo"),
        kid=kid,
        item_date=posting.document_date,
        exchange_rate=case.rate,
        details=details,
        transaction=posting,
    )


def _base_amounts(desk: DocumentDesk, case: Case, composition: Composition) -> tuple[Decimal, Decimal, Decimal]:
    assert case.rate is not None
    if case.rate == ONE:
        return composition.excl_vat, composition.vat, composition.incl_vat
    incl = multiply(composition.incl_vat, case.rate, desk.base_decimals)
    vat = multiply(composition.vat, case.rate, desk.base_decimals)
    return incl - vat, vat, incl


def _defaults(values: dict[str, Any], customer: Customer) -> str:
    """What the document takes over from the customer: language, distribution and e-mail addresses that were not sent."""
    members = "" if "language" in values else f',"language":"{customer.language}"'
    if "distribution" in values and "emailAddress" in values:
        return members
    distribution, emails = _customer_defaults(customer)
    if "distribution" not in values and distribution:
        members += f',"distribution":{distribution}'
    if "emailAddress" not in values and emails:
        members += f',"emailAddress":{emails}'
    return members


def _customer_defaults(customer: Customer) -> tuple[str, str]:
    """The customer's distribution and document addresses as JSON, empty where the defaults hold; the rest of the customer is not parsed."""
    details = customer.stored_details
    if details is not None:
        found = _defaults_decoder.decode(details)
        return bytes(found.distribution).decode(), bytes(found.emailAddressDocument).decode()
    emails = customer.document_emails
    return write_json(customer.distribution).decode(), write_json(emails).decode() if emails else ""


def _check_credit_limit(desk: DocumentDesk, draft: Draft, customer: Customer, kind: str) -> None:
    limit = customer.limit_amount
    if limit is None or kind in DUE_IS_DATE:
        return
    if desk.open_total(customer) > limit:
        draft.messages.cross("W", "CREDIT-LIMIT", "currencyAmounts", "/currencyAmounts", value=limit)
