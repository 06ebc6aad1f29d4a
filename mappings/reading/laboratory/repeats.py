"""Resources that another one replaces or withdraws: results by what they say, others as versions of an id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, NamedTuple

from mappings.facts import Result
from mappings.reading.code_index import codings_of, normalised, words
from mappings.reading.fhir_elements import coding_token, items, mapping, text_of
from mappings.reading.laboratory.qualifiers import is_about
from mappings.reading.people import SUBJECT_MEMBER
from mappings.reading.references import (
    NO_URLS,
    PatientIdentity,
    local_reference,
    reference_of,
    results_inside,
)

KINDS = frozenset({"Observation", "DiagnosticReport"})
VERSIONED = frozenset(
    {
        *("Condition", "Procedure", "MedicationRequest", "MedicationStatement", "MedicationAdministration"),
        *("MedicationDispense", "Medication", *SUBJECT_MEMBER),
    }
)
"""Of these, only two resources of one id are compared."""
REPLACES = "http://hl7.org/fhir/StructureDefinition/observation-replaces"
"""FHIR R4 extension: this Observation is the revised value of another."""

_PROVISIONAL, _FINAL, _CORRECTED = 0, 1, 2
_RANKS: Mapping[str, int] = {
    **dict.fromkeys(("registered", "partial", "preliminary"), _PROVISIONAL),
    "final": _FINAL,
    **dict.fromkeys(("amended", "corrected", "appended"), _CORRECTED),
}
"""A status that is missing or unknown has no rank: it neither replaces by it nor is replaced for it."""
_ERROR = "entered-in-error"
_WITHDRAWN = frozenset({_ERROR, "cancelled", "refuted"})

_SAYING = frozenset({"component", "dataAbsentReason", "hasMember", "interpretation"})
_REFERENCE = itemgetter(Result._fields.index("reference"))
"""Several times faster than the name, and called for every result of a record."""

_LOOKED_AT = KINDS | VERSIONED
Group = list[tuple[int, Mapping[str, Any]]]


class Contained(NamedTuple):
    """A result inside the report at a place, as it is, and as it would be read by itself."""

    place: int
    resource: Mapping[str, Any]
    alone: Mapping[str, Any]


def came_twice(
    results: Mapping[str, Sequence[Result]], by_type: Mapping[str, Sequence[Mapping[str, Any]]]
) -> bool:
    """Whether two results of a concept, or two others, have one id, or a report is not simply final."""
    for found in results.values():
        if len(found) > 1 and len(set(map(_REFERENCE, found))) < len(found):
            return True
    for kind, held in by_type.items():
        if len(held) < 2 or kind not in _LOOKED_AT:
            continue
        named = [reference for reference in map(reference_of, held) if "/" in reference]
        if len(set(named)) < len(named):
            return True
    return any(resource.get("status") != "final" for resource in by_type.get("DiagnosticReport", ()))


def in_force(
    resources: Sequence[Any], identity: PatientIdentity, full_urls: Mapping[str, str] = NO_URLS
) -> Sequence[Any]:
    """The resources that no other one replaces; the very same sequence if that is all of them.

    A result that another one, itself withdrawn, withdraws or replaces may stand or not: its status becomes
    "unknown", so that neither it nor an older one decides.
    """
    left = _left(resources, (), identity, full_urls)
    inside = list(_contained(left))  # of reports that are themselves in force
    return _left(left, inside, identity, full_urls) if inside else left


def _left(
    resources: Sequence[Any],
    inside: Sequence[Contained],
    identity: PatientIdentity,
    full_urls: Mapping[str, str],
) -> Sequence[Any]:
    versions = _versions([*resources, *(one.alone for one in inside)], identity, full_urls)
    gone = versions.replaced()
    doubted = versions.doubted(gone)
    if not gone and not doubted:
        return resources
    changed: dict[int, dict[int, Mapping[str, Any] | None]] = defaultdict(dict)
    for number, one in enumerate(inside, len(resources)):
        if number in gone or number in doubted:
            new = None if number in gone else {**one.resource, "status": "unknown"}
            changed[one.place][id(one.resource)] = new
    return [
        _with({**resource, "status": "unknown"} if place in doubted else resource, changed.get(place))
        for place, resource in enumerate(resources)
        if place not in gone
    ]


def _with(report: Any, changed: Mapping[int, Mapping[str, Any] | None] | None) -> Any:
    """A report with other results inside, by ``id``; None takes one out."""
    if changed is None:
        return report
    left = [changed.get(id(each), each) for each in items(report["contained"])]
    return {**report, "contained": [each for each in left if each is not None]}


def _contained(resources: Sequence[Any]) -> Iterable[Contained]:
    """The results with an identifier that reports contain, which may be told of outside of them as well."""
    for place, report in enumerate(resources):
        if (
            type(report) is dict
            and report.get("resourceType") == "DiagnosticReport"
            and "contained" in report
        ):
            for each in results_inside(report):
                if "identifier" in each:
                    yield Contained(place, each, _alone(each, report))


def _alone(inside: Mapping[str, Any], report: Mapping[str, Any]) -> Mapping[str, Any]:
    """A contained result with whose it is and of when, and without its id, which nobody else knows."""
    dated = any(name.startswith("effective") for name in inside)
    shared = {
        name: report[name]
        for name in report
        if name == "subject" or (name.startswith("effective") and not dated)
    }
    return {**shared, **inside, "id": None}


def replaced(
    resources: Sequence[Any], identity: PatientIdentity, full_urls: Mapping[str, str] = NO_URLS
) -> frozenset[int]:
    """The places in ``resources`` of those that another one replaces.

    An Observation or report replaces another of the same code (1) as a newer version of the same id; (2) if
    it shares an identifier and is corrected or amended where the other is final, or final where the other is
    provisional; (3) if it names the other in the extension ``observation-replaces``. An identifier that
    stands on results of several codes is that of an order: then both must also be of the same time. Any
    other resource is replaced by a newer version of its id only.
    """
    return _versions(resources, identity, full_urls).replaced()


def is_awaited(resource: Mapping[str, Any]) -> bool:
    """Whether an Observation tells that there is no result yet, which is what FHIR calls ``registered``."""
    if resource.get("status") != "registered" or not _SAYING.isdisjoint(resource):
        return False
    return not any(name.startswith("value") and resource[name] is not None for name in resource)


class _Versions:
    """The resources of one patient by id, and results by identifier and by what they name as replaced."""

    def __init__(self) -> None:
        self.by_id: dict[object, Group] = defaultdict(list)
        self.by_identifier: dict[tuple[object, object], Group] = defaultdict(list)
        self.in_error: dict[tuple[object, object], Group] = defaultdict(list)
        self.codes: dict[object, set[object]] = defaultdict(set)
        self.named: set[object] = set()
        self.named_in_error: list[tuple[int, object]] = []

    def add(self, place: int, resource: Mapping[str, Any], code: object) -> None:
        """Takes a resource in; ``code`` is None for one of which only versions are compared."""
        reference = reference_of(resource)
        if "/" in reference:  # else it has no id, and is a version of nothing
            self.by_id[reference, code].append((place, resource))
        if code is None:
            return
        withdrawn = _is_withdrawn(resource)
        names = [(other, code) for other in _named(resource) if other != reference]
        if withdrawn:
            self.named_in_error += [(place, name) for name in names]
        elif _rank(resource) != _PROVISIONAL:
            self.named.update(names)
        for token in _identifiers(resource):
            if not withdrawn:
                self.by_identifier[token, code].append((place, resource))
                self.codes[token].add(code)
            elif resource.get("status") == _ERROR:
                self.in_error[token, code].append((place, resource))

    def replaced(self) -> frozenset[int]:
        gone = {place for group in self.by_id.values() if len(group) > 1 for place in _older(group)}
        gone.update(place for key in self.named for place, _ in self.by_id.get(key, ()))
        for (token, _), group in self.by_identifier.items():
            gone.update(_outranked(group, same_time=len(self.codes[token]) > 1))
        return frozenset(gone)

    def doubted(self, gone: frozenset[int]) -> frozenset[int]:
        """Results that may be withdrawn: by one in error that replaced them, or that says the same.

        What is ``gone`` withdraws nothing, such as an older version of a result that stands now.
        """
        replaced = [name for place, name in self.named_in_error if place not in gone]
        found = {
            place for name in replaced for place, one in self.by_id.get(name, ()) if not _is_withdrawn(one)
        }
        for group in self.by_id.values():
            found.update(place for place, one in group if len(group) > 1 and is_awaited(one))
        for key, errors in self.in_error.items():
            left = [error for place, error in errors if place not in gone]
            for place, resource in self.by_identifier.get(key, ()):
                if any(_may_withdraw(error, resource) for error in left):
                    found.add(place)
        return frozenset(found)


def _versions(resources: Sequence[Any], identity: PatientIdentity, full_urls: Mapping[str, str]) -> _Versions:
    versions = _Versions()
    for place, resource in enumerate(resources):
        kind = text_of(resource.get("resourceType")) if type(resource) is dict else ""
        if kind not in _LOOKED_AT:
            continue
        if kind != "Medication" and not identity.is_subject_of(resource, SUBJECT_MEMBER.get(kind, "subject")):
            continue
        if kind in VERSIONED:
            versions.add(place, resource, None)
        elif is_about(resource, identity, full_urls):
            versions.add(place, resource, _code(resource))
    return versions


def _is_withdrawn(resource: Mapping[str, Any]) -> bool:
    """Whether it is entered in error or cancelled, or a refuted Condition."""
    codes = [coding.get("code") for coding in codings_of(resource.get("verificationStatus"))]
    return any(text_of(said).lower() in _WITHDRAWN for said in (resource.get("status"), *codes))


def _may_withdraw(error: Mapping[str, Any], resource: Mapping[str, Any]) -> bool:
    """Whether a result in error was the same one: of its time and value, or of none, and not before it.

    One with another value is the mistake that the other one puts right.
    """
    if _time(error) != _time(resource) or _value(error) not in ({}, _value(resource)):
        return False
    for known in (_stored, _issued):
        mine, its = known(resource), known(error)
        if mine is not None and its is not None and mine != its:
            return its > mine
    return True


def _value(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    given = [name for name in resource if name.startswith(("value", "conclusion", "component"))]
    return {name: resource[name] for name in given if resource[name] is not None}


def _rank(resource: Mapping[str, Any]) -> int | None:
    return _RANKS.get(text_of(resource.get("status")))


def _code(resource: Mapping[str, Any]) -> object:
    code = resource.get("code")
    return frozenset(filter(None, map(coding_token, codings_of(code)))) or normalised(words(code))


def _identifiers(resource: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
    for each in items(resource.get("identifier")):
        system, value = text_of(each.get("system")), text_of(each.get("value"))
        if value:
            yield system, value


def _named(resource: Mapping[str, Any]) -> Iterable[str]:
    for each in items(resource.get("extension")):
        if each.get("url") == REPLACES:
            yield local_reference(mapping(each.get("valueReference")).get("reference"))


def _time(resource: Mapping[str, Any]) -> object:
    members = ("effectiveDateTime", "effectiveInstant", "effectivePeriod")
    return str([resource.get(member) for member in members])


def _outranked(group: Group, *, same_time: bool) -> Iterable[int]:
    """Those of a group than which another has a higher status; of two corrections the later one stays."""
    for place, resource in group:
        others = [other for _, other in group if other is not resource]
        if same_time:
            others = [other for other in others if _time(other) == _time(resource)]
        if any(_outranks(other, resource) for other in others):
            yield place


def _outranks(resource: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    mine, its = _rank(resource), _rank(other)
    if mine is None or its is None:
        return False
    return mine > its or (mine == its == _CORRECTED and _later(resource, other))


def _older(group: Group) -> Iterable[int]:
    """All versions of one id but the newest; what comes twice word for word goes too."""
    kept: Group = []
    for place, resource in group:
        if any(other == resource for _, other in kept):
            yield place
        else:
            kept.append((place, resource))
    for place, resource in kept:
        if any(_later(other, resource) for _, other in kept if other is not resource):
            yield place


def _later(resource: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether a resource is the newer one, by when it was stored, else its version, else its status.

    Two that are of different things may have come by one id through an error: then only the first two tell.
    """
    for known in _NEWNESS if _code(resource) == _code(other) else _NEWNESS[:2]:
        mine, its = known(resource), known(other)
        if mine is not None and its is not None and mine != its:
            return bool(mine > its)
    return False


def _stored(resource: Mapping[str, Any]) -> datetime | None:
    return _instant(mapping(resource.get("meta")).get("lastUpdated"))


def _issued(resource: Mapping[str, Any]) -> datetime | None:
    return _instant(resource.get("issued"))


def _version(resource: Mapping[str, Any]) -> int | None:
    version = text_of(mapping(resource.get("meta")).get("versionId"))
    return int(version) if version.isascii() and version.isdigit() and len(version) < 19 else None


def _instant(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


_NEWNESS: Sequence[Callable[[Mapping[str, Any]], Any]] = (
    *(_stored, _version, _is_withdrawn),
    *(_rank, _issued),
)
