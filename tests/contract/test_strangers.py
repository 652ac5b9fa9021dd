"""Faults that users of other systems reported in public, played as cases of this one.

A case is skipped, with the reason, while an operation that it calls is not offered, or while it expects something that nothing here reads.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import quote, urlsplit
from zoneinfo import ZoneInfo

import pytest

from reskontro.kit.ids import encode_id
from reskontro.norway.calculations import calculate
from reskontro.receivable.actions.runs import RUNS
from reskontro.rooms import all_operations
from reskontro.web.operations import Router
from tests.api.support import configure, in_order
from tests.house import House, exact_json
from tests.shared_data import shared_path
from tests.tenancy.stories import signed_token

CASES: list[dict[str, Any]] = json.loads(shared_path("domain/strangers.json").read_text(encoding="utf-8"))["cases"]
PEOPLE: dict[str, dict[str, Any]] = {
    "100001": {"name": "Kari Prøve", "customerCategory": "CONS"},
    "100002": {"name": "Skogly Prøvedrift AS", "customerCategory": "BUSN", "organizationNo": "123456785"},
}
BANK_ACCOUNTS = [
    {"bankAccountNo": "12345678903", "currency": "NOK", "glAccount": "1920", "source": "OCR"},
    {"bankAccountNo": "86011117947", "currency": "NOK", "glAccount": "1920", "source": "CAMT054"},
    {"bankAccountNo": "05405010005", "currency": "EUR", "glAccount": "1920", "source": "CAMT054"},
]
_client_nos = count(8001)
_router = Router(all_operations())


def how(kind: str) -> Any:
    """The cases of one kind as parameters."""
    return pytest.mark.parametrize("case", [case for case in CASES if case["input"]["how"] == kind], ids=lambda case: case["id"])


@how("calc")
def test_a_calculation(case: dict[str, Any]) -> None:
    """Every expected key is in the result with an equal value."""
    answer = calculate(case["input"]["rule"], case["input"]["input"])
    assert {key: answer.get(key) for key in case["expected"]} == case["expected"]


@how("http")
def test_a_story(module_house: House, case: dict[str, Any]) -> None:
    """The steps one after the other, then everything that the case expects, and the promises of the ledger."""
    missing = [call for step in case["input"]["steps"] if (call := step.get("call")) and not offered(call)]
    missing += [action for step in case["input"]["steps"] if (action := action_of(step)) and action not in RUNS]
    if missing:
        pytest.skip(f"not offered: {', '.join(dict.fromkeys(missing))}")
    unread = set(case["expected"]) - set(READERS)
    if unread:
        pytest.skip(f"nothing here reads {', '.join(sorted(unread))}")
    story = Story(module_house)
    for step in case["input"]["steps"]:
        story.play(step)
    for name, expected in case["expected"].items():
        READERS[name](story, expected)
    in_order(story.house)


def offered(call: str) -> bool:
    """Whether an operation has the method and the path of a call."""
    method, _, path = call.partition(" ")
    operation, _, _ = _router.find(method, full_path(path.partition("?")[0], 1))
    return operation is not None


def action_of(step: dict[str, Any]) -> str | None:
    """The run that a step starts, None for other steps."""
    return step["body"]["action"]["actionType"] if step.get("call") == "POST /actions" else None


def full_path(path: str, client_no: int) -> str:
    """The path of a call on the host; those of /clients itself are given whole."""
    return f"/arm/v1{path}" if path.startswith("/clients") else f"/arm/v1/clients/{client_no}{path}"


@dataclass
class Story:
    """A case as it is being played: its client, the answers so far, the batches."""

    house: House
    answers: list[tuple[str, Any]] = field(default_factory=list)
    pages: list[list[str]] = field(default_factory=list)
    others: dict[str, House] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._origin = self.house
        self.house = self._client({})

    # ---------------------------------------------------------------------------------------- clients

    def _client(self, values: dict[str, Any], people: tuple[str, ...] = tuple(PEOPLE)) -> House:
        house = replace(self._origin, client_no=self._origin.add_client(next(_client_nos), **values))
        configure(house, "bank.accounts", BANK_ACCOUNTS)
        for number in people:
            house.customer(number, **PEOPLE[number])
        return house

    # ---------------------------------------------------------------------------------------- steps

    def play(self, step: dict[str, Any]) -> None:
        """Do what a step says."""
        if "call" in step:
            for _ in range(step.get("repeat", 1)):
                self._call(step)
        elif "client" in step:
            self.house = self._client(step["client"] if isinstance(step["client"], dict) else {}, ())
        elif "customers" in step:
            for number in step["customers"]:
                self.house.customer(number, **PEOPLE.get(number, {"name": number}))
        elif "follow" in step:
            self._follow()
        elif "clients" in step:
            for name, configs in step["clients"].items():
                self.others[name] = self._client({})
                for key, value in configs.items():
                    configure(self.others[name], key, value)
        elif "both_clients" in step:
            for name in self.others:
                for inner in step["both_clients"]:
                    self.play({**inner, "client": name})
        else:
            pytest.skip(f"nothing here plays the step {', '.join(step)}")

    def _call(self, step: dict[str, Any]) -> None:
        house = self.house
        if "client" in step:
            if step["client"] not in self.others:
                self.others[step["client"]] = self._client({})
            house = self.others[step["client"]]
        method, _, path = step["call"].partition(" ")
        token = signed_token(house, client_nos=step["token"]["client_nos"]) if "token" in step else None
        body = step.get("body")
        if isinstance(body, str):
            body = {"customers": list(many_customers(body))}
        if body is not None:
            body = json.loads(self._filled(json.dumps(body)))
        url = full_path(quote(self._filled(path), safe="/?&=%"), house.client_no)
        with self._day_of(step):
            answer = house.call(method, url, body, token=token, headers=step.get("headers"))
            self.answers.append((step["call"], answer))
            if answer.status_code == 202:
                house.work()

    @contextmanager
    def _day_of(self, step: dict[str, Any]) -> Iterator[None]:
        """A run that books is one of its own day: the clock stands on it while it is asked for and done."""
        run_date = step["body"]["action"].get("runDate") if action_of(step) else None
        clock = self.house.clock
        before = clock.now()
        if run_date is not None:
            clock.set(datetime.fromisoformat(f"{run_date}T12:00:00+00:00"))
            self.house._tokens.clear()
        try:
            yield
        finally:
            if run_date is not None:
                clock.set(before)
                self.house._tokens.clear()

    def _follow(self) -> None:
        summary = self.answers[0][1].json()["summary"]
        self.pages = [[record["customerNo"] for record in self.answers[0][1].json()["customers"]]]
        while "nextPage" in summary:
            parts = urlsplit(summary["nextPage"])
            answer = self.house.get(f"{parts.path}?{parts.query}")
            assert answer.status_code == 200
            summary = answer.json()["summary"]
            self.pages.append([record["customerNo"] for record in answer.json()["customers"]])

    def _filled(self, text: str) -> str:
        """The text with the names of earlier objects replaced by their ids."""
        return re.sub(r"\{(item [^{}]+|payment item|batch|match|reservation)\}", lambda name: self._id(name[1]), text)

    def _id(self, name: str) -> str:
        if name.startswith("item "):
            rows = self.house.rows("select ar_item_id from ar_item where document_no = %s", name.removeprefix("item "))
        elif name == "payment item":
            rows = self.house.rows("select ar_item_id from ar_item where ar_item_type = 'PY'")
        else:
            key = {"batch": "batchUuid", "match": "matchId", "reservation": "paymentReservationId"}[name]
            return next(str(answer.json()[key]) for _, answer in reversed(self.answers) if key in answer.json())
        return encode_id(rows[-1][0])

    # ---------------------------------------------------------------------------------------- looking

    def body(self, call: str) -> Any:
        """The exact body of the last answer to a call that begins like this."""
        return exact_json(next(answer for name, answer in reversed(self.answers) if name.startswith(call)))

    def items(self) -> list[dict[str, Any]]:
        """All AR items of the client."""
        answer = self.house.get("/aritems?pagesize=1000")
        assert answer.status_code == 200, answer.text
        return list(exact_json(answer)["arItems"])

    def batch(self) -> dict[str, Any]:
        """The last batch with its diagnostics."""
        return dict(self.house.get(f"/batches/{self._id('batch')}?expand=diagnostics").json())


def many_customers(text: str) -> Iterator[dict[str, Any]]:
    """The customers of the one case that describes them in words."""
    assert text == "2,300 customers 300000 + index, countryCode NX at index 999, 1000 and 2299"
    for index in range(2300):
        wrong = {"postalAddress": {"countryCode": "NX"}} if index in (999, 1000, 2299) else {}
        yield {"customerNo": str(300000 + index), "name": "N", **wrong}


# ------------------------------------------------------------------------------------------------ what a case expects


def fits(expected: Any, found: Any) -> bool:
    """Whether a value is what is expected: objects by the keys expected, a list in place of one value means any of them."""
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(fits(value, found.get(key)) for key, value in expected.items())
    if isinstance(expected, list) and not isinstance(found, list):
        return any(fits(value, found) for value in expected)
    if isinstance(expected, float):
        return found is not None and f"{found}" == f"{expected}"
    return bool(expected == found)


def check_answers(story: Story, expected: Any) -> None:
    """Per step: a list in order, or a map by the step's number, "last", or the kind of call."""
    calls = [call for call, _ in story.answers]
    places: dict[Any, int]
    if isinstance(expected, list):
        entries = list(enumerate(expected))
    else:
        places = {"last": len(calls) - 1} | {str(number + 1): number for number in range(len(calls))}
        places |= {"document": last(calls, "POST /documents"), "payment": last(calls, "POST /autopostings/payment")}
        entries = [(places[name], value) for name, value in expected.items()]
    for place, wanted in entries:
        check_answer(story, story.answers[place][1], wanted)


def last(calls: list[str], beginning: str) -> int:
    """Where the last call is that begins like this; -1 when there is none."""
    return max((number for number, call in enumerate(calls) if call.startswith(beginning)), default=-1)


def check_answer(story: Story, answer: Any, expected: dict[str, Any]) -> None:
    """Status, code, messages, headers and whatever else is expected of one answer."""
    body = exact_json(answer)
    for name, wanted in expected.items():
        if name == "status":
            assert fits(wanted, answer.status_code), answer.text
        elif name == "errors":
            posted = [error for posting in body.get("autoPostings", ()) for error in posting.get("errors", ())]
            got = body.get("errors") or posted
            assert len(got) == len(wanted), answer.text
            assert all(fits(one, other) for one, other in zip(wanted, got, strict=True)), answer.text
        elif name == "warnings":
            assert [warning["code"] for warning in body.get("warnings", ())] == wanted, answer.text
        elif name == "body":
            assert fits(wanted, body), answer.text
        elif name == "header":
            header, _, value = wanted.partition(": ")
            assert answer.headers[header] == value
        elif name == "same_bytes_as":
            assert answer.content == story.answers[wanted - 1][1].content
        elif name == "clients":
            assert len(body["clients"]) == wanted
        elif name == "customers":
            assert [customer["customerNo"] for customer in body["customers"]] == wanted
        else:
            assert fits(wanted, body.get(name)), answer.text


def check_items(story: Story, expected: list[dict[str, Any]]) -> None:
    """For each expected one there is an AR item; other keys are free."""
    items = story.items()
    for wanted in expected:
        assert any(fits(wanted, item) for item in items), (wanted, items)


def check_gl(story: Story, expected: dict[str, Any]) -> None:
    """Closing balances, debit positive."""
    balances = story.house.balances()
    assert {account: float(balances.get(account, 0)) for account in expected} == {account: float(value) for account, value in expected.items()}


def check_no_header(story: Story, expected: str) -> None:
    """No answer has the header."""
    assert [call for call, answer in story.answers if expected in answer.headers] == []


def check_batch(story: Story, expected: dict[str, Any]) -> None:
    """The last batch: its result, counters, items, document numbers."""
    batch = story.batch()
    for name, wanted in expected.items():
        if name == "items":
            got = [item["result"] if isinstance(one, str) else item for one, item in zip(wanted, batch["items"], strict=True)]
            assert all(
                fits({key: value for key, value in one.items() if key != "errors"}, other) and fits(one.get("errors", [])[0], other["errors"][0])
                if isinstance(one, dict)
                else one == other
                for one, other in zip(wanted, got, strict=True)
            ), batch
        elif name == "documentNos":
            assert [item.get("documentNo") for item in batch["items"]] == wanted
        else:
            assert batch[name] == wanted


def check_failed(story: Story, expected: list[dict[str, Any]]) -> None:
    """The items of the last answer."""
    items = story.answers[-1][1].json()["items"]
    assert [{key: item[key] for key in expected[0]} for item in items] == expected


def check_csv_cells(story: Story, expected: list[str]) -> None:
    """The references in the table of the last answer."""
    assert [row["clientReference"] for row in csv.DictReader(io.StringIO(story.answers[-1][1].text))] == expected


def check_pages(story: Story, expected: list[Any]) -> None:
    """How many records each page had; the last one in words."""
    assert [len(page) for page in story.pages[:-1]] == expected[:-1]
    assert 1 <= len(story.pages[-1]) <= 2


def check_duplicates(story: Story, expected: int) -> None:
    """Records that came twice."""
    seen = [number for page in story.pages for number in page]
    assert len(seen) - len(set(seen)) == expected


def check_missing(story: Story, expected: int) -> None:
    """Records that never came, the deleted one aside."""
    seen = {number for page in story.pages for number in page}
    deleted = {call.rpartition("/")[2] for call, _ in story.answers if call.startswith("DELETE")}
    assert len({f"2000{number:02d}" for number in range(1, 13)} - seen - deleted) == expected


def check_total(story: Story, expected: int) -> None:
    """The count of the stored list."""
    assert story.answers[0][1].json()["summary"]["totalCount"] == expected


def check_new_customer(story: Story, expected: bool) -> None:
    """Whether the one that was added on the way is listed."""
    assert any("100000" in page for page in story.pages) == expected


def check_adb(story: Story, expected: dict[str, Any]) -> None:
    """The age distribution."""
    body = story.body("GET /insights/adbintervals")
    assert body["totalAmount"] == expected["totalAmount"]
    assert next(interval["amount"] for interval in body["adbIntervals"] if interval["label"] == "1-30") == expected["interval_1_30"]


def check_movement(story: Story, expected: dict[str, Any]) -> None:
    """The movements of one account in one period."""
    (movement,) = story.body("GET /glmovements")["glMovements"]
    assert fits(expected, movement)


def check_reversal(story: Story, expected: dict[str, Any]) -> None:
    """The reversal: its result, and the day it was posted on."""
    (result,) = story.body("POST /autopostings/reversal")["autoPostings"]
    days = story.house.rows("select distinct gl_date::text from gl_item where transaction_no = %s", result["transactionNo"])
    assert (result["resultType"], days) == (expected["resultType"], [(expected["glDate"],)])


def check_original(story: Story, expected: dict[str, Any]) -> None:
    """The lines of the transaction that was reversed."""
    assert all(fits(expected, item) for item in story.body("GET /glitems")["glItems"])


def check_document(story: Story, expected: dict[str, Any]) -> None:
    """The document that was posted."""
    number = next(answer.json()["documentNo"] for call, answer in reversed(story.answers) if call == "POST /documents")
    assert fits(expected, story.house.get(f"/documents/{number}").json())


def check_credit_notes(story: Story, expected: list[dict[str, Any]]) -> None:
    """The amounts of the credit notes in the order in which they were made."""
    rows = story.house.rows("select excl_vat, vat, incl_vat from document where document_type = 'CN' order by transaction_no")
    assert [tuple(map(float, row)) for row in rows] == [tuple(float(one[key]) for key in ("exclVat", "vat", "inclVat")) for one in expected]


def check_gl_date(story: Story, expected: str) -> None:
    """Each of the two clients posts on the day that it is there."""
    assert expected == "of each client = date now in its zone; the two are never equal (25 hours apart)"
    zones = {"east": "Pacific/Kiritimati", "west": "Pacific/Pago_Pago"}
    posted = {name: house.rows("select distinct gl_date from gl_item") for name, house in story.others.items()}
    assert posted == {name: [(story.house.clock.now().astimezone(ZoneInfo(zone)).date(),)] for name, zone in zones.items()}
    assert posted["east"] != posted["west"]


def check_letters(story: Story, expected: list[list[str]]) -> None:
    """The customers that each run made a letter for."""
    found = []
    for call, answer in story.answers:
        if call == "POST /actions":
            items = story.house.get(f"/batches/{answer.json()['batchUuid']}").json()["items"]
            found.append([item["customerNo"] for item in items if item["result"] == "CREATED"])
    assert found == expected


def check_notes(story: Story, expected: list[list[float]]) -> None:
    """The amounts of the interest notes that each run made."""
    found = []
    for call, answer in story.answers:
        if call == "POST /actions":
            items = story.house.get(f"/batches/{answer.json()['batchUuid']}").json()["items"]
            notes = [story.house.get(f"/documents/{item['documentNo']}").json() for item in items if item["result"] == "CREATED"]
            found.append([note["currencyAmounts"]["inclVat"] for note in notes])
    assert found == expected


def check_fees(story: Story, expected: int) -> None:
    """How many fees were charged by all runs together."""
    assert len([item for item in story.items() if item["arItemType"] == "RM"]) == expected


def check_documents_of_type(story: Story, expected: dict[str, int]) -> None:
    """How many documents of a type there are."""
    for document_type, count_of_type in expected.items():
        assert len(story.house.get(f"/documents?documenttype={document_type}").json()["documents"]) == count_of_type


READERS: dict[str, Any] = {
    "answers": check_answers,
    "items": check_items,
    "gl": check_gl,
    "no_header": check_no_header,
    "batch": check_batch,
    "failed": check_failed,
    "csv_cells": check_csv_cells,
    "pages": check_pages,
    "duplicates": check_duplicates,
    "missing": check_missing,
    "totalCount": check_total,
    "new_customer_listed": check_new_customer,
    "adb": check_adb,
    "glmovement": check_movement,
    "reversal": check_reversal,
    "original": check_original,
    "document": check_document,
    "letters_per_run": check_letters,
    "notes_per_run": check_notes,
    "fees": check_fees,
    "documents_of_type": check_documents_of_type,
    "credit_notes": check_credit_notes,
    "glDate": check_gl_date,
    "note": lambda story, expected: None,
}
"""What each key of an expectation is held against; a note is for people."""
