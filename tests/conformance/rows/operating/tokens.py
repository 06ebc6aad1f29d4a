"""Section 9: who calls, by the token that the client signs for each call."""

from __future__ import annotations

from typing import Any

from tests.authentication.minting import (
    PUBLIC_URL,
    header,
    signed_with_public_key_as_secret,
    token,
)
from tests.conformance.faults import answers_as, calls, status
from tests.conformance.hospital.calls import body_of, path_of
from tests.conformance.hospital.ehr import JWKS
from tests.conformance.hospital.register import bearer, claims_of, signed
from tests.conformance.hospital.service import DISCOVERY, Service
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Exchange, Heard, Rows, every

ROWS = Rows()

PATH = path_of()


def call(world: World, headers: dict[str, str], service: Service | None = None, **options: Any) -> Exchange:
    """A small call that is 200 if the token is good."""
    patient = {"patient": {"resourceType": "Patient", "id": "chen-jing", "birthDate": "1988-01-02"}}
    called = service or world.registered
    return called.post(PATH, body_of(prefetch=patient), headers=headers, **options)


def with_claims(world: World, client: str = "hospital", **changed: Any) -> Exchange:
    """A call whose claims are good but for these."""
    return call(world, signed(PATH, client, **changed))


def with_header(world: World, key: str = "P-384", **changed: Any) -> Exchange:
    """A call whose token's header is good but for these members."""
    return call(world, bearer(token(header(**changed), claims_of(PATH), key=key)))


def statuses(heard: Heard) -> dict[str, int]:
    """The status of each."""
    return {name: one.status for name, one in heard.items()}


def only(heard: Heard, *good: str) -> None:
    """These are answered with 200, and all others, of which there must be some, with 401."""
    assert set(good) < heard.keys()
    assert statuses(heard) == {name: 200 if name in good else 401 for name in heard}


@ROWS.requires(
    "J1",
    "A call without a token is refused, because cards tell of diagnoses. Demo mode, which needs none, "
    "answers its own machine only.",
    hear=lambda world: {
        "a good token": with_claims(world),
        "no token": call(world, {}),
        "another scheme": call(world, {"Authorization": "Basic dXNlcjpwYXNz"}),
        "not a token": call(world, {"Authorization": "Bearer x"}),
        "demo mode from elsewhere": world.demo.get(peer="192.0.2.1"),
    },
    faults={
        "no token is needed": answers_as("a good token", "no token"),
        "another scheme will do": status(200, "another scheme"),
        "403 for no token": status(403, "no token"),
        "a good token is refused": answers_as("no token"),
        "demo mode answers everybody": status(200, "demo mode from elsewhere"),
    },
)
def a_call_needs_a_token(heard: Heard) -> None:
    only({name: one for name, one in heard.items() if name != "demo mode from elsewhere"}, "a good token")
    assert heard["demo mode from elsewhere"].status == 403


@ROWS.requires(
    "J2",
    "The token comes as `Authorization: Bearer` on every call of a service and of feedback; elsewhere it "
    "is not looked for.",
    hear=lambda world: {
        "in the header": with_claims(world),
        "in small letters": call(
            world, {"Authorization": signed(PATH)["Authorization"].replace("Bearer", "bearer")}
        ),
        "in the query": world.registered.post(f"{PATH}?access_token={_raw()}", body_of(prefetch={})),
        "in a cookie": call(world, {"Cookie": f"access_token={_raw()}"}),
        "twice in one header": call(world, {"Authorization": f"Bearer {_raw()}, Bearer {_raw()}"}),
        "feedback without": world.registered.post(f"{PATH}/feedback", {"feedback": []}),
    },
    faults={
        "taken from the query": status(200, "in the query"),
        "taken from a cookie": answers_as("in the header", "in a cookie"),
        "one of two is taken": answers_as("in the header", "twice in one header"),
        "feedback needs none": status(200, "feedback without"),
        "capitals matter": status(401, "in small letters"),
    },
)
def the_token_is_in_the_authorization_header(heard: Heard) -> None:
    only(heard, "in the header", "in small letters")


def _raw() -> str:
    return token(header(), claims_of(PATH))


@ROWS.requires(
    "J3",
    "A token's header needs `alg`, `kid` and `typ: JWT`; `jku` may be absent.",
    hear=lambda world: {
        "complete": with_claims(world),
        "no kid": with_header(world, kid=...),
        "an unknown kid": with_header(world, kid="other"),
        "no typ": with_header(world, typ=...),
        "another typ": with_header(world, typ="at+jwt"),
        "no alg": call(
            world, bearer(token({"typ": "JWT", "kid": "ec"}, claims_of(PATH), signed_with="ES384"))
        ),
    },
    faults={
        "any key will do": answers_as("complete", "no kid"),
        "an unknown kid will do": answers_as("complete", "an unknown kid"),
        "any typ will do": answers_as("complete", "another typ"),
        "the typ may be absent": answers_as("complete", "no typ"),
        "no alg is an error": status(500, "no alg"),
        "jku is required": status(401),
    },
)
def the_token_s_header_is_complete(heard: Heard) -> None:
    only(heard, "complete")


_CLAIMS = ("iss", "aud", "exp", "iat", "jti")


def _left_out(name: str) -> dict[str, Any]:
    return {name: ...}


@ROWS.requires(
    "J4",
    "A token needs `iss`, `aud`, `exp`, `iat` and `jti`; `tenant` may be absent, unless the registration "
    "lists tenants.",
    hear=lambda world: {
        "complete": with_claims(world),
        "a tenant": with_claims(world, tenant="any"),
        "one of two tenants": with_claims(world, "two-tenants", tenant="north"),
        **{f"no {name}": with_claims(world, "hospital", **_left_out(name)) for name in _CLAIMS},
        "a time that is a text": with_claims(world, exp="tomorrow"),
        "another tenant": with_claims(world, "two-tenants", tenant="west"),
        "none of two tenants": with_claims(world, "two-tenants"),
    },
    faults={
        **{f"{name} may be absent": answers_as("complete", f"no {name}") for name in _CLAIMS},
        "a text is an error": status(500, "a time that is a text"),
        "any tenant will do": answers_as("complete", "another tenant"),
        "no tenant will do": answers_as("complete", "none of two tenants"),
        "a tenant is refused": status(401, "a tenant"),
    },
)
def the_token_s_claims_are_complete(heard: Heard) -> None:
    only(heard, "complete", "a tenant", "one of two tenants")
    assert {f"no {name}" for name in _CLAIMS} <= heard.keys()


def _audiences(world: World) -> Heard:
    url, host = f"{PUBLIC_URL}{PATH}", "other.example"
    return {
        "a string": with_claims(world, aud=url),
        "an array": with_claims(world, aud=["https://else.example", url]),
        "discovery": with_claims(world, aud=f"{PUBLIC_URL}{DISCOVERY}"),
        "another service": with_claims(world, aud=f"{PUBLIC_URL}{path_of('order-sign')}"),
        "the base URL": with_claims(world, aud=PUBLIC_URL),
        "a slash more": with_claims(world, aud=f"{url}/"),
        "http": with_claims(world, aud=url.replace("https:", "http:")),
        "the host of the request": call(
            world, {**signed(PATH, aud=f"https://{host}{PATH}"), "Host": host, "X-Forwarded-Host": host}
        ),
        "an array of others": with_claims(world, aud=["https://else.example", None, {}]),
    }


@ROWS.requires(
    "J5",
    "`aud`, a string or an array, names the endpoint called under the configured public URL; the Host of "
    "the request does not count.",
    hear=_audiences,
    faults={
        "arrays are refused": status(401, "an array"),
        "any service of ours will do": answers_as("a string", "another service"),
        "discovery will do": answers_as("a string", "discovery"),
        "the base URL will do": answers_as("a string", "the base URL"),
        "the Host counts": answers_as("a string", "the host of the request"),
        "an array of anything is an error": status(500, "an array of others"),
        "http will do": answers_as("a string", "http"),
    },
)
def the_audience_is_the_endpoint(heard: Heard) -> None:
    only(heard, "a string", "an array")


def _unsigned(world: World) -> Heard:
    none = token({"alg": "none", "typ": "JWT", "kid": "ec"}, claims_of(PATH), sign=lambda _: b"")
    secret = signed_with_public_key_as_secret("P-384")

    def fetched(algorithm: str) -> Exchange:
        head = {"alg": algorithm, "typ": "JWT", "kid": "new"}
        made = token(head, claims_of(PATH, "fetched"), sign=secret)
        return call(world, bearer(made))

    return {
        "signed": with_claims(world),
        "none, without signature": call(world, bearer(none)),
        "none, with the signature of another": call(
            world, bearer(token(header("none"), claims_of(PATH), sign=lambda _: b"x" * 96))
        ),
        **{
            f"{name} with the public key": call(
                world, bearer(token(header(name), claims_of(PATH), sign=secret))
            )
            for name in ("HS256", "HS384", "HS512")
        },
        "HS384, of a client whose keys are fetched": fetched("HS384"),
        "none, of a client whose keys are fetched": fetched("none"),
    }


@ROWS.requires(
    "J6",
    "`none` and the symmetric algorithms (HS*) are refused, before any key is looked up.",
    hear=_unsigned,
    faults={
        "none is taken": answers_as("signed", "none, without signature"),
        "NONE is taken": answers_as("signed", "none, with the signature of another"),
        "the public key is taken as a secret": answers_as("signed", "HS384 with the public key"),
        "another is taken": answers_as("signed", "HS512 with the public key"),
        "keys are fetched first": calls(JWKS, "HS384, of a client whose keys are fetched"),
        "500": status(500, "HS256 with the public key"),
    },
)
def unsigned_tokens_are_refused(heard: Heard) -> None:
    only(heard, "signed")
    assert all(one.outbound == () for one in every(heard))


@ROWS.requires(
    "J7",
    "ES384 and RS384 are accepted; others only if the registration says so.",
    hear=lambda world: {
        "ES384": with_claims(world),
        "RS384": call(world, bearer(token(header("RS384", "rsa"), claims_of(PATH), key="RSA 2048"))),
        "ES256": with_header(world, key="P-256", alg="ES256"),
        "RS256": call(world, bearer(token(header("RS256", "rsa"), claims_of(PATH), key="RSA 2048"))),
        "PS384": call(world, bearer(token(header("PS384", "rsa"), claims_of(PATH), key="RSA 2048"))),
    },
    faults={
        "ES384 is refused": status(401),
        "RS384 is refused": status(401, "RS384"),
        "RS256 is accepted": answers_as("RS384", "RS256"),
        "ES256 is accepted": answers_as("ES384", "ES256"),
    },
)
def two_algorithms_are_accepted(heard: Heard) -> None:
    only(heard, "ES384", "RS384")
