"""Section 9, continued: whose token it is, with which key it is signed, and that it is good once."""

from __future__ import annotations

import time
from typing import Any
from unittest.mock import patch

from cds_service.authentication import key_sets
from tests.authentication.minting import header, jwk, key_set, token
from tests.conformance.faults import answers_as, body, calls, logs, no_calls, status, without
from tests.conformance.faults import header as answer_header
from tests.conformance.hospital.calls import body_of, path_of
from tests.conformance.hospital.ehr import JWKS, answered_with
from tests.conformance.hospital.register import AGREED_AUDIENCE, bearer, claims_of, issuer_of, signed
from tests.conformance.hospital.world import World
from tests.conformance.requirement import Exchange, Heard, Rows, every
from tests.conformance.rows.operating.tokens import PATH, call, only, with_claims, with_header

ROWS = Rows()


def _strangers(world: World) -> Heard:
    evil = "https://evil.example/jwks.json"

    def naming(client: str, jku: str) -> Exchange:
        head = header("ES384", "evil", jku=jku)
        return call(
            world, bearer(token(head, claims_of(PATH, client), key="P-384 evil")), answering=_evil_keys
        )

    return {
        "registered": with_claims(world),
        "an unlisted iss": with_claims(world, iss="https://evil.example"),
        "an iss that begins alike": with_claims(world, iss=f"{issuer_of('hospital')}/x"),
        "an unlisted jku": naming("hospital", evil),
        "an unlisted jku, of a client whose keys are fetched": naming("fetched", evil),
        "a jku that begins alike": naming("fetched", f"{JWKS}.evil.example"),
        "a jku inside our network": naming("fetched", "http://169.254.169.254/latest"),
    }


def _evil_keys(_request: Any) -> Any:
    return answered_with(key_set(jwk("P-384 evil", "evil")))


@ROWS.requires(
    "J8",
    "`iss` and `jku` must be those of the registration. Nothing that a token names is ever fetched.",
    hear=_strangers,
    faults={
        "any iss will do": answers_as("registered", "an unlisted iss"),
        "a beginning will do": answers_as("registered", "an iss that begins alike"),
        "the jku is fetched": calls("https://evil.example/jwks.json", "an unlisted jku"),
        "keys of anybody will do": answers_as(
            "registered", "an unlisted jku, of a client whose keys are fetched"
        ),
        "the metadata service is called": calls("http://169.254.169.254/latest", "a jku inside our network"),
    },
)
def nothing_that_a_token_names_is_fetched(heard: Heard) -> None:
    only(heard, "registered")
    assert all(one.outbound == () for one in every(heard))


@ROWS.requires(
    "J9",
    "Keys may be given in the registration: a token without `jku` is checked with those, and nothing is "
    "fetched.",
    hear=lambda world: {
        "without jku": with_claims(world),
        "signed with another key": with_header(world, key="P-384 evil"),
        "a key of its own along": with_header(
            world, key="P-384 evil", jwk=jwk("P-384 evil", "ec"), x5u="https://evil.example"
        ),
    },
    faults={
        "refused without jku": status(401),
        "something is fetched": calls(JWKS),
        "any signature will do": answers_as("without jku", "signed with another key"),
        "the key in the token counts": answers_as("without jku", "a key of its own along"),
    },
)
def registered_keys_are_enough(heard: Heard) -> None:
    only(heard, "without jku")
    assert all(one.outbound == () for one in every(heard))


def _replayed(world: World) -> Heard:
    good = signed(PATH)
    jti = "the-id-of-a-token-that-comes-later"
    forged = bearer(token(header(), claims_of(PATH, jti=jti), key="P-384 evil"))
    return {
        "first": call(world, good),
        "again": call(world, good),
        "again, at another service": world.registered.post(
            path_of("order-sign"), body_of("order-sign"), headers=good
        ),
        "forged": call(world, forged),
        "the real one with that id": with_claims(world, jti=jti),
        "another client with that id": with_claims(world, "oldest", jti=jti),
        "a refused body": world.registered.post(PATH, b"{", headers=(spent := signed(PATH))),
        "a good body with the same token": call(world, spent),
    }


@ROWS.requires(
    "J10",
    "A token is good for one call, whatever came of that; its `jti` is remembered last, so that a forged "
    "token uses up nobody's.",
    hear=_replayed,
    faults={
        "good for two calls": answers_as("first", "again"),
        "good for a call elsewhere": answers_as("first", "again, at another service"),
        "a forged one is taken": answers_as("first", "forged"),
        "a forged one uses the id up": status(401, "the real one with that id"),
        "clients share ids": status(401, "another client with that id"),
        "good until it works": answers_as("first", "a good body with the same token"),
    },
)
def a_token_is_good_once(heard: Heard) -> None:
    good = ("first", "the real one with that id", "another client with that id")
    only({name: one for name, one in heard.items() if name != "a refused body"}, *good)
    assert heard["a refused body"].status == 400


def _bad(world: World) -> Heard:
    now = int(time.time())
    return {
        "no token": call(world, {}),
        "expired": with_claims(world, iat=now - 600, exp=now - 300),
        "another issuer": with_claims(world, iss="https://evil.example"),
        "another audience": with_claims(world, aud="https://else.example"),
        "a bad signature": with_header(world, key="P-384 evil"),
        "garbage": call(world, {"Authorization": "Bearer a.b.c"}),
        "discovery": world.registered.get(headers=signed("")),
        "feedback": world.registered.post(
            f"{PATH}/feedback", {"feedback": []}, headers=signed(PATH, iss="x")
        ),
        "a faulty body as well": world.registered.post(PATH, b"{"),
    }


@ROWS.requires(
    "J11",
    "Whatever is wrong with a token, the answer is the same bare 401; the log has a word for the cause and "
    "nothing of the token.",
    hear=_bad,
    faults={
        "400": status(400, "garbage"),
        "403": status(403, "another issuer"),
        "a reason": body(b'{"error": "expired"}', "expired"),
        "a reason in a header": answer_header(
            "WWW-Authenticate", 'Bearer error="invalid_token"', "a bad signature"
        ),
        "no scheme": answer_header("WWW-Authenticate", None),
        "the body is looked at first": status(400, "a faulty body as well"),
        "the token in the log": logs("Bearer a.b.c", "garbage"),
        "no cause in the log": without("expired"),
    },
)
def every_bad_token_gets_the_same_answer(heard: Heard) -> None:
    assert len(heard) == 9
    seen = {name: value for name, value in every(heard)[0].headers.items() if name != "date"}
    assert seen.get("www-authenticate") == "Bearer"
    for name, one in heard.items():
        assert (one.status, one.body) == (401, b""), name
        assert {key: value for key, value in one.headers.items() if key != "date"} == seen, name
        assert '"cause":"' in one.log, name
        assert "Bearer " not in one.log
        for part in one.sent_headers.get("authorization", "").removeprefix("Bearer ").split("."):
            assert len(part) < 8 or part not in one.log, name


def _rotating(world: World) -> Heard:
    service, keys = world.registered_with(), [jwk("P-384", "old")]

    def answering(_request: Any) -> Any:
        return answered_with(key_set(*keys))

    def sent(kid: str, key: str = "P-384") -> Exchange:
        made = token(header("ES384", kid), claims_of(PATH, "fetched"), key=key)
        return call(world, bearer(made), service, answering=answering)

    with patch.object(key_sets, "AT_MOST_EVERY", 0.0):  # as if a minute had passed
        first, second = sent("old"), sent("old")
        keys.append(jwk("P-384 new", "new"))
        rotated = sent("new", "P-384 new")
    return {
        "the first call": first,
        "the second call": second,
        "with a new key": rotated,
        "the old key still": sent("old"),
        "a key that is nowhere": sent("nowhere"),
        "another that is nowhere": sent("nowhere-2"),
    }


@ROWS.requires(
    "J12",
    "Fetched keys are kept. A token that names an unknown key has them fetched again, at most once a "
    "minute, so that keys can rotate and garbage costs nothing.",
    hear=_rotating,
    faults={
        "never fetched": no_calls(),
        "fetched for every call": calls(JWKS, "the second call"),
        "a new key is refused": status(401, "with a new key"),
        "the old one is forgotten": status(401, "the old key still"),
        "garbage has them fetched": calls(JWKS, "a key that is nowhere"),
        "garbage is taken": answers_as("the second call", "a key that is nowhere"),
    },
)
def fetched_keys_are_kept_and_renewed(heard: Heard) -> None:
    fetches = {name: [sent.url for sent in one.outbound] for name, one in heard.items()}
    assert fetches == {
        "the first call": [JWKS],
        "the second call": [],
        "with a new key": [JWKS],
        "the old key still": [],
        "a key that is nowhere": [],
        "another that is nowhere": [],
    }
    only(heard, "the first call", "the second call", "with a new key", "the old key still")


def _timed(world: World) -> Heard:
    now = int(time.time())
    return {
        "usual": with_claims(world),
        "a clock 30 s ahead": with_claims(world, iat=now + 30, exp=now + 300),
        "expired 30 s ago": with_claims(world, iat=now - 200, exp=now - 30),
        "extra claims": with_claims(world, sub="x", nbf=now - 300, scope="x"),
        "expired": with_claims(world, iat=now - 300, exp=now - 90),
        "issued in the future": with_claims(world, iat=now + 120, exp=now + 300),
        "nbf in the future": with_claims(world, nbf=now + 120),
        "living an hour": with_claims(world, exp=now + 3600),
        "expiring before it was issued": with_claims(world, iat=now, exp=now - 10),
        "an RSA key's id with ES384": with_header(world, kid="rsa"),
        "an EC key's id with RS384": call(
            world, bearer(token(header("RS384", "ec"), claims_of(PATH), key="RSA 2048"))
        ),
    }


@ROWS.requires(
    "J13",
    "The algorithm must be that of the key; clocks may differ by 60 s; a token lives 300 s at most, unless "
    "the registration says otherwise; `nbf` counts; other claims do not.",
    hear=_timed,
    faults={
        "no leeway": status(401, "a clock 30 s ahead"),
        "no leeway at the end": status(401, "expired 30 s ago"),
        "expired will do": answers_as("usual", "expired"),
        "the future will do": answers_as("usual", "issued in the future"),
        "nbf does not count": answers_as("usual", "nbf in the future"),
        "an hour will do": answers_as("usual", "living an hour"),
        "extra claims are refused": status(401, "extra claims"),
        "any algorithm with any key": answers_as("usual", "an RSA key's id with ES384"),
    },
)
def times_and_keys_are_bound(heard: Heard) -> None:
    only(heard, "usual", "a clock 30 s ahead", "expired 30 s ago", "extra claims")


@ROWS.requires(
    "J15",
    "Each registration has its own: further audiences, keys at a URL or given, tenants, how long tokens "
    "live.",
    hear=lambda world: {
        "an agreed audience": with_claims(world, aud=AGREED_AUDIENCE),
        "keys at a URL": world.hear(_rotating)["the first call"],
        "a tenant of its own": with_claims(world, "two-tenants", tenant="south"),
        "the audience of another client": with_claims(world, "oldest", aud=AGREED_AUDIENCE),
        "the tenant of another client": with_claims(world, "two-tenants", tenant="any"),
    },
    faults={
        "an agreed audience is refused": status(401),
        "what is agreed with one holds for all": answers_as(
            "an agreed audience", "the audience of another client"
        ),
        "tenants are not looked at": answers_as("an agreed audience", "the tenant of another client"),
        "keys cannot be fetched": status(401, "keys at a URL"),
    },
)
def each_client_has_its_own_rules(heard: Heard) -> None:
    only(heard, "an agreed audience", "keys at a URL", "a tenant of its own")
