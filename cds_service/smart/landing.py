"""What a launch has brought: whose worksheet, who opens it, and for which trial. Pure."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from cds_service.answering.offers import ClientOffers, Offered
from cds_service.clients.registered import Client
from cds_service.fhir.allow_list import FhirBase
from cds_service.hooks.ids import fhir_id, user_reference
from cds_service.oauth.code_flow import Tokens
from cds_service.signing_in.session_content import WorksheetAccess
from cds_service.smart.launching import LaunchError, Place
from cds_service.storage.records import Subject

CLINICIANS = ("Practitioner", "PractitionerRole")
_NOT_STAFF = re.compile(r"(?:^|/)(?:Patient|RelatedPerson|Person)/")
_LONGEST_NAME = 200
_LONGEST_CONTEXT = 4096


def landed(place: Place, tokens: Tokens, issuer: str, offers: ClientOffers, language: str) -> WorksheetAccess:
    """The worksheet that may be opened now, with a new id. ``trial`` "": the user has to choose one.

    Raises LaunchError.
    """
    patient = fhir_id(tokens.extras.get("patient"), "Patient")
    if patient is None:
        raise LaunchError("no_patient")
    context = app_context(tokens.extras.get("appContext"))
    base = place.server.base
    return WorksheetAccess(
        id=secrets.token_urlsafe(24),
        subject=Subject(place.client.id, _tenant(place.client, context), base.url, patient),
        user=_user(tokens.claims, base, issuer),
        user_name=_name(tokens.claims),
        trial=_trial(offers, context),
        via="launch",
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        scope=" ".join(tokens.scope),
        expires_at=tokens.expires_at,
        language=language,
    )


def shown_trials(offers: ClientOffers) -> tuple[Offered, ...]:
    """The trials whose worksheet may be opened. One that is silent is not shown to clinicians anywhere."""
    return tuple(one for one in offers.offered if not one.offer.silent)


def app_context(said: object) -> Mapping[str, Any]:
    """What our link gave along (CDS Hooks, ``appContext``), as text or read already. {} for anything else."""
    if isinstance(said, str) and len(said) <= _LONGEST_CONTEXT:
        try:
            said = orjson.loads(said)
        except orjson.JSONDecodeError:
            return {}
    return said if isinstance(said, dict) else {}


def to_json(access: WorksheetAccess) -> dict[str, Any]:
    """The access as JSON, to be kept encrypted while the user chooses a trial."""
    names = ("id", "user", "user_name", "access_token", "refresh_token", "scope", "expires_at", "language")
    return {"subject": list(access.subject), **{name: getattr(access, name) for name in names}}


def from_json(kept: Mapping[str, Any], trial: str) -> WorksheetAccess:
    """What ``to_json`` gave, now with a trial."""
    rest = {name: value for name, value in kept.items() if name != "subject"}
    subject: Sequence[str] = kept["subject"]
    return WorksheetAccess(subject=Subject(*subject), trial=trial, via="launch", **rest)


def _trial(offers: ClientOffers, context: Mapping[str, Any]) -> str:
    shown = [one.id for one in shown_trials(offers)]
    if not shown:
        raise LaunchError("no_trial")
    named = context.get("trial")
    if isinstance(named, str) and named in shown:
        return named
    return shown[0] if len(shown) == 1 else ""


def _tenant(client: Client, context: Mapping[str, Any]) -> str:
    """A launch does not say it; our own link may, and a client may have just one."""
    named = context.get("tenant")
    if isinstance(named, str) and named in client.tenants:
        return named
    return client.tenants[0] if len(client.tenants) == 1 else ""


def _user(claims: Mapping[str, Any], base: FhirBase, issuer: str) -> str:
    """``Practitioner/id``, or issuer and subject of who has none at this server; "" if nobody signed in.

    Raises LaunchError for a patient or somebody related to one.
    """
    if not claims:
        return ""
    said = claims.get("fhirUser", claims.get("profile"))
    if isinstance(said, str):
        reference = said.removeprefix(f"{base.url}/")  # one of another server stays a URL, and is none
        if _NOT_STAFF.search(said):  # at whichever server: a base may be written in several ways
            raise LaunchError("not_a_clinician")
        if user_reference(reference, CLINICIANS) and "/" in reference:
            return reference
    return f"{issuer}|{claims['sub']}"


def _name(claims: Mapping[str, Any]) -> str:
    """One line, without what could turn a page around."""
    said = claims.get("name")
    if not isinstance(said, str):
        return ""
    return "".join(one for one in " ".join(said.split()) if one.isprintable())[:_LONGEST_NAME]
