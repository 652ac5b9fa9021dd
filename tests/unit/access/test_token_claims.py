"""What a token must be and say to be believed: header, signature and claims, without a database."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from joserfc.jwk import RSAKey

from reskontro.access.claims import TOKEN_CHARACTERS_MAX, TokenRules, VerifiedToken, verify_token
from reskontro.kit.errors import Problem

RULES = TokenRules("reskontro", "api")
Forge = Callable[..., str]
Verify = Callable[[str], VerifiedToken]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
FEW_EXAMPLES = hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def verify(rsa_key: RSAKey) -> Verify:
    """Verifies against the one trusted key."""
    keys = {rsa_key.kid: rsa_key}
    return lambda token: verify_token(token, RULES, keys.get)


def refusal(verify: Verify, token: str) -> Problem:
    """The problem with which a token is refused."""
    with pytest.raises(Problem) as caught:
        verify(token)
    assert caught.value.code == "UNAUTHENTICATED"
    assert caught.value.headers["WWW-Authenticate"].startswith('Bearer error="invalid_token", error_description="')
    return caught.value


class TestGoodToken:
    """Tokens that are believed."""

    def test_principal_of_an_ordinary_token(self, verify: Verify, forge: Forge) -> None:
        """The claims become a principal that may do what they say and nothing more."""
        principal = verify(forge()).principal
        assert principal.subject == "prove"
        assert principal.client_nos == {3107, 2218}
        assert principal.may_use_client(3107)
        assert not principal.may_use_client(3108)
        assert principal.has_scope("write:arm")
        assert not principal.has_scope("admin:arm")

    def test_operator(self, verify: Verify, forge: Forge) -> None:
        """The text "*" stands for every client."""
        principal = verify(forge({"client_nos": "*"})).principal
        assert principal.client_nos is None
        assert principal.may_use_client(1)

    def test_no_clients(self, verify: Verify, forge: Forge) -> None:
        """An empty array is an array of client numbers: it allows none."""
        principal = verify(forge({"client_nos": []})).principal
        assert principal.client_nos == frozenset()
        assert not principal.may_use_client(3107)

    @pytest.mark.parametrize("token_type", ["JWT", "jwt", "at+jwt", "application/at+jwt"])
    def test_types_of_access_tokens(self, verify: Verify, forge: Forge, token_type: str) -> None:
        """RFC 9068 access tokens and plain JWTs are both accepted."""
        assert verify(forge(header={"typ": token_type})).principal.subject == "prove"

    def test_token_without_type_and_nbf(self, verify: Verify, forge: Forge, left_out: object) -> None:
        """Issuers may leave out typ and nbf; the token then counts from iat."""
        verified = verify(forge({"nbf": left_out, "iat": 5_000}, {"typ": left_out}))
        assert verified.not_before == 5_000

    def test_later_of_iat_and_nbf_counts(self, verify: Verify, forge: Forge) -> None:
        """A token is usable only when both moments have come."""
        assert verify(forge({"iat": 900, "nbf": 800})).not_before == 900
        assert verify(forge({"iat": 800, "nbf": 900.5})).not_before == 900.5

    def test_audience_in_a_list(self, verify: Verify, forge: Forge) -> None:
        """The audience may be one of several (RFC 7519, 4.1.3)."""
        assert verify(forge({"aud": ["other", "api"]})).principal.subject == "prove"

    @pytest.mark.parametrize(
        ("scope", "expected"),
        [("read:arm", {"read:arm"}), ("", set()), (["a", "b"], {"a", "b"}), ([], set()), (None, set())],
    )
    def test_scopes(self, verify: Verify, forge: Forge, scope: Any, expected: set[str]) -> None:
        """Scopes come as a text or as a list; without any, nothing is allowed."""
        assert verify(forge({"scope": scope})).principal.scopes == expected

    def test_unknown_header_entries_are_passed_over(self, verify: Verify, forge: Forge) -> None:
        """A header entry that need not be understood does no harm (RFC 7515, section 4)."""
        assert verify(forge(header={"nonce": "n", "x5t": "abc"})).principal.subject == "prove"


class TestForgedToken:
    """Tokens whose signature must not be believed."""

    @pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "RS512", "PS256", "ES256", "rs256", "", None, ["RS256"], 1])
    def test_another_algorithm(self, verify: Verify, forge: Forge, algorithm: Any) -> None:
        """Whatever the header says, only RS256 is looked at."""
        assert "RS256" in str(refusal(verify, forge(header={"alg": algorithm})))

    def test_no_algorithm(self, verify: Verify, forge: Forge, left_out: object) -> None:
        """A header without alg is refused."""
        assert "RS256" in str(refusal(verify, forge(header={"alg": left_out})))

    @pytest.mark.parametrize("ending", ["", "."])
    def test_unsigned(self, verify: Verify, forge: Forge, rsa_key: RSAKey, ending: str) -> None:
        """A token with alg none and no signature is refused in every spelling."""
        unsigned = forge(header={"alg": "none"}).rpartition(".")[0] + ending
        refusal(verify, unsigned)

    def test_hmac_with_the_public_key(self, verify: Verify, forge: Forge, rsa_key: RSAKey) -> None:
        """The published key must not work as an HMAC secret."""
        for secret in (rsa_key.as_pem(private=False), rsa_key.as_der(private=False)):
            for algorithm in ("HS256", "RS256"):
                signed = forge(header={"alg": algorithm}).rpartition(".")[0]
                mac = urlsafe_b64encode(hmac.new(secret, signed.encode(), hashlib.sha256).digest()).rstrip(b"=")
                refusal(verify, f"{signed}.{mac.decode()}")

    def test_other_padding_and_digest(self, verify: Verify, forge: Forge, rsa_key: RSAKey) -> None:
        """A signature of the right key made another way (PSS, SHA-512) does not pass as RS256."""
        signed = forge().rpartition(".")[0]
        private_key = rsa_key.private_key
        assert private_key is not None
        for signature in (
            private_key.sign(signed.encode(), PSS(MGF1(SHA256()), 32), SHA256()),
            private_key.sign(signed.encode(), PKCS1v15(), SHA512()),
        ):
            refusal(verify, f"{signed}.{urlsafe_b64encode(signature).rstrip(b'=').decode()}")

    def test_strange_key_under_a_known_id(self, verify: Verify, forge: Forge, strange_key: RSAKey) -> None:
        """The id of a trusted key does not help a signature of another one."""
        assert "signature" in str(refusal(verify, forge(key=strange_key)))

    def test_key_inside_the_header(self, verify: Verify, forge: Forge, strange_key: RSAKey) -> None:
        """A key that the token brings along (jwk, jku) is not used."""
        public = strange_key.as_dict(private=False)
        refusal(verify, forge(header={"jwk": public}, key=strange_key))
        refusal(verify, forge(header={"jku": "https://attacker.example/jwks", "kid": strange_key.kid}, key=strange_key))

    @pytest.mark.parametrize(
        "kid",
        [
            "other",
            "",
            "../../../dev/null",
            "/dev/null",
            "' or '1'='1",
            "x\0y",
            "a" * 201,
            None,
            7,
            True,
            ["k"],
            {"k": 1},
        ],
    )
    def test_other_key_ids(self, verify: Verify, forge: Forge, kid: Any) -> None:
        """An id is only ever looked up among the known keys, whatever it looks like."""
        assert "key" in str(refusal(verify, forge(header={"kid": kid})))

    def test_no_key_id(self, verify: Verify, forge: Forge, left_out: object) -> None:
        """The single known key is not assumed."""
        assert "key" in str(refusal(verify, forge(header={"kid": left_out})))

    @pytest.mark.parametrize("extension", [{"crit": ["exp"], "exp": 1}, {"crit": []}, {"b64": False, "crit": ["b64"]}, {"b64": True}])
    def test_extensions(self, verify: Verify, forge: Forge, extension: dict[str, Any]) -> None:
        """Extensions that must be understood are not, so the token is refused."""
        assert "extension" in str(refusal(verify, forge(header=extension)))

    @pytest.mark.parametrize("token_type", ["logout+jwt", "secevent+jwt", "", None, 5, ["JWT"]])
    def test_other_kinds_of_tokens(self, verify: Verify, forge: Forge, token_type: Any) -> None:
        """A JWT for another purpose is no access token (RFC 8725, section 3.11)."""
        assert "access token" in str(refusal(verify, forge(header={"typ": token_type})))

    def test_changed_payload(self, verify: Verify, forge: Forge) -> None:
        """Other claims under an old signature are refused."""
        header, _, signature = forge().split(".")
        other = forge({"client_nos": "*"}).split(".")[1]
        assert "signature" in str(refusal(verify, f"{header}.{other}.{signature}"))

    def test_every_changed_character_of_the_signature(self, verify: Verify, forge: Forge) -> None:
        """A signature with one other character is refused, also where the spare bits of base64 hide."""
        token = forge()
        signed, _, signature = token.rpartition(".")
        for place in (*range(0, len(signature), 37), len(signature) - 1):
            for character in "AQgwx_":
                changed = signature[:place] + character + signature[place + 1 :]
                if changed != signature:
                    refusal(verify, f"{signed}.{changed}")


class TestMalformedToken:
    """Texts that are no tokens."""

    @pytest.mark.parametrize("change", [" {}", "{} ", "{}\n", "{}=", "{}.", ".{}", "{}.x", "x.{}", "{}\0", "{}é", "{}{}", ""])
    def test_near_misses(self, verify: Verify, forge: Forge, change: str) -> None:
        """Nothing is trimmed, padded or cut off."""
        token = forge()
        refusal(verify, change.format(token, token))

    def test_segments_left_empty(self, verify: Verify, forge: Forge) -> None:
        """Each of the three parts is needed."""
        header, payload, signature = forge().split(".")
        for token in (f".{payload}.{signature}", f"{header}..{signature}", f"{header}.{payload}.", "..", "."):
            refusal(verify, token)

    def test_longest_token(self, verify: Verify, forge: Forge) -> None:
        """A token up to the limit is read, a longer one is refused unread."""
        base = len(forge({"pad": ""}))
        room = TOKEN_CHARACTERS_MAX - base
        fitting = forge({"pad": "x" * (room * 3 // 4 - 2)})
        assert TOKEN_CHARACTERS_MAX - 8 < len(fitting) <= TOKEN_CHARACTERS_MAX
        assert verify(fitting).principal.subject == "prove"
        refusal(verify, forge({"pad": "x" * room}))

    @pytest.mark.parametrize("data", [b"", b"{", b"[]", b"1", b'"alg"', b"null", b"\xff", b"[" * 1500, b'{"a":' * 40 + b"1" + b"}" * 40])
    def test_header_or_payload_that_is_no_object(self, verify: Verify, forge: Forge, data: bytes) -> None:
        """Only JSON objects of a reasonable depth are read."""
        refusal(verify, forge(header=data))
        refusal(verify, forge(claims=data))

    def test_repeated_names(self, verify: Verify, forge: Forge, rsa_key: RSAKey) -> None:
        """A name given twice could be read in two ways, so it is refused."""
        refusal(verify, forge(header=b'{"alg":"none","alg":"RS256","kid":"%s"}' % str(rsa_key.kid).encode()))
        claims = json.loads(urlsafe_b64decode(forge().split(".")[1] + "=="))
        text = json.dumps(claims)[:-1] + ', "client_nos": "*"}'
        assert "payload" in str(refusal(verify, forge(claims=text.encode())))

    @given(token=st.text(max_size=300) | st.from_regex(r"[A-Za-z0-9_-]{1,80}\.[A-Za-z0-9_-]{1,80}\.[A-Za-z0-9_-]{1,80}", fullmatch=True))
    @FEW_EXAMPLES
    def test_any_text(self, verify: Verify, token: str) -> None:
        """No text makes verification fail in any other way than by refusing it."""
        refusal(verify, token)


class TestClaims:
    """Claims of a rightly signed token that are refused all the same."""

    @pytest.mark.parametrize("issuer", ["other", "", "Reskontro", None, ["reskontro"], 1])
    def test_issuer(self, verify: Verify, forge: Forge, issuer: Any) -> None:
        """Only the one issuer counts."""
        assert "issuer" in str(refusal(verify, forge({"iss": issuer})))

    @pytest.mark.parametrize("audience", ["other", "", "API", None, [], ["other"], {"api": 1}, [["api"]], True])
    def test_audience(self, verify: Verify, forge: Forge, audience: Any) -> None:
        """A token for another API is refused."""
        assert "audience" in str(refusal(verify, forge({"aud": audience})))

    @pytest.mark.parametrize("name", ["iss", "aud", "exp", "iat", "sub", "client_nos"])
    def test_missing_claim(self, verify: Verify, forge: Forge, left_out: object, name: str) -> None:
        """What a token has to say, it has to say."""
        refusal(verify, forge({name: left_out}))

    @pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
    @pytest.mark.parametrize("moment", ["1795334400", None, True, [], -1, 253_402_300_800, 10**30])
    def test_moments_that_are_none(self, verify: Verify, forge: Forge, name: str, moment: Any) -> None:
        """Times are numbers of seconds that a calendar knows."""
        assert name in str(refusal(verify, forge({name: moment})))

    @pytest.mark.parametrize("text", [b"1e400", b"1e999999999", b"NaN", b"Infinity", b"9" * 5000])
    def test_moments_beyond_every_number(self, verify: Verify, forge: Forge, text: bytes) -> None:
        """A number that no float holds neither passes nor breaks anything."""
        claims = urlsafe_b64decode(forge({"exp": 777_777}).split(".")[1] + "==")
        refusal(verify, forge(claims=claims.replace(b"777777", text)))

    @pytest.mark.parametrize("subject", ["", "a" * 65, "a\0b", "a\nb", None, 5, ["a"]])
    def test_subject(self, verify: Verify, forge: Forge, subject: Any) -> None:
        """The subject goes to the log, so it has to be a printable text of at most 64 characters."""
        assert "subject" in str(refusal(verify, forge({"sub": subject})))

    @pytest.mark.parametrize(
        "clients",
        [
            None,
            True,
            False,
            0,
            3107,
            "3107",
            "",
            "**",
            " *",
            "* ",
            ["*"],
            ["1"],
            [True],
            [None],
            [1.5],
            [3107, "1"],
            [0],
            [-1],
            [10**9],
            [[1]],
            {},
        ],
    )
    def test_clients(self, verify: Verify, forge: Forge, clients: Any) -> None:
        """Whatever is neither the text "*" nor an array of client numbers is refused, never read as every client."""
        assert "client" in str(refusal(verify, forge({"client_nos": clients})))

    def test_integer_written_as_a_fraction(self, verify: Verify, forge: Forge) -> None:
        """A client number is an integer; 3107.0 and 3.107e3 are not."""
        for text in (b"3107.0", b"3.107e3"):
            claims = urlsafe_b64decode(forge({"client_nos": [777_777]}).split(".")[1] + "==")
            refusal(verify, forge(claims=claims.replace(b"777777", text)))

    @pytest.mark.parametrize("scope", [5, True, {}, [1], ["a", None]])
    def test_scopes(self, verify: Verify, forge: Forge, scope: Any) -> None:
        """Scopes of a wrong type are refused."""
        assert "scopes" in str(refusal(verify, forge({"scope": scope})))

    @given(name=st.sampled_from(["iss", "aud", "exp", "iat", "nbf", "sub", "scope", "client_nos"]), value=anything)
    @FEW_EXAMPLES
    def test_any_claim(self, verify: Verify, forge: Forge, name: str, value: Any) -> None:
        """Any value of any claim is either read or refused; it opens every client only as the text "*"."""
        try:
            principal = verify(forge({name: value})).principal
        except Problem as problem:
            assert problem.code == "UNAUTHENTICATED"
        else:
            assert (principal.client_nos is None) == (name == "client_nos" and value == "*")

    @given(name=st.sampled_from(["alg", "typ", "kid", "crit", "jwk", "x5c", "cty"]), value=anything)
    @FEW_EXAMPLES
    def test_any_header_entry(self, verify: Verify, forge: Forge, name: str, value: Any) -> None:
        """Any value of any header entry is either passed over or refused."""
        try:
            verify(forge(header={name: value}))
        except Problem as problem:
            assert problem.code == "UNAUTHENTICATED"


class TestTime:
    """When a verified token may be used."""

    @pytest.mark.parametrize(("seconds", "accepted"), [(3600, True), (3659.999, True), (3660, False), (10**6, False)])
    def test_end(self, verify: Verify, forge: Forge, seconds: float, accepted: bool) -> None:
        """A token ends with its leeway of 60 seconds, exactly then."""
        verified = verify(forge({"iat": 0, "nbf": 0, "exp": 3600}))
        if accepted:
            verified.check_time(seconds)
        else:
            with pytest.raises(Problem, match="expired"):
                verified.check_time(seconds)

    @pytest.mark.parametrize(("seconds", "accepted"), [(1000, True), (940, True), (939.999, False), (0, False)])
    @pytest.mark.parametrize("name", ["nbf", "iat"])
    def test_beginning(self, verify: Verify, forge: Forge, name: str, seconds: float, accepted: bool) -> None:
        """A token begins 60 seconds before its nbf and its iat, exactly then."""
        verified = verify(forge({"iat": 0, "nbf": 0, "exp": 3600, name: 1000}))
        if accepted:
            verified.check_time(seconds)
        else:
            with pytest.raises(Problem, match="not valid yet"):
                verified.check_time(seconds)
