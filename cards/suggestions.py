"""The buttons of a card: refer for screening, and order the tests that could settle what is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cards import wording
from cards.cds_hooks import Action, Suggestion
from cards.context import CardContext
from cards.explaining import name_of_test
from cards.next_steps import bundles_of
from cards.service_requests import draft_order, screening_referral, test_words, trial_name
from cards.text import plain, utf16_length
from mappings.language import Language
from mappings.results import Assessment, Orderable

LABEL_LIMIT = 80
TESTS_NAMED = 4


def suggestions_for(
    assessment: Assessment, context: CardContext, new_uuid: Callable[[], str]
) -> tuple[Suggestion, ...]:
    """Refer; order the tests of the set of least effort; order what the next other set adds; a biopsy last.

    The orders do not overlap, since a clinician may take several. None is marked as recommended: that
    is for the clinician to say.
    """
    language, say = context.language, context.language.text
    trial = trial_name(assessment.trial, language)
    referral = screening_referral(assessment, context, new_uuid())
    refer = Action("create", say(wording.REFER_ACTION).format(trial=trial), referral)
    suggestions = [Suggestion(new_uuid(), say(wording.REFER).format(trial=trial), (refer,))]
    bundles = bundles_of(assessment.next_steps)
    second = wording.ALSO_ORDER if bundles.first else wording.ORDER
    offers = ((wording.ORDER, bundles.first), (second, bundles.further), (wording.ORDER, bundles.biopsy))
    for template, tests in offers:
        if tests:
            label = _label(template, tests, language)
            actions = tuple(_order(test, assessment, context, new_uuid()) for test in tests)
            suggestions.append(Suggestion(new_uuid(), label, actions))
    return tuple(suggestions)


def _label(template: str, tests: Sequence[Orderable], language: Language) -> str:
    """Names as many tests as fit on a button, and counts the others."""
    names = [name_of_test(test, language) for test in tests]
    labels = [
        language.text(template).format(tests=wording.listed(names, named, language=language))
        for named in range(TESTS_NAMED, 1, -1)
    ]
    fitting = next((label for label in labels if utf16_length(label) <= LABEL_LIMIT), "")
    return fitting or plain(labels[-1], LABEL_LIMIT)


def _order(test: Orderable, assessment: Assessment, context: CardContext, identity: str) -> Action:
    language = context.language
    description = language.text(wording.ORDER_ACTION).format(test=test_words(test, language))
    return Action("create", description, draft_order(test, assessment.trial, context, identity))
