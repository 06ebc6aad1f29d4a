"""What we ask an EHR to be allowed. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cds_service.clients.registered import ReferralTerms
from cds_service.oauth.code_flow import OPENID
from cds_service.oauth.endpoints import Endpoints

READ, CREATE, KEEP = "rs", "c", "crus"

_REFERRED_TO = {
    "Medication": frozenset(
        {"MedicationRequest", "MedicationStatement", "MedicationAdministration", "MedicationDispense"}
    ),
    "ResearchStudy": frozenset({"ResearchSubject"}),
}
"""Types that are read because others refer to them."""

_WORKSHEET_WRITES = ("QuestionnaireResponse", "ServiceRequest")
_V1 = (("read", "rs"), ("write", "cud"))


def worksheet_scopes(endpoints: Endpoints, types: Collection[str], *, launched: bool) -> tuple[str, ...]:
    """For the worksheet of one patient: read what the trials need, write answers and a referral.

    ``launched``: from within the EHR, which knows the patient; else it lets the user choose one.
    """
    wanted = dict.fromkeys(sorted(_with_referred(types)), READ)
    for kind in _WORKSHEET_WRITES:
        wanted[kind] = CREATE + wanted.get(kind, "")
    who = (OPENID, "fhirUser") if endpoints.signs_in else ()
    return ("launch" if launched else "launch/patient", *who, *_written("patient", wanted, endpoints))


def backend_scopes(endpoints: Endpoints, types: Collection[str], terms: ReferralTerms) -> tuple[str, ...]:
    """For this service by itself: read what the trials need, keep referrals and answers."""
    wanted = dict.fromkeys(sorted(_with_referred(types)), READ)
    kept = {
        "QuestionnaireResponse": True,
        "ServiceRequest": terms.request != "none",
        "Task": terms.task,
        "ResearchSubject": terms.research_subject,
        "Subscription": terms.subscription,
    }
    wanted |= {kind: KEEP for kind, needed in kept.items() if needed}
    return _written("system", wanted, endpoints)


def _with_referred(types: Collection[str]) -> set[str]:
    more = {kind for kind, referring in _REFERRED_TO.items() if not referring.isdisjoint(types)}
    return {"Patient", *types, *more}


def _written(context: str, wanted: Mapping[str, str], endpoints: Endpoints) -> tuple[str, ...]:
    """In the second form of SMART scopes; in the first where the server lists only that one."""
    abilities = endpoints.capabilities
    if "permission-v1" not in abilities or "permission-v2" in abilities:
        return tuple(f"{context}/{kind}.{letters}" for kind, letters in wanted.items())
    return tuple(
        f"{context}/{kind}.{verb}"
        for kind, letters in wanted.items()
        for verb, meaning in _V1
        if not set(letters).isdisjoint(meaning)
    )
