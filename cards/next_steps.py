"""What would settle a card's open criteria: the way of least effort, what would rule out, what to order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from cards import wording
from cards.evidence_words import short_name, without_addition
from cards.explaining import name_of_test
from cards.text import escaped_from_definition
from mappings.language import Language, message
from mappings.language.record_words import value_in
from mappings.results import How, MissingFact, NextStep, NextSteps, NextStepSet, Orderable, Want, WantKind

NEXT = message("**Next steps:** {steps}.")
INSTEAD = message("{steps} In place of {tests}: {others}.")
RULING_OUT = message("**Would rule out:** {facts}.")
ORDERED = message("order {tests}")
WAYS: Mapping[How, str] = {
    "chart": message("see the chart for {facts}"),
    "bedside": message("ask or measure {facts}"),
    "urine": message("measure {facts} in urine"),
    "blood": message("measure {facts} in blood"),
    "records": message("look in outside records for {facts}"),
    "urine-24h": message("collect urine over 24 hours for {facts}"),
    "imaging": message("look for {facts} by imaging"),
    "examination": message("examine and score {facts}"),
    "biopsy": message("last, a kidney biopsy"),
}
WANTED: Mapping[WantKind, str] = {
    "greater_than": message("{fact} above {limit}"),
    "at_least": message("{fact} {limit} or more"),
    "less_than": message("{fact} below {limit}"),
    "at_most": message("{fact} {limit} or less"),
    "one_of": message("{fact} {answers}"),
    "none_of": message("{fact} not {answers}"),
    "present": message("{fact}"),
    "absent": message("no {fact}"),
}
ANSWERS: Mapping[str, str] = {
    "positive": message("positive"),
    "negative": message("negative"),
    "low": message("low"),
    "high": message("high"),
    "normal": message("normal"),
}
_OPPOSITES = {"positive": "negative", "negative": "positive"}

TESTS_PER_ORDER = 8
FACTS_NAMED = 4
RULING_OUT_NAMED = 6
_LABEL_LIMIT = 40


class Bundles(NamedTuple):
    """Tests that a clinician can order at one click, each without those before it.

    ``first`` are the samples of the first set of steps; ``further`` what the next other set adds to them.
    ``biopsy`` is offered only where nothing else of the first set is left to be ordered.
    """

    first: tuple[Orderable, ...]
    further: tuple[Orderable, ...]
    biopsy: tuple[Orderable, ...]


def bundles_of(steps: NextSteps) -> Bundles:
    """Blood and urine together, never with a biopsy; a biopsy is for when the rest is known."""
    if not steps.sets:
        return Bundles((), (), ())
    first = _samples(steps.sets[0])
    known = {test.concept for test in first}
    more = ([test for test in _samples(one) if test.concept not in known] for one in steps.sets[1:])
    further = next(filter(None, more), [])
    biopsy = [] if first else _named(test for step in _biopsies(steps.sets[0]) for test in step.orders)
    return Bundles(tuple(first), tuple(further), tuple(biopsy))


def next_step_lines(steps: NextSteps, language: Language) -> list[str]:
    """The first set with what can stand in for a part of it, and what would rule out; nothing of nothing."""
    say, lines = language.text, []
    if steps.sets:
        line = say(NEXT).format(steps=_set_words(steps.sets[0], language))
        lines.append(_or_else(line, steps.sets, language))
    facts = [_fact_words(fact, language) for fact in steps.could_rule_out]
    if facts:
        named = wording.joined(facts, RULING_OUT_NAMED, language=language)
        lines.append(say(RULING_OUT).format(facts=named))
    return lines


def _samples(one: NextStepSet) -> list[Orderable]:
    """The tests of a set, each once; those of a biopsy are left out."""
    tests = {test.concept: test for step in one.steps if step.how != "biopsy" for test in step.orders}
    return _named(tests.values())[:TESTS_PER_ORDER]


def _named(tests: Iterable[Orderable]) -> list[Orderable]:
    """Nobody can order a test that has no words at all."""
    return [test for test in tests if name_of_test(test)]


def _biopsies(one: NextStepSet) -> list[NextStep]:
    return [step for step in one.steps if step.how == "biopsy"]


def _set_words(one: NextStepSet, language: Language) -> str:
    """Order hCG and UPCR; ask or measure ECOG; last, a kidney biopsy"""
    say = language.text
    ordered = [step for step in one.steps if step.orders and step.how != "biopsy"]
    others = [step for step in one.steps if step not in ordered and step.how != "biopsy"]
    parts = [_way(step.how, step.facts, language) for step in others]
    if ordered:
        parts.insert(0, say(ORDERED).format(tests=_names_of([f for s in ordered for f in s.facts], language)))
    parts += [_way(step.how, step.facts, language) for step in _biopsies(one)[:1]]
    return language.between(wording.PHRASES).join(parts)


def _or_else(line: str, sets: Sequence[NextStepSet], language: Language) -> str:
    """With what the second set has in place of a part of the first."""
    if len(sets) < 2:
        return line
    mine, its = _concepts(sets[0]), _concepts(sets[1])
    gone = [fact for name, fact in mine.items() if name not in its]
    come = [fact for name, fact in its.items() if name not in mine]
    if not gone or not come:
        return line
    tests, others = _names_of(gone, language), _names_of(come, language)
    return language.text(INSTEAD).format(steps=line, tests=tests, others=others)


def _concepts(one: NextStepSet) -> dict[str, MissingFact]:
    return {fact.concept: fact for step in one.steps for fact in step.facts}


def _way(how: How, facts: Sequence[MissingFact], language: Language) -> str:
    return language.text(WAYS[how]).format(facts=_names_of(facts, language))


def _names_of(facts: Sequence[MissingFact], language: Language) -> str:
    names = list(dict.fromkeys(_name(fact, language) for fact in facts))
    return wording.listed(names, FACTS_NAMED, language=language)


def _name(fact: MissingFact, language: Language) -> str:
    """Its abbreviation, or its label as it stands in a sentence; a scheme in brackets is no abbreviation, and
    brackets for which there is no room are left out."""
    label = without_addition(language.text(fact.label), language.between(wording.VALUES))
    name = short_name(label)
    if "/" in name or len(name) > _LABEL_LIMIT:
        name = short_name(label.partition(" (")[0].partition("\uff08")[0])
    return escaped_from_definition(name or fact.concept, _LABEL_LIMIT)


def _fact_words(fact: MissingFact, language: Language) -> str:
    """hCG positive, UPCR 1.0 g/g or less, lupus nephritis class not III or IV"""
    return wanted_words(_name(fact, language), fact.wanted, partial(_want_words, language=language), language)


def wanted_words(
    fact: str, wanted: Sequence[Want], said: Callable[[str, Want], str], language: Language
) -> str:
    """All that a fact has to say: BMI 18.5 kg/m² or more and 40 kg/m² or less.

    ``said`` is the fact, or nothing, with one of it.
    """
    words, limited = fact, False
    for want in wanted:
        if want.limit and limited:
            words = f"{words}{language.between(wording.AND)}{said('', want).strip()}"
        else:
            words = said(words, want)
        limited = limited or bool(want.limit)
    return words


def _want_words(fact: str, want: Want, language: Language) -> str:
    say, kind, answers = language.text, want.kind, want.answers
    if kind == "none_of" and len(answers) == 1 and answers[0] in _OPPOSITES:
        kind, answers = "one_of", (_OPPOSITES[answers[0]],)
    spoken = [escaped_from_definition(say(ANSWERS.get(answer, answer)), 20) for answer in answers]
    listed = wording.listed(spoken, FACTS_NAMED, wording.OR, language)
    template = say(WANTED[kind])
    if "{fact}{answers}" in template and (fact[-1:] + listed[:1]).isascii():
        template = template.replace("{fact}", "{fact} ")  # Latin letters keep apart in Chinese too
    return template.format(
        fact=fact, limit=escaped_from_definition(_spoken(want.limit, language), 30), answers=listed
    )


def _spoken(limit: str, language: Language) -> str:
    limit = value_in(language, limit)
    for notation, words in wording.UNIT_NOTATIONS:
        limit = limit.replace(notation, words)
    return limit
