"""The whole ledger against a model: whatever is sent, in whatever order, answers, open items and balances are those of plain arithmetic."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import httpx2
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from reskontro.ledger.verify import verify_client
from tests.house import House
from tests.properties.model import Document, Model, Outcome
from tests.properties.profile import dear_phases, examples

DAY = date(2026, 10, 5)
CUSTOMERS = ("100001", "100002", "abc-1")
NOBODY = "999"
_client_nos = itertools.count(9001)

spellings = st.sampled_from([*CUSTOMERS, "ABC-1"])
cents = st.integers(1, 300) | st.integers(1, 10**9)


def rarely(data: st.DataObject, one_in: int) -> bool:
    """True once in a while; not for the least value, which is drawn more often than others."""
    return data.draw(st.integers(0, one_in - 1)) == one_in - 1


class LedgerMachine(RuleBasedStateMachine):
    """Sends to a client of its own and keeps the model beside it."""

    def __init__(self, house: House) -> None:
        super().__init__()
        self.house = house
        self.model = Model()
        self.client_no = 0
        self.days = itertools.count(1)
        self.names = itertools.count(1)
        self.kept: list[tuple[str, str, bytes, str, httpx2.Response]] = []
        """(method, path, body, key, answer) of the calls with an Idempotency-Key that succeeded."""

    @initialize()
    def open_books(self) -> None:
        """A new client with two customers."""
        self.client_no = self.house.add_client(next(_client_nos))
        for number in CUSTOMERS[:2]:
            sent = {"customerNo": number, "name": "Kari"}
            self.model.save_customer(sent, may_create=True)
            self.note_account(self.send("POST", "/customers", {"customer": sent}).json())

    # ------------------------------------------------------------------------------------------------ sending

    def send(self, method: str, path: str, body: Any, key: str | None = None) -> httpx2.Response:
        """Make a call; one with a key that succeeds can be repeated later."""
        content = json.dumps(body).encode()
        headers = {"Idempotency-Key": key} if key else {}
        answer = self.house.call(method, path, content=content, client_no=self.client_no, headers=headers)
        if key and answer.status_code < 300:
            self.kept.append((method, path, content, key, answer))
        return answer

    @staticmethod
    def check(answer: httpx2.Response, expected: Outcome) -> None:
        """A single write is answered as the model says."""
        if expected.failed:
            assert answer.status_code in (404, 422), answer.text
            found = {error["code"] for error in answer.json().get("errors", [{"code": answer.json()["code"]}])}
            assert found == expected.codes or (answer.status_code == 404 and expected.codes <= {"CUSTOMER-UNKNOWN", "NOT-FOUND"}), answer.text
        else:
            assert (answer.status_code, answer.json()["result"]) == (201 if expected.result == "CREATED" else 200, expected.result), answer.text

    def next_key(self, data: st.DataObject) -> str | None:
        """An Idempotency-Key of its own, or none."""
        return f"key-{next(self.names)}" if data.draw(st.booleans(), label="with a key") else None

    # ------------------------------------------------------------------------------------------------ customers

    def draw_customer(self, data: st.DataObject) -> dict[str, Any]:
        """A customer with some fields, some of them cleared."""
        sent = {"customerNo": data.draw(spellings)}
        for name, values in (
            ("name", ["Kari", "Ola", "Kari", ""]),
            ("informalName", ["K", "O", "", None]),
            ("dueDays", [10, 14, "", None]),
        ):
            if data.draw(st.integers(0, 2)):
                sent[name] = data.draw(st.sampled_from(values))
        return sent

    def note_account(self, answer: dict[str, Any]) -> None:
        """A new customer has an account that nobody had before."""
        customer = self.model.customers[answer["customerNo"].lower()]
        customer.account_no = answer["accountNo"]
        assert customer.account_no not in self.model.accounts_used, "an account number was given twice"
        self.model.accounts_used.add(customer.account_no)
        customer.kid = self.house.get(f"/customers/{customer.number}", client_no=self.client_no).json()["customerKid"]

    @rule(data=st.data(), method=st.sampled_from(["POST", "POST", "PUT"]))
    def save_customer(self, data: st.DataObject, method: str) -> None:
        """Create or update one customer."""
        sent = self.draw_customer(data)
        key = self.next_key(data)
        expected = self.model.save_customer(sent, may_create=method == "POST")
        answer = self.send(method, "/customers", {"customer": sent}, key)
        self.check(answer, expected)
        if expected.result == "CREATED":
            self.note_account(answer.json())

    @rule(data=st.data())
    def save_customers(self, data: st.DataObject) -> None:
        """A batch of customers; a number that comes again in it is a duplicate, in any case of letters."""
        items = [self.draw_customer(data) for _ in range(data.draw(st.integers(1, 4)))]
        batch = self.house.batch("/customers/batches", {"customers": items}, query="?expand=diagnostics", client_no=self.client_no)
        seen: set[str] = set()
        for sent, item in zip(items, batch["items"], strict=True):
            number = sent["customerNo"].lower()
            expected = Outcome("FAILED", frozenset({"DUPLICATE-IN-BATCH"})) if number in seen else self.model.save_customer(sent, may_create=True)
            seen.add(number)
            self.check_item(item, expected)
            if expected.result == "CREATED":
                self.note_account(item)

    @rule(number=spellings | st.just(NOBODY))
    def delete_customer(self, number: str) -> None:
        """Delete one customer, if nothing hangs on it."""
        expected = self.model.delete_customer(number)
        answer = self.house.call("DELETE", f"/customers/{number}", client_no=self.client_no)
        if expected.failed:
            assert answer.status_code == (404 if expected.codes == {"NOT-FOUND"} else 422)
            assert {answer.json()["code"]} == expected.codes
        else:
            assert (answer.status_code, answer.json()["result"]) == (200, "DELETED")

    # ------------------------------------------------------------------------------------------------ documents

    def draw_document(self, data: st.DataObject) -> dict[str, Any]:
        """A document of any type: mostly one that can be booked, sometimes one with a fault, sometimes one that was sent before."""
        booked = list(self.model.documents.values())
        if booked and rarely(data, 8):
            return self.repeat_document(data, data.draw(st.sampled_from(booked)))
        kind = data.draw(st.sampled_from(["IN", "IN", "IN", "CN", "PY", "PY", "RM", "IT"]))
        target = None if kind == "IN" or not booked or rarely(data, 6) else self.draw_target(data, kind, booked)
        if kind == "CN" and target is None:
            kind = "IN"
        if target is not None:
            customer = self.model.customers[target.customer].number
        else:
            customer = (
                NOBODY if rarely(data, 12) else data.draw(st.sampled_from([known.number for known in self.model.customers.values()] or [NOBODY]))
            )
        excl, vat = self.draw_amounts(data, kind, target)
        sent: dict[str, Any] = {
            "documentType": kind,
            "customerNo": customer,
            "documentDate": DAY.isoformat(),
            "currencyAmounts": {"exclVat": excl / 100, "vat": vat / 100, "inclVat": (excl + vat) / 100},
        }
        if kind in ("IN", "RM", "IT"):
            # Each its own day, so that the order of coverage never hangs on the order of ids.
            sent["dueDate"] = (DAY + timedelta(days=next(self.days))).isoformat()
        self.refer(data, sent, target)
        number = data.draw(st.sampled_from(["none"] * 4 + ["own"] * 4 + ["next", "taken"]))
        if number == "own":
            sent["documentNo"] = f"D-{next(self.names)}"
        elif number == "next":
            sent["documentNo"] = self.model.next_number(kind).lower()
        elif number == "taken" and booked:
            sent["documentNo"] = data.draw(st.sampled_from(booked)).number
        if rarely(data, 15):
            sent["currencyAmounts"]["inclVat"] = (excl + vat + 1) / 100
        return sent

    @staticmethod
    def draw_target(data: st.DataObject, kind: str, booked: list[Document]) -> Document:
        """A document to settle, to credit or to remind of: mostly one for which that makes sense."""
        sensible = [document for document in booked if document.open > 0 and (document.kind == "IN" or kind not in ("RM", "IT", "CN"))]
        # Mostly one of the last, so that claims come to have fees, interest, credit notes and several payments.
        return data.draw(st.sampled_from(booked if not sensible or rarely(data, 8) else sensible[-3:]))

    def refer(self, data: st.DataObject, sent: dict[str, Any], target: Document | None) -> None:
        """Let a document name another one, by number or, a payment, by KID; sometimes one that does not exist."""
        kind = sent["documentType"]
        if kind == "IN" or (target is None and kind != "PY"):
            return
        way = data.draw(st.sampled_from(["number", "number", "KID", "KID of the customer", "unknown"])) if kind == "PY" else "number"
        customer = self.model.customers.get(sent["customerNo"].lower())
        if way == "unknown" and rarely(data, 3):
            sent["referenceDocumentNo"] = "NOWHERE"
        elif way == "KID of the customer" and customer is not None:
            sent["kid"] = customer.kid
        elif target is not None and way == "KID" and target.kid:
            sent["kid"] = target.kid
        elif target is not None:
            # Of a letter about a letter nobody says what the principal is; and only claims are reminded of.
            if kind not in ("RM", "IT") or target.kind == "IN":
                sent["referenceDocumentNo"] = target.number
            if kind in ("CN", "PY") and rarely(data, 12):
                sent["customerNo"] = data.draw(spellings)

    def draw_amounts(self, data: st.DataObject, kind: str, target: Document | None) -> tuple[int, int]:
        """(exclVat, vat) in hundredths: small, large, or in some proportion to what is left of the target."""
        if kind == "CN" and target is not None and target.kind in ("IN", "IT") and target.incl > target.credited:
            left, left_vat = target.incl - target.credited, target.vat - target.credited_vat
            how = data.draw(st.sampled_from(["all", "part", "part", "part", "more", "more VAT"]))
            if how == "more":
                return left + 1, 0
            if how == "more VAT":
                return max(0, left - left_vat - 1), left_vat + 1
            if how == "part" and left > 1:
                vat = data.draw(st.integers(0, left_vat) | st.just(left_vat))
                return data.draw(st.integers(0, left - left_vat)) or int(not vat), vat
            return left - left_vat, left_vat
        if kind == "PY" and target is not None and target.open > 0 and not rarely(data, 4):
            whole = self.model.owed(target)
            return data.draw(st.sampled_from([target.open, whole, whole + 1]) | st.integers(1, whole)), 0
        amount = data.draw(cents)
        if kind in ("IN", "CN") and data.draw(st.booleans()):
            return 4 * amount, amount
        return (0 if kind in ("IN", "RM") and rarely(data, 12) else amount), 0

    @staticmethod
    def repeat_document(data: st.DataObject, document: Document) -> dict[str, Any]:
        """A booked document once more: the same keys in another order, or with a change."""
        keys = data.draw(st.permutations(list(document.sent)))
        sent = {name: document.sent[name] for name in keys} | {"documentNo": document.number, "clientReference": "again"}
        if rarely(data, 3):
            sent["ledgerNote"] = "changed"
        return sent

    def note_kid(self, number: str, kid: str | None) -> None:
        """Remember the KID that a document was given."""
        document = self.model.documents[number.lower()]
        document.kid = kid
        assert (kid is not None) == (document.kind in ("IN", "IT", "RM"))

    @rule(data=st.data())
    def post_document(self, data: st.DataObject) -> None:
        """One document."""
        sent = self.draw_document(data)
        key = self.next_key(data)
        expected_number = sent.get("documentNo") or self.model.next_number(sent["documentType"])
        expected = self.model.post(sent)
        answer = self.send("POST", "/documents", {"document": sent}, key)
        self.check(answer, expected)
        if not expected.failed:
            assert answer.json()["documentNo"].lower() == expected_number.lower()
        if expected.result == "CREATED":
            self.note_kid(expected_number, answer.json().get("kid"))

    @rule(data=st.data())
    def post_documents(self, data: st.DataObject) -> None:
        """A batch of documents, drawn before any of them is booked, so that some refer to what is gone or sent twice."""
        items = [self.draw_document(data) for _ in range(data.draw(st.integers(1, 6)))]
        if data.draw(st.booleans()):
            items.append(data.draw(st.sampled_from(items)))
        expected = self.model.post_batch(items)
        batch = self.house.batch("/documents/batches", {"documents": items}, query="?expand=diagnostics", client_no=self.client_no)
        for item, outcome in zip(batch["items"], expected, strict=True):
            self.check_item(item, outcome)
            if outcome.result == "CREATED":
                self.note_kid(item["documentNo"], item.get("kid"))
        assert batch["countFailed"] == sum(outcome.failed for outcome in expected)

    @staticmethod
    def check_item(item: dict[str, Any], expected: Outcome) -> None:
        """An item of a batch came to what the model says."""
        assert item["result"] == expected.result, item
        assert {error["code"] for error in item.get("errors", ())} == expected.codes, item

    # ------------------------------------------------------------------------------------------------ repeats

    @precondition(lambda self: self.kept)
    @rule(data=st.data())
    def repeat_with_key(self, data: st.DataObject) -> None:
        """A call with a key once more: the same bytes and no effect; with another body a conflict and no effect."""
        method, path, content, key, first = data.draw(st.sampled_from(self.kept))
        headers = {"Idempotency-Key": key}
        again = self.house.call(method, path, content=content, client_no=self.client_no, headers=headers)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["Idempotency-Replayed"] == "true"
        other = self.house.call(method, path, content=content + b" ", client_no=self.client_no, headers=headers)
        assert (other.status_code, other.json()["code"]) == (409, "IDEMPOTENCY-KEY-REUSED")

    # ------------------------------------------------------------------------------------------------ what must hold

    @invariant()
    def open_items_and_balances_are_those_of_the_model(self) -> None:
        """After every step."""
        if not self.client_no:
            return
        opened = dict(self.house.rows("select lower(document_no), open_amount from ar_item", client_no=self.client_no))
        expected = {key: Decimal(document.open) / 100 for key, document in self.model.documents.items() if document.incl}
        assert opened == expected
        balances = self.house.balances(self.client_no)
        named = {account: balances.pop(account, Decimal(0)) for account in ("1500", "1920", "2700", "3900", "8055")}
        named["sales"] = sum(balances.values(), Decimal(0))
        assert named == {account: Decimal(self.model.balances.get(account, 0)) / 100 for account in named}

    def teardown(self) -> None:
        """At the end verification finds nothing, and there are as many documents and customers as in the model."""
        if self.client_no:
            report = verify_client(self.house.database, self.client_no)
            assert report.findings == []
            assert report.counts["documents"] == len(self.model.documents)
            assert report.counts["customers"] == len(self.model.customers)


def test_the_ledger_does_what_the_model_does(module_house: House) -> None:
    """Random stories of customers, documents, batches and repeats; a failing one is shrunk to the fewest steps that show it."""
    limits = settings(max_examples=examples(0.25), stateful_step_count=30, phases=dear_phases())
    run_state_machine_as_test(lambda: LedgerMachine(module_house), settings=limits)
