"""The acceptance vectors of the Accounts Receivable API, each as its user would try it."""

from __future__ import annotations

import json
from decimal import Decimal

from tests.house import House, exact_json
from tests.shared_data import shared_path

SEED = {
    "customers": [
        {"customerNo": "543210", "accountNo": 500002, "name": "A", "organizationNo": "987654321", "organizationNoScheme": "0192"},
        {"customerNo": "765432", "accountNo": 500029, "name": "B", "postalAddress": {"countryCode": "NX"}},
    ]
}


def test_seed_batch_is_reproduced_key_for_key(empty_house: House) -> None:
    """A batch of two customers answers exactly like the page the project began with: keys, order and values, only the id differs."""
    empty_house.add_client(2218)
    answer = empty_house.post("/customers/batches", SEED, client_no=2218)
    empty_house.work()
    got = empty_house.get(f"/batches/{answer.json()['batchUuid']}", client_no=2218)
    expected = json.loads(shared_path("contract/examples/get-batch-200.json").read_text())
    expected["batchUuid"] = answer.json()["batchUuid"]
    assert got.status_code == 200
    assert json.dumps(got.json(), ensure_ascii=False) == json.dumps(expected, ensure_ascii=False)


PUBLIC_EXAMPLE = {
    "documentType": "IN",
    "customerNo": "100001",
    "documentNo": "1000",
    "documentDate": "2025-02-10",
    "dueDate": "2025-02-24",
    "kid": "500221850000200350786",
    "currencyAmounts": {"exclVat": 5200, "vat": 1300, "inclVat": 6500},
    "documentLines": [
        {"lineNo": 1, "lineType": "PLH", "currencyAmounts": {"exclVat": 200, "vat": 50, "inclVat": 250}},
        {"lineNo": 2, "lineType": "PLH", "currencyAmounts": {"exclVat": 5000, "vat": 150, "inclVat": 6250}},
        {"lineNo": 3, "lineType": "TXT", "lineText": "Takk for handelen"},
    ],
}


class TestPublicDocumentExample:
    def test_it_is_created_with_exactly_two_warnings(self, empty_house: House) -> None:
        """A wrong check digit and a line that does not add up are warnings; the header's totals are posted."""
        empty_house.add_client(3107, ledgerStart="2025-02-01")
        empty_house.customer("100001")
        result = empty_house.document(**PUBLIC_EXAMPLE)
        assert [warning["code"] for warning in result["warnings"]] == ["KID-CHECK", "VAT-LINE"]
        assert empty_house.balances() == {"1500": Decimal(6500), "3000": Decimal(-5200), "2700": Decimal(-1300)}

    def test_both_warnings_are_errors_when_the_client_says_so(self, empty_house: House) -> None:
        """With validation.vat and validation.kid on ERROR the same document fails with both."""
        empty_house.add_client(3107, ledgerStart="2025-02-01")
        empty_house.customer("100001")
        set_config(empty_house, "validation.vat", "ERROR")
        set_config(empty_house, "validation.kid", "ERROR")
        answer = empty_house.post("/documents", {"document": PUBLIC_EXAMPLE})
        assert answer.status_code == 422
        assert [error["code"] for error in answer.json()["errors"]] == ["KID-CHECK", "VAT-LINE"]
        assert empty_house.balances() == {}


def set_config(house: House, key: str, value: object) -> None:
    """Give the client a config value of its own, valid always."""
    from psycopg.types.json import Jsonb

    from reskontro.ledger.books import raise_version

    with house.database.transaction(house.client_no) as transaction:
        transaction.execute(
            "insert into client_config (client_no, config_key, value, changed_at, changed_by) values (%s, %s, %s, %s, 'test')",
            (house.client_no, key, Jsonb(value), house.clock.now()),
        )
        raise_version(transaction, house.client_no)


def _claim_with_fee(house: House) -> None:
    house.document(documentNo="26001", documentDate="2026-10-05", dueDate="2026-10-19", kid="0010017")
    house.document(
        documentType="RM",
        documentNo="R1",
        documentDate="2026-11-05",
        referenceDocumentNo="26001",
        currencyAmounts={"exclVat": 38, "vat": 0, "inclVat": 38},
    )


def _open_amounts(house: House) -> dict[str, Decimal]:
    return dict(house.rows("select document_no, open_amount from ar_item"))


class TestCoverage:
    def test_costs_come_first(self, house: House) -> None:
        """A payment with the invoice's KID closes the fee of the claim before the invoice."""
        _claim_with_fee(house)
        house.document(
            documentType="PY", documentNo="P1", documentDate="2026-11-10", kid="0010017", currencyAmounts={"exclVat": 500, "vat": 0, "inclVat": 500}
        )
        assert _open_amounts(house) == {"26001": Decimal(788), "R1": 0, "P1": 0}

    def test_principal_first_when_the_client_says_so(self, house: House) -> None:
        """With PRINCIPAL-INTEREST-COSTS the same payment leaves the fee open."""
        set_config(house, "coverage.order", "PRINCIPAL-INTEREST-COSTS")
        _claim_with_fee(house)
        house.document(
            documentType="PY", documentNo="P1", documentDate="2026-11-10", kid="0010017", currencyAmounts={"exclVat": 500, "vat": 0, "inclVat": 500}
        )
        assert _open_amounts(house) == {"26001": Decimal(750), "R1": Decimal(38), "P1": 0}


class TestCreditNotes:
    def test_a_part_paid_invoice_credited_in_full_leaves_a_credit(self, house: House) -> None:
        """IN 1250 paid 500 and credited in full: the invoice is closed, 500 stand as credit, and nothing more can be credited."""
        house.document(documentNo="26001", kid="0010017")
        house.document(
            documentType="PY", documentNo="P1", documentDate="2026-10-20", kid="0010017", currencyAmounts={"exclVat": 500, "vat": 0, "inclVat": 500}
        )
        house.document(documentType="CN", documentNo="C1", documentDate="2026-10-21", referenceDocumentNo="26001")
        assert _open_amounts(house) == {"26001": 0, "P1": 0, "C1": Decimal(-500)}
        answer = house.post(
            "/documents",
            {
                "document": {
                    "documentType": "CN",
                    "customerNo": "100001",
                    "documentNo": "C2",
                    "documentDate": "2026-10-22",
                    "referenceDocumentNo": "26001",
                    "currencyAmounts": {"exclVat": 1, "vat": 0, "inclVat": 1},
                }
            },
        )
        assert answer.status_code == 422
        assert [error["code"] for error in answer.json()["errors"]] == ["AMOUNT-EXCEEDED"]

    def test_vat_codes_by_the_nearest_rate(self, house: House) -> None:
        """A line of 1.00 gets the code whose VAT is nearest, the higher rate of two; none fits 0.20."""
        expected = {"0.12": "33", "0.11": "32", "0.13": "33", "0.15": "31", "0.20": "3"}
        for vat, code in expected.items():
            number = f"V{vat}"
            result = house.document(
                documentNo=number,
                currencyAmounts={"exclVat": 1, "vat": Decimal(vat), "inclVat": 1 + Decimal(vat)},
                documentLines=[{"lineNo": 1, "lineType": "PLH", "currencyAmounts": {"exclVat": 1, "vat": Decimal(vat), "inclVat": 1 + Decimal(vat)}}],
            )
            assert house.get(f"/documents/{number}").json()["documentLines"][0]["vatCode"] == code
            assert [w["code"] for w in result.get("warnings", [])] == (["VAT-RATE"] if vat == "0.20" else [])


class TestKids:
    def test_serials_and_the_customers_own_kid(self, empty_house: House) -> None:
        """Account 600001 with the default template: the first KID, the fourth, and the one of the customer."""
        empty_house.add_client(3107)
        empty_house.customer("100001", accountNo=600001)
        kids = [empty_house.document(documentNo=str(number))["kid"] for number in range(1, 5)]
        assert (kids[0], kids[3]) == ("600001000000010", "600001000000044")
        assert empty_house.get("/customers/100001").json()["customerKid"] == "600001000000002"

    def test_the_customer_kid_pays_all_claims_by_due_date(self, empty_house: House) -> None:
        """A payment of 600 with the customer's KID for claims of 500 and 500 leaves 0 and 400."""
        empty_house.add_client(3107)
        empty_house.customer("100001", accountNo=600001)
        amounts = {"exclVat": 500, "vat": 0, "inclVat": 500}
        empty_house.document(documentNo="A", documentDate="2026-09-15", dueDate="2026-10-15", currencyAmounts=amounts)
        empty_house.document(documentNo="B", documentDate="2026-09-15", dueDate="2026-10-01", currencyAmounts=amounts)
        empty_house.document(
            documentType="PY",
            documentNo="P",
            documentDate="2026-10-20",
            kid="600001000000002",
            currencyAmounts={"exclVat": 600, "vat": 0, "inclVat": 600},
        )
        assert _open_amounts(empty_house) == {"A": Decimal(400), "B": 0, "P": 0}


def test_numbers_without_gaps_and_one_retry(house: House) -> None:
    """Of three invoices without a number the middle one fails and draws none; its retry gets the next, and a second retry is refused."""
    amounts = {"exclVat": 100, "vat": 25, "inclVat": 125}
    documents = [
        {"documentType": "IN", "customerNo": number, "documentDate": "2026-11-02", "currencyAmounts": amounts}
        for number in ("100001", "100077", "100002")
    ]
    batch = house.batch("/documents/batches", {"documents": documents})
    assert [item.get("documentNo") for item in batch["items"]] == ["I26-000001", None, "I26-000002"]
    house.customer("100077")
    retried = house.post(f"/batches/{batch['batchUuid']}/retryfailed")
    assert retried.status_code == 202
    house.work()
    again = house.get(f"/batches/{retried.json()['batchUuid']}").json()
    assert [item["documentNo"] for item in again["items"]] == ["I26-000003"]
    second = house.post(f"/batches/{batch['batchUuid']}/retryfailed")
    assert (second.status_code, second.json()["code"]) == (409, "STATE-CONFLICT")
    assert retried.json()["batchUuid"] in second.json()["detail"]


def test_money_is_exact_to_the_last_digit(house: House) -> None:
    """An amount of 15 digits comes back as it was sent; a double would not hold it."""
    amount = "9999999999999.99"
    content = (
        '{"document": {"documentType": "IN", "customerNo": "100001", "documentNo": "BIG", "documentDate": "2026-10-05",'
        f' "currencyAmounts": {{"exclVat": {amount}, "vat": 0, "inclVat": {amount}}}}}}}'
    )
    assert house.post("/documents", content=content.encode()).status_code == 201
    assert exact_json(house.get("/documents/BIG"))["currencyAmounts"]["inclVat"] == Decimal(amount)
