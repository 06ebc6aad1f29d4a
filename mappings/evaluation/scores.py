"""Scores as intervals: from what the record shows to what it could be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from mappings.attesting.striking import without_struck
from mappings.evaluation.context import OUTCOME, Context, Evaluator, Outcome, Shared, evidence_of, on_record
from mappings.evaluation.plan import Planner, concepts_asked
from mappings.facts import PatientFacts, PatientRecord, Result
from mappings.results import EVIDENCE, SCORE_ITEM_RESULT, Evidence, ScoreItemResult, ScoreResult
from mappings.rules import Score
from mappings.trial_definition import ScoreItem
from mappings.verdicts import (
    CONFLICTING,
    IMPRECISE,
    MET,
    NOT_MET,
    NOT_RETRIEVED,
    UNKNOWN,
    VALUE,
    Reason,
    Verdict,
)

_SETTLING_ORDER = {"laboratory": 0, "examination": 1}
ANYTHING = ""
"""Stands, among the concepts that items ask for, for whatever is no concept."""

_EMPTY_RECORD = PatientRecord(PatientFacts("", None, ""))


def prepare_score(rule: Score, planner: Planner) -> Evaluator:
    """A recorded total decides, unless the record itself contradicts it; else the items do.

    What the score could be at most never makes it NOT_MET; only a recorded total or a failed entry does.
    """
    return _OfScore(rule, planner).evaluate


class _Items(NamedTuple):
    """What the items say, and what is shown of each where it stays undecided; None: made when needed."""

    results: list[ScoreItemResult]
    shown: list[Evidence | None]


class _OfScore:
    """A score that a trial asks for, with all that does not depend on the record."""

    def __init__(self, rule: Score, planner: Planner) -> None:
        definition = planner.scores[rule.of]
        self.rule, self.definition, self.items = rule, definition, definition.items
        self.trial = planner.trial
        self.evaluators = planner.each([item.require for item in self.items])
        self.entry = planner.prepare(definition.entry) if definition.entry is not None else None
        self.recorded_as = planner.concepts[definition.recorded_as] if definition.recorded_as else None
        self.domains = [item.domain for item in self.items]
        self.points = [item.points for item in self.items]
        numbers = range(len(self.items))
        self.settling = sorted(numbers, key=lambda number: _SETTLING_ORDER[self.items[number].settled_by])
        self.asking = _by_concept(self.items)
        self.asked = frozenset(self.asking) - {ANYTHING}
        self.of_nothing: dict[str, _Items] = {}

    def evaluate(self, context: Context) -> Outcome:
        """The verdict on the threshold; the score's own evidence comes before that of its items."""
        kept, key = context.shared.score_results, (self.rule, context.not_before)
        if key not in kept:
            kept[key] = self._computed(context.within_score(self.rule.within))
        return kept[key][1]

    def _computed(self, inside: Context) -> tuple[ScoreResult, Outcome]:
        items = self._items(inside)
        said = without_struck(items.results, self.rule, self.trial, inside) if inside.record.strikes else ()
        entry = self.entry(inside) if self.entry is not None else None
        recorded, doubtful = self._recorded(inside)
        score, undecided = self._score(items.results, entry, recorded, inside)
        verdict, reason = self._verdict(score, entry, recorded)
        open_ = undecided if verdict is UNKNOWN else ()
        totals = [*self._totals(recorded, None, inside), *self._totals(doubtful, IMPRECISE, inside)]
        known_entry = entry.evidence if entry is not None else ()
        evidence = (*self._evidence(score, items, reason, open_), *on_record((*totals, *known_entry)), *said)
        return score, OUTCOME((verdict, reason, tuple(dict.fromkeys(evidence))))

    def _items(self, inside: Context) -> _Items:
        """What items say; of an empty record, where nothing that an item asks for is there."""
        present = inside.present
        if present is None:
            return self._evaluated(inside)
        of_nothing = self.of_nothing.get(inside.look_back)
        if of_nothing is None:
            of_nothing = self.of_nothing[inside.look_back] = self._of_nothing(inside)
        results, shown = list(of_nothing.results), list(of_nothing.shown)
        numbers = map(self.asking.__getitem__, self.asked & present)
        for number in {*self.asking[ANYTHING], *chain.from_iterable(numbers)}:
            results[number] = _item(self.items[number], self.evaluators[number](inside))
            shown[number] = None
        return _Items(results, shown)

    def _evaluated(self, inside: Context) -> _Items:
        pairs = zip(self.items, self.evaluators, strict=True)
        return _Items([_item(item, evaluate(inside)) for item, evaluate in pairs], [None] * len(self.items))

    def _of_nothing(self, inside: Context) -> _Items:
        """The same for every record, so made once for a look-back."""
        shared = inside.shared
        empty = Shared(_EMPTY_RECORD, shared.today, shared.concepts, shared.criteria)
        results, _ = self._evaluated(Context(empty, inside.window, in_score=True))
        return _Items(results, [_open(item) if item.evidence else None for item in results])

    def _score(
        self,
        items: Sequence[ScoreItemResult],
        entry: Outcome | None,
        recorded: Sequence[Result],
        inside: Context,
    ) -> tuple[ScoreResult, Sequence[int]]:
        """The score, and the numbers of the items that could still add to it, in the order of settling."""
        verdicts = [item.verdict for item in items]
        reached, possible = self._points(verdicts)
        computed = sum(reached.values())
        totals = _usable_totals(recorded, self.rule.at_least, computed)
        undecided = [
            number
            for number in self.settling
            if verdicts[number] is UNKNOWN and self.points[number] > reached.get(self.domains[number], 0)
        ]
        score = ScoreResult(
            id=self.definition.id,
            label=self.definition.label,
            at_least=min(totals) if totals else computed,
            at_most=max(totals) if totals else sum(possible.values()),
            basis="recorded" if totals else "computed",
            undecided=tuple([items[number].id for number in undecided]),
            items=tuple(items),
            entry=entry.verdict if entry is not None else None,
            threshold=self.rule.at_least,
            recorded=next(iter(self._totals(recorded[:1], None, inside)), None),
        )
        return score, undecided

    def _points(self, verdicts: Sequence[Verdict]) -> tuple[dict[str, int], dict[str, int]]:
        """The highest points of each domain: among items that are MET, and among those that could be."""
        reached: dict[str, int] = {}
        possible: dict[str, int] = {}
        for verdict, points, domain in zip(verdicts, self.points, self.domains, strict=True):
            if verdict is NOT_MET:
                continue
            if points > possible.get(domain, 0):
                possible[domain] = points
            if verdict is MET and points > reached.get(domain, 0):
                reached[domain] = points
        return reached, possible

    def _totals(
        self, recorded: Sequence[Result], reason: Reason | None, inside: Context
    ) -> Iterator[Evidence]:
        concept, words = self.recorded_as, inside.look_back
        if concept is not None:
            for result in recorded:
                yield evidence_of(result, result.problem or reason or VALUE, concept, words)

    def _recorded(self, inside: Context) -> tuple[Sequence[Result], Sequence[Result]]:
        """The newest totals that a clinician recorded inside the window.

        If it is not sure that all of them lie in it, none decides; they are the second part of the answer.
        """
        if self.recorded_as is None:
            return (), ()
        gap = inside.gap(self.recorded_as.id)
        if gap is not None and not gap.newest_first:
            return (), ()
        group, first = inside.known(self.recorded_as.id).newest, inside.first
        if all(result.when.first >= first for result in group):
            return group, ()
        return (), [result for result in group if result.when.last >= first]

    def _verdict(
        self, score: ScoreResult, entry: Outcome | None, recorded: Sequence[Result]
    ) -> tuple[Verdict, Reason]:
        threshold = self.rule.at_least
        if score.entry is NOT_MET:
            return NOT_MET, VALUE
        if score.basis == "recorded":
            return (MET if score.at_least >= threshold else NOT_MET), VALUE
        if any(result.problem is None for result in recorded):
            return UNKNOWN, CONFLICTING
        if score.at_least >= threshold and any(_may_contradict(result, threshold) for result in recorded):
            return UNKNOWN, Reason.NOT_CONFIRMED
        if score.at_least >= threshold and self._has_group(score):
            if entry is None or entry.verdict is MET:
                return MET, VALUE
            return UNKNOWN, entry.reason
        unread = any(e.reason is NOT_RETRIEVED for item in score.items for e in item.evidence)
        return UNKNOWN, NOT_RETRIEVED if unread else Reason.SCORE_UNDECIDED

    def _has_group(self, score: ScoreResult) -> bool:
        needed, items = self.definition.needs_group, self.items
        if not needed:
            return True
        return any(
            result.verdict is MET and item.group == needed
            for result, item in zip(score.items, items, strict=True)
        )

    def _evidence(
        self, score: ScoreResult, items: _Items, reason: Reason, undecided: Sequence[int]
    ) -> tuple[Evidence, ...]:
        """The score itself, the recorded total, what counted, then what is undecided, laboratory first."""
        text = str(score.at_least) if score.basis == "recorded" else f"at least {score.at_least}"
        found = [Evidence(score.id, score.label, reason, text, score.at_least)]
        if score.recorded is not None:
            found.append(score.recorded)
        if score.basis == "computed" or reason is CONFLICTING:
            counted = _counted(items.results, self.domains)
            found += [_noted(each, item.label) for item in counted for each in _of_item(item)]
        for number in undecided:
            shown = items.shown[number]
            if shown is not None:
                found.append(shown)
            elif items.results[number].evidence:
                found.append(_open(items.results[number]))
        return tuple(found)


def _by_concept(items: Sequence[ScoreItem]) -> Mapping[str, Sequence[int]]:
    """The numbers of the items that ask for a concept; under ANYTHING, of those that ask for more."""
    asking: dict[str, list[int]] = {ANYTHING: []}
    for number, item in enumerate(items):
        asked = concepts_asked(item.require)
        for concept in (ANYTHING,) if asked is None else asked:
            asking.setdefault(concept, []).append(number)
    return asking


def _item(item: ScoreItem, outcome: Outcome) -> ScoreItemResult:
    verdict, _, evidence = outcome
    other_cause = item.may_have_other_cause
    return SCORE_ITEM_RESULT(
        (item.id, item.label, item.points, verdict, item.settled_by, other_cause, evidence)
    )


def _usable_totals(recorded: Sequence[Result], threshold: int, computed: int) -> list[int]:
    """The recorded totals, if all can be used, lie on one side of the threshold, and the items agree."""
    totals = [
        int(result.amount.low) for result in recorded if result.amount is not None and result.problem is None
    ]
    if len(totals) < len(recorded) or not totals:
        return []
    if min(totals) >= threshold:
        return totals
    return totals if max(totals) < threshold and computed < threshold else []


def _may_contradict(recorded: Result, threshold: int) -> bool:
    """Whether a total that is not final would, if it were, contradict items that reach the threshold."""
    below = recorded.amount is not None and recorded.amount.low < threshold
    return recorded.problem is Reason.NOT_CONFIRMED and below


def _counted(items: Sequence[ScoreItemResult], domains: Sequence[str]) -> list[ScoreItemResult]:
    """The items that make up the points: of each domain, the highest that is MET."""
    best: dict[str, ScoreItemResult] = {}
    for item, domain in zip(items, domains, strict=True):
        if item.verdict is MET:
            known = best.get(domain)
            if known is None or item.points > known.points:
                best[domain] = item
    return list(best.values())


def _of_item(item: ScoreItemResult) -> tuple[Evidence, ...]:
    """What an item rests on: its first evidence, and all else that is on record for it."""
    return (*item.evidence[:1], *on_record(item.evidence[1:]))


def _open(item: ScoreItemResult) -> Evidence:
    unsettled = [evidence for evidence in item.evidence if evidence.reason is not VALUE]
    return _noted((unsettled or item.evidence)[0], item.label)


def _noted(evidence: Evidence, note: str) -> Evidence:
    """The same evidence with this note: ``_replace``, in a third of the time."""
    return EVIDENCE((*evidence[:9], note, evidence.window))
