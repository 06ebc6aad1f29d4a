"""GET /cds-services: what this service offers a client, always the same bytes for the same definitions."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

import orjson
from flask import Request, Response

from cds_service.clients.registered import Abilities
from cds_service.hooks.specs import BY_HOOK, HOOKS
from cds_service.hooks.tailoring import service_entry
from cds_service.web.languages import spoken_in
from mappings.language import ENGLISH, Language
from mappings.needs import Needs

SERVICE_ID = BY_HOOK["patient-view"].service_id
_MAX_AGE = 300


class DiscoveryDocument:
    """All services as one client sees them, with the entity tag. Without ``abilities``: as anybody does."""

    def __init__(
        self, needs: Needs, abilities: Abilities | None = None, language: Language = ENGLISH
    ) -> None:
        known, self._language = abilities or Abilities(), language
        services = [service_entry(spec, needs, known, language) for spec in HOOKS]
        self.body = orjson.dumps({"services": services})
        self.etag = sha256(self.body).hexdigest()[:32]

    def answer(self, request: Request) -> Response:
        """The document, or 304 if the client has it already."""
        response = Response(self.body, mimetype="application/json")
        response.set_etag(self.etag)
        response.cache_control.max_age = _MAX_AGE
        response.cache_control.private = True
        response.vary.add("Authorization")  # a client is told what it is offered, anybody else is not
        response.vary.add("Accept-Language")
        response.make_conditional(request)
        return spoken_in(response, self._language)


@lru_cache(maxsize=256)
def document_for(needs: Needs, abilities: Abilities, language: Language = ENGLISH) -> DiscoveryDocument:
    """The document for clients with these abilities, of the trials with these needs; made once."""
    return DiscoveryDocument(needs, abilities, language)
