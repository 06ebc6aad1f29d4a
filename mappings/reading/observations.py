"""Observations and their components as results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from mappings.amounts import Amount
from mappings.concept import Concept
from mappings.dates import BEGINNING, SOME_DAY, When, parse_when
from mappings.facts import PatientFacts, Result
from mappings.reading.laboratory.findings import NO_TOKENS
from mappings.reading.laboratory.qualifiers import MODIFIED
from mappings.reading.laboratory.ranges import Whose
from mappings.reading.plain_results import RESULT, known_date
from mappings.reading.references import reference_of, results_inside
from mappings.reading.values import read_value
from mappings.results import Unreadable
from mappings.verdicts import Reason

_FINAL = frozenset({"final", "amended", "corrected"})
_NEVER = frozenset({"entered-in-error", "cancelled"})
_VALUES = frozenset(
    {
        "dataAbsentReason",
        *(
            f"value{kind}"
            for kind in ("Quantity", "CodeableConcept", "String", "Boolean", "Integer", "Range")
        ),
        *(f"value{kind}" for kind in ("Ratio", "SampledData", "Time", "DateTime", "Period")),
    }
)
_DATED = ("effectiveDateTime", "effectiveInstant", "effectivePeriod", "issued")


class Readings(NamedTuple):
    """What one record's Observations are read with, and into.

    ``concepts_of`` looks up a component's code; ``days`` keeps dates, which results of one visit share.
    ``results`` are added to by concept, ``unreadable`` by what could not be read, and ``placed`` by concept
    with Observations of blood cells, each with the component that was read, to be asked where they were
    counted. ``patient`` says which of several reference ranges applies.
    """

    concepts_of: Callable[[Any], Sequence[Concept]]
    days: dict[str, When]
    results: dict[str, list[Result]]
    unreadable: list[Unreadable]
    placed: dict[str, list[Mapping[str, Any]]]
    patient: PatientFacts | None = None


def read_observation(resource: Mapping[str, Any], concepts: Sequence[Concept], into: Readings) -> None:
    """Adds the results of an Observation and its components; appends what could not be read."""
    status = resource.get("status")
    if type(status) is str and status in _NEVER:
        return
    effective = resource.get("effectiveDateTime")
    when = known_date(effective, into.days) if type(effective) is str else None
    whose = Whose(into.patient, when or observation_date(resource))
    for concept in concepts:
        _add(resource, resource, concept, whose, into)
    components = resource.get("component")
    method = {"method": resource["method"]} if "method" in resource else {}
    for component in components if type(components) is list else ():
        if type(component) is dict:
            for concept in into.concepts_of(component.get("code")):
                _add(resource, {**method, **component}, concept, whose, into)


def read_contained(
    report: Mapping[str, Any], asked: Sequence[Callable[[Mapping[str, Any]], bool | None]], into: Readings
) -> None:
    """Adds the results of the Observations that a DiagnosticReport contains and names as its results.

    They are called by the report's reference, which is all that can be opened. Whose they are and of when is
    told by the report where they do not say it themselves. A report that was withdrawn withdraws them.
    Each of ``asked`` has to say that an Observation is about the patient.
    """
    status = report.get("status")
    if "contained" not in report or (type(status) is str and status in _NEVER):
        return
    known = {name: report[name] for name in ("resourceType", "id", "contained") if name in report}
    for inside in results_inside(report):
        lacking = ("subject",) if any(name in inside for name in _DATED) else ("subject", *_DATED)
        shared = {name: report[name] for name in lacking if name in report}
        resource = {**shared, **inside, **known}
        if all(is_ours(resource) for is_ours in asked):
            read_observation(resource, into.concepts_of(resource.get("code")), into)


def _add(
    resource: Mapping[str, Any], element: Mapping[str, Any], concept: Concept, whose: Whose, into: Readings
) -> None:
    if element is resource and only_holds_others(resource):
        return
    amount, tokens, text, unit, problem, note = read_value(element, concept, whose)
    reference = reference_of(resource)
    if resource.get("modifierExtension") or element.get("modifierExtension"):
        amount, tokens, problem, note = None, NO_TOKENS, Reason.UNREADABLE, MODIFIED
    if problem is Reason.UNREADABLE:
        into.unreadable.append(Unreadable(reference, note or "value cannot be read"))
    if concept.blood_cells:
        into.placed.setdefault(concept.id, []).append({**resource, "component": [element]})
    status = resource.get("status")
    if problem is None and (type(status) is not str or status not in _FINAL):
        problem, note = Reason.NOT_CONFIRMED, _status_note(status)
    if amount is not None and problem is None and text == _in_own_unit(amount, unit, concept):
        text = ""  # as ``PlainResults`` has it, which reads the next one of this code
    result = RESULT((concept.id, whose.when, reference, text, amount, tokens, unit, problem, note))
    known = into.results.get(concept.id)
    if known is None:
        into.results[concept.id] = [result]
    else:
        known.append(result)


def _in_own_unit(amount: Amount, unit: str, concept: Concept) -> str:
    """How a number in the concept's own unit is written; of a finding any unit is its own."""
    return f"{amount.low:.10g} {unit}" if unit == concept.unit or concept.kind == "finding" else ""


def has_value(resource: Mapping[str, Any]) -> bool:
    """Whether the Observation itself, and not only its components, says something."""
    return not _VALUES.isdisjoint(resource)


def only_holds_others(resource: Mapping[str, Any]) -> bool:
    """Whether it is a panel: its results are its components, or the Observations it has as members."""
    if "component" in resource and not has_value(resource):
        return True
    return bool(resource.get("hasMember")) and _VALUES.isdisjoint(resource.keys() - {"dataAbsentReason"})


def _status_note(status: object) -> str:
    return "no status recorded" if status is None else "not final"


def observation_date(resource: Mapping[str, Any]) -> When:
    """When it was observed: effective[x]; else not after ``issued``; else undated."""
    when = parse_when(resource.get("effectiveDateTime"))
    if when is not None:
        return when
    when = parse_when(resource.get("effectiveInstant")) or period(resource.get("effectivePeriod"))
    if when is not None:
        return when
    issued = parse_when(resource.get("issued"))
    return When(BEGINNING, issued.last, "") if issued else SOME_DAY


def period(element: Any) -> When | None:
    """A Period as the interval of days it spans; an open end reaches to the last day there is."""
    if not isinstance(element, dict):
        return None
    start, end = parse_when(element.get("start")), parse_when(element.get("end"))
    if start is None and end is None:
        return None
    first = start.first if start else BEGINNING
    last = end.last if end else SOME_DAY.last
    text = (start or end or SOME_DAY).text
    return When(first, last, text, span=_span(start, end)) if first <= last else None


def _span(start: When | None, end: When | None) -> tuple[datetime, datetime] | None:
    """From when to when, if both are told to the hour; one that ends before it begins tells neither."""
    if start is None or end is None or start.moment is None or end.moment is None:
        return None
    return (start.moment, end.moment) if start.moment <= end.moment else None
