"""Aim: claim and deletion files are written to the letter and can be read by others; mandates are read exactly."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import netsgiro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reskontro.norway.avtalegiro import Claim, ClaimAssignment, ClaimFile, ClaimText, ReadClaim, read_claims, refusal
from reskontro.norway.avtalegiro_mandates import Mandate, read_mandates
from reskontro.norway.format_fault import FormatFault
from reskontro.norway.nets_records import in_latin_1
from reskontro.norway.nets_transmissions import Assignment, AssignmentEnd, Transmission, TransmissionEnd
from reskontro.norway.ocr_giro import Payment, read_ocr_giro
from tests.shared_data import shared_path
from tests.unit.norway import nets_files
from tests.unit.norway.nets_files import as_bytes, ocr_file, payment, sample, with_changes

FIRST = Claim(date(2026, 12, 15), Decimal("1250.00"), "0010017", "Nordmann", "Faktura 1001", True, (ClaimText(1, 1, "Gjelder Faktura 1001"),))
SECOND = Claim(date(2026, 12, 20), Decimal("499.50"), "0010025", "Hansen", "Faktura 1002")


def _file(*claims: Claim, deletions: bool = False) -> bytes:
    return b"".join(ClaimFile("00123456", "2211001", deletions=deletions).pieces([ClaimAssignment("2211001", "12345678903", claims)]))


def _claims(content: bytes) -> list[Claim]:
    return [part.claim for part in read_claims([content]) if isinstance(part, ReadClaim)]


def _fault(content: bytes) -> FormatFault:
    with pytest.raises(FormatFault) as caught:
        list(read_claims([content]))
    return caught.value


kids = st.text("0123456789", min_size=4, max_size=25)
texts = st.text(st.characters(codec="latin-1", exclude_categories=["Cc", "Zs"], exclude_characters="\xad"), max_size=40)
text_lines = st.builds(ClaimText, st.integers(1, 42), st.integers(1, 2), texts)
claims = st.builds(
    Claim,
    st.dates(date(2026, 1, 1), date(2030, 12, 31)),
    st.integers(1, 10**12).map(lambda ore: Decimal(ore).scaleb(-2)),
    kids,
    texts,
    texts,
    st.booleans(),
    st.lists(text_lines, max_size=3, unique_by=lambda text: (text.line, text.column)).map(tuple),
)


class TestWriting:
    """Records, totals and dates."""

    def test_sample_is_written_to_the_letter(self) -> None:
        second = Claim(date(2026, 12, 15), Decimal("499.50"), "0010025", "Hansen", "Faktura 1002")
        assert _file(FIRST, second) == sample("avtalegiro-claims.txt")

    def test_totals_and_the_first_and_last_due_date(self) -> None:
        file = ClaimFile("00123456", "2211001")
        lines = list(file.lines([ClaimAssignment("2211001", "12345678903", [SECOND, FIRST])]))
        assert lines[-2] == "NY210088000000020000000700000000000174950151226201226" + "0" * 27
        assert lines[-1] == "NY000089000000020000000900000000000174950151226" + "0" * 33
        assert (file.written.transactions, file.written.sum_ore, file.written.last_due) == (2, 174_950, date(2026, 12, 20))

    def test_claims_to_two_accounts_are_two_assignments(self) -> None:
        assignments = [ClaimAssignment("0000002", "12345678903", [FIRST]), ClaimAssignment("0000003", "86011117947", [SECOND, FIRST])]
        content = b"".join(ClaimFile("00123456", "0000001").pieces(assignments))
        parts = list(read_claims([content]))
        assert [(part.number, part.account) for part in parts if isinstance(part, Assignment)] == [
            ("0000002", "12345678903"),
            ("0000003", "86011117947"),
        ]
        assert parts[-1] == TransmissionEnd(2, 3, 14, Decimal("2999.50"), FIRST.due_date)

    def test_deletions_name_what_was_sent_and_carry_no_text(self) -> None:
        lines = _file(FIRST, deletions=True).decode("iso-8859-1").splitlines()
        assert [line[:8] for line in lines] == ["NY000010", "NY213620", "NY219330", "NY219331", "NY213688", "NY000089"]
        assert lines[2] == "NY2193300000001151226           00000000000125000                  0010017000000"

    def test_texts_need_a_notice_and_empty_ones_are_left_out(self) -> None:
        texts = (ClaimText(2, 1, "to"), ClaimText(1, 2, "  "), ClaimText(1, 1, "en"))
        with_notice = Claim(FIRST.due_date, FIRST.amount, FIRST.kid, bank_notice=True, text=texts)
        without = Claim(FIRST.due_date, FIRST.amount, FIRST.kid, bank_notice=False, text=texts)
        lines = _file(with_notice, without).decode("iso-8859-1").splitlines()
        assert [line[8:23] for line in lines if line[6:8] == "49"] == ["000000140011en ", "000000140021to "]

    def test_letters_of_other_alphabets(self) -> None:
        assert in_latin_1("Łukasz Žižek Æsøp ŷ 漢 \t|") == "?ukasz Zizek Æsøp y ?  |"
        claim = Claim(FIRST.due_date, FIRST.amount, FIRST.kid, "Žižek-Straßenbahn", "x" * 30)
        (read,) = _claims(_file(claim))
        assert (read.short_name, read.external_reference) == ("ZIZEK-STRA", "x" * 25)

    @pytest.mark.parametrize(
        "claim",
        [
            Claim(FIRST.due_date, Decimal("0.00"), "0010017"),
            Claim(FIRST.due_date, Decimal("-1.00"), "0010017"),
            Claim(FIRST.due_date, Decimal("1.005"), "0010017"),
            Claim(FIRST.due_date, Decimal(10) ** 15, "0010017"),
            Claim(FIRST.due_date, Decimal("1.00"), "000149-"),
            Claim(FIRST.due_date, Decimal("1.00"), "1" * 26),
            Claim(FIRST.due_date, Decimal("1.00"), "0010017", bank_notice=True, text=(ClaimText(43, 1, "x"),)),
            Claim(FIRST.due_date, Decimal("1.00"), "0010017", bank_notice=True, text=(ClaimText(1, 3, "x"),)),
        ],
    )
    def test_claim_that_cannot_be_written(self, claim: Claim) -> None:
        with pytest.raises(ValueError, match=r"claim|text"):
            _file(claim)

    def test_file_without_claims_and_numbers_of_wrong_length(self) -> None:
        with pytest.raises(ValueError, match="file has one claim"):
            list(ClaimFile("00123456", "2211001").lines([]))
        with pytest.raises(ValueError, match="transmission number"):
            ClaimFile("00123456", "1")
        with pytest.raises(ValueError, match="assignment has"):
            list(ClaimFile("00123456", "2211001").lines([ClaimAssignment("2211001", "12345678903", [])]))


class TestReading:
    """What was written is read back the same, here and by another library."""

    def test_sample_is_read_as_its_answer(self) -> None:
        answer: dict[str, Any] = {}
        for part in read_claims([sample("avtalegiro-claims.txt")]):
            match part:
                case Transmission():
                    answer = {"sender": part.sender, "transmission_no": part.number, "recipient": part.recipient, "assignments": []}
                case Assignment():
                    answer["assignments"].append(
                        {
                            "kind": part.content.lower(),
                            "agreement_id": part.agreement_id,
                            "assignment_no": part.number,
                            "account": part.account,
                            "transactions": [],
                        }
                    )
                case ReadClaim(claim=claim):
                    answer["assignments"][-1]["transactions"].append(
                        {
                            "type": part.type,
                            "tx_no": part.transaction_no,
                            "due_date": claim.due_date.isoformat(),
                            "amount": str(claim.amount),
                            "kid": claim.kid,
                            "text": [{"line": text.line, "column": text.column, "text": text.text} for text in claim.text],
                            "short_name": claim.short_name,
                            "external_reference": claim.external_reference,
                        }
                    )
                case AssignmentEnd():
                    answer["assignments"][-1] |= {"records": part.records, "sum": str(part.total)}
                case TransmissionEnd():
                    answer |= {"sum": str(part.total), "records": part.records}
        assert answer == json.loads(shared_path("domain/samples/answers.json").read_text(encoding="utf-8"))["avtalegiro-claims.txt"]

    @given(st.lists(claims, min_size=1, max_size=5), st.booleans())
    def test_round_trip(self, written: list[Claim], deletions: bool) -> None:
        read = _claims(_file(*written, deletions=deletions))
        assert [(claim.due_date, claim.amount, claim.kid) for claim in read] == [(claim.due_date, claim.amount, claim.kid) for claim in written]
        for claim, source in zip(read, written, strict=True):
            assert claim.external_reference == source.external_reference[:25]
            assert claim.bank_notice == (source.bank_notice and not deletions)
            if claim.bank_notice:
                expected = sorted((text.line, text.column, text.text) for text in source.text if text.text)
                assert [(text.line, text.column, text.text) for text in claim.text] == expected

    @given(st.lists(claims, min_size=1, max_size=4), st.booleans())
    def test_another_library_reads_what_is_written(self, written: list[Claim], deletions: bool) -> None:
        """netsgiro is right about claim files."""
        transmission = netsgiro.parse(_file(*written, deletions=deletions).decode("iso-8859-1"))
        (assignment,) = transmission.assignments
        kind = netsgiro.AssignmentType.AVTALEGIRO_CANCELLATIONS if deletions else netsgiro.AssignmentType.TRANSACTIONS
        assert (transmission.number, assignment.number, assignment.account, assignment.type) == ("2211001", "2211001", "12345678903", kind)
        assert transmission.get_total_amount() == sum(claim.amount for claim in written)
        read = [(request.kid, request.amount, request.date, f"{request.type.value:02d}") for request in assignment.transactions]
        types = ["93" if deletions else "21" if claim.bank_notice else "02" for claim in written]
        assert read == [(claim.kid, claim.amount, claim.due_date, kind) for claim, kind in zip(written, types, strict=True)]

    @pytest.mark.parametrize(
        ("line", "first", "value", "reason", "place"),
        [
            (3, 5, "93", "GRAMMAR", (5, 6)),
            (4, 9, "0000002", "GRAMMAR", (5, 15)),
            (5, 17, "043", "GRAMMAR", (17, 19)),
            (5, 20, "3", "GRAMMAR", (20, 20)),
            (3, 22, "x", "GRAMMAR", (22, 32)),
            (8, 25, "00000000000174951", "SUM_MISMATCH", (25, 41)),
            (8, 42, "161226", "DATE_MISMATCH", (42, 47)),
        ],
    )
    def test_faults_of_a_claim_file(self, line: int, first: int, value: str, reason: str, place: tuple[int, int]) -> None:
        change = {"op": "set", "line": line, "from": first, "to": first + len(value) - 1, "value": value}
        fault = _fault(with_changes(sample("avtalegiro-claims.txt"), [change]))
        assert (fault.reason, fault.line, fault.positions) == (reason, line, place)

    @given(st.data())
    def test_mutated_sample_gives_faults_only(self, data: st.DataObject) -> None:
        content = bytearray(sample("avtalegiro-claims.txt"))
        for _ in range(data.draw(st.integers(1, 3))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        try:
            list(read_claims([bytes(content)]))
        except FormatFault as fault:
            assert fault.detail


class TestRefusal:
    """Why the bank would refuse a claim."""

    def test_day_of_the_year_and_the_number_used_before(self) -> None:
        assert refusal(FIRST, date(2025, 12, 15), None) is None
        assert refusal(FIRST, date(2025, 12, 14), None) == "DUE_TOO_FAR"
        assert refusal(FIRST, date(2026, 11, 22), date(2025, 11, 22)) == "ASSIGNMENT_NUMBER_REUSED"
        assert refusal(FIRST, date(2026, 11, 23), date(2025, 11, 22)) is None


class TestMandates:
    """Registrations of mandates, in a file of their own or among payments."""

    def test_public_file_as_another_library_reads_it(self) -> None:
        content = sample("public/avtalegiro_agreements.txt")
        read = [part for part in read_mandates([content]) if isinstance(part, Mandate)]
        (assignment,) = netsgiro.parse(content.decode("iso-8859-1")).assignments
        expected = [(agreement.kid, agreement.notify, agreement.registration_type.value) for agreement in assignment.transactions]
        assert [(mandate.kid, mandate.notify, 1) for mandate in read] == expected
        assert {mandate.registration for mandate in read} == {"NEW-OR-CHANGED"}

    def _content(self, *records: str, zeros: str = "") -> bytes:
        body = [nets_files.assignment("21", "24"), *records, f"NY212488{len(records):08d}{len(records) + 2:08d}{zeros}".ljust(80, "0")]
        return as_bytes([nets_files.start(), *body, nets_files.end(len(records), len(body) + 2, 0)])

    def _record(self, number: int, registration: str = "1", kid: str = "0010017", notify: str = "J") -> str:
        return f"NY219470{number:07d}{registration}{kid:>25}{notify}".ljust(80, "0")

    def test_registrations_of_every_kind(self) -> None:
        content = self._content(self._record(1, "0"), self._record(2, "1", "000149-", "N"), self._record(3, "2", ""))
        read = [part for part in read_mandates([content]) if isinstance(part, Mandate)]
        assert [(mandate.registration, mandate.kid, mandate.notify, mandate.place) for mandate in read] == [
            ("ALL", "0010017", True, 1),
            ("NEW-OR-CHANGED", "000149-", False, 2),
            ("DELETED", None, True, 3),
        ]

    def test_assignment_without_registrations(self) -> None:
        assert [part for part in read_mandates([self._content()]) if isinstance(part, Mandate)] == []

    @pytest.mark.parametrize(
        ("records", "zeros", "positions"),
        [
            (["3"], "", (16, 16)),
            (["1", "x"], "", (16, 16)),
            (["1"], "1", (25, 80)),
        ],
    )
    def test_faults(self, records: list[str], zeros: str, positions: tuple[int, int]) -> None:
        content = self._content(*[self._record(number, kind) for number, kind in enumerate(records, 1)], zeros=zeros)
        with pytest.raises(FormatFault) as caught:
            list(read_mandates([content]))
        assert caught.value.positions == positions

    def test_numbers_that_do_not_rise(self) -> None:
        with pytest.raises(FormatFault, match="line 4, positions 9-15"):
            list(read_mandates([self._content(self._record(1), self._record(1))]))

    def test_payments_in_a_file_of_mandates_are_passed_over(self) -> None:
        content = as_bytes(ocr_file([payment()], 125_000))
        parts = list(read_mandates([content]))
        assert [part.content for part in parts if isinstance(part, Assignment)] == ["OTHER"]
        assert isinstance(parts[-1], TransmissionEnd)


class TestAnotherLibrary:
    """netsgiro reads the same from an OCR file where it is right, and is wrong in two places."""

    @pytest.mark.parametrize("name", ["ocr-a.txt", "public/ocr_giro_transactions.txt", "public/stranger-ocr-unknown-kid.txt"])
    def test_it_reads_the_same(self, name: str) -> None:
        content = sample(name)
        transmission = netsgiro.parse(content.decode("iso-8859-1"))
        ours = [part for part in read_ocr_giro([content]) if isinstance(part, Payment)]
        theirs = [transaction for assignment in transmission.assignments for transaction in assignment.transactions]
        assert [(each.kid, each.amount, each.settlement_date, each.payer_account, each.text) for each in ours] == [
            (each.kid, each.amount, each.date, each.debit_account, each.text or None) for each in theirs
        ]

    def test_it_refuses_a_kid_of_25_characters_and_one_that_ends_in_a_minus(self) -> None:
        """The specification allows both."""
        for kid in ("1" * 25, "000149-"):
            content = as_bytes(ocr_file([payment(kid=kid)], 125_000))
            assert [part.kid for part in read_ocr_giro([content]) if isinstance(part, Payment)] == [kid]
        with pytest.raises(ValueError, match="did not match"):
            netsgiro.parse(as_bytes(ocr_file([payment(kid="000149-")], 125_000)).decode("iso-8859-1"))

    def test_it_takes_no_notice_of_the_sign_in_its_sum(self) -> None:
        content = as_bytes(ocr_file([payment(1, 50_000), payment(2, 20_000, sign="-")], 30_000))
        end = list(read_ocr_giro([content]))[-1]
        assert isinstance(end, TransmissionEnd)
        assert end.total == Decimal("300.00")
        assert netsgiro.parse(content.decode("iso-8859-1")).get_total_amount() == Decimal("700.00")
