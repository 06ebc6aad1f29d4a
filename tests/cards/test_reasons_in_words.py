"""Each reason, in the words that a clinician reads."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cards import wording
from cards.evidence_words import date_words, short_name, without_addition
from cards.explaining import judgement_line, met_line, name_of_test, open_line, settling_tests
from cards.next_steps import next_step_lines
from mappings.definitions import load_catalog
from mappings.language import LANGUAGES, language
from mappings.results import (
    CriterionResult,
    Evidence,
    MissingFact,
    NextSteps,
    Orderable,
    ScoreItemResult,
    Want,
)
from mappings.verdicts import UNKNOWN_REASON_ORDER, Reason
from tests.cards.examples import (
    MET,
    ORDERABLE,
    SLEDAI,
    SLEDAI_OPEN,
    SLEDAI_OPEN_SCORE,
    SLEDAI_SCORE,
    UNKNOWN,
    criterion,
    found,
    judged,
    missing,
)


def upcr(reason: Reason, text: str = "2 g/g", on: str = "2026-01-03", window: str = "") -> Evidence:
    label = "Urine protein/creatinine ratio (UPCR)"
    return Evidence("upcr", label, reason, text, date=on, window=window)


R = Reason
LACKING = missing("UPCR", window="6 months")._replace(
    date="2026-01-03", reference="DiagnosticReport/1", note="no activity index in the records of this biopsy"
)
OPEN_LINES = [
    (
        R.NOT_FOUND,
        (LACKING,),
        "no activity index in the records of this biopsy (3 Jan 2026) → look at the report",
    ),
    (
        R.NOT_FOUND,
        (LACKING, missing("hCG", window="6 months")),
        "no record of UPCR or hCG in the last 6 months → ask, examine or look in outside records",
    ),
    (
        R.NOT_RETRIEVED,
        (missing("Drugs given since", R.NOT_RETRIEVED), found("CD19+ B cells", "182 /uL", "2026-01-03")),
        (
            "drugs given since could not be read from the chart system; on record: CD19+ B cells 182 /uL"
            " (3 Jan 2026) → look it up in the chart"
        ),
    ),
    (R.NOT_FOUND, (missing("UPCR"),), "no record of UPCR → ask, examine or look in outside records"),
    (
        R.NOT_FOUND,
        (missing("UPCR", window="90 days"),),
        "no record of UPCR in the last 90 days → ask, examine or look in outside records",
    ),
    (
        R.NOT_FOUND,
        (upcr(R.VALUE, "0.2 g/g", "2026"),),
        "not shown by the record; on record: UPCR 0.2 g/g (2026) → ask, examine or look in outside records",
    ),
    (
        R.NOT_RETRIEVED,
        (missing("UPCR", R.NOT_RETRIEVED),),
        "could not be read from the chart system → look it up in the chart",
    ),
    (
        R.UNREADABLE,
        (upcr(R.UNREADABLE, "see comment"),),
        "UPCR see comment of 3 Jan 2026 could not be understood → look at the original result",
    ),
    (
        R.TOO_OLD,
        (upcr(R.TOO_OLD, window="90 days"),),
        "UPCR 2 g/g of 3 Jan 2026 is older than 90 days → a newer one is needed",
    ),
    (
        R.TOO_OLD,
        (upcr(R.TOO_OLD),),
        "UPCR 2 g/g of 3 Jan 2026 is older than the protocol allows → a newer one is needed",
    ),
    (
        R.IMPRECISE,
        (upcr(R.IMPRECISE, on="2026"),),
        "UPCR 2 g/g of 2026 is too imprecise to decide → look for the exact result or date",
    ),
    (
        R.CENSORED,
        (upcr(R.CENSORED, "<3 g/g"),),
        "UPCR &lt;3 g/g of 3 Jan 2026 is given only as a limit → look at the original result",
    ),
    (
        R.UNIT_NOT_COMPARABLE,
        (upcr(R.UNIT_NOT_COMPARABLE, "2 U"),),
        "UPCR 2 U of 3 Jan 2026: unit cannot be compared → look at the original result",
    ),
    (
        R.CONFLICTING,
        (upcr(R.CONFLICTING, "0.4 g/g"), Evidence("u24", "24-hour protein", R.CONFLICTING, "0.9 g/d")),
        "conflicting: UPCR 0.4 g/g of 3 Jan 2026 and 24-hour protein 0.9 g/d → decide which holds",
    ),
    (
        R.NOT_CONFIRMED,
        (Evidence("ln", "Lupus nephritis", R.NOT_CONFIRMED, "Lupus nephritis", note="provisional"),),
        "Lupus nephritis (provisional) is not confirmed → confirm or refute it",
    ),
    (R.SCORE_UNDECIDED, (), "not decided by the record → examine and score"),
]


@pytest.mark.parametrize(("reason", "evidence", "words"), OPEN_LINES)
def test_an_open_criterion_says_why_and_what_settles_it(
    reason: Reason, evidence: tuple[Evidence, ...], words: str
) -> None:
    result = criterion("proteinuria", "Proteinuria", reason, *evidence)

    assert open_line(result, {}, {}) == f"Proteinuria: {words}"


def test_every_reason_that_can_leave_a_criterion_open_has_its_words() -> None:
    assert set(wording.OPEN) == set(UNKNOWN_REASON_ORDER)
    assert set(wording.STEPS) == set(UNKNOWN_REASON_ORDER) - {Reason.NEEDS_JUDGEMENT}


def test_what_exists_but_was_not_read_is_not_ordered_again() -> None:
    result = criterion("preg", "Pregnancy test", Reason.NOT_RETRIEVED, settle=("hcg",))

    assert "order" not in open_line(result, {}, ORDERABLE)


def test_a_test_that_can_be_ordered_is_named_by_its_abbreviation() -> None:
    tests = ("urine-protein-creatinine-ratio", "urine-protein-24h", "concept-that-is-no-test")
    result = criterion("proteinuria", "Proteinuria", Reason.NOT_FOUND, missing("UPCR"), settle=tests)

    assert open_line(result, {}, ORDERABLE).endswith("→ order UPCR or 24-hour urine protein")


def test_a_failing_value_is_shown_beside_what_is_missing() -> None:
    evidence = (missing("24-hour urine protein"), upcr(Reason.VALUE, "0.7 g/g"))
    result = criterion("proteinuria", "Proteinuria", Reason.NOT_FOUND, *evidence)

    line = open_line(result, {}, {})

    assert "no record of 24-hour urine protein; on record: UPCR 0.7 g/g (3 Jan 2026)" in line


def test_missing_lactation_never_reads_as_no_lactation() -> None:
    result = criterion("lactation", "Not lactating", Reason.NOT_FOUND, missing("Lactation", window="30 days"))

    assert "no lactation" not in open_line(result, {}, {})


def test_an_open_score_says_what_the_record_shows_and_what_is_needed() -> None:
    line = open_line(SLEDAI_OPEN, {"sledai-2k": SLEDAI_OPEN_SCORE}, {})

    assert line == (
        "SLEDAI-2K: at least 4 from the record – proteinuria 4 (other cause?); 4 more needed; "
        "still open: low complement, increased DNA binding and 2 more → examine and score"
    )


def test_no_points_are_needed_of_a_score_that_would_exclude() -> None:
    line = open_line(SLEDAI_OPEN._replace(kind="exclusion"), {"sledai-2k": SLEDAI_OPEN_SCORE}, {})

    assert "from the record" in line
    assert "needed" not in line


def test_a_score_is_never_shown_as_a_range() -> None:
    line = open_line(SLEDAI_OPEN, {"sledai-2k": SLEDAI_OPEN_SCORE}, ORDERABLE)

    assert str(SLEDAI_OPEN_SCORE.at_most) not in line


def test_tests_that_cannot_reach_the_score_alone_are_ordered_together() -> None:
    line = open_line(SLEDAI_OPEN, {"sledai-2k": SLEDAI_OPEN_SCORE}, ORDERABLE)

    assert line.endswith("→ order complement C3 and complement C4")


def test_only_tests_that_can_reach_the_score_alone_are_offered_where_there_are_some() -> None:
    score = replace(SLEDAI_OPEN_SCORE, at_least=6)

    assert open_line(SLEDAI_OPEN, {"sledai-2k": score}, ORDERABLE).endswith("→ order complement C3")


def test_a_recorded_score_says_that_a_clinician_recorded_it() -> None:
    line = met_line(SLEDAI, {"sledai-2k": SLEDAI_SCORE})

    assert line == "SLEDAI-2K: 12, total recorded by a clinician (10 Feb 2026)"


def test_a_recorded_score_that_the_record_contradicts_is_shown_with_what_contradicts_it() -> None:
    score = replace(SLEDAI_OPEN_SCORE, at_least=9, recorded=found("SLEDAI-2K total", "4", "2026-02-10"))
    result = criterion("sledai-2k", "SLEDAI-2K", Reason.CONFLICTING)

    line = open_line(result, {"sledai-2k": score}, {})

    assert "at least 9 from the record" in line
    assert "but a recorded total says 4 (10 Feb 2026) → decide which holds" in line
    assert settling_tests(result._replace(to_settle=("complement-c3",)), ORDERABLE, score) == []


def test_a_score_whose_entry_criterion_is_not_shown_says_so() -> None:
    score = replace(SLEDAI_OPEN_SCORE, at_least=12, entry=UNKNOWN)
    result = criterion("sledai-2k", "SLEDAI-2K", Reason.IMPRECISE)

    assert "but its entry criterion is not shown" in open_line(result, {"sledai-2k": score}, {})


def test_points_are_left_out_where_they_do_not_add_up() -> None:
    items = (
        ScoreItemResult("a", "Class IV", 10, MET, "laboratory"),
        ScoreItemResult("b", "Proteinuria", 4, MET, "-"),
    )
    score = replace(SLEDAI_OPEN_SCORE, at_least=10, threshold=10, items=items)

    line = met_line(SLEDAI, {"sledai-2k": score})

    assert line == "SLEDAI-2K: at least 10 from the record – class IV and proteinuria"


def answered(word: str, note: str = "", *, concept: str = "answer", label: str = "Answer") -> Evidence:
    """What a clinician answered on the worksheet."""
    text = f"{word}, answered by Dr Chen"
    return Evidence(concept, label, R.ATTESTED, text, word, date="2026-02-10", note=note)


MET_LINES = [
    (criterion("age", "Age", R.VALUE, found("Age", "34 years")), "Age: 34 years"),
    (
        criterion("p", "Proteinuria", R.VALUE, upcr(R.VALUE), missing("24-hour protein")),
        "Proteinuria: UPCR 2 g/g (3 Jan 2026)",
    ),
    (
        criterion("ecog", "ECOG", R.VALUE, found("ECOG performance status", "1", "2026-02")),
        "ECOG: 1 (Feb 2026)",
    ),
    (
        criterion("bx", "Class III or IV", R.VALUE, found("Kidney biopsy class", "class IV + V")),
        "Class III or IV: kidney biopsy class IV + V",
    ),
    (
        criterion("np", "Not pregnant", R.ABSENT_BY_RULE, missing("Pregnancy", R.ABSENT_BY_RULE)),
        "Not pregnant: pregnancy none on record, which counts as absent",
    ),
    (
        criterion("c", "Consent", R.ATTESTED, Evidence("c", "Consent", R.ATTESTED, date="2026-02-10")),
        "Consent: attested (10 Feb 2026)",
    ),
    (
        criterion("c", "Contraception", R.ATTESTED, answered("yes", "not final")),
        "Contraception: yes, answered by Dr Chen (10 Feb 2026; not final)",
    ),
    (
        criterion("ecog", "ECOG 0 or 1", R.ATTESTED, answered("1", concept="ecog", label="ECOG")),
        "ECOG 0 or 1: 1, answered by Dr Chen (10 Feb 2026)",
    ),
    (
        criterion("o", "Organ function", R.ATTESTED, answered("yes"), found("Haemoglobin", "10.8 g/dL")),
        "Organ function: yes, answered by Dr Chen (10 Feb 2026)",
    ),
    (
        criterion(
            "ecog", "ECOG 0 or 1", R.VALUE, found("ECOG", "1"), answered("3", concept="ecog", label="ECOG")
        ),
        "ECOG 0 or 1: 1; 3, answered by Dr Chen (10 Feb 2026)",
    ),
    (criterion("x", "Something", R.VALUE), "Something"),
]


@pytest.mark.parametrize(("result", "line"), MET_LINES)
def test_a_met_criterion_shows_its_value_and_date(result: CriterionResult, line: str) -> None:
    assert met_line(result, {}) == line


def test_a_question_shows_the_values_beside_it_grouped_by_day() -> None:
    beside = (
        found("Haemoglobin", "10.8 g/dL", "2026-02-10"),
        found("Ejection fraction (LVEF)", "62 %", "2025-12-02"),
        found("Platelets", "182 /nL", "2026-02-10"),
    )

    line, has_values = judgement_line(judged("organ-function", "Organ function", beside=beside))

    assert has_values
    assert (
        line
        == "Organ function: haemoglobin 10.8 g/dL, platelets 182 /nL (10 Feb 2026); LVEF 62 % (2 Dec 2025)"
    )


def drug(name: str, on: str, note: str = "") -> Evidence:
    return found(name, name.lower() + ", stated", on, note=note)


def test_a_question_shows_each_drug_with_its_own_time_and_its_end() -> None:
    beside = (
        drug("Prednisone", "2022-11-23", "until 2024-11-23; completed"),
        drug("Azathioprine", "2022-11-23"),
        drug("Rituximab", "2023", "until 2024-02; recognised by name"),
        found("Lupus nephritis", "Lupus nephritis", "2022-11-23"),
        drug("Tacrolimus", "", "until 2024"),
    )

    line, _ = judgement_line(judged("relapsed", "Refractory", beside=beside))

    assert line == (
        "Refractory: prednisone, stated (23 Nov 2022 to 23 Nov 2024; completed); azathioprine, stated"
        " (23 Nov 2022); rituximab, stated (2023 to Feb 2024; recognised by name); tacrolimus, stated"
        " (until 2024); Lupus nephritis (23 Nov 2022)"
    )


def test_a_question_beside_which_the_record_is_silent_says_so_and_asks_what_is_left() -> None:
    silent = (missing("Stroke", window="12 weeks"), missing("Cardiac surgery", window="12 weeks"))
    line, has_values = judgement_line(judged("e", "No event", "Is *surgery* planned?", silent))
    assert has_values
    told = "No event: no record of stroke or cardiac surgery in the last 12 weeks; Is \\*surgery\\* planned?"
    assert line == told


def test_days_in_a_note_are_written_as_people_write_them() -> None:
    beside = (found("Stroke", "I63.9", "2020-02-10", note="until 2024-11-23"),)
    result = criterion("e", "No event", Reason.VALUE, *beside)
    assert met_line(result, {}) == "No event: stroke I63.9 (10 Feb 2020; until 23 Nov 2024)"
    assert "2024年11月23日" in met_line(result, {}, language("zh-Hans"))


def test_what_the_record_has_stands_before_what_it_lacks() -> None:
    beside = (found("Stroke", "I63.9", "2026-02-10"), missing("Cardiac surgery"))
    line, _ = judgement_line(judged("e", "No event", "Is surgery planned?", beside))
    assert line == "No event: stroke I63.9 (10 Feb 2026); no record of cardiac surgery; Is surgery planned?"


@pytest.mark.parametrize(
    "beside",
    [(), (missing("Pregnancy", R.ABSENT_BY_RULE),)],
    ids=["nothing was looked for", "absence counts"],
)
def test_a_question_alone_stays_its_label(beside: tuple[Evidence, ...]) -> None:
    assert judgement_line(judged("c", "Contraception", beside=beside)) == ("Contraception", False)


@pytest.mark.parametrize(
    ("tag", "wants", "words"),
    [
        ("en", (Want("at_least", "18.5 kg/m2"), Want("at_most", "40 kg/m2")),
         "BMI 18.5 kg/m² or more and 40 kg/m² or less"),
        ("zh-Hans", (Want("at_least", "18.5 kg/m2"), Want("at_most", "40 kg/m2")),
         "BMI不低于18.5 kg/m²和不高于40 kg/m²"),
        ("en", (Want("less_than", "18.5 kg/m2"),), "BMI below 18.5 kg/m²"),
        ("en", (Want("less_than", "95 mm[Hg]"),), "BMI below 95 mmHg"),
        ("en", (Want("one_of", answers=("relapse",)), Want("present")), "BMI relapse"),
        ("en", (Want("at_least", "45 mL/min/{1.73_m2}"),), "BMI 45 mL/min/1.73 m² or more"),
    ],
)  # fmt: skip
def test_two_limits_are_joined_and_units_are_as_people_write_them(
    tag: str, wants: tuple[Want, ...], words: str
) -> None:
    fact = MissingFact("bmi", "BMI", "bedside", wants, ("a",))
    line = next_step_lines(NextSteps(could_rule_out=(fact,)), language(tag))[0]
    assert line.rstrip(".。").endswith(words)


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("2026-02-10", "10 Feb 2026"),
        ("2026-02-10T23:30:00+09:00", "10 Feb 2026"),
        ("2026-02", "Feb 2026"),
        ("2026", "2026"),
        ("2026-02-30", "2026-02-30"),
        ("2026-13", "2026-13"),
        ("20261", "20261"),
        ("last *spring*", r"last \*spring\*"),
        ("", ""),
    ],
)
def test_a_date_is_as_precise_as_it_was_written(written: str, words: str) -> None:
    assert date_words(written) == words


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Urine protein/creatinine ratio (UPCR)", "UPCR"),
        ("Haemoglobin", "haemoglobin"),
        ("ECOG performance status", "ECOG performance status"),
        ("C3", "C3"),
        ("hCG", "hCG"),
        ("HbA1c", "HbA1c"),
        ("Hb", "Hb"),
        ("DAS28-CRP", "DAS28-CRP"),
        ("NT-proBNP", "NT-proBNP"),
        ("PaO2/FiO2", "PaO2/FiO2"),
        ("McDonald criteria met", "McDonald criteria met"),
        ("Ki-67 index", "Ki-67 index"),
        ("Haemoglobin A1c", "haemoglobin A1c"),
        ("Anti-dsDNA antibodies", "anti-dsDNA antibodies"),
        ("Stage (as told by the patient)", "stage (as told by the patient)"),
    ],
)
def test_a_label_inside_a_sentence_is_short(label: str, name: str) -> None:
    assert short_name(label) == name


@pytest.mark.parametrize(
    ("label", "first"),
    [
        ("eGFR (CKD-EPI 2021, creatinine)", "eGFR (CKD-EPI 2021, creatinine)"),
        ("Lupus anticoagulant, by any test", "Lupus anticoagulant"),
        ("Protein (urine, 24 h), total", "Protein (urine, 24 h)"),
        ("Platelets", "Platelets"),
    ],
)
def test_an_addition_begins_at_a_comma_that_is_in_no_bracket(label: str, first: str) -> None:
    assert without_addition(label, ", ") == first


@pytest.mark.parametrize("tag", LANGUAGES)
def test_no_name_of_a_concept_is_cut_inside_a_bracket(tag: str) -> None:
    spoken = language(tag)
    for concept in load_catalog().concepts.values():
        fact = MissingFact(concept.id, concept.display, "blood", (), ("a",))
        words = next_step_lines(NextSteps(could_rule_out=(fact,)), spoken)[0]
        name = name_of_test(Orderable(concept.id, concept.display, "", "", ""), spoken)
        for text in (words, name, short_name(spoken.text(concept.display))):
            opened, closed = (sum(map(text.count, pair)) for pair in ("(\uff08", ")\uff09"))
            assert opened == closed, text
