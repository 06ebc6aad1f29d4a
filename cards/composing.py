"""Cards from an assessment: one for a possible candidate, none otherwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from urllib.parse import urlsplit

from cards import wording
from cards.cds_hooks import SUMMARY_LIMIT, Card, Coding, Link, OverrideReason, Source, is_web_address
from cards.context import CardContext
from cards.detail import detail_of
from cards.service_requests import check_templates, trial_name
from cards.suggestions import suggestions_for
from cards.text import plain, utf16_length
from mappings.results import Assessment, TrialFacts

__all__ = ["CardContext", "check_templates", "compose_cards"]

_TOPIC = Coding(wording.TOPIC_SYSTEM, *wording.TOPIC)
_OVERRIDE_REASONS = tuple(
    OverrideReason(wording.OVERRIDE_SYSTEM, code, display) for code, display in wording.OVERRIDE_REASONS
)


def compose_cards(
    assessment: Assessment, context: CardContext, new_uuid: Callable[[], str]
) -> tuple[Card, ...]:
    """One card for a possible candidate; none otherwise, nor for a patient who is a subject of this study."""
    if assessment.outcome != "possible-candidate" or assessment.enrolment:
        return ()
    trial = assessment.trial
    card = Card(
        uuid=new_uuid(),
        summary=_summary(assessment),
        detail=detail_of(assessment, context),
        indicator="info",
        source=_source(trial),
        suggestions=suggestions_for(assessment, context, new_uuid),
        selection_behavior="any",
        override_reasons=_OVERRIDE_REASONS,
        links=_links(trial),
    )
    return (card,)


def _summary(assessment: Assessment) -> str:
    """Possible candidate: CAR-T for refractory lupus. 5 of 13 applicable criteria met, 8 to check"""
    met, unknown, not_met = assessment.counts()
    counts = wording.SUMMARY_MET.format(met=met, applicable=met + unknown + not_met)
    if unknown:
        counts += wording.SUMMARY_TO_CHECK.format(unknown=unknown)
    room = SUMMARY_LIMIT - utf16_length(wording.SUMMARY_HEAD) - utf16_length(counts) - len(". ")
    trial = assessment.trial
    titles = (plain(title, room).rstrip(".") for title in (trial.short_title, trial.title))
    title = next(filter(None, titles), trial_name(trial))
    return f"{wording.SUMMARY_HEAD}{title}. {counts}"


@lru_cache(maxsize=64)
def _source(trial: TrialFacts) -> Source:
    if not is_web_address(trial.registry_url):
        return Source(wording.SOURCE_WITHOUT_REGISTRY, topic=_TOPIC)
    host = urlsplit(trial.registry_url).hostname or ""
    label = f"{wording.REGISTRIES.get(host, host)} {trial_name(trial)}"
    return Source(plain(label), trial.registry_url, topic=_TOPIC)


@lru_cache(maxsize=64)
def _links(trial: TrialFacts) -> tuple[Link, ...]:
    if not is_web_address(trial.registry_url):
        return ()
    return (Link(wording.STUDY_PAGE.format(trial=trial_name(trial)), trial.registry_url),)
