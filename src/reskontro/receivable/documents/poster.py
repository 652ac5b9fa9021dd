"""One document after the other: what depends on stored state is checked, the posting is made, and its effects hold for the next."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec

from reskontro.batches.kinds import ItemResult, Origin
from reskontro.kit.fields import Invalid
from reskontro.kit.ids import new_id
from reskontro.kit.json import write_json
from reskontro.kit.money import multiply
from reskontro.ledger.accounts import unusable
from reskontro.ledger.claims import LETTER_CLAIMS
from reskontro.ledger.payments import bank_account_key, bank_gl_account
from reskontro.ledger.posting import ONE, LedgerTransaction, OpenItem, Part, exceeds, post_document
from reskontro.norway.identities import currency_decimals
from reskontro.norway.kid import KidTooLong
from reskontro.receivable.customers.desk import CustomerOutcome
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.customers.schemas import CUSTOMER
from reskontro.receivable.documents.accounts import choose_accounts, read_dimensions
from reskontro.receivable.documents.amounts import Composition, check_header, compose, has_amounts, parts_of
from reskontro.receivable.documents.credits import check_credit, credit_parts, settle_credit
from reskontro.receivable.documents.desk import DocumentDesk, failed, unchanged
from reskontro.receivable.documents.payments import check_payment, settle_document
from reskontro.receivable.documents.record import NewDocument, details_of, rows_of_lines, with_defaults
from reskontro.receivable.documents.references import find_references
from reskontro.receivable.documents.rules import Draft, check_decimals
from reskontro.receivable.documents.schemas import DOCUMENT
from reskontro.receivable.documents.store import KnownDocument

JOURNALS = {"IN": "SALES", "CN": "SALES", "IT": "NOTES", "RM": "NOTES", "PY": "PAYMENTS"}
CLAIM_KINDS = {"IN": "PRINCIPAL", "CN": "CREDIT", "IT": "INTEREST", "RM": "COST", "PY": "CREDIT"}
AMOUNT_MAX = Decimal(10**15 - 1)
"""The largest amount of a GL line, in its own and in base currency: 15 digits."""
_DUE_IS_DATE = ("CN", "PY")
_WITH_KID = ("IN", "IT", "RM")
_CUSTOMER_POSITION = (DOCUMENT.field("customer").position,)


class _CustomerDefaults(msgspec.Struct):
    """What a document takes over from its customer's details, as raw JSON."""

    distribution: msgspec.Raw = msgspec.Raw(b"")
    emailAddressDocument: msgspec.Raw = msgspec.Raw(b"")  # noqa: N815 - a wire name


_defaults_decoder = msgspec.json.Decoder(_CustomerDefaults)


class _Case:
    """What has been found out about one document so far."""

    __slots__ = (
        "bearing",
        "composition",
        "credited",
        "currency",
        "decimals",
        "due_date",
        "gl_day",
        "meant",
        "outcome",
        "period",
        "rate",
        "references",
    )

    def __init__(self) -> None:
        self.outcome: CustomerOutcome | None = None
        self.currency = ""
        self.decimals = 2
        self.rate: Decimal | None = None
        self.due_date: date | None = None
        self.gl_day: date | None = None
        self.period: Any = None
        self.composition: Composition | None = None
        self.credited: KnownDocument | None = None
        self.references: list[KnownDocument] = []
        self.bearing: list[OpenItem] = []
        """Of a letter: the claims whose interest or fee it posts."""
        self.meant: list[OpenItem] = []
        """Of a letter: every claim it names."""


def post(desk: DocumentDesk, draft: Draft, origin: Origin) -> ItemResult:
    """Judge one document and let it take effect unless it fails."""
    if draft.document_no is not None:
        known = desk.document(draft.document_no)
        if known is not None:
            if not draft.messages.error_count and draft.content_hash == known.content_hash:
                return unchanged(draft, known)
            draft.find("E", "NOT-UNIQUE", "documentNo", value=draft.document_no)
    case = _Case()
    customer = _find_customer(desk, draft, case)
    _find_currency(desk, draft, case, customer)
    _find_dates(desk, draft, case, customer)
    if draft.document_type is not None:
        _check_attachments(desk, draft)
        read_dimensions(desk.books, desk.context.today, draft)
        find_references(desk, draft, case, customer)
        _compose(desk, draft, case, customer)
        if draft.document_type == "CN" and case.credited is not None:
            check_credit(draft, case.credited)
        if draft.document_type == "PY":
            check_payment(desk, draft, customer)
        if draft.document_type in _DUE_IS_DATE and case.currency != desk.base_currency and case.gl_day is not None:
            _check_exchange_accounts(desk, draft, case.gl_day)
    if draft.messages.error_count or customer is None:
        return failed(draft, draft.messages, customer if case.outcome is None else None)
    return _take_effect(desk, draft, case, customer, origin)


# ------------------------------------------------------------------------------------------------ checks


def _find_customer(desk: DocumentDesk, draft: Draft, case: _Case) -> Customer | None:
    """The customer, existing or (provisionally) new; None with a finding when there is none."""
    number = draft.values.get("customerNo")
    if number is None:
        return None
    sent: dict[str, Any] | None = draft.values.get("customer")
    customer = desk.customers.find(number)
    if customer is not None:
        if sent is not None:
            draft.find("W", "CUSTOMER-IGNORED", "customer")
        return customer
    if sent is None or desk.books.config("document.autoCreateCustomer", desk.context.today) != "WHEN-GIVEN":
        draft.find("E", "CUSTOMER-UNKNOWN", "customerNo", value=number)
        return None
    own = sent.get("customerNo")
    if isinstance(own, str) and own.strip() and own.strip().lower() != number.lower():
        draft.messages.add(
            "E",
            "TARGET-CONFLICT",
            "customerNo",
            "/customer/customerNo",
            (*_CUSTOMER_POSITION, CUSTOMER.field("customerNo").position),
            fields="customerNo",
        )
        return None
    if own is None or (isinstance(own, str) and not own.strip()):
        sent = {**sent, "customerNo": number}
    outcome = desk.customers.propose(desk.customers.read(sent))
    draft.messages.join(outcome.messages, "/customer", _CUSTOMER_POSITION)
    case.outcome = outcome
    return outcome.customer


def _find_currency(desk: DocumentDesk, draft: Draft, case: _Case, customer: Customer | None) -> None:
    values = draft.values
    if draft.refused("currency"):
        return
    currency = values.get("currency") or (customer.currency if customer is not None else desk.base_currency)
    case.currency = currency
    decimals = currency_decimals(currency)
    case.decimals = 2 if decimals is None else decimals
    check_decimals(draft, case.decimals)
    sent = values.get("exchangeRate")
    if currency == desk.base_currency:
        if sent is not None and sent != ONE:
            draft.find("W", "VALUE-CONFLICT", "exchangeRate", other="currency")
        case.rate = ONE
    elif sent is not None:
        case.rate = sent
    elif "documentDate" in values and not draft.refused("exchangeRate"):
        case.rate = desk.books.exchange_rate(currency, values["documentDate"])
        if case.rate is None:
            draft.find("E", "RATE-MISSING", "exchangeRate", currency=currency, date=values["documentDate"])


def _find_dates(desk: DocumentDesk, draft: Draft, case: _Case, customer: Customer | None) -> None:
    values = draft.values
    document_date: date | None = values.get("documentDate")
    if document_date is None:
        return
    due_date: date | None = values.get("dueDate")
    if draft.document_type in _DUE_IS_DATE:
        if due_date is not None and due_date != document_date:
            draft.find("W", "VALUE-CONFLICT", "dueDate", other="documentDate")
        due_date = document_date
    elif due_date is None:
        days = customer.due_days if customer is not None else None
        if days is None:
            days = desk.books.config("document.defaultDueDays", desk.context.today)
        due_date = document_date + timedelta(days=days)
    elif due_date < document_date:
        draft.find("E", "DATE-ORDER", "dueDate", other="documentDate")
    case.due_date = due_date
    if draft.refused("glDate"):
        return
    gl_date: date = values.get("glDate") or document_date
    try:
        placed = desk.books.posting_day(gl_date)
    except Invalid as invalid:
        draft.find("E", invalid.code, "glDate", **invalid.parameters)
        return
    if placed.was_closed:
        year, period = desk.books.period_number(gl_date)
        # Refusing is no posting: the value of today says whether to.
        refused = desk.books.config("document.closedPeriod", desk.context.today) == "ERROR"
        draft.find("E" if refused else "W", "PERIOD-CLOSED", "glDate", year=year, period=period, used=placed.day)
    case.gl_day, case.period = placed.day, placed.period


def _check_exchange_accounts(desk: DocumentDesk, draft: Draft, on: date) -> None:
    """ACCOUNT-UNKNOWN or ACCOUNT-CONTROL when the match of a credit in a foreign currency could not post what it gains or loses."""
    for event in ("EXCHANGE-GAIN", "EXCHANGE-LOSS"):
        number = desk.books.accounts_for(event, on).contra
        code = unusable(desk.books, number)
        if code is not None:
            draft.messages.cross("E", code, "currency", "/currency", value=number or "")


def _check_attachments(desk: DocumentDesk, draft: Draft) -> None:
    values = draft.values
    position = DOCUMENT.field("attachmentFiles").position
    for index, file in enumerate(values.get("attachmentFiles", ())):
        if "fileId" in file and not desk.has_attachment(file["fileId"]):
            sent = draft.raw["attachmentFiles"][index].get("fileId")
            draft.messages.add("E", "FILE-UNKNOWN", "fileId", f"/attachmentFiles/{index}/fileId", (position, index), value=sent)
    if "attachmentCodes" in values and desk.books.keeps("ATTACHMENT"):
        for index, code in enumerate(values["attachmentCodes"]):
            if desk.books.code("ATTACHMENT", code, desk.context.today) is None:
                place = (DOCUMENT.field("attachmentCodes").position, index)
                draft.messages.add("E", "CODE-UNKNOWN", "attachmentCodes", f"/attachmentCodes/{index}", place, value=code)


def _compose(desk: DocumentDesk, draft: Draft, case: _Case, customer: Customer | None) -> None:
    """The amounts, when all fields they are made of have passed."""
    values = draft.values
    header = values.get("currencyAmounts")
    if not has_amounts(header):
        return
    assert header is not None and draft.document_type is not None
    usable = "documentDate" in values and not draft.refused("documentLines")
    for line in draft.lines:
        usable = usable and "lineType" in line and "lineNo" in line and (line["lineType"] == "TXT" or has_amounts(line.get("currencyAmounts")))
    if not usable:
        check_header(header, draft.messages)
        return
    day = values["documentDate"]
    policy = desk.vat_policy(case.gl_day or day, customer, case.rate, case.decimals)
    as_credited = draft.document_type == "CN" and case.credited is not None and not draft.lines
    vat_day = values.get("deliveryDate") or day
    case.composition = compose(draft.document_type, header, draft.lines, policy, vat_day, draft.messages, as_credited=as_credited)
    if case.composition is not None and customer is not None and draft.document_type != "PY" and not as_credited:
        choose_accounts(desk, case.gl_day or day, draft, case.composition, customer)


# ------------------------------------------------------------------------------------------------ effect


def _take_effect(desk: DocumentDesk, draft: Draft, case: _Case, customer: Customer, origin: Origin) -> ItemResult:
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


def _control_account(desk: DocumentDesk, case: _Case, draft: Draft, customer: Customer) -> str | None:
    """The customer's control account, or for a first posting that of the rules; None with a finding when it cannot be posted to."""
    assert case.gl_day is not None
    control, tried = desk.control_account(customer.control_account, case.gl_day)
    if control is None:
        draft.messages.cross("E", "ACCOUNT-UNKNOWN", "document", "", value=tried)
    return control


def _parts(desk: DocumentDesk, case: _Case, kind: str, draft: Draft) -> list[Part]:
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
    case: _Case, kind: str, customer: Customer, posting: LedgerTransaction, item_id: UUID, document_no: str, kid: str | None, draft: Draft
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


def _base_amounts(desk: DocumentDesk, case: _Case, composition: Composition) -> tuple[Decimal, Decimal, Decimal]:
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
    if limit is None or kind in _DUE_IS_DATE:
        return
    if desk.open_total(customer) > limit:
        draft.messages.cross("W", "CREDIT-LIMIT", "currencyAmounts", "/currencyAmounts", value=limit)
