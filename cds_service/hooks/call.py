"""One hook call as it was sent: every fault is found and reported at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cds_service.fhir.allow_list import parse_base
from cds_service.hooks.ids import is_uuid
from cds_service.hooks.orders.drafts import Orders, read_orders
from cds_service.hooks.request.authorization import ANYTHING, Scopes, read_authorization
from cds_service.hooks.request.contexts import read_context
from cds_service.hooks.request.faults import Faults
from cds_service.hooks.specs import BY_HOOK, NOT_CLINICIANS, HookSpec
from cds_service.web.problems import RefusalError
from mappings.reading.bundles import entries_of


@dataclass(frozen=True, slots=True)
class HookCall:
    """A request whose members have been checked. Tokens and resources never appear in its repr.

    ``orders`` are those that the call is about; None for hooks that are not about orders. ``patient_id`` and
    ``user`` are empty only in a call without context from a client that may send such; it has no orders.
    ``scopes`` and ``token_expired`` are about ``token``.
    """

    hook_instance: str
    patient_id: str
    user: str
    encounter_id: str | None = None
    fhir_server: str | None = None
    token: str | None = field(default=None, repr=False)
    prefetch: Mapping[str, Any] = field(default_factory=dict, repr=False)
    hook: str = "patient-view"
    orders: Orders | None = field(default=None, repr=False)
    scopes: Scopes = ANYTHING
    token_expired: bool = False

    @property
    def by_patient_or_relative(self) -> bool:
        """Whether a patient or a relative is working, as on a portal, and no clinician."""
        return self.user.partition("/")[0] in NOT_CLINICIANS

    def without_chart(self) -> HookCall:
        """The same without what it brought."""
        return replace(self, prefetch={}, orders=None)


def read_call(body: Mapping[str, Any], hook: str, *, context_may_be_missing: bool = False) -> HookCall:
    """The call in a request body for the service of a hook; RefusalError with all its faults if any.

    Members that are not known are ignored, ``null`` counts as absent. ``context_may_be_missing``: see
    ``read_context``.
    """
    spec, faults = BY_HOOK[hook], Faults(hook)
    _check_envelope(body, hook, faults)
    context = read_context(body.get("context"), spec, faults, may_be_missing=context_may_be_missing)
    patient_id = context.get("patientId")
    server = _server(body, faults)
    authorization = read_authorization(body, patient_id, faults)
    prefetch = _prefetch(body, patient_id, faults)
    if faults.problems:
        raise RefusalError(*faults.problems)
    return HookCall(
        hook_instance=body["hookInstance"].lower(),
        patient_id=patient_id or "",
        user=context.get("userId") or "",
        encounter_id=context.get("encounterId"),
        fhir_server=server,
        token=authorization.token if authorization else None,
        prefetch=prefetch,
        hook=hook,
        orders=_orders(context, spec, patient_id),
        scopes=authorization.scopes if authorization else ANYTHING,
        token_expired=authorization.expired if authorization else False,
    )


def _check_envelope(body: Mapping[str, Any], hook: str, faults: Faults) -> None:
    """``hook`` and ``hookInstance``."""
    sent, instance = body.get("hook"), body.get("hookInstance")
    if sent is None:
        faults.missing("hook")
    elif sent != hook:
        faults.add("hook", f"This service answers the hook {hook}. Call it for that hook only.")
    if instance is None:
        faults.missing("hookInstance")
    elif not is_uuid(instance):
        faults.add("hookInstance", "Must be a UUID, such as 8-4-4-4-12 hexadecimal digits without prefix.")


def _server(body: Mapping[str, Any], faults: Faults) -> str | None:
    """``fhirServer`` without a slash at its end."""
    value = body.get("fhirServer")
    if value is None:
        return None
    base = parse_base(value)
    if base is None:
        faults.add("fhirServer", "Must be the base URL of a FHIR server, with neither user nor query.")
    return base.url if base else None


def _prefetch(body: Mapping[str, Any], patient_id: str | None, faults: Faults) -> Mapping[str, Any]:
    """``prefetch``; a Patient in it who is not the one of the context is a fault of its own."""
    prefetch = body.get("prefetch")
    if prefetch is None:
        return {}
    if not isinstance(prefetch, dict):
        faults.wrong_kind("prefetch", "a JSON object")
        return {}
    others = [one for one in patients_in(prefetch.get("patient")) if one.get("id")]
    if patient_id is not None and others and all(one["id"] != patient_id for one in others):
        faults.add(
            "prefetch.patient",
            "Is another patient than context.patientId. Nothing was assessed, so that no two charts mix.",
            "security",
        )
    return prefetch


def _orders(context: Mapping[str, Any], spec: HookSpec, patient_id: str | None) -> Orders | None:
    if not spec.orders:
        return None
    selections = context.get(spec.selections, ()) if spec.selections else None
    return read_orders(context.get(spec.orders), selections, patient_id or "")


def patients_in(value: object) -> list[Mapping[str, Any]]:
    """The Patient resources in a prefetch value: the resource itself, or the entries of a Bundle."""
    if not isinstance(value, dict):
        return []
    if value.get("resourceType") == "Patient":
        return [value]
    entries = entries_of(value) if value.get("resourceType") == "Bundle" else None
    found = [entry.get("resource") for entry in entries or () if isinstance(entry, dict)]
    return [one for one in found if isinstance(one, dict) and one.get("resourceType") == "Patient"]
