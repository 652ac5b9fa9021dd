"""The OpenAPI document: complete against the contract, sound in itself, and true of what the API really answers."""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
import jsonschema
import pytest

from reskontro.app import build_openapi
from reskontro.rooms import all_operations
from reskontro.web.operations import Operation, Router
from tests.api.support import amounts, close_periods, credit_note, exchange_rate, invoice, line, payment
from tests.api.uploads import PNG, new_file
from tests.house import House, exact_json
from tests.shared_data import shared_path

WHOLE_TAGS = ("Actions", "Authentication", "Batches", "Customers", "Documents", "Files", "Health", "Administration")
"""Rooms that are finished: every operation that the contract lists under the tag is there with everything it lists."""


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The document as it is built, in its JSON form."""
    return json.loads(json.dumps(build_openapi()))


class TestAgainstTheContract:
    @pytest.mark.parametrize("tag", WHOLE_TAGS)
    def test_nothing_is_lacking(self, document: dict[str, Any], tmp_path: Path, tag: str) -> None:
        """Every path, parameter, status and field of the tag, with its type and whether it is required."""
        built = tmp_path / "openapi.json"
        built.write_text(json.dumps(document))
        program = [sys.executable, str(shared_path("contract/check_openapi.py")), str(built), "--product", "arm", "--tag", tag]
        done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert not done.stdout.startswith("0 of 0")

    def test_what_is_offered_is_whole(self, document: dict[str, Any], tmp_path: Path) -> None:
        """Of rooms that are not finished every operation that is there lacks nothing."""
        built = tmp_path / "openapi.json"
        built.write_text(json.dumps(document))
        program = [sys.executable, str(shared_path("contract/check_openapi.py")), str(built), "--product", "arm"]
        done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
        *findings, _ = done.stdout.splitlines()
        operation = ""
        lacking = []
        for finding in findings:
            if not finding.startswith(" "):
                operation = finding
            elif finding.strip() != "operation missing":
                lacking.append(f"{operation} {finding.strip()}")
        assert lacking == []


class TestSoundness:
    def test_it_is_served(self, module_house: House, document: dict[str, Any]) -> None:
        """/openapi.json is what was built."""
        assert module_house.http.get("/openapi.json").json() == document

    def test_its_head(self, document: dict[str, Any]) -> None:
        """Version 3.1, a title, a version, servers."""
        assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
        assert {"title", "version"} <= set(document["info"])
        assert document["servers"]

    def test_every_reference_leads_somewhere(self, document: dict[str, Any]) -> None:
        """Nothing points at a component that is not there, and no component is there for nothing."""
        used = set()
        for reference in references(document):
            target: Any = document
            for part in reference.removeprefix("#/").split("/"):
                assert part in target, reference
                target = target[part]
            used.add(reference)
        assert {f"#/components/schemas/{name}" for name in document["components"]["schemas"]} - used == set()

    def test_every_schema_is_one(self, document: dict[str, Any]) -> None:
        """All schemas, also those of parameters, headers and bodies, are valid JSON Schema of the draft that OpenAPI 3.1 builds on."""
        seen = 0
        for schema in schemas(document):
            jsonschema.Draft202012Validator.check_schema(schema)
            seen += 1
        assert seen > 100

    def test_every_pattern_is_one(self, document: dict[str, Any]) -> None:
        """Patterns can be read, and required keys are declared."""
        for schema in schemas(document):
            for part in walk(schema):
                if isinstance(part.get("pattern"), str):
                    re.compile(part["pattern"])
                if isinstance(part.get("required"), list) and isinstance(part.get("properties"), dict):
                    assert set(part["required"]) <= set(part["properties"])

    def test_every_operation_is_described(self, document: dict[str, Any]) -> None:
        """Ids are unique, path names are declared as required parameters, no parameter twice, every answer has words."""
        ids = []
        for path, methods in document["paths"].items():
            for operation in methods.values():
                ids.append(operation["operationId"])
                assert operation["summary"]
                assert operation["tags"]
                parameters = [(parameter["name"], parameter["in"]) for parameter in operation["parameters"]]
                assert len(parameters) == len(set(parameters)), path
                assert {name for name, place in parameters if place == "path"} == set(re.findall(r"\{(\w+)\}", path))
                assert all(parameter["required"] for parameter in operation["parameters"] if parameter["in"] == "path")
                assert any(status.startswith("2") for status in operation["responses"])
                for status, answer in operation["responses"].items():
                    assert re.fullmatch(r"[2-5]\d\d", status)
                    assert answer["description"]
                for requirement in operation["security"]:
                    for name, scopes in requirement.items():
                        flows = document["components"]["securitySchemes"][name]["flows"].values()
                        assert set(scopes) <= set(next(iter(flows))["scopes"])
        assert len(ids) == len(set(ids))
        assert set(ids) == {operation.id for operation in all_operations()}

    def test_what_any_call_can_answer_is_announced(self, document: dict[str, Any]) -> None:
        """Behind a token 400, 401, 403, 406, 429, 500 and 503; with a body 413 and 415; a POST or PUT 409."""
        for operation in all_operations():
            if operation.scope is None:
                continue
            announced = set(map(int, document["paths"][operation.path][operation.method.lower()]["responses"]))
            expected = {400, 401, 403, 406, 429, 500, 503}
            if operation.body is not None:
                expected |= {413, 415}
            if operation.is_write:
                expected |= {409}
            if "{" in operation.path:
                expected |= {404}
            assert expected <= announced, (operation.id, expected - announced)


def references(value: Any) -> Iterator[str]:
    """All references of a document."""
    for part in walk(value):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """All objects of a document."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from walk(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner)


def schemas(document: dict[str, Any]) -> Iterator[Any]:
    """All schemas of a document."""
    yield from document["components"]["schemas"].values()
    for part in walk(document["paths"]):
        if "schema" in part:
            yield part["schema"]


# ------------------------------------------------------------------------------------------------ what is really answered


@dataclass
class Tour:
    """Every answer that a walk through the API got, with the operation it came from."""

    answers: list[tuple[Operation, httpx2.Response]] = field(default_factory=list)

    def note(self, response: httpx2.Response) -> None:
        """Remember one."""
        operation, _, _ = Router(all_operations()).find(response.request.method, response.request.url.path)
        if operation is not None:
            response.read()
            self.answers.append((operation, response))


@pytest.fixture(scope="module")
def tour(module_house: House) -> Tour:
    """A walk past every operation: objects with few and with all fields, in lists and alone, good calls and refused ones."""
    tour = Tour()
    module_house.http.event_hooks["response"] = [tour.note]
    house = replace(module_house, client_no=5500, _tokens={})
    walk_through(house)
    module_house.http.event_hooks["response"] = []
    return tour


def walk_through(house: House) -> None:
    """The calls of the tour."""
    created = house.post(
        "/arm/v1/clients", {"client": {"clientNo": house.client_no, "name": "N", "organizationNo": "310044113", "ledgerStart": "2026-01-01"}}
    )
    assert created.status_code == 201
    client_no, _ = house.credential(client_nos=[house.client_no])
    house.http.post("/token", data={"grant_type": "client_credentials", "client_id": client_no, "client_secret": "wrong"})
    house.http.post("/token", data={"grant_type": "other"})
    for path in ("/.well-known/jwks.json", "/arm/v1/health", "/arm/v1/health?probe=live", "/arm/v1/health?probe=x"):
        house.http.get(path)
    house.get("/arm/v1/clients")
    house.get("")
    house.put("", {"client": {"name": "Renamed"}})
    customer = {"customerNo": "100001", "name": "Kari", "ssn": "10915596784", "limitAmount": 1, "emailAddressDocument": ["a@prove.example.no"]}
    house.post("/customers", {"customer": customer})
    house.post("/customers", {"customer": {"customerNo": "100002", "name": "B"}})
    house.post("/customers", {"customer": {"customerNo": "gone", "name": "B", "zzz": 1}})
    house.put("/customers", {"customer": {"customerNo": "100001", "language": "en"}})
    house.put("/customers", {"customer": {"customerNo": "nobody", "name": "x"}})
    house.post("/customers", {"customer": {"customerNo": "å"}})
    house.call("DELETE", "/customers/gone")
    exchange_rate(house, "EUR", "11.5")
    close_periods(house, "2026-01-31")
    house.put("/clientconfigs/gl.dimensions", {"clientConfig": {"value": [{"dimensionNo": 1, "name": "Avdeling"}], "validFrom": "2026-11-01"}})
    full = invoice(
        documentNo="1",
        kid="0010017",
        dimensions=[{"dimensionNo": 1, "value": "N"}],
        customCodes=[{"code": "c", "value": "v"}],
        einvoiceAddress={"address": "x"},
        attachmentCodes=["A"],
        documentLines=[line(1, 1000, 250), {"lineNo": 2, "lineType": "TXT", "lineText": "t"}],
        deliveryDate="2026-10-01",
    )
    for document in (
        full,
        full,
        invoice(documentNo="2", currency="EUR"),
        invoice(documentType="RM", documentNo="3", currencyAmounts=amounts(0, 0)),
        invoice(documentType="IT", documentNo="4", referenceDocumentNo="1", currencyAmounts=amounts(10, 0)),
        credit_note("1", 100, 25, documentNo="5"),
        payment(50, documentNo="6", kid="0010017", payment={"payerName": "K"}),
        invoice(documentNo="å"),
    ):
        house.post("/documents", {"document": document})
    house.call("DELETE", "/customers/100001")
    for query in ("", "?expand=lines,aritem,glitems,customer", "?pagesize=5", "?pagesize=5&pageno=2", "?documentno=x", "?zzz=1"):
        house.get(f"/documents{query}")
    for number in ("1", "2", "3", "4", "5", "6", "nothing"):
        house.get(f"/documents/{number}?expand=aritem,glitems,customer")
    for query in ("", "?expand=balance", "?pagesize=5&maximumcount=1", "?zzz=1"):
        house.get(f"/customers{query}")
    for path in ("/customers/100001?expand=balance", "/customers/100002", "/customers/nobody"):
        house.get(path)
    bodies = {
        "/customers/batches": {"customers": [{"customerNo": "B"}, {"customerNo": "100002", "name": "C"}]},
        "/documents/batches": {"documents": [invoice(), {}]},
    }
    for path, body in bodies.items():
        batch = house.post(path, body).json()["batchUuid"]
        house.get(f"/batches/{batch}")
        house.work()
        for query in ("", "?expand=diagnostics", "?pageno=1&pagesize=5", "?result=FAILED", "?result=X"):
            house.get(f"/batches/{batch}{query}")
        house.post(f"/batches/{batch}/cancel")
        new = house.post(f"/batches/{batch}/retryfailed").json()["batchUuid"]
        house.post(f"/batches/{batch}/retryfailed")
        house.post(f"/batches/{new}/cancel")
        house.get(f"/batches/{new}?expand=diagnostics")
        house.post(path, {})
    house.put("/customers/batches", {"customers": [{"customerNo": "B"}]})
    house.work()
    for query in ("", "?status=PROCESSED", "?zzz=1"):
        house.get(f"/batches{query}")
    for path in ("/glaccounts", "/postingrules", "/periods", "/periods?status=CLOSED", "/glaccounts?active=true"):
        house.get(path)
    house.put("/glaccounts/3010", {"glAccount": {"name": "Salg", "accountType": "INCOME"}})
    house.put("/glaccounts/3010", {"glAccount": {"name": "Annet salg", "defaultVatCode": "3"}})
    house.put("/glaccounts/x", {"glAccount": {}})
    house.put("/postingrules/1001", {"postingRule": {"event": "IN", "itemGroup1": "g", "contraAccount": "3010"}})
    house.put("/postingrules/1001", {"postingRule": {"active": False}})
    house.put("/periods/2026/2", {"period": {"status": "CLOSED"}, "metadata": {"userId": "anne"}})
    house.put("/periods/2026/2", {"period": {"status": "OPEN", "reason": "r"}, "metadata": {"userId": "ola"}})
    house.put("/periods/2026/9", {"period": {"status": "CLOSED"}})
    house.put("/periods/1999/1", {"period": {"status": "CLOSED"}})
    files = [new_file(documentNo="1", clientReference="r"), new_file(PNG, "a.png")]
    for several in (files[:1], files, [*files, {}], [{}], files * 11):
        house.post("/files", {"files": several})
    file_id = house.get("/files?filename=invoice").json()["files"][0]["fileId"]
    for query in ("", "?expand=content", "?zzz=1"):
        house.get(f"/files/{file_id}{query}")
    house.get(f"/files/{file_id}", headers={"Accept": "application/octet-stream"})
    house.get(f"/files/{'A' * 22}")
    asked: list[tuple[str, dict[str, Any]]] = [
        ("/actions/reports", {"report": {"reportType": "AGEING", "format": "CSV", "clientReference": "r"}}),
        ("/actions/reports", {"report": {"reportType": "TRIAL-BALANCE", "colour": "red"}}),
        ("/actions", {"action": {"actionType": "PERIOD-CLOSE", "glYear": 2026, "glPeriod": 2, "validateOnly": True}}),
        ("/actions", {"action": {"actionType": "PERIOD-CLOSE"}}),
    ]
    queued = [answer.json()["batchUuid"] for answer in (house.post(path, body) for path, body in asked) if answer.status_code == 202]
    house.work()
    for batch in queued:
        house.get(f"/batches/{batch}?expand=diagnostics")
    house.get("/customers", token="none")
    house.get("/customers", headers={"Accept": "text/html"})
    house.post("/customers", {}, headers={"Content-Type": "text/plain"})
    # Whatever else can be read without naming an object.
    for operation in all_operations():
        if operation.method == "GET" and operation.scope is not None and operation.path.count("{") == (0 if operation.any_client else 1):
            house.get(operation.path.replace("{clientno}", str(house.client_no)))


def strict(document: dict[str, Any]) -> dict[str, Any]:
    """The document with schemas that allow no key that they do not declare."""
    closed = copy.deepcopy(document)
    for part in walk(closed["components"]["schemas"]):
        if isinstance(part.get("properties"), dict) and part.get("type") == "object":
            part.setdefault("additionalProperties", False)
    return closed


class TestRealAnswers:
    def test_every_operation_was_visited(self, tour: Tour) -> None:
        """Each operation of the finished rooms answered 2xx at least once, and was refused at least once."""
        finished = {operation.id for operation in all_operations() if operation.tag in WHOLE_TAGS}
        assert finished - {operation.id for operation, answer in tour.answers if answer.status_code < 300} == set()

    def test_they_are_as_declared(self, tour: Tour, document: dict[str, Any]) -> None:
        """Status, media type and body of every answer are those of the document, to the last key."""
        closed = strict(document)
        validators: dict[tuple[str, str], jsonschema.Draft202012Validator] = {}
        wrong = []
        for operation, answer in tour.answers:
            declared = closed["paths"][operation.path][operation.method.lower()]["responses"].get(str(answer.status_code))
            if declared is None:
                wrong.append(f"{operation.id} {answer.status_code} is not declared")
                continue
            media = answer.headers["content-type"].partition(";")[0]
            if media not in declared["content"]:
                wrong.append(f"{operation.id} {answer.status_code} {media} is not declared")
                continue
            if "json" not in media:
                continue
            key = (operation.id, str(answer.status_code))
            if key not in validators:
                schema = {**declared["content"][media]["schema"], "components": closed["components"]}
                validators[key] = jsonschema.Draft202012Validator(schema)
            for error in validators[key].iter_errors(exact_json(answer)):
                wrong.append(f"{operation.id} {answer.status_code} {error.json_path}: {error.message[:200]}")
        assert list(dict.fromkeys(wrong)) == [], "\n".join(dict.fromkeys(wrong))

    def test_entities_have_every_key(self, tour: Tour, document: dict[str, Any]) -> None:
        """In entities every declared key is present, except those that need an expand value or belong to one type."""
        missing = set()
        for operation, answer in tour.answers:
            if operation.method != "GET" or answer.status_code != 200 or operation.tag not in ("Customers", "Documents", "Administration"):
                continue
            list_key = operation.answers[200].list_key
            schema = operation.answers[200].schema
            assert schema is not None
            records = answer.json()[list_key] if list_key else [answer.json()]
            for record in records:
                for declared in schema.fields:
                    optional = declared.use == "in" or "expand=" in declared.description or declared.name in ("payment", "balance")
                    optional = optional or (declared.name == "documentLines" and list_key is not None)
                    if not optional and declared.name not in record:
                        missing.add((operation.id, declared.name))
        assert missing == set()
