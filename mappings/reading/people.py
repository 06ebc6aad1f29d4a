"""The Patient, and the studies and consents that concern them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mappings.concept import Concept
from mappings.dates import BEGINNING, When, parse_when
from mappings.facts import PatientFacts, Result, StudyParticipation
from mappings.reading.code_index import first_code
from mappings.reading.fhir_elements import items, mapping
from mappings.reading.references import local_reference, reference_of
from mappings.verdicts import Reason

_STUDY = re.compile(r"\bNCT\d{8}\b", re.IGNORECASE)
_SOME_DAY = When(BEGINNING, 10**7, "")


def find_patient(resources: Sequence[Any], patient_id: str | None) -> Mapping[str, Any]:
    """The Patient with this id, or the first one; LookupError if there is none."""
    for resource in resources:
        if (
            type(resource) is dict
            and resource.get("resourceType") == "Patient"
            and (patient_id is None or resource.get("id") == patient_id)
        ):
            return resource
    raise LookupError("no Patient resource")


def read_patient(resource: Mapping[str, Any]) -> PatientFacts:
    """Birth date, administrative gender, and whether the record is one to assess at all."""
    birth = parse_when(resource.get("birthDate"))
    gender = resource.get("gender")
    links = resource.get("link")
    return PatientFacts(
        reference=reference_of(resource),
        birth=birth,
        gender=gender if isinstance(gender, str) else "",
        deceased=_deceased(resource),
        inactive=resource.get("active") is False,
        merged=any(
            isinstance(link, dict) and link.get("type") == "replaced-by"
            for link in (links if isinstance(links, list) else ())
        ),
        birth_unreadable="birthDate" in resource and birth is None,
    )


def _deceased(resource: Mapping[str, Any]) -> When | None:
    """The day of death; some day where it is not given, or cannot be read: a date means a death."""
    when = parse_when(resource.get("deceasedDateTime"))
    if when is not None:
        return when
    dated = bool(resource.get("deceasedDateTime") or resource.get("_deceasedDateTime"))
    said = resource.get("deceasedBoolean") not in (None, False, "false")
    return _SOME_DAY._replace(last=BEGINNING) if dated or said else None


def agreed_patient(versions: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Several Patient resources of one id as one, whatever their order.

    A birth date in which they differ is unreadable, a gender unknown. Who is dead, inactive or merged away by
    one of them is so.
    """
    agreed: dict[str, Any] = {"resourceType": "Patient", "id": versions[0].get("id")}
    for member, if_they_differ in (("birthDate", "differs"), ("gender", "unknown")):
        said = [version[member] for version in versions if version.get(member) is not None]
        if said:
            agreed[member] = said[0] if all(each == said[0] for each in said) else if_they_differ
    deaths = [death for version in versions if (death := _deceased(version)) is not None]
    if deaths:
        first = min(deaths, key=lambda when: (when.first, when.last))
        agreed |= {"deceasedDateTime": first.text} if first.text else {"deceasedBoolean": True}
    if any(version.get("active") is False for version in versions):
        agreed["active"] = False
    for member in ("link", "identifier"):
        agreed[member] = [each for version in versions for each in items(version.get(member))]
    return agreed


def texts(element: Any, depth: int = 0) -> Iterator[str]:
    """Every text inside an element, a few levels deep."""
    if isinstance(element, str):
        yield element
    elif depth < 6 and isinstance(element, dict):
        for value in element.values():
            yield from texts(value, depth + 1)
    elif depth < 6 and isinstance(element, list):
        for value in element[:50]:
            yield from texts(value, depth + 1)


def registry_numbers(*elements: Any) -> frozenset[str]:
    """The ClinicalTrials.gov numbers named anywhere in some elements."""
    return frozenset(match.upper() for text in texts(list(elements)) for match in _STUDY.findall(text))


def read_consents(resources: Sequence[Mapping[str, Any]], concept: Concept) -> list[Result]:
    """Research Consents as findings whose answers are the studies that they name.

    Only scope "research", status active and a provision that does not deny give an answer. One that is
    limited in time or not verified, and one that takes back another, is for a person to judge. What was taken
    back, or may have been since the days are not known, is left out.
    """
    consents = [consent for resource in resources if (consent := _consent(resource, concept)) is not None]
    refusals = [consent for consent in consents if consent.refused]
    results = []
    for consent in consents:
        if not (consent.given and any(_takes_back(refusal, consent) for refusal in refusals)):
            takes = consent.refused and any(_takes_back(consent, each) for each in consents if each.given)
            result = consent.result
            results.append(result._replace(problem=_JUDGE, note=TAKES_BACK) if takes else result)
    return results


TAKES_BACK, LIMITED, UNVERIFIED = "takes back a consent", "limited in time", "not verified"
_JUDGE = Reason.NEEDS_JUDGEMENT


class _Consent(NamedTuple):
    result: Result
    studies: frozenset[str]
    given: bool
    refused: bool


def _consent(resource: Mapping[str, Any], concept: Concept) -> _Consent | None:
    if first_code(resource.get("scope")) != "research" or resource.get("status") == "entered-in-error":
        return None
    provision = mapping(resource.get("provision"))
    status, denied = resource.get("status"), provision.get("type") == "deny"
    given = status == "active" and not denied
    studies = registry_numbers({k: v for k, v in resource.items() if k not in ("id", "text", "patient")})
    note = _reservation(resource, provision) if given else ""
    result = Result(
        concept=concept.id,
        when=parse_when(resource.get("dateTime")) or _SOME_DAY,
        reference=reference_of(resource),
        text="research consent" if given else "research consent, not active",
        tokens=studies if given and studies else frozenset({"other"}),
        problem=_JUDGE if note else None,
        note=note,
    )
    refused = status in ("inactive", "rejected") or (status == "active" and denied)
    return _Consent(result, studies, given, refused)


def _reservation(resource: Mapping[str, Any], provision: Mapping[str, Any]) -> str:
    """Why a consent that was given may not count on the day; "" if nothing says so."""
    if any(each.get("verified") is False for each in items(resource.get("verification"))):
        return UNVERIFIED
    time, given = mapping(provision.get("period")), parse_when(resource.get("dateTime"))
    begins = parse_when(time.get("start"))
    later = begins is not None and (given is None or begins.last > given.last)
    return LIMITED if "end" in time or later else ""


def _takes_back(refusal: _Consent, consent: _Consent) -> bool:
    """Whether a refusal of the same study may be of the same day or later."""
    earlier = refusal.result.when.last < consent.result.when.first
    return not earlier and not refusal.studies.isdisjoint(consent.studies)


def read_participation(
    resource: Mapping[str, Any], studies: Mapping[str, Mapping[str, Any]]
) -> StudyParticipation | None:
    """A ResearchSubject, with the study's numbers from its reference or from the ResearchStudy itself."""
    if resource.get("status") == "entered-in-error":
        return None
    study = resource.get("study")
    reference = study.get("reference") if isinstance(study, dict) else None
    known = studies.get(local_reference(reference), {})
    status = resource.get("status")
    title = known.get("title") if isinstance(known.get("title"), str) else ""
    label = title or (study.get("display") if isinstance(study, dict) else "") or ""
    return StudyParticipation(
        reference=reference_of(resource),
        study=registry_numbers(study, known.get("identifier"), known.get("title")),
        status=status if isinstance(status, str) else "",
        label=label if isinstance(label, str) else "",
    )
