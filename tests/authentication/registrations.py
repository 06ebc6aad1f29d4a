"""The clients that the tests of authentication know."""

from __future__ import annotations

from dataclasses import replace

import orjson

from cds_service.authentication.key_sets import KeySets
from cds_service.authentication.replay import ProcessReplay
from cds_service.authentication.tokens import Authenticator
from cds_service.clients.registered import Client, Clients, KeySource
from tests.authentication.minting import ISSUER, JKU, PUBLIC_URL, Clock, jwk, key_set

HOSPITAL = Client(id="hospital", issuer=ISSUER, keys=KeySource(url=JKU), audiences=("sand_man",))
CLINIC = Client(
    id="clinic",
    issuer="https://clinic.example",
    keys=KeySource(inline=key_set(jwk("P-384 clinic", "clinic-ec"))),
    tenants=("north", "south"),
    token_lifetime=900,
)
LAXER = Client(
    id="laxer",
    issuer="https://laxer.example",
    keys=KeySource(
        inline=key_set(
            jwk("P-256", "p256"),
            jwk("P-521", "p521"),
            jwk("RSA 2048", "any-rsa"),
            jwk("RSA 2048", "rs256-only", alg="RS256"),
        )
    ),
    algorithms=("ES384", "RS384", "ES256", "ES512", "RS256", "RS512", "PS256", "PS384", "PS512"),
)
WITH_COPY = replace(
    CLINIC, id="with-copy", issuer="https://copy.example", keys=replace(CLINIC.keys, url=JKU), tenants=()
)


class Fetch:
    """Answers as the hospital's JWKS, and remembers who was asked for what."""

    def __init__(self) -> None:
        self.asked: list[KeySource] = []
        self.answer: bytes | Exception = orjson.dumps(key_set(jwk("P-384", "ec"), jwk("RSA 2048", "rsa")))

    def __call__(self, source: KeySource) -> bytes:
        self.asked.append(source)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class World:
    """An authenticator with all that it needs, on one clock."""

    def __init__(self) -> None:
        self.clock, self.fetch = Clock(), Fetch()
        self.key_sets = KeySets(self.fetch, clock=self.clock, start=lambda job: job())
        self.authenticator = Authenticator(
            Clients((HOSPITAL, CLINIC, LAXER, WITH_COPY)),
            ProcessReplay(self.clock),
            self.key_sets,
            f"{PUBLIC_URL}/",
            self.clock,
        )
