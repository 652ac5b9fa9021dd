"""Operations: what the surface offers, declared once. Routing, access, parameters, the OpenAPI document and the tests of tenancy read it here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from reskontro.kit.fields import Schema

if TYPE_CHECKING:
    from reskontro.web.calls import Call
    from reskontro.web.replies import Reply

JSON = "application/json"
NDJSON = "application/x-ndjson"
CSV = "text/csv"
OCTETS = "application/octet-stream"
FORM = "application/x-www-form-urlencoded"
PROBLEM = "application/problem+json"

ARM = "/arm/v1"
CLIENT = ARM + "/clients/{clientno}"

ParameterKind = Literal["text", "texts", "integer", "integers", "date", "moment", "boolean", "id", "ids", "choice", "choices"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter: its kind decides how the text is read; ``texts``, ``integers``, ``ids`` and ``choices`` are comma lists meaning "or"."""

    name: str
    kind: ParameterKind
    description: str
    values: tuple[str, ...] = ()
    length_max: int = 500
    minimum: int | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """The JSON body of a call: the key of the entity beside ``metadata``, and its schema; ``many`` says that it holds an array of them.

    ``limit`` names the setting with the most bytes it may have; a streamed body is measured by whoever reads it.
    """

    entity: str | None
    schema: Schema | None
    many: bool = False
    required: bool = True
    media: tuple[str, ...] = (JSON,)
    streamed: bool = False
    limit: str = "body_bytes_max"


@dataclass(frozen=True, slots=True)
class Answer:
    """One successful answer: when it comes, its schema, and for lists the key of the array."""

    when: str
    schema: Schema | None = None
    list_key: str | None = None
    media: tuple[str, ...] = (JSON,)
    headers: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    """Media types that some of the objects can be given out in; the endpoint knows which."""


Endpoint = Callable[["Call"], "Reply"] | Callable[["Call"], Awaitable["Reply"]]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path. ``scope`` None means that no token is needed."""

    id: str
    method: str
    path: str
    tag: str
    summary: str
    scope: str | None
    answers: Mapping[int, Answer]
    endpoint: Endpoint
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    problems: tuple[int, ...] = ()
    any_client: bool = False
    """Behind a token, but without a client in its path."""
    all_clients: bool = False
    """Only for a token that may use every client."""
    refusals: Mapping[int, Schema] = field(default_factory=dict)
    """Problems that say more than others, by status."""
    quick: bool = False
    """A read of few rows, which is run in the event loop (see ``db/quick.py``): its endpoint only reads, by ``call.reading()``."""
    locks: bool = False
    """A GET that takes the client's write lock, for what it notes in the log: it waits with the writers."""

    @property
    def is_write(self) -> bool:
        """Whether the operation may change something."""
        return self.method != "GET"

    @property
    def idempotent(self) -> bool:
        """Whether an Idempotency-Key counts."""
        return self.method in ("POST", "PUT") and self.scope is not None


USER_ID = Parameter("userid", "text", "Person on whose behalf the call is made, for the log", length_max=64)


def expand_parameter(*values: str) -> Parameter:
    """The parameter that asks for more than an object's own keys."""
    return Parameter("expand", "choices", "More to include: " + ", ".join(values), values=values)


@dataclass(slots=True)
class Routes:
    """The operations of one room, gathered by its endpoints module."""

    operations: list[Operation] = field(default_factory=list)

    def add(
        self,
        id: str,
        method: str,
        path: str,
        *,
        tag: str,
        summary: str,
        scope: str | None,
        answers: Mapping[int, Answer],
        parameters: Sequence[Parameter] = (),
        body: Body | None = None,
        problems: Sequence[int] = (),
        any_client: bool = False,
        all_clients: bool = False,
        refusals: Mapping[int, Schema] | None = None,
        quick: bool = False,
        locks: bool = False,
    ) -> Callable[[Any], Any]:
        """Decorator that declares the function as the endpoint of an operation."""

        def register(endpoint: Any) -> Any:
            known = tuple(parameters)
            if scope is not None and method in ("GET", "DELETE"):
                known += (USER_ID,)
            self.operations.append(
                Operation(
                    *(id, method, path, tag, summary, scope, answers, endpoint, known, body, tuple(problems), any_client, all_clients),
                    refusals=refusals or {},
                    quick=quick,
                    locks=locks,
                )
            )
            return endpoint

        return register


class Router:
    """Finds the operation for a method and a path; literal segments win over named ones."""

    def __init__(self, operations: Sequence[Operation]) -> None:
        self._by_length: dict[int, list[tuple[tuple[str, ...], dict[str, Operation]]]] = {}
        for operation in operations:
            segments = tuple(operation.path.split("/"))
            shape = tuple("" if segment.startswith("{") else segment for segment in segments)
            entries = self._by_length.setdefault(len(segments), [])
            for known, methods in entries:
                if known == shape:
                    methods[operation.method] = operation
                    break
            else:
                entries.append((shape, {operation.method: operation}))
        for entries in self._by_length.values():
            entries.sort(key=lambda entry: sum(segment == "" for segment in entry[0]))

    def find(self, method: str, path: str) -> tuple[Operation | None, dict[str, str], list[str]]:
        """The operation with the values of the path's names; without one, the methods the path does have."""
        segments = path.split("/")
        allowed: set[str] = set()
        for shape, methods in self._by_length.get(len(segments), ()):
            if all(known == segment or (not known and segment) for known, segment in zip(shape[1:], segments[1:], strict=True)):
                operation = methods.get(method)
                if operation is not None:
                    names = operation.path.split("/")
                    return operation, {n[1:-1]: s for n, s in zip(names, segments, strict=True) if n.startswith("{")}, []
                allowed.update(methods)
        return None, {}, sorted(allowed)
