"""``/.well-known/jwks.json``: the public parts of our signing keys, for the EHRs where we are registered."""

from __future__ import annotations

import orjson
from flask import Blueprint, Response, g

from cds_service.deployment import Deployment
from cds_service.oauth.signing_keys import signing_keys_of

CACHED_SECONDS = 300
"""For how long it may be kept. Ours: a new key is known everywhere soon."""


def key_set_routes(deployment: Deployment) -> Blueprint:
    """The route; an empty key set where there are no keys."""
    routes = Blueprint("signing-keys", __name__)
    keys = signing_keys_of(deployment.settings)
    document = orjson.dumps(keys.public() if keys else {"keys": []})

    @routes.get("/.well-known/jwks.json")
    def jwks() -> Response:
        g.facts["service"] = "key-set"
        headers = {"Cache-Control": f"public, max-age={CACHED_SECONDS}"}
        return Response(document, headers=headers, mimetype="application/json")

    return routes
