"""Aim: an order of payments is written as the standard says, with the totals it states."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from lxml import etree

from reskontro.norway.accounts import bic_of_account
from reskontro.norway.pain001 import NAMESPACE, CreditTransfer, Orderer, write_pain001

CREATED = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
ORDERER = Orderer("Prøve & Sønn AS", "123456785")


def _transfer(number: int = 1, amount: str = "100.00", **changes: object) -> CreditTransfer:
    values: dict[str, object] = {
        "end_to_end_id": f"E{number}",
        "amount": Decimal(amount),
        "currency": "NOK",
        "execution_date": date(2026, 11, 27),
        "debtor_account": "86011117947",
        "creditor_name": "Kari Nordmann",
        "creditor_account": "99990000014",
        "text": "Tilbakebetaling",
    }
    return CreditTransfer(**(values | changes))  # type: ignore[arg-type]


def _written(*transfers: CreditTransfer) -> etree._Element:
    return etree.fromstring(write_pain001("M1", CREATED, ORDERER, transfers))


def _shape(element: etree._Element) -> object:
    """Element names without namespace, nested, with texts."""
    children = [_shape(child) for child in element]
    name = etree.QName(element).localname
    return (name, children) if children else (name, element.text)


def _text(document: etree._Element, path: str) -> list[str]:
    return [str(found) for found in document.xpath(f"//n:{'/n:'.join(path.split('/'))}/text()", namespaces={"n": NAMESPACE})]


class TestWriting:
    """Order of the elements, totals, blocks and accounts."""

    def test_whole_message(self) -> None:
        assert _shape(_written(_transfer())) == (
            "Document",
            [
                (
                    "CstmrCdtTrfInitn",
                    [
                        (
                            "GrpHdr",
                            [
                                ("MsgId", "M1"),
                                ("CreDtTm", "2026-11-26T09:30:00+00:00"),
                                ("NbOfTxs", "1"),
                                ("CtrlSum", "100.00"),
                                ("InitgPty", [("Nm", "Prøve & Sønn AS"), _ORGANIZATION]),
                            ],
                        ),
                        (
                            "PmtInf",
                            [
                                ("PmtInfId", "M1-1"),
                                ("PmtMtd", "TRF"),
                                ("NbOfTxs", "1"),
                                ("CtrlSum", "100.00"),
                                ("PmtTpInf", [("SvcLvl", [("Cd", "NURG")])]),
                                ("ReqdExctnDt", [("Dt", "2026-11-27")]),
                                ("Dbtr", [("Nm", "Prøve & Sønn AS"), _ORGANIZATION]),
                                ("DbtrAcct", [_bban("86011117947")]),
                                ("DbtrAgt", [("FinInstnId", [("BICFI", "DABANO22")])]),
                                ("ChrgBr", "SHAR"),
                                (
                                    "CdtTrfTxInf",
                                    [
                                        ("PmtId", [("InstrId", "1"), ("EndToEndId", "E1")]),
                                        ("Amt", [("InstdAmt", "100.00")]),
                                        ("Cdtr", [("Nm", "Kari Nordmann")]),
                                        ("CdtrAcct", [_bban("99990000014")]),
                                        ("RmtInf", [("Ustrd", "Tilbakebetaling")]),
                                    ],
                                ),
                            ],
                        ),
                    ],
                )
            ],
        )

    def test_blocks_by_account_day_and_currency(self) -> None:
        document = _written(
            _transfer(1, "100.00"),
            _transfer(2, "50.00", currency="EUR", debtor_account="05405010005"),
            _transfer(3, "25.50"),
            _transfer(4, "1", execution_date=date(2026, 11, 30)),
        )
        assert _text(document, "GrpHdr/CtrlSum") == ["176.50"]
        assert _text(document, "GrpHdr/NbOfTxs") == ["4"]
        assert _text(document, "PmtInf/CtrlSum") == ["50.00", "125.50", "1"]
        assert _text(document, "PmtInf/NbOfTxs") == ["1", "2", "1"]
        assert _text(document, "PmtId/EndToEndId") == ["E2", "E1", "E3", "E4"]
        assert len(set(_text(document, "PmtInf/PmtInfId"))) == 3

    def test_foreign_accounts_by_iban_and_banks_that_are_not_known(self) -> None:
        document = _written(_transfer(creditor_account="SE4550000000058398257466", debtor_account="05405010005"))
        assert _text(document, "CdtrAcct/Id/IBAN") == ["SE4550000000058398257466"]
        assert bic_of_account("99990000014") is None
        assert _text(_written(_transfer(debtor_account="99990000014")), "DbtrAgt/FinInstnId/Othr/Id") == ["NOTPROVIDED"]

    def test_texts_are_cut_cleaned_and_in_letters_banks_read(self) -> None:
        document = _written(_transfer(creditor_name="Žižek <" + "x" * 200, text="a\x00b\n" + "y" * 200))
        (name,) = _text(document, "Cdtr/Nm")
        assert name == ("Zizek <" + "x" * 200)[:140]
        assert _text(document, "RmtInf/Ustrd") == [("a b " + "y" * 200)[:140]]

    def test_payment_without_text(self) -> None:
        assert _text(_written(_transfer(text=" ")), "RmtInf/Ustrd") == []


class TestRefused:
    """What the caller must not ask for."""

    @pytest.mark.parametrize("transfers", [[], [_transfer(amount="0.00")], [_transfer(end_to_end_id="x" * 36)], [_transfer(end_to_end_id="")]])
    def test_message_that_cannot_be_written(self, transfers: list[CreditTransfer]) -> None:
        with pytest.raises(ValueError, match=r"payments|identifier"):
            write_pain001("M1", CREATED, ORDERER, transfers)


def _bban(number: str) -> object:
    return ("Id", [("Othr", [("Id", number), ("SchmeNm", [("Cd", "BBAN")])])])


_ORGANIZATION = ("Id", [("OrgId", [("Othr", [("Id", "123456785"), ("SchmeNm", [("Cd", "COID")])])])])
