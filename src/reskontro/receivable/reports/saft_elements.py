"""The elements of a SAF-T Financial 1.30 file as text. Pure: it knows neither the database nor what is asked for.

Elements are put together as text, not as a tree: a file of a million lines has some fifteen million elements, and a tree
costs four times as much. Every text goes through ``escaped``, and the tests hold the files against the schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple

from reskontro.kit.messages import Message
from reskontro.kit.money import ZERO, quantise, split
from reskontro.norway.saft import (
    CODE_CHARACTERS_MAX,
    EXCHANGE_RATE_DECIMALS,
    LONG_CHARACTERS_MAX,
    MIDDLE_CHARACTERS_MAX,
    NAMESPACE,
    SHORT_CHARACTERS_MAX,
    VERSION,
    WIDE_CHARACTERS_MAX,
    grouping,
    rate_text,
    tax_codes,
)

WARNINGS_MAX: Final = 1_000
"""A file with more texts that had to be cut says so of the first ones."""
UNSTRUCTURED_NAME: Final = "NotUsed"
"""Stands where the schema wants something that is not kept: the first name beside a name that is one text, a telephone."""

_SPECIAL: Final = re.compile("[&<>\x00-\x08\x0b-\x1f\ufffe\uffff]")
_ESCAPES: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escaped(text: str) -> str:
    """The text as XML takes it; characters that XML 1.0 does not know become a replacement character."""
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found[0], "\ufffd"), text) if _SPECIAL.search(text) else text


def element(name: str, value: object) -> str:
    """An element with a text; nothing for None and an empty text."""
    return "" if value is None or value == "" else f"<{name}>{escaped(str(value))}</{name}>"


class Cutter:
    """Cuts texts that are longer than their type in the schema, and keeps a warning of each."""

    def __init__(self) -> None:
        self.warnings: list[Message] = []
        self._known: set[tuple[str, str]] = set()

    def __call__(self, text: str | None, characters_max: int, owner: str, field: str) -> str | None:
        """The text, cut where it is too long. ``owner`` is whose text it is (the customer's number), ``field`` its name on the wire."""
        if text is None or len(text) <= characters_max:
            return text
        if (owner, field) not in self._known and len(self.warnings) < WARNINGS_MAX:
            self._known.add((owner, field))
            parameters = {"field": f"{owner}: {field}", "max": characters_max}
            self.warnings.append(Message("W", "LENGTH", field, f"/{owner}/{field}", parameters))
        return text[:characters_max]


# ---------------------------------------------------------------------------------------------------------- the beginning


@dataclass(frozen=True, slots=True)
class Company:
    """The client as the header shows it. ``bank_accounts`` are number and GL account; ``address`` is by wire name."""

    name: str
    organization_no: str
    vat_registered: bool
    address: Mapping[str, Any]
    bank_accounts: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which periods of a fiscal year the file is about, and who made it when with which version of the software."""

    gl_year: int
    from_period: int
    to_period: int
    first_day: date
    last_day: date
    currency: str
    country: str
    created_on: date
    user_id: str
    software_version: str


def beginning(company: Company, selection: Selection, cut: Cutter) -> str:
    """Everything up to the master files."""
    organization_no = company.organization_no
    head = (
        element("AuditFileVersion", VERSION)
        + element("AuditFileCountry", "NO")
        + element("AuditFileDateCreated", selection.created_on)
        + element("SoftwareCompanyName", "Reskontro")
        + element("SoftwareID", "Reskontro")
        + element("SoftwareVersion", selection.software_version[:SHORT_CHARACTERS_MAX])
    )
    registration = element("TaxRegistrationNumber", f"{organization_no}MVA") + element("TaxAuthority", "Skatteetaten")
    banks = (
        f"<BankAccount>{element('IBANNumber' if number[:2].isalpha() else 'BankAccountNumber', number)}"
        f"{element('GeneralLedgerAccountID', account)}</BankAccount>"
        for number, account in company.bank_accounts
    )
    owner = (
        element("RegistrationNumber", organization_no)
        + element("Name", company.name)
        + _address(company.address)
        + _contact(company.name, UNSTRUCTURED_NAME, None, cut, organization_no)
        + (f"<TaxRegistration>{registration}</TaxRegistration>" if company.vat_registered else "")
        + "".join(banks)
    )
    criteria = (
        element("PeriodStart", selection.from_period)
        + element("PeriodStartYear", selection.gl_year)
        + element("PeriodEnd", selection.to_period)
        + element("PeriodEndYear", selection.gl_year)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<AuditFile xmlns="{NAMESPACE}"><Header>{head}<Company>{owner}</Company>'
        f"{element('DefaultCurrencyCode', selection.currency)}<SelectionCriteria>{criteria}</SelectionCriteria>"
        f"{element('TaxAccountingBasis', 'A')}{element('UserID', selection.user_id)}</Header>\n"
    )


def _address(address: Mapping[str, Any]) -> str:
    lines = [address.get(key) for key in ("addressLine2", "addressLine3")]
    parts = (
        element("StreetName", address.get("addressLine1"))
        + element("AdditionalAddressDetail", ", ".join(line for line in lines if line))
        + element("City", address.get("cityName"))
        + element("PostalCode", address.get("postalCode"))
        + element("Country", address.get("countryCode"))
    )
    return f"<Address>{parts}<AddressType>PostalAddress</AddressType></Address>" if parts else ""


def _contact(name: str, telephone: str | None, email: str | None, cut: Cutter, owner: str) -> str:
    if not (telephone or email):
        return ""
    person = element("FirstName", UNSTRUCTURED_NAME) + element("LastName", cut(name, WIDE_CHARACTERS_MAX, owner, "name"))
    return (
        f"<Contact><ContactPerson>{person}</ContactPerson>"
        f"{element('Telephone', cut(telephone, SHORT_CHARACTERS_MAX, owner, 'phoneNo'))}"
        f"{element('Email', cut(email, WIDE_CHARACTERS_MAX, owner, 'emailAddressDocument'))}</Contact>"
    )


# ----------------------------------------------------------------------------------------------------------- master files


def _balances(opening: Decimal, closing: Decimal) -> str:
    parts = []
    for moment, balance in (("Opening", opening), ("Closing", closing)):
        name = f"{moment}{'Credit' if balance < 0 else 'Debit'}Balance"
        parts.append(f"<{name}>{abs(balance):.2f}</{name}>")
    return "".join(parts)


def account(number: str, name: str, standard_account: str | None, opening: Decimal, closing: Decimal) -> str:
    """A GL account with its balances, debit positive."""
    category, code = grouping(standard_account)
    return (
        f"<Account>{element('AccountID', number)}{element('AccountDescription', name)}{element('GroupingCategory', category)}"
        f"{element('GroupingCode', code)}<AccountType>GL</AccountType>{_balances(opening, closing)}</Account>\n"
    )


class CustomerEntry(NamedTuple):
    """A customer as the file shows it. ``balances`` are control account, opening and closing; the address is by wire name."""

    customer_no: str
    name: str
    customer_category: str
    organization_no: str | None
    phone_no: str | None
    email: str | None
    bank_account_no: str | None
    due_days: int | None
    currency: str
    address: Mapping[str, Any]
    balances: Sequence[tuple[str, Decimal, Decimal]]


_PARTY_TYPES: Final = {"CONS": "Private", "PUBL": "Government"}


def customer(entry: CustomerEntry, cut: Cutter) -> str:
    """A customer with its balance on each control account. National identity numbers are left out, though the schema would take them."""
    number = entry.customer_no
    bank = entry.bank_account_no
    bank_name = "IBANNumber" if bank and bank[:2].isalpha() else "BankAccountNumber"
    terms = f"<PaymentTerms>{element('Days', entry.due_days)}</PaymentTerms>" if entry.due_days is not None else ""
    balances = (
        f"<BalanceAccount>{element('AccountID', control)}{_balances(opening, closing)}</BalanceAccount>"
        for control, opening, closing in entry.balances
    )
    return (
        f"<Customer>{element('RegistrationNumber', entry.organization_no)}{element('Name', entry.name)}{_address(entry.address)}"
        f"{_contact(entry.name, entry.phone_no, entry.email, cut, number)}"
        f"{f'<BankAccount>{element(bank_name, bank)}</BankAccount>' if bank else ''}"
        f"{element('CustomerID', number)}{''.join(balances)}"
        f"<PartyInfo>{terms}{element('CurrencyCode', entry.currency)}{element('Type', _PARTY_TYPES.get(entry.customer_category, 'Company'))}"
        "</PartyInfo></Customer>\n"
    )


def tax_table(selection: Selection, used: set[str], names: Mapping[str, str]) -> str:
    """The VAT codes with their rates. ``names`` are the descriptions that are known."""
    details = (
        f"<TaxCodeDetails>{element('TaxCode', code)}{element('EffectiveDate', first)}{element('ExpirationDate', last)}"
        f"{element('Description', names.get(code))}{element('TaxPercentage', rate)}{element('Country', selection.country)}"
        f"{element('StandardTaxCode', code)}<BaseRate>100</BaseRate></TaxCodeDetails>"
        for code, first, last, rate in tax_codes(selection.first_day, selection.last_day, used)
    )
    return f"<TaxTable><TaxTableEntry><TaxType>MVA</TaxType><Description>Merverdiavgift</Description>{''.join(details)}</TaxTableEntry></TaxTable>\n"


def analysis_types(used: Iterable[tuple[int, str]], names: Mapping[int, str]) -> str:
    """The dimensions and their values; nothing when none is used."""
    entries = [
        f"<AnalysisTypeTableEntry>{element('AnalysisType', str(number)[:CODE_CHARACTERS_MAX])}"
        f"{element('AnalysisTypeDescription', names.get(number, number))}{element('AnalysisID', value)}"
        f"{element('AnalysisIDDescription', value)}</AnalysisTypeTableEntry>"
        for number, value in used
    ]
    return f"<AnalysisTypeTable>{''.join(entries)}</AnalysisTypeTable>\n" if entries else ""


# ----------------------------------------------------------------------------------------------------------- transactions


class GlLine(NamedTuple):
    """A GL line as the file needs it; dates are texts YYYY-MM-DD. What belongs to the document stands in the first line of a transaction only."""

    transaction_no: int
    line_no: int
    gl_period: int
    gl_date: str
    document_date: str
    gl_account: str
    amount: Decimal
    """In base currency, debit positive."""
    currency: str
    currency_amount: Decimal
    exchange_rate: Decimal
    vat_code: str | None
    dimensions: Sequence[Mapping[str, Any]] | None
    text: str | None
    created_on: str
    created_by: str
    batch: str | None
    document_type: str | None
    document_no: str | None
    customer_no: str | None
    kid: str | None
    due_date: str | None
    item_type: str | None
    item_document_no: str | None
    item_reference_no: str | None


@dataclass(frozen=True, slots=True)
class Writing:
    """What holds for all transactions of a file."""

    gl_year: int
    base_currency: str
    country: str
    vat_accounts: frozenset[str]
    voucher_names: Mapping[str, str]
    cut: Cutter


def journal_head(code: str, name: str) -> str:
    """The beginning of a journal: the manual one belongs to the general ledger, the others to accounts receivable."""
    kind = "GL" if code == "MANUAL" else "AR"
    return f"<Journal>{element('JournalID', code)}{element('Description', name)}<Type>{kind}</Type>\n"


def _currency(line: GlLine, sign: int) -> str:
    rate = quantise(line.exchange_rate, EXCHANGE_RATE_DECIMALS)
    return (
        f"<CurrencyCode>{line.currency}</CurrencyCode><CurrencyAmount>{line.currency_amount * sign:.2f}</CurrencyAmount>"
        f"<ExchangeRate>{rate:f}</ExchangeRate>"
    )


def _analysis(line: GlLine) -> str:
    return "".join(
        f"<Analysis><AnalysisType>{entry['dimensionNo']}</AnalysisType>{element('AnalysisID', entry['value'])}</Analysis>"
        for entry in line.dimensions or ()
    )


def _tax(lines: Sequence[GlLine], writing: Writing) -> dict[int, tuple[Decimal, Decimal]]:
    """Base and VAT, debit positive, of the lines that tell of VAT, by their place.

    The VAT of a code stands with the lines it was computed of, in proportion to them; on the line of a VAT account only when there is no other
    of the code, as when the VAT of a loss is taken back, so that what is reported is the VAT posted and no more. Its base follows from the rate.
    """
    found: dict[int, tuple[Decimal, Decimal]] = {}
    coded = [place for place, line in enumerate(lines) if line.vat_code is not None]
    for code in {lines[place].vat_code for place in coded}:
        bases = [place for place in coded if lines[place].vat_code == code and lines[place].gl_account not in writing.vat_accounts]
        taxes = [place for place in coded if lines[place].vat_code == code and lines[place].gl_account in writing.vat_accounts]
        vat = sum((lines[place].amount for place in taxes), ZERO)
        if len(bases) == 1:
            found[bases[0]] = (lines[bases[0]].amount, vat)
        elif bases:
            amounts = [lines[place].amount for place in bases]
            weights = amounts if sum(amounts, ZERO) else [abs(amount) for amount in amounts]
            found |= dict(zip(bases, zip(amounts, split(vat, weights, 2), strict=True), strict=True))
        else:
            found |= {place: (_base_of(lines[place]), lines[place].amount) for place in taxes}
    return found


def _base_of(line: GlLine) -> Decimal:
    """What the VAT of a line was computed of; 0 for a code that has no rate."""
    rate = rate_text(line.vat_code, line.document_date) if line.vat_code is not None else None
    return quantise(line.amount * 100 / Decimal(rate), 2) if rate is not None and Decimal(rate) else ZERO


def _tax_information(line: GlLine, base: Decimal, vat: Decimal, writing: Writing) -> str:
    assert line.vat_code is not None
    rate = rate_text(line.vat_code, line.document_date)
    side = "Debit" if vat > 0 or (not vat and line.amount > 0) else "Credit"
    percentage = "" if rate is None else f"<TaxPercentage>{rate}</TaxPercentage>"
    return (
        f"<TaxInformation><TaxType>MVA</TaxType><TaxCode>{line.vat_code}</TaxCode>{percentage}<Country>{writing.country}</Country>"
        f"<TaxBase>{abs(base):.2f}</TaxBase><{side}TaxAmount><Amount>{abs(vat):.2f}</Amount></{side}TaxAmount></TaxInformation>"
    )


def transaction(lines: Sequence[GlLine], writing: Writing) -> str:
    """A transaction with its lines."""
    first = lines[0]
    item_type = next((line.item_type for line in lines if line.item_type), None)
    document_no = first.document_no
    voucher_type = first.document_type or item_type or ""
    voucher_name = writing.voucher_names.get(voucher_type, "")
    described = first.text or f"{voucher_name} {document_no or ''}".strip() or f"{first.transaction_no}"
    source = element("SourceDocumentID", document_no)
    tax = _tax(lines, writing)
    parts = [
        f"<Transaction><TransactionID>{first.transaction_no}</TransactionID><Period>{first.gl_period}</Period>"
        f"<PeriodYear>{writing.gl_year}</PeriodYear><TransactionDate>{first.document_date}</TransactionDate>"
        f"{element('SourceID', writing.cut(first.created_by, MIDDLE_CHARACTERS_MAX, first.created_by, 'createdBy'))}"
        f"{element('VoucherType', voucher_type)}{element('VoucherDescription', voucher_name)}"
        f"<Description>{escaped(described[:LONG_CHARACTERS_MAX])}</Description>{element('BatchID', first.batch)}"
        f"<SystemEntryDate>{first.created_on}</SystemEntryDate><GLPostingDate>{first.gl_date}</GLPostingDate>"
    ]
    for place, line in enumerate(lines):
        amount = line.amount
        side, sign = ("Debit", 1) if amount >= 0 else ("Credit", -1)
        # What is in base currency only, as an exchange difference, has no amount in the other.
        foreign = _currency(line, sign) if line.currency != writing.base_currency and line.currency_amount else ""
        about = ""
        if line.customer_no is not None:
            about = (
                f"{element('ReferenceNumber', line.item_document_no or line.item_reference_no)}{element('CID', line.kid)}"
                f"<DueDate>{line.due_date}</DueDate>"
            )
        parts.append(
            f"<Line><RecordID>{line.line_no}</RecordID><AccountID>{line.gl_account}</AccountID>{_analysis(line) if line.dimensions else ''}"
            f"{source}{element('CustomerID', line.customer_no)}"
            f"<Description>{escaped((line.text or described)[:LONG_CHARACTERS_MAX])}</Description>"
            f"<{side}Amount><Amount>{abs(amount)}</Amount>{foreign}</{side}Amount>"
            f"{_tax_information(line, *tax[place], writing) if place in tax else ''}{about}</Line>"
        )
    parts.append("</Transaction>\n")
    return "".join(parts)
