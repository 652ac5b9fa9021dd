"""Who calls: the principal behind a verified token, and the refusal of a call without one."""

from __future__ import annotations

from dataclasses import dataclass

from reskontro.kit.errors import Problem


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller as its token describes it."""

    subject: str
    """The client id of the credential, or the subject that an external issuer names; at most 64 characters."""
    client_nos: frozenset[int] | None
    """The clients the caller may use; None stands for all of them (an operator)."""
    scopes: frozenset[str]

    def may_use_client(self, client_no: int) -> bool:
        """Whether the caller may use that client, existing or not."""
        return self.client_nos is None or client_no in self.client_nos

    def has_scope(self, scope: str) -> bool:
        """Whether the caller holds exactly that scope; none includes another."""
        return scope in self.scopes


def unauthenticated(reason: str | None) -> Problem:
    """401 for a token that is missing (no reason) or not accepted (the reason, plain ASCII without quotation marks).

    RFC 6750, section 3.1: the challenge names an error only when the caller sent a token.
    """
    if reason is None:
        return Problem("UNAUTHENTICATED", "A bearer token is required", headers={"WWW-Authenticate": 'Bearer realm="reskontro"'})
    challenge = f'Bearer error="invalid_token", error_description="{reason}"'
    return Problem("UNAUTHENTICATED", reason, headers={"WWW-Authenticate": challenge})
