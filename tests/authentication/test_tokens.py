"""Who is let in, and every way in which one is not. J1, J2 ... are ids of the CDS Hooks requirement list."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, get_args

import pytest

from cds_service.authentication.bearer import LONGEST_HEADER, open_token
from cds_service.authentication.refusal import Cause
from cds_service.authentication.tokens import UnauthenticatedError
from cds_service.clients.registered import Client
from tests.authentication.minting import (
    ISSUER,
    JKU,
    NOW,
    PUBLIC_URL,
    SERVICE_URL,
    claims,
    encoded,
    header,
    jwk,
    signed_with_public_key_as_secret,
    token,
)
from tests.authentication.registrations import CLINIC, HOSPITAL, LAXER, WITH_COPY, World

ELSEWHERE = "https://attacker.example/jwks.json"


def bearer(**changed: Any) -> str:
    """The header of the hospital's token with some claims changed."""
    return f"Bearer {token(body=claims(**changed))}"


def headed(**changed: Any) -> str:
    """The header of the hospital's token with some of its own header changed, its signature right."""
    return f"Bearer {token(header(**changed))}"


def of(client: Client, algorithm: str, kid: str, key: str, **changed: Any) -> str:
    """The header of another client's token."""
    return f"Bearer {token(header(algorithm, kid), claims(iss=client.issuer, **changed), key=key)}"


# --- let in

LET_IN = [
    ("by ES384 (J7)", bearer(), HOSPITAL),
    ("by RS384 (J7)", f"Bearer {token(header('RS384', 'rsa'), key='RSA 2048')}", HOSPITAL),
    ("by ES256 where it is allowed", of(LAXER, "ES256", "p256", "P-256"), LAXER),
    ("by ES512 where it is allowed", of(LAXER, "ES512", "p521", "P-521"), LAXER),
    ("by RS256 where it is allowed", of(LAXER, "RS256", "any-rsa", "RSA 2048"), LAXER),
    ("by RS256 with a key for just that", of(LAXER, "RS256", "rs256-only", "RSA 2048"), LAXER),
    ("by RS512 where it is allowed", of(LAXER, "RS512", "any-rsa", "RSA 2048"), LAXER),
    ("by PS256 where it is allowed", of(LAXER, "PS256", "any-rsa", "RSA 2048"), LAXER),
    ("by PS384 where it is allowed", of(LAXER, "PS384", "any-rsa", "RSA 2048"), LAXER),
    ("with the scheme in any case", bearer().replace("Bearer", "bEARER"), HOSPITAL),
    ("with two blanks after the scheme", bearer().replace("Bearer", "Bearer "), HOSPITAL),
    ("with typ in lower case (J3)", headed(typ="jwt"), HOSPITAL),
    ("with the registered jku (J8)", headed(jku=JKU), HOSPITAL),
    (
        "with a jku that is registered beside a copy of the keys",
        f"Bearer {token(header(kid='clinic-ec', jku=JKU), claims(iss=WITH_COPY.issuer), key='P-384 clinic')}",
        WITH_COPY,
    ),
    ("with an unknown member in its header", headed(cty="?", x="y"), HOSPITAL),
    ("with an audience in a list (J5)", bearer(aud=["https://other.example", SERVICE_URL]), HOSPITAL),
    ("with an audience agreed with it (J15)", bearer(aud="sand_man"), HOSPITAL),
    ("59 seconds after it expired", bearer(iat=NOW - 300, exp=NOW - 59), HOSPITAL),
    ("60 seconds before it was issued", bearer(iat=NOW + 60, exp=NOW + 300), HOSPITAL),
    ("with a lifetime just as long as allowed", bearer(exp=NOW + 300), HOSPITAL),
    ("with a longer lifetime where it is allowed", of(CLINIC, "ES384", "clinic-ec", "P-384 clinic",
                                                       exp=NOW + 900, tenant="north"), CLINIC),
    ("with times that are not whole", bearer(iat=NOW - 0.25, exp=NOW + 10.5), HOSPITAL),
    ("with nbf five minutes ago (Epic)", bearer(nbf=NOW - 300), HOSPITAL),
    ("with a token of nearly 8 KB", bearer(padding="x" * 5600), HOSPITAL),
    ("with the shortest jti", bearer(jti="x"), HOSPITAL),
    ("with the longest jti", bearer(jti="x" * 256), HOSPITAL),
    ("with any tenant where none are listed", bearer(tenant="Universitätsklinik 1"), HOSPITAL),
]  # fmt: skip


@pytest.mark.parametrize(
    ("authorization", "client"), [case[1:] for case in LET_IN], ids=[c[0] for c in LET_IN]
)
def test_a_client_is_let_in(authorization: str, client: Client) -> None:
    assert World().authenticator.authenticate(authorization, [SERVICE_URL]).client is client


@pytest.mark.parametrize("tenant", ["north", "south"])
def test_the_tenant_is_handed_on(tenant: str) -> None:
    authorization = of(CLINIC, "ES384", "clinic-ec", "P-384 clinic", tenant=tenant)
    assert World().authenticator.authenticate(authorization, [SERVICE_URL]).tenant == tenant


def test_without_a_tenant_it_is_empty() -> None:
    assert World().authenticator.authenticate(bearer(), [SERVICE_URL]).tenant == ""


@pytest.mark.parametrize("ending", ["", "/feedback"])
def test_feedback_takes_both_forms_of_the_audience(ending: str) -> None:
    authenticator = World().authenticator
    urls = authenticator.urls("trial-match-patient-view", feedback=True)
    assert authenticator.authenticate(bearer(aud=SERVICE_URL + ending), urls).client is HOSPITAL


def test_the_urls_come_from_the_configured_address() -> None:
    authenticator = World().authenticator
    assert authenticator.urls() == (f"{PUBLIC_URL}/cds-services",)
    assert authenticator.urls("a") == (f"{PUBLIC_URL}/cds-services/a",)
    assert authenticator.urls("a", feedback=True) == (
        f"{PUBLIC_URL}/cds-services/a",
        f"{PUBLIC_URL}/cds-services/a/feedback",
    )


# --- not let in


def forged(algorithm: object, sign: Callable[[bytes], bytes] = lambda _: b"signature", **changed: Any) -> str:
    """A token whose header says any algorithm, signed in any way."""
    return f"Bearer {token(header(alg=algorithm, **changed), sign=sign)}"


def with_payload(payload: bytes) -> str:
    return f"Bearer {token(body=payload)}"


def der_signature(message: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA384

    from tests.authentication.minting import private_key

    key = private_key("P-384")
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key.sign(message, ec.ECDSA(SHA384()))


GOOD = token()
HEAD, BODY, SIGNATURE = GOOD.split(".")
OTHER_BODY = token(body=claims(jti="another")).split(".")[1]

NOT_LET_IN: list[tuple[str, str | None, Cause]] = [
    # the Authorization header
    ("there is no header", None, "no_token"),
    ("the header is empty", "", "no_token"),
    ("the scheme is another", f"Basic {GOOD}", "no_token"),
    ("the scheme only begins like Bearer", f"Bearers {GOOD}", "no_token"),
    ("there is no scheme", GOOD, "no_token"),
    ("there is only the scheme", "Bearer", "malformed"),
    ("there is only the scheme and a blank", "Bearer ", "malformed"),
    ("there are two headers, joined by the server", f"Bearer {GOOD},Bearer {GOOD}", "malformed"),
    ("something comes after the token", f"Bearer {GOOD} x", "malformed"),
    ("a line break comes after the token", f"Bearer {GOOD}\n", "malformed"),
    ("a tab separates the scheme", f"Bearer\t{GOOD}", "no_token"),
    ("the header is longer than 8 KB", bearer(padding="x" * LONGEST_HEADER), "malformed"),
    # its form
    ("it has two parts", f"Bearer {HEAD}.{BODY}", "malformed"),
    ("it has four parts", f"Bearer {GOOD}.{SIGNATURE}", "malformed"),
    ("it has five parts, as if encrypted", f"Bearer {GOOD}.{SIGNATURE}.{SIGNATURE}", "malformed"),
    ("a part is empty", f"Bearer {HEAD}..{SIGNATURE}", "malformed"),
    ("the signature is empty", f"Bearer {HEAD}.{BODY}.", "malformed"),
    ("a part is padded", f"Bearer {HEAD}.{BODY}.{encoded(b'x' * 95)}=", "malformed"),
    ("a part is not base64url", f"Bearer {HEAD}.{BODY}.a+/b", "malformed"),
    ("a part has a length that base64 cannot have", f"Bearer {HEAD}.{BODY}.abcde", "malformed"),
    ("the header is not JSON", f"Bearer {encoded(b'{alg')}.{BODY}.{SIGNATURE}", "malformed"),
    ("the header is a list", f"Bearer {encoded(b'[]')}.{BODY}.{SIGNATURE}", "malformed"),
    ("the claims are not JSON", with_payload(b"{"), "malformed"),
    ("the claims are a list", with_payload(b"[]"), "malformed"),
    ("the claims are not UTF-8", with_payload(b'{"iss": "\xff"}'), "malformed"),
    ("the claims hold NaN", with_payload(b'{"exp": NaN}'), "malformed"),
    ("a claim is larger than numbers are", bearer(exp=10**400), "malformed"),
    ("the claims are nested without end", with_payload(b"[" * 4000), "malformed"),
    # its header
    ("the algorithm is none (J6)", forged("none"), "algorithm"),
    ("the algorithm is none in other letters (J6)", forged("nOnE"), "algorithm"),
    ("the algorithm is none, and nothing is signed (J6)", forged("none", lambda _: b""), "malformed"),
    ("a public key is the secret of HS384 (J6)",
     forged("HS384", signed_with_public_key_as_secret("RSA 2048"), kid="rsa"), "algorithm"),
    ("a public key is the secret of HS256 (J6)",
     forged("HS256", signed_with_public_key_as_secret("P-384")), "algorithm"),
    ("there is no algorithm", forged(...), "algorithm"),
    ("the algorithm is a number", forged(5), "algorithm"),
    ("the algorithm is a list", forged(["ES384"]), "algorithm"),
    ("the algorithm is unknown", forged("XY384"), "algorithm"),
    ("the algorithm is in lower case", forged("es384"), "algorithm"),
    ("the algorithm is not one of the client's (J7)",
     f"Bearer {token(header('RS256', 'rsa'), key='RSA 2048')}", "algorithm"),
    ("typ is missing (J3)", headed(typ=...), "type"),
    ("typ is that of an access token (J3)", headed(typ="at+jwt"), "type"),
    ("typ is a number (J3)", headed(typ=1), "type"),
    ("kid is missing (J3)", headed(kid=...), "key_id"),
    ("kid is empty (J3)", headed(kid=""), "key_id"),
    ("kid is a number (J3)", headed(kid=7), "malformed"),
    ("extensions must be understood", headed(crit=["exp"], exp=1), "malformed"),
    ("an extension that libraries know must be understood", headed(crit=["b64"], b64=True), "malformed"),
    ("crit is empty", headed(crit=[]), "malformed"),
    ("the claims are not encoded", headed(b64=False), "malformed"),
    ("jku is another (J8)", headed(jku=ELSEWHERE), "key_url"),
    ("jku is the registered one with a query (J8)", headed(jku=f"{JKU}?x"), "key_url"),
    ("jku is the registered one in capitals (J8)", headed(jku=JKU.upper()), "key_url"),
    ("jku is empty (J8)", headed(jku=""), "key_url"),
    ("jku is null (J8)", headed(jku=None), "key_url"),
    ("jku is a list (J8)", headed(jku=[JKU]), "key_url"),
    ("there is a jku, and none is registered (J9)",
     f"Bearer {token(header(kid='clinic-ec', jku=JKU), claims(iss=CLINIC.issuer), key='P-384 clinic')}",
     "key_url"),
    # who, and for whom
    ("the issuer is not registered (J8)", bearer(iss="https://attacker.example"), "issuer"),
    ("the issuer is missing (J4)", bearer(iss=...), "issuer"),
    ("the issuer is empty", bearer(iss=""), "issuer"),
    ("the issuer is a list", bearer(iss=[ISSUER]), "issuer"),
    ("the issuer is an object", bearer(iss={}), "issuer"),
    ("the issuer has a slash more", bearer(iss=f"{ISSUER}/"), "issuer"),
    ("the audience is missing (J4)", bearer(aud=...), "audience"),
    ("the audience is null", bearer(aud=None), "audience"),
    ("the audience is an empty list", bearer(aud=[]), "audience"),
    ("the audience is discovery (J5)", bearer(aud=f"{PUBLIC_URL}/cds-services"), "audience"),
    ("the audience is another service (J5)", bearer(aud=f"{PUBLIC_URL}/cds-services/x"), "audience"),
    ("the audience is the feedback of the service (J5)", bearer(aud=f"{SERVICE_URL}/feedback"), "audience"),
    ("the audience has a slash more (J5)", bearer(aud=f"{SERVICE_URL}/"), "audience"),
    ("the audience is http (J5)", bearer(aud=SERVICE_URL.replace("https", "http")), "audience"),
    ("the audience is in a list in a list", bearer(aud=[[SERVICE_URL]]), "audience"),
    ("the audience was agreed with another client",
     of(CLINIC, "ES384", "clinic-ec", "P-384 clinic", aud="sand_man", tenant="north"), "audience"),
    # when
    ("exp is missing (J4)", bearer(exp=...), "times"),
    ("iat is missing (J4)", bearer(iat=...), "times"),
    ("exp is a text", bearer(exp=str(NOW + 300)), "times"),
    ("iat is true", bearer(iat=True), "times"),
    ("iat is null", bearer(iat=None), "times"),
    ("iat is zero", bearer(iat=0), "times"),
    ("iat is negative", bearer(iat=-1), "times"),
    ("times are in milliseconds", bearer(iat=NOW * 1000, exp=NOW * 1000 + 300), "times"),
    ("exp is larger than numbers are", bearer(exp=10**30), "times"),
    ("exp is iat", bearer(exp=NOW), "times"),
    ("nbf is a text", bearer(nbf="soon"), "times"),
    ("it expired 60 seconds ago (J10)", bearer(iat=NOW - 300, exp=NOW - 60), "expired"),
    ("it was issued 61 seconds from now (J13)", bearer(iat=NOW + 61, exp=NOW + 300), "not_yet"),
    ("it may be used 61 seconds from now (J13)", bearer(nbf=NOW + 61), "not_yet"),
    ("it lives a second too long (J13)", bearer(iat=NOW - 1, exp=NOW + 300), "lifetime"),
    ("it lives for ever (J13)", bearer(exp=NOW * 10), "lifetime"),
    # tenant and jti
    ("the tenant is not listed (J10)",
     of(CLINIC, "ES384", "clinic-ec", "P-384 clinic", tenant="east"), "tenant"),
    ("the tenant is missing where some are listed (J10)",
     of(CLINIC, "ES384", "clinic-ec", "P-384 clinic"), "tenant"),
    ("the tenant is a number", bearer(tenant=5), "tenant"),
    ("the tenant is null", bearer(tenant=None), "tenant"),
    ("the tenant has a line break", bearer(tenant="a\nb"), "tenant"),
    ("the tenant is too long", bearer(tenant="x" * 257), "tenant"),
    ("jti is missing (J4)", bearer(jti=...), "token_id"),
    ("jti is empty (J4)", bearer(jti=""), "token_id"),
    ("jti is too long", bearer(jti="x" * 257), "token_id"),
    ("jti is a number", bearer(jti=5), "token_id"),
    ("jti has a NUL", bearer(jti="a\0b"), "token_id"),
    # the key and the signature
    ("the kid is unknown", headed(kid="nobody's"), "key"),
    ("the kid is another client's, and so is the key (J10)",
     f"Bearer {token(header(kid='clinic-ec'), key='P-384 clinic')}", "key"),
    ("an EC key signs, and the header says RS384 (J13)",
     f"Bearer {token(header('RS384', 'ec'), signed_with='ES384')}", "key"),
    ("an RSA key signs, and the header says ES384 (J13)",
     f"Bearer {token(header('ES384', 'rsa'), key='RSA 2048', signed_with='RS384')}", "key"),
    ("the key is for RS256 alone, and signed RS384 (J13)",
     of(LAXER, "RS384", "rs256-only", "RSA 2048"), "key"),
    ("the curve is P-256, and the header says ES384 (J13)",
     f"Bearer {token(header('ES384', 'p256'), claims(iss=LAXER.issuer), key='P-256', signed_with='ES256')}",
     "key"),
    ("another key signed", f"Bearer {token(key='P-384 attacker')}", "signature"),
    ("another key signed, and comes along in the header",
     f"Bearer {token(header(jwk=jwk('P-384 attacker', 'ec')), key='P-384 attacker')}", "signature"),
    ("another client's key signed", f"Bearer {token(key='P-384 clinic')}", "signature"),
    ("PS384 signed, and the header says RS384",
     f"Bearer {token(header('RS384', 'rsa'), key='RSA 2048', signed_with='PS384')}", "signature"),
    ("the claims were changed", f"Bearer {HEAD}.{OTHER_BODY}.{SIGNATURE}", "signature"),
    ("the signature is cut", f"Bearer {HEAD}.{BODY}.{SIGNATURE[:-4]}", "signature"),
    ("the signature is all zeros", f"Bearer {token(sign=lambda _: bytes(96))}", "signature"),
    ("the signature is in another encoding", f"Bearer {token(sign=der_signature)}", "signature"),
]  # fmt: skip

BEFORE_ANY_KEY = [case for case in NOT_LET_IN if case[2] not in ("key", "signature")]


def refusal(world: World, authorization: str | None) -> UnauthenticatedError:
    with pytest.raises(UnauthenticatedError) as caught:
        world.authenticator.authenticate(authorization, [SERVICE_URL])
    return caught.value


@pytest.mark.parametrize(
    ("authorization", "cause"), [case[1:] for case in NOT_LET_IN], ids=[case[0] for case in NOT_LET_IN]
)
def test_a_client_is_not_let_in_when(authorization: str | None, cause: Cause) -> None:
    assert refusal(World(), authorization).cause == cause


@pytest.mark.parametrize("authorization", [c[1] for c in BEFORE_ANY_KEY], ids=[c[0] for c in BEFORE_ANY_KEY])
def test_no_key_is_asked_for_when(authorization: str | None) -> None:
    world = World()
    refusal(world, authorization)
    assert world.fetch.asked == []


@pytest.mark.parametrize("algorithm", ["none", "HS256", "HS384", "HS512"])
def test_an_algorithm_without_a_public_key_is_refused_before_anybody_is_looked_for(algorithm: str) -> None:
    unknown = token(header(algorithm), claims(iss="https://attacker.example"), sign=lambda _: b"signature")
    assert refusal(World(), f"Bearer {unknown}").cause == "algorithm"


def test_only_the_registered_url_is_ever_asked() -> None:
    world = World()
    for _, authorization, _ in NOT_LET_IN:
        refusal(world, authorization)
    assert {source.url for source in world.fetch.asked} == {JKU}


def test_a_refusal_names_the_client_whose_issuer_the_token_has() -> None:
    assert refusal(World(), bearer(aud="x")).client == "hospital"
    assert refusal(World(), bearer(iss="x")).client == ""


def test_every_cause_is_in_the_table_or_has_its_own_test() -> None:
    own = {"keys", "replayed"}  # below; and in test_key_sets and test_replay
    assert {case[2] for case in NOT_LET_IN} | own == set(get_args(Cause))


# --- each token once


def test_a_token_is_good_for_one_call() -> None:
    world = World()
    world.authenticator.authenticate(bearer(), [SERVICE_URL])
    assert refusal(world, bearer()).cause == "replayed"
    assert (
        refusal(world, f"Bearer {token(body=claims(sub='the same jti in another token'))}").cause
        == "replayed"
    )


def test_a_token_is_still_replayed_at_the_last_moment_at_which_it_is_accepted() -> None:
    world = World()
    world.authenticator.authenticate(bearer(), [SERVICE_URL])
    world.clock.sleep(300 + 59.9)
    assert refusal(world, bearer()).cause == "replayed"
    world.clock.sleep(0.2)
    assert refusal(world, bearer()).cause == "expired"


def test_two_clients_may_use_the_same_jti() -> None:
    world = World()
    world.authenticator.authenticate(bearer(), [SERVICE_URL])
    other = of(LAXER, "ES256", "p256", "P-256")
    assert world.authenticator.authenticate(other, [SERVICE_URL]).client is LAXER


@pytest.mark.parametrize(
    "forgery",
    [f"Bearer {token(key='P-384 attacker')}", headed(kid="nobody's"), headed(jku=ELSEWHERE), bearer(aud="x")],
    ids=["signature", "key", "jku", "audience"],
)
def test_a_forged_token_does_not_use_up_the_id_of_a_real_one(forgery: str) -> None:
    world = World()
    refusal(world, forgery)
    assert world.authenticator.authenticate(bearer(), [SERVICE_URL]).client is HOSPITAL


# --- nothing of a token is said


@pytest.mark.parametrize("case", NOT_LET_IN, ids=lambda case: case[0])
def test_a_refusal_says_nothing_of_the_token_when(
    case: tuple[str, str | None, Cause], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    error = refusal(World(), case[1])
    assert (str(error), error.args) == (case[2], (case[2],))
    assert error.__cause__ is None
    assert error.__context__ is None  # or a library's message, which may quote the token, would be printed
    assert caplog.text == ""


def test_what_a_token_was_taken_apart_into_does_not_show_it() -> None:
    opened = open_token(bearer())
    assert opened.claims["iss"] == ISSUER
    shown = repr(opened)
    for secret in (HEAD, BODY, SIGNATURE, ISSUER, claims()["jti"], "'ec'"):
        assert secret not in shown


def test_a_library_that_fails_on_a_signature_lets_nobody_in(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from cds_service.authentication.public_keys import PublicKey

    def fail(*_: object) -> bool:
        raise OverflowError(GOOD)

    monkeypatch.setattr(PublicKey, "verifies", fail)
    error = refusal(World(), bearer())
    assert (error.cause, error.__context__) == ("signature", None)
    assert "OverflowError" in caplog.text
    assert HEAD not in caplog.text
