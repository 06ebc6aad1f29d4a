"""Assessments of invented patients, for the tests of cards; valid ones, with fields to override."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from cards.composing import CardContext
from cards.wording import recruitment_line
from mappings.results import (
    Assessment,
    CriterionResult,
    Evidence,
    How,
    MissingFact,
    NearMiss,
    NextStep,
    NextSteps,
    NextStepSet,
    Orderable,
    ScoreItemResult,
    ScoreResult,
    TrialFacts,
    Want,
)
from mappings.verdicts import Reason, Verdict

TODAY = date(2026, 2, 16)
MET, NOT_MET, UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN

TRIAL = TrialFacts(
    id="NCT06920433",
    title="Universal CD19/BCMA CAR T-cells in relapsed or refractory SLE",
    short_title="CD19/BCMA CAR-T for refractory lupus",
    status="draft",
    version="1",
    digest="0" * 64,
    registry_url="https://clinicaltrials.gov/study/NCT06920433",
    registry_copy_of=date(2025, 11, 14),
)

CONTEXT = CardContext(
    patient_id="maria",
    encounter_id="enc-1",
    user="Practitioner/dr-1",
    recruitment_line=recruitment_line("recruiting", date(2025, 11, 14)),
    sites=("Zhejiang University, Hangzhou (single site)",),
    contacts=("He Huang", "Yongxian Hu"),
    retrieved=TODAY,
)

NOT_ENCODED = (
    "The source names functional requirements for major organs but omits their values.",
    "The source has a heading for exclusion criteria but omits the criteria.",
)

LOINC = "http://loinc.org"
ORDERABLE = {
    test.concept: test
    for test in (
        Orderable(
            "urine-protein-creatinine-ratio",
            "Urine protein/creatinine ratio (UPCR)",
            LOINC,
            "2890-2",
            "Protein/Creatinine [Mass Ratio] in Urine",
        ),
        Orderable(
            "urine-protein-24h",
            "24-hour urine protein",
            LOINC,
            "2889-4",
            "Protein [Mass/time] in 24 hour Urine",
        ),
        Orderable("complement-c3", "Complement C3", LOINC, "4485-9", "C3 [Mass/volume] in Serum or Plasma"),
        Orderable("complement-c4", "Complement C4", LOINC, "4498-2", "C4 [Mass/volume] in Serum or Plasma"),
        Orderable("hcg", "Pregnancy test (hCG)", LOINC, "2106-3", "hCG [Presence] in Urine"),
        Orderable(
            "urine-red-cells", "Urine red blood cells", LOINC, "13945-1", "Erythrocytes in Urine sediment"
        ),
        Orderable("anti-dsdna", "Anti-dsDNA antibodies", LOINC, "5130-0", "DNA double strand Ab in Serum"),
        Orderable("b-cells", "CD19+ B cells in blood", LOINC, "8116-6", "Cells.CD19 [#/volume] in Blood"),
    )
}


def uuids() -> Callable[[], str]:
    """A source of uuids that counts: 00000000-0000-4000-8000-000000000001 and so on."""
    counter = iter(range(1, 10_000))
    return lambda: str(UUID(int=next(counter), version=4))


def criterion(
    criterion_id: str, label: str, reason: Reason, *evidence: Evidence, settle: tuple[str, ...] = ()
) -> CriterionResult:
    """A criterion whose verdict follows from its reason: MET by a value or a claim, else UNKNOWN."""
    decided = {Reason.VALUE, Reason.ATTESTED, Reason.ABSENT_BY_RULE, Reason.NOT_APPLICABLE}
    verdict = MET if reason in decided else UNKNOWN
    return CriterionResult(criterion_id, label, verdict, reason, evidence, to_settle=settle)


def found(label: str, text: str, on: str = "", until: date | None = None, **more: str) -> Evidence:
    """A fact that decided."""
    return Evidence(
        more.get("concept", label.lower()),
        label,
        Reason.VALUE,
        text,
        date=on,
        reference=more.get("reference", "Observation/1"),
        counts_until=until,
        note=more.get("note", ""),
    )


def missing(label: str, reason: Reason = Reason.NOT_FOUND, window: str = "") -> Evidence:
    """The statement that there is nothing."""
    return Evidence(label.lower(), label, reason, window=window)


def question(words: str) -> Evidence:
    """A question that only a person can answer."""
    return Evidence("judgement", "To be judged", Reason.NEEDS_JUDGEMENT, note=words)


def judged(
    criterion_id: str, label: str, asked: str = "Is it so?", beside: tuple[Evidence, ...] = ()
) -> CriterionResult:
    return criterion(criterion_id, label, Reason.NEEDS_JUDGEMENT, question(asked), *beside)


ORGAN_VALUES = (
    found("Haemoglobin", "10.8 g/dL", "2026-02-10"),
    found("Neutrophils", "3.1 10*9/L", "2026-02-10"),
    found("Platelets", "182 10*9/L", "2026-02-10"),
    found("Creatinine", "0.9 mg/dL", "2026-02-10"),
    found("eGFR (CKD-EPI 2021)", "86 mL/min/1.73 m²", "2026-02-10", note="computed from this creatinine"),
    found("Left ventricular ejection fraction (LVEF)", "62 %", "2025-12-02"),
)

BIOPSY = criterion(
    "lupus-nephritis-biopsy",
    "Lupus nephritis on biopsy",
    Reason.VALUE,
    found(
        "Kidney biopsy class", "class IV + V", "2025-11-20", date(2026, 5, 20), reference="DiagnosticReport/7"
    ),
)
CHRONICITY = judged(
    "nih-chronicity-index",
    "Chronicity index",
    "Is it increased?",
    (found("Chronicity index", "3", "2025-11-20"),),
)
ORGANS = judged("organ-function", "Organ function", "Is organ function sufficient?", ORGAN_VALUES)
CONTRACEPTION = judged("contraception", "Contraception")
CONSENT = judged("consent", "Consent")
AGE = criterion("age", "Age", Reason.VALUE, found("Age", "34 years", reference="Patient/maria"))
CLASSIFICATION = criterion(
    "sle-classification",
    "EULAR/ACR 2019 classification",
    Reason.VALUE,
    Evidence("eular-acr-2019", "EULAR/ACR 2019", Reason.VALUE, "at least 24", 24.0),
)
SLEDAI = criterion(
    "sledai-2k",
    "SLEDAI-2K",
    Reason.VALUE,
    Evidence("sledai-2k", "SLEDAI-2K", Reason.VALUE, "12", 12.0),
    found("SLEDAI-2K total", "12", "2026-02-10"),
)
SLEDAI_OPEN = criterion(
    "sledai-2k",
    "SLEDAI-2K",
    Reason.SCORE_UNDECIDED,
    Evidence("sledai-2k", "SLEDAI-2K", Reason.SCORE_UNDECIDED, "at least 4", 4.0),
    settle=("complement-c3", "complement-c4"),
)
REFRACTORY = criterion(
    "refractory-or-relapsed",
    "Refractory or relapsed",
    Reason.VALUE,
    found(
        "Prednisone", "prednisone 10 mg, ordered", "2025-03-01", note="inferred from drug dates and activity"
    ),
    found("Mycophenolate", "mycophenolate 1 g, ordered", "2025-03-01"),
)

SLEDAI_SCORE = ScoreResult(
    "sledai-2k",
    "SLEDAI-2K",
    12,
    12,
    "recorded",
    (),
    (),
    threshold=8,
    recorded=found("SLEDAI-2K total", "12", "2026-02-10"),
)
SLEDAI_OPEN_SCORE = ScoreResult(
    "sledai-2k",
    "SLEDAI-2K",
    4,
    87,
    "computed",
    ("low-complement", "increased-dna-binding", "arthritis", "rash"),
    (
        ScoreItemResult("proteinuria", "Proteinuria", 4, MET, "laboratory", True, (found("UPCR", "2 g/g"),)),
        ScoreItemResult(
            "low-complement", "Low complement", 2, UNKNOWN, "laboratory", False, (missing("Complement-C3"),)
        ),
        ScoreItemResult("increased-dna-binding", "Increased DNA binding", 2, UNKNOWN, "laboratory"),
        ScoreItemResult("arthritis", "Arthritis", 4, UNKNOWN, "examination"),
        ScoreItemResult("rash", "Rash", 2, UNKNOWN, "examination"),
    ),
    threshold=8,
)
CLASSIFICATION_SCORE = ScoreResult(
    "eular-acr-2019",
    "EULAR/ACR 2019",
    24,
    51,
    "computed",
    (),
    (
        ScoreItemResult("class-iii-iv", "Class III or IV lupus nephritis", 10, MET, "laboratory"),
        ScoreItemResult("dsdna", "Anti-dsDNA", 6, MET, "laboratory"),
        ScoreItemResult("complement", "Low C3 and low C4", 4, MET, "laboratory"),
        ScoreItemResult("alopecia", "Alopecia", 2, MET, "examination", True),
        ScoreItemResult("fever", "Fever", 2, MET, "examination"),
    ),
    entry=MET,
    threshold=10,
)


@dataclass(frozen=True)
class Ahead:
    """An outlook that is given."""

    steps: NextSteps
    misses: tuple[NearMiss, ...] = ()
    days: Mapping[str, date] = field(default_factory=dict)

    def next_steps(self) -> NextSteps:
        return self.steps

    def near_misses(self) -> tuple[NearMiss, ...]:
        return self.misses

    def last_days(self) -> Mapping[str, date]:
        return self.days


LAST_DAYS = {
    "lupus-nephritis-biopsy": date(2026, 5, 20),
    "sledai-2k": date(2026, 3, 12),
    "nih-activity-index": date(2026, 5, 20),
    "proteinuria": date(2026, 5, 11),
    "b-cell-target": date(2026, 5, 11),
    "ecog": date(2026, 5, 11),
    "pregnancy-test": date(2026, 2, 21),
    "lactation": date(2026, 3, 16),
}


def fact(concept: str, label: str, how: How, *wanted: Want) -> MissingFact:
    return MissingFact(concept, label, how, wanted, (concept,))


def step(how: How, *facts: MissingFact, orders: Sequence[Orderable] = ()) -> NextStep:
    """A step that orders what its facts are about, if that can be ordered, or other tests."""
    known = [ORDERABLE[one.concept] for one in facts if one.concept in ORDERABLE]
    return NextStep(how, "", 1, facts, tuple(orders or known))


def steps_of(*sets: Sequence[NextStep], ruling_out: tuple[MissingFact, ...] = ()) -> NextSteps:
    found = tuple(NextStepSet(sum(one.effort for one in steps), tuple(steps)) for steps in sets)
    return NextSteps(found, could_rule_out=ruling_out)


NEGATIVE = Want("one_of", answers=("negative",))
LOW = Want("one_of", answers=("low",))
DAY_URINE = step(
    "urine-24h",
    fact("urine-protein-24h", "24-hour urine protein", "urine-24h", Want("greater_than", "0.5 g/d")),
)
B_CELLS = step(
    "blood",
    fact("b-cells", "CD19+ B cells", "blood", Want("one_of", answers=("positive",))),
)
HCG = step("blood", fact("hcg", "Pregnancy test (hCG)", "blood", NEGATIVE))
C3, C4 = (step("blood", fact(f"complement-c{n}", f"Complement C{n}", "blood", LOW)) for n in (3, 4))
ASKED = step("bedside", fact("lactation-status", "Lactation", "bedside", NEGATIVE))
SEEN_AGAIN = step("chart", fact("ecog", "ECOG", "chart", Want("at_most", "1")))
SNOMED = "http://snomed.info/sct"
BIOPSY_ORDER = Orderable("kidney-biopsy", "Kidney biopsy", SNOMED, "7246002", "Kidney biopsy")
RED_CELLS = step(
    "urine",
    fact("urine-red-cells", "Urine red blood cells", "urine", Want("greater_than", "5 /[HPF]")),
)
DSDNA = step(
    "blood",
    fact("anti-dsdna", "Anti-dsDNA antibodies", "blood", Want("one_of", answers=("positive",))),
)
NEW_BIOPSY = step(
    "biopsy",
    fact("class", "Lupus nephritis class (ISN/RPS)", "biopsy", Want("one_of", answers=("III", "IV"))),
    fact("nih-activity-index", "NIH activity index", "biopsy", Want("greater_than", "2")),
    orders=[BIOPSY_ORDER],
)
RULING_OUT = (
    fact("hcg", "Pregnancy test (hCG)", "blood", Want("none_of", answers=("negative",))),
    fact("urine-protein-24h", "24-hour urine protein", "urine-24h", Want("at_most", "0.5 g/d")),
    fact("class", "Lupus nephritis class (ISN/RPS)", "biopsy", Want("none_of", answers=("III", "IV"))),
)
MISSING_STEPS = steps_of(
    [SEEN_AGAIN, ASKED, RED_CELLS, HCG, B_CELLS, DAY_URINE, NEW_BIOPSY],
    [SEEN_AGAIN, ASKED, C3, DSDNA, HCG, B_CELLS, DAY_URINE, NEW_BIOPSY],
    ruling_out=RULING_OUT,
)


def clear_candidate() -> Assessment:
    """Everything that a chart can show is met; only a person can say the rest."""
    criteria = (
        AGE,
        CLASSIFICATION,
        BIOPSY,
        REFRACTORY,
        SLEDAI,
        criterion(
            "nih-activity-index",
            "NIH activity index",
            Reason.VALUE,
            found("NIH activity index", "8/24", "2025-11-20", date(2026, 5, 20)),
        ),
        CHRONICITY,
        criterion(
            "proteinuria",
            "Proteinuria",
            Reason.VALUE,
            found("Urine protein/creatinine ratio (UPCR)", "2.4 g/g", "2026-02-10", date(2026, 5, 11)),
        ),
        criterion(
            "b-cell-target",
            "B cells with CD19 or BCMA",
            Reason.VALUE,
            found("CD19+ B cells in blood", "140 /uL", "2026-02-10", date(2026, 5, 11)),
        ),
        ORGANS,
        criterion(
            "ecog",
            "ECOG",
            Reason.VALUE,
            found("ECOG performance status", "1", "2026-02-10", date(2026, 5, 11)),
        ),
        CONTRACEPTION,
        criterion(
            "pregnancy-test",
            "Pregnancy test",
            Reason.VALUE,
            found("Pregnancy test (hCG)", "negative", "2026-02-14", date(2026, 2, 21)),
        ),
        criterion(
            "lactation",
            "Not lactating",
            Reason.VALUE,
            found("Lactation", "not lactating", "2026-02-14", date(2026, 3, 16)),
        ),
        CONSENT,
    )
    return Assessment(
        trial=TRIAL,
        patient="Patient/maria",
        as_of=TODAY,
        outcome="possible-candidate",
        criteria=criteria,
        gate=MET,
        gate_evidence=(
            found("Lupus nephritis", "Lupus nephritis, class IV", "2022-05-01", reference="Condition/ln-1"),
        ),
        scores=(SLEDAI_SCORE, CLASSIFICATION_SCORE),
        not_encoded=NOT_ENCODED,
        orderable=ORDERABLE,
        outlook=Ahead(NextSteps(), days=LAST_DAYS),
    )


def candidate_with_missing_tests() -> Assessment:
    """A stale biopsy, half a SLEDAI-2K and several tests that nobody has done lately."""
    criteria = (
        AGE,
        CLASSIFICATION,
        criterion(
            "lupus-nephritis-biopsy",
            "Lupus nephritis on biopsy",
            Reason.TOO_OLD,
            Evidence(
                "kidney-biopsy-class",
                "Kidney biopsy",
                Reason.TOO_OLD,
                "class IV",
                date="2025-01-03",
                window="6 months",
            ),
        ),
        REFRACTORY,
        SLEDAI_OPEN,
        criterion(
            "nih-activity-index",
            "NIH activity index",
            Reason.NOT_FOUND,
            missing("NIH activity index", window="6 months"),
        ),
        CHRONICITY,
        criterion(
            "proteinuria",
            "Proteinuria",
            Reason.NOT_FOUND,
            missing("24-hour urine protein", window="90 days"),
            found("Urine protein/creatinine ratio (UPCR)", "0.7 g/g", "2026-02-10"),
            settle=("urine-protein-24h",),
        ),
        criterion(
            "b-cell-target",
            "B cells with CD19 or BCMA",
            Reason.NOT_FOUND,
            missing("CD19+ B cells in blood", window="90 days"),
            settle=("b-cells",),
        ),
        ORGANS,
        criterion(
            "ecog", "ECOG", Reason.NOT_RETRIEVED, missing("ECOG performance status", Reason.NOT_RETRIEVED)
        ),
        CONTRACEPTION,
        criterion(
            "pregnancy-test",
            "Pregnancy test",
            Reason.NOT_FOUND,
            missing("Pregnancy test (hCG)", window="7 days"),
            settle=("hcg",),
        ),
        criterion("lactation", "Not lactating", Reason.NOT_FOUND, missing("Lactation", window="30 days")),
        CONSENT,
    )
    return replace(
        clear_candidate(),
        criteria=criteria,
        scores=(SLEDAI_OPEN_SCORE, CLASSIFICATION_SCORE),
        not_retrieved=("Observation (survey): deadline of 2 s reached",),
        outlook=Ahead(MISSING_STEPS),
    )
