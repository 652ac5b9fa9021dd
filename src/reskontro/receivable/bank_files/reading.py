"""Reading a bank file to its end: what names it, the accounts it is about, and one input for each payment; pure.

A file is small enough to be held (an upload has a largest size), so it is read once: nothing of it is acted on before its last record was right.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, tzinfo
from decimal import Decimal
from typing import Final, Literal

import msgspec

from reskontro.norway import camt054_parts as camt
from reskontro.norway import ocr_giro as ocr
from reskontro.norway.avtalegiro_mandates import REGISTRATION_CODES, Mandate, read_mandates
from reskontro.norway.camt054 import read_camt054
from reskontro.norway.kid import KID_LENGTH_MAX
from reskontro.norway.nets_transmissions import Assignment, Transmission

OCR: Final = "OCR"
CAMT054: Final = "CAMT054"
MANDATES: Final = "MANDATES"
OCR_CURRENCY: Final = "NOK"
FINGERPRINT_BYTES: Final = 16
TEXT_MAX: Final = 140
_ACCOUNT_MAX: Final = 34
_REFERENCE_MAX: Final = 64

What = Literal["ENTRY", "ASSIGNMENT"]


class PaymentInput(msgspec.Struct, omit_defaults=True, tag_field="what", tag="PAYMENT"):
    """A payment as the work takes it on. ``amount`` is negative for money that left the account; ``takes_back`` says that it takes an earlier
    payment back. ``count`` is which it is of the equal ones of the file, from 1.
    """

    account: str
    currency: str
    amount: Decimal
    booking_date: date
    payment_date: date
    fingerprint: str
    count: int
    references: tuple[str, ...] = ()
    text: str | None = None
    payer_name: str | None = None
    payer_account: str | None = None
    archive_reference: str | None = None
    method: str = "BANK"
    takes_back: bool = False


class SkippedInput(msgspec.Struct):
    """What is passed over and named: an ENTRY that is not booked by its status, an ASSIGNMENT of another service by that."""

    what: What
    value: str


class MandateInput(msgspec.Struct, omit_defaults=True, tag_field="what", tag="MANDATE"):
    """A registration of an AvtaleGiro mandate to the client's ``account``; ``registration`` is 0 all, 1 new or changed, 2 deleted."""

    account: str
    registration: str
    notify: bool
    kid: str | None = None


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """An account that the file is about: in which currency, where in the file it is named, and whether it is about payments."""

    account: str
    currency: str | None
    place: str
    has_payments: bool = True


@dataclass(slots=True)
class BankFile:
    """A file that was read to its end."""

    transmission: str = ""
    accounts: list[OwnAccount] = field(default_factory=list)
    inputs: list[bytes] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def add(self, payment: PaymentInput) -> None:
        """Add a payment under its fingerprint, counting equal ones."""
        payment.fingerprint = _fingerprint(payment)
        payment.count = self._counts[payment.fingerprint] = self._counts.get(payment.fingerprint, 0) + 1
        self.inputs.append(_encode(payment))


_encode = msgspec.json.Encoder(decimal_format="string").encode


def read_bank_file(file_type: str, pieces: Iterable[bytes], zone: tzinfo) -> BankFile:
    """Read an OCR, CAMT054 or MANDATES file; ``zone`` is where the days of times with an offset are taken. Raises FormatFault."""
    found = BankFile()
    if file_type == OCR:
        _read_nets(found, ocr.read_ocr_giro(pieces))
    elif file_type == MANDATES:
        _read_nets(found, read_mandates(pieces))
    else:
        _read_camt(found, pieces, zone)
    return found


def _fingerprint(payment: PaymentInput) -> str:
    """Account, date, amount, KID or text, payer account and archive reference."""
    parts = (
        payment.account,
        payment.booking_date.isoformat(),
        format(payment.amount, "f"),
        " ".join(payment.references) or payment.text or "",
        payment.payer_account or "",
        payment.archive_reference or "",
        "R" if payment.takes_back else "",
    )
    return hashlib.blake2b("\x1f".join(parts).encode(), digest_size=FINGERPRINT_BYTES).hexdigest()


def clean(text: str | None, length_max: int) -> str | None:
    """A text of the bank as it is kept: composed, without control characters, cut; None when nothing is left."""
    if text is None:
        return None
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = "".join(character if character.isprintable() else " " for character in text)
    return text.strip()[:length_max].strip() or None


# ------------------------------------------------------------------------------------------------ files of Nets


def _read_nets(found: BankFile, parts: Iterable[ocr.Part]) -> None:
    for part in parts:
        if isinstance(part, ocr.Payment):
            found.add(_ocr_payment(part))
        elif isinstance(part, Mandate):
            mandate = MandateInput(part.assignment.account, REGISTRATION_CODES[part.registration], part.notify, part.kid)
            found.inputs.append(_encode(mandate))
        elif isinstance(part, Transmission):
            found.transmission = f"{part.sender}/{part.number}/{part.recipient}"
        elif isinstance(part, Assignment):
            if part.content == "OTHER":
                found.inputs.append(_encode(SkippedInput("ASSIGNMENT", part.service)))
            else:
                found.accounts.append(OwnAccount(part.account, OCR_CURRENCY, f"line {part.line}", part.content == "PAYMENTS"))


def _ocr_payment(payment: ocr.Payment) -> PaymentInput:
    archive = payment.archive_reference
    kid = (payment.kid or "").replace(" ", "")
    return PaymentInput(
        payment.assignment.account,
        OCR_CURRENCY,
        payment.amount,
        payment.settlement_date,
        min(payment.bank_date or payment.settlement_date, payment.settlement_date),
        "",
        0,
        (kid,) if kid else (),
        clean(payment.text, TEXT_MAX),
        None,
        payment.payer_account,
        archive if archive.strip("0") else None,
        "AVTALEGIRO" if payment.type == ocr.AVTALEGIRO_TYPE else "BANK",
        payment.reversal,
    )


# ------------------------------------------------------------------------------------------------ camt.054


def _read_camt(found: BankFile, pieces: Iterable[bytes], zone: tzinfo) -> None:
    seen: set[tuple[str, str]] = set()
    for part in read_camt054(pieces, zone):
        if isinstance(part, camt.Payment):
            found.add(_camt_payment(part))
        elif isinstance(part, camt.Message):
            found.transmission = part.message_id
        elif isinstance(part, camt.Notification):
            found.accounts.append(OwnAccount(part.account, part.currency, f"Ntfctn[{part.place}]/Acct"))
        elif isinstance(part, camt.Entry):
            key = (part.notification.account, part.currency)
            if key not in seen:
                seen.add(key)
                found.accounts.append(OwnAccount(*key, f"Ntfctn[{part.notification.place}]/Ntry[{part.place}]/Amt"))
            if not part.booked:
                found.inputs.append(_encode(SkippedInput("ENTRY", clean(part.status, _ACCOUNT_MAX) or "")))


def _camt_payment(payment: camt.Payment) -> PaymentInput:
    entry = payment.entry
    assert entry.booking_date is not None, "a booked entry has a date"
    references = tuple(compact for reference in payment.references if (compact := (clean(reference, TEXT_MAX) or "").replace(" ", "")))
    text = payment.text or " ".join(_numbers(payment)) or None
    return PaymentInput(
        entry.notification.account,
        entry.currency,
        payment.amount,
        entry.booking_date,
        min(entry.value_date or entry.booking_date, entry.booking_date),
        "",
        0,
        references,
        clean(text, TEXT_MAX),
        clean(payment.payer_name, TEXT_MAX),
        clean(payment.payer_account, _ACCOUNT_MAX),
        clean(payment.archive_reference, _REFERENCE_MAX),
        "BANK",
        payment.amount < 0 and (entry.reversal or payment.return_reason is not None),
    )


def _numbers(payment: camt.Payment) -> Iterator[str]:
    """The numbers of the documents that a payment names."""
    return (document.number for document in payment.documents if document.number)


def kept_kid(references: tuple[str, ...] | list[str]) -> str | None:
    """The KID that is kept with a payment: the one it names, when it has the length of a KID."""
    return references[0] if len(references) == 1 and len(references[0]) <= KID_LENGTH_MAX else None


def kept_text(references: tuple[str, ...] | list[str], text: str | None) -> str | None:
    """The text that is kept with a payment: its own, else the references that are not kept as its KID."""
    if text is not None or kept_kid(references) is not None or not references:
        return text
    return " ".join(references)[:TEXT_MAX]
