"""The buttons of a card: refer for screening, and order the tests that could settle what is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cards import wording
from cards.cds_hooks import Action, Suggestion
from cards.context import CardContext
from cards.explaining import name_of_test, settling_tests
from cards.score_words import enough_alone, scores_by_criterion
from cards.service_requests import draft_order, screening_referral, test_words, trial_name
from cards.text import plain, utf16_length
from mappings.language import Language
from mappings.results import Assessment, Orderable

LABEL_LIMIT = 80
TESTS_PER_SUGGESTION = 6
TESTS_NAMED = 4


def suggestions_for(
    assessment: Assessment, context: CardContext, new_uuid: Callable[[], str]
) -> tuple[Suggestion, ...]:
    """Refer; order the fewest tests that could settle every criterion a test can settle; order the rest.

    The orders do not overlap, since a clinician may take several. None is marked as recommended: that
    is for the clinician to say.
    """
    language, say = context.language, context.language.text
    trial = trial_name(assessment.trial, language)
    referral = screening_referral(assessment, context, new_uuid())
    refer = Action("create", say(wording.REFER_ACTION).format(trial=trial), referral)
    suggestions = [Suggestion(new_uuid(), say(wording.REFER).format(trial=trial), (refer,))]
    fewest, further = choose_orders(assessment)
    second = wording.ALSO_ORDER if fewest else wording.ORDER
    for template, tests in ((wording.ORDER, fewest), (second, further)):
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


def choose_orders(assessment: Assessment) -> tuple[list[Orderable], list[Orderable]]:
    """The fewest tests that could settle the open criteria, and further ones; each capped."""
    scores = scores_by_criterion(assessment)
    wanted: dict[str, list[str]] = {}
    useful: dict[str, Orderable] = {}
    for criterion in assessment.criteria:
        score = scores.get(criterion.id)
        tests = settling_tests(criterion, assessment.orderable, score) if criterion.applies else []
        for test in tests:
            useful.setdefault(test.concept, test)
        settling = [test.concept for test in tests]
        if score is not None:
            settling = enough_alone(settling, score)
        if settling:
            wanted[criterion.id] = settling
    fewest = _fewest(wanted)[:TESTS_PER_SUGGESTION]
    further = [test for concept, test in useful.items() if concept not in fewest]
    return [useful[concept] for concept in fewest], further[:TESTS_PER_SUGGESTION]


def _fewest(wanted: Mapping[str, Sequence[str]]) -> list[str]:
    """A small set of concepts with one for every criterion: each time the one that serves most of them.

    Ties go to the one named first, which the criterion lists as the likeliest to settle it.
    """
    chosen: list[str] = []
    open_still = dict(wanted)
    while open_still:
        serves: dict[str, int] = {}
        for concepts in open_still.values():
            for concept in concepts:
                serves[concept] = serves.get(concept, 0) + 1
        best = max(serves, key=serves.__getitem__)
        chosen.append(best)
        open_still = {key: concepts for key, concepts in open_still.items() if best not in concepts}
    return chosen


def _order(test: Orderable, assessment: Assessment, context: CardContext, identity: str) -> Action:
    language = context.language
    description = language.text(wording.ORDER_ACTION).format(test=test_words(test, language))
    return Action("create", description, draft_order(test, assessment.trial, context, identity))
