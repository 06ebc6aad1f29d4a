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
from mappings.language import Language
from mappings.results import Assessment, TrialFacts

__all__ = ["CardContext", "check_templates", "compose_cards"]


def compose_cards(
    assessment: Assessment, context: CardContext, new_uuid: Callable[[], str]
) -> tuple[Card, ...]:
    """One card for a possible candidate; none otherwise, nor for a patient who is a subject of this study."""
    if assessment.outcome != "possible-candidate" or assessment.enrolment:
        return ()
    trial = assessment.trial
    card = Card(
        uuid=new_uuid(),
        summary=_summary(assessment, context.language),
        detail=detail_of(assessment, context),
        indicator="info",
        source=_source(trial, context.language),
        suggestions=suggestions_for(assessment, context, new_uuid),
        selection_behavior="any",
        override_reasons=_override_reasons(context.language),
        links=(*_own_pages(context), *_links(trial, context.language)),
    )
    return (card,)


def _summary(assessment: Assessment, language: Language) -> str:
    """Possible candidate: CAR-T for refractory lupus. 5 of 13 applicable criteria met, 8 to check"""
    say = language.text
    met, unknown, not_met = assessment.counts()
    counts = say(wording.SUMMARY_TO_CHECK if unknown else wording.SUMMARY_MET).format(
        met=met, applicable=met + unknown + not_met, unknown=unknown
    )
    template = say(wording.SUMMARY)
    room = SUMMARY_LIMIT - utf16_length(template.format(title="", counts=counts))
    trial = assessment.trial
    titles = (plain(say(title), room).rstrip(".") for title in (trial.short_title, trial.title))
    title = next(filter(None, titles), trial_name(trial, language))
    return template.format(title=title, counts=counts)


@lru_cache(maxsize=8)
def _override_reasons(language: Language) -> tuple[OverrideReason, ...]:
    return tuple(
        OverrideReason(wording.OVERRIDE_SYSTEM, code, language.text(display))
        for code, display in wording.OVERRIDE_REASONS
    )


@lru_cache(maxsize=64)
def _source(trial: TrialFacts, language: Language) -> Source:
    code, display = wording.TOPIC
    topic = Coding(wording.TOPIC_SYSTEM, code, language.text(display))
    if not is_web_address(trial.registry_url):
        return Source(wording.SOURCE_WITHOUT_REGISTRY, topic=topic)
    host = urlsplit(trial.registry_url).hostname or ""
    label = f"{wording.REGISTRIES.get(host, host)} {trial_name(trial, language)}"
    return Source(plain(label), trial.registry_url, topic=topic)


def _own_pages(context: CardContext) -> tuple[Link, ...]:
    """The worksheet by the shortest way that this client can go, or else a page without a patient."""
    pages, say = context.pages, context.language.text
    if is_web_address(pages.launch):
        return (Link(say(wording.WORKSHEET), pages.launch, "smart", pages.app_context),)
    if is_web_address(pages.worksheet):
        return (Link(say(wording.WORKSHEET_SIGN_IN), pages.worksheet),)
    return (Link(say(wording.TRIAL_PAGE), pages.trial),) if is_web_address(pages.trial) else ()


@lru_cache(maxsize=64)
def _links(trial: TrialFacts, language: Language) -> tuple[Link, ...]:
    if not is_web_address(trial.registry_url):
        return ()
    label = language.text(wording.STUDY_PAGE).format(trial=trial_name(trial, language))
    return (Link(label, trial.registry_url),)
