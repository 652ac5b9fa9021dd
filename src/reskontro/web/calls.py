"""A call: who asks for what, for which client, with which parameters and body."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast
from uuid import UUID

from starlette.requests import Request

from reskontro.access.tokens import Authenticator, Principal
from reskontro.db.engine import Database, Transaction
from reskontro.kit.clock import Clock
from reskontro.kit.errors import Problem
from reskontro.kit.fields import Invalid, clean_text
from reskontro.kit.json import JsonMalformed, read_json
from reskontro.kit.messages import Language, Message
from reskontro.settings import Settings
from reskontro.web.operations import Body, Operation
from reskontro.web.rates import RateLimiter

if TYPE_CHECKING:
    from reskontro.web.metrics import Metrics

Part = TypeVar("Part")
USER_ID_CHARACTERS_MAX = 64
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}", re.ASCII)


@dataclass(slots=True)
class Services:
    """What every call can reach: the database, the settings, the clock, and the parts that rooms have put here by their class."""

    settings: Settings
    database: Database
    clock: Clock
    authenticator: Authenticator
    rates: RateLimiter
    metrics: Metrics
    public_url: str
    threads: ThreadPoolExecutor
    parts: dict[type, Any] = field(default_factory=dict)

    def put(self, part: object) -> None:
        """Make a part reachable for calls."""
        self.parts[type(part)] = part

    def part(self, kind: type[Part]) -> Part:
        """The part of that class."""
        return cast(Part, self.parts[kind])


class Call:
    """One call behind the checks that come before any rule: token, client, scope, rate, media types, size, parameters."""

    def __init__(
        self,
        services: Services,
        operation: Operation,
        request: Request,
        request_id: UUID,
        language: Language,
        path: Mapping[str, str],
    ) -> None:
        self.services = services
        self.operation = operation
        self.request = request
        self.request_id = request_id
        self.language: Language = language
        self.path = path
        self.principal: Principal | None = None
        self.client_no = 0
        self.parameters: dict[str, Any] = {}
        self.media = "application/json"
        self.body = b""
        self.body_user_id: str | None = None
        self.answers: Transaction | None = None
        """What a quick read runs on, while it runs in the event loop."""

    def reading(self) -> AbstractContextManager[Transaction]:
        """A transaction of the call's client, for an endpoint that only reads."""
        if self.answers is not None:
            return nullcontext(self.answers)
        return self.services.database.transaction(self.client_no)

    @property
    def caller(self) -> Principal:
        """Whose token it is; only calls behind a token may ask."""
        assert self.principal is not None
        return self.principal

    @property
    def subject(self) -> str:
        """The subject of the token: the actor in the log."""
        return self.caller.subject

    def require_scope(self, scope: str) -> None:
        """Raise Problem INSUFFICIENT-SCOPE unless the token has a scope."""
        if not self.caller.has_scope(scope):
            raise Problem(
                "INSUFFICIENT-SCOPE",
                f"this call needs the scope {scope}",
                headers={"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope}"'},
            )

    @property
    def user_id(self) -> str:
        """The person behind the caller, or else the token's subject."""
        given = self.parameters.get("userid") or self.body_user_id
        return cast(str, given) if given else self.subject[:USER_ID_CHARACTERS_MAX]

    @property
    def client_url(self) -> str:
        """The public address of the client's ledger, for links; of the API for a call without a client."""
        if self.operation.any_client:
            return f"{self.services.public_url}/arm/v1"
        return f"{self.services.public_url}/arm/v1/clients/{self.client_no}"

    @cached_property
    def idempotency_key(self) -> str | None:
        """The Idempotency-Key of the call; raises Problem HEADER-INVALID."""
        key = self.request.headers.get("idempotency-key")
        if key is None or not self.operation.idempotent:
            return None
        if not _IDEMPOTENCY_KEY.fullmatch(key):
            raise Problem("HEADER-INVALID", "Idempotency-Key must have 1 to 255 visible ASCII characters")
        return key

    def read_document(self) -> Any:
        """The JSON value of the body; raises Problem MALFORMED-JSON."""
        return read_document(self.body)

    def read_entity(self, body: Body) -> Any:
        """The entity of the body (an object, or a list of objects) after the outer shape was checked; takes over ``metadata.userId``."""
        document = self.read_document()
        if not isinstance(document, dict):
            raise Problem("MALFORMED-BODY", "the body must be an object")
        self.body_user_id = read_metadata(document.get("metadata"))
        known = {"metadata"} | ({body.entity} if body.entity else set())
        for key in document:
            if key not in known:
                raise Problem("MALFORMED-BODY", f"{key[:64]} is not a key of this body")
        if body.entity is None:
            return None
        entity = document.get(body.entity)
        if body.many:
            if not isinstance(entity, list) or not entity:
                raise Problem("MALFORMED-BODY", f"{body.entity} must be an array with at least one element")
            if not all(isinstance(element, dict) for element in entity):
                raise Problem("MALFORMED-BODY", f"every element of {body.entity} must be an object")
        elif not isinstance(entity, dict):
            raise Problem("MALFORMED-BODY", f"{body.entity} must be an object")
        return entity


def read_document(body: bytes) -> Any:
    """The JSON value of a body; raises Problem MALFORMED-JSON."""
    try:
        return read_json(body)
    except JsonMalformed as malformed:
        raise Problem("MALFORMED-JSON", malformed.detail) from None


def read_metadata(metadata: Any) -> str | None:
    """The userId in the metadata of a body, None without one; raises Problem MALFORMED-BODY or VALIDATION-FAILED."""
    if metadata is None:
        return None
    if not isinstance(metadata, dict):
        raise Problem("MALFORMED-BODY", "metadata must be an object")
    user_id = metadata.get("userId")
    if user_id is None or user_id == "":
        return None
    try:
        if not isinstance(user_id, str):
            raise Invalid("TYPE", type="string")
        cleaned = clean_text(user_id, multiline=False)
        if len(cleaned) > USER_ID_CHARACTERS_MAX:
            raise Invalid("LENGTH", max=USER_ID_CHARACTERS_MAX)
    except Invalid as invalid:
        error = Message("E", invalid.code, "userId", "/metadata/userId", invalid.parameters)
        raise Problem("VALIDATION-FAILED", errors=[error]) from None
    return cleaned or None


Work = Callable[[], Any]
