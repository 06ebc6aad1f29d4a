"""A small set of concepts, and short ways to write facts, for tables that fit on a page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from mappings.amounts import Amount, Bound, Comparison, exactly
from mappings.concept import Concept
from mappings.dates import BEGINNING, When, Window, parse_when
from mappings.evaluation.context import Context, Outcome, Shared
from mappings.evaluation.evaluate import KINDS, prepare_criterion
from mappings.evaluation.plan import Planner
from mappings.facts import Diagnosis, Exposure, PatientFacts, PatientRecord, Performed, Result
from mappings.results import Gap
from mappings.rules import Rule
from mappings.trial_definition import Criterion
from mappings.verdicts import Reason

TODAY = date(2026, 6, 15)
CONCEPTS = {
    concept.id: concept
    for concept in (
        Concept("upcr", "UPCR", "measurement", unit="g/g"),
        Concept("protein-24h", "24-hour protein", "measurement", unit="g/d"),
        Concept("hcg", "hCG", "finding"),
        Concept("lupus", "SLE", "condition"),
        Concept("delivery", "Delivery", "condition"),
        Concept("hysterectomy", "Hysterectomy", "procedure"),
        Concept("prednisone", "Prednisone", "drug"),
        Concept("mycophenolate", "Mycophenolate", "drug"),
        Concept("anifrolumab", "Anifrolumab", "drug"),
        Concept("rituximab", "Rituximab", "drug", covers_days=180),
    )
}


def on(text: str) -> When:
    """A day, month or year; "" is undated."""
    when = parse_when(text) if text else When(BEGINNING, 10**7, "")
    assert when is not None
    return when


def upcr(value: float | Amount, day: str, *, problem: Reason | None = None, concept: str = "upcr") -> Result:
    amount = value if isinstance(value, Amount) else exactly(value)
    return Result(
        concept, on(day), f"Observation/{day}-{amount.low:g}", f"{amount.low:g} g/g", amount, problem=problem
    )


def hcg(answer: str, day: str, *, problem: Reason | None = None) -> Result:
    return Result(
        "hcg", on(day), f"Observation/hcg-{day}", answer, tokens=frozenset({answer}), problem=problem
    )


def diagnosis(
    concept: str = "lupus",
    *,
    status: str = "active",
    confirmed: bool | None = True,
    onset: str | None = None,
    abated: str | None = None,
    recorded: str | None = None,
) -> Diagnosis:
    began, ended, noted = (None if text is None else on(text) for text in (onset, abated, recorded))
    return Diagnosis(concept, f"Condition/{concept}", concept, status, confirmed, began, ended, noted)


def exposure(drug: str, start: str, end: str | None = None, source: str = "ordered") -> Exposure:
    return Exposure(
        drug,
        f"MedicationRequest/{drug}-{start}",
        drug,
        source,  # type: ignore[arg-type]
        on(start),
        None if end is None else on(end),
    )


def bound(comparison: Comparison, limit: float) -> tuple[Bound, ...]:
    return (Bound(comparison, limit, f"{limit} g/g"),)


def record(
    facts: Sequence[Result | Diagnosis | Exposure | Performed] = (),
    *,
    sex: str = "female",
    born: str | None = "1990-03-01",
    gap: Callable[[str], Gap | None] = lambda _concept: None,
) -> PatientRecord:
    def of(kind: type) -> Mapping[str, tuple[object, ...]]:
        found: dict[str, tuple[object, ...]] = {}
        for fact in facts:
            if isinstance(fact, kind):
                found[fact.concept] = (*found.get(fact.concept, ()), fact)
        return found

    missing = gap("upcr")
    return PatientRecord(
        PatientFacts("Patient/p", on(born) if born is not None else None, sex),
        results=of(Result),  # type: ignore[arg-type]
        diagnoses=of(Diagnosis),  # type: ignore[arg-type]
        procedures=of(Performed),  # type: ignore[arg-type]
        exposures=of(Exposure),  # type: ignore[arg-type]
        gaps=(missing,) if missing is not None else (),
        gap=gap,
    )


def answer(
    rule: Rule, patient: PatientRecord, criteria: Sequence[Criterion] = (), window: Window | None = None
) -> Outcome:
    """What the rule says of the patient, in a score with a look-back if there is a window."""
    planner = Planner(KINDS, CONCEPTS, {}, [rule])
    named = {criterion.id: prepare_criterion(criterion, planner) for criterion in criteria}
    context = Context(Shared(patient, TODAY, CONCEPTS, named), window, in_score=window is not None)
    return planner.prepare(rule)(context)


def said(outcome: Outcome) -> str:
    """Verdict and reason in the words of the tables: "met", "not-met", "unknown: too_old"."""
    if outcome.reason is Reason.VALUE:
        return outcome.verdict.value
    return f"{outcome.verdict.value}: {outcome.reason.value}"


def cut_short(*, newest_first: bool) -> Callable[[str], Gap | None]:
    return lambda _concept: Gap("Observation", "Observation: deadline", None, newest_first)
