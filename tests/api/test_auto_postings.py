"""Auto postings as a call: all or nothing, validating, limits, keys, and the answers."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.api.postings import BANK_ACCOUNTS, booked, head, items, lines, open_amounts, post, refused
from tests.api.support import change_books, close_periods, configure, created, invoice, ledger_rows, send
from tests.house import House, exact_json

FEE = {"documentNo": "26001003", "feeCode": "OTHER", "amount": 50}
JOURNAL = {"entries": [{"glAccount": "1920", "debit": 1}, {"glAccount": "3900", "credit": 1}]}


class TestAllOrNothing:
    def test_one_failure_rejects_every_posting(self, books: House) -> None:
        """The refusal tells of each posting what it would have been, and is a problem with the members of the answer."""
        created(books, invoice(documentNo="26001003"))
        before = ledger_rows(books)
        sent = ({"clientReference": "a", **FEE}, {"clientReference": "b", **FEE, "documentNo": "26009999"})
        answer = post(books, "fee", *sent)
        body = answer.json()
        request_id = answer.headers["X-Request-Id"]
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert body == {
            "type": "urn:reskontro:problem:postings-rejected",
            "title": "Postings rejected",
            "status": 422,
            "instance": f"urn:reskontro:request:{request_id}",
            "code": "POSTINGS-REJECTED",
            "requestId": request_id,
            "clientNo": books.client_no,
            "autoPostingMethod": "fee",
            "resultType": "FAILED",
            "message": "The postings were rejected",
            "countSuccessful": 0,
            "countFailed": 2,
            "autoPostings": [
                {"index": 0, "clientReference": "a", "resultType": "BATCH-REJECTED", "message": "Valid, but rejected with the batch"},
                {
                    "index": 1,
                    "clientReference": "b",
                    "resultType": "FAILED",
                    "message": "Document 26009999 does not exist",
                    "errors": [
                        {
                            "field": "documentNo",
                            "message": "Document 26009999 does not exist",
                            "code": "DOCUMENT-UNKNOWN",
                            "pointer": "/autoPostings/1/documentNo",
                        }
                    ],
                },
            ],
        }
        assert ledger_rows(books) == before

    def test_all_are_booked(self, books: House) -> None:
        """The answer has one result per posting, in order, with its transaction, its items and its amount."""
        created(books, invoice(documentNo="26001003"))
        answer = post(books, "fee", {"clientReference": "a", **FEE}, {**FEE, "amount": 25.5})
        assert answer.status_code == 200, answer.text
        body = exact_json(answer)
        results = body.pop("autoPostings")
        assert body == {
            "clientNo": books.client_no,
            "autoPostingMethod": "fee",
            "resultType": "BOOKED",
            "message": "The postings were booked",
            "countSuccessful": 2,
            "countFailed": 0,
        }
        names = ("index", "clientReference", "resultType", "message", "transactionNo", "glYear", "amount")
        assert [tuple(result.get(name) for name in names) for result in results] == [
            (0, "a", "BOOKED", "Booked", 2, 2026, 50),
            (1, None, "BOOKED", "Booked", 3, 2026, Decimal("25.5")),
        ]
        assert [len(r["arItemIds"][0]) for r in results] == [22, 22]

    def test_a_later_posting_sees_an_earlier_one(self, books: House) -> None:
        """The set is booked as if one after another: what the first payment settles is not settled again by the second."""
        created(books, invoice(documentNo="1"))
        pay = {"documentNo": "1", "amount": 1000, "paymentDate": "2026-11-20"}
        booked(books, "payment", pay, pay)
        assert open_amounts(books, "IN") == [0]
        assert open_amounts(books, "PY") == [0, -750]

    def test_a_later_posting_is_judged_without_a_refused_one(self, books: House) -> None:
        """A posting that fails has had no effect for those after it."""
        created(books, invoice(documentNo="1"))
        give_up = {"documentNo": "1", "reasonCode": "GOODWILL", "reason": "r"}
        answer = post(books, "writeoff", {**give_up, "amount": 2000}, give_up, give_up).json()["autoPostings"]
        assert [result["resultType"] for result in answer] == ["FAILED", "BATCH-REJECTED", "FAILED"]
        assert [result["errors"][0]["code"] for result in answer if "errors" in result] == ["AMOUNT-EXCEEDED", "STATE-CONFLICT"]


class TestValidateOnly:
    def test_one_posting_makes_the_whole_call_validate(self, books: House) -> None:
        """Nothing is booked; every posting is VALIDATED, with the amount it would have."""
        before = ledger_rows(books)
        answer = post(books, "journal", JOURNAL, {**JOURNAL, "validateOnly": True})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert (body["resultType"], body["message"], body["countSuccessful"]) == ("VALIDATED", "The postings are valid", 2)
        assert body["autoPostings"] == [{"index": i, "resultType": "VALIDATED", "message": "Valid", "amount": 1} for i in (0, 1)]
        assert ledger_rows(books) == before

    def test_false_books(self, books: House) -> None:
        """validateOnly false is as if it were not there."""
        assert booked(books, "journal", {**JOURNAL, "validateOnly": False})[0]["resultType"] == "BOOKED"

    def test_a_refusal_is_that_of_booking(self, books: House) -> None:
        """The same 422 with the same results."""
        bad = {"entries": [{"glAccount": "1920", "debit": 1}, {"glAccount": "3900", "credit": 2}]}
        real, only = post(books, "journal", bad, JOURNAL), post(books, "journal", {**bad, "validateOnly": True}, JOURNAL)
        assert real.status_code == only.status_code == 422
        assert real.json()["autoPostings"] == only.json()["autoPostings"]


class TestTheCall:
    @pytest.mark.parametrize("method", ["collectiondirectpayment", "collectionsettlement", "collectionwriteoff", "Journal", "nothing"])
    def test_other_methods_are_not_there(self, books: House, method: str) -> None:
        """What only the system posts, and what nobody knows, is 404; names in a path have their case."""
        answer = post(books, method, JOURNAL)
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT-FOUND")

    def test_a_thousand_postings_are_booked(self, books: House) -> None:
        """The limit itself is allowed; the transactions are numbered without a gap."""
        results = booked(books, "journal", *[JOURNAL] * 1000)
        assert [result["transactionNo"] for result in results] == list(range(1, 1001))

    def test_more_than_a_thousand_are_too_many(self, books: House) -> None:
        """1,001 postings are 413, and nothing is booked."""
        answer = post(books, "journal", *[JOURNAL] * 1001)
        assert (answer.status_code, answer.json()["code"]) == (413, "TOO-MANY-ITEMS")
        assert books.balances() == {}

    def test_a_body_may_have_eight_mebibytes(self, books: House) -> None:
        """Above the limit of other calls, up to 8 MiB; one byte more is 413."""
        text = '{"autoPostings": [{"entries": [{"glAccount": "1920", "debit": 1}, {"glAccount": "3900", "credit": 1}]}]'
        whole = text + " " * ((8 << 20) - len(text) - 1) + "}"
        assert books.call("POST", "/autopostings/journal", content=whole.encode()).status_code == 200
        answer = books.call("POST", "/autopostings/journal", content=(text + " " + whole[len(text) :]).encode())
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD-TOO-LARGE")

    def test_no_posting_is_no_body(self, books: House) -> None:
        """An empty array is 400."""
        assert (answer := post(books, "journal")).json()["code"] == "MALFORMED-BODY" and answer.status_code == 400

    def test_a_suspended_client_takes_no_postings(self, books: House) -> None:
        """409, without effect."""
        change_books(books, "update client set status = 'SUSPENDED'")
        answer = post(books, "journal", JOURNAL)
        assert (answer.status_code, answer.json()["code"]) == (409, "CLIENT-NOT-ACTIVE")
        assert books.balances() == {}

    def test_texts_follow_the_language(self, books: House) -> None:
        """Norwegian messages; codes stay."""
        answer = post(books, "journal", {"entries": [{"glAccount": "1920", "debit": 1}]}, JOURNAL, headers={"Accept-Language": "nb"}).json()
        assert answer["message"] == "Posteringene ble avvist"
        assert [result["message"] for result in answer["autoPostings"]] == ["Debet 1 og kredit 0 er ikke like", "Gyldig, men avvist med bunken"]

    def test_the_acting_user_and_the_log(self, books: House) -> None:
        """metadata.userId is on the lines, and the log names the transaction."""
        result = books.post("/autopostings/journal", {"metadata": {"userId": "anne"}, "autoPostings": [JOURNAL]}).json()["autoPostings"][0]
        assert head(books, result)["createdBy"] == "anne"
        last = books.rows(
            "select event, entity_type, entity_id, user_id from log_item where client_no = %s order by sequence_no desc limit 1", books.client_no
        )
        assert last == [("AUTO-POSTING-BOOKED", "TRANSACTION", "2026/1", "anne")]


class TestFields:
    def test_all_findings_of_all_postings_at_once(self, books: House) -> None:
        """In field order, with the place of the posting."""
        codes = refused(books, "payment", {"customerNo": "100001", "amount": "950,52", "unknown": 1}, {"amount": 0, "paymentDate": "2027-02-29"})
        assert codes == [
            ("TYPE", "/amount"),
            ("REQUIRED", "/paymentDate"),
            ("UNKNOWN-FIELD", "/unknown"),
            ("RANGE", "/amount"),
            ("FORMAT", "/paymentDate"),
            ("TARGET-MISSING", ""),
        ]

    @pytest.mark.parametrize("amount", ["950,52", "950.52"])
    def test_an_amount_in_quotes_is_no_number(self, books: House, amount: str) -> None:
        """A decimal comma or a number in quotes is TYPE; the number itself is booked exactly."""
        assert refused(books, "payment", {"customerNo": "100001", "amount": amount, "paymentDate": "2026-11-02"}) == [("TYPE", "/amount")]
        booked(books, "payment", {"amount": Decimal("950.52"), "paymentDate": "2026-11-02", "postingDate": "2026-11-02", "customerNo": "100001"})
        assert books.balances()["1920"] == Decimal("950.52")

    @pytest.mark.parametrize(
        ("method", "posting", "field"),
        [
            ("reversal", {"glYear": 2026, "transactionNo": 1, "reason": "r", "amount": 5}, "amount"),
            ("journal", {**JOURNAL, "documentNo": "1"}, "documentNo"),
            ("writeoff", {"documentNo": "1", "reasonCode": "OTHER", "reason": "r", "allocations": []}, "allocations"),
        ],
    )
    def test_a_field_that_the_method_does_not_take(self, books: House, method: str, posting: dict[str, object], field: str) -> None:
        """What the caller wants by it would not happen, so it is refused."""
        assert ("UNKNOWN-FIELD", f"/{field}") in refused(books, method, posting)

    def test_a_client_reference_is_unique_in_the_call(self, books: House) -> None:
        """The second one is refused; empty ones are none."""
        named = {**JOURNAL, "clientReference": "x"}
        assert refused(books, "journal", named, named) == [("NOT-UNIQUE", "/clientReference")]
        assert len(booked(books, "journal", {**JOURNAL, "clientReference": ""}, {**JOURNAL, "clientReference": ""})) == 2

    def test_a_closed_period_refuses(self, books: House) -> None:
        """An auto posting is never moved to another period, a document is."""
        close_periods(books, "2026-09-30")
        answer = send(books, invoice(documentNo="26001", documentDate="2026-09-20", dueDate="2026-10-04"))
        assert (answer.status_code, [warning["code"] for warning in answer.json()["warnings"]]) == (201, ["PERIOD-CLOSED"])
        pay = {"amount": 50, "paymentDate": "2026-09-20", "postingDate": "2026-09-20", "customerNo": "100001"}
        assert refused(books, "payment", pay) == [("PERIOD-CLOSED", "/postingDate")]
        text = post(books, "payment", pay).json()["autoPostings"][0]["message"]
        assert text == "Period 2026/9 is closed"

    def test_a_day_after_the_last_period(self, books: House) -> None:
        """RANGE."""
        assert refused(books, "journal", {**JOURNAL, "postingDate": "2031-01-01"}) == [("RANGE", "/postingDate")]

    def test_dimensions_must_be_kept(self, books: House) -> None:
        """A number or value that the client does not keep is CODE-UNKNOWN; kept ones are on the lines beside the control account."""
        configure(books, "gl.dimensions", [{"dimensionNo": 1, "name": "Unit", "values": ["N"]}])
        created(books, invoice(documentNo="26001003"))
        assert refused(books, "fee", {**FEE, "dimensions": [{"dimensionNo": 2, "value": "N"}]}) == [("CODE-UNKNOWN", "/dimensions/0/dimensionNo")]
        assert refused(books, "fee", {**FEE, "dimensions": [{"dimensionNo": 1, "value": "S"}]}) == [("CODE-UNKNOWN", "/dimensions/0/value")]
        booked(books, "fee", {**FEE, "dimensions": [{"dimensionNo": 1, "value": "N"}]})
        rows = books.rows("select gl_account, dimensions from gl_item where client_no = %s and transaction_no = 2 order by line_no", books.client_no)
        assert rows == [("1500", None), ("3900", [{"dimensionNo": 1, "value": "N"}])]


class TestIdempotency:
    def test_a_key_books_once(self, books: House) -> None:
        """The same bytes give the stored answer, others are 409, and one effect is booked."""
        pay = {"amount": 100, "paymentDate": "2026-11-02", "postingDate": "2026-11-02", "customerNo": "100001"}
        key = {"Idempotency-Key": "k-1"}
        first = post(books, "payment", pay, headers=key)
        other = post(books, "payment", {**pay, "amount": 200}, headers=key)
        again = post(books, "payment", pay, headers=key)
        assert (first.status_code, other.status_code, other.json()["code"]) == (200, 409, "IDEMPOTENCY-KEY-REUSED")
        assert again.headers["Idempotency-Replayed"] == "true" and again.content == first.content
        assert books.balances()["1920"] == 100

    def test_a_refusal_is_not_kept(self, books: House) -> None:
        """After repair the key is good."""
        key = {"Idempotency-Key": "k-1"}
        assert post(books, "fee", FEE, headers=key).status_code == 422
        created(books, invoice(documentNo="26001003"))
        assert post(books, "fee", FEE, headers=key).status_code == 200

    def test_parallel_calls_with_one_key(self, books: House) -> None:
        """One effect, and answers that are equal or say that the first still runs."""
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: post(books, "journal", JOURNAL, headers={"Idempotency-Key": "k"}), range(16)))
        assert {answer.status_code for answer in answers} <= {200, 409}
        assert len({answer.content for answer in answers if answer.status_code == 200}) == 1
        assert books.balances() == {"1920": Decimal(1), "3900": Decimal(-1)}


class TestStrangers:
    def test_invoice_and_reminder_fee_paid_together_with_the_old_kid(self, books: House) -> None:
        """The KID of the invoice means the claim: the fee goes first, and both are closed."""
        configure(books, "bank.accounts", BANK_ACCOUNTS)
        created(books, invoice(documentNo="26001", documentDate="2026-10-01", dueDate="2026-10-19", kid="0010017"))
        booked(books, "fee", {"documentNo": "26001", "feeCode": "REMINDER", "amount": 38, "postingDate": "2026-11-04"})
        booked(books, "payment", {"amount": 1288, "paymentDate": "2026-11-10", "postingDate": "2026-11-10", "kid": "0010017"})
        assert [(item["arItemType"], item["open"]) for item in items(books)] == [("IN", 0), ("FE", 0), ("PY", 0)]
        assert books.balances() == {"3900": -38, "1920": 1288, "3000": -1000, "2700": -250}

    def test_the_rate_went_up_and_a_part_payment_closes_nothing(self, books: House) -> None:
        """The open part keeps its own base amount; the gain on the paid part is posted."""
        configure(books, "bank.accounts", BANK_ACCOUNTS)
        eur = {"currency": "EUR", "exchangeRate": 11.5, "dueDate": "2026-10-19", "documentDate": "2026-10-01"}
        result = created(books, invoice(customerNo="100002", documentNo="26001", currencyAmounts={"exclVat": 100, "vat": 0, "inclVat": 100}, **eur))
        booked(
            books,
            "payment",
            {
                "customerNo": "100002",
                "amount": 90,
                "currency": "EUR",
                "exchangeRate": 12.8,
                "payment": {"bankAccountNo": "05405010005"},
                "paymentDate": "2026-10-20",
                "postingDate": "2026-10-20",
                "allocations": [{"arItemId": result["arItemId"], "amount": 90}],
            },
        )
        assert [(i["arItemType"], i["open"], i["baseOpen"]) for i in items(books)] == [("IN", 10, 115), ("PY", 0, 0), ("EX", 0, 0)]
        assert items(books, "EX")[0]["baseOriginal"] == 117
        assert {key: value for key, value in books.balances().items() if key in ("1500", "8060", "1920")} == {"1500": 115, "8060": -117, "1920": 1152}

    def test_today_is_the_day_of_the_client(self, books: House) -> None:
        """Two clients 25 hours apart post on two days."""
        days = []
        for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
            configure(books, "base.timeZone", zone)
            days.append(head(books, booked(books, "journal", JOURNAL)[0])["glDate"])
        assert days == ["2026-11-26", "2026-11-25"]

    def test_a_posting_of_a_closed_period_can_be_reversed(self, books: House) -> None:
        """The reversal lies in an open period, the closed one keeps its balance."""
        pay = {"amount": 1000, "paymentDate": "2026-09-15", "postingDate": "2026-09-15", "customerNo": "100001"}
        booked(books, "payment", pay)
        close_periods(books, "2026-09-30")
        result = booked(books, "reversal", {"glYear": 2026, "transactionNo": 1, "reason": "Wrong customer", "postingDate": "2026-11-20"})[0]
        assert (head(books, result)["glDate"], head(books, result)["reverses"]) == ("2026-11-20", 1)
        assert lines(books, result) == [("1500", 1000, None), ("1920", -1000, None)]
        balance = "select debit - credit from account_balance where client_no = %s and gl_account = '1500' and gl_period = 9"
        september = books.rows(balance, books.client_no)
        assert september == [(-1000,)]
        assert books.balances() == {}
