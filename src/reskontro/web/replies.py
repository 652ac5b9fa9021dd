"""What goes back to the caller: replies and problems, and how they become bytes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from reskontro.kit.errors import Problem, title_of
from reskontro.kit.ids import encode_id
from reskontro.kit.json import write_json
from reskontro.kit.messages import Language, wire_messages
from reskontro.web.operations import JSON, PROBLEM


@dataclass(slots=True)
class Reply:
    """A successful answer. ``body`` is an object for JSON, or ready bytes, or chunks of bytes."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    media: str = JSON
    chunks: Iterator[bytes] | AsyncIterator[bytes] | None = None

    def payload(self) -> bytes:
        """The body as bytes."""
        return self.body if isinstance(self.body, bytes) else write_json(self.body)


def problem_reply(problem: Problem, request_id: UUID, language: Language) -> Reply:
    """A problem as application/problem+json, with all field errors."""
    identifier = encode_id(request_id)
    body: dict[str, Any] = {
        "type": f"urn:reskontro:problem:{problem.code.lower()}",
        "title": title_of(problem.code),
        "status": problem.status,
    }
    detail = problem.detail if language == "en" else problem.norwegian
    if problem.detail and detail:
        body["detail"] = detail[:500]
    body["instance"] = f"urn:reskontro:request:{identifier}"
    body["code"] = problem.code
    body["requestId"] = identifier
    body.update(problem.members)
    if problem.errors:
        body["errors"] = wire_messages(problem.errors, language, diagnostics=True, root=problem.root)
    return Reply(problem.status, body, dict(problem.headers), PROBLEM)
