"""The clients that are registered in these tests, and the tokens that they sign."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from tests.authentication.minting import PUBLIC_URL, header, jwk, key_set, token
from tests.conformance.hospital.ehr import BASE, JWKS

ORIGIN = "https://pages.example"
AGREED_AUDIENCE = "sand_man"
SLOW_LIMIT = 3
"""Calls a minute that the client `slow` has."""

_MEMBERS: dict[str, dict[str, Any]] = {
    "hospital": {"audiences": [AGREED_AUDIENCE], "origins": [ORIGIN]},
    "oldest": {"abilities": {"cds_hooks": "1.0"}},
    "newest": {
        "abilities": {
            "cds_hooks": "3.0",
            "fhirpath_prefetch": True,
            "action_selection": True,
            "smart_links": True,
        }
    },
    "new": {"abilities": {"cds_hooks": "3.0"}},
    "categories": {"abilities": {"prefetch": "categories"}},
    "no-prefetch": {"abilities": {"prefetch": "none"}},
    "plain-cards": {"abilities": {"suggestions": False}},
    "no-trials": {"trials": []},
    "two-tenants": {"tenants": ["north", "south"]},
    "elsewhere": {"fhir_servers": [{"base": "https://other-ehr.example/fhir"}]},
    "slow": {"calls_per_minute": SLOW_LIMIT},
}


def issuer_of(client: str) -> str:
    """The ``iss`` of a client's tokens."""
    return f"https://{client}.example/oauth2"


def write_register(folder: Path) -> Path:
    """clients.yaml with all of them (JSON is YAML). The client `fetched` has its keys at JWKS."""
    keys = key_set(jwk("P-384", "ec"), jwk("RSA 2048", "rsa"))
    server = {"base": BASE}
    clients = [
        {"id": name, "issuer": issuer_of(name), "keys": {"jwks": keys}, "fhir_servers": [server], **members}
        for name, members in _MEMBERS.items()
    ]
    clients.append({"id": "fetched", "issuer": issuer_of("fetched"), "keys": {"jwks_url": JWKS}})
    path = folder / "clients.yaml"
    path.write_bytes(orjson.dumps({"schema": 1, "clients": clients}, option=orjson.OPT_INDENT_2))
    return path


def claims_of(path: str, client: str = "hospital", **changed: Any) -> dict[str, Any]:
    """Good claims for a call of a path. A claim changed to ... is left out."""
    now = int(time.time())
    good = {
        "iss": issuer_of(client),
        "aud": f"{PUBLIC_URL}{path}",
        "iat": now,
        "exp": now + 300,
        "jti": str(uuid4()),
    }
    return {name: value for name, value in {**good, **changed}.items() if value is not ...}


def signed(path: str, client: str = "hospital", **changed: Any) -> dict[str, str]:
    """The Authorization header of a good call, with some claims changed."""
    return bearer(token(header(), claims_of(path, client, **changed)))


def bearer(made: str) -> dict[str, str]:
    """The Authorization header with a token."""
    return {"Authorization": f"Bearer {made}"}
