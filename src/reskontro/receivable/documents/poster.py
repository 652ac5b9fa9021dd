"""One document after the other: what depends on stored state is checked, and what passes takes effect for the next."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from reskontro.batches.kinds import ItemResult, Origin
from reskontro.kit.fields import Invalid
from reskontro.ledger.accounts import unusable
from reskontro.ledger.posting import ONE
from reskontro.norway.identities import currency_decimals
from reskontro.receivable.customers.record import Customer
from reskontro.receivable.customers.schemas import CUSTOMER
from reskontro.receivable.documents.accounts import choose_accounts, read_dimensions
from reskontro.receivable.documents.amounts import check_header, compose, has_amounts
from reskontro.receivable.documents.case import DUE_IS_DATE, Case
from reskontro.receivable.documents.credits import check_credit
from reskontro.receivable.documents.desk import DocumentDesk, failed, unchanged
from reskontro.receivable.documents.effect import take_effect
from reskontro.receivable.documents.payments import check_payment
from reskontro.receivable.documents.references import find_references
from reskontro.receivable.documents.rules import Draft, check_decimals
from reskontro.receivable.documents.schemas import DOCUMENT

_CUSTOMER_POSITION = (DOCUMENT.field("customer").position,)


def post(desk: DocumentDesk, draft: Draft, origin: Origin) -> ItemResult:
    """Judge one document and let it take effect unless it fails."""
    if draft.document_no is not None:
        known = desk.document(draft.document_no)
        if known is not None:
            if not draft.messages.error_count and draft.content_hash == known.content_hash:
                return unchanged(draft, known)
            draft.find("E", "NOT-UNIQUE", "documentNo", value=draft.document_no)
    case = Case()
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
        if draft.document_type in DUE_IS_DATE and case.currency != desk.base_currency and case.gl_day is not None:
            _check_exchange_accounts(desk, draft, case.gl_day)
    if draft.messages.error_count or customer is None:
        return failed(draft, draft.messages, customer if case.outcome is None else None)
    return take_effect(desk, draft, case, customer, origin)


# ------------------------------------------------------------------------------------------------ checks


def _find_customer(desk: DocumentDesk, draft: Draft, case: Case) -> Customer | None:
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


def _find_currency(desk: DocumentDesk, draft: Draft, case: Case, customer: Customer | None) -> None:
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


def _find_dates(desk: DocumentDesk, draft: Draft, case: Case, customer: Customer | None) -> None:
    values = draft.values
    document_date: date | None = values.get("documentDate")
    if document_date is None:
        return
    due_date: date | None = values.get("dueDate")
    if draft.document_type in DUE_IS_DATE:
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


def _compose(desk: DocumentDesk, draft: Draft, case: Case, customer: Customer | None) -> None:
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
