"""The fuzzer itself: the same seed gives the same cases, cases shrink and come back, and faults are found."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from mappings.assessment import assess
from mappings.facts import PatientRecord, Result
from mappings.reading.record import read_record
from mappings.results import Assessment, CriterionResult
from tests.fuzz import judging
from tests.fuzz.changing.damage import damaged, slots_of
from tests.fuzz.changing.rewriting import every_rewriting, rewritten
from tests.fuzz.changing.variation import varied
from tests.fuzz.charts import TODAY, Chart, Json, beginnings
from tests.fuzz.invariants import INVARIANTS, fault
from tests.fuzz.judging import NoPatientError, judged
from tests.fuzz.kept_cases import read_case, write_case
from tests.fuzz.mass_run import Failure, changed_chart
from tests.fuzz.shrinking import shrunk

UPCR: Json = {
    "resourceType": "Observation",
    "id": "upcr",
    "status": "final",
    "subject": {"reference": "Patient/worked"},
    "code": {"coding": [{"system": "http://loinc.org", "code": "2890-2"}]},
    "effectiveDateTime": "2026-06-01",
    "valueQuantity": {"value": 1.4, "unit": "g/g", "system": "http://unitsofmeasure.org", "code": "g/g"},
}
PATIENT: Json = {"resourceType": "Patient", "id": "worked", "gender": "female", "birthDate": "1990-03-01"}


def chart_of(*resources: Any) -> Chart:
    return Chart("a chart", TODAY, "worked", tuple({"resource": each} for each in resources))


# --- cases


def test_the_same_seed_and_number_give_the_same_case() -> None:
    first, second = ([repr(changed_chart(7, number)[0].entries) for number in range(40)] for _ in range(2))
    assert first == second
    assert first != [repr(changed_chart(8, number)[0].entries) for number in range(40)]


def test_changing_a_chart_leaves_the_chart_that_it_began_with_as_it_was() -> None:
    before = repr([chart.entries for chart in beginnings()])
    for number in range(300):
        changed_chart(3, number)
    assert repr([chart.entries for chart in beginnings()]) == before


def test_changed_charts_still_say_something() -> None:
    """Most keep their patient, and every outcome and verdict occurs among them."""
    seen: Counter[str] = Counter()
    for number in range(900):
        try:
            verdicts = judged(changed_chart(1, number)[0]).verdicts
        except NoPatientError:
            seen["no patient"] += 1
        else:
            seen.update({verdicts["outcome"], *(f"{name} {v}" for name, v in verdicts.items())})
    assert seen["no patient"] < 90
    assert {"needs-data", "possible-candidate", "ruled-out", "ruled-out deceased"} <= seen.keys()
    for name in ("proteinuria", "sledai-2k", "pregnancy-test", "lupus-nephritis-biopsy", "b-cell-target"):
        assert {f"{name} met", f"{name} not-met", f"{name} unknown"} <= seen.keys()


@pytest.mark.parametrize("change", [damaged, varied])
def test_each_change_makes_a_chart_that_differs_more_often_than_not(
    change: Callable[[Chart, Random], Chart],
) -> None:
    charts = [chart for chart in beginnings() if len(chart.entries) > 5]
    changed = [
        repr(change(chart, Random(n)).entries) != repr(chart.entries) for n, chart in enumerate(charts)
    ]
    assert sum(changed) > 0.6 * len(charts)


@pytest.mark.parametrize(
    ("written", "other"),
    [
        ((1.4, "g/g"), (158.368, "mg/mmol")),
        ((1, "g/g"), (1000, "mg/g")),
        ((0.884, "g/g"), (0.884, "mg/mg")),
    ],
)
def test_a_quantity_is_written_in_other_units_by_exact_decimals(
    written: tuple[float, str], other: tuple[float, str]
) -> None:
    value, unit = written
    resource = {
        **UPCR,
        "valueQuantity": {**UPCR["valueQuantity"], "value": value, "unit": unit, "code": unit},
    }
    quantities = [each["valueQuantity"] for each in every_rewriting(resource)]
    assert other in [(quantity["value"], quantity.get("code")) for quantity in quantities]


@pytest.mark.parametrize(
    "changes",
    [
        {"valueQuantity": {"value": 1.4, "unit": "g/g"}},
        {"valueQuantity": {**UPCR["valueQuantity"], "unit": "mg/g"}},
        {"referenceRange": [{"high": {"value": 0.2}}]},
        {"referenceRange": [{"text": "high above 0.2", "high": UPCR["valueQuantity"]}]},
        {"valueQuantity": {**UPCR["valueQuantity"], "value": "1.4"}},
    ],
)
def test_what_is_not_wholly_written_in_one_unit_is_not_rewritten(changes: Json) -> None:
    assert all(rewritten({**UPCR, **changes}, Random(n)) is None for n in range(10))


# --- shrinking and keeping


def test_a_failing_chart_is_shrunk_to_what_makes_it_fail() -> None:
    def fails(chart: Chart) -> bool:
        return any(container[key] == 1.4 for container, key in slots_of(chart.bundle))

    chart = next(c for c in beginnings() if len(c.entries) > 9 and fails(c))
    small = shrunk(chart, fails)
    assert len(small.entries) == 1
    assert [container[key] for container, key in slots_of(small.bundle["entry"])][-1] == 1.4
    assert len(slots_of(small.bundle["entry"])) < 6


@pytest.mark.parametrize("value", ["\ud800", 10**400, -0.0, "\u0000", 1e308, None])
def test_a_case_is_read_back_as_it_was_written(value: Any, tmp_path: Path) -> None:
    chart = replace(chart_of(PATIENT, {**UPCR, "note": value}, None), not_read=("results",))
    path = write_case(Failure("order", "why", 5, 17, chart), tmp_path / "cases")
    invariant, again = read_case(path)
    assert (invariant, repr(again.entries)) == ("order", repr(chart.entries))
    assert (again.day, again.patient_id, again.not_read) == (chart.day, "worked", ("results",))
    assert path.name.startswith("order-")
    assert write_case(Failure("order", "why", 5, 17, again), tmp_path / "cases") == path


def test_a_case_keeps_what_is_no_number(tmp_path: Path) -> None:
    path = write_case(Failure("order", "", 1, 1, chart_of({**UPCR, "note": math.nan})), tmp_path)
    assert math.isnan(read_case(path)[1].entries[0]["resource"]["note"])


# --- faults planted in the product are found


def _first_result(record: PatientRecord) -> PatientRecord:
    """The reader keeps one result of each concept: the one that came first."""
    return replace(record, results={concept: facts[:1] for concept, facts in record.results.items()})


def _other_unit_lost(record: PatientRecord) -> PatientRecord:
    """Results whose unit differs from the concept's lose their number."""

    def read(result: Result) -> Result:
        return result._replace(amount=None) if result.unit.startswith("mg/m") else result

    return replace(record, results={c: tuple(map(read, facts)) for c, facts in record.results.items()})


def _lost_count(record: PatientRecord) -> PatientRecord:
    """What is irrelevant is not counted."""
    return replace(record, counts=replace(record.counts, irrelevant=0))


def _everything_final(record: PatientRecord) -> PatientRecord:
    """What has a problem is read as if it had none, once the resource says less."""

    def read(result: Result) -> Result:
        return result._replace(problem=None) if result.note == "no status recorded" else result

    return replace(record, results={c: tuple(map(read, facts)) for c, facts in record.results.items()})


def _raising(record: PatientRecord) -> PatientRecord:
    if any(len(facts) > 3 for facts in record.results.values()):
        raise KeyError("worked")
    return record


@pytest.mark.parametrize(
    ("planted", "found_by"),
    [
        (_first_result, "order"),
        (_other_unit_lost, "another-unit"),
        (_lost_count, "counts-add-up"),
        (_everything_final, "removing-a-qualifier"),
        (_raising, "never-an-exception"),
    ],
)
def test_a_fault_planted_in_the_reader_is_found(
    planted: Callable[[PatientRecord], PatientRecord], found_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*args: Any, **kwargs: Any) -> PatientRecord:
        return planted(read_record(*args, **kwargs))

    monkeypatch.setattr(judging, "read_record", read)
    assert any(fault(found_by, chart, random) for chart, random in (changed_chart(2, n) for n in range(1500)))


def test_evidence_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def first_only(*args: Any) -> Assessment:
        assessment = assess(*args)
        criteria = tuple(
            criterion._replace(evidence=criterion.evidence[:1]) for criterion in assessment.criteria
        )
        return replace(assessment, criteria=criteria)

    monkeypatch.setattr(judging, "assess", first_only)
    name = "removing-a-resource"
    assert any(fault(name, chart, random) for chart, random in (changed_chart(2, n) for n in range(1500)))


def test_a_look_at_what_is_not_there_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A strict reader that refuses the whole record for one resource about somebody else."""

    def read(*args: Any, **kwargs: Any) -> PatientRecord:
        record = read_record(*args, **kwargs)
        return replace(record, results={}) if record.counts.other_patient else record

    monkeypatch.setattr(judging, "read_record", read)
    assert fault("adding-what-concerns-others", chart_of(PATIENT, UPCR))


def test_a_criterion_met_by_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """An evaluator that remembers the result of the patient before."""
    kept: dict[str, CriterionResult] = {}

    def remembering(*args: Any) -> Assessment:
        assessment = assess(*args)
        for criterion in assessment.criteria:
            if criterion.verdict.value == "met" and criterion.evidence:
                kept.setdefault(criterion.id, criterion)
        criteria = tuple(kept.get(criterion.id, criterion) for criterion in assessment.criteria)
        return replace(assessment, criteria=criteria)

    monkeypatch.setattr(judging, "assess", remembering)
    assert fault("removing-all-that-is-read", chart_of(PATIENT, UPCR))


def test_a_chart_without_its_patient_violates_nothing() -> None:
    assert [fault(name, chart_of(UPCR)) for name in INVARIANTS] == [""] * len(INVARIANTS)
