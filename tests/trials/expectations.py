"""Where the service disagrees with a worked patient, and which verdicts the patients cover."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mappings.results import Assessment, CriterionResult, Evidence, ScoreResult
from mappings.verdicts import Reason, Verdict
from tests.trials.worked_patients import Pair, WorkedPatient


def said(verdict: Verdict | str, reason: Reason | str | None) -> str:
    """A verdict and its reason in the words of the YAML."""
    verdict = verdict.value if isinstance(verdict, Verdict) else verdict
    reason = reason.value if isinstance(reason, Reason) else reason
    words = verdict.replace("-", " ")
    silent = reason is None or (reason == Reason.VALUE.value and verdict != Verdict.UNKNOWN.value)
    return words if silent else f"{words} ({str(reason).replace('_', ' ')})"


def mismatches(patient: WorkedPatient, assessment: Assessment) -> list[str]:
    """Every expectation that is not met, with patient, criterion, what was expected and got, and evidence."""
    expected = patient.expected
    found = [
        *_criteria(patient, assessment),
        *_evidence(expected.get("evidence", {}), assessment),
        *_scores(expected.get("scores", {}), assessment),
        *_whole(expected, assessment),
    ]
    why = f" ({patient.because})" if patient.because else ""
    return [f"{patient.file}: patient {patient.title!r}{why}: {each}" for each in found]


def _criteria(patient: WorkedPatient, assessment: Assessment) -> Iterator[str]:
    results = {result.id: result for result in assessment.criteria}
    for name, (verdict, reason) in patient.pairs.items():
        got = results.get(name)
        if got is None:
            yield f"criterion {name!r}: expected {said(verdict, reason)}, got no verdict at all"
        elif got.verdict.value != verdict or reason not in (None, got.reason.value):
            wanted, given = said(verdict, reason), said(got.verdict, got.reason)
            yield f"criterion {name!r}: expected {wanted}, got {given}; evidence: {shown(got.evidence)}"


def shown(evidence: Sequence[Evidence]) -> str:
    """The evidence in short."""
    parts = [f"{e.label}: {e.text or '-'} {e.date} {e.note} [{e.reason.value}]" for e in evidence[:6]]
    return "; ".join(" ".join(part.split()) for part in parts) or "none"


def _evidence(expected: Mapping[str, Sequence[str]], assessment: Assessment) -> Iterator[str]:
    results = {result.id: result for result in assessment.criteria}
    for name, wanted in expected.items():
        for text in wanted:
            if not any(_matches(text, evidence) for evidence in results[name].evidence):
                yield f"criterion {name!r}: expected to show {text!r}, got {shown(results[name].evidence)}"


def _matches(wanted: str, evidence: Evidence) -> bool:
    """ "1.4 g/g on 2026-06-01, counts until 2026-08-30": words of the evidence, its date, its last day."""
    wanted, _, until = wanted.partition(", counts until ")
    words, _, day = wanted.partition(" on ")
    everything = " ".join((evidence.concept, evidence.label, evidence.text, evidence.note)).lower()
    counts_until = evidence.counts_until.isoformat() if evidence.counts_until else ""
    in_words = all(word in everything for word in words.lower().split())
    return in_words and (not day or day == evidence.date) and (not until or until == counts_until)


def _scores(expected: Mapping[str, Mapping[str, Any]], assessment: Assessment) -> Iterator[str]:
    scores = {score.id: score for score in assessment.scores}
    for name, wanted in expected.items():
        if name not in scores:
            yield f"score {name!r}: not computed"
            continue
        facts = _facts_of(scores[name])
        for key, value in wanted.items():
            if not _agrees(key, value, facts):
                yield f"score {name!r}: expected {key} {value}, got {facts[key]}; holds: {facts['holds']}"


def _facts_of(score: ScoreResult) -> dict[str, Any]:
    items = {verdict: [i.id for i in score.items if i.verdict is verdict] for verdict in Verdict}
    return {
        "at_least": str(score.at_least),
        "at_most": str(score.at_most),
        "basis": score.basis,
        "entry": score.entry.value.replace("-", " ") if score.entry else "none",
        "holds": items[Verdict.MET],
        "absent": items[Verdict.NOT_MET],
        "undecided": items[Verdict.UNKNOWN],
        "settled": [*items[Verdict.MET], *items[Verdict.NOT_MET]],
        "undecided_first": list(score.undecided),
        "may_have_other_cause": [i.id for i in score.items if i.may_have_other_cause],
    }


def _agrees(key: str, value: Any, facts: Mapping[str, Any]) -> bool:
    """Numbers and words must be equal; "holds" names all that hold; the other lists name some."""
    got = facts[key]
    if key == "holds":
        return sorted(value) == sorted(got)
    if key == "undecided_first":
        return bool(list(value) == got[: len(value)])
    if isinstance(value, list):
        return set(value) <= set(got)
    return bool(value == got)


def _whole(expected: Mapping[str, Any], assessment: Assessment) -> Iterator[str]:
    got: dict[str, Any] = {
        "outcome": assessment.outcome,
        "record_reason": assessment.record_reason,
        "gate": said(assessment.gate, None),
        "enrolment": assessment.enrolment,
        "other_studies": list(assessment.other_studies),
        "shown": [f"{e.concept} {e.label} {e.text}" for e in assessment.shown],
        "unreadable": [f"{each.reference} {each.what}" for each in assessment.unreadable],
        "not_retrieved": list(assessment.not_retrieved),
    }
    for key, value in got.items():
        if key in expected and not _holds(expected[key], value):
            verdicts = ", ".join(f"{c.id} {said(c.verdict, c.reason)}" for c in assessment.criteria)
            yield f"{key}: expected {expected[key]!r}, got {value!r}; {verdicts}"


def _holds(wanted: Any, got: Any) -> bool:
    if isinstance(got, list):
        return all(any(str(text).lower() in each.lower() for each in got) for text in wanted)
    return bool(wanted == got)


# --- coverage


def coverage_faults(
    table: Mapping[str, set[Pair]],
    patients: Sequence[WorkedPatient],
    results: Sequence[tuple[WorkedPatient, Sequence[CriterionResult]]],
) -> list[str]:
    """Pairs of the table that no patient expects, and pairs that a patient shows but the table lacks."""
    expected = {(name, *pair) for patient in patients for name, pair in patient.pairs.items()}
    faults = [
        f"no worked patient expects {name!r} to be {said(*pair)}"
        for name, pairs in table.items()
        for pair in sorted(pairs)
        if (name, *pair) not in expected
    ]
    for patient, criteria in results:
        for got in criteria:
            if (got.verdict.value, got.reason.value) not in table.get(got.id, set()):
                words = said(got.verdict, got.reason)
                faults.append(f"patient {patient.title!r} shows {got.id!r} {words}, which the table lacks")
    return faults
