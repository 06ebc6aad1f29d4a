"""FHIR R4 ConceptMaps: local codes that mean what a code of the definitions means.

Only ``equal`` and ``equivalent`` say that (value set concept-map-equivalence of FHIR R4). A mapping that is
wider, narrower or inexact would make one result pass for another: it is not taken, and is told. So is one
that holds only under a condition (``dependsOn``) or together with something else (``product``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from mappings.concept import Code
from mappings.definitions.faults import Mistake, Report
from mappings.definitions.sites.additions import Additions, ClashError
from mappings.definitions.sites.reading import fault_of

LARGEST_MAP = 20_000_000
SAME = frozenset({"equal", "equivalent"})
NONE = frozenset({"unmatched", "disjoint"})
"""Says that the local code has no such meaning."""


@dataclass(slots=True)
class MapCounts:
    """What became of a map's mappings. The four add up to all of them.

    ``taken`` say what a local code means, ``known`` what was known already. ``unused`` lead to codes that no
    concept uses, or say that there is none. ``refused`` lead to a code in use, but not surely to the same;
    ``remarks`` tell each of them.
    """

    file: str
    taken: int = 0
    known: int = 0
    unused: int = 0
    refused: int = 0
    remarks: list[str] = field(default_factory=list)


class _Mapping(NamedTuple):
    """One target of one element, with its place in the words of whoever looks for it."""

    place: str
    source: Code
    target: str
    equivalence: str
    conditions: tuple[str, ...]


def take_map(path: Path, additions: Additions, report: Report) -> MapCounts:
    """Adds what a map says about codes that concepts use. Faults go to ``report``, of the map's own file."""
    counts = MapCounts(path.as_posix())
    document = _document(path, report)
    for mapping in _mappings(document, report) if document else ():
        _take(mapping, additions, report.at(mapping.place), counts)
    if counts.unused and not (counts.taken or counts.known or counts.refused or report.faults):
        counts.remarks.append(
            f"{counts.file}: none of its {counts.unused} mappings leads to a code that a concept uses; "
            "it must go from the site's codes to standard ones"
        )
    return counts


def _document(path: Path, report: Report) -> Mapping[str, Any] | None:
    try:
        content = path.read_bytes()
    except OSError as error:
        what = f"cannot be read: {error.strerror}; it is looked for beside the site's file"
        report.add(Mistake.FILE_NOT_FOUND, 0, what)
        return None
    if len(content) > LARGEST_MAP:
        report.add(Mistake.TOO_LARGE, 0, f"is larger than {LARGEST_MAP} bytes")
        return None
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        report.add(Mistake.NOT_YAML, error.lineno, "is not JSON; save the ConceptMap as FHIR JSON")
        return None
    kind = document.get("resourceType") if isinstance(document, dict) else None
    if kind != "ConceptMap":
        what = f"is a {kind}" if isinstance(kind, str) else "is no FHIR resource"
        report.add(Mistake.WRONG_SHAPE, 0, f"{what}, not a ConceptMap; save the ConceptMap alone")
        return None
    if document.get("status") == "retired":
        report.add(Mistake.NOT_ALLOWED_HERE, 0, "its status is 'retired'; give the map that is in use")
        return None
    return dict(document)


def _mappings(document: Mapping[str, Any], report: Report) -> Iterator[_Mapping]:
    groups = _objects(document.get("group"))
    if not groups:
        report.add(Mistake.EMPTY_FILE, 0, "the map has no group, so it maps nothing")
    for number, group in enumerate(groups, 1):
        place = f"group {number}"
        systems = [group.get(key) for key in ("source", "target")]
        if not all(isinstance(system, str) and system for system in systems):
            message = "must name its 'source' and 'target' system: a code means nothing without"
            report.at(place).add(Mistake.MISSING_KEY, 0, message)
            continue
        for element in _objects(group.get("element")):
            yield from _of_element(element, str(systems[0]), str(systems[1]), place, report)


def _of_element(
    element: Mapping[str, Any], source: str, system: str, place: str, report: Report
) -> Iterator[_Mapping]:
    code = element.get("code")
    if not isinstance(code, str) or not code.strip():
        report.at(place).add(Mistake.MISSING_KEY, 0, "an element has no 'code'")
        return
    place = f"{place}, code {code!r}"
    for target in _objects(element.get("target")):
        if "relationship" in target:
            message = "has a 'relationship', as FHIR R5 has; give the map as FHIR R4, with 'equivalence'"
            report.at(place).add(Mistake.WRONG_SHAPE, 0, message)
            return
        meant = target.get("code")
        if isinstance(meant, str) and meant:
            display = next((t for t in (element.get("display"), target.get("display")) if _is_text(t)), code)
            yield _Mapping(
                place,
                Code(source, code.strip(), str(display).strip()),
                f"{system}|{meant.strip()}",
                str(target.get("equivalence") or ""),
                tuple(key for key in ("dependsOn", "product") if target.get(key)),
            )


def _take(mapping: _Mapping, additions: Additions, report: Report, counts: MapCounts) -> None:
    meanings = additions.standing_for(mapping.target)
    answers = tuple(additions.answering(mapping.target))
    if mapping.equivalence in NONE or not (meanings or answers):
        counts.unused += 1
        return
    why_not = _why_not(mapping)
    if why_not:
        concepts = [*(one.concept.id for one in meanings), *(one.id for one, _ in answers)]
        names = ", ".join(dict.fromkeys(concepts[:3]))
        counts.refused += 1
        counts.remarks.append(
            f"{counts.file}: {mapping.place}: not taken as {mapping.target.rpartition('|')[2]} ({names}): "
            f"{why_not}; if it means exactly the same, list it in the site's file"
        )
        return
    fault = fault_of(mapping.source.system, mapping.source.code)
    if fault:
        report.add(Mistake.BAD_CODE, 0, f"{mapping.source.code!r} {fault}")
        return
    concerned = [one.concept for one in meanings]
    imprecise = [one.id for one in concerned if mapping.target in one.imprecise_when_positive]
    try:
        new = bool(meanings) and additions.code(meanings, mapping.source, imprecise=imprecise)
        for concept, answer in answers:
            new |= additions.answer((concept,), answer, mapping.source.token)
    except ClashError as clash:
        report.add(Mistake.REPEATED_VALUE, 0, str(clash))
        return
    counts.taken += new
    counts.known += not new


def _why_not(mapping: _Mapping) -> str:
    if not mapping.equivalence:
        return "it has no 'equivalence'"
    if mapping.equivalence not in SAME:
        return f"it is {mapping.equivalence!r}, and only 'equal' and 'equivalent' mean the same"
    if mapping.conditions:
        return f"it holds only with its {' and '.join(mapping.conditions)}"
    return ""


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _objects(value: object) -> Sequence[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else ()
