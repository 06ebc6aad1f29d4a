"""Measurements and findings: the latest result decides, or any one of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence

from mappings.amounts import HOLDS, compare
from mappings.concept import Concept
from mappings.dates import BEGINNING
from mappings.evaluation.context import (
    OUTCOME,
    Context,
    Evaluator,
    Outcome,
    counts_until,
    evidence_of,
    placement,
    window_words,
)
from mappings.evaluation.events import ended_by, last_days
from mappings.evaluation.plan import Planner
from mappings.evaluation.selection import Known, before, one_instant
from mappings.facts import Result
from mappings.results import Evidence
from mappings.rules import Finding, Measurement, written_in
from mappings.verdicts import (
    CONFLICTING,
    IMPRECISE,
    MET,
    NOT_FOUND,
    NOT_MET,
    NOT_RETRIEVED,
    TOO_OLD,
    UNKNOWN,
    VALUE,
    Reason,
    Verdict,
    conjunction,
    first_unknown_reason,
)

NOT_THE_NEWEST = "not the newest"
"""A note beside a result that a newer one, which cannot be used, has taken the place of."""
DRUGS_SINCE, EVENTS_SINCE = "Drugs given since", "What happened since"
"""Labels of what was not read, and may have come after a result that was."""

Judged = tuple[Verdict, Reason]
Judge = Callable[[Result, Context], Judged]
_MET: Judged = (MET, VALUE)
_NOT_MET: Judged = (NOT_MET, VALUE)
_OF_ALL = (CONFLICTING, IMPRECISE)
"""Reasons that concern the newest results together, not one of them."""


def prepare_measurement(rule: Measurement, planner: Planner) -> Evaluator:
    """Every bound must hold; a censored value may leave it open."""
    bounds = rule.bounds
    holds, limit = HOLDS[bounds[0].comparison], bounds[0].limit
    one = len(bounds) == 1

    def judge(result: Result, _context: Context) -> Judged:
        amount, problem = result.amount, result.problem
        if problem is not None or amount is None:
            return UNKNOWN, problem or Reason.UNREADABLE
        low, high = amount.low, amount.high
        if one and low == high:  # runs for most results of a record
            return _MET if holds(low, limit) else _NOT_MET
        verdict = conjunction([compare(amount, bound) for bound in bounds])
        if verdict is not UNKNOWN:
            return verdict, VALUE
        endless = low == -math.inf or high == math.inf
        return verdict, Reason.CENSORED if endless else IMPRECISE

    return _OfResults(rule, judge, planner).evaluate


def prepare_finding(rule: Finding, planner: Planner) -> Evaluator:
    """One of the wanted answers must be given; "recorded" takes any result."""
    wanted, any_answer = rule.is_, "recorded" in rule.is_

    def judge(result: Result, _context: Context) -> Judged:
        if not any_answer:
            tokens, problem = result.tokens, result.problem
            if problem is not None or not tokens:
                return UNKNOWN, problem or Reason.UNREADABLE
            if wanted.isdisjoint(tokens):
                return _NOT_MET
        return _MET

    return _OfResults(rule, judge, planner).evaluate


class _OfResults:
    """A measurement or finding with all that does not depend on the record."""

    def __init__(self, rule: Measurement | Finding, judge: Judge, planner: Planner) -> None:
        self.concept_id, self.within = rule.of, rule.within
        self.concept = planner.concepts[rule.of]
        self.words = window_words(rule.within)
        self.judge = judge
        self.latest = rule.pick == "latest"
        self.after_last = rule.after_last
        self.absence = Absence(self.concept, rule.absent_means_not_met, self.words)
        finding = rule if isinstance(rule, Finding) else None
        self.older_means_not_met = finding is not None and finding.older_means_not_met
        self.otherwise_not_met = finding is not None and finding.otherwise_not_met
        self.enders = finding.unless_followed_by if finding is not None else ()
        self.answers = finding.is_ if finding is not None else frozenset()
        self.rests_on_events = bool(self.after_last or self.enders)
        self.not_read_since = _not_read_since(rule.after_last, planner)

    def evaluate(self, context: Context) -> Outcome:
        """What the results of the concept say about the rule."""
        known = context.in_order.get(self.concept_id) or context.known(self.concept_id)
        if not known.results:
            return self.absence.outcome(context)
        judge = _unless_ended(self.judge, self.enders, self.answers) if self.enders else self.judge
        judge = _after(judge, self.after_last, context) if self.after_last else judge
        outcome = self._latest(known, judge, context) if self.latest else self._any(known, judge, context)
        return self._with_events(outcome, known, context) if self.rests_on_events else outcome

    def _with_events(self, outcome: Outcome, known: Known, context: Context) -> Outcome:
        """The outcome with what kept a result from holding: that which ended it, or came after it."""
        verdict, reason, evidence = outcome
        if verdict is MET:
            return outcome
        events: list[Evidence] = []
        results = known.newest if self.latest else known.results
        for first, last in dict.fromkeys([result.when[:2] for result in results]):
            events += ended_by(first, last, self.enders, context, self.answers)[1]
        doses = last_days(self.after_last, context)
        if doses is not None and (verdict is UNKNOWN or not self.latest):
            events += doses.evidence
        if reason is NOT_RETRIEVED and self._lacks_only_what_came_since(context):
            read = [one._replace(reason=VALUE) if one.reason is NOT_RETRIEVED else one for one in evidence]
            evidence = (*self.not_read_since, *read)
        return OUTCOME((verdict, reason, tuple(dict.fromkeys((*evidence, *events)))))

    def _lacks_only_what_came_since(self, context: Context) -> bool:
        gaps = [context.gap(name) for name in (self.concept_id, *self.after_last)]
        return gaps[0] is None and any(gap is not None for gap in gaps)

    def _shown(self, result: Result, reason: Reason, context: Context) -> Evidence:
        """A result that the rule's own window has let in."""
        within = self.within
        until = counts_until(result.when, within) if reason is VALUE and within is not None else None
        return evidence_of(result, reason, self.concept, self.words or context.look_back, until)

    def _judged(self, result: Result, judge: Judge, first: int, context: Context) -> Judged:
        """Outside the window it is unknown what a result says, unless the author says: no more."""
        misplaced = placement(result.when, first, context.day) if first != BEGINNING else None
        if misplaced is None or (misplaced is IMPRECISE and result.problem is not None):
            return judge(result, context)
        over = self.older_means_not_met and misplaced is TOO_OLD
        return (NOT_MET if over else UNKNOWN), misplaced

    def _latest(self, known: Known, judge: Judge, context: Context) -> Outcome:
        group = known.newest
        if context.present is None:
            gap = context.gap(self.concept_id)
            if gap is not None and not gap.newest_first:
                return self._not_all_read(group, context)
        first = context.first if self.within is None else context.first_day(self.within)
        if len(group) == 1:
            verdict, reason = self._judged(group[0], judge, first, context)
            own: tuple[Evidence, ...] = (self._shown(group[0], reason, context),)
        else:
            judged = [self._judged(result, judge, first, context) for result in group]
            verdict, reason = _agreed(group, judged)
            reasons = [reason if reason in _OF_ALL else why for _, why in judged]
            pairs = zip(group, reasons, strict=True)
            own = tuple([self._shown(result, why, context) for result, why in pairs])
        if verdict is UNKNOWN and reason is not TOO_OLD:
            earlier = before(known)
            if earlier is not None:
                own = (*own, self._earlier(earlier, reason, first, context))
        return OUTCOME((verdict, reason, own))

    def _earlier(self, result: Result, of_newest: Reason, first: int, context: Context) -> Evidence:
        """The result before a newest one that cannot be used: too old itself, or no longer the newest."""
        if first != BEGINNING and placement(result.when, first, context.day) is TOO_OLD:
            return evidence_of(result, TOO_OLD, self.concept, context.look_back)
        shown = evidence_of(result, of_newest, self.concept, context.look_back)
        return shown._replace(note=result.note or NOT_THE_NEWEST)

    def _not_all_read(self, group: Sequence[Result], context: Context) -> Outcome:
        shown = [evidence_of(r, NOT_RETRIEVED, self.concept, context.look_back) for r in group]
        return OUTCOME((UNKNOWN, NOT_RETRIEVED, tuple(shown)))

    def _any(self, known: Known, judge: Judge, context: Context) -> Outcome:
        """The newest that holds decides, so that none before it need be looked at."""
        first = context.first if self.within is None else context.first_day(self.within)
        any_day = first == BEGINNING
        latest: tuple[Result, Reason] | None = None
        unknown: list[tuple[Result, Reason]] = []
        for result in known.results:
            inside = any_day or result.when.first >= first
            verdict, why = judge(result, context) if inside else self._judged(result, judge, first, context)
            if verdict is MET:
                return OUTCOME((verdict, why, (self._shown(result, why, context),)))
            if verdict is NOT_MET or why is not TOO_OLD:
                latest = latest or (result, why)
                if verdict is UNKNOWN:
                    unknown.append((result, why))
            if not inside and known.all_days:
                break  # so are all the others
        if latest is None:
            return self._blamed(known.results[0], TOO_OLD, context)
        if unknown:
            reason = first_unknown_reason([why for _, why in unknown])
            return self._blamed(next(result for result, why in unknown if why is reason), reason, context)
        return self._none_holds(self._shown(*latest, context), context)

    def _blamed(self, result: Result, reason: Reason, context: Context) -> Outcome:
        shown = evidence_of(result, reason, self.concept, context.look_back)
        return OUTCOME((UNKNOWN, reason, (shown,)))

    def _none_holds(self, latest: Evidence, context: Context) -> Outcome:
        """Usable results of which none holds: never NOT_MET without a window or the author's word."""
        if context.present is None and context.gap(self.concept_id) is not None:
            return OUTCOME((UNKNOWN, NOT_RETRIEVED, (latest,)))
        if self.within is not None or context.window is not None or self.otherwise_not_met:
            return OUTCOME((NOT_MET, VALUE, (latest,)))
        return OUTCOME((UNKNOWN, NOT_FOUND, (latest,)))


def _agreed(group: Sequence[Result], judged: Sequence[Judged]) -> Judged:
    """One verdict for the results of which any could be the newest."""
    verdicts = {verdict for verdict, _ in judged}
    if len(verdicts) == 1:
        verdict = verdicts.pop()
        return verdict, judged[0][1] if verdict is not UNKNOWN else _unknown(judged)
    if UNKNOWN in verdicts:
        return UNKNOWN, _unknown(judged)
    return UNKNOWN, CONFLICTING if one_instant(group) else IMPRECISE


def _unknown(judged: Sequence[Judged]) -> Reason:
    return first_unknown_reason([why for verdict, why in judged if verdict is UNKNOWN])


class Absence:
    """Nothing on record: unknown, unless the author claims that absence means no and all was read.

    The same for every record, so kept by the words of the look-back: a record lacks most of what is asked.
    ``of_all``, of the first of a rule, keeps what follows from nothing about all of the rule's concepts.
    """

    def __init__(self, concept: Concept, means_not_met: bool, words: str = "") -> None:
        self._concept, self._words = concept, words
        self._reason = Reason.ABSENT_BY_RULE if means_not_met else NOT_FOUND
        self._kept: dict[str, Outcome] = {}
        self.of_all: dict[str, Outcome] = {}

    def outcome(self, context: Context) -> Outcome:
        """What follows from nothing about the concept."""
        if context.present is None and context.gap(self._concept.id) is not None:
            return self._of(NOT_RETRIEVED, context)
        kept = self._kept.get(context.look_back)
        if kept is None:
            kept = self._kept[context.look_back] = self._of(self._reason, context)
        return kept

    def _of(self, reason: Reason, context: Context) -> Outcome:
        words = self._words or context.look_back
        verdict = NOT_MET if reason is Reason.ABSENT_BY_RULE else UNKNOWN
        evidence = Evidence(self._concept.id, self._concept.display, reason, window=words)
        return OUTCOME((verdict, reason, (evidence,)))


def nothing_of(absences: Sequence[Absence], context: Context) -> Outcome:
    """What follows from nothing about the concepts of a rule, each of which is named; the first that was not
    read speaks for all."""
    if context.present is None:
        outcomes = [absence.outcome(context) for absence in absences]
        unread = next((o for o in outcomes if o.reason is NOT_RETRIEVED), None)
        if unread is not None:
            return unread
    of_all = absences[0].of_all
    kept = of_all.get(context.look_back)
    if kept is None:
        outcomes = [absence.outcome(context) for absence in absences]
        evidence = tuple([fact for outcome in outcomes for fact in outcome.evidence])
        kept = of_all[context.look_back] = OUTCOME((outcomes[0].verdict, outcomes[0].reason, evidence))
    return kept


def _unless_ended(judge: Judge, enders: Sequence[str], answers: Collection[str]) -> Judge:
    """A finding that something later has ended no longer holds; an undated end leaves it open.

    Asked once for the results of a day: there may be thousands, and as many ends.
    """
    asked: dict[tuple[int, int], Reason | None] = {}

    def judged(result: Result, context: Context) -> Judged:
        found = judge(result, context)
        if found[0] is not MET:
            return found
        first, last = days = result.when[:2]
        if days not in asked:
            asked[days] = ended_by(first, last, enders, context, answers)[0]
        reason = asked[days]
        if reason is None:
            return found
        return (NOT_MET if reason is VALUE else UNKNOWN), reason

    return judged


def _not_read_since(names: Sequence[str], planner: Planner) -> tuple[Evidence, ...]:
    """What is to blame if not all was read of that which results have to come after."""
    if not names:
        return ()
    drugs = all(planner.concepts[name].kind == "drug" for name in names)
    return (Evidence(written_in(names)[0], DRUGS_SINCE if drugs else EVENTS_SINCE, NOT_RETRIEVED),)


def _after(judge: Judge, concepts: Sequence[str], context: Context) -> Judge:
    """Only results after the last exposure to these drugs, or the last such event, count."""
    unread = any(context.gap(concept) is not None for concept in concepts)
    last = None if unread else last_days(concepts, context)
    if last is None and not unread:
        return judge
    surely, possibly = (last.surely, last.possibly) if last else (BEGINNING, BEGINNING)

    def judged(result: Result, context: Context) -> Judged:
        if unread or result.when.first > possibly:
            verdict, why = judge(result, context)
            return (UNKNOWN, NOT_RETRIEVED) if unread and verdict is not UNKNOWN else (verdict, why)
        too_old = result.when.last <= surely
        return UNKNOWN, TOO_OLD if too_old else IMPRECISE

    return judged
