"""Clinical variation: charts that could be true. Grafts of other charts, other days, statuses and numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

from tests.fuzz.changing.damage import copied, slots_of
from tests.fuzz.charts import Chart, about, grafts, is_the_patient, resource_of

HL7 = "http://terminology.hl7.org/CodeSystem"
STATUSES: Mapping[str, Sequence[str]] = {
    "Observation": ("final", "amended", "corrected", "preliminary", "registered", "cancelled", "unknown"),
    "DiagnosticReport": ("final", "amended", "partial", "preliminary", "entered-in-error", "appended"),
    "Procedure": ("completed", "in-progress", "not-done", "entered-in-error", "unknown"),
    "MedicationRequest": ("active", "on-hold", "completed", "stopped", "cancelled", "draft", "unknown"),
    "MedicationStatement": ("active", "completed", "stopped", "intended", "not-taken", "unknown"),
    "MedicationAdministration": ("completed", "in-progress", "not-done", "stopped", "entered-in-error"),
    "MedicationDispense": ("completed", "in-progress", "cancelled", "stopped", "declined"),
    "Consent": ("active", "inactive", "proposed", "rejected", "entered-in-error"),
    "ResearchSubject": ("on-study", "candidate", "withdrawn", "off-study"),
}
_VERIFICATION = ("confirmed", "provisional", "differential", "unconfirmed", "refuted", "entered-in-error")
_CLINICAL_STATUS = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
_NUMBERS = (0, 0.5, 1, 1.0, 1.01, 2, 2.9, 3, 4, 8, 38.1, 79, 80, 99, 100, 113.12, 438)
_COMPARATORS = ("<", "<=", ">", ">=")
_FLAGS = ("H", "L", "N", "A", "POS", "NEG", "IND")
_BIRTHS = ("1950-01-01", "1971-06-15", "1971", "1990-03-01", "2008-06-15", "2008-06-16", "2008", "2020")
_DAYS_AWAY = (1, 2, 7, 8, 14, 29, 30, 31, 60, 89, 90, 91, 120, 183, 184, 200, 365, 366, 800)


def varied(chart: Chart, random: Random) -> Chart:
    """The chart with one thing about it different, or with some resources of another chart added."""
    return random.choice(_WAYS)(chart, random)


def grafted(chart: Chart, random: Random) -> Chart:
    """With up to four resources of another chart, under ids that nothing else here has."""
    donor = random.choice(grafts())
    taken = random.sample(donor, min(len(donor), random.randint(1, 4)))
    mark = random.randrange(10**6)
    new = []
    for number, resource in enumerate(taken):
        copy = about(copied(resource), chart.patient_id)
        if "id" in copy and random.random() < 0.97:
            copy["id"] = f"g{mark}-{number}"
        new.append({"resource": copy})
    return chart.with_entries([*chart.entries, *new])


def repeated(chart: Chart, random: Random) -> Chart:
    """A resource again under another id, on another day."""
    number = _some_clinical(chart, random)
    if number is None:
        return chart
    copy = copied(resource_of(chart.entries[number]))
    copy["id"] = f"r{random.randrange(10**6)}"
    entries = [*chart.entries, {"resource": copy}]
    return _moved_in_time(chart.with_entries(entries), len(entries) - 1, random)


def moved_in_time(chart: Chart, random: Random) -> Chart:
    """A resource with all its dates earlier or later by the same number of days."""
    number = _some_clinical(chart, random)
    return chart if number is None else _moved_in_time(chart, number, random)


def _moved_in_time(chart: Chart, number: int, random: Random) -> Chart:
    days = random.choice((-1, 1)) * random.choice(_DAYS_AWAY)
    copy = copied(resource_of(chart.entries[number]))
    for container, key in slots_of(copy):
        value = container[key]
        if isinstance(value, str) and len(value) >= 10 and value[4:5] == value[7:8] == "-":
            container[key] = _later(value, days)
    return chart.instead(number, copy)


def _later(text: str, days: int) -> str:
    try:
        day = date.fromisoformat(text[:10]) + timedelta(days=days)
    except (ValueError, OverflowError):
        return text
    return f"{day.isoformat()}{text[10:]}"


def less_precise(chart: Chart, random: Random) -> Chart:
    """A day becomes a month or a year, or is no longer said."""

    def change(container: Any, key: Any) -> None:
        length = random.choice((0, 4, 7))
        if length:
            container[key] = container[key][:length]
        else:
            del container[key]

    return _at_some_place(chart, random, _is_date, change)


def other_number(chart: Chart, random: Random) -> Chart:
    """Another number, near a limit that some rule has."""

    def change(container: Any, key: Any) -> None:
        container[key] = random.choice(_NUMBERS)

    return _at_some_place(chart, random, _is_number, change)


def other_status(chart: Chart, random: Random) -> Chart:
    """Another status of the kind that the resource can have."""
    number = _some_clinical(chart, random)
    if number is None:
        return chart
    copy = copied(resource_of(chart.entries[number]))
    if copy["resourceType"] == "Condition":
        key, code, values = random.choice(
            (
                ("verificationStatus", "condition-ver-status", _VERIFICATION),
                ("clinicalStatus", "condition-clinical", _CLINICAL_STATUS),
            )
        )
        copy[key] = {"coding": [{"system": f"{HL7}/{code}", "code": random.choice(values)}]}
    elif copy["resourceType"] in STATUSES:
        copy["status"] = random.choice(STATUSES[copy["resourceType"]])
    return chart.instead(number, copy)


def qualified(chart: Chart, random: Random) -> Chart:
    """A result with a comparator, a flag, a range, a reason for its absence, or a prohibition."""
    number = _some_clinical(chart, random)
    if number is None:
        return chart
    copy = copied(resource_of(chart.entries[number]))
    quantity = copy.get("valueQuantity")
    if not isinstance(quantity, dict):
        if copy["resourceType"] == "MedicationRequest":
            copy["doNotPerform"] = True
        elif copy["resourceType"] == "Observation":
            copy["dataAbsentReason"] = {"coding": [{"code": "unknown"}]}
        return chart.instead(number, copy)
    way = random.randrange(4)
    if way == 0:
        quantity["comparator"] = random.choice(_COMPARATORS)
    elif way == 1:
        copy["interpretation"] = [{"coding": [{"code": random.choice(_FLAGS)}]}]
    elif way == 2:
        limit = {key: value for key, value in quantity.items() if key != "comparator"}
        copy["referenceRange"] = [{random.choice(("low", "high")): limit}]
    else:
        copy["dataAbsentReason"] = {"coding": [{"code": "error"}]}
    return chart.instead(number, copy)


def other_sex_or_birth(chart: Chart, random: Random) -> Chart:
    """Another administrative gender or birth date."""
    number = next((n for n, entry in enumerate(chart.entries) if is_the_patient(entry, chart)), None)
    if number is None:
        return chart
    copy = dict(resource_of(chart.entries[number]))
    if random.random() < 0.5:
        copy["gender"] = random.choice(("female", "male", "other", "unknown"))
    else:
        copy["birthDate"] = random.choice(_BIRTHS)
    return chart.instead(number, copy)


_WAYS: Sequence[Callable[[Chart, Random], Chart]] = (
    *(grafted, grafted, grafted, repeated, repeated, moved_in_time, moved_in_time, less_precise),
    *(other_number, other_number, other_status, other_status, qualified, other_sex_or_birth),
)


def _some_clinical(chart: Chart, random: Random) -> int | None:
    """The place of some resource about the patient."""
    places = [
        number
        for number, entry in enumerate(chart.entries)
        if resource_of(entry).get("resourceType") in (*STATUSES, "Condition")
    ]
    return random.choice(places) if places else None


def _at_some_place(
    chart: Chart, random: Random, fits: Callable[[Any, Any], bool], change: Callable[[Any, Any], None]
) -> Chart:
    number = _some_clinical(chart, random)
    if number is None:
        return chart
    copy = copied(resource_of(chart.entries[number]))
    places = [(container, key) for container, key in slots_of(copy) if fits(container, key)]
    if places:
        change(*random.choice(places))
    return chart.instead(number, copy)


def _is_date(container: Any, key: Any) -> bool:
    value = container[key] if isinstance(container, dict) else None
    return isinstance(value, str) and value[:2] in ("19", "20") and "-" in value


def _is_number(container: Any, key: Any) -> bool:
    return type(container[key]) in (int, float)
