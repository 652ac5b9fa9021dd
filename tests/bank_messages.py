"""Bank files to upload, made as a bank makes them: OCR giro and camt.054."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

OCR_ACCOUNT = "12345678903"
CAMT_ACCOUNT = "86011117947"
EURO_ACCOUNT = "05405010005"
BANK_ACCOUNTS = [
    {"bankAccountNo": OCR_ACCOUNT, "currency": "NOK", "glAccount": "1920", "source": "OCR"},
    {"bankAccountNo": CAMT_ACCOUNT, "currency": "NOK", "glAccount": "1920", "source": "CAMT054"},
    {"bankAccountNo": EURO_ACCOUNT, "currency": "EUR", "glAccount": "1920", "source": "CAMT054"},
]


@dataclass(frozen=True)
class Paid:
    """A payment of an OCR file; ``settled`` and ``bank_day`` are DDMMYY, a negative amount has the sign field."""

    kid: str = "0010017"
    amount: str = "1250.00"
    kind: int = 10
    settled: str = "201126"
    bank_day: str = "191126"
    payer: str = "86011117130"
    archive: str = "700000001"
    text: str = ""


def _assignment(account: str, payments: Sequence[Paid]) -> list[str]:
    records = [f"NY09002000123456700000{1:02d}{account}".ljust(80, "0")]
    total = 0
    for number, paid in enumerate(payments, 1):
        ore = int(Decimal(paid.amount).scaleb(2))
        total += ore
        head = f"NY09{paid.kind:02d}"
        sign = "-" if ore < 0 else "0"
        one = f"{head}30{number:07d}{paid.settled}01{paid.settled[:2]}000001{sign}{abs(ore):017d}{paid.kid:>25}00".ljust(80, "0")
        two = f"{head}31{number:07d}{number:010d}{paid.archive:>09}0000000{paid.bank_day}{paid.payer}".ljust(80, "0")
        records += [one, two]
        if paid.kind in (20, 21):
            records.append(f"{head}32{number:07d}{paid.text:<40}".ljust(80, "0"))
    days = [paid.settled for paid in payments] or ["000000"]
    records.append(f"NY090088{len(payments):08d}{len(records) + 1:08d}{total:017d}{days[-1]}{days[0]}{days[-1]}".ljust(80, "0"))
    return records


def ocr_file(*assignments: Sequence[Paid], accounts: Sequence[str] = (), number: int = 1, end: str = "\n") -> bytes:
    """An OCR file with an assignment for each sequence of payments; ``number`` is that of the transmission."""
    records = [f"NY00001000008080{number:07d}00012345".ljust(80, "0")]
    for place, payments in enumerate(assignments):
        records += _assignment(accounts[place] if accounts else OCR_ACCOUNT, payments)
    total = sum(int(Decimal(paid.amount).scaleb(2)) for payments in assignments for paid in payments)
    count = sum(map(len, assignments))
    records.append(f"NY000089{count:08d}{len(records) + 1:08d}{total:017d}201126".ljust(80, "0"))
    return (end.join(records) + end).encode("latin-1")


def camt_payment(
    amount: str = "1250.00", references: Iterable[str] = ("0010017",), *, archive: str = "700000001", text: str = "", currency: str = "NOK"
) -> str:
    """A transaction of an entry."""
    structured = "".join(
        f"<Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp><Ref>{reference}</Ref></CdtrRefInf></Strd>" for reference in references
    )
    free = f"<Ustrd>{text}</Ustrd>" if text else ""
    return (
        f"<TxDtls><Refs><AcctSvcrRef>{archive}</AcctSvcrRef></Refs><AmtDtls><TxAmt><Amt Ccy='{currency}'>{amount}</Amt></TxAmt></AmtDtls>"
        "<RltdPties><Dbtr><Nm>Kari Prøve</Nm></Dbtr><DbtrAcct><Id><Othr><Id>86011117130</Id></Othr></Id></DbtrAcct></RltdPties>"
        f"<RmtInf>{free}{structured}</RmtInf></TxDtls>"
    )


def camt_entry(
    *payments: str,
    amount: str = "1250.00",
    indicator: str = "CRDT",
    reversal: bool = False,
    status: str = "BOOK",
    currency: str = "NOK",
    booked: str = "<Dt>2026-11-20</Dt>",
    valued: str = "<Dt>2026-11-19</Dt>",
) -> str:
    """An entry; by default it is of one payment with the KID 0010017."""
    details = "".join(payments or (camt_payment(amount, currency=currency),))
    back = "<RvslInd>true</RvslInd>" if reversal else ""
    return (
        f"<Ntry><Amt Ccy='{currency}'>{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>{back}<Sts>{status}</Sts>"
        f"<BookgDt>{booked}</BookgDt><ValDt>{valued}</ValDt><BkTxCd/><NtryDtls>{details}</NtryDtls></Ntry>"
    )


def camt_file(*entries: str, account: str = CAMT_ACCOUNT, currency: str = "NOK", message_id: str = "M-1") -> bytes:
    """A camt.054.001.02 message about one account."""
    return (
        "<?xml version='1.0' encoding='UTF-8'?><Document xmlns='urn:iso:std:iso:20022:tech:xsd:camt.054.001.02'><BkToCstmrDbtCdtNtfctn>"
        f"<GrpHdr><MsgId>{message_id}</MsgId><CreDtTm>2026-11-20T17:35:00+01:00</CreDtTm></GrpHdr><Ntfctn><Id>N</Id>"
        f"<CreDtTm>2026-11-20T17:35:00+01:00</CreDtTm><Acct><Id><Othr><Id>{account}</Id></Othr></Id><Ccy>{currency}</Ccy></Acct>"
        f"{''.join(entries)}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


def kid_of(payload: str) -> str:
    """A KID with its MOD10 check digit."""
    total = 0
    for place, digit in enumerate(reversed(payload)):
        product = int(digit) * (2 if place % 2 == 0 else 1)
        total += product - 9 if product > 9 else product
    return payload + str(-total % 10)


Import = dict[str, Any]
