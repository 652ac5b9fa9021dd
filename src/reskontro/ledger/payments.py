"""Payments beside their AR items: which bank account they came to, and the record that is kept of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from reskontro.ledger.books import Books
from reskontro.ledger.posting import LedgerTransaction

DEFAULT_METHOD = "BANK"
PLACED_FROM = "placedFrom"
"""The detail of an item made by placing a payment: the exception code the payment had until then."""


@dataclass(slots=True)
class PaymentRecord:
    """What is known of a payment besides its posting. ``amount`` is positive for money received; without item nobody knows whose it is."""

    payment_uuid: UUID
    ar_item_id: UUID | None
    account_no: int | None
    amount: Decimal
    currency: str
    payment_date: date
    booking_date: date
    payment_method: str
    bank_account_no: str | None
    bank_account_key: str
    bank_reference: str | None
    document_uuid: UUID | None = None
    payer_name: str | None = None
    payer_account_no: str | None = None
    kid: str | None = None
    payment_text: str | None = None
    exception_code: str | None = None
    file_id: UUID | None = None
    batch_uuid: UUID | None = None
    posting: LedgerTransaction | None = None
    """What it was booked with."""
    suspense: bool = False
    """Whether it was booked on the suspense account, because nobody knew whose it is."""
    fingerprint: bytes | None = None
    """By what a payment of a bank file is known again; None for all others."""
    fingerprint_no: int | None = None
    """Which it is of equal ones, from 1."""


@dataclass(frozen=True, slots=True)
class PaymentChange:
    """What becomes of a stored payment: it is reversed, or what placed it is, so that it is nobody's again."""

    payment_uuid: UUID
    reversed: bool
    exception_code: str | None = None
    """Why it is nobody's again; None leaves the code as it is."""


def first_bank_account(books: Books, on: date) -> str | None:
    """The number of the client's first bank account, None when it keeps none."""
    accounts = books.config("bank.accounts", on)
    return str(accounts[0]["bankAccountNo"]) if accounts else None


def bank_account_key(books: Books, on: date, number: str | None) -> str:
    """A bank account without case and marks: the one named, else the client's first; empty when there is none."""
    return str(number or first_bank_account(books, on) or "").replace(" ", "").replace(".", "").lower()


def is_own_bank_account(books: Books, on: date, key: str) -> bool:
    """Whether the key names one of the client's bank accounts."""
    return any(account["bankAccountNo"].lower() == key for account in books.config("bank.accounts", on) or ())


def bank_gl_account(books: Books, on: date, key: str, event: str = "PY") -> str | None:
    """The GL account for money through a bank account: its own, else the one of the posting rules for the event, None when they name none."""
    for account in books.config("bank.accounts", on) or ():
        if account["bankAccountNo"].lower() == key:
            return str(account["glAccount"])
    return books.accounts_for(event, on).contra


def record_of(details: dict[str, Any], books: Books, today: date, **values: Any) -> PaymentRecord:
    """The record of a payment whose PaymentDetails are ``details`` (read, by wire name); ``values`` are the remaining members."""
    number = details.get("bankAccountNo")
    return PaymentRecord(
        payment_method=details.get("paymentMethod", DEFAULT_METHOD),
        bank_account_no=number or first_bank_account(books, today),
        bank_account_key=bank_account_key(books, today, number),
        bank_reference=details.get("bankReference"),
        payer_name=details.get("payerName"),
        payer_account_no=details.get("payerAccountNo"),
        **values,
    )
