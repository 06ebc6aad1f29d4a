"""The facts that are missing in one question to a record: a result, a diagnosis, a procedure, the person.

What is decided stays decided: a result that fails is no missing fact, and neither is one that a definition
counts as absent. Why a question is open says how the fact is had: what is there but was not read, cannot be
read, contradicts itself or is not confirmed is looked at again, not ordered again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Generic, NamedTuple, TypeVar

from mappings.amounts import Bound, Comparison
from mappings.concept import Concept
from mappings.evaluation.context import Context, Evaluator, Outcome
from mappings.evaluation.events import ended_by, last_days
from mappings.next_steps.efforts import Efforts
from mappings.next_steps.formula import FALSE, TRUE, Atom, Formula, Wanted, both, either
from mappings.results import How
from mappings.rules import Age, ConditionRule, DrugRule, Finding, Measurement, ProcedureRule, Sex, written_in
from mappings.verdicts import IMPRECISE, MET, NEEDS_JUDGEMENT, NOT_FOUND, NOT_MET, TOO_OLD, VALUE, Reason

R_co = TypeVar("R_co", covariant=True)


class Open(NamedTuple, Generic[R_co]):
    """A rule that is unknown, what it says, and the view of the record in which it says so."""

    rule: R_co
    outcome: Outcome
    context: Context


ResultRule = Measurement | Finding
EventRule = ConditionRule | ProcedureRule | DrugRule
NOTHING_THERE = frozenset({NOT_FOUND, TOO_OLD})
OF_THE_PERSON = ("age", "sex")
PRESENT, _ABSENT = Wanted(present=True), Wanted(present=False)

_SEEN_AGAIN = frozenset(
    {
        Reason.CONFLICTING,
        Reason.UNREADABLE,
        Reason.UNIT_NOT_COMPARABLE,
        Reason.NOT_RETRIEVED,
        Reason.NOT_CONFIRMED,
    }
)
_OPPOSITE: Mapping[Comparison, Comparison] = {
    "greater_than": "at_most",
    "at_least": "less_than",
    "less_than": "at_least",
    "at_most": "greater_than",
}


def is_seen_again(outcome: Outcome) -> bool:
    """Whether the chart holds an answer that has to be looked at again: also one with only half a date."""
    return outcome.reason in _SEEN_AGAIN or outcome.reason is IMPRECISE


class Leaves:
    """Turns open questions into missing facts, with the concepts of a catalog and the table of efforts."""

    def __init__(
        self, concepts: Mapping[str, Concept], efforts: Efforts, prepare: Callable[[ResultRule], Evaluator]
    ) -> None:
        self._concepts, self._efforts, self._prepare = concepts, efforts, prepare

    def how(self, concept_id: str) -> How:
        """How a fact is had that is not in the chart."""
        return self._efforts.how(concept_id, self._concepts.get(concept_id))

    def atom(self, concept_id: str, wanted: Wanted, how: How) -> Atom:
        """The fact that is asked for about a concept."""
        return Atom(self._efforts.fact(concept_id), wanted, how)

    # --- results

    def result_holds(self, asked: Open[ResultRule]) -> Formula:
        """A result of today that satisfies the rule, or the same looked up."""
        rule, _, context = asked
        if _too_early(rule, context):
            return FALSE
        if self._is_answered(asked):
            return self.beside(rule) if context.in_score else FALSE
        if not self._unread_since(asked):
            return self._result(asked)
        alone = self._without_what_came_since(asked)
        result = TRUE if alone.outcome.verdict is MET else self._result(alone)
        return both((result, self._none_since(asked)))

    def _result(self, asked: Open[ResultRule]) -> Formula:
        how = self._how_result(asked)
        return FALSE if how is None else self.atom(asked.rule.of, self.wanted(asked.rule), how)

    def _unread_since(self, asked: Open[ResultRule]) -> bool:
        """Whether what may have come after the results was not all read."""
        rule, _, context = asked
        return any(context.gap(name) is not None for name in rule.after_last)

    def _without_what_came_since(self, asked: Open[ResultRule]) -> Open[ResultRule]:
        """What the results say by themselves."""
        rule = replace(asked.rule, after_last=())
        return Open(rule, self._prepare(rule)(asked.context), asked.context)

    def _none_since(self, asked: Open[ResultRule]) -> Formula:
        """That the chart, once read, shows none, by the names that the author gave."""
        rule, _, context = asked
        unread = [
            name
            for name in written_in(rule.after_last)
            if name not in self._concepts or context.gap(name) is not None
        ]
        return both(Atom(name, _ABSENT, "chart") for name in unread)

    def beside(self, rule: ResultRule) -> Atom:
        """An answer that would serve if it came in: the record has one that does not."""
        return self.atom(rule.of, self.wanted(rule), "chart")._replace(beside=True)

    def result_fails(self, asked: Open[ResultRule]) -> Formula:
        """A result that does not: only where one alone can decide."""
        if _too_early(asked.rule, asked.context) or self._is_answered(asked):
            return FALSE
        if not self._unread_since(asked):
            return self._result_failing(asked)
        alone = self._without_what_came_since(asked)
        if alone.outcome.verdict is MET:
            return FALSE
        failing = TRUE if alone.outcome.verdict is NOT_MET else self._result_failing(alone)
        return both((failing, self._none_since(asked)))

    def _result_failing(self, asked: Open[ResultRule]) -> Formula:
        rule, how = asked.rule, self._how_result(asked)
        if how is None or not _may_fail(asked, how):
            return FALSE
        if isinstance(rule, Measurement):
            return either(self.atom(rule.of, Wanted(bounds=(_opposite(b),)), how) for b in rule.bounds)
        return self.atom(rule.of, Wanted(none_of=rule.is_, several=self._several(rule.of)), how)

    def wanted(self, rule: ResultRule) -> Wanted:
        """What a result has to say for the rule to hold."""
        if isinstance(rule, Measurement):
            return Wanted(bounds=rule.bounds)
        answers = frozenset[str]() if "recorded" in rule.is_ else rule.is_
        return Wanted(one_of=answers, several=self._several(rule.of))

    def _several(self, concept_id: str) -> bool:
        """A biopsy can be of several classes at once."""
        concept = self._concepts.get(concept_id)
        return concept is not None and concept.pathology

    def _how_result(self, asked: Open[ResultRule]) -> How | None:
        """None if it is for a person."""
        rule, outcome, context = asked
        reason = outcome.reason
        if reason is NEEDS_JUDGEMENT:
            return None
        if reason in _SEEN_AGAIN or self._is_in_the_chart(rule.of, reason, context):
            return "chart"
        return self.how(rule.of)

    def _is_answered(self, asked: Open[ResultRule]) -> bool:
        """Whether the record has a usable result that does not satisfy the rule: nobody would ask again."""
        _, outcome, _ = asked
        found = outcome.evidence
        return outcome.reason is NOT_FOUND and bool(found) and all(one.reason is VALUE for one in found)

    def _is_in_the_chart(self, concept_id: str, reason: Reason, context: Context) -> bool:
        """A biopsy report that lacks what it should say is read again; so is a date without its day."""
        if reason is NOT_FOUND:
            return self._several(concept_id) and bool(context.known(self._efforts.fact(concept_id)).results)
        if reason is not IMPRECISE:
            return False
        newest = context.known(concept_id).newest
        return not newest or not all(result.when.is_day for result in newest)

    # --- events

    def event_holds(self, asked: Open[EventRule], names: Sequence[str] = ()) -> Formula:
        """One of the diagnoses, procedures or drugs, there now, recorded elsewhere, or confirmed.

        ``names`` are what they are asked for as, if not as themselves.
        """
        rule, outcome, _ = asked
        if outcome.reason is NEEDS_JUDGEMENT:
            return FALSE
        status = rule.clinical_status if isinstance(rule, ConditionRule) else frozenset[str]()
        again, wanted = is_seen_again(outcome), PRESENT._replace(one_of=status)
        return either(Atom(of, wanted, "chart" if again else self.how(of)) for of in names or rule.of)

    def event_fails(self, asked: Open[EventRule]) -> Formula:
        """Only where absence means no; each one that may be there has to be shown not to be."""
        rule, outcome, _ = asked
        doubtful = dict.fromkeys(e.concept for e in outcome.evidence if e.concept in rule.of)
        if not rule.absent_means_not_met or outcome.reason is NEEDS_JUDGEMENT or not doubtful:
            return FALSE
        return both(Atom(of, _ABSENT, "chart") for of in doubtful)

    # --- the person

    def age_holds(self, asked: Open[Age]) -> Formula:
        return Atom("age", Wanted(bounds=asked.rule.bounds), self._of_person("age", asked.outcome))

    def age_fails(self, asked: Open[Age]) -> Formula:
        how = self._of_person("age", asked.outcome)
        return either(Atom("age", Wanted(bounds=(_opposite(bound),)), how) for bound in asked.rule.bounds)

    def sex_holds(self, asked: Open[Sex]) -> Formula:
        return self._sex(asked, Wanted(one_of=frozenset({asked.rule.is_})))

    def sex_fails(self, asked: Open[Sex]) -> Formula:
        return self._sex(asked, Wanted(none_of=frozenset({asked.rule.is_})))

    def _sex(self, asked: Open[Sex], wanted: Wanted) -> Formula:
        if asked.outcome.reason is NEEDS_JUDGEMENT:
            return FALSE
        return Atom("sex", wanted, self._of_person("sex", asked.outcome))

    def _of_person(self, what: str, outcome: Outcome) -> How:
        return "chart" if outcome.reason in _SEEN_AGAIN else self.how(what)


def _too_early(rule: ResultRule, context: Context) -> bool:
    """Whether even a result of today would not count: a drug that is still given, an end of today."""
    if rule.after_last:
        days = last_days(rule.after_last, context)
        if days is not None and days[1] >= context.day:
            return True
    enders = rule.unless_followed_by if isinstance(rule, Finding) else ()
    return bool(enders) and ended_by(context.day, context.day, enders, context)[0] is VALUE


def _may_fail(asked: Open[ResultRule], how: How) -> bool:
    """Whether one result can make the rule fail: the latest can; of any, only inside a window or by claim."""
    rule, outcome, context = asked
    claimed = isinstance(rule, Finding) and rule.otherwise_not_met
    if isinstance(rule, Finding) and "recorded" in rule.is_:
        return False
    if rule.pick == "latest":
        return True
    limited = rule.within is not None or context.window is not None or claimed
    return limited and (how == "chart" or outcome.reason in NOTHING_THERE)


def _opposite(bound: Bound) -> Bound:
    return bound._replace(comparison=_OPPOSITE[bound.comparison])
