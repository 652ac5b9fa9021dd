"""Aim: an OCR giro file is read exactly, or refused as a whole with the place of the fault."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reskontro.norway.avtalegiro_mandates import Mandate
from reskontro.norway.format_fault import FormatFault
from reskontro.norway.nets_transmissions import Assignment, AssignmentEnd, Transmission, TransmissionEnd
from reskontro.norway.ocr_giro import Part, Payment, read_ocr_giro
from tests.shared_data import shared_path
from tests.unit.norway import nets_files
from tests.unit.norway.nets_files import as_bytes, ocr_file, payment, sample, with_changes


def _read(content: bytes) -> list[Part]:
    return list(read_ocr_giro([content]))


def _payments(content: bytes) -> list[Payment]:
    return [part for part in _read(content) if isinstance(part, Payment)]


def _fault(content: bytes) -> FormatFault:
    with pytest.raises(FormatFault) as caught:
        _read(content)
    return caught.value


def _in_json(parts: list[Part]) -> dict[str, Any]:
    """What was read, in the form of samples/answers.json."""
    answer: dict[str, Any] = {}
    for part in parts:
        match part:
            case Transmission():
                answer = {"sender": part.sender, "transmission_no": part.number, "recipient": part.recipient, "assignments": []}
            case Assignment():
                answer["assignments"].append({"account": part.account, "items": []})
            case Payment():
                answer["assignments"][-1]["items"].append(
                    {
                        "tx_no": part.transaction_no,
                        "type": part.type,
                        "settlement_date": part.settlement_date.isoformat(),
                        "amount": str(part.amount),
                        "kid": part.kid,
                        "debit_account": part.payer_account,
                    }
                )
            case AssignmentEnd() | TransmissionEnd():
                place = answer["assignments"][-1] if isinstance(part, AssignmentEnd) else answer
                place |= {"transactions": part.transactions, "records": part.records, "sum": str(part.total)}
    return answer


class TestSamples:
    """The files of the domain and their answers."""

    @pytest.mark.parametrize("name", ["ocr-a.txt", "ocr-b.txt"])
    def test_sample_is_read_as_its_answer(self, name: str) -> None:
        answers = json.loads(shared_path("domain/samples/answers.json").read_text(encoding="utf-8"))
        assert _in_json(_read(sample(name))) == answers[name]

    def test_all_fields_of_a_payment(self) -> None:
        first = _payments(sample("ocr-a.txt"))[0]
        assert first == Payment(
            assignment=Assignment(1, 2, "09", "00", "PAYMENTS", "001234567", "0000001", "12345678903"),
            place=1,
            line=3,
            transaction_no="0000001",
            type=10,
            amount=Decimal("1250.00"),
            negative=False,
            reversal=False,
            kid="0010017",
            settlement_date=date(2026, 10, 6),
            bank_date=date(2026, 10, 5),
            payer_account="98765432109",
            archive_reference="123456789",
            form_no="0000000000",
            text=None,
            centre_id="01",
            day_code="06",
            partial_settlement="1",
            serial_no="00001",
            card_issuer="00",
        )

    def test_reversals_free_texts_and_repeated_negative_lines_add_up(self) -> None:
        """Public test file: 23 transactions, three of them negative; the total is the signed sum."""
        parts = _read(sample("public/stranger-ocr-negative-lines.txt"))
        end = parts[-1]
        assert isinstance(end, TransmissionEnd)
        assert (end.transactions, end.records, end.total) == (23, 51, Decimal("15630.00"))
        payments = [part for part in parts if isinstance(part, Payment)]
        assert [payment.amount for payment in payments if payment.negative] == [Decimal("-250.00"), Decimal("-400.00"), Decimal("-1500.00")]
        assert [payment.text for payment in payments if payment.kid is None] == ["ABCDEFGHIJKLMNOPQRSTUVWXZYabcdefghijklmn"]

    @pytest.mark.parametrize(("name", "kid"), [("leading-zeros", "10017"), ("trailing-zeros", "0260100300")])
    def test_zeros_of_a_kid_are_kept_as_they_are(self, name: str, kid: str) -> None:
        assert [payment.kid for payment in _payments(sample(f"public/stranger-ocr-{name}.txt"))] == [kid]

    def test_norwegian_letters_of_a_free_text(self) -> None:
        (only,) = _payments(sample("public/stranger-ocr-letters.txt"))
        assert (only.type, only.kid, only.text) == (21, None, "Medlemsavgift for Åse Bjørnø, æresgave")

    def test_example_of_the_specification(self) -> None:
        """Fillers with digits, bank dates of six zeros and a text beside a KID are all right."""
        parts = _read(sample("public/ocr_giro_transactions.txt"))
        payments = [part for part in parts if isinstance(part, Payment)]
        assert (payments[0].kid, payments[0].text, payments[0].bank_date) == ("0000531", "Foo bar baz", date(1992, 1, 16))
        assert payments[8].bank_date is None
        assert len(payments) == 20


class TestWhatIsPassedOver:
    """Differences between files that do not matter."""

    @pytest.mark.parametrize("size", [1, 2, 79, 80, 81, 4096])
    def test_pieces_of_any_size_give_the_same(self, size: int) -> None:
        content = b"\xef\xbb\xbf" + sample("ocr-b.txt").replace(b"\n", b"\r\n") + b"\r\n"
        pieces = [content[start : start + size] for start in range(0, len(content), size)]
        assert list(read_ocr_giro(pieces)) == _read(sample("ocr-b.txt"))

    def test_byte_order_mark_crlf_and_blank_lines_at_the_end(self) -> None:
        content = b"\xef\xbb\xbf" + sample("ocr-a.txt").replace(b"\n", b"\r\n") + b"\r\n   \n" + b" " * 80 + b"\n"
        assert _read(content) == _read(sample("ocr-a.txt"))

    def test_no_line_end_after_the_last_record(self) -> None:
        assert _read(sample("ocr-a.txt").rstrip(b"\n")) == _read(sample("ocr-a.txt"))

    def test_transmission_without_assignments(self) -> None:
        parts = _read(as_bytes([nets_files.start(), nets_files.end(0, 2, 0, "000000")]))
        assert parts == [Transmission("00008080", "0000001", "00012345"), TransmissionEnd(0, 0, 2, Decimal("0.00"), None)]

    def test_kid_on_the_left_of_its_field_and_blanks_inside(self) -> None:
        """The blanks that fill the field go, those inside are the importer's business."""
        content = as_bytes(ocr_file([payment(1, 100, f"{'0010017':<25}"), payment(2, 100, "001 0025"), payment(3, 100, "")], 300))
        assert [payment.kid for payment in _payments(content)] == ["0010017", "001 0025", None]

    def test_payer_account_is_information_only(self) -> None:
        content = as_bytes(ocr_file([payment(1, 100, payer="0" * 11), payment(2, 100, payer="11111111111")], 200))
        assert [payment.payer_account for payment in _payments(content)] == [None, "11111111111"]


class TestSigns:
    """What is added to the sums and what is posted."""

    def test_card_reversals_are_added_to_the_sums_and_posted_negative(self) -> None:
        content = as_bytes(ocr_file([payment(1, 50_000, kind=19), payment(2, 10_000, kind=18), payment(3, 7_000, "", kind=20, text="Retur")], 67_000))
        assert [(payment.amount, payment.reversal) for payment in _payments(content)] == [
            (Decimal("500.00"), False),
            (Decimal("-100.00"), True),
            (Decimal("-70.00"), True),
        ]

    def test_minus_sign_is_taken_from_the_sum(self) -> None:
        content = as_bytes(ocr_file([payment(1, 50_000), payment(2, 20_000, sign="-")], 30_000))
        assert [payment.amount for payment in _payments(content)] == [Decimal("500.00"), Decimal("-200.00")]


class TestOtherServices:
    """Assignments of another service are counted and passed over; mandates are read."""

    def _with(self, records: list[str], count: int, ore: int) -> bytes:
        lines = ocr_file([payment()], 125_000)
        size = len(lines) + len(records)
        return as_bytes([lines[0], *records, *lines[1:-1], nets_files.end(1 + count, size, 125_000 + ore)])

    def test_another_service_is_named_and_counted(self) -> None:
        other = [nets_files.assignment("33", "01"), "NY330130".ljust(80, "x"), f"NY330188{5:08d}{3:08d}{900:017d}".ljust(80, "0")]
        parts = _read(self._with(other, 5, 900))
        first = parts[1]
        assert first == Assignment(1, 2, "33", "01", "OTHER")
        assert parts[2] == AssignmentEnd(first, 5, 3, Decimal("9.00"))
        assert [(part.place, part.assignment.place) for part in parts if isinstance(part, Payment)] == [(6, 2)]

    def test_mandates_among_the_payments(self) -> None:
        mandates = [
            nets_files.assignment("21", "24"),
            f"NY21947000000011{'0010017':>25}J".ljust(80, "0"),
            f"NY21947000000022{'0010025':>25}N".ljust(80, "0"),
            f"NY212488{2:08d}{4:08d}".ljust(80, "0"),
        ]
        found = [part for part in _read(self._with(mandates, 2, 0)) if isinstance(part, Mandate)]
        assert [(part.registration, part.kid, part.notify) for part in found] == [("NEW-OR-CHANGED", "0010017", True), ("DELETED", "0010025", False)]

    def test_records_of_two_services_mixed(self) -> None:
        other = [nets_files.assignment("33", "01"), *payment(), f"NY330188{5:08d}{4:08d}{900:017d}".ljust(80, "0")]
        fault = _fault(self._with(other, 5, 900))
        assert (fault.reason, fault.line, fault.positions) == ("GRAMMAR", 3, (1, 4))

    def test_record_count_of_another_service(self) -> None:
        other = [nets_files.assignment("33", "01"), f"NY330188{5:08d}{3:08d}{900:017d}".ljust(80, "0")]
        assert _fault(self._with(other, 5, 900)).reason == "RECORD_COUNT_MISMATCH"

    def test_unknown_type_of_assignment_of_the_own_service(self) -> None:
        fault = _fault(self._with([nets_files.assignment("09", "01"), f"NY090188{0:08d}{2:08d}{0:017d}".ljust(80, "0")], 0, 0))
        assert (fault.reason, fault.line, fault.positions) == ("GRAMMAR", 2, (5, 6))


def _set(line: int, first: int, value: str) -> dict[str, object]:
    return {"op": "set", "line": line, "from": first, "to": first + len(value) - 1, "value": value}


class TestFaults:
    """Any fault refuses the whole file and names the line and the positions."""

    @pytest.mark.parametrize(
        ("changes", "reason", "line", "positions"),
        [
            ([_set(1, 1, "NX")], "GRAMMAR", 1, (1, 8)),
            ([_set(1, 32, "1")], "GRAMMAR", 1, (32, 80)),
            ([_set(1, 17, "A")], "GRAMMAR", 1, (17, 23)),
            ([_set(2, 3, "00")], "GRAMMAR", 3, (1, 4)),
            ([_set(2, 25, "1234.678903")], "GRAMMAR", 2, (25, 35)),
            ([_set(3, 5, "22")], "GRAMMAR", 3, (5, 6)),
            ([_set(3, 5, "20"), _set(4, 5, "20")], "GRAMMAR", 5, (1, 8)),
            ([_set(3, 9, "0000000")], "GRAMMAR", 3, (9, 15)),
            ([_set(3, 32, "+")], "GRAMMAR", 3, (32, 32)),
            ([_set(3, 33, "-")], "GRAMMAR", 3, (33, 49)),
            ([_set(3, 33, "01000000000000000")], "AMOUNT", 3, (33, 49)),
            ([_set(3, 50, "\t")], "GRAMMAR", 3, (50, 74)),
            ([_set(3, 77, "1")], "GRAMMAR", 3, (77, 80)),
            ([_set(3, 16, "000000")], "DATE_INVALID", 3, (16, 21)),
            ([_set(4, 9, "0000002")], "GRAMMAR", 4, (9, 15)),
            ([_set(4, 5, "16")], "GRAMMAR", 4, (5, 6)),
            ([_set(4, 42, "310226")], "DATE_INVALID", 4, (42, 47)),
            ([_set(5, 9, "0000001"), _set(6, 9, "0000001")], "GRAMMAR", 5, (9, 15)),
            ([_set(5, 16, "051026")], "GRAMMAR", 5, (16, 21)),
            ([_set(6, 7, "32")], "GRAMMAR", 6, (1, 8)),
            ([_set(7, 9, "00000003")], "COUNT_MISMATCH", 7, (9, 16)),
            ([_set(7, 17, "00000007")], "RECORD_COUNT_MISMATCH", 7, (17, 24)),
            ([_set(7, 25, "00000000000174951")], "SUM_MISMATCH", 7, (25, 41)),
            ([_set(7, 42, "321026")], "DATE_INVALID", 7, (42, 47)),
            ([_set(7, 48, "051026")], "DATE_MISMATCH", 7, (48, 53)),
            ([_set(7, 54, "071026")], "DATE_MISMATCH", 7, (54, 59)),
            ([_set(8, 9, "00000003")], "COUNT_MISMATCH", 8, (9, 16)),
            ([_set(8, 17, "00000009")], "RECORD_COUNT_MISMATCH", 8, (17, 24)),
            ([_set(8, 25, "00000000000174949")], "SUM_MISMATCH", 8, (25, 41)),
            ([_set(8, 42, "310226")], "DATE_INVALID", 8, (42, 47)),
            ([{"op": "truncate", "line": 4, "length": 79}], "LINE_LENGTH", 4, None),
            ([{"op": "truncate", "line": 4, "length": 0}], "LINE_LENGTH", 4, None),
            ([{"op": "drop", "line": 1}], "GRAMMAR", 1, (1, 8)),
            ([{"op": "drop", "line": 4}], "GRAMMAR", 4, (1, 8)),
            ([{"op": "drop", "line": 7}], "GRAMMAR", 7, (1, 8)),
            ([{"op": "drop", "line": 8}], "MISSING_END", 7, None),
        ],
    )
    def test_fault_is_named_with_its_place(self, changes: list[dict[str, object]], reason: str, line: int, positions: tuple[int, int] | None) -> None:
        fault = _fault(with_changes(sample("ocr-a.txt"), changes))
        assert (fault.reason, fault.line, fault.positions) == (reason, line, positions)
        assert fault.detail.startswith(f"line {line}")

    def test_lengths_of_all_lines_come_before_the_grammar_of_the_first(self) -> None:
        changes: list[dict[str, object]] = [_set(3, 5, "22"), {"op": "truncate", "line": 8, "length": 47}]
        assert (_fault(with_changes(sample("ocr-a.txt"), changes)).reason) == "LINE_LENGTH"

    def test_missing_end_comes_before_the_grammar(self) -> None:
        changes: list[dict[str, object]] = [_set(3, 5, "22"), {"op": "drop", "line": 8}]
        assert (_fault(with_changes(sample("ocr-a.txt"), changes)).reason) == "MISSING_END"

    def test_record_after_the_end(self) -> None:
        fault = _fault(sample("ocr-a.txt") * 2)
        assert (fault.reason, fault.line) == ("GRAMMAR", 9)

    @pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n\n", b"\xef"])
    def test_empty_file(self, content: bytes) -> None:
        assert _fault(content).reason in ("MISSING_END", "LINE_LENGTH")

    def test_file_without_line_ends_is_refused_at_once(self) -> None:
        """It is never gathered as one line."""

        def pieces() -> Iterator[bytes]:
            yield sample("ocr-a.txt").replace(b"\n", b"")
            raise AssertionError("read further")

        with pytest.raises(FormatFault) as caught:
            list(read_ocr_giro(pieces()))
        assert caught.value.reason == "LINE_LENGTH"

    def test_letters_written_in_utf_8_make_the_record_too_long(self) -> None:
        text = sample("public/stranger-ocr-letters.txt").decode("iso-8859-1").encode()
        fault = _fault(text)
        assert (fault.reason, fault.line) == ("LINE_LENGTH", 5)

    def test_text_record_of_a_payment_with_kid(self) -> None:
        fault = _fault(as_bytes(ocr_file([payment(text="Hei")], 125_000)))
        assert (fault.reason, fault.line) == ("GRAMMAR", 5)

    def test_assignment_without_payments(self) -> None:
        fault = _fault(as_bytes(ocr_file([], 0)))
        assert (fault.reason, fault.line) == ("GRAMMAR", 3)

    def test_detail_repeats_no_text_of_the_payment(self) -> None:
        lines = ocr_file([payment(kind=21, text="Hemmelig\x01")], 125_000)
        fault = _fault(as_bytes(lines))
        assert fault.detail == "line 5, positions 16-55: amount item 3: not a valid free text"


class TestSize:
    """Memory does not grow with the file."""

    def test_memory_stays_flat(self) -> None:
        def pieces(count: int) -> Iterator[bytes]:
            yield as_bytes([nets_files.start(), nets_files.assignment()])
            for number in range(1, count + 1):
                yield as_bytes(payment(number, 100))
            yield as_bytes([nets_files.end_of_assignment(count, 2 * count + 2, 100 * count), nets_files.end(count, 2 * count + 4, 100 * count)])

        def peak(count: int) -> int:
            tracemalloc.start()
            assert sum(1 for _ in read_ocr_giro(pieces(count))) == count + 4
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            return peak

        peak(4_000)  # fills what the interpreter keeps for itself
        assert peak(12_000) < 100_000


_BYTES = st.sampled_from([*b"NY0123456789- \n\r\tJA\x00\xe5\xff"])


class TestAnyBytes:
    """Whatever is read, nothing but a FormatFault comes out."""

    @given(st.binary(max_size=400))
    def test_random_bytes(self, content: bytes) -> None:
        with pytest.raises(FormatFault):
            _read(content)

    @given(st.data())
    def test_mutated_samples(self, data: st.DataObject) -> None:
        content = bytearray(sample(data.draw(st.sampled_from(["ocr-a.txt", "ocr-b.txt"]))))
        for _ in range(data.draw(st.integers(1, 4))):
            position = data.draw(st.integers(0, len(content) - 1))
            match data.draw(st.sampled_from(["set", "drop", "insert", "cut", "repeat"])):
                case "set":
                    content[position] = data.draw(_BYTES)
                case "drop":
                    del content[position : position + data.draw(st.integers(1, 90))]
                case "insert":
                    content.insert(position, data.draw(_BYTES))
                case "cut":
                    del content[position:]
                case "repeat":
                    content[position:position] = content[max(0, position - 81) : position]
            if not content:
                content = bytearray(b"\n")
        try:
            parts = _read(bytes(content))
        except FormatFault as fault:
            assert fault.detail
        else:
            total = sum((part.amount for part in parts if isinstance(part, Payment)), Decimal(0))
            end = parts[-1]
            assert isinstance(end, TransmissionEnd)
            assert end.total == total
