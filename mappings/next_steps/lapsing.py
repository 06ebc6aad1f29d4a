"""The last day on which a criterion is still met by what is on record, if nothing else comes in.

Of parts that must all hold, the first to lapse ends it; of alternatives, the last. So a day is worked out
from the days on which single facts stop counting. Where no such day is known nothing is said: of drugs that
may go on, of the activity that a treatment failed to end, of a date without its day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from mappings.attesting.deciding import asked_in, verdict_of
from mappings.attesting.standing import standing_answer
from mappings.dates import Window, parse_when
from mappings.definitions.uses import leaves_of
from mappings.evaluation.context import Context
from mappings.evaluation.plan import Planner
from mappings.results import CriterionResult, Evidence, ScoreItemResult
from mappings.rules import (
    All,
    AnyOf,
    AtLeast,
    ConditionRule,
    CriterionRef,
    DrugRule,
    Finding,
    Measurement,
    Not,
    ProcedureRule,
    Rule,
    Score,
)
from mappings.trial_definition import Criterion, ScoreItem
from mappings.verdicts import MET, VALUE, Reason, Verdict, negation

_DAY = len("2026-06-15")
NEVER = date.max
"""No day is known on which it lapses."""
Lapse = Callable[[Context], date | None]
"""The last day on which a rule says what it is asked for; None if it does not say it today."""
_Last = Callable[[Sequence[Evidence], Context], date]
"""The same of a rule that combines no others, from its evidence."""


class Lapses:
    """A trial's criteria as functions that tell until when what is on record meets them."""

    def __init__(self, criteria: Sequence[Criterion], planner: Planner) -> None:
        self._planner = planner
        self._criteria = {criterion.id: criterion for criterion in criteria}
        dated = [criterion for criterion in criteria if _is_dated(criterion.require)]
        self._of = {criterion.id: self._lapse(criterion.require, MET) for criterion in dated}
        self._beyond_evidence = {criterion.id for criterion in dated if _rests_on_more(criterion.require)}

    def last_days(self, context: Context) -> Mapping[str, date]:
        """By id, those of the criteria that are met and will lapse."""
        found = {}
        for name in self._criteria:
            result = context.criterion(name)
            if result.verdict is MET and result.applies:
                day = self._last_day(result, self._of.get(name), context)
                if day not in (None, NEVER):
                    found[name] = day
        return found

    def _last_day(self, result: CriterionResult, lapse: Lapse | None, context: Context) -> date | None:
        if result.reason is Reason.ATTESTED:  # whatever else the record has of it does not decide
            return self._answered(result.id, context)
        tells = result.id in self._beyond_evidence or any(fact.counts_until for fact in result.evidence)
        day = lapse(context) if lapse is not None and tells else None
        if day is None or not context.record.attestations:
            return day
        return max(day, self._answered(result.id, context) or day)

    def _answered(self, name: str, context: Context) -> date | None:
        """Until when an answer on the worksheet meets it by itself; None if none does."""
        trial = self._planner.trial
        questions = trial.worksheet.questions if trial is not None else ()
        question = next((each for each in questions if each.settles == name), None)
        asked = asked_in(self._criteria[name].require)
        if trial is None or question is None or asked is None:
            return None
        standing = standing_answer(trial.id, question, context.record, context.today)
        meets = standing.state == "current" and verdict_of(standing.answers[0], asked) is MET
        counts = meets and standing.answers[0].when.first >= context.not_before
        return (standing.until or NEVER) if counts else None

    # --- rules

    def _lapse(self, rule: Rule, said: Verdict) -> Lapse:
        if isinstance(rule, Not):
            return self._lapse(rule.of, negation(said))
        if isinstance(rule, All | AnyOf | AtLeast):
            return _of_parts([self._lapse(part, said) for part in rule.of], _needed(rule, said))
        if isinstance(rule, Score):
            return self._score(rule, said)
        if isinstance(rule, CriterionRef):
            return self._criterion(rule.id, said)
        return self._leaf(rule, said)

    def _leaf(self, rule: Rule, said: Verdict) -> Lapse:
        evaluate, last = self._planner.prepare(rule), _last_of(rule, said)
        if isinstance(rule, ConditionRule) and rule.followed_by and said is MET:
            last = self._followed(rule)

        def lapse(context: Context) -> date | None:
            outcome = evaluate(context)
            return last(outcome.evidence, context) if outcome.verdict is said else None

        return lapse

    def _followed(self, rule: ConditionRule) -> _Last:
        """As long as one of the criteria is met by what came after the Condition."""
        lapses = [self._criterion(name, MET) for name in rule.followed_by]

        def last(evidence: Sequence[Evidence], context: Context) -> date:
            of = {(fact.concept, fact.reference) for fact in evidence}
            known = [each for name in rule.of for each in context.record.diagnoses.get(name, ())]
            ends = [each.abatement for each in known if (each.concept, each.reference) in of]
            views = [context.since(when.last + 1) for when in ends if when is not None]
            days = [day for view in views for lapse in lapses if (day := lapse(view)) is not None]
            return max(days, default=NEVER)

        return last

    def _criterion(self, name: str, said: Verdict) -> Lapse:
        of_record = self._lapse(self._criteria[name].require, said)

        def lapse(context: Context) -> date | None:
            result = context.criterion(name)
            if result.verdict is not said:
                return None
            return (self._last_day(result, of_record, context) if result.applies else None) or NEVER

        return lapse

    # --- scores

    def _score(self, rule: Score, said: Verdict) -> Lapse:
        """A recorded total counts for its look-back; then the items do, if they suffice by themselves."""
        evaluate, of_items = self._planner.prepare(rule), self._items(rule)

        def lapse(context: Context) -> date | None:
            if evaluate(context).verdict is not said:
                return None
            score = context.shared.score_results[rule, context.not_before][0]
            total = score.recorded if score.basis == "recorded" else None
            until = _end(total, rule.within) if total is not None else None
            if said is not MET or rule.within is None:
                return until or NEVER
            met = [item for item in score.items if item.verdict is MET]
            if until is not None and total is not None and _none_after(total, met):
                return until
            of_them = of_items({item.id for item in met}, context.within_score(rule.within))
            return max(filter(None, (until, of_them)), default=NEVER)

        return lapse

    def _items(self, rule: Score) -> Callable[[set[str], Context], date | None]:
        """Until when the items that are met reach the threshold by themselves; None if not even today."""
        definition = self._planner.scores[rule.of]
        lapses = [(item, self._lapse(item.require, MET)) for item in definition.items]
        entry = self._lapse(definition.entry, MET) if definition.entry is not None else None

        def reaches(held: Sequence[ScoreItem]) -> bool:
            best: dict[str, int] = {}
            for item in held:
                best[item.domain] = max(item.points, best.get(item.domain, 0))
            needed = definition.needs_group
            return sum(best.values()) >= rule.at_least and (
                not needed or any(item.group == needed for item in held)
            )

        def last(met: set[str], inside: Context) -> date | None:
            if not reaches([item for item, _ in lapses if item.id in met]):
                return None
            ends = [(lapse(inside) or NEVER, item) for item, lapse in lapses if item.id in met]
            entered = (entry(inside) if entry is not None else NEVER) or NEVER
            days = sorted({*(day for day, _ in ends), NEVER})
            short = (day for day in days if not reaches([item for end, item in ends if end > day]))
            return min(entered, next(short, NEVER))

        return last


def _is_dated(rule: Rule) -> bool:
    """Whether anything in it has a look-back or rests on a criterion; without, it does not lapse."""
    leaves = [leaf for leaf, _ in leaves_of(rule)]
    rests = any(isinstance(leaf, CriterionRef) or getattr(leaf, "followed_by", ()) for leaf in leaves)
    return rests or any(getattr(leaf, "within", None) is not None for leaf in leaves)


def _rests_on_more(rule: Rule) -> bool:
    """Whether its day may be known though no evidence of it tells one: a score's lies in its items."""
    return any(isinstance(leaf, Score | CriterionRef) for leaf, _ in leaves_of(rule))


def _none_after(total: Evidence, items: Sequence[ScoreItemResult]) -> bool:
    """Whether all that items rest on is of the day of a total or before, so that they do not outlast it."""
    day = total.date[:_DAY]
    return all(len(fact.date) >= _DAY and fact.date[:_DAY] <= day for item in items for fact in item.evidence)


def _needed(rule: All | AnyOf | AtLeast, said: Verdict) -> int:
    """How many parts have to say it for the whole to say it."""
    parts = len(rule.of)
    if isinstance(rule, AnyOf):
        return 1 if said is MET or rule.passing_over_absent else parts
    count = parts if isinstance(rule, All) else rule.count
    return count if said is MET else parts - count + 1


def _of_parts(lapses: Sequence[Lapse], needed: int) -> Lapse:
    def lapse(context: Context) -> date | None:
        days = [day for each in lapses if (day := each(context)) is not None]
        return sorted(days, reverse=True)[needed - 1] if len(days) >= needed else None

    return lapse


def _last_of(rule: Rule, said: Verdict) -> _Last:
    """Which days end what a rule says. A verdict that time alone does not change has none."""
    if isinstance(rule, Measurement | Finding):
        over = isinstance(rule, Finding) and rule.older_means_not_met and said is not MET
        return _no_day if over else _of_results
    if isinstance(rule, ConditionRule) and rule.recorded_within:  # its evidence has the day of onset
        return _no_day
    of_events = said is MET and isinstance(rule, ConditionRule | ProcedureRule | DrugRule)
    return _of_events if of_events else _no_day


def _no_day(_evidence: Sequence[Evidence], _context: Context) -> date:
    return NEVER


def _of_results(evidence: Sequence[Evidence], context: Context) -> date:
    """Those that decided are of one day; beside them may stand what no look-back is about."""
    days = [_end(fact, context.window) for fact in evidence]
    return min([day for day in days if day is not None], default=NEVER)


def _of_events(evidence: Sequence[Evidence], context: Context) -> date:
    """Any of them is enough."""
    days = [_end(fact, context.window) for fact in evidence]
    return max([day or NEVER for day in days], default=NEVER)


def _end(fact: Evidence, window: Window | None) -> date | None:
    """The last day on which a fact counts: by the look-back of its rule, or of the score that asks for it."""
    if fact.reason is not VALUE:
        return None
    if fact.counts_until is not None or window is None:
        return fact.counts_until
    when = parse_when(fact.date)
    day = when.day() if when is not None else None
    return window.after(day) if day is not None else None
