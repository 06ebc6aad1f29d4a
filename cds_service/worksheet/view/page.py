"""Everything that the worksheet shows of one assessment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from cards.score_words import scores_by_criterion
from cards.text import plain
from cards.wording import recruitment_line
from cds_service.drawing.trends.charted import Charted
from cds_service.worksheet.view import words
from cds_service.worksheet.view.ahead import Ahead, ahead_view
from cds_service.worksheet.view.criteria import CriterionView, criterion_views
from cds_service.worksheet.view.person import PersonView, person_view
from cds_service.worksheet.view.plots import DrugsView, TrendView, drugs_view, trend_views
from cds_service.worksheet.view.questions import QuestionView, question_views
from cds_service.worksheet.view.saying import Row, Saying, Where
from cds_service.worksheet.view.scores import ScoreView, Strikes, score_view
from mappings.attesting.forms import strikable
from mappings.attesting.standing import standing_strikes
from mappings.facts import PatientRecord
from mappings.language import Language
from mappings.language.record_words import gap_in
from mappings.results import Assessment, ScoreResult
from mappings.trial_definition import Catalog, Recruitment, TrialDefinition
from mappings.verdicts import Reason

_NOT_UNDERSTOOD = frozenset(
    {Reason.UNREADABLE, Reason.UNIT_NOT_COMPARABLE, Reason.CONFLICTING, Reason.NOT_RETRIEVED}
)


class Assessed(NamedTuple):
    """An assessment with what it was made from. ``patient`` is the resource, for the name in the header."""

    trial: TrialDefinition
    catalog: Catalog
    assessment: Assessment
    record: PatientRecord
    resources: Mapping[str, Any]
    patient: Mapping[str, Any] | None
    day: date
    where: Where


class TrialView(NamedTuple):
    """What people need to know of the trial."""

    id: str
    title: str
    short_title: str
    draft: bool
    reviewed_by: str
    reviewed_on: str
    registry_url: str
    recruitment: str
    sites: tuple[str, ...]
    contacts: tuple[str, ...]


class UnreadableView(NamedTuple):
    """A resource that could not be read, and why."""

    reference: str
    what: str
    url: str


class WorksheetView(NamedTuple):
    """The page. ``outcome_state`` is the outcome as a closed word, for its colour."""

    person: PersonView
    trial: TrialView
    day: str
    outcome: str
    outcome_state: str
    record_reason: str
    enrolment: str
    counts: tuple[int, int, int]
    criteria: tuple[CriterionView, ...]
    other_scores: tuple[ScoreView, ...]
    questions: tuple[QuestionView, ...]
    ahead: Ahead
    trends: tuple[TrendView, ...]
    drugs: DrugsView
    not_encoded: tuple[str, ...]
    not_retrieved: tuple[str, ...]
    unreadable: tuple[UnreadableView, ...]
    other_studies: tuple[str, ...]
    shown: tuple[Row, ...]
    understood: bool


def worksheet_view(assessed: Assessed, recruitment: Recruitment | None, language: Language) -> WorksheetView:
    """The page in a language, with what is known of recruitment now."""
    assessment, saying = assessed.assessment, Saying(language, assessed.where)
    by_criterion = scores_by_criterion(assessment)
    scores = {score.id: _score(score, assessed, saying) for score in assessment.scores}
    resting = {criterion: scores[score.id] for criterion, score in by_criterion.items()}
    asked = {one.settles: one.id for one in assessed.trial.worksheet.questions}
    criteria = tuple(
        one._replace(asked_as=asked.get(one.id, ""))
        for one in criterion_views(assessment, resting, by_criterion, saying)
    )
    labels = {one.id: one.label for one in criteria}
    used = {score.id for score in resting.values()}
    charted = Charted(
        assessed.record, assessed.resources, assessed.trial, assessed.catalog, assessed.day, language
    )
    return WorksheetView(
        person=person_view(assessed.patient, assessed.day, saying),
        trial=trial_view(assessed.trial, recruitment, language),
        day=language.long_date(assessment.as_of),
        outcome=saying.text(words.OUTCOMES[assessment.outcome]),
        outcome_state=assessment.outcome,
        record_reason=_record_reason(assessment, saying),
        enrolment=_enrolment(assessment, saying),
        counts=assessment.counts(),
        criteria=criteria,
        other_scores=tuple(view for id_, view in scores.items() if id_ not in used),
        questions=question_views(assessed.trial, assessment, labels, saying),
        ahead=ahead_view(assessment.next_steps, labels, saying),
        trends=trend_views(charted, saying),
        drugs=drugs_view(charted, saying),
        not_encoded=tuple(saying.sentence(one) for one in assessment.not_encoded),
        not_retrieved=tuple(plain(gap_in(language, one), 200) for one in assessment.not_retrieved),
        unreadable=_unreadable(assessment, saying),
        other_studies=tuple(plain(one, 200) for one in assessment.other_studies),
        shown=tuple(saying.row(fact) for fact in assessment.shown),
        understood=_is_understood(assessment),
    )


def trial_view(trial: TrialDefinition, recruitment: Recruitment | None, language: Language) -> TrialView:
    """What is said of a trial, with or without a patient."""
    facts, saying = trial.facts, Saying(language)
    state = recruitment_line(
        recruitment.status if recruitment else "",
        date.fromisoformat(recruitment.as_of) if recruitment else facts.registry_copy_of,
        facts.registry_copy_of,
        language,
    )
    return TrialView(
        facts.id,
        saying.sentence(facts.title),
        saying.sentence(facts.short_title or facts.title),
        facts.status == "draft",
        plain(facts.reviewed_by) if facts.status != "draft" else "",
        language.long_date(facts.reviewed_on) if facts.reviewed_on else "",
        facts.registry_url if facts.registry_url.startswith(("https://", "http://")) else "",
        state,
        tuple(saying.sentence(one) for one in recruitment.sites) if recruitment else (),
        tuple(plain(one, 200) for one in recruitment.contacts) if recruitment else (),
    )


def _score(score: ScoreResult, assessed: Assessed, saying: Saying) -> ScoreView:
    trial, catalog = assessed.trial, assessed.catalog
    standing = standing_strikes(trial, catalog, assessed.record, assessed.day)
    strikes = Strikes(
        [item.id for item in strikable(trial, catalog).get(score.id, ())],
        {one.strike.item: one for one in standing if one.strike.score == score.id},
    )
    return score_view(score, trial, catalog, strikes, saying)


def _record_reason(assessment: Assessment, saying: Saying) -> str:
    reason = assessment.record_reason
    return saying.text(words.RECORD_REASONS[reason]) if reason else ""


def _enrolment(assessment: Assessment, saying: Saying) -> str:
    status = plain(assessment.enrolment, 40)
    return saying.text(words.ENROLLED, status=status) if status else ""


def _is_understood(assessment: Assessment) -> bool:
    """Whether no criterion, and no item of a score, rests on something that could not be used."""
    facts = [fact for one in assessment.criteria for fact in one.evidence]
    facts += [fact for score in assessment.scores for item in score.items for fact in item.evidence]
    return not any(fact.reason in _NOT_UNDERSTOOD for fact in facts)


def _unreadable(assessment: Assessment, saying: Saying) -> tuple[UnreadableView, ...]:
    return tuple(
        UnreadableView(plain(one.reference, 100), plain(one.what, 200), saying.where.url(one.reference))
        for one in assessment.unreadable
    )
