"""Data first: what an answer makes of a criterion, by what the record says and how old the answer is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from itertools import permutations

import pytest

from mappings.assessment import assess
from mappings.facts import PatientRecord
from mappings.results import Gap
from mappings.verdicts import MET, UNKNOWN, Reason
from tests.mappings.attesting.desk import (
    CATALOG,
    TODAY,
    TRIAL,
    Resource,
    answered,
    assessed,
    criterion,
    day,
    ecog,
    patient,
    read,
    said,
)

NOT_READ = (Gap("Observation", "Observation: deadline of 2 s reached"),)

ECOG = [
    # recorded ECOG and its age in days; the clinician's answer and its age; what follows
    (None, None, "unknown: not_found"),
    (None, ("0", 5), "met: attested"),
    (None, ("1", 5), "met: attested"),
    (None, ("2", 5), "not-met: attested"),
    (None, ("5", 5), "not-met: attested"),
    (None, ("1", 0), "met: attested"),
    (None, ("1", 90), "met: attested"),
    (None, ("1", 91), "unknown: too_old"),
    (None, ("2", 91), "unknown: too_old"),
    (None, ("1", -1), "unknown: not_found"),
    (None, ("unsure", 5), "unknown: not_found"),
    ((1, 10), None, "met"),
    ((1, 10), ("3", 5), "met"),
    ((3, 10), ("1", 5), "not-met"),
    ((1, 10), ("unsure", 5), "met"),
    ((1, 91), None, "unknown: too_old"),
    ((1, 91), ("1", 5), "met: attested"),
    ((1, 91), ("3", 5), "not-met: attested"),
    ((3, 91), ("1", 91), "unknown: too_old"),
]


@pytest.mark.parametrize(("recorded", "answer", "expected"), ECOG)
def test_data_decide_and_an_answer_only_where_they_do_not(
    recorded: tuple[int, int] | None, answer: tuple[str, int] | None, expected: str
) -> None:
    resources = [ecog(*recorded)] if recorded else []
    if answer:
        resources.append(answered("ecog", *answer))
    assert said(criterion(assessed(*resources), "ecog")) == expected


JUDGEMENTS = [
    # question, criterion, answer, its age, what follows
    ("organ-function-reviewed", "organ-function", "yes", 30, "met: attested"),
    ("organ-function-reviewed", "organ-function", "no", 30, "not-met: attested"),
    ("organ-function-reviewed", "organ-function", "yes", 31, "unknown: too_old"),
    ("organ-function-reviewed", "organ-function", "unsure", 3, "unknown: needs_judgement"),
    ("contraception-agreed", "contraception", "yes", 90, "met: attested"),
    ("contraception-agreed", "contraception", "no", 90, "not-met: attested"),
    ("contraception-agreed", "contraception", "no", 91, "unknown: too_old"),
    ("chronicity-increased", "nih-chronicity-index", "yes", 181, "met: attested"),
    ("chronicity-increased", "nih-chronicity-index", "yes", 184, "unknown: too_old"),
    ("treatment-failed", "refractory-or-relapsed", "yes", 5, "met: attested"),
    ("treatment-failed", "refractory-or-relapsed", "no", 5, "not-met: attested"),
]


@pytest.mark.parametrize(("question", "name", "answer", "ago", "expected"), JUDGEMENTS)
def test_a_judgement_is_settled_for_as_long_as_its_answer_counts(
    question: str, name: str, answer: str, ago: int, expected: str
) -> None:
    assert said(criterion(assessed(answered(question, answer, ago)), name)) == expected


SEVERAL = [
    # answers with age in days and hour, what follows
    ([("yes", 9, 10), ("no", 5, 10)], "not-met: attested"),
    ([("no", 9, 10), ("yes", 5, 10)], "met: attested"),
    ([("yes", 5, 9), ("no", 5, 10)], "not-met: attested"),
    ([("yes", 5, 10), ("unsure", 5, 11)], "unknown: needs_judgement"),
    ([("yes", 5, 10), ("no", 5, 10)], "unknown: conflicting"),
    ([("yes", 5, 10), ("unsure", 5, 10)], "unknown: conflicting"),
    ([("yes", 100, 10), ("no", 5, 10)], "not-met: attested"),
    ([("yes", 5, 10), ("no", -1, 10)], "met: attested"),
]


@pytest.mark.parametrize(("answers", "expected"), SEVERAL)
def test_the_latest_answer_decides_in_whichever_order_they_come(
    answers: list[tuple[str, int, int]], expected: str
) -> None:
    given = [answered("contraception-agreed", word, ago, hour=hour) for word, ago, hour in answers]
    for resources in permutations(given):
        assert said(criterion(assessed(*resources), "contraception")) == expected


def test_answers_of_one_instant_that_lead_to_the_same_do_not_conflict() -> None:
    result = criterion(assessed(answered("ecog", "0"), answered("ecog", "1")), "ecog")
    assert said(result) == "met: attested"
    assert [fact.value for fact in result.evidence[:2]] == [0.0, 1.0]


def test_without_the_time_of_day_two_answers_of_one_day_conflict() -> None:
    yes, no = answered("contraception-agreed", "yes", 5), answered("contraception-agreed", "no", 5, hour=11)
    yes["authored"] = day(5).isoformat()
    assert said(criterion(assessed(yes, no), "contraception")) == "unknown: conflicting"


def test_a_copy_of_an_answer_changes_nothing() -> None:
    ours = answered("contraception-agreed", "yes")
    copy = {**ours, "id": "in-the-ehr"}
    both, one = (criterion(assessed(*those), "contraception") for those in ((ours, copy), (ours,)))
    assert both == one


UNREAD = [
    # question, answer, criterion, what follows: an ECOG could stand in what was not read, no judgement could
    ("ecog", "1", "ecog", "unknown: not_retrieved"),
    ("ecog", "3", "ecog", "unknown: not_retrieved"),
    ("organ-function-reviewed", "yes", "organ-function", "met: attested"),
]


@pytest.mark.parametrize(("question", "answer", "name", "expected"), UNREAD)
def test_an_answer_does_not_stand_for_what_could_not_be_read(
    question: str, answer: str, name: str, expected: str
) -> None:
    result = criterion(assessed(answered(question, answer), gaps=NOT_READ), name)
    assert said(result) == expected
    assert any(fact.reason is Reason.ATTESTED for fact in result.evidence)


def test_a_drug_search_cut_short_leaves_refractory_open_whatever_was_answered() -> None:
    gap = Gap("MedicationRequest", "MedicationRequest: deadline of 2 s reached")
    result = criterion(assessed(answered("treatment-failed", "no"), gaps=[gap]), "refractory-or-relapsed")
    assert said(result) == "unknown: not_retrieved"


def test_the_evidence_tells_who_answered_what_and_until_when_it_counts() -> None:
    answer = answered("contraception-agreed", "yes", 5, note="coil since 2024")
    (fact,) = criterion(assessed(answer), "contraception").evidence
    assert fact.text == "yes, answered by Dr Chen"
    assert (fact.value, fact.date, fact.note) == ("yes", "2026-06-10", "coil since 2024")
    assert fact.reference == "QuestionnaireResponse/contraception-agreed-yes-5-10"
    assert fact.counts_until == date(2026, 9, 8)
    assert fact.reason is Reason.ATTESTED


def test_an_answer_that_data_contradict_stands_beside_them_and_one_that_agrees_does_not() -> None:
    contradicted = criterion(assessed(ecog(1, 10), answered("ecog", "3")), "ecog")
    assert [fact.text for fact in contradicted.evidence][1:] == ["3, answered by Dr Chen"]
    assert contradicted.reason is Reason.VALUE
    agreeing = criterion(assessed(ecog(1, 10), answered("ecog", "0")), "ecog")
    assert len(agreeing.evidence) == 1


def test_what_was_shown_beside_a_question_stays_beside_its_answer() -> None:
    creatinine = {
        **ecog(0, 3, "creatinine"),
        "code": {"coding": [{"system": "http://loinc.org", "code": "2160-0"}]},
    }
    del creatinine["valueInteger"]
    unit = {"system": "http://unitsofmeasure.org", "code": "mg/dL", "unit": "mg/dL"}
    creatinine["valueQuantity"] = {"value": 0.9, **unit}
    result = criterion(assessed(creatinine, answered("organ-function-reviewed", "yes")), "organ-function")
    assert "Observation/creatinine" in [fact.reference for fact in result.evidence]
    assert not any(fact.reason is Reason.NEEDS_JUDGEMENT for fact in result.evidence)


def test_a_criterion_that_does_not_apply_is_not_settled_by_an_answer() -> None:
    older = patient(born="1960-01-01")
    result = criterion(assessed(older, answered("contraception-agreed", "no")), "contraception")
    assert said(result) == "met: not_applicable"


def test_an_answer_no_leaves_open_a_criterion_that_may_not_apply() -> None:
    menopause = {
        "resourceType": "Condition",
        "id": "menopause",
        "subject": {"reference": "Patient/p"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "verificationStatus": {"coding": [{"code": "confirmed"}]},
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "Z78.0"}]},
        "onsetDateTime": "2025",
    }
    before = criterion(assessed(menopause), "contraception")
    assert before.verdict is UNKNOWN
    assert said(criterion(assessed(menopause, answered("contraception-agreed", "yes")), "contraception")) == (
        "met: attested"
    )
    no = criterion(assessed(menopause, answered("contraception-agreed", "no")), "contraception")
    assert no.verdict is UNKNOWN


def test_an_answer_to_another_trial_counts_for_nothing() -> None:
    record = read(answered("contraception-agreed", "yes"))
    other = replace(record, attestations=tuple(a._replace(trial="T-2") for a in record.attestations))
    assessment = assess(TRIAL, other, TODAY, CATALOG)
    assert said(criterion(assessment, "contraception")) == "unknown: needs_judgement"
    assert assessment.answers == ()


@pytest.mark.parametrize("question", ["exclusions-reviewed", "contact-agreed"])
@pytest.mark.parametrize("answer", ["yes", "no"])
def test_an_answer_that_settles_no_criterion_is_shown_and_changes_no_verdict(
    question: str, answer: str
) -> None:
    with_answer, without = assessed(answered(question, answer)), assessed()
    assert with_answer.criteria == without.criteria
    assert with_answer.outcome == without.outcome
    (shown,) = with_answer.answers
    assert (shown.question, shown.settles, shown.state) == (question, "", "current")
    assert shown.evidence[0].value == answer


def test_consent_to_be_contacted_is_no_informed_consent() -> None:
    assert (
        said(criterion(assessed(answered("contact-agreed", "yes")), "consent")) == "unknown: needs_judgement"
    )


def test_no_answers_can_make_met_what_data_have_to_answer() -> None:
    every = [answered(question.id, question.choices[0]) for question in TRIAL.worksheet.questions]  # 0 or yes
    settled = {question.settles for question in TRIAL.worksheet.questions} - {""}
    without = {c.id: c.verdict for c in assessed().criteria}
    changed = {c.id for c in assessed(*every).criteria if c.verdict is not without[c.id]}
    assert changed == settled
    assert {c.id for c in assessed(*every).criteria if c.verdict is MET} == settled | {"age"}


NEXT = [
    # answers, whether a person is still needed for contraception
    ([], True),
    ([answered("contraception-agreed", "yes")], False),
    ([answered("contraception-agreed", "yes", 100)], True),
    ([answered("contraception-agreed", "unsure")], True),
    ([answered("contraception-agreed", "yes"), answered("contraception-agreed", "no")], True),
]


@pytest.mark.parametrize(("answers", "needed"), NEXT)
def test_next_steps_ask_a_person_only_for_what_is_not_answered(answers: list[Resource], needed: bool) -> None:
    steps = assessed(*answers).next_steps
    assert ("contraception" in steps.needs_a_person) is needed
    assert "contraception" not in steps.not_yet


def test_next_steps_measure_an_ecog_only_if_nobody_answered() -> None:
    def asked(*resources: Resource) -> bool:
        sets = assessed(*resources).next_steps.sets
        return any(fact.concept == "ecog" for step in sets[0].steps for fact in step.facts)

    assert asked()
    assert not asked(answered("ecog", "1"))
    assert asked(answered("ecog", "1", 91))


def test_near_misses_tell_until_when_an_answer_counts() -> None:
    met = assessed(answered("contraception-agreed", "yes")).near_misses
    assert ("contraception", "counts_until", date(2026, 9, 8)) in {(m.criterion, m.kind, m.date) for m in met}
    not_met = assessed(ecog(1, 120), answered("ecog", "3")).near_misses
    assert {(m.kind, m.date) for m in not_met if m.criterion == "ecog"} == {
        ("rules_out_until", date(2026, 9, 8))
    }


def test_an_empty_record_is_settled_by_nothing() -> None:
    assert PatientRecord(read().patient).attestations == ()
    assert not any(c.reason is Reason.ATTESTED for c in assessed().criteria)
