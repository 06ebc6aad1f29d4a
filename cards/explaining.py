"""One criterion as one line of Markdown: what is on record, what is missing, and how to get it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import wording
from cards.evidence_words import (
    LABEL_LIMIT,
    date_words,
    dated,
    distinct,
    fact_words,
    label_words,
    says,
    short_label,
    short_name,
    value_words,
)
from cards.score_words import enough_alone, open_items, open_score, score_words
from cards.text import escaped_from_definition, plain
from mappings.results import CriterionResult, Evidence, Orderable, ScoreResult
from mappings.verdicts import Reason, Verdict

FACTS_PER_MET_LINE = 2
EVIDENCE_PER_LINE = 3
TESTS_PER_LINE = 3
JUDGEMENT_FACTS = 12
SUMMED_UP = "treatment"
"""Evidence of this concept sums up the drug records after it, which the card then leaves out."""

_DECIDES = frozenset({Reason.VALUE, Reason.ATTESTED, Reason.ABSENT_BY_RULE})


def label_of(criterion: CriterionResult) -> str:
    """The criterion's name, for Markdown."""
    return label_words(criterion.label) or label_words(criterion.id) or wording.SOME_CRITERION


def met_line(criterion: CriterionResult, scores: Mapping[str, ScoreResult]) -> str:
    """Age: 34 years"""
    label = label_of(criterion)
    score = scores.get(criterion.id)
    if score is not None:
        return f"{label}: {score_words(score)}"
    facts = [e for e in criterion.evidence if e.reason in _DECIDES]
    facts = [e for e in facts if e.reason is not Reason.ABSENT_BY_RULE] or facts
    if facts and facts[0].concept == SUMMED_UP:
        facts = facts[:1]
    phrases = [fact_words(fact, criterion.label) for fact in facts]
    if not phrases and criterion.reason is Reason.ABSENT_BY_RULE:
        phrases = [wording.ABSENT_BY_RULE]
    words = wording.joined(distinct(phrases), FACTS_PER_MET_LINE)
    return f"{label}: {words}" if words else label


def open_line(
    criterion: CriterionResult, scores: Mapping[str, ScoreResult], orderable: Mapping[str, Orderable]
) -> str:
    """Proteinuria: no 24-hour urine protein on record; on record: UPCR 0.6 g/g (1 Feb 2026) → order ..."""
    score = scores.get(criterion.id)
    finding = (score and open_score(score, criterion.reason)) or _finding(criterion)
    tests = settling_tests(criterion, orderable, score)
    if tests:
        step = wording.ORDER_STEP.format(tests=_tests_words(tests, score))
    else:
        finding += open_items(score, criterion.reason)
        step = wording.STEPS.get(criterion.reason, "")
    line = wording.NEXT_STEP.format(finding=finding, step=step) if step else finding
    return f"{label_of(criterion)}: {line}"


def judgement_line(criterion: CriterionResult) -> tuple[str, bool]:
    """The question with the values to be seen beside it, and whether there are any.

    Haemoglobin 10.8 g/dL, platelets 180 10*9/L (10 Feb 2026); LVEF 60 % (3 Jan 2026)
    """
    by_date: dict[str, list[str]] = {}
    facts = [e for e in criterion.evidence if e.text or e.value is not None]
    for fact in facts[:JUDGEMENT_FACTS]:
        words = value_words(fact, criterion.label)
        by_date.setdefault(date_words(fact.date) if fact.date else "", []).append(words)
    groups = [dated(_beside(distinct(words)), day) for day, words in by_date.items()]
    if len(facts) > JUDGEMENT_FACTS:
        groups.append(wording.N_MORE.format(count=len(facts) - JUDGEMENT_FACTS))
    if not groups:
        return label_of(criterion), False
    return f"{label_of(criterion)}: {'; '.join(groups)}", True


def _tests_words(tests: Sequence[Orderable], score: ScoreResult | None) -> str:
    """Any one of the tests; for a score only those that can bring it alone, or all of them together."""
    together = False
    if score is not None:
        alone = frozenset(enough_alone([test.concept for test in tests], score))
        together = not alone
        tests = [test for test in tests if test.concept in alone] or tests
    names = [label_words(name_of_test(test)) for test in tests]
    return wording.listed(names, TESTS_PER_LINE, "and" if together else "or")


def _beside(phrases: Sequence[str]) -> str:
    return ("; " if any("," in phrase for phrase in phrases) else ", ").join(phrases)


def settling_tests(
    criterion: CriterionResult, orderable: Mapping[str, Orderable], score: ScoreResult | None
) -> list[Orderable]:
    """Tests to order for an open criterion: none where a result exists already, or where no test can say.

    Which of two totals of a score holds is for the clinician, not for a test.
    """
    if criterion.verdict is not Verdict.UNKNOWN or criterion.reason not in wording.ORDER_SETTLES:
        return []
    if score is not None and criterion.reason is Reason.CONFLICTING:
        return []
    tests = [orderable[concept] for concept in dict.fromkeys(criterion.to_settle) if concept in orderable]
    return [test for test in tests if name_of_test(test)]


def name_of_test(test: Orderable) -> str:
    """The short name of a test, plain: UPCR, hCG, 24-hour urine protein."""
    label = test.label.partition(", ")[0]
    return short_name(label) or short_name(test.display) or plain(test.code, LABEL_LIMIT)


def _finding(criterion: CriterionResult) -> str:
    """Why a criterion is open, and what is on record nevertheless."""
    blamed = [e for e in criterion.evidence if e.reason is criterion.reason]
    with_value = [e for e in blamed if e.text or e.value is not None]
    empty = [e for e in blamed if e not in with_value]
    if criterion.reason is Reason.NOT_FOUND and empty:
        finding = _nothing(empty, criterion.label)
        told: list[Evidence] = []
    else:
        finding = _reason_words(criterion, with_value or empty)
        told = blamed if "{what}" in wording.OPEN.get(criterion.reason, ("",))[0] else []
    rest = [e for e in criterion.evidence if e not in told and (e.text or e.value is not None)]
    if not rest:
        return finding
    values = distinct(fact_words(e, criterion.label) for e in rest)
    return wording.KNOWN.format(finding=finding, values=wording.joined(values, EVIDENCE_PER_LINE))


def _reason_words(criterion: CriterionResult, blamed: Sequence[Evidence]) -> str:
    one, several = wording.OPEN.get(criterion.reason, (wording.OPEN_OTHERWISE, wording.OPEN_OTHERWISE))
    facts = distinct(fact_words(e, in_sentence=True) for e in blamed)
    what = wording.listed(facts, EVIDENCE_PER_LINE) or wording.SOMETHING
    window = next((e.window for e in blamed if e.window), wording.THE_WINDOW)
    return (several if len(facts) > 1 else one).format(what=what, window=escaped_from_definition(window, 30))


def _nothing(empty: Sequence[Evidence], beside: str) -> str:
    """No record of what. Never "no lactation": that nothing is recorded says nothing of the patient."""
    names = distinct(short_label(e.label) for e in empty if not says(beside, e.label))
    labels = wording.listed(names, EVIDENCE_PER_LINE, "or")
    labels = wording.NOTHING_OF.format(labels=labels) if labels else ""
    windows = {e.window for e in empty}
    window = escaped_from_definition(windows.pop(), 30) if len(windows) == 1 else ""
    if window:
        return wording.NOTHING_LATELY.format(labels=labels, window=window)
    return wording.NOTHING.format(labels=labels)
