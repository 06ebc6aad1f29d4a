"""Observations and reports that another one replaces."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

from mappings.facts import Result
from mappings.reading.code_index import codings_of, normalised, words
from mappings.reading.fhir_elements import items, mapping, text_of
from mappings.reading.laboratory.qualifiers import is_about
from mappings.reading.references import NO_URLS, PatientIdentity, local_reference, reference_of

KINDS = frozenset({"Observation", "DiagnosticReport"})
REPLACES = "http://hl7.org/fhir/StructureDefinition/observation-replaces"
"""FHIR R4 extension: this Observation is the revised value of another."""

_PROVISIONAL, _FINAL, _CORRECTED = 0, 1, 2
_RANKS: Mapping[str, int] = {
    **dict.fromkeys(("registered", "partial", "preliminary"), _PROVISIONAL),
    "final": _FINAL,
    **dict.fromkeys(("amended", "corrected", "appended"), _CORRECTED),
}
"""A status that is missing or unknown has no rank: it neither replaces by it nor is replaced for it."""
_WITHDRAWN = frozenset({"entered-in-error", "cancelled"})

_REFERENCE = itemgetter(Result._fields.index("reference"))
"""Several times faster than the name, and called for every result of a record."""

Group = list[tuple[int, Mapping[str, Any]]]


def came_twice(
    results: Mapping[str, Sequence[Result]], by_type: Mapping[str, Sequence[Mapping[str, Any]]]
) -> bool:
    """Whether two results of a concept, or two reports, have one id, or a report is not simply final."""
    for found in results.values():
        if len(found) > 1 and len(set(map(_REFERENCE, found))) < len(found):
            return True
    for kind in KINDS:
        held = by_type.get(kind, ())
        if len(held) > 1 and (
            len({reference_of(resource) for resource in held}) < len(held)
            or any(resource.get("status") != "final" for resource in held)
        ):
            return True
    return False


def replaced(
    resources: Sequence[Any], identity: PatientIdentity, full_urls: Mapping[str, str] = NO_URLS
) -> frozenset[int]:
    """The places in ``resources`` of Observations and reports that another one replaces.

    One replaces another of the same code (1) as a newer version of the same id; (2) if it shares an
    identifier and is corrected or amended where the other is final, or final where the other is provisional;
    (3) if it names the other in the extension ``observation-replaces``. An identifier that stands on results
    of several codes is that of an order: then both must also be of the same time.
    """
    by_id: dict[object, Group] = defaultdict(list)
    by_identifier: dict[object, Group] = defaultdict(list)
    codes: dict[object, set[object]] = defaultdict(set)
    named: set[object] = set()
    for place, resource in enumerate(resources):
        if type(resource) is not dict or text_of(resource.get("resourceType")) not in KINDS:
            continue
        if not identity.is_subject_of(resource) or not is_about(resource, identity, full_urls):
            continue
        reference, code = reference_of(resource), _code(resource)
        if "/" in reference:  # else it has no id, and is a version of nothing
            by_id[reference, code].append((place, resource))
        if text_of(resource.get("status")) in _WITHDRAWN:
            continue
        for token in _identifiers(resource):
            by_identifier[token, code].append((place, resource))
            codes[token].add(code)
        if _rank(resource) != _PROVISIONAL:
            named.update((other, code) for other in _named(resource) if other != reference)
    gone = {place for group in by_id.values() if len(group) > 1 for place in _older(group)}
    gone.update(place for key in named for place, _ in by_id.get(key, ()))
    for (token, _), group in by_identifier.items():  # type: ignore[misc]
        gone.update(_outranked(group, same_time=len(codes[token]) > 1))
    return frozenset(gone)


def _rank(resource: Mapping[str, Any]) -> int | None:
    return _RANKS.get(text_of(resource.get("status")))


def _code(resource: Mapping[str, Any]) -> object:
    code = resource.get("code")
    tokens = [(c.get("system"), c.get("code")) for c in codings_of(code) if isinstance(c.get("code"), str)]
    return frozenset(map(str, tokens)) or normalised(words(code))


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
    """Whether a resource is the newer one, by when it was stored, else its version, else its status."""
    for known in _NEWNESS:
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


_NEWNESS: Sequence[Callable[[Mapping[str, Any]], Any]] = (_stored, _version, _rank, _issued)
