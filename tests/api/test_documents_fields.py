"""The fields of a document: what each takes, what it refuses, its default, and the order in which findings are told."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.support import amounts, change_books, codes, configure, created, found, invoice, line, payment, send, shown, warned
from tests.house import House, exact_json

FULL: dict[str, Any] = {
    "documentType": "in",
    "customerNo": "100001",
    "subCustomerNo": "  under 7 ",
    "documentNo": "F-1",
    "referenceNo": "Our ref",
    "referenceDocumentNo": "S-1",
    "documentDate": "2026-10-05",
    "dueDate": "2026-10-19",
    "deliveryDate": "2026-10-03",
    "glDate": "2026-10-06",
    "currency": "nok",
    "exchangeRate": 1,
    "language": "EN",
    "kid": "00 100 17",
    "marketingMessageCode": "M1",
    "customerMessage": "First\nsecond",
    "ledgerNote": "quiet",
    "salesOrderId": "so",
    "purchaseOrderId": "po",
    "sellerReference": "seller",
    "buyerReference": "buyer",
    "additionalReference": "more",
    "bundleReference": "b",
    "currencyAmounts": {"exclVat": 1000, "vat": 250, "inclVat": 1250},
    "distribution": {"type": "e", "einvoiceCode": 10},
    "einvoiceAddress": {"address": "0192:310044113", "addressScheme": "0192", "operator": "op"},
    "emailAddress": ["a@prove.example.no", " ", "b@prove.example.no"],
    "attachmentCodes": ["A1", ""],
    "customCodes": [{"code": "c", "value": "v"}],
    "dimensions": [{"dimensionNo": 1, "value": "N"}],
    "documentLines": [
        {
            "lineNo": 1,
            "lineType": "plh",
            "articleNo": "V-10",
            "articleName": "Prøveved",
            "lineText": "tørr",
            "quantityUnit": "sekk",
            "volumeUnit": "m3",
            "quantity": 10,
            "volume": 1.5,
            "price": 100.123456,
            "itemGroup1": "g1",
            "itemGroup2": "g2",
            "itemGroup3": "g3",
            "currencyAmounts": {"exclVat": 1000.0, "vat": 2.5e2, "inclVat": 1250},
            "vatCode": "3",
            "glAccount": "3000",
            "referenceDocumentNo": None,
            "dimensions": [{"dimensionNo": 1, "value": "S"}],
        }
    ],
    "clientReference": "row 1",
}


@pytest.fixture
def dimensions(books: House) -> House:
    """A client with one accounting dimension, whose values are free."""
    configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Avdeling", "values": None}])
    return books


class TestEveryField:
    def test_what_is_sent_is_shown(self, dimensions: House) -> None:
        """Every field comes back, trimmed and in its canonical form; keys stand in their documented order, every one present."""
        assert warned(dimensions, FULL) == []
        answer = dimensions.get("/documents/F-1")
        got = exact_json(answer)
        line_sent = FULL["documentLines"][0]
        expected = {
            **{key: value for key, value in FULL.items() if key != "clientReference"},
            "documentType": "IN",
            "subCustomerNo": "under 7",
            "currency": "NOK",
            "language": "en",
            "kid": "0010017",
            "distribution": {"type": "E", "einvoiceCode": 10},
            "emailAddress": ["a@prove.example.no", "b@prove.example.no"],
            "attachmentCodes": ["A1"],
            "documentLines": [{**line_sent, "lineType": "PLH"}],
        }
        assert {key: got[key] for key in expected} | {"documentLines": None} == expected | {"documentLines": None}
        shown_line = dict(got["documentLines"][0])
        assert {key: str(shown_line.pop(key)) for key in ("volume", "price")} == {"volume": "1.5", "price": "100.123456"}
        assert shown_line == {key: value for key, value in expected["documentLines"][0].items() if key not in ("volume", "price")}
        made = {"documentUuid", "clientNo", "accountNo", "baseAmounts", "attachmentFiles", "arItemId", "glYear", "glPeriod", "transactionNo"}
        assert set(got) - set(expected) == made | {"documentBundleId", "batchUuid", "createdAt", "createdBy"}
        assert b'"exclVat":1000,"vat":250,"inclVat":1250' in answer.content

    def test_defaults(self, books: House) -> None:
        """What is left out comes from the customer, the configs or the document itself."""
        books.customer(
            "100009", "Ola", dueDays=10, language="sv", distribution={"type": "M", "einvoiceCode": 20}, emailAddressDocument=["o@prove.example.no"]
        )
        result = created(books, invoice(customerNo="100009"))
        got = shown(books, result["documentNo"])
        told = {
            "documentNo": "I26-000001",
            "dueDate": "2026-10-15",
            "glDate": "2026-10-05",
            "currency": "NOK",
            "exchangeRate": 1,
            "language": "sv",
            "distribution": {"type": "M", "einvoiceCode": 20},
            "emailAddress": ["o@prove.example.no"],
            "glYear": 2026,
            "glPeriod": 10,
            "transactionNo": 1,
            "kid": result["kid"],
        }
        assert {key: got[key] for key in told} == told
        empty = ("subCustomerNo", "referenceNo", "referenceDocumentNo", "deliveryDate", "marketingMessageCode", "customerMessage", "ledgerNote")
        more = ("salesOrderId", "purchaseOrderId", "sellerReference", "buyerReference", "additionalReference", "bundleReference", "einvoiceAddress")
        assert [key for key in (*empty, *more, "documentBundleId", "batchUuid") if got[key] is not None] == []
        arrays = ("attachmentFiles", "attachmentCodes", "customCodes", "dimensions", "documentLines")
        assert {key: got[key] for key in arrays} == {key: [] for key in arrays}

    def test_without_due_days_of_the_customer(self, books: House) -> None:
        """The client's default, 14 days unless it is set."""
        created(books, invoice(documentNo="1"))
        configure(books, "document.defaultDueDays", 30)
        created(books, invoice(documentNo="2"))
        assert [shown(books, number)["dueDate"] for number in ("1", "2")] == ["2026-10-19", "2026-11-04"]

    def test_null_and_blank_mean_absent(self, books: House) -> None:
        """In a new object both give the default."""
        optional = [key for key in FULL if key not in ("documentType", "customerNo", "documentNo", "documentDate", "currencyAmounts")]
        for number, value in (("1", None), ("2", ""), ("3", "  ")):
            texts = ("subCustomerNo", "referenceNo", "referenceDocumentNo", "currency", "language", "customerMessage", "bundleReference")
            chosen = texts if value == "  " else optional
            result = created(books, invoice(documentNo=number) | dict.fromkeys(chosen, value))
            assert "warnings" not in result
            got = shown(books, number)
            assert (got["dueDate"], got["glDate"], got["currency"], got["language"], got["kid"]) == (
                "2026-10-19",
                "2026-10-05",
                "NOK",
                "no",
                result["kid"],
            )

    def test_keys_of_answers_may_be_sent_back(self, dimensions: House) -> None:
        """They are ignored without a word, whatever their value: the same document is unchanged."""
        created(dimensions, FULL)
        read = {key: value for key, value in shown(dimensions, "F-1", "aritem,glitems,customer").items() if key not in FULL}
        assert {"documentUuid", "arItem", "glItems", "customerDetails", "createdAt"} <= set(read)
        del read["attachmentFiles"]
        for answers in (read, {"arItem": 5, "createdAt": "never", "documentUuid": ""}):
            again = send(dimensions, FULL | answers)
            assert (again.status_code, again.json()["result"], "warnings" in again.json()) == (200, "UNCHANGED", False), again.text

    def test_output_keys_are_not_taken_over(self, books: House) -> None:
        """What only the ledger may say is not what the caller says."""
        made = invoice(documentNo="1", transactionNo=77, glYear=2001, createdBy="somebody", baseAmounts=amounts(1, 0), accountNo=1, arItemId="A" * 22)
        assert warned(books, made) == []
        got = shown(books, "1")
        assert (got["transactionNo"], got["glYear"], got["baseAmounts"]) == (1, 2026, amounts(1000, 250))
        assert got["createdBy"] != "somebody"

    def test_created_by_is_the_person_behind_the_caller(self, books: House) -> None:
        """metadata.userId, or else the token's subject."""
        books.post("/documents", {"metadata": {"userId": "anne"}, "document": invoice(documentNo="1")})
        created(books, invoice(documentNo="2"))
        subject = books.rows("select actor from log_item order by sequence_no desc limit 1")[0][0]
        assert [shown(books, number)["createdBy"] for number in ("1", "2")] == ["anne", subject]


REFUSED = [
    ("documentType", None, "REQUIRED"),
    ("documentType", "XX", "CODE-UNKNOWN"),
    ("documentType", 1, "TYPE"),
    ("customerNo", None, "REQUIRED"),
    ("customerNo", " ", "REQUIRED"),
    ("customerNo", "a b", "FORMAT"),
    ("customerNo", "-1", "FORMAT"),
    ("customerNo", "9" * 21, "LENGTH"),
    ("customerNo", "999", "CUSTOMER-UNKNOWN"),
    ("customerNo", 100001, "TYPE"),
    ("customer", "Kari", "TYPE"),
    ("documentNo", "å", "FORMAT"),
    ("documentNo", "a/b", "FORMAT"),
    ("documentNo", "9" * 36, "LENGTH"),
    ("documentNo", 5, "TYPE"),
    ("subCustomerNo", "x" * 21, "LENGTH"),
    ("referenceNo", "x" * 36, "LENGTH"),
    ("referenceNo", "a\tb", "CHARACTER"),
    ("documentDate", None, "REQUIRED"),
    ("documentDate", "2027-02-29", "FORMAT"),
    ("documentDate", "2026-1-1", "FORMAT"),
    ("documentDate", "05.10.2026", "FORMAT"),
    ("documentDate", "2026-10-05T00:00:00Z", "FORMAT"),
    ("documentDate", "1999-12-31", "RANGE"),
    ("documentDate", "2027-11-27", "RANGE"),
    ("documentDate", 20261005, "TYPE"),
    ("dueDate", "2026-10-04", "DATE-ORDER"),
    ("dueDate", "2026-13-01", "FORMAT"),
    ("deliveryDate", "x", "FORMAT"),
    ("glDate", "x", "FORMAT"),
    ("glDate", "2028-01-01", "RANGE"),
    ("language", "xx", "LANGUAGE-CODE"),
    ("language", "nor", "LANGUAGE-CODE"),
    ("kid", "1", "FORMAT"),
    ("kid", "12a4", "FORMAT"),
    ("kid", "-12", "FORMAT"),
    ("kid", "1" * 26, "FORMAT"),
    ("kid", 10017, "TYPE"),
    ("marketingMessageCode", "x" * 11, "LENGTH"),
    ("customerMessage", "x" * 501, "LENGTH"),
    ("customerMessage", "a\x01b", "CHARACTER"),
    ("ledgerNote", "a\x00b", "CHARACTER"),
    ("salesOrderId", "x" * 36, "LENGTH"),
    ("bundleReference", "x" * 65, "LENGTH"),
    ("clientReference", "x" * 65, "LENGTH"),
    ("currencyAmounts", None, "REQUIRED"),
    ("currencyAmounts", 1250, "TYPE"),
    ("currencyAmounts", [], "TYPE"),
    ("distribution", "E", "TYPE"),
    ("emailAddress", "a@b.no", "TYPE"),
    ("attachmentFiles", [{"fileId": "A" * 22}] * 21, "COUNT"),
    ("attachmentCodes", ["x"] * 21, "COUNT"),
    ("attachmentCodes", "A1", "TYPE"),
    ("customCodes", [{"code": "c"}] * 21, "COUNT"),
    ("documentLines", {}, "TYPE"),
]


class TestRefused:
    @pytest.mark.parametrize(("name", "value", "code"), REFUSED, ids=[f"{n}-{c}-{i}" for i, (n, _, c) in enumerate(REFUSED)])
    def test_a_value(self, books: House, name: str, value: Any, code: str) -> None:
        """One finding, with the code and the place of the field."""
        assert found(books, {**invoice(documentNo="1"), name: value}) == [(code, f"/{name}")]

    @pytest.mark.parametrize(
        ("values", "code", "pointer"),
        [
            ({"currencyAmounts": {"exclVat": 1000, "vat": 250}}, "REQUIRED", "/currencyAmounts/inclVat"),
            ({"currencyAmounts": amounts(1000, 250) | {"vat": "250"}}, "TYPE", "/currencyAmounts/vat"),
            ({"currencyAmounts": amounts("1000.001", 250)}, "PRECISION", "/currencyAmounts/exclVat"),
            ({"currencyAmounts": amounts(-1000, -250)}, "RANGE", "/currencyAmounts/exclVat"),
            ({"distribution": {"type": "X"}}, "CODE-UNKNOWN", "/distribution/type"),
            ({"distribution": {"einvoiceCode": 100}}, "RANGE", "/distribution/einvoiceCode"),
            ({"distribution": {"einvoiceCode": 1.5}}, "TYPE", "/distribution/einvoiceCode"),
            ({"einvoiceAddress": {"addressScheme": "01920"}}, "LENGTH", "/einvoiceAddress/addressScheme"),
            ({"emailAddress": ["a@prove.example.no", "nobody"]}, "EMAIL", "/emailAddress/1"),
            ({"attachmentFiles": [{"fileId": "short"}]}, "FORMAT", "/attachmentFiles/0/fileId"),
            ({"attachmentFiles": [{"fileName": "a.pdf"}]}, "REQUIRED", "/attachmentFiles/0/fileId"),
            ({"attachmentFiles": [{"fileId": "AaICROgAftu1RZnHq2244g"}]}, "FILE-UNKNOWN", "/attachmentFiles/0/fileId"),
            ({"customCodes": [{"code": "ok"}, {"value": "v"}]}, "REQUIRED", "/customCodes/1/code"),
            ({"dimensions": [{"dimensionNo": 1, "value": "N"}]}, "CODE-UNKNOWN", "/dimensions/0/dimensionNo"),
            ({"dimensions": [{"dimensionNo": 10, "value": "N"}]}, "RANGE", "/dimensions/0/dimensionNo"),
        ],
    )
    def test_a_value_inside(self, books: House, values: dict[str, Any], code: str, pointer: str) -> None:
        """The pointer leads to the inner key."""
        got = found(books, invoice(documentNo="1", **values))
        assert (code, pointer) in got
        assert {found_code for found_code, _ in got} == {code}

    def test_a_dimension_value_that_is_not_listed(self, books: House) -> None:
        """Values are checked where the client lists them, in the header and in lines."""
        configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Avdeling", "values": ["N", "S"]}])
        wrong = [{"dimensionNo": 1, "value": "X"}]
        document = invoice(documentNo="1", dimensions=wrong, documentLines=[line(1, 1000, 250, dimensions=wrong)])
        assert found(books, document) == [("CODE-UNKNOWN", "/dimensions/0/value"), ("CODE-UNKNOWN", "/documentLines/0/dimensions/0/value")]

    def test_codes_of_a_list_the_client_keeps(self, books: House) -> None:
        """attachmentCodes are free until the client keeps the list."""
        assert warned(books, invoice(documentNo="1", attachmentCodes=["ANY"])) == []
        change_books(
            books,
            "insert into code (client_no, code_type, code, name_en, name_no, active, attributes)"
            " values (current_client_no(), 'ATTACHMENT', 'TERMS', 't', 't', true, '{}')",
        )
        assert found(books, invoice(documentNo="2", attachmentCodes=["terms", "ANY"])) == [("CODE-UNKNOWN", "/attachmentCodes/1")]

    @pytest.mark.parametrize("name", ["attachmentFiles", "documentLines", "customCodes", "dimensions"])
    def test_an_element_that_is_no_object(self, books: House, name: str) -> None:
        """It is refused in its place, and what follows it keeps its own place."""
        second: dict[str, Any] = {
            "attachmentFiles": {"fileId": "AaICROgAftu1RZnHq2244g"},
            "documentLines": line(1, 1000, 250, glAccount="9999"),
            "customCodes": {"code": "c"},
            "dimensions": {"dimensionNo": 1, "value": "N"},
        }[name]
        got = found(books, {**invoice(documentNo="1"), name: ["x", second]})
        assert got[0] == ("TYPE", f"/{name}/0")
        assert all(pointer.startswith(f"/{name}/1") for _, pointer in got[1:]), got


class TestLines:
    @pytest.mark.parametrize(
        ("values", "code", "place"),
        [
            ({"lineNo": None}, "REQUIRED", "lineNo"),
            ({"lineNo": 0}, "RANGE", "lineNo"),
            ({"lineNo": 100_000}, "RANGE", "lineNo"),
            ({"lineType": None}, "REQUIRED", "lineType"),
            ({"lineType": "ABC"}, "CODE-UNKNOWN", "lineType"),
            ({"lineType": "INT"}, "CODE-UNKNOWN", "lineType"),
            ({"currencyAmounts": None}, "REQUIRED", "currencyAmounts"),
            ({"articleNo": "x" * 36}, "LENGTH", "articleNo"),
            ({"quantity": "10"}, "TYPE", "quantity"),
            ({"price": 0.1234567}, "PRECISION", "price"),
            ({"vatCode": "123"}, "LENGTH", "vatCode"),
            ({"vatCode": "99"}, "CODE-UNKNOWN", "vatCode"),
            ({"vatCode": "1"}, "CODE-UNKNOWN", "vatCode"),
            ({"referenceDocumentNo": "9"}, "DOCUMENT-UNKNOWN", "referenceDocumentNo"),
        ],
    )
    def test_a_value_of_a_line(self, books: House, values: dict[str, Any], code: str, place: str) -> None:
        """One finding with the place of the line; the other line is not touched by it."""
        document = invoice(documentNo="1", documentLines=[line(1, 500, 125), {**line(2, 500, 125), **values}])
        assert found(books, document) == [(code, f"/documentLines/1/{place}")]

    @pytest.mark.parametrize("numbers", [(1, 1), (2, 1), (5, 4)])
    def test_numbers_that_do_not_rise(self, books: House, numbers: tuple[int, int]) -> None:
        """Line numbers are unique and rising."""
        document = invoice(documentNo="1", documentLines=[line(numbers[0], 500, 125), line(numbers[1], 500, 125)])
        assert found(books, document) == [("RANGE", "/documentLines/1/lineNo")]

    @pytest.mark.parametrize(
        ("kind", "allowed"),
        [("IN", {"PLH", "TXT", "FEE", "RND"}), ("CN", {"PLH", "TXT", "FEE", "RND"}), ("IT", {"INT", "TXT"}), ("RM", {"FEE", "TXT"}), ("PY", set())],
    )
    def test_the_line_types_of_a_document_type(self, books: House, kind: str, allowed: set[str]) -> None:
        """The others are unknown there."""
        configure(books, "document.creditNoteReference", "OPTIONAL")
        for line_type in ("PLH", "TXT", "INT", "FEE", "RND"):
            text = line_type == "TXT"
            lines = [{"lineNo": 1, "lineType": "TXT", "lineText": "t"}] if text else [line(1, 10, kind=line_type)]
            header = amounts(0, 0) if text and kind in ("IN", "IT", "RM") else amounts(10, 0)
            answer = send(books, invoice(documentType=kind, currencyAmounts=header, documentLines=lines))
            told = [] if answer.status_code == 201 else codes(answer.json()["errors"])
            assert (("CODE-UNKNOWN", "/documentLines/0/lineType") in told) == (line_type not in allowed), (kind, line_type, told)

    @pytest.mark.parametrize("kind", ["IT", "RM", "PY"])
    def test_no_vat_on_letters_and_payments(self, books: House, kind: str) -> None:
        """vat in the header must be 0, and in lines too."""
        assert found(books, invoice(documentType=kind, currencyAmounts=amounts(10, 1))) == [("RANGE", "/currencyAmounts/vat")]
        if kind != "PY":
            lines = [line(1, 10, 1, kind={"IT": "INT", "RM": "FEE"}[kind])]
            got = found(books, invoice(documentType=kind, currencyAmounts=amounts(11, 0), documentLines=lines))
            assert got == [("RANGE", "/documentLines/0/currencyAmounts/vat")]

    def test_amounts_in_a_text_line(self, books: House) -> None:
        """Only zeros are allowed there."""
        got = found(books, invoice(documentNo="1", documentLines=[line(1, 1000, 250), line(2, 1, 0, kind="TXT")]))
        assert got == [("RANGE", "/documentLines/1/currencyAmounts/exclVat"), ("RANGE", "/documentLines/1/currencyAmounts/inclVat")]

    @pytest.mark.parametrize("kind", ["CN", "PY"])
    def test_credits_are_positive(self, books: House, kind: str) -> None:
        """The type gives the sign: 0 and less are refused."""
        configure(books, "document.creditNoteReference", "OPTIONAL")
        for amount in (0, -5):
            got = found(books, invoice(documentType=kind, currencyAmounts=amounts(amount, 0)))
            assert {code for code, _ in got} == {"RANGE"}
            assert ("RANGE", "/currencyAmounts/inclVat") in got

    def test_at_most_a_thousand_lines(self, books: House) -> None:
        """1,000 pass, one more is COUNT."""
        many = [line(number, 1, "0.25") for number in range(1, 1001)]
        assert warned(books, invoice(documentNo="1", documentLines=many)) == []
        assert len(shown(books, "1")["documentLines"]) == 1000
        assert found(books, invoice(documentNo="2", documentLines=[*many, line(1001, 1, "0.25")])) == [("COUNT", "/documentLines")]

    def test_negative_lines(self, books: House) -> None:
        """A discount is a line with negative amounts."""
        lines = [line(1, 1200, 300), line(2, -200, -50)]
        assert warned(books, invoice(documentNo="1", documentLines=lines)) == []
        assert [shown_line["vatCode"] for shown_line in shown(books, "1")["documentLines"]] == ["3", "3"]


class TestUnknownFields:
    def test_they_are_warnings(self, books: House) -> None:
        """At any depth, in the order sent, after everything else; the document is created."""
        document = {
            "zzz": 1,
            **invoice(documentNo="1", kid="0010018"),
            "Language": "no",
            "distribution": {"Type": "E"},
            "documentLines": [{**line(1, 1000, 250), "colour": "red"}],
            "payment": {"paymentMethod": "CASH"},
        }
        assert warned(books, document) == [
            ("KID-CHECK", "/kid"),
            ("UNKNOWN-FIELD", "/zzz"),
            ("UNKNOWN-FIELD", "/Language"),
            ("UNKNOWN-FIELD", "/distribution/Type"),
            ("UNKNOWN-FIELD", "/documentLines/0/colour"),
            ("UNKNOWN-FIELD", "/payment"),
        ]

    def test_or_errors_when_the_client_says_so(self, books: House) -> None:
        """validation.unknownFields = ERROR."""
        configure(books, "validation.unknownFields", "ERROR")
        assert found(books, {**invoice(documentNo="1"), "zzz": 1}) == [("UNKNOWN-FIELD", "/zzz")]

    def test_a_key_with_slashes(self, books: House) -> None:
        """The pointer is escaped, the field is shown as it is."""
        answer = send(books, {**invoice(documentNo="1"), "a/b~c": 1})
        assert [(w["field"], w["pointer"]) for w in answer.json()["warnings"]] == [("a/b~c", "/document/a~1b~0c")]

    def test_in_payments_details_are_known(self, books: House) -> None:
        """payment is a field of PY only."""
        assert warned(books, payment(100, documentNo="P1", payment={"paymentMethod": "CASH", "iban": "x"})) == [("UNKNOWN-FIELD", "/payment/iban")]


class TestOrder:
    def test_all_errors_at_once_in_field_order(self, books: House) -> None:
        """Fields first in the order of the contract whatever the order sent, inside arrays by element, then cross-field checks, then unknown keys."""
        configure(books, "validation.unknownFields", "ERROR")
        document = {
            "zzz": 1,
            "documentLines": [
                {"lineType": "PLH", "lineNo": 1, "currencyAmounts": amounts(1, 0, 3), "vatCode": "xyz"},
                {"lineNo": 1, "lineType": "QQ"},
            ],
            "emailAddress": ["nobody"],
            "currencyAmounts": amounts(1000, 250, 1251),
            "kid": "x",
            "dueDate": "2026-10-01",
            "documentDate": "2026-10-05",
            "documentNo": "å",
            "customerNo": "999",
            "documentType": "IN",
        }
        assert found(books, document) == [
            ("CUSTOMER-UNKNOWN", "/customerNo"),
            ("FORMAT", "/documentNo"),
            ("DATE-ORDER", "/dueDate"),
            ("FORMAT", "/kid"),
            ("EMAIL", "/emailAddress/0"),
            ("LENGTH", "/documentLines/0/vatCode"),
            ("RANGE", "/documentLines/1/lineNo"),
            ("CODE-UNKNOWN", "/documentLines/1/lineType"),
            ("TOTAL-SUM", "/currencyAmounts/inclVat"),
            ("UNKNOWN-FIELD", "/zzz"),
        ]

    def test_warnings_in_their_order(self, books: House) -> None:
        """Amounts of all lines before sums before VAT codes before the KID before the credit limit."""
        books.customer("100009", limitAmount=100)
        created(books, invoice(documentNo="0", kid="0010017"))
        document = invoice(
            documentNo="1",
            customerNo="100009",
            kid="0010017",
            dueDate="2026-10-05",
            exchangeRate=2,
            currencyAmounts=amounts(1000, 300),
            documentLines=[line(1, 500, 100, 625), line(2, "500.50", 175, 675)],
        )
        assert warned(books, document) == [
            ("VALUE-CONFLICT", "/exchangeRate"),
            ("VAT-LINE", "/documentLines/0/currencyAmounts/vat"),
            ("VAT-LINE", "/documentLines/1/currencyAmounts/vat"),
            ("ROUNDING", "/currencyAmounts/exclVat"),
            ("VAT-SUM", "/currencyAmounts/vat"),
            ("VAT-RATE", "/documentLines/1/currencyAmounts/vat"),
            ("KID-SHARED", "/kid"),
            ("CREDIT-LIMIT", "/currencyAmounts"),
        ]

    def test_cross_field_checks_leave_out_what_did_not_pass(self, books: House) -> None:
        """A field with an error of its own causes no second one elsewhere."""
        assert found(books, invoice(documentNo="1", currencyAmounts={"exclVat": "1", "vat": 250, "inclVat": 1250})) == [
            ("TYPE", "/currencyAmounts/exclVat")
        ]
        assert found(books, invoice(documentNo="1", documentDate="x", dueDate="2026-01-01")) == [("FORMAT", "/documentDate")]
        assert found(books, invoice(documentNo="1", glDate="x", documentDate="2025-01-01", dueDate="2025-02-01")) == [("FORMAT", "/glDate")]
        assert found(books, invoice(documentNo="1", currency="KR", exchangeRate=2)) == [("CURRENCY-CODE", "/currency")]

    def test_a_value_is_shown_cut_at_a_hundred_characters(self, books: House) -> None:
        """In the message; the field itself is told in full."""
        answer = send(books, invoice(documentNo="1", language="q" * 300))
        assert answer.json()["errors"][0]["message"] == f"{'q' * 100} is not a valid ISO 639-1 language code"
