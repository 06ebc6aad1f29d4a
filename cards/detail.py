"""The card's detail: Markdown that reads in ten seconds, whatever the assessment holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from cards import wording
from cards.context import CardContext
from cards.evidence_words import fact_words
from cards.explaining import judgement_line, label_of, met_line, open_line
from cards.next_steps import next_step_lines
from cards.score_words import scores_by_criterion
from cards.text import escaped, escaped_from_definition
from mappings.language import Language
from mappings.language.record_words import gap_in
from mappings.results import Assessment, CriterionResult
from mappings.verdicts import Reason, Verdict

LINE_BUDGET = 25
"""Lines with words on them, headings and footers included."""
JUDGEMENT_LINES = 4
FEWEST_MET = 2
FEWEST_TO_CHECK = 3
SENTENCE_LIMIT = 160

_Line = Callable[[CriterionResult], str]


def detail_of(assessment: Assessment, context: CardContext) -> str:
    """The whole detail. Sections without content are left out; long lists end in the names of the rest."""
    language, say = context.language, context.language.text
    groups, scores = _grouped(assessment), scores_by_criterion(assessment)

    def met_words(criterion: CriterionResult) -> str:
        return met_line(criterion, scores, language)

    def open_words(criterion: CriterionResult) -> str:
        return open_line(criterion, scores, assessment.orderable, language)

    opening = [escaped_from_definition(sentence) for sentence in context.openings]
    if assessment.trial.status == "draft":
        opening.append(say(wording.DRAFT))
    not_met = _section(wording.HEAD_NOT_MET, groups.not_met, met_words, 2, language)
    judgement = _judgement(groups.judgement, language)
    before = _before(assessment, groups.met, language)
    steps = next_step_lines(assessment.next_steps, language)
    closing = [*steps, _where(context, assessment), _footer(assessment, context)]
    left = LINE_BUDGET - len(opening) - len(not_met) - len(judgement) - len(before) - len(closing) - 2
    to_check_lines = max(FEWEST_TO_CHECK, left - min(len(groups.met), FEWEST_MET))
    to_check = _section(wording.HEAD_TO_CHECK, groups.to_check, open_words, to_check_lines, language)
    met_lines = max(FEWEST_MET, left - max(len(to_check) - 1, 0))
    met = _section(wording.HEAD_MET, groups.met, met_words, met_lines, language)
    sections = (not_met, met, to_check, judgement, before)
    blocks = [*opening, *("\n- ".join(lines) for lines in sections if lines), *closing]
    return "\n\n".join(blocks)


class _Groups(NamedTuple):
    """Applicable criteria by what the reader does with them."""

    met: list[CriterionResult]
    not_met: list[CriterionResult]
    to_check: list[CriterionResult]
    judgement: list[CriterionResult]


def _grouped(assessment: Assessment) -> _Groups:
    groups = _Groups([], [], [], [])
    for criterion in assessment.criteria:
        if criterion.applies:
            _group_of(criterion, groups).append(criterion)
    return groups


def _group_of(criterion: CriterionResult, groups: _Groups) -> list[CriterionResult]:
    if criterion.verdict is Verdict.MET:
        return groups.met
    if criterion.verdict is Verdict.NOT_MET:
        return groups.not_met
    return groups.judgement if criterion.reason is Reason.NEEDS_JUDGEMENT else groups.to_check


def _section(
    heading: str, criteria: Sequence[CriterionResult], line: _Line, limit: int, language: Language
) -> list[str]:
    """A heading and at most ``limit`` lines; the last names those that did not get one."""
    if not criteria:
        return []
    lines = [language.text(heading).format(count=len(criteria))]
    if len(criteria) <= limit:
        return lines + [line(criterion) for criterion in criteria]
    lines += [line(criterion) for criterion in criteria[: limit - 1]]
    rest = [label_of(criterion, language) for criterion in criteria[limit - 1 :]]
    labels = wording.joined(rest, 8, language=language)
    return [*lines, language.text(wording.MORE).format(count=len(rest), labels=labels)]


def _judgement(criteria: Sequence[CriterionResult], language: Language) -> list[str]:
    """Questions with values get a line each, the others share one."""
    if not criteria:
        return []
    lines: list[str] = []
    bare: list[str] = []
    for criterion in criteria:
        words, has_values = judgement_line(criterion, language)
        if has_values and len(lines) < JUDGEMENT_LINES - 1:
            lines.append(words)
        else:
            bare.append(label_of(criterion, language))
    heading = language.text(wording.HEAD_JUDGEMENT).format(count=len(criteria))
    return [heading, *lines, *([wording.joined(bare, 8, language=language)] if bare else [])]


def _before(assessment: Assessment, met: Sequence[CriterionResult], language: Language) -> list[str]:
    say = language.text
    left_out = [escaped_from_definition(say(each), SENTENCE_LIMIT) for each in assessment.not_encoded]
    unread = [escaped(gap_in(language, each), 80) for each in assessment.not_retrieved]
    others = [escaped(each, 80) for each in assessment.other_studies]
    shown = [fact_words(fact, language) for fact in assessment.shown]
    lines = [
        _filled(wording.COUNTS_UNTIL, _lapsing(assessment, met, language), 8, language),
        _filled(wording.NOT_ENCODED, left_out, 4, language, wording.SENTENCES),
        _filled(wording.OTHER_STUDIES, others, 2, language),
        _filled(wording.SHOWN, shown, 4, language),
        _filled(wording.NOT_READ, unread, 3, language),
        _unreadable(len(assessment.unreadable), language),
    ]
    said = [line for line in lines if line]
    return [say(wording.HEAD_BEFORE), *said] if said else []


def _filled(
    template: str, words: Sequence[str], limit: int, language: Language, between: str = wording.PHRASES
) -> str:
    present = [word for word in words if word]
    if not present:
        return ""
    return language.text(template).format(list=wording.joined(present, limit, between, language))


def _unreadable(count: int, language: Language) -> str:
    one, several = wording.UNREADABLE
    return language.text(one if count == 1 else several).format(count=count) if count else ""


def _lapsing(assessment: Assessment, met: Sequence[CriterionResult], language: Language) -> list[str]:
    """The last days on which what is on record meets the criteria that are met, the soonest first."""
    last, by_day = assessment.last_days, dict[date, list[str]]()
    for criterion in met:
        if criterion.id in last:
            by_day.setdefault(last[criterion.id], []).append(label_of(criterion, language))
    line, names = language.between(wording.LINE), language.between(wording.NAMES)
    return [f"{language.short_date(day)}{line}{names.join(labels)}" for day, labels in sorted(by_day.items())]


def _where(context: CardContext, assessment: Assessment) -> str:
    language, say = context.language, context.language.text
    sites = [site for site in (escaped_from_definition(say(each), 80) for each in context.sites) if site]
    contacts = [
        contact for contact in (escaped_from_definition(each, 80) for each in context.contacts) if contact
    ]
    where = wording.joined(sites, 3, language=language)
    parts = [say(wording.SITES).format(sites=where) if sites else say(wording.NO_SITE)]
    if contacts:
        parts.append(say(wording.CONTACT).format(contacts=wording.joined(contacts, 3, language=language)))
    recruitment = context.recruitment_line or wording.recruitment_line(
        "", assessment.trial.registry_copy_of, language=language
    )
    parts.append(_sentence(escaped_from_definition(recruitment), language))
    return language.between(wording.SENTENCES).join(part for part in parts if part)


def _footer(assessment: Assessment, context: CardContext) -> str:
    language, say = context.language, context.language.text
    parts = [say(wording.READ_ON).format(day=language.long_date(context.retrieved))]
    if assessment.as_of != context.retrieved:
        parts.append(say(wording.ASSESSED_ON).format(day=language.long_date(assessment.as_of)))
    reviewer = escaped_from_definition(assessment.trial.reviewed_by, 60)
    if reviewer and assessment.trial.status != "draft":
        parts.append(say(wording.REVIEWED_BY).format(reviewer=reviewer))
    return language.between(wording.SENTENCES).join([*parts, say(wording.NOT_A_DECISION)])


def _sentence(words: str, language: Language) -> str:
    if not words:
        return ""
    return language.text(wording.SENTENCE).format(words=f"{words[0].upper()}{words[1:]}")
