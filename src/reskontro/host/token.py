"""HTTP of access: tokens and the public keys that verify them."""

from __future__ import annotations

from reskontro.access.token_endpoint import TokenEndpoint
from reskontro.kit.fields import Field, Schema, choice, integer, text
from reskontro.web.calls import Call
from reskontro.web.operations import FORM, Answer, Body, Routes
from reskontro.web.replies import Reply

routes = Routes()

_SECONDS_MAX = 2**53

TOKEN_REQUEST = Schema(
    "TokenRequest",
    [
        choice("grant_type", ["client_credentials"], "The only grant there is", required=True),
        text("client_id", 64, "Unless HTTP Basic carries it"),
        text("client_secret", 128, "Unless HTTP Basic carries it"),
        text("scope", 200, "Scopes separated by blanks; without it all that the credential has"),
    ],
)

TOKEN = Schema(
    "Token",
    [
        text("access_token", 8192, "RS256 JWT", always=True),
        choice("token_type", ["Bearer"], "How to send it", always=True),
        integer("not_before", 0, _SECONDS_MAX, "Unix seconds", always=True),
        integer("expires_in", 0, _SECONDS_MAX, "Seconds", always=True),
        integer("expires_on", 0, _SECONDS_MAX, "Unix seconds", always=True),
        text("resource", 36, "The protected API; equals the aud claim", always=True),
        text("scope", 200, "Scopes granted, separated by blanks", always=True),
    ],
)

OAUTH_ERROR = Schema(
    "OAuthError",
    [
        choice(
            "error",
            ["invalid_request", "invalid_client", "unsupported_grant_type", "invalid_scope", "unauthorized_client"],
            "Code of RFC 6749",
            always=True,
        ),
        text("error_description", 200, "What is wrong, in English"),
    ],
)

JWKS = Schema(
    "Jwks",
    [Field("keys", lambda value: value, {"type": "array", "items": {"type": "object"}}, "RSA keys of RFC 7517", always=True)],
)


@routes.add(
    "createToken",
    "POST",
    "/token",
    tag="Authentication",
    summary="A token for client credentials",
    scope=None,
    body=Body(None, TOKEN_REQUEST, media=(FORM,)),
    answers={200: Answer("Token issued", TOKEN)},
    problems=(400, 401, 429),
)
def create_token(call: Call) -> Reply:
    """Exchange client credentials for a token."""
    request = call.request
    answer = call.services.part(TokenEndpoint).answer(
        content_type=request.headers.get("content-type"),
        authorization=request.headers.get("authorization"),
        body=call.body,
        request_id=call.request_id,
    )
    return Reply(answer.status, dict(answer.body), dict(answer.headers))


@routes.add(
    "getJwks",
    "GET",
    "/.well-known/jwks.json",
    tag="Authentication",
    summary="The public keys that verify tokens",
    scope=None,
    answers={200: Answer("The keys", JWKS)},
)
def get_jwks(call: Call) -> Reply:
    """The JSON Web Key Set."""
    return Reply(200, call.services.authenticator.jwks(), {"Cache-Control": "max-age=300"})
