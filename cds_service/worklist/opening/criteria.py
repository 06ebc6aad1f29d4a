"""The criteria of an assessment in short: a line each with its evidence, in the card's own words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from markdown_it import MarkdownIt
from markupsafe import Markup

from cards.evidence_words import fact_words
from cards.explaining import judgement_line, label_of, met_line, open_line
from cards.score_words import scores_by_criterion
from cards.text import escaped_from_definition
from cards.wording import PHRASES
from cds_service.worklist import words as list_words
from cds_service.worklist.opening import words
from cds_service.worksheet.view.words import ANSWER_STATES
from mappings.language import Language
from mappings.results import Assessment, CriterionResult
from mappings.verdicts import Reason, Verdict


class Group(NamedTuple):
    """Criteria of one kind: its closed word for the colour, its heading, and a line for each."""

    kind: str
    heading: str
    lines: tuple[Markup, ...]


def groups_of(assessment: Assessment, language: Language) -> tuple[Group, ...]:
    """What is not met first, then what is open, what only a person can say, and what is met."""
    kinds: dict[str, list[str]] = {kind: [] for kind in words.GROUPS}
    for criterion in assessment.criteria:
        if criterion.applies:
            kind = _kind(criterion)
            kinds[kind].append(_line(kind, criterion, assessment, language))
    return tuple(
        Group(kind, language.text(words.GROUPS[kind]).format(count=len(lines)), tuple(map(html, lines)))
        for kind, lines in kinds.items()
        if lines
    )


def answers_of(assessment: Assessment, language: Language) -> Iterator[Markup]:
    """What clinicians answered on the worksheet: each question with what was answered last."""
    say = language.text
    for answer in assessment.answers:
        facts = language.between(PHRASES).join(
            fact_words(one, language, answer.text) for one in answer.evidence
        )
        state = ""
        if answer.state != "current":
            state = f"{say(list_words.OPENING)}{say(ANSWER_STATES[answer.state])}{say(list_words.CLOSING)}"
        yield html(f"{escaped_from_definition(say(answer.text))} – {facts}{escaped_from_definition(state)}")


def _kind(criterion: CriterionResult) -> str:
    if criterion.verdict is Verdict.MET:
        return "met"
    if criterion.verdict is Verdict.NOT_MET:
        return "not-met"
    return "judgement" if criterion.reason is Reason.NEEDS_JUDGEMENT else "to-check"


def _line(kind: str, criterion: CriterionResult, assessment: Assessment, language: Language) -> str:
    scores = scores_by_criterion(assessment)
    if kind == "judgement":
        return judgement_line(criterion, language)[0]
    if kind == "to-check":
        return open_line(criterion, scores, assessment.orderable, language)
    return met_line(criterion, scores, language) or label_of(criterion, language)


def html(line: str) -> Markup:
    """A line of the card's Markdown, in which all that came from a record is escaped already, as HTML."""
    return Markup(_markdown().renderInline(line))  # noqa: S704 -- the renderer makes text of all HTML in it


@cache
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).disable(["link", "image", "autolink"])
