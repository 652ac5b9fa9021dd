"""pain.001 of ISO 20022: the message with which a company orders payments from its bank, version pain.001.001.09.

Written as Norwegian banks read it: accounts as eleven digits (BBAN) or IBAN, one block of payments per account, day and
currency, shared charges, UTF-8 with letters of ISO-8859-1 alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from reskontro.kit.money import ZERO
from reskontro.norway.accounts import bic_of_account, is_account_no
from reskontro.norway.nets_records import in_latin_1

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
REFERENCE_LENGTH: Final = 35
NAME_LENGTH: Final = 140
TEXT_LENGTH: Final = 140


@dataclass(frozen=True, slots=True)
class Orderer:
    """Who orders the payments: name and organisation number."""

    name: str
    organization_no: str


@dataclass(frozen=True, slots=True)
class CreditTransfer:
    """A payment. ``amount`` above zero, with no more decimals than the currency has; accounts are eleven digits or an
    IBAN; ``end_to_end_id`` (35 characters) comes back in the bank's answers.
    """

    end_to_end_id: str
    amount: Decimal
    currency: str
    execution_date: date
    debtor_account: str
    creditor_name: str
    creditor_account: str
    text: str


def write_pain001(message_id: str, created: datetime, orderer: Orderer, transfers: Sequence[CreditTransfer]) -> bytes:
    """The message in UTF-8. ``message_id`` (35 characters) names it for all time.

    Raises ValueError when there is no payment, an amount is not above zero, or an identifier is too long.
    """
    if not transfers or any(transfer.amount <= 0 for transfer in transfers):
        raise ValueError("a message has payments, and they have amounts above zero")
    if any(not 0 < len(name) <= REFERENCE_LENGTH for name in (message_id, *(transfer.end_to_end_id for transfer in transfers))):
        raise ValueError(f"an identifier has 1 to {REFERENCE_LENGTH} characters")
    document = Element("Document", xmlns=NAMESPACE)
    message = SubElement(document, "CstmrCdtTrfInitn")
    head = SubElement(message, "GrpHdr")
    _text(head, "MsgId", message_id)
    _text(head, "CreDtTm", created.isoformat(timespec="seconds"))
    _totals(head, transfers)
    party = SubElement(head, "InitgPty")
    _text(party, "Nm", orderer.name, NAME_LENGTH)
    _organization(party, orderer)
    for number, block in enumerate(_blocks(transfers), 1):
        message.append(_block(f"{message_id[: REFERENCE_LENGTH - 5]}-{number}", orderer, block))
    indent(document)
    written: bytes = tostring(document, encoding="UTF-8", xml_declaration=True)
    return written + b"\n"


def _blocks(transfers: Sequence[CreditTransfer]) -> Iterator[list[CreditTransfer]]:
    """The payments of one account, day and currency together, otherwise in their order."""

    def key(transfer: CreditTransfer) -> tuple[str, date, str]:
        return transfer.debtor_account, transfer.execution_date, transfer.currency

    for _, block in groupby(sorted(transfers, key=key), key):
        yield list(block)


def _block(block_id: str, orderer: Orderer, transfers: list[CreditTransfer]) -> Element:
    first = transfers[0]
    block = Element("PmtInf")
    _text(block, "PmtInfId", block_id)
    _text(block, "PmtMtd", "TRF")
    _totals(block, transfers)
    _text(SubElement(SubElement(block, "PmtTpInf"), "SvcLvl"), "Cd", "NURG")
    _text(SubElement(block, "ReqdExctnDt"), "Dt", first.execution_date.isoformat())
    debtor = SubElement(block, "Dbtr")
    _text(debtor, "Nm", orderer.name, NAME_LENGTH)
    _organization(debtor, orderer)
    _account(SubElement(block, "DbtrAcct"), first.debtor_account)
    _bank(SubElement(block, "DbtrAgt"), first.debtor_account)
    _text(block, "ChrgBr", "SHAR")
    for number, transfer in enumerate(transfers, 1):
        payment = SubElement(block, "CdtTrfTxInf")
        identifiers = SubElement(payment, "PmtId")
        _text(identifiers, "InstrId", f"{number}")
        _text(identifiers, "EndToEndId", transfer.end_to_end_id)
        _text(SubElement(payment, "Amt"), "InstdAmt", format(transfer.amount, "f")).set("Ccy", transfer.currency)
        if bic_of_account(transfer.creditor_account) is not None:
            _bank(SubElement(payment, "CdtrAgt"), transfer.creditor_account)
        _text(SubElement(payment, "Cdtr"), "Nm", transfer.creditor_name, NAME_LENGTH)
        _account(SubElement(payment, "CdtrAcct"), transfer.creditor_account)
        if transfer.text.strip():
            _text(SubElement(payment, "RmtInf"), "Ustrd", transfer.text, TEXT_LENGTH)
    return block


def _totals(parent: Element, transfers: Sequence[CreditTransfer]) -> None:
    _text(parent, "NbOfTxs", str(len(transfers)))
    _text(parent, "CtrlSum", format(sum((transfer.amount for transfer in transfers), ZERO), "f"))


def _organization(party: Element, orderer: Orderer) -> None:
    other = SubElement(SubElement(SubElement(party, "Id"), "OrgId"), "Othr")
    _text(other, "Id", orderer.organization_no, REFERENCE_LENGTH)
    _text(SubElement(other, "SchmeNm"), "Cd", "COID")


def _account(parent: Element, account: str) -> None:
    identifier = SubElement(parent, "Id")
    if is_account_no(account):
        other = SubElement(identifier, "Othr")
        _text(other, "Id", account)
        _text(SubElement(other, "SchmeNm"), "Cd", "BBAN")
    else:
        _text(identifier, "IBAN", account)


def _bank(parent: Element, account: str) -> None:
    institution = SubElement(parent, "FinInstnId")
    bic = bic_of_account(account)
    if bic is not None:
        _text(institution, "BICFI", bic)
    else:
        _text(SubElement(institution, "Othr"), "Id", "NOTPROVIDED")


def _text(parent: Element, tag: str, value: str, length_max: int | None = None) -> Element:
    element = SubElement(parent, tag)
    element.text = " ".join(in_latin_1(value).split())[:length_max].rstrip()
    return element
