"""What is the same in all letters of a client on a day: who sends them, where they are paid, how interest runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from reskontro.batches.kinds import ChunkContext
from reskontro.kit.messages import Message
from reskontro.norway.accounts import iban_of_account, is_account_no, normalise_account_no
from reskontro.norway.identities import country_name
from reskontro.norway.rates import Rates, ValueMissing
from reskontro.receivable.letters.model import Creditor, Interest, Payment

NORWEGIAN_SCHEME: Final = "0192"


@dataclass(frozen=True, slots=True)
class Stationery:
    """What is the same in all letters of a client on a day."""

    creditor: Creditor
    accounts: Mapping[str, str]
    """The client's bank account for each currency."""
    base_currency: str
    home: str
    """The client's country: other receivers are told the IBAN too."""
    interest: Interest | None

    @classmethod
    def of(cls, context: ChunkContext, day: date, rates: Rates) -> Stationery:
        """The stationery of a client."""
        books = context.books
        client = books.client
        creditor = Creditor(
            name=client.name,
            organization_no=client.organization_no or "",
            norwegian=client.organization_no_scheme == NORWEGIAN_SCHEME,
            vat_registered=client.vat_registered,
            in_business_register=client.in_business_register,
            address_lines=address_lines(client.postal_address, books.config("base.country", day)),
        )
        base_currency = books.config("base.currency", day)
        accounts: dict[str, str] = {}
        for account in books.config("bank.accounts", day):
            accounts.setdefault(account["currency"] or base_currency, account["bankAccountNo"])
        return cls(creditor, accounts, base_currency, books.config("base.country", day), _interest(context, day, rates))

    def account(self, currency: str) -> str | None:
        """The bank account that a letter in the currency asks to be paid to: one of that currency, else of base currency; None without either."""
        return self.accounts.get(currency) or self.accounts.get(self.base_currency)

    def missing_account(self, currency: str, day: date) -> Message | None:
        """The finding that there is no account to pay a letter to; None when there is one."""
        if self.account(currency) is not None:
            return None
        return Message("E", "VALUE-MISSING", "bank.accounts", "", {"name": f"bank.accounts {currency}", "date": day})

    def payment(self, kid: str | None, currency: str, country: str) -> Payment:
        """How a letter is paid."""
        account = self.account(currency) or ""
        number = normalise_account_no(account) if account and is_account_no(account) else None
        iban = "" if number is None or country == self.home else iban_of_account(number)
        return Payment(kid=kid or "", bank_account_no=number or "", iban=iban if number else account)


def _interest(context: ChunkContext, day: date, rates: Rates) -> Interest | None:
    books = context.books
    if not books.config("interest.enabled", day):
        return None
    day_count = books.config("interest.dayCount", day)
    if books.config("interest.rate", day) == "AGREED":
        return Interest(rule="AGREED", rate=books.config("interest.agreedRate", day), day_count=day_count)
    try:
        rate: Decimal | None = rates.late_interest.on(day)
    except ValueMissing:
        rate = None
    return Interest(rate=rate, day_count=day_count)


def address_lines(address: Mapping[str, Any], home: str) -> tuple[str, ...]:
    """A postal address as the lines of an envelope; the country only when it is another one, as the customer wrote it, else in English capitals."""
    place = " ".join(part for part in (address.get("postalCode"), address.get("cityName")) if part)
    code = address.get("countryCode")
    country = None if not code or code == home else address.get("countryText") or country_name(code).upper()
    lines = (address.get("addressLine1"), address.get("addressLine2"), address.get("addressLine3"), place, country)
    return tuple(line for line in lines if line)
