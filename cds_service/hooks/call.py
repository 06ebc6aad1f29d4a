"""One hook call as it was sent: every fault is found and reported at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cds_service.fhir.allow_list import parse_base
from cds_service.hooks.ids import fhir_id, is_uuid, user_reference
from cds_service.web.problems import Problem, RefusalError, bad

_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{1,8192}")

MISSING = "This member is required by the patient-view hook. Send it."


@dataclass(frozen=True, slots=True)
class HookCall:
    """A patient-view request whose members have been checked. ``token`` never appears in its repr."""

    hook_instance: str
    patient_id: str
    user: str
    encounter_id: str | None = None
    fhir_server: str | None = None
    token: str | None = field(default=None, repr=False)
    prefetch: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read_call(body: Mapping[str, Any], hook: str) -> HookCall:
    """The call in a request body for a service of this hook; RefusalError with all its faults if it has any.

    Members that are not known are ignored, ``null`` counts as absent.
    """
    reading = _Reading(body)
    reading.envelope(hook)
    context = reading.object_at("context", required=True)
    patient_id = reading.identity(context, "patientId", "Patient", required=True)
    encounter_id = reading.identity(context, "encounterId", "Encounter", required=False)
    user = reading.user(context)
    server = reading.server()
    token = reading.token(patient_id, server)
    prefetch = reading.prefetch(patient_id)
    if reading.faults or patient_id is None:
        raise RefusalError(*reading.faults)
    return HookCall(body["hookInstance"].lower(), patient_id, user, encounter_id, server, token, prefetch)


class _Reading:
    """A request body while it is being checked."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body
        self.faults: list[Problem] = []

    def fault(self, where: str, text: str, code: str = "value") -> None:
        self.faults.append(bad(code, text, where))

    def envelope(self, hook: str) -> None:
        """``hook`` and ``hookInstance``."""
        sent, instance = self.body.get("hook"), self.body.get("hookInstance")
        if sent is None:
            self.fault("hook", MISSING, "required")
        elif sent != hook:
            self.fault("hook", f"This service answers the hook {hook}. Call it for that hook only.")
        if instance is None:
            self.fault("hookInstance", MISSING, "required")
        elif not is_uuid(instance):
            self.fault(
                "hookInstance", "Must be a UUID, such as 8-4-4-4-12 hexadecimal digits without prefix."
            )

    def object_at(self, name: str, *, required: bool = False) -> Mapping[str, Any] | None:
        """A member that must be an object; None, with a fault where due, if it is not there."""
        value = self.body.get(name)
        if value is None:
            if required:
                self.fault(name, MISSING, "required")
            return None
        if not isinstance(value, dict):
            self.fault(name, "Must be a JSON object.", "structure")
            return None
        return value

    def identity(
        self, context: Mapping[str, Any] | None, name: str, resource_type: str, *, required: bool
    ) -> str | None:
        """A FHIR id in the context, with or without its type before it."""
        value = None if context is None else context.get(name)
        if value is None:
            if required and context is not None:
                self.fault(f"context.{name}", MISSING, "required")
            return None
        identity = fhir_id(value, resource_type)
        if identity is None:
            self.fault(f"context.{name}", "Must be a FHIR id: 1 to 64 letters, digits, '-' and '.'.")
        return identity

    def user(self, context: Mapping[str, Any] | None) -> str:
        """``context.userId``."""
        value = None if context is None else context.get("userId")
        if value is None:
            if context is not None:
                self.fault("context.userId", MISSING, "required")
            return ""
        user = user_reference(value)
        if user is None:
            kinds = "Practitioner, PractitionerRole, Patient or RelatedPerson"
            self.fault("context.userId", f"Must be Type/id with the type {kinds}.")
        return user or ""

    def server(self) -> str | None:
        """``fhirServer`` without a slash at its end."""
        value = self.body.get("fhirServer")
        if value is None:
            return None
        base = parse_base(value)
        if base is None:
            self.fault("fhirServer", "Must be the base URL of a FHIR server, with neither user nor query.")
        return base.url if base else None

    def token(self, patient_id: str | None, server: str | None) -> str | None:
        """The access token of ``fhirAuthorization``."""
        authorization = self.object_at("fhirAuthorization")
        if authorization is None:
            return None
        if self.body.get("fhirServer") is None:
            self.fault("fhirServer", "Is required where fhirAuthorization is sent.", "required")
        self._token_is_for(authorization, patient_id)
        token, kind = authorization.get("access_token"), authorization.get("token_type", "Bearer")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            self.fault("fhirAuthorization.token_type", "Must be Bearer.")
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            self.fault("fhirAuthorization.access_token", "Must be a bearer token (RFC 6750).")
            return None
        return token if server else None

    def _token_is_for(self, authorization: Mapping[str, Any], patient_id: str | None) -> None:
        patient = authorization.get("patient")
        if patient is not None and patient_id is not None and fhir_id(patient, "Patient") != patient_id:
            self.fault(
                "fhirAuthorization.patient",
                "The access token is for another patient than context.patientId. Nothing was read with it.",
                "security",
            )

    def prefetch(self, patient_id: str | None) -> Mapping[str, Any]:
        """``prefetch``; a Patient in it who is not the one of the context is a fault of its own."""
        prefetch = self.object_at("prefetch") or {}
        others = [one for one in patients_in(prefetch.get("patient")) if one.get("id")]
        if patient_id is not None and others and all(one["id"] != patient_id for one in others):
            self.fault(
                "prefetch.patient",
                "Is another patient than context.patientId. Nothing was assessed, so that no two charts mix.",
                "security",
            )
        return prefetch


def patients_in(value: object) -> list[Mapping[str, Any]]:
    """The Patient resources in a prefetch value: the resource itself, or the entries of a Bundle."""
    if not isinstance(value, dict):
        return []
    if value.get("resourceType") == "Patient":
        return [value]
    entries = value.get("entry") if value.get("resourceType") == "Bundle" else None
    found = (
        [entry.get("resource") for entry in entries or () if isinstance(entry, dict)]
        if isinstance(entries, list)
        else []
    )
    return [one for one in found if isinstance(one, dict) and one.get("resourceType") == "Patient"]
