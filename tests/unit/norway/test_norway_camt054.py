"""Aim: a camt.054 message is read exactly in both versions, or refused as a whole with the path of the element."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reskontro.norway.camt054 import read_camt054
from reskontro.norway.camt054_parts import Entry, Message, MessageEnd, Notification, Part, Payment
from reskontro.norway.camt054_values import Referred
from reskontro.norway.format_fault import FormatFault
from tests.shared_data import shared_path
from tests.unit.norway.nets_files import sample

OSLO = ZoneInfo("Europe/Oslo")
V02, V08 = "camt.054.001.02", "camt.054.001.08"
_AT = "/Document/BkToCstmrDbtCdtNtfctn"


def _read(content: bytes | str) -> list[Part]:
    return list(read_camt054([content.encode() if isinstance(content, str) else content], OSLO))


def _payments(content: bytes | str) -> list[Payment]:
    return [part for part in _read(content) if isinstance(part, Payment)]


def _fault(content: bytes | str) -> FormatFault:
    with pytest.raises(FormatFault) as caught:
        _read(content)
    return caught.value


def _detail(amount: str | None = "100.00", remittance: str = "", extra: str = "", parties: str = "") -> str:
    """Transaction details of version .08."""
    money = f'<Amt Ccy="NOK">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>' if amount is not None else ""
    return f"<TxDtls>{money}{extra}<RltdPties>{parties}</RltdPties><RmtInf>{remittance}</RmtInf></TxDtls>"


def _reference(kid: str, type_: str = "<Cd>SCOR</Cd>") -> str:
    kind = f"<Tp><CdOrPrtry>{type_}</CdOrPrtry></Tp>" if type_ else ""
    return f"<Strd><CdtrRefInf>{kind}<Ref>{kid}</Ref></CdtrRefInf></Strd>"


def _entry(
    amount: str = "100.00",
    details: str = "",
    *,
    currency: str = "NOK",
    indicator: str = "CRDT",
    status: str = "<Cd>BOOK</Cd>",
    dates: str = "<BookgDt><Dt>2026-11-20</Dt></BookgDt>",
    more: str = "",
    end: str = "",
) -> str:
    return (
        f'<Ntry><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{indicator}</CdtDbtInd>{more}<Sts>{status}</Sts>{dates}'
        f"{f'<NtryDtls>{details}</NtryDtls>' if details else ''}{end}</Ntry>"
    )


def _message(*entries: str, version: str = V08, account: str = "<Id><Othr><Id>86011117947</Id></Othr></Id><Ccy>NOK</Ccy>", summary: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}"><BkToCstmrDbtCdtNtfctn>'
        "<GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-11-20T17:35:00</CreDtTm></GrpHdr>"
        f"<Ntfctn><Id>N1</Id><Acct>{account}</Acct>{summary}{''.join(entries)}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    )


def _in_json(parts: list[Part]) -> dict[str, Any]:
    """What was read, in the form of samples/answers.json."""
    answer: dict[str, Any] = {}
    for part in parts:
        match part:
            case Message():
                answer = {"version": part.version, "message_id": part.message_id, "notifications": []}
            case Notification():
                answer["notifications"].append({"id": part.id, "copy": part.copy, "account": part.account, "entries": []})
            case Entry():
                answer["notifications"][-1]["entries"].append(
                    {
                        "ref": part.reference,
                        "amount": str(part.amount),
                        "indicator": part.indicator,
                        "reversal": part.reversal,
                        "status": part.status,
                        "booking_date": str(part.booking_date),
                        "bank_code": part.bank_code,
                        "transactions": [],
                    }
                )
            case Payment():
                answer["notifications"][-1]["entries"][-1]["transactions"].append(
                    {
                        "amount": str(part.amount),
                        "kid": part.kid,
                        "text": part.text,
                        "debtor": part.payer_name,
                        "debtor_account": part.payer_account,
                        "archive_ref": part.archive_reference,
                    }
                )
            case MessageEnd():
                answer |= {"entries": part.entries, "transactions": part.payments, "sum": str(part.total)}
    return answer


class TestSamples:
    """The files of the domain, and those in which other systems failed."""

    @pytest.mark.parametrize("name", ["camt054-02.xml", "camt054-08.xml"])
    def test_sample_is_read_as_its_answer(self, name: str) -> None:
        answers = json.loads(shared_path("domain/samples/answers.json").read_text(encoding="utf-8"))
        assert _in_json(_read(sample(name))) == answers[name]

    def test_payments_of_a_lump_entry_have_their_own_amounts(self) -> None:
        payments = _payments(sample("public/stranger-camt054-batch-entry.xml"))
        assert [(payment.kid, payment.amount) for payment in payments] == [("0010017", Decimal("1250.00")), ("0010025", Decimal("499.50"))]

    def test_every_entry_of_every_notification_is_read(self) -> None:
        parts = _read(sample("public/stranger-camt054-many-entries.xml"))
        assert parts[-1] == MessageEnd(2, 4, 4, Decimal("2464.50"))
        assert [(part.entry.notification.id, part.place) for part in parts if isinstance(part, Payment)] == [
            ("N402A", 1),
            ("N402A", 2),
            ("N402B", 3),
            ("N402B", 4),
        ]

    def test_payment_and_its_return(self) -> None:
        (first,) = _payments(sample("public/stranger-camt054-first-payment.xml"))
        (back,) = _payments(sample("public/stranger-camt054-return.xml"))
        assert (first.amount, first.entry.reversal, first.entry.indicator) == (Decimal("1250.00"), False, "CRDT")
        assert (back.amount, back.entry.reversal, back.entry.indicator, back.kid) == (Decimal("-1250.00"), True, "DBIT", "0010017")

    def test_payments_alike_differ_in_archive_reference_and_a_copy_says_so(self) -> None:
        first = _payments(sample("public/stranger-camt054-two-alike.xml"))
        second = _payments(sample("public/stranger-camt054-two-alike-copy.xml"))
        assert [payment.archive_reference for payment in first] == ["700000081", "700000082"]
        assert [payment.archive_reference for payment in second] == ["700000081", "700000082"]
        assert [payment.entry.notification.copy for payment in (*first, *second)] == [None, None, "COPY", "COPY"]

    def test_encoding_of_the_declaration_counts(self) -> None:
        (payment,) = _payments(sample("public/stranger-camt054-latin1.xml"))
        assert payment.payer_name == "Bjørn Åsæther"

    def test_text_without_reference(self) -> None:
        (payment,) = _payments(sample("public/stranger-camt054-text-only.xml"))
        assert (payment.kid, payment.references, payment.text) == (None, (), "Betaling for november")

    def test_optional_elements_do_no_harm(self) -> None:
        parts = _read(sample("public/stranger-camt054-rich.xml"))
        first, second = [part for part in parts if isinstance(part, Payment)]
        assert (first.kid, first.amount, first.payer_name, first.payer_account) == ("0010017", Decimal("1250.00"), "Kunde AS", "86011117130")
        assert (second.kid, second.amount, second.payer_account) == ("0010025", Decimal("499.50"), None)
        assert first.entry.notification.account == "86011117947"

    def test_document_type_with_entities_is_refused(self) -> None:
        fault = _fault(sample("public/stranger-camt054-entities.xml"))
        assert fault.detail == "line 2: a document type declaration is not allowed"

    @pytest.mark.parametrize("size", [1, 7, 100])
    def test_pieces_of_any_size_give_the_same(self, size: int) -> None:
        content = b"\xef\xbb\xbf" + sample("camt054-08.xml")
        assert list(read_camt054([content[start : start + size] for start in range(0, len(content), size)], OSLO)) == _read(content)


class TestReferences:
    """What a payment is for."""

    @pytest.mark.parametrize("kind", ["<Cd>SCOR</Cd>", "<Prtry>KID</Prtry>", "<Prtry>kid</Prtry>", ""])
    def test_types_of_a_creditor_reference(self, kind: str) -> None:
        (payment,) = _payments(_message(_entry(details=_detail(remittance=_reference("0010017", kind)))))
        assert payment.kid == "0010017"

    @pytest.mark.parametrize("kind", ["<Cd>RADM</Cd>", "<Prtry>OWN</Prtry>"])
    def test_other_references_are_none(self, kind: str) -> None:
        (payment,) = _payments(_message(_entry(details=_detail(remittance=_reference("0010017", kind)))))
        assert payment.references == ()

    def test_several_references_in_their_order(self) -> None:
        remittance = _reference("0010025") + _reference("0010017") + _reference("0010025")
        (payment,) = _payments(_message(_entry(details=_detail(remittance=remittance))))
        assert (payment.references, payment.kid) == (("0010025", "0010017"), None)

    def test_reference_and_text_side_by_side(self) -> None:
        remittance = "<Ustrd>Takk</Ustrd><Ustrd> for\n  alt </Ustrd>" + _reference("0010017")
        (payment,) = _payments(_message(_entry(details=_detail(remittance=remittance))))
        assert (payment.kid, payment.text) == ("0010017", "Takk for alt")

    def test_letters_are_composed(self) -> None:
        (payment,) = _payments(_message(_entry(details=_detail(remittance="<Ustrd>A\u030ase</Ustrd>"))))
        assert payment.text == "Åse"

    def test_named_documents_with_their_amounts(self) -> None:
        remittance = "".join(
            f"<Strd><RfrdDocInf><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Nb>{number}</Nb></RfrdDocInf>"
            f'<RfrdDocAmt><RmtdAmt Ccy="NOK">{amount}</RmtdAmt></RfrdDocAmt></Strd>'
            for code, number, amount in (("CINV", "26001", "150"), ("CREN", "26002", "50.00"))
        )
        (payment,) = _payments(_message(_entry(details=_detail(remittance=remittance))))
        assert payment.documents == (Referred("CINV", "26001", Decimal("150.00")), Referred("CREN", "26002", Decimal("50.00")))

    def test_accounts_of_all_forms(self) -> None:
        for written, read in (
            ("<IBAN>NO9386011117947</IBAN>", "86011117947"),
            ("<IBAN>no93 8601 1117 947</IBAN>", "86011117947"),
            ("<Othr><Id>8601.11.17947</Id></Othr>", "86011117947"),
            ("<Othr><Id>NO9386011117947</Id></Othr>", "86011117947"),
            ("<IBAN>SE4550000000058398257466</IBAN>", "SE4550000000058398257466"),
            ("<Othr><Id>AB 12</Id></Othr>", "AB12"),
        ):
            parties = f"<Dbtr><Pty><Nm>K</Nm></Pty></Dbtr><DbtrAcct><Id>{written}</Id></DbtrAcct>"
            (payment,) = _payments(_message(_entry(details=_detail(parties=parties))))
            assert payment.payer_account == read


class TestEntries:
    """Status, signs, dates and amounts."""

    def test_entry_without_details_is_a_payment(self) -> None:
        (payment,) = _payments(_message(_entry(end="<AcctSvcrRef>A1</AcctSvcrRef><AddtlNtryInf>Innbetaling</AddtlNtryInf>")))
        assert (payment.amount, payment.text, payment.references, payment.archive_reference) == (Decimal("100.00"), "Innbetaling", (), "A1")

    @pytest.mark.parametrize("status", ["<Cd>PDNG</Cd>", "<Cd>INFO</Cd>", "<Prtry>OWN</Prtry>", "PDNG"])
    def test_what_is_not_booked_has_no_payments(self, status: str) -> None:
        parts = _read(_message(_entry(details=_detail(), status=status, dates="")))
        assert [part.booked for part in parts if isinstance(part, Entry)] == [False]
        assert parts[-1] == MessageEnd(1, 1, 0, Decimal(0))

    @pytest.mark.parametrize(
        ("written", "day"),
        [
            ("<Dt>2026-11-20</Dt>", "2026-11-20"),
            ("<Dt>2026-11-20+01:00</Dt>", "2026-11-20"),
            ("<DtTm>2026-11-20T23:30:00Z</DtTm>", "2026-11-21"),
            ("<DtTm>2026-11-20T23:30:00.5+01:00</DtTm>", "2026-11-20"),
            ("<DtTm>2026-07-20T22:30:00Z</DtTm>", "2026-07-21"),
            ("<DtTm>2026-11-20T23:30:00</DtTm>", "2026-11-20"),
        ],
    )
    def test_day_of_a_booking(self, written: str, day: str) -> None:
        (payment,) = _payments(_message(_entry(dates=f"<BookgDt>{written}</BookgDt><ValDt>{written}</ValDt>")))
        assert payment.entry.booking_date == payment.entry.value_date == date.fromisoformat(day)

    def test_amounts_compare_as_numbers(self) -> None:
        payments = _payments(_message(_entry("100.5", _detail("60.50") + _detail("40") + _detail(".000"))))
        assert [str(payment.amount) for payment in payments] == ["60.50", "40.00", "0.00"]

    def test_detail_of_the_other_direction_is_taken_off(self) -> None:
        back = _detail("20.00").replace("CRDT", "DBIT")
        assert [payment.amount for payment in _payments(_message(_entry("80.00", _detail() + back)))] == [Decimal("100.00"), Decimal("-20.00")]

    def test_reason_of_a_return(self) -> None:
        detail = _detail(extra="").replace("</RmtInf>", "</RmtInf><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>")
        (payment,) = _payments(_message(_entry(details=detail.replace("CRDT", "DBIT"), indicator="DBIT")))
        assert (payment.amount, payment.return_reason, payment.entry.reversal) == (Decimal("-100.00"), "AC04", False)

    def test_only_detail_may_leave_its_amount_out(self) -> None:
        (payment,) = _payments(_message(_entry(details=_detail(None, _reference("0010017")))))
        assert (payment.amount, payment.kid) == (Decimal("100.00"), "0010017")

    def test_amount_in_the_currency_of_the_account_is_taken(self) -> None:
        extra = '<AmtDtls><InstdAmt><Amt Ccy="EUR">9.00</Amt></InstdAmt><TxAmt><Amt Ccy="NOK">100.00</Amt></TxAmt></AmtDtls>'
        (payment,) = _payments(_message(_entry(details=_detail(None, extra=extra))))
        assert payment.amount == Decimal("100.00")

    def test_currency_without_decimals(self) -> None:
        account = "<Id><IBAN>NO9386011117947</IBAN></Id>"
        (payment,) = _payments(_message(_entry("1500", currency="JPY"), account=account))
        assert (str(payment.amount), payment.entry.currency) == ("1500", "JPY")

    def test_summary_that_agrees(self) -> None:
        summary = (
            "<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries><Sum>150.0</Sum></TtlNtries><TtlCdtNtries><NbOfNtries>1</NbOfNtries>"
            "<Sum>100</Sum></TtlCdtNtries><TtlDbtNtries><NbOfNtries>1</NbOfNtries><Sum>50</Sum></TtlDbtNtries></TxsSummry>"
        )
        assert len(_payments(_message(_entry(), _entry("50.00", indicator="DBIT"), summary=summary))) == 2

    @pytest.mark.parametrize("side", ["CRDT", "DBIT"])
    def test_net_of_a_summary(self, side: str) -> None:
        for net, path in (
            ("<TtlNetNtryAmt>50</TtlNetNtryAmt><CdtDbtInd>{}</CdtDbtInd>", "TtlNetNtryAmt"),
            ("<TtlNetNtry><Amt>50</Amt><CdtDbtInd>{}</CdtDbtInd></TtlNetNtry>", "TtlNetNtry/Amt"),
        ):
            summary = f"<TxsSummry><TtlNtries>{net.format(side)}</TtlNtries></TxsSummry>"
            content = _message(_entry("150.00"), _entry("100.00", indicator="DBIT"), summary=summary)
            if side == "CRDT":
                assert len(_payments(content)) == 2
                content = content.replace("150.00", "151.00")
            fault = _fault(content)
            assert (fault.path, fault.reason) == (f"{_AT}/Ntfctn[1]/TxsSummry/TtlNtries/{path}", "SUM_MISMATCH")

    def test_summary_of_a_message_of_several_pages_is_not_compared(self) -> None:
        summary = "<TxsSummry><TtlNtries><NbOfNtries>9</NbOfNtries></TtlNtries></TxsSummry>"
        content = _message(_entry(), summary=summary, version=V02).replace(
            "</GrpHdr>", "<MsgPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></MsgPgntn></GrpHdr>"
        )
        assert len(_payments(content)) == 1

    def test_summary_of_several_pages_is_not_compared(self) -> None:
        page = "<NtfctnPgntn><PgNb>1</PgNb><LastPgInd>false</LastPgInd></NtfctnPgntn>"
        summary = f"{page}<TxsSummry><TtlNtries><NbOfNtries>9</NbOfNtries></TtlNtries></TxsSummry>"
        assert len(_payments(_message(_entry(), summary=summary))) == 1

    def test_notification_without_entries(self) -> None:
        assert _read(_message())[-1] == MessageEnd(1, 0, 0, Decimal(0))

    def test_namespace_prefix_and_foreign_elements(self) -> None:
        plain = _message(_entry(details=_detail(remittance=_reference("0010017"))))
        foreign = plain.replace("<Ntfctn>", '<x:Ntfctn xmlns:x="urn:other"><x:Id>1</x:Id></x:Ntfctn><Ntfctn>')
        assert _read(foreign) == _read(plain)
        prefixed = plain.replace("<", "<n:").replace("<n:/", "</n:").replace("<n:?", "<?").replace("xmlns=", "xmlns:n=")
        assert _read(prefixed) == _read(plain)


_ENTRY = f"{_AT}/Ntfctn[1]/Ntry[1]"


class TestFaults:
    """Any fault refuses the whole file and names the element."""

    @pytest.mark.parametrize(
        ("content", "path", "reason"),
        [
            (_message(_entry(), version="camt.054.001.04"), "/Document", "VERSION"),
            (_message(_entry(), version="camt.053.001.02"), "/Document", "VERSION"),
            (_message(_entry()).replace("BkToCstmrDbtCdtNtfctn", "BkToCstmrStmt"), "/Document/BkToCstmrStmt", "VERSION"),
            (_message(_entry()).replace("<MsgId>M1</MsgId>", ""), f"{_AT}/GrpHdr/MsgId", "GRAMMAR"),
            (_message(_entry()).replace("<MsgId>M1</MsgId>", "<MsgId> </MsgId>"), f"{_AT}/GrpHdr/MsgId", "GRAMMAR"),
            (_message(_entry()).replace("<Id>N1</Id>", "<Id>N1</Id><Id>N2</Id>"), f"{_AT}/Ntfctn[1]/Id", "GRAMMAR"),
            (_message(_entry(), account=""), f"{_AT}/Ntfctn[1]/Acct/Id", "GRAMMAR"),
            (_message(_entry("1e3")), f"{_ENTRY}/Amt", "AMOUNT"),
            (_message(_entry("-100.00")), f"{_ENTRY}/Amt", "AMOUNT"),
            (_message(_entry("100,00")), f"{_ENTRY}/Amt", "AMOUNT"),
            (_message(_entry("100.001")), f"{_ENTRY}/Amt", "AMOUNT"),
            (_message(_entry("12345678901234.00")), None, None),
            (_message(_entry("12345678901234.56")), f"{_ENTRY}/Amt", "AMOUNT"),
            (_message(_entry(currency="EUR")), f"{_ENTRY}/Amt", "GRAMMAR"),
            (_message(_entry(currency="XXX"), account="<Id><IBAN>NO9386011117947</IBAN></Id>"), f"{_ENTRY}/Amt", "AMOUNT"),
            (_message(_entry().replace(' Ccy="NOK"', ""), account="<Id><IBAN>NO9386011117947</IBAN></Id>"), f"{_ENTRY}/Amt", "AMOUNT"),
            (_message(_entry(indicator="BOTH")), f"{_ENTRY}/CdtDbtInd", "GRAMMAR"),
            (_message(_entry(more="<RvslInd>ja</RvslInd>")), f"{_ENTRY}/RvslInd", "GRAMMAR"),
            (_message(_entry(status="")), f"{_ENTRY}/Sts", "GRAMMAR"),
            (_message(_entry(dates="")), f"{_ENTRY}/BookgDt", "DATE_INVALID"),
            (_message(_entry(dates="<BookgDt><Dt>2026-02-30</Dt></BookgDt>")), f"{_ENTRY}/BookgDt", "DATE_INVALID"),
            (_message(_entry(dates="<BookgDt><Dt>20.11.2026</Dt></BookgDt>")), f"{_ENTRY}/BookgDt", "DATE_INVALID"),
            (_message(_entry(dates="<BookgDt><DtTm>2026-11-20T25:00:00</DtTm></BookgDt>")), f"{_ENTRY}/BookgDt", "DATE_INVALID"),
            (_message(_entry(dates="<BookgDt><DtTm>0001-01-01T00:00:00+14:00</DtTm></BookgDt>")), f"{_ENTRY}/BookgDt", "DATE_INVALID"),
            (_message(_entry("200.00", _detail())), f"{_ENTRY}/Amt", "SUM_MISMATCH"),
            (_message(_entry("200.00", _detail() + _detail(None))), f"{_ENTRY}/NtryDtls[1]/TxDtls[2]", "GRAMMAR"),
            (_message(_entry("200.00", _detail(None) + _detail())), f"{_ENTRY}/NtryDtls[1]/TxDtls[1]", "GRAMMAR"),
            (_message(_entry(details=_detail().replace("NOK", "EUR"))), f"{_ENTRY}/NtryDtls[1]/TxDtls[1]/Amt", "GRAMMAR"),
            (_message(_entry(details="<Btch><NbOfTxs>2</NbOfTxs></Btch>" + _detail())), f"{_ENTRY}/NtryDtls[1]/Btch/NbOfTxs", "COUNT_MISMATCH"),
            (_message(_entry(details="<Btch><NbOfTxs>2</NbOfTxs></Btch>")), f"{_ENTRY}/NtryDtls[1]/Btch/NbOfTxs", "COUNT_MISMATCH"),
            (
                _message(_entry(details='<Btch><TtlAmt Ccy="NOK">99.00</TtlAmt></Btch>' + _detail())),
                f"{_ENTRY}/NtryDtls[1]/Btch/TtlAmt",
                "SUM_MISMATCH",
            ),
            (
                _message(_entry(), summary="<TxsSummry><TtlNtries><NbOfNtries>2</NbOfNtries></TtlNtries></TxsSummry>"),
                f"{_AT}/Ntfctn[1]/TxsSummry/TtlNtries/NbOfNtries",
                "COUNT_MISMATCH",
            ),
            (
                _message(_entry(), summary="<TxsSummry><TtlCdtNtries><Sum>99</Sum></TtlCdtNtries></TxsSummry>"),
                f"{_AT}/Ntfctn[1]/TxsSummry/TtlCdtNtries/Sum",
                "SUM_MISMATCH",
            ),
            (_message(_entry(details=_detail(), end='<Amt Ccy="NOK">1</Amt>')), f"{_ENTRY}/Amt", "GRAMMAR"),
            (_message(_entry(details=_detail(), dates="", end="<BookgDt><Dt>2026-11-20</Dt></BookgDt>")), f"{_ENTRY}/BookgDt", "DATE_INVALID"),
            (_message(_entry(details=_detail(), end="<RvslInd>true</RvslInd>")), _ENTRY, "GRAMMAR"),
            (_message(_entry() + "<CpyDplctInd>COPY</CpyDplctInd>"), f"{_AT}/Ntfctn[1]", "GRAMMAR"),
            ('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"/>', f"{_AT}/GrpHdr", "GRAMMAR"),
        ],
    )
    def test_fault_is_named_with_its_path(self, content: str, path: str | None, reason: str | None) -> None:
        if path is None:
            assert len(_payments(content)) == 1
            return
        fault = _fault(content)
        assert (fault.path, fault.reason) == (path, reason)
        assert fault.detail.startswith(f"{path}: ")

    def test_head_after_the_notification(self) -> None:
        message = _message(_entry())
        head = message[message.index("<GrpHdr>") : message.index("<Ntfctn>")]
        fault = _fault(message.replace(head, "").replace("</Ntfctn>", f"</Ntfctn>{head}"))
        assert fault.path == f"{_AT}/Ntfctn[1]"

    def test_message_without_notifications(self) -> None:
        message = _message()
        start, end = message.index("<Ntfctn>"), message.index("</BkTo")
        assert _fault(message[:start] + message[end:]).path == f"{_AT}/Ntfctn"

    @pytest.mark.parametrize(
        "content",
        [b"", b"hello", b"\x00\x01", _message(_entry())[:-20].encode(), _message(_entry()).encode("iso-8859-1").replace(b"N1", b"\xc5se")],
    )
    def test_what_is_no_xml(self, content: bytes) -> None:
        fault = _fault(content)
        assert fault.detail.startswith("line ")

    @pytest.mark.parametrize("encoding", ["x-nothing", "utf-7", "shift_jis"])
    def test_encoding_that_is_not_known(self, encoding: str) -> None:
        assert _fault(_message(_entry()).replace("UTF-8", encoding)).reason == "ENCODING"

    @pytest.mark.parametrize("encoding", ["utf-16", "windows-1252", "iso-8859-15"])
    def test_other_encodings(self, encoding: str) -> None:
        content = _message(_entry(end="<AddtlNtryInf>Åse på øy</AddtlNtryInf>")).replace("UTF-8", encoding).encode(encoding)
        assert [payment.text for payment in _payments(content)] == ["Åse på øy"]

    @pytest.mark.parametrize(
        "declaration",
        [
            "<!DOCTYPE Document>",
            '<!DOCTYPE Document SYSTEM "file:///etc/hostname">',
            '<!DOCTYPE Document [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x">%p;]>',
        ],
    )
    def test_document_types_of_every_kind(self, declaration: str) -> None:
        fault = _fault(_message(_entry()).replace("?>\n", f"?>\n{declaration}"))
        assert fault.detail == "line 2: a document type declaration is not allowed"

    def test_depth_and_number_of_elements_are_limited(self) -> None:
        deep = "<a>" * 100 + "</a>" * 100
        many = "<a/>" * 6_000
        for inside in (deep, many):
            assert "too many elements" in _fault(_message(_entry(details=_detail(extra=inside)))).detail

    def test_elements_between_records_count_for_their_parent(self) -> None:
        kept = "<a/>" * 3_000
        entry = _entry(details=_detail()).replace("</NtryDtls>", f"</NtryDtls>{kept}<NtryDtls></NtryDtls>{kept}")
        assert "too many elements" in _fault(_message(entry)).detail
        between = _message(_entry(), kept + _entry(), kept)
        assert "too many elements" in _fault(between).detail
        many_records = _message(_entry(details=_detail("100.00") * 5_500, amount="550000.00"))
        assert len(_payments(many_records)) == 5_500

    @pytest.mark.parametrize(("opens", "closes"), [("<!--", "-->"), ("<?a ", "?>"), ("<a b='", "'/>"), ("<Ustrd>", "</Ustrd>"), ("<![CDATA[", "]]>")])
    def test_what_does_not_end_is_refused_early(self, opens: str, closes: str) -> None:
        fed = 0

        def pieces(size: int) -> Iterator[bytes]:
            nonlocal fed
            start, end = _message(_entry(details=_detail("100.00", remittance="|"))).encode().split(b"|")
            yield start + opens.encode()
            for _ in range(size >> 16):
                fed += 1 << 16
                yield b"x" * (1 << 16)
            yield closes.encode() + end

        assert len(list(read_camt054(pieces(1 << 19), OSLO))) == 5
        fed = 0
        if opens in ("<Ustrd>", "<![CDATA["):  # text is taken as it comes
            assert len(list(read_camt054(pieces(3 << 20), OSLO))) == 5
            return
        with pytest.raises(FormatFault, match="too long"):
            list(read_camt054(pieces(20 << 20), OSLO))
        assert fed <= 2 << 20

    def test_length_of_the_message_id(self) -> None:
        """35 characters, as the schema has it: it is a key under which the message is known again."""
        assert isinstance(_read(_message(_entry()).replace("M1", "Æ" * 35))[0], Message)
        fault = _fault(_message(_entry()).replace("M1", "Æ" * 36))
        assert fault.detail == f"{_AT}/GrpHdr/MsgId: longer than 35 characters"

    @pytest.mark.parametrize("path", ["TtlNtries", "TtlNtries/TtlNetNtry"])
    def test_side_of_a_net_is_a_code(self, path: str) -> None:
        amount, net = ("TtlNetNtryAmt", "{}") if path == "TtlNtries" else ("Amt", "<TtlNetNtry>{}</TtlNetNtry>")
        inside = net.format(f"<{amount}>99</{amount}><CdtDbtInd>Kari Nordmann</CdtDbtInd>")
        fault = _fault(_message(_entry(), summary=f"<TxsSummry><TtlNtries>{inside}</TtlNtries></TxsSummry>"))
        assert fault.detail == f"{_AT}/Ntfctn[1]/TxsSummry/{path}/CdtDbtInd: expected CRDT or DBIT"

    def test_detail_has_an_end(self) -> None:
        assert len(FormatFault("x" * 1_000, path="/Document").detail) == 400

    def test_detail_repeats_no_text_of_the_payment(self) -> None:
        fault = _fault(_message(_entry("Kari Nordmann")))
        assert "Kari" not in fault.detail


class TestSize:
    """Memory does not grow with the file."""

    @pytest.mark.parametrize("one_entry", [True, False])
    def test_memory_stays_flat(self, *, one_entry: bool) -> None:
        def pieces(count: int) -> Iterator[bytes]:
            inside = _entry(f"{count}00.00", "|").split("|") if one_entry else ["", ""]
            start, end = _message("|").split("|")
            yield (start + inside[0]).encode()
            for number in range(count):
                detail = _detail(remittance=_reference(f"{number:07d}"))
                yield (f"{detail}\n  " if one_entry else f"{_entry(details=detail)}\n  ").encode()
            yield (inside[1] + end).encode()

        def peak(count: int) -> int:
            tracemalloc.start()
            assert sum(isinstance(part, Payment) for part in read_camt054(pieces(count), OSLO)) == count
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return peak

        peak(1_000)  # fills what the interpreter keeps for itself
        assert peak(4_000) < 150_000


class TestAnyBytes:
    """Whatever is read, nothing but a FormatFault comes out."""

    @given(st.binary(max_size=200))
    def test_random_bytes(self, content: bytes) -> None:
        with pytest.raises(FormatFault):
            _read(content)

    @given(st.data())
    def test_mutated_samples(self, data: st.DataObject) -> None:
        content = bytearray(sample(data.draw(st.sampled_from(["camt054-02.xml", "camt054-08.xml"]))))
        for _ in range(data.draw(st.integers(1, 4))):
            position = data.draw(st.integers(0, len(content) - 1))
            match data.draw(st.sampled_from(["set", "drop", "element", "text"])):
                case "set":
                    content[position] = data.draw(st.integers(0, 255))
                case "drop":
                    del content[position : position + data.draw(st.integers(1, 30))]
                case "element":
                    start = content.rfind(b"<", 0, position + 1)
                    end = content.find(b">", position)
                    if start >= 0 and end > start:
                        content[start : end + 1] = data.draw(st.sampled_from([b"", bytes(content[start : end + 1]) * 2, b"<a/>"]))
                case "text":
                    end = content.find(b"<", position)
                    content[position:end] = data.draw(st.sampled_from([b"0", b"-1", b"9" * 20, b"DBIT", b"2026-02-30", b" ", b"EUR"]))
            if not content:
                content = bytearray(b" ")
        try:
            parts = _read(bytes(content))
        except FormatFault as fault:
            assert fault.detail
        else:
            end_part = parts[-1]
            assert isinstance(end_part, MessageEnd)
            assert end_part.total == sum((part.amount for part in parts if isinstance(part, Payment)), Decimal(0))
