"""What must hold for every chart, each as a function that says what it found, or nothing.

``random`` chooses among the many changes that an invariant speaks of; without it all are tried, which is
what a failing case is shrunk and kept with. docs/invariants.md states them for readers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, TypeVar

from mappings.reading.references import reference_of
from tests.fuzz.changing.damage import copied
from tests.fuzz.changing.rewriting import every_rewriting, rewritten
from tests.fuzz.changing.strangers import counted_as, of_somebody_else, unrelated
from tests.fuzz.charts import Chart, Json, is_the_patient, references_in, resource_of
from tests.fuzz.exceptions import Change, is_excepted
from tests.fuzz.hook_calls import answer_to, asked_for, is_json
from tests.fuzz.judging import (
    OUTCOME,
    Judged,
    NoPatientError,
    differences,
    is_settled_by_absence,
    judged,
    walk_the_whole_way,
    was,
)
from tests.fuzz.reads import concepts_read, references_of

T = TypeVar("T")
Check = Callable[[Chart, Judged, Random | None], str]

REMOVALS, QUALIFIERS, CRITERIA, REWRITINGS = 3, 3, 2, 2
"""How many of its changes an invariant tries on one chart of the mass run."""

_REMOVING = "removing-a-resource"
_QUALIFIER = "removing-a-qualifier"
_CENSORED = "censored-value"


def some(of: Iterable[T], most: int, random: Random | None) -> Sequence[T]:
    """At most so many at random; without randomness all of them."""
    everything = list(of)
    if random is None or len(everything) <= most:
        return everything
    return random.sample(everything, most)


def never_an_exception(chart: Chart, _before: Judged, _random: Random | None) -> str:
    """The whole way from bytes to cards answers, whatever the chart holds."""
    walk_the_whole_way(chart)
    return ""


HOOK_CALLS = 0.15
"""The share of charts that are sent to the service as a hook call: it costs as much as all else together."""


def the_hook_answers(chart: Chart, before: Judged, random: Random | None) -> str:
    """A hook call with the chart as prefetch: a card for a possible candidate, none otherwise, never a 5xx.

    What is no JSON is refused as the caller's fault. The card is compared only where prefetch carries the
    chart as it is: in resources of the types that are asked for.
    """
    if random is not None and random.random() > HOOK_CALLS:
        return ""
    status, cards = answer_to(chart)
    if not is_json(chart.entries):
        return "" if status in (200, 400, 412) else f"status {status} for what is no JSON"
    if status != 200:
        return "" if status in (400, 412) and not _has_its_patient(chart) else f"status {status}"
    assessment = before.assessment
    expected = assessment.outcome == "possible-candidate" and not assessment.enrolment
    if chart.not_read or len(cards) == expected or not _is_sent_whole(chart):
        return ""
    return f"{len(cards)} cards for {before.verdicts[OUTCOME]}"


def _has_its_patient(chart: Chart) -> bool:
    return any(is_the_patient(entry, chart) for entry in chart.entries)


def _is_sent_whole(chart: Chart) -> bool:
    """Whether every entry holds one resource, of a type that the service asks for, and one is the Patient."""
    kinds = [resource_of(entry).get("resourceType") for entry in chart.entries]
    return (
        kinds.count("Patient") == 1 and _has_its_patient(chart) and all(kind in asked_for() for kind in kinds)
    )


def counts_add_up(_chart: Chart, before: Judged, _random: Random | None) -> str:
    """Read, irrelevant, unreadable and another patient's add up to what was received; none is negative."""
    received, *parts = (getattr(before.counts, name) for name in before.counts.__slots__)
    return "" if min(parts) >= 0 and sum(parts) == received else f"{before.counts}"


def order_does_not_matter(chart: Chart, before: Judged, random: Random | None) -> str:
    """Entries in another order: the same verdicts, reasons and scores."""
    for entries in _orders(chart.entries, random):
        after = judged(chart.with_entries(entries))
        for name in differences(before, after, closely=True):
            return f"in another order {was(name, before, after)} [{name}]"
    return ""


def _orders(entries: tuple[Any, ...], random: Random | None) -> Iterator[Sequence[Any]]:
    yield entries[::-1]
    for shuffle in [random] if random is not None else map(Random, range(12)):
        shuffled = list(entries)
        shuffle.shuffle(shuffled)
        yield shuffled


def what_concerns_others_does_not_matter(chart: Chart, before: Judged, random: Random | None) -> str:
    """Resources about somebody or something else, anywhere among the entries: the same verdicts.

    And each is counted as what it is.
    """
    groups = [[each] for each in some(unrelated(chart), 4, random)]
    groups += [of_somebody_else(each) for each in ([random] if random else map(Random, range(30)))]
    if random is not None:
        groups = [[each for group in groups for each in group]]
    for group in groups:
        entries = list(chart.entries)
        for resource in group:
            place = random.randrange(len(entries) + 1) if random is not None else 0
            entries.insert(place, {"resource": resource})
        after = judged(chart.with_entries(entries))
        what = ", ".join(reference_of(resource) for resource in group)
        for name in differences(before, after, closely=True):
            return f"with {what} of no concern {was(name, before, after)} [{name}]"
        expected = Counter(map(counted_as, group)) + Counter(_counted(before))
        if +Counter(_counted(after)) != expected:
            return f"{what} counted wrongly: {before.counts} became {after.counts}"
    return ""


def _counted(result: Judged) -> dict[str, int]:
    counts = result.counts
    return {name: getattr(counts, name) for name in ("read", "irrelevant", "unreadable", "other_patient")}


def only_evidence_matters(chart: Chart, before: Judged, random: Random | None) -> str:
    """Without one resource, the Patient apart: only those verdicts change in whose evidence it was."""
    chart = chart.unfolded()
    places = [n for n, entry in enumerate(chart.entries) if resource_of(entry)]
    called = chart.called()
    for number in some(places, REMOVALS, random):
        resource = resource_of(chart.entries[number])
        if is_the_patient(chart.entries[number], chart):
            continue
        after = judged(chart.without(number))
        names = {reference_of(resource), called[number], *_supported_by(resource, chart)}
        for name in differences(before, after):
            change = Change(name, resource, "", before, after, chart)
            if name == OUTCOME or not names.isdisjoint(before.references.get(name, ())):
                continue
            if not is_excepted(_REMOVING, change):
                return f"without {reference_of(resource)}, not in its evidence, {was(name, before, after)}"
    return ""


_SUPPORTING = frozenset({"Medication", "Specimen", "ResearchStudy"})


def _supported_by(resource: Json, chart: Chart) -> set[str]:
    """What refers to a resource that has no meaning of its own: the order of a Medication."""
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or kind not in _SUPPORTING:
        return set()
    own = reference_of(resource)
    return {reference_of(other) for other in chart.resources() if own in references_in(other)}


def nothing_read_leaves_it_open(chart: Chart, before: Judged, random: Random | None) -> str:
    """Without all that a criterion reads it is unknown, or what its author says that absence means.

    What is known of the person stays: age and sex are not read from anything that can be taken away.
    """
    for name in some((name for name in before.reasons), CRITERIA, random):
        left = _without_all_of(chart.unfolded(), before, concepts_read(name))
        after = judged(left)
        criterion = next(one for one in after.assessment.criteria if one.id == name)
        rest_on = {each.reference for each in criterion.evidence if each.reference}
        of_the_person = rest_on and rest_on <= {f"Patient/{chart.patient_id}"}
        if not is_settled_by_absence(criterion) and not of_the_person:
            return f"with nothing left that it reads {was(name, before, after)}"
    return ""


def _without_all_of(chart: Chart, before: Judged, concepts: frozenset[str]) -> Chart:
    """The chart without all resources that say something of some concepts."""
    record = before.record
    for _ in range(10):  # what is taken away may uncover what it stood before
        gone = references_of(concepts, record)
        if not gone:
            break
        named = zip(chart.entries, chart.called(), strict=True)
        kept = [entry for entry, name in named if name not in gone]
        chart = chart.with_entries(kept)
        record = judged(chart).record
    return chart


MEMBERS: Mapping[str, Sequence[str]] = {
    "Observation": ("status", "dataAbsentReason", "interpretation", "referenceRange"),
    "DiagnosticReport": ("status", "category"),
    "Condition": ("verificationStatus", "clinicalStatus"),
    "Procedure": ("status", "statusReason"),
    "MedicationRequest": ("status", "intent", "doNotPerform", "statusReason"),
    "MedicationStatement": ("status", "statusReason"),
    "MedicationAdministration": ("status", "statusReason"),
    "MedicationDispense": ("status", "statusReasonCodeableConcept", "daysSupply"),
    "Consent": ("status", "scope", "provision", "provision.type"),
    "QuestionnaireResponse": ("status", "author"),
}
"""The members that qualify what a resource says."""

PARTS: Sequence[str] = ("comparator", "unit", "code", "system", "unit+code", "unit+code+system")
"""Those that qualify a quantity; some senders write the unit twice."""


def a_qualifier_less_is_no_pass(chart: Chart, before: Judged, random: Random | None) -> str:
    """Without a status, comparator or unit, no verdict goes from unknown to met."""
    chart = chart.unfolded()
    for number, member in some(_qualifiers(chart), QUALIFIERS, random):
        resource = resource_of(chart.entries[number])
        try:
            after = judged(chart.instead(number, _less(resource, member)))
        except NoPatientError:
            continue
        for name in differences(before, after):
            if before.verdicts[name] != "unknown" or after.verdicts.get(name) != "met":
                continue
            if not is_excepted(_QUALIFIER, Change(name, resource, member, before, after, chart)):
                return f"without {member} of {reference_of(resource)} {was(name, before, after)}"
    return ""


def _qualifiers(chart: Chart) -> Iterator[tuple[int, str]]:
    """The places of resources, with the path of each qualifying member that they have."""
    for number, entry in enumerate(chart.entries):
        resource = resource_of(entry)
        kind = resource.get("resourceType")
        for member in MEMBERS.get(kind, ()) if isinstance(kind, str) else ():
            if _has(resource, member):
                yield number, member
        for path in _quantities(resource, ""):
            yield from ((number, f"{path}.{part}") for part in PARTS if _has(resource, f"{path}.{part}"))


def _quantities(element: Any, path: str) -> Iterator[str]:
    """The paths of what looks like a quantity."""
    if isinstance(element, dict):
        if "value" in element and path:
            yield path
        for key, value in element.items():
            if "." not in key and "+" not in key:
                yield from _quantities(value, f"{path}.{key}" if path else key)
    elif isinstance(element, list):
        for number, value in enumerate(element[:20]):
            yield from _quantities(value, f"{path}.{number}")


def _parent(document: Any, path: str) -> tuple[Any, str]:
    *way, last = path.split(".")
    for step in way:
        document = document[int(step)] if isinstance(document, list) else document.get(step)
        if not isinstance(document, (dict, list)):
            return None, last
    return document, last


def _has(resource: Json, path: str) -> bool:
    parent, last = _parent(resource, path)
    return isinstance(parent, dict) and any(key in parent for key in last.split("+"))


def _less(resource: Json, path: str) -> Json:
    """The resource without the member."""
    copy: Json = copied(resource)
    parent, last = _parent(copy, path)
    for key in last.split("+"):
        parent.pop(key, None)
    return copy


def the_unit_does_not_matter(chart: Chart, before: Judged, random: Random | None) -> str:
    """The same quantity in another unit, by exact decimals: the same verdicts and scores."""
    for number in some(range(len(chart.entries)), REWRITINGS, random):
        resource = resource_of(chart.entries[number])
        found = [rewritten(resource, random)] if random is not None else every_rewriting(resource)
        for other in found:
            if other is None:
                continue
            after = judged(chart.instead(number, other))
            for name in differences(before, after, closely=True):
                values = f"{_value(resource)} written as {_value(other)}"
                return f"{reference_of(resource)}, {values}: {was(name, before, after)} [{name}]"
    return ""


def _value(resource: Json) -> str:
    quantity = resource.get("valueQuantity")
    if not isinstance(quantity, dict):
        return "a component"
    return f"{quantity.get('value')} {quantity.get('code') or quantity.get('unit')}"


POSSIBLE: Mapping[str, Sequence[float]] = {
    "<": (0, 0.5, 0.999),
    "<=": (0, 0.5, 0.999, 1),
    ">": (1.001, 1.1, 2),
    ">=": (1, 1.001, 1.1, 2),
}
"""Some numbers that a value can be, as parts of the number behind its comparator."""


def a_limit_decides_for_all_numbers(chart: Chart, before: Judged, random: Random | None) -> str:
    """A value known only as below or above a number decides what every number it can be decides."""
    places = [
        (number, part)
        for number, entry in enumerate(chart.entries)
        for part in POSSIBLE.get(_comparator(resource_of(entry)), ())
    ]
    for number, part in some(places, REWRITINGS, random):
        resource: Json = copied(resource_of(chart.entries[number]))
        quantity = resource["valueQuantity"]
        limit, comparator = quantity["value"], quantity.pop("comparator")
        quantity["value"] = limit * part
        after = judged(chart.instead(number, resource))
        for name in differences(before, after):
            change = Change(name, resource, "valueQuantity", before, after, chart)
            turned = {before.verdicts[name], after.verdicts[name]} == {"met", "not-met"}
            if name != OUTCOME and turned and not is_excepted(_CENSORED, change):
                values = f"{comparator}{limit} taken for {limit * part}"
                return f"{reference_of(resource)}, {values}: {was(name, before, after)}"
    return ""


def _comparator(resource: Json) -> str:
    """The comparator of an Observation's number; nothing where there is none or it may be anything."""
    quantity = resource.get("valueQuantity")
    if resource.get("resourceType") != "Observation" or not isinstance(quantity, dict):
        return ""
    comparator, value = quantity.get("comparator"), quantity.get("value")
    if not isinstance(comparator, str) or not isinstance(value, int | float):
        return ""
    return comparator if 0 < value < 10**6 else ""


INVARIANTS: Mapping[str, Check] = {
    "never-an-exception": never_an_exception,
    "hook-call": the_hook_answers,
    "counts-add-up": counts_add_up,
    "order": order_does_not_matter,
    "adding-what-concerns-others": what_concerns_others_does_not_matter,
    _REMOVING: only_evidence_matters,
    "removing-all-that-is-read": nothing_read_leaves_it_open,
    _QUALIFIER: a_qualifier_less_is_no_pass,
    "another-unit": the_unit_does_not_matter,
    _CENSORED: a_limit_decides_for_all_numbers,
}
"""By the names that docs/invariants.md uses."""


def fault(name: str, chart: Chart, random: Random | None = None) -> str:
    """What is wrong with a chart by one invariant; nothing if it holds. Never raises."""
    try:
        try:
            before = judged(chart)
        except NoPatientError:
            return ""
        return INVARIANTS[name](chart, before, random)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
        return f"{type(error).__name__}: {str(error)[:300]}"


def faults(chart: Chart, random: Random) -> Iterator[tuple[str, str]]:
    """The invariants that a chart violates, with what was found. After an exception nothing else is tried."""
    for name in INVARIANTS:
        found = fault(name, chart, random)
        if found:
            yield name, found
            if name == "never-an-exception":
                return
