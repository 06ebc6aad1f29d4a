"""The card's detail: Markdown that reads in ten seconds, whatever the assessment holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import NamedTuple

from cards import wording
from cards.context import CardContext
from cards.evidence_words import fact_words
from cards.explaining import judgement_line, label_of, met_line, open_line
from cards.score_words import scores_by_criterion
from cards.text import escaped, escaped_from_definition
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
    groups = _grouped(assessment)
    scores = scores_by_criterion(assessment)
    opening = [escaped_from_definition(sentence) for sentence in context.openings]
    if assessment.trial.status == "draft":
        opening.append(wording.DRAFT)
    not_met = _section(wording.HEAD_NOT_MET, groups.not_met, lambda c: met_line(c, scores), 2)
    judgement = _judgement(groups.judgement)
    before = _before(assessment, groups.met)
    closing = [_where(context, assessment), _footer(assessment, context)]
    left = LINE_BUDGET - len(opening) - len(not_met) - len(judgement) - len(before) - len(closing) - 2
    to_check_lines = max(FEWEST_TO_CHECK, left - min(len(groups.met), FEWEST_MET))
    to_check = _section(
        wording.HEAD_TO_CHECK,
        groups.to_check,
        lambda c: open_line(c, scores, assessment.orderable),
        to_check_lines,
    )
    met_lines = max(FEWEST_MET, left - max(len(to_check) - 1, 0))
    met = _section(wording.HEAD_MET, groups.met, lambda c: met_line(c, scores), met_lines)
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


def _section(heading: str, criteria: Sequence[CriterionResult], line: _Line, limit: int) -> list[str]:
    """A heading and at most ``limit`` lines; the last names those that did not get one."""
    if not criteria:
        return []
    lines = [heading.format(count=len(criteria))]
    if len(criteria) <= limit:
        return lines + [line(criterion) for criterion in criteria]
    lines += [line(criterion) for criterion in criteria[: limit - 1]]
    rest = [label_of(criterion) for criterion in criteria[limit - 1 :]]
    return [*lines, wording.MORE.format(count=len(rest), labels=wording.joined(rest, 8))]


def _judgement(criteria: Sequence[CriterionResult]) -> list[str]:
    """Questions with values get a line each, the others share one."""
    if not criteria:
        return []
    lines: list[str] = []
    bare: list[str] = []
    for criterion in criteria:
        words, has_values = judgement_line(criterion)
        if has_values and len(lines) < JUDGEMENT_LINES - 1:
            lines.append(words)
        else:
            bare.append(label_of(criterion))
    heading = wording.HEAD_JUDGEMENT.format(count=len(criteria))
    return [heading, *lines, *([wording.joined(bare, 8)] if bare else [])]


def _before(assessment: Assessment, met: Sequence[CriterionResult]) -> list[str]:
    left_out = [escaped_from_definition(each, SENTENCE_LIMIT) for each in assessment.not_encoded]
    lines = [
        _filled(wording.COUNTS_UNTIL, _lapsing(met), 8),
        _filled(wording.NOT_ENCODED, left_out, 4, " "),
        _filled(wording.OTHER_STUDIES, [escaped(each, 80) for each in assessment.other_studies], 2),
        _filled(wording.SHOWN, [fact_words(fact) for fact in assessment.shown], 4),
        _filled(wording.NOT_READ, [escaped(each, 80) for each in assessment.not_retrieved], 3),
        _unreadable(len(assessment.unreadable)),
    ]
    said = [line for line in lines if line]
    return [wording.HEAD_BEFORE, *said] if said else []


def _filled(template: str, words: Sequence[str], limit: int, between: str = "; ") -> str:
    present = [word for word in words if word]
    return template.format(list=wording.joined(present, limit, between)) if present else ""


def _unreadable(count: int) -> str:
    one, several = wording.UNREADABLE
    return (one if count == 1 else several.format(count=count)) if count else ""


def _lapsing(met: Sequence[CriterionResult]) -> list[str]:
    """The last days on which dated facts behind met criteria still count, the soonest first."""
    by_day: dict[date, list[str]] = {}
    for criterion in met:
        last = [e.counts_until for e in criterion.evidence if e.counts_until and e.reason is Reason.VALUE]
        if last:
            by_day.setdefault(min(last), []).append(label_of(criterion))
    return [f"{wording.short_date(day)}: {', '.join(labels)}" for day, labels in sorted(by_day.items())]


def _where(context: CardContext, assessment: Assessment) -> str:
    sites = [site for site in (escaped_from_definition(each, 80) for each in context.sites) if site]
    contacts = [
        contact for contact in (escaped_from_definition(each, 80) for each in context.contacts) if contact
    ]
    parts = [wording.SITES.format(sites=wording.joined(sites, 3)) if sites else wording.NO_SITE]
    if contacts:
        parts.append(wording.CONTACT.format(contacts=wording.joined(contacts, 3)))
    recruitment = context.recruitment_line or wording.recruitment_line("", assessment.trial.registry_copy_of)
    parts.append(_sentence(escaped_from_definition(recruitment)))
    return " ".join(part for part in parts if part)


def _footer(assessment: Assessment, context: CardContext) -> str:
    parts = [wording.READ_ON.format(day=wording.long_date(context.retrieved))]
    if assessment.as_of != context.retrieved:
        parts.append(wording.ASSESSED_ON.format(day=wording.long_date(assessment.as_of)))
    reviewer = escaped_from_definition(assessment.trial.reviewed_by, 60)
    if reviewer and assessment.trial.status != "draft":
        parts.append(wording.REVIEWED_BY.format(reviewer=reviewer))
    return " ".join([*parts, wording.NOT_A_DECISION])


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}." if words else ""
