"""Exact money the whole way: from the digits of a request through validation and posting into the column, and out again in the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.house import House, exact_json
from tests.properties.numbers import exact_decimals, exact_digits, faults, money_texts, number_texts
from tests.properties.profile import examples

_client_nos = count(7001)


@pytest.fixture
def house(module_house: House) -> House:
    """The module's house with a client of the test's own and the customer 100001."""
    module_house.client_no = module_house.add_client(next(_client_nos))
    module_house.customer("100001")
    return module_house


@pytest.fixture
def post_batch(house: House) -> Callable[[str, str, list[str]], list[set[str]]]:
    """Sends ready items as a batch and returns for each the codes of its errors; empty when it was taken."""

    def post(path: str, entity: str, items: list[str]) -> list[set[str]]:
        batch = house.batch(path, None, content=f'{{"{entity}":[{",".join(items)}]}}'.encode(), query="?expand=diagnostics")
        assert len(batch["items"]) == len(items)
        return [{error["code"] for error in item.get("errors", ())} for item in batch["items"]]

    return post


def document(number: str, text: str, **more: str) -> str:
    """An invoice whose amounts are spelled like that; further keys are given as JSON."""
    amounts = f'{{"exclVat":{text},"vat":0,"inclVat":{text}}}'
    members = {
        "documentType": '"IN"',
        "customerNo": '"100001"',
        "documentNo": json.dumps(number),
        "documentDate": '"2026-10-05"',
        "currencyAmounts": amounts,
        **more,
    }
    return "{" + ",".join(f'"{key}":{value}' for key, value in members.items()) + "}"


_numbers = count(1)


class TestAmounts:
    @settings(max_examples=examples(0.1))
    @given(st.lists(money_texts(), min_size=10, max_size=40))
    def test_of_documents(self, house: House, post_batch: Callable[[str, str, list[str]], list[set[str]]], texts: list[str]) -> None:
        """The column holds Decimal of the text to the last digit, in the document, its line, its AR item and its GL lines, or the item is refused."""
        sent = {f"A{next(_numbers)}": text for text in texts}
        lines = [f'[{{"lineNo":1,"lineType":"PLH","currencyAmounts":{{"exclVat":{text},"vat":-0.0,"inclVat":{text}}}}}]' for text in texts]
        found = post_batch(
            "/documents/batches",
            "documents",
            [document(number, text, documentLines=line) for (number, text), line in zip(sent.items(), lines, strict=True)],
        )
        stored = {row[0]: row[1:] for row in house.rows("select document_no, excl_vat::text, incl_vat::text from document")}
        posted = dict(house.rows("select document_no, original_amount::text from ar_item"))
        of_lines = dict(
            house.rows(
                "select document_no, l.incl_vat::text from document d"
                " join document_line l on l.client_no = d.client_no and l.document_uuid = d.document_uuid"
            )
        )
        income = dict(
            house.rows(
                "select document_no, (-g.amount)::text from document d join gl_item g on g.client_no = d.client_no"
                " and g.document_uuid = d.document_uuid where g.gl_account <> '1500'"
            )
        )
        for (number, text), codes in zip(sent.items(), found, strict=True):
            expected = Decimal(text)
            wrong = faults(expected) | ({"RANGE"} if expected < 0 else set())
            if wrong:
                assert codes
                assert codes <= wrong
                assert number not in stored
                continue
            assert codes == set()
            assert [Decimal(value) for value in stored[number]] == [expected, expected]
            assert Decimal(of_lines[number]) == expected
            if expected:
                assert Decimal(posted[number]) == Decimal(income[number]) == expected
            answer = exact_json(house.get(f"/documents/{number}"))
            assert answer["currencyAmounts"]["inclVat"] == answer["baseAmounts"]["inclVat"] == expected

    @settings(max_examples=examples(0.1))
    @given(st.lists(money_texts(), min_size=10, max_size=40))
    def test_of_customers(self, house: House, post_batch: Callable[[str, str, list[str]], list[set[str]]], texts: list[str]) -> None:
        """A credit limit is stored and shown as it was written, or refused."""
        sent = {f"L{next(_numbers)}": text for text in texts}
        items = [f'{{"customerNo":"{number}","name":"Prøve","limitAmount":{text}}}' for number, text in sent.items()]
        found = post_batch("/customers/batches", "customers", items)
        stored = dict(house.rows("select customer_no, limit_amount::text from customer"))
        for (number, text), codes in zip(sent.items(), found, strict=True):
            expected = Decimal(text)
            wrong = faults(expected) | ({"RANGE"} if expected < 0 else set())
            assert bool(codes) == bool(wrong)
            assert codes <= wrong
            if not wrong:
                assert Decimal(stored[number]) == expected
                assert exact_json(house.get(f"/customers/{number}"))["limitAmount"] == expected

    @settings(max_examples=examples(0.1))
    @given(
        st.lists(
            st.tuples(money_texts(signs=("",)), number_texts(signs=("",)) | st.sampled_from(["11.25", "0.0000000001", "1e9"])),
            min_size=5,
            max_size=20,
        )
    )
    def test_at_an_exchange_rate(
        self, house: House, post_batch: Callable[[str, str, list[str]], list[set[str]]], texts: list[tuple[str, str]]
    ) -> None:
        """Foreign amounts and rates are stored exactly, their base amount is the rounded product, or a field error says what does not fit."""
        sent = {f"X{next(_numbers)}": pair for pair in texts}
        items = [document(number, text, currency='"EUR"', exchangeRate=rate) for number, (text, rate) in sent.items()]
        found = post_batch("/documents/batches", "documents", items)
        stored = {
            row[0]: [Decimal(value) for value in row[1:]]
            for row in house.rows("select document_no, incl_vat::text, exchange_rate::text, base_incl_vat::text from document")
        }
        for (number, (text, rate_text)), codes in zip(sent.items(), found, strict=True):
            amount, rate = Decimal(text), Decimal(rate_text)
            assert "INTERNAL-ERROR" not in codes
            if faults(amount) or exact_decimals(rate) > 10 or not rate or exact_digits(rate) > 25:
                assert codes
                assert codes <= {"PRECISION", "RANGE"}
                continue
            if codes:
                assert codes == {"RANGE"}
                assert rate >= 10**10 or amount * rate >= 10**13, "refused although everything fits"
                continue
            assert stored[number][:2] == [amount, rate]
            assert abs(stored[number][2] - amount * rate) <= Decimal("0.005")

    def test_equal_amounts_are_equal_content(self, house: House) -> None:
        """A document sent again with its numbers spelled otherwise is unchanged; with another amount it is not."""
        first = document("SAME", "1250.00", exchangeRate="1.0")
        answers = []
        for text, rate in (("1250.00", "1.0"), ("1250", "1"), ("1.25e3", "10e-1"), ("1250.000000", "1.00"), ("1250.01", "1")):
            content = '{"document":' + first.replace("1250.00", text).replace('"exchangeRate":1.0', f'"exchangeRate":{rate}') + "}"
            answers.append(house.post("/documents", content=content.encode()))
        assert [answer.status_code for answer in answers] == [201, 200, 200, 200, 422]
        assert [answer.json()["result"] for answer in answers[:4]] == ["CREATED", "UNCHANGED", "UNCHANGED", "UNCHANGED"]
        assert answers[4].json()["errors"][0]["code"] == "NOT-UNIQUE"
