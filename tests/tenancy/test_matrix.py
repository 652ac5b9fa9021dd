"""Who may not: every operation refuses every caller it should refuse, with the right problem, and nothing is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from reskontro.db.engine import Database
from reskontro.kit.clock import MovableClock
from reskontro.rooms import all_operations
from reskontro.settings import Settings
from reskontro.web.operations import Operation
from tests.conftest import NOW
from tests.house import House, serve
from tests.tenancy.stories import OURS, THEIRS, UNKNOWN, contents, settle_in, signed_token

PUBLIC = {"createToken", "getJwks", "getHealth"}
"""Operations without a token: they show no client's data."""
SAME_FOR_ALL = {
    "glaccount": "1500",
    "postingruleno": "1",
    "glyear": "2026",
    "glperiod": "1",
    "configkey": "base.country",
    "codetype": "CUSTOM",
    "code": "X",
    "autopostingmethod": "payment",
}
"""Names in paths that mean something with every client, so that no client's object is foreign to another."""
NOBODYS_ID = "A" * 22
SCOPES = ("read:arm", "write:arm", "admin:arm")

OPERATIONS = all_operations()
BEHIND_TOKEN = [operation for operation in OPERATIONS if operation.scope is not None]
OF_A_CLIENT = [operation for operation in BEHIND_TOKEN if not operation.any_client]


def names_of(operation: Operation) -> list[str]:
    """The names in the path besides the client."""
    return [part[1:-1] for part in operation.path.split("/") if part.startswith("{") and part != "{clientno}"]


NAMING = [operation for operation in OF_A_CLIENT if set(names_of(operation)) - set(SAME_FOR_ALL)]


def path_of(operation: Operation, client_no: int | str, objects: Mapping[str, str]) -> str:
    """The operation's path with a client and with names of objects."""
    path = operation.path.replace("{clientno}", str(client_no))
    for name in names_of(operation):
        path = path.replace(f"{{{name}}}", SAME_FOR_ALL.get(name) or objects.get(name, NOBODYS_ID))
    return path


@dataclass
class Matrix:
    """Two clients with something of everything: what each has by its names in paths, and a connection that sees all of it."""

    house: House
    ours: dict[str, str]
    theirs: dict[str, str]
    superuser: psycopg.Connection
    nobodys_token: str
    """Signed by us, for no client at all; the token endpoint would not give it."""
    clientless_token: str
    """Signed by us, without a word about clients."""

    def refuse(
        self, operation: Operation, client_no: int | str, token: str | None, status: int, code: str, *, objects: Mapping[str, str] | None = None
    ) -> Any:
        """Call it with a body of the right outer shape; require the refusal, and a database that stayed as it was."""
        body = operation.body
        json = {body.entity: [{}] if body.many else {}} if body is not None and body.entity is not None else None
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        before = contents(self.superuser)
        answer = self.house.http.request(operation.method, path_of(operation, client_no, objects or self.ours), json=json, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert contents(self.superuser) == before
        return answer


@pytest.fixture(scope="module")
def matrix(module_database: Database, postgres: str) -> Iterator[Matrix]:
    """The two clients, and every token the tests use, so that making one is no change."""
    with serve(module_database, Settings(), MovableClock(NOW)) as house:
        theirs, ours = settle_in(house, THEIRS), settle_in(house, OURS)
        for clients in (None, [OURS]):
            for scopes in (SCOPES, *(tuple(scope for scope in SCOPES if scope != left_out) for left_out in SCOPES)):
                house.token(scopes, clients)
        url = make_conninfo(postgres, dbname=conninfo_to_dict(module_database.url)["dbname"])
        with psycopg.connect(url, autocommit=True) as superuser:
            yield Matrix(house, ours, theirs, superuser, signed_token(house, client_nos=[]), signed_token(house, client_nos=None))


def case(operation: Operation) -> str:
    """The name of a case."""
    return operation.id


def test_the_operations_without_a_token_are_the_known_ones() -> None:
    """An operation that forgot its scope would be open to everybody."""
    assert {operation.id for operation in OPERATIONS if operation.scope is None} == PUBLIC


def test_the_scope_follows_from_the_method_and_the_object() -> None:
    """Reading needs read:arm; other methods write:arm, those on how a client is set up admin:arm."""
    wrong = []
    for operation in BEHIND_TOKEN:
        sets_up = operation.tag == "Administration" or operation.id in ("putClientConfig", "putCode")
        needed = "read:arm" if operation.method == "GET" else "admin:arm" if sets_up else "write:arm"
        if operation.scope != needed:
            wrong.append(operation.id)
    assert wrong == []


def test_the_story_has_an_object_for_every_name(matrix: Matrix) -> None:
    """What is said below of objects of another client needs one of each: a new room lets ``settle_in`` make its own."""
    named = {name for operation in OF_A_CLIENT for name in names_of(operation)}
    assert named - set(SAME_FOR_ALL) - set(matrix.theirs) == set()


@pytest.mark.parametrize("operation", BEHIND_TOKEN, ids=case)
class TestNoRight:
    def test_no_token(self, matrix: Matrix, operation: Operation) -> None:
        """401 with the challenge of RFC 6750."""
        assert matrix.refuse(operation, OURS, None, 401, "UNAUTHENTICATED").headers["www-authenticate"].startswith("Bearer")

    def test_a_text_that_is_no_token(self, matrix: Matrix, operation: Operation) -> None:
        """What no key of the issuer has signed is no token."""
        answer = matrix.refuse(operation, OURS, "abc.def.ghi", 401, "UNAUTHENTICATED")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"]

    def test_the_scope_is_missing(self, matrix: Matrix, operation: Operation) -> None:
        """No other scope stands in for the one that is needed."""
        token = matrix.house.token(tuple(scope for scope in SCOPES if scope != operation.scope))
        answer = matrix.refuse(operation, OURS, token, 403, "INSUFFICIENT-SCOPE")
        assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("operation", OF_A_CLIENT, ids=case)
class TestNotTheirClient:
    def test_the_token_of_another_client(self, matrix: Matrix, operation: Operation) -> None:
        """403, and the same words for a client that does not exist: the answer does not tell which clients there are."""
        token = matrix.house.token(SCOPES, [OURS])
        known = matrix.refuse(operation, THEIRS, token, 403, "CLIENT-FORBIDDEN", objects=matrix.theirs)
        unknown = matrix.refuse(operation, UNKNOWN, token, 403, "CLIENT-FORBIDDEN", objects=matrix.theirs)
        left_out = {"instance", "requestId"}
        bodies = [{key: value for key, value in answer.json().items() if key not in left_out} for answer in (known, unknown)]
        assert bodies[0] == bodies[1]
        assert known.headers["www-authenticate"] == unknown.headers["www-authenticate"]

    def test_a_token_for_no_client(self, matrix: Matrix, operation: Operation) -> None:
        """An empty list of clients means none, never all."""
        matrix.refuse(operation, OURS, matrix.nobodys_token, 403, "CLIENT-FORBIDDEN")

    def test_a_token_that_does_not_say_for_whom(self, matrix: Matrix, operation: Operation) -> None:
        """A token without the claim is refused; it is never read as one for all clients."""
        matrix.refuse(operation, OURS, matrix.clientless_token, 401, "UNAUTHENTICATED")

    def test_a_client_that_does_not_exist_for_an_operator(self, matrix: Matrix, operation: Operation) -> None:
        """404 for whoever may use every client."""
        matrix.refuse(operation, UNKNOWN, matrix.house.token(SCOPES), 404, "NOT-FOUND")

    def test_a_client_number_that_is_none(self, matrix: Matrix, operation: Operation) -> None:
        """400 before anything is looked up."""
        matrix.refuse(operation, "abc", matrix.house.token(SCOPES), 400, "INVALID-PARAMETER")


@pytest.mark.parametrize("operation", NAMING, ids=case)
def test_an_object_of_another_client_does_not_exist(matrix: Matrix, operation: Operation) -> None:
    """404 for what another client has, in the very words used for what nobody has."""
    token = matrix.house.token(SCOPES, [OURS])
    nobodys = {name: "X1" if name.endswith("no") else NOBODYS_ID for name in matrix.theirs}
    foreign = matrix.refuse(operation, OURS, token, 404, "NOT-FOUND", objects=matrix.theirs)
    unknown = matrix.refuse(operation, OURS, token, 404, "NOT-FOUND", objects=nobodys)
    texts = []
    for answer, objects in ((foreign, matrix.theirs), (unknown, nobodys)):
        text = answer.json()["detail"]
        for value in objects.values():
            text = text.replace(value, "...")
        texts.append(text)
    assert texts[0] == texts[1]


def test_the_same_calls_work_for_the_client_itself(matrix: Matrix) -> None:
    """The refusals above are not refusals of the paths: whoever has the right reads his own objects there."""
    token = matrix.house.token(SCOPES, [OURS])
    headers = {"Authorization": f"Bearer {token}"}
    found = {}
    for operation in OF_A_CLIENT:
        if operation.method == "GET":
            found[operation.id] = matrix.house.http.get(path_of(operation, OURS, matrix.ours), headers=headers).status_code
    assert found, "no operation reads anything"
    assert set(found.values()) == {200}, found


class TestLists:
    def test_every_list_shows_only_the_clients_own(self, matrix: Matrix) -> None:
        """No list answer of one client mentions the other's number or objects."""
        token = matrix.house.token(SCOPES, [OURS])
        for operation in OF_A_CLIENT:
            if operation.method == "GET" and not names_of(operation):
                answer = matrix.house.http.get(path_of(operation, OURS, {}), headers={"Authorization": f"Bearer {token}"})
                assert answer.status_code == 200, operation.id
                assert not [value for value in (str(THEIRS), *matrix.theirs.values()) if value in answer.text], operation.id

    def test_a_stored_list_of_another_client_cannot_be_read_on(self, matrix: Matrix) -> None:
        """404 QUERY-NOT-FOUND: the queryId is good for the client that it was made for."""
        mine = matrix.house.get("/customers", client_no=THEIRS).json()["summary"]["queryId"]
        answer = matrix.house.get(f"/customers?query={mine}", client_no=OURS)
        assert (answer.status_code, answer.json()["code"]) == (404, "QUERY-NOT-FOUND")


class TestClients:
    def test_the_list_of_clients_is_that_of_the_token(self, matrix: Matrix) -> None:
        """An operator sees both, a client itself, a token without clients none."""
        seen = []
        for token in (matrix.house.token(SCOPES), matrix.house.token(SCOPES, [OURS]), matrix.nobodys_token):
            answer = matrix.house.get("/arm/v1/clients", token=token)
            assert answer.status_code == 200
            seen.append([client["clientNo"] for client in answer.json()["clients"]])
        assert seen == [[OURS, THEIRS], [OURS], []]

    def test_only_an_operator_makes_clients(self, matrix: Matrix) -> None:
        """Whoever is bound to clients may not make another, not even with admin:arm."""
        before = contents(matrix.superuser)
        client = {"client": {"clientNo": 5000, "name": "N", "organizationNo": "310044113"}}
        answer = matrix.house.post("/arm/v1/clients", client, token=matrix.house.token(SCOPES, [OURS]))
        assert (answer.status_code, answer.json()["code"]) == (403, "CLIENT-FORBIDDEN")
        assert contents(matrix.superuser) == before


class TestKeys:
    def test_a_key_of_another_client_is_no_repetition(self, matrix: Matrix) -> None:
        """Both clients used the key k-1 on the same path: each got its own answer."""
        answers = [
            matrix.house.post(
                "/customers", {"customer": {"customerNo": f"K{client_no}", "name": "K"}}, client_no=client_no, headers={"Idempotency-Key": "k-1"}
            )
            for client_no in (OURS, THEIRS)
        ]
        assert [answer.headers.get("idempotency-replayed") for answer in answers] == ["true", "true"]
        assert [answer.json()["clientNo"] for answer in answers] == [OURS, THEIRS]
