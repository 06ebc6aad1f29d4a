"""One criterion as one line of Markdown: what is on record, what is missing, and how to get it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cards import wording
from cards.evidence_words import (
    LABEL_LIMIT,
    NOTE_LIMIT,
    date_words,
    dated,
    distinct,
    fact_words,
    label_words,
    says,
    short_label,
    short_name,
    value_words,
    without_addition,
)
from cards.score_words import enough_alone, open_score, score_words, with_open_items
from cards.text import escaped, escaped_from_definition, plain
from mappings.language import ENGLISH, Language
from mappings.language.record_words import TREATMENT, note_in, window_in
from mappings.results import CriterionResult, Evidence, Orderable, ScoreResult
from mappings.verdicts import Reason, Verdict

FACTS_PER_MET_LINE = 2
EVIDENCE_PER_LINE = 3
TESTS_PER_LINE = 3
JUDGEMENT_FACTS = 12
QUESTION_LIMIT = 120
_KNOWN_BY = (", ordered", ", stated", ", given", ", dispensed")
"""How a drug record's words end."""
_UNTIL = "until "
_DECIDES = frozenset({Reason.VALUE, Reason.ATTESTED, Reason.ABSENT_BY_RULE})


def label_of(criterion: CriterionResult, language: Language) -> str:
    """The criterion's name, for Markdown."""
    say = language.text
    return label_words(say(criterion.label)) or label_words(criterion.id) or say(wording.SOME_CRITERION)


def _line(criterion: CriterionResult, words: str, language: Language) -> str:
    """Age: 34 years"""
    return f"{label_of(criterion, language)}{language.between(wording.LINE)}{words}"


def met_line(
    criterion: CriterionResult, scores: Mapping[str, ScoreResult], language: Language = ENGLISH
) -> str:
    """Age: 34 years"""
    score = scores.get(criterion.id)
    if score is not None:
        return _line(criterion, score_words(score, language, _excludes(criterion)), language)
    attested = criterion.reason is Reason.ATTESTED  # the values beside it did not decide
    facts = [e for e in criterion.evidence if e.reason in ({Reason.ATTESTED} if attested else _DECIDES)]
    facts = [e for e in facts if e.reason is not Reason.ABSENT_BY_RULE] or facts
    if facts and facts[0].concept == TREATMENT:  # sums up the drug records after it
        facts = facts[:1]
    phrases = [fact_words(fact, language, criterion.label) for fact in facts]
    if not phrases and criterion.reason is Reason.ABSENT_BY_RULE:
        phrases = [language.text(wording.ABSENT_BY_RULE)]
    words = wording.joined(distinct(phrases), FACTS_PER_MET_LINE, language=language)
    return _line(criterion, words, language) if words else label_of(criterion, language)


def open_line(
    criterion: CriterionResult,
    scores: Mapping[str, ScoreResult],
    orderable: Mapping[str, Orderable],
    language: Language = ENGLISH,
) -> str:
    """Proteinuria: no 24-hour urine protein on record; on record: UPCR 0.6 g/g (1 Feb 2026) → order ..."""
    say, score = language.text, scores.get(criterion.id)
    told = score and open_score(score, criterion.reason, language, _excludes(criterion))
    finding = told or _finding(criterion, language)
    tests = settling_tests(criterion, orderable, score)
    if tests:
        step = say(wording.ORDER_STEP).format(tests=_tests_words(tests, score, language))
    else:
        finding = with_open_items(finding, score, criterion.reason, language)
        step = say(step_without_test(criterion))
    line = say(wording.NEXT_STEP).format(finding=finding, step=step) if step else finding
    return _line(criterion, line, language)


def _excludes(criterion: CriterionResult) -> bool:
    return criterion.kind == "exclusion"


def judgement_line(criterion: CriterionResult, language: Language = ENGLISH) -> tuple[str, bool]:
    """The question with the values to be seen beside it, and whether there are any.

    Haemoglobin 10.8 g/dL, platelets 180 10*9/L (10 Feb 2026); LVEF 60 % (3 Jan 2026)
    No record of stroke or cardiac surgery in the last 12 weeks; is surgery planned?
    Each drug with its own time, as it matters whether it is still taken: prednisone, stated (23 Nov 2022 to
    23 Nov 2024; completed)
    """
    by_date: dict[str, list[str]] = {}
    drugs: list[str] = []
    facts = [e for e in criterion.evidence if _has_value(e)]
    for fact in facts[:JUDGEMENT_FACTS]:
        words = value_words(fact, criterion.label, language)
        if fact.text.endswith(_KNOWN_BY):
            drugs.append(dated(words, _time_words(fact, language), language))
            continue
        by_date.setdefault(date_words(fact.date, language) if fact.date else "", []).append(words)
    groups = distinct(drugs)
    groups += [dated(_beside(distinct(words), language), day, language) for day, words in by_date.items()]
    if len(facts) > JUDGEMENT_FACTS:
        groups.append(language.text(wording.N_MORE).format(count=len(facts) - JUDGEMENT_FACTS))
    groups += _looked_for(criterion, language)
    if not groups:
        return label_of(criterion, language), False
    return _line(criterion, language.between(wording.PHRASES).join(groups), language), True


def _time_words(fact: Evidence, language: Language) -> str:
    """Of a drug record: 23 Nov 2022 to 23 Nov 2024; completed"""
    first, _, rest = fact.note.partition("; ")
    day, last = date_words(fact.date, language), first.removeprefix(_UNTIL)
    if last == first or not day:
        rest = fact.note
    else:
        day = language.text(wording.PERIOD).format(low=day, high=date_words(last, language))
    note = escaped(note_in(language, rest), NOTE_LIMIT)
    return language.between(wording.PHRASES).join(filter(None, (day, note)))


def _looked_for(criterion: CriterionResult, language: Language) -> list[str]:
    """What the record was asked for in vain beside the judgement, and what is left to be judged."""
    missing = [
        e for e in criterion.evidence
        if e.reason is Reason.NOT_FOUND and not (_has_value(e) or e.reference)
    ]  # fmt: skip
    if not missing:
        return []
    judged = [e.note for e in criterion.evidence if e.reason is Reason.NEEDS_JUDGEMENT and not e.text]
    questions = [escaped_from_definition(language.text(note), QUESTION_LIMIT) for note in judged if note]
    return [_nothing(missing, "", language), *distinct(questions)]


def _tests_words(tests: Sequence[Orderable], score: ScoreResult | None, language: Language) -> str:
    """Any one of the tests; for a score only those that can bring it alone, or all of them together."""
    together = False
    if score is not None:
        alone = frozenset(enough_alone([test.concept for test in tests], score))
        together = not alone
        tests = [test for test in tests if test.concept in alone] or tests
    names = [label_words(name_of_test(test, language)) for test in tests]
    return wording.listed(names, TESTS_PER_LINE, wording.AND if together else wording.OR, language)


def _beside(phrases: Sequence[str], language: Language) -> str:
    values = language.between(wording.VALUES)
    return (language.between(wording.PHRASES) if any(values.strip() in p for p in phrases) else values).join(
        phrases
    )


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


def step_without_test(criterion: CriterionResult) -> str:
    """What settles it where no test can be ordered, in English; nobody is asked what a report lacks."""
    return wording.LOOK_AT_THE_REPORT if _lacking(criterion) else wording.STEPS.get(criterion.reason, "")


def _lacking(criterion: CriterionResult) -> list[Evidence]:
    """The records that should say it and do not, where nothing else is missing."""
    if criterion.reason is not Reason.NOT_FOUND:
        return []
    missing = [e for e in criterion.evidence if e.reason is Reason.NOT_FOUND and not _has_value(e)]
    return missing if all(e.reference and e.note for e in missing) else []


def _lacking_words(fact: Evidence, language: Language) -> str:
    """No activity index in the records of this biopsy (23 Jul 2026)"""
    words = escaped(note_in(language, fact.note), NOTE_LIMIT)
    return dated(words, date_words(fact.date, language), language)


def name_of_test(test: Orderable, language: Language = ENGLISH) -> str:
    """The short name of a test, plain: UPCR, hCG, 24-hour urine protein."""
    label = without_addition(language.text(test.label), language.between(wording.VALUES))
    return short_name(label) or short_name(test.display) or plain(test.code, LABEL_LIMIT)


def _finding(criterion: CriterionResult, language: Language) -> str:
    """Why a criterion is open, and what is on record nevertheless."""
    blamed = [e for e in criterion.evidence if e.reason is criterion.reason]
    with_value = [e for e in blamed if _has_value(e)]
    empty = [e for e in blamed if e not in with_value]
    told: list[Evidence] = []
    if lacking := _lacking(criterion):
        phrases = distinct(_lacking_words(e, language) for e in lacking)
        finding = wording.joined(phrases, EVIDENCE_PER_LINE, language=language)
    elif criterion.reason is Reason.NOT_FOUND and empty:
        finding = _nothing(empty, criterion.label, language)
    elif criterion.reason is Reason.NOT_RETRIEVED and _was_partly_read(criterion):
        finding = _unread(empty, criterion.label, language)
    else:
        finding = _reason_words(criterion, with_value or empty, language)
        told = blamed if "{what}" in wording.OPEN.get(criterion.reason, ("",))[0] else []
    rest = [e for e in criterion.evidence if e not in told and _has_value(e)]
    if not rest:
        return finding
    values = distinct(fact_words(e, language, criterion.label) for e in rest)
    listed = wording.joined(values, EVIDENCE_PER_LINE, language=language)
    return language.text(wording.KNOWN).format(finding=finding, values=listed)


def _has_value(fact: Evidence) -> bool:
    return bool(fact.text) or fact.value is not None


def _was_partly_read(criterion: CriterionResult) -> bool:
    return any(e.reason is Reason.VALUE and _has_value(e) for e in criterion.evidence)


def _unread(empty: Sequence[Evidence], beside: str, language: Language) -> str:
    """What could not be read, by name, so that nobody takes it for what was."""
    say = language.text
    labels = wording.listed(_names(empty, beside, language), EVIDENCE_PER_LINE, wording.AND, language)
    if not labels:
        return say(wording.OPEN[Reason.NOT_RETRIEVED][0])
    return say(wording.NOT_READ_OF).format(labels=labels)


def _reason_words(criterion: CriterionResult, blamed: Sequence[Evidence], language: Language) -> str:
    say = language.text
    one, several = wording.OPEN.get(criterion.reason, (wording.OPEN_OTHERWISE, wording.OPEN_OTHERWISE))
    facts = distinct(fact_words(e, language, in_sentence=True) for e in blamed)
    what = wording.listed(facts, EVIDENCE_PER_LINE, wording.AND, language) or say(wording.SOMETHING)
    template = say(several if len(facts) > 1 else one)
    if "{window}" not in template:
        return template.format(what=what)
    window = next((e.window for e in blamed if e.window), "")
    words = _window_words(window, language) if window else say(wording.THE_WINDOW)
    return template.format(what=what, window=words)


def _window_words(window: str, language: Language) -> str:
    return escaped_from_definition(window_in(language, window), 30)


def _names(facts: Sequence[Evidence], beside: str, language: Language) -> list[str]:
    """The names of facts without value, but those that the line says already."""
    return distinct(short_label(language.text(e.label)) for e in facts if not says(beside, e.label))


def _nothing(empty: Sequence[Evidence], beside: str, language: Language) -> str:
    """No record of what. Never "no lactation": that nothing is recorded says nothing of the patient."""
    say = language.text
    labels = wording.listed(_names(empty, beside, language), EVIDENCE_PER_LINE, wording.OR, language)
    windows = {e.window for e in empty}
    window = _window_words(windows.pop(), language) if len(windows) == 1 else ""
    if window:
        template = wording.NOTHING_LATELY_OF if labels else wording.NOTHING_LATELY
        return say(template).format(labels=labels, window=window)
    return say(wording.NOTHING_OF).format(labels=labels) if labels else say(wording.NOTHING)
