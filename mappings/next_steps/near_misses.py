"""By how much a criterion was missed, and the days on which time alone changes what counts."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from mappings.amounts import HOLDS, Bound, compare
from mappings.dates import Window, parse_when
from mappings.definitions.uses import leaves_of
from mappings.evaluation.context import Context
from mappings.evaluation.drugs.records import timelines_in
from mappings.evaluation.plan import Planner
from mappings.facts import Result
from mappings.next_steps.openings import TREATMENT
from mappings.results import CriterionResult, Evidence, NearMiss, NearMissKind, ScoreItemResult, ScoreResult
from mappings.rules import Age, All, AnyOf, AtLeast, Finding, Measurement, Not, Rule, Score, Treatment
from mappings.timeline import common_exposure
from mappings.trial_definition import Criterion
from mappings.verdicts import MET, NOT_MET, TOO_OLD, VALUE, Reason, Verdict, negation

_LOWER = frozenset({"greater_than", "at_least"})
_DIGITS = 9
"""Figures kept of a difference: more than any laboratory reports, fewer than binary fractions blur."""


def near_misses(criteria: Sequence[Criterion], planner: Planner, context: Context) -> tuple[NearMiss, ...]:
    """Those of each criterion that applies, in the order of the definition; each said once."""
    found: dict[NearMiss, None] = {}
    for criterion in criteria:
        result = context.criterion(criterion.id)
        if result.applies:
            found.update(dict.fromkeys(_OfCriterion(result, planner, context).all(criterion.require)))
    return tuple(found)


class _OfCriterion:
    """One criterion's near misses: its windows, then what its parts lack, unless it is met."""

    def __init__(self, result: CriterionResult, planner: Planner, context: Context) -> None:
        self._result, self._planner, self._context = result, planner, context
        self._kinds: Mapping[type, Callable[[Any, Verdict], Iterator[NearMiss]]] = {
            Measurement: self._measurement,
            Finding: self._finding,
            Age: self._age,
            Score: self._score,
            Treatment: self._treatment,
        }

    def all(self, rule: Rule) -> Iterator[NearMiss]:
        """The windows of the facts that decided, and what each leaf of the rule says."""
        if self._result.reason is Reason.ATTESTED:  # whatever the record has of it did not decide
            met = self._result.verdict is MET
            until: NearMissKind = "counts_until" if met else "rules_out_until"
            yield from self._dated(self._result.evidence, until, Reason.ATTESTED)
            return
        if self._result.verdict is MET:
            yield from self._counting()
            yield from self._young_enough(rule)
        else:
            yield from self._ruling_out(rule)
        yield from self._leaves(rule)

    def _near(self, concept: str, label: str, kind: Any, **more: Any) -> NearMiss:
        return NearMiss(self._result.id, kind, concept, label, **more)

    def _counting(self) -> Iterator[NearMiss]:
        """Until when the facts behind a met criterion count."""
        yield from self._dated(self._result.evidence, "counts_until", VALUE)

    def _dated(self, facts: Sequence[Evidence], kind: NearMissKind, reason: Reason) -> Iterator[NearMiss]:
        for fact in facts:
            if fact.counts_until and fact.reason is reason:
                until, text = fact.counts_until, fact.text
                yield self._near(fact.concept, fact.label, kind, text=text, date=until)

    def _ruling_out(self, rule: Rule) -> Iterator[NearMiss]:
        """Until when facts speak against the patient: one that does so in two ways, until the later day."""
        last: dict[tuple[str, str, str], date] = {}
        if self._result.verdict is NOT_MET:
            for evidence in self._against(rule, NOT_MET):
                if evidence.counts_until and evidence.reason is VALUE:
                    known = (evidence.concept, evidence.label, evidence.text)
                    last[known] = max(evidence.counts_until, last.get(known, evidence.counts_until))
        for (concept, label, text), until in last.items():
            yield self._near(concept, label, "rules_out_until", text=text, date=until)

    def _against(self, rule: Rule, verdict: Verdict) -> Iterator[Evidence]:
        """The evidence of the parts by which a rule is what it is."""
        outcome = self._planner.prepare(rule)(self._context)
        if outcome.verdict is not verdict:
            return
        if isinstance(rule, Not):
            yield from self._against(rule.of, negation(verdict))
        elif isinstance(rule, All | AnyOf | AtLeast):
            for part in rule.of:
                yield from self._against(part, verdict)
        else:
            yield from outcome.evidence

    def _leaves(self, rule: Rule) -> Iterator[NearMiss]:
        if isinstance(rule, All | AnyOf | AtLeast):
            for part in rule.of:
                yield from self._leaves(part)
        elif not isinstance(rule, Not) and type(rule) in self._kinds:
            outcome = self._planner.prepare(rule)(self._context)
            if outcome.verdict is not MET or isinstance(rule, Score):
                yield from self._kinds[type(rule)](rule, outcome.verdict)

    # --- results

    def _measurement(self, rule: Measurement, verdict: Verdict) -> Iterator[NearMiss]:
        concept = self._planner.concepts[rule.of]
        yield from self._lapsed(rule)
        newest = self._context.known(rule.of).newest
        if verdict is not NOT_MET or self._result.verdict is MET or len(newest) != 1:
            return
        amount = newest[0].amount
        if amount is None or not amount.is_exact:
            return
        text = newest[0].text or f"{float(amount.low):.10g} {newest[0].unit}".rstrip()
        yield from self._missed(rule.of, concept.display, float(amount.low), rule.bounds, concept.unit, text)

    def _missed(
        self, concept: str, label: str, value: float, bounds: Sequence[Bound], unit: str, text: str
    ) -> Iterator[NearMiss]:
        for bound in bounds:
            if HOLDS[bound.comparison](value, bound.limit):
                continue
            short = bound.comparison in _LOWER
            missing = _rounded(abs(float(bound.limit) - value))
            limit, kind = _limit_words(bound), "short_of" if short else "over"
            yield self._near(concept, label, kind, text=text, limit=limit, amount=missing, unit=unit)

    def _finding(self, rule: Finding, _verdict: Verdict) -> Iterator[NearMiss]:
        yield from self._lapsed(rule)

    def _lapsed(self, rule: Measurement | Finding) -> Iterator[NearMiss]:
        """The newest result, if it once counted and is now too old."""
        outcome = self._planner.prepare(rule)(self._context)
        newest = self._context.known(rule.of).newest
        if (
            rule.within is None
            or outcome.reason is not TOO_OLD
            or not newest
            or not _satisfies(newest[0], rule)
        ):
            return
        day = newest[0].when.day()
        until = rule.within.after(day) if day is not None else None
        if until is not None and until < self._context.today:
            evidence = outcome.evidence[0]
            yield self._near(rule.of, evidence.label, "counted_until", text=evidence.text, date=until)

    # --- the person, scores, treatment

    def _age(self, rule: Age, _verdict: Verdict) -> Iterator[NearMiss]:
        birth = self._context.record.patient.birth
        born = birth.day() if birth is not None else None
        if born is None or born > self._context.today:
            return
        years = _years(born, self._context.today)
        for bound in rule.bounds:
            if HOLDS[bound.comparison](years, bound.limit):
                continue
            text, limit = f"{years} years", _limit_words(bound)
            if bound.comparison in _LOWER:
                wanted = math.ceil(bound.limit) + (bound.comparison == "greater_than")
                yield self._near(
                    "age", "Age", "reached_on", text=text, limit=limit, date=_birthday(born, wanted)
                )
            else:
                over = _rounded(years - float(bound.limit))
                yield self._near("age", "Age", "over", text=text, limit=limit, amount=over, unit="a")

    def _young_enough(self, rule: Rule) -> Iterator[NearMiss]:
        """The last day of an age that is met, in the last year of it."""
        birth = self._context.record.patient.birth
        born, today = birth.day() if birth is not None else None, self._context.today
        if born is None or born > today:
            return
        years = _years(born, today)
        for age, excluded in _ages(rule):
            if _is_of_age(years, age) is not excluded and _is_of_age(years + 1, age) is excluded:
                until = _birthday(born, years + 1) - timedelta(days=1)
                yield self._near("age", "Age", "counts_until", text=f"{years} years", date=until)

    def _score(self, rule: Score, verdict: Verdict) -> Iterator[NearMiss]:
        score = self._context.shared.score_results[rule, self._context.not_before][0]
        recorded = score.recorded if score.basis == "recorded" else None
        until = self._until(recorded.date, rule.within) if recorded else _falls_on(score, rule, self)
        text = f"{score.at_least} recorded" if recorded else f"at least {score.at_least}"
        if until is not None and verdict is not Verdict.UNKNOWN:
            kind = "counts_until" if verdict is MET else "rules_out_until"
            yield self._near(score.id, score.label, kind, text=text, date=until)
        short = rule.at_least - score.at_least
        if verdict is not MET and self._result.verdict is not MET and short > 0:
            limit, unit = f"at least {rule.at_least}", "{score}"
            yield self._near(
                score.id, score.label, "short_of", text=text, limit=limit, amount=short, unit=unit
            )

    def _until(self, written: str, within: Window | None) -> date | None:
        when = parse_when(written)
        day = when.day() if when is not None else None
        return within.after(day) if day is not None and within is not None else None

    def expiries(self, items: Sequence[ScoreItemResult], within: Window | None) -> list[date | None]:
        """Until when the fact behind each item lies in a window."""
        return [self._until(item.evidence[0].date, within) if item.evidence else None for item in items]

    def _treatment(self, rule: Treatment, _verdict: Verdict) -> Iterator[NearMiss]:
        """The first day on which drugs that are still given will have been given for long enough."""
        base, partner = (timelines_in(of, self._context) for of in (rule.of, rule.together_with))
        common = common_exposure(base, partner if rule.together_with else None, self._context.day)
        if common is None or common.latest is None or rule.for_more_than is None:
            return
        since = date.fromordinal(common.latest)
        reached = date.fromordinal(rule.for_more_than.after(since).toordinal() + 1)
        if reached > self._context.today:
            limit = f"more than {rule.for_more_than}"
            text = f"since {since.isoformat()}"
            yield self._near(TREATMENT, "Treatment", "reached_on", text=text, limit=limit, date=reached)


def _ages(rule: Rule) -> Iterator[tuple[Age, bool]]:
    """The ages that a rule asks for, and those that it excludes."""
    return ((leaf, excluded) for leaf, excluded in leaves_of(rule) if isinstance(leaf, Age))


def _is_of_age(years: int, age: Age) -> bool:
    return all(HOLDS[bound.comparison](years, bound.limit) for bound in age.bounds)


def _falls_on(score: ScoreResult, rule: Score, of: _OfCriterion) -> date | None:
    """The last day on which the dated items that make up a score still reach the threshold by themselves."""
    held = [item for item in score.items if item.verdict is MET]
    until = of.expiries(held, rule.within)
    for day in sorted(day for day in until if day is not None):
        left = [item.points for item, end in zip(held, until, strict=True) if end is None or end > day]
        if sum(left) < rule.at_least:
            return day
    return None


def _satisfies(result: Result, rule: Measurement | Finding) -> bool:
    """Whether a result says what the rule asks for, whatever its date."""
    if isinstance(rule, Finding):
        return result.problem is None and not rule.is_.isdisjoint(result.tokens)
    if result.problem is not None or result.amount is None:
        return False
    return all(compare(result.amount, bound) is MET for bound in rule.bounds)


def _rounded(difference: float) -> float:
    return float(f"{difference:.{_DIGITS}g}")


def _limit_words(bound: Bound) -> str:
    words = {
        "greater_than": "more than",
        "at_least": "at least",
        "less_than": "less than",
        "at_most": "at most",
    }
    return f"{words[bound.comparison]} {bound.text}"


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _birthday(born: date, age: int) -> date:
    """The first day of this age: 1 March for those born on a 29 February, in other years."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)
