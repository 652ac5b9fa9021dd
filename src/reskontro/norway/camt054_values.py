"""The single values of a camt.054 message: amounts, days, accounts and what a payment is for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal

from reskontro.kit.money import decimals_of, digits_of
from reskontro.norway.accounts import is_iban
from reskontro.norway.format_fault import AMOUNT_DIGITS_MAX, FormatFault
from reskontro.norway.iso_codes import CURRENCY_DECIMALS
from reskontro.norway.safe_xml import Node

_AMOUNT = re.compile(r"\+?(?:[0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})")
_WHOLE = re.compile(r"[0-9]{1,15}")
_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2})?")
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})?")
_FINEST = 5  # decimals of an amount without a currency


@dataclass(frozen=True, slots=True)
class Referred:
    """A document that the payer names: its type (CINV an invoice, CREN a credit note, None when not said), its number and
    the amount meant for it, None when not said.
    """

    type: str | None
    number: str
    amount: Decimal | None


def amount_of(amount: Node, node: Node, path: tuple[str, ...], currency: str | None) -> Decimal:
    """The amount written in an element at ``path`` below ``node``: never negative, exact. Raises FormatFault when it is
    no amount, finer than the currency allows, longer than the ledger holds, or in another currency.
    """
    text = amount.own_text()
    if not _AMOUNT.fullmatch(text):
        raise _amount_fault(node, "not an amount", path)
    value = Decimal(text)
    decimals = _FINEST if currency is None else CURRENCY_DECIMALS.get(currency, -1)
    if decimals < 0:
        raise _amount_fault(node, "Ccy is not a currency of accounts" if currency else "the attribute Ccy is missing", path)
    if currency is not None and amount.attributes.get("Ccy") != currency:
        raise _amount_fault(node, f"the currency is not {currency}", path)
    if decimals_of(value) > decimals:
        raise _amount_fault(node, f"the amount has more than {decimals} decimals", path)
    if digits_of(value) > AMOUNT_DIGITS_MAX:
        raise _amount_fault(node, f"the amount has more than {AMOUNT_DIGITS_MAX} digits", path)
    return value.quantize(Decimal(1).scaleb(-decimals)) if currency is not None else value


def _amount_fault(node: Node, what: str, path: tuple[str, ...]) -> FormatFault:
    fault = node.fault(what, *path)
    fault.reason = "AMOUNT"
    return fault


def booked_on(node: Node, tag: str, zone: tzinfo, *, required: bool) -> date | None:
    """The day of ``Dt``, or the day in ``zone`` of ``DtTm`` (as written when it has no offset). None when the element is
    not there and not required. Raises FormatFault for what is no date.
    """
    parent = node.one_or_none(tag)
    if parent is None and not required:
        return None
    day, time = node.text(tag, "Dt"), node.text(tag, "DtTm")
    if day is not None and time is not None:
        raise node.fault("both Dt and DtTm are there", tag)
    try:
        if day is not None and (match := _DAY.fullmatch(day)):
            return date.fromisoformat(match[1])
        if time is not None and (match := _TIME.fullmatch(time)):
            moment = datetime.fromisoformat(match[1] + (match[2] or ""))
            return (moment.astimezone(zone) if match[2] else moment).date()
    except (ValueError, OverflowError):
        pass
    fault = node.fault("the date is missing" if day is None and time is None else "not a date", tag)
    fault.reason = "DATE_INVALID"
    raise fault


def flag(node: Node, tag: str) -> bool:
    """The truth value of an element, false when it is not there. Raises FormatFault for anything else."""
    text = node.text(tag)
    if text not in (None, "true", "1", "false", "0"):
        raise node.fault("expected true or false", tag)
    return text in ("true", "1")


def whole_number(node: Node, *path: str) -> int | None:
    """The number of an element, None when it is not there. Raises FormatFault for anything else."""
    text = node.text(*path)
    if text is None:
        return None
    if not _WHOLE.fullmatch(text):
        raise node.fault("not a whole number", *path)
    return int(text)


def account_no(account: Node | None, node: Node, *path: str) -> str | None:
    """The number of an account element: the eleven digits of a Norwegian IBAN, any other IBAN in capitals, any other
    number as written, always without blanks (a Norwegian number without dots too). None when there is none.
    """
    if account is None:
        return None
    iban, other = node.text(*path, "Id", "IBAN"), node.text(*path, "Id", "Othr", "Id")
    if iban is not None:
        iban = iban.replace(" ", "").upper()
        return iban[4:] if iban.startswith("NO") and is_iban(iban) else iban
    if other is None:
        return None
    digits = other.replace(" ", "").replace(".", "")
    if digits.isascii() and digits.isdigit():
        return digits
    compact = other.replace(" ", "").upper()
    return compact[4:] if compact.startswith("NO") and is_iban(compact) else other.replace(" ", "")


def references(node: Node) -> tuple[str, ...]:
    """The structured creditor references of a payment: those of type SCOR, of a type of the bank's own called KID, or
    without type; each once, in their order.
    """
    found: dict[str, None] = {}
    for structured in node.each("RmtInf", "Strd"):
        reference = structured.text("CdtrRefInf", "Ref")
        code = structured.text("CdtrRefInf", "Tp", "CdOrPrtry", "Cd")
        own = structured.text("CdtrRefInf", "Tp", "CdOrPrtry", "Prtry")
        if reference and (code == "SCOR" or (code is None and (own is None or own.upper() == "KID"))):
            found[reference] = None
    return tuple(found)


def referred_documents(node: Node, currency: str) -> tuple[Referred, ...]:
    """The documents a payment names, in their order."""
    found = []
    for structured in node.each("RmtInf", "Strd"):
        path = ("RfrdDocAmt", "RmtdAmt")
        amount = structured.one_or_none(*path)
        in_currency = amount is not None and amount.attributes.get("Ccy") == currency
        part = amount_of(amount, structured, path, currency) if amount is not None and in_currency else None
        for document in structured.each("RfrdDocInf"):
            number = document.text("Nb")
            if number:
                found.append(Referred(document.text("Tp", "CdOrPrtry", "Cd"), number, part))
    return tuple(found)


def remittance_text(node: Node) -> str | None:
    """What the payer wrote freely; when nothing, what the bank adds."""
    texts = [text for line in node.each("RmtInf", "Ustrd") if (text := line.own_text())]
    for structured in node.each("RmtInf", "Strd"):
        texts += [text for line in structured.each("AddtlRmtInf") if (text := line.own_text())]
    return " ".join(texts) or node.text("AddtlTxInf")
