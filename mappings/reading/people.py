"""The Patient, and the studies and consents that concern them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.concept import Concept
from mappings.dates import BEGINNING, SOME_DAY, When, parse_when
from mappings.facts import PatientFacts, Result, StudyParticipation
from mappings.reading.code_index import codings_of, first_code
from mappings.reading.fhir_elements import items, mapping, text_of
from mappings.reading.references import NO_URLS, contained_in, reference_of, resolved
from mappings.verdicts import Reason

SUBJECT_MEMBER: Mapping[str, str] = {"Consent": "patient", "ResearchSubject": "individual"}
"""The member that says whom a resource is about, where that is not ``subject``."""

MAY_BE_THIS_ONE = "a study of the patient could not be read, and may be this one"
"""Of a ResearchSubject that names its study by nothing that can be read."""

_STUDY = re.compile(r"\bNCT\d{8}\b", re.IGNORECASE)


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
    return SOME_DAY._replace(last=BEGINNING) if dated or said else None


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


LIMITED, UNVERIFIED = "limited in time", "not verified"
EXCEPTED, REFUSING = "with exceptions", "may be a refusal"
_OPTED_OUT = frozenset({"OPTOUT", "OPTOUTE", "NOCONSENT"})
"""HL7 v3-ActCode, ActConsentDirective: opt-out, opt-out with exceptions, no consent."""
_DECLINED = re.compile(
    r"\b(?:declin(?:ed|es)|refus(?:ed|es|al)|withdrew|withdrawn|revoked|opt(?:ed|s)?[ -]out)\b"
    r"|\b(?:not|no) consent|拒绝|不同意|未同意|撤回|撤销"
    r"|\b(?:unsigned|(?:not|never)(?: yet| been){0,2} (?:signed|obtained)|to be signed)\b"
    r"|\b(?:do|did|does|has|have|had|will|would)(?: not|n['’]t) (?:yet )?sign"
    r"|\b(?:pending|awaiting|needs|missing) (?:\w+ ){0,2}signature"
    r"|\bsignatures? (?:is |are |still )?(?:pending|outstanding|missing|awaited)\b"
    r"|(?:[未没待]|没有)签|拒签|\bpre[- ]?screening\b|预筛",
    re.IGNORECASE,
)
"""Of a form: that it was refused or is not signed, or that it allows only to be looked at beforehand."""
_NO_REFUSAL = ("draft", "proposed")


def read_consent(resource: Mapping[str, Any], concept: Concept) -> Result | None:
    """A research Consent as a finding whose answers are the studies that it names.

    Only scope "research", status active and a provision that does not deny give an answer; one that is
    limited in time, not verified, makes exceptions or may be a refusal is for a person to judge. One that
    denies, or is not active, or may be so, answers ``not STUDY``; a draft or a proposal says nothing.
    """
    scope, status = first_code(resource.get("scope")), resource.get("status")
    provision = mapping(resource.get("provision"))
    given = scope == "research" and status == "active" and provision.get("type") != "deny"
    refused = not given and status not in _NO_REFUSAL and (scope == "research" or not scope)
    if status == "entered-in-error" or (scope != "research" and not refused):
        return None
    said = {name: element for name, element in resource.items() if name not in ("id", "text", "patient")}
    # Of one that is not in force, what it is about is told outside of its scope and rules.
    studies = registry_numbers(said if given else {**said, "provision": None, "scope": None})
    refusals = frozenset(f"not {study}" for study in studies) if refused else frozenset()
    note = _reservation(resource, provision) if given else ""
    return Result(
        concept=concept.id,
        when=parse_when(resource.get("dateTime")) or SOME_DAY,
        reference=reference_of(resource),
        text="research consent" if given else "research consent, not active",
        tokens=studies if given and studies else refusals | {"other"},
        problem=Reason.NEEDS_JUDGEMENT if note else None,
        note=note,
    )


def _reservation(resource: Mapping[str, Any], provision: Mapping[str, Any]) -> str:
    """Why a consent that was given may not count on the day; "" if nothing says so."""
    if any(each.get("verified") is False for each in items(resource.get("verification"))):
        return UNVERIFIED
    policy = {text_of(coding.get("code")) for coding in codings_of(resource.get("policyRule"))}
    titles = [*items(resource.get("sourceAttachment")), *items(resource.get("sourceReference"))]
    said = [resource.get("category"), *(each.get(key) for each in titles for key in ("title", "display"))]
    if policy & _OPTED_OUT or any(_DECLINED.search(text) for text in texts(said)):
        return REFUSING
    nested = list(_nested(provision))
    if any(each.get("type") == "deny" for each in nested):
        return EXCEPTED
    given = parse_when(resource.get("dateTime"))
    return LIMITED if any(_is_limited(each, given) for each in (provision, *nested)) else ""


def _is_limited(provision: Mapping[str, Any], given: When | None) -> bool:
    """Whether a provision ends, or begins later than the consent was given."""
    time = mapping(provision.get("period"))
    begins = parse_when(time.get("start"))
    return "end" in time or (begins is not None and (given is None or begins.last > given.last))


def _nested(provision: Mapping[str, Any], depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """The provisions within a provision, a few levels deep."""
    for each in items(provision.get("provision")) if depth < 6 else ():
        yield each
        yield from _nested(each, depth + 1)


def read_participation(
    resource: Mapping[str, Any],
    studies: Mapping[str, Mapping[str, Any]],
    full_urls: Mapping[str, str] = NO_URLS,
) -> StudyParticipation | None:
    """A ResearchSubject, with the study's numbers from its reference or from the ResearchStudy itself.

    ``study`` and ``label`` are both empty where nothing says which study it is.
    """
    if resource.get("status") == "entered-in-error":
        return None
    study, status = mapping(resource.get("study")), resource.get("status")
    reference = study.get("reference")
    name = resolved(reference, full_urls, "ResearchStudy") if isinstance(reference, str) else ""
    known = contained_in(resource, reference, "ResearchStudy") or studies.get(name, {})
    numbers = registry_numbers(study, known.get("identifier"), known.get("title"))
    others = () if numbers else (*_values(known), *_values(study))
    said = (known.get("title"), study.get("display"), *others)
    return StudyParticipation(
        reference=reference_of(resource),
        study=numbers,
        status=status if isinstance(status, str) else "",
        label=next((text for text in said if isinstance(text, str) and text.strip()), ""),
    )


def _values(element: Mapping[str, Any]) -> list[Any]:
    return [each.get("value") for each in items(element.get("identifier"))]
