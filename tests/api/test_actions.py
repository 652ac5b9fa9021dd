"""POST /actions: what it takes, what it refuses, and that a run is queued once."""

from __future__ import annotations

from typing import Any

import pytest

from reskontro.receivable.actions.runs import RUNS
from tests.house import House

TODAY = "2026-11-25"


def start(house: House, **action: Any) -> Any:
    """The answer to an action; a dunning run unless told otherwise."""
    return house.post("/actions", {"metadata": {"userId": "anne"}, "action": {"actionType": "DUNNING-RUN", **action}})


def refused(house: House, **action: Any) -> list[tuple[str, str]]:
    """(code, pointer) of the findings of an action that must be refused and queue nothing."""
    before = house.rows("select count(*) from batch")
    answer = start(house, **action)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION-FAILED"), answer.text
    assert house.rows("select count(*) from batch") == before
    return [(error["code"], error["pointer"]) for error in answer.json()["errors"]]


class TestAccepting:
    def test_a_run_is_a_batch(self, module_house: House) -> None:
        """202 with the batch, where it is seen, and when to look again; the worker does it."""
        answer = start(module_house)
        batch = answer.json()
        assert answer.status_code == 202
        assert batch["status"] == "QUEUED"
        assert answer.headers["Location"].endswith(f"/arm/v1/clients/{module_house.client_no}/batches/{batch['batchUuid']}")
        assert answer.headers["Retry-After"]
        module_house.work()
        done = module_house.get(f"/batches/{batch['batchUuid']}?expand=diagnostics").json()
        assert (done["status"], done["result"], done["entity"], done["operation"], done["userId"]) == (
            "PROCESSED",
            "SUCCESS",
            "ACTION",
            "RUN",
            "anne",
        )

    def test_what_is_sent_is_kept_with_defaults(self, module_house: House) -> None:
        """The run date is the client's today unless it is said."""
        sent = {"customerNos": ["A", " ", "b"], "maximumStep": 2, "validateOnly": True, "clientReference": "r-1", "runDate": "2026-11-01"}
        assert start(module_house, **sent).status_code == 202
        ((request,),) = module_house.rows("select request from batch order by accept_no desc limit 1")
        kept = {"actionType": "DUNNING-RUN", **sent, "customerNos": ["A", "b"], "language": "en"}
        assert request == kept
        assert start(module_house, actionType="dunning-run").status_code == 202
        ((request,),) = module_house.rows("select request from batch order by accept_no desc limit 1")
        assert request == {"actionType": "DUNNING-RUN", "runDate": TODAY, "language": "en"}
        module_house.work()

    def test_the_same_key_queues_one_run(self, module_house: House) -> None:
        """An Idempotency-Key gives the first answer again."""
        headers = {"Idempotency-Key": "run-1"}
        body = {"action": {"actionType": "DUNNING-RUN"}}
        first = module_house.post("/actions", body, headers=headers)
        again = module_house.post("/actions", body, headers=headers)
        assert first.status_code == again.status_code == 202
        assert again.content == first.content
        assert module_house.post("/actions", {"action": {"actionType": "DUNNING-RUN", "maximumStep": 1}}, headers=headers).status_code == 409
        module_house.work()

    def test_the_token_needs_to_write(self, module_house: House) -> None:
        """read:arm is not enough."""
        token = module_house.token(("read:arm",))
        answer = module_house.post("/actions", {"action": {"actionType": "DUNNING-RUN"}}, token=token)
        assert (answer.status_code, answer.json()["code"]) == (403, "INSUFFICIENT-SCOPE")


class TestRefusing:
    def test_every_finding_at_once(self, module_house: House) -> None:
        """In the order of the fields, unknown ones last."""
        found = refused(
            module_house, runDate="2026-11-31", customerNos=["x" * 21], maximumStep=0, validateOnly="yes", clientReference="r" * 65, more=1
        )
        assert found == [
            ("FORMAT", "/action/runDate"),
            ("LENGTH", "/action/customerNos/0"),
            ("RANGE", "/action/maximumStep"),
            ("TYPE", "/action/validateOnly"),
            ("LENGTH", "/action/clientReference"),
            ("UNKNOWN-FIELD", "/action/more"),
        ]

    def test_the_type_must_be_one_that_there_is(self, module_house: House) -> None:
        """A type that the contract lists and this version does not have is refused like any other."""
        for action_type in ("REMINDER-RUN", *({"INTEREST-RUN", "MATCHING-RUN", "PERIOD-CLOSE", "AVTALEGIRO-RUN"} - set(RUNS))):
            assert refused(module_house, actionType=action_type) == [("CODE-UNKNOWN", "/action/actionType")]
        assert refused(module_house, actionType=None) == [("REQUIRED", "/action/actionType")]

    @pytest.mark.parametrize("field", ["interestTo", "glYear", "glPeriod"])
    def test_fields_of_other_runs_are_unknown(self, module_house: House, field: str) -> None:
        """Each type takes its own fields."""
        value = {"interestTo": TODAY, "glYear": 2026, "glPeriod": 9}[field]
        assert refused(module_house, **{field: value}) == [("UNKNOWN-FIELD", f"/action/{field}")]

    def test_a_letter_is_dated_the_day_it_is_made(self, module_house: House) -> None:
        """Another day than today only to look what would be done, and never one to come."""
        assert refused(module_house, runDate="2026-11-24") == [("RANGE", "/action/runDate")]
        assert refused(module_house, runDate="2026-11-26") == [("RANGE", "/action/runDate")]
        assert refused(module_house, runDate="2026-11-26", validateOnly=True) == [("RANGE", "/action/runDate")]
        assert start(module_house, runDate="2026-11-24", validateOnly=True).status_code == 202
        module_house.work()

    def test_more_customers_than_a_run_is_limited_to(self, module_house: House) -> None:
        """1,000."""
        assert refused(module_house, customerNos=[str(n) for n in range(1_001)]) == [("COUNT", "/action/customerNos")]

    def test_a_body_of_another_shape(self, module_house: House) -> None:
        """One action, as an object."""
        for body in ({}, {"action": []}, {"actions": []}, {"action": {}, "more": 1}):
            assert module_house.post("/actions", body).json()["code"] == "MALFORMED-BODY"
