"""Concepts on the review sheet: what a name means in codes, units and words, and how results are read."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from mappings.concept import SYSTEMS, Code, Concept, TimedCollection
from mappings.definitions.review.rule_prose import RuleProse
from mappings.definitions.review.wording import plain_text
from mappings.language import message

_SYSTEM_NAMES = {uri: name for name, uri in SYSTEMS.items()}

_SOURCE = message("Source: {source}")
_KIND = message("A {kind}.")
_KIND_IN = message("A {kind}, in {unit}.")
_CONVERSION = message("- 1 {unit} is {amount} {canonical}")
_CONVERSION_PLUS = message(
    "- A number in {unit} is multiplied by {amount}, then {plus} is added: it is then in {canonical}"
)
_SAME_TEST = message("- The same test as {name}, one read as a number and the other as an answer")
_MOST_CODES = 100
"""Of one system and concept, each with a line of its own."""
_CATEGORY = message("- {system} {first} to {last}, {count} codes, the first of which: {display}")
_PRODUCTS = message("- {count} codes of products, from: {source}")
_BY_NAME = message("- By name: {names}")
_NOT_WHERE = message("- Not where the same diagnosis has a code of: {names}")
_LASTED = message("- Had lasted {least} to {most} weeks by its date, if told by: {told}")
_LASTED_MANY = message(
    "- Had lasted {least} to {most} weeks by its date, if told by {count} codes and names: {first} … {last}"
)
_COVERS = message("- One administration counts for {days} days")
_ORDERED = message("- Ordered as: {code}")
_MOST = message("- More than {limit} is an error of writing: unreadable")
_LEAST = message("- Less than {limit} is an error of writing: unreadable")
_CONCENTRATION = message("- Also, times the volume, from the concentration: {code}")
_VOLUME = message("- Its volume: {code}")
_BIOPSY = message("- Read from reports of kidney biopsies")
_WHOLE = message("- A whole number from 0 to {limit}; anything else is unreadable")
_POSITIVE_ABOVE = message("- Positive above {limit}")
_POSITIVE_FROM = message("- Positive from {limit}")
_RANGE = message("- The laboratory's own “{word}” means {token}")
_ANSWER = message("- “{token}” is also said by: {ways}")
_BLOOD_CELLS = message("- Counted in blood: a number only in per cent or per volume, and no other specimen")
_EFFORT = message("- If it is missing, next steps take it as had by: {effort}")
_FILED_UNDER = message("- Where only its name is told, also looked for under: {categories}")
_IMPRECISE = message("- A positive answer under {code} is too imprecise to count")


class ConceptProse:
    """Writes concepts. ``prose`` names other concepts."""

    def __init__(self, prose: RuleProse) -> None:
        self.prose, self.speaker = prose, prose.speaker
        self.say = prose.speaker.say

    def lines(self, concept: Concept) -> list[str]:
        """Kind, unit and limits, then how results are read, and every code and name."""
        say = self.say
        kind = say(concept.kind)
        told = say(_KIND_IN, kind=kind, unit=f"`{concept.unit}`") if concept.unit else say(_KIND, kind=kind)
        lines = ["", f"### {self.speaker.plain(concept.display)} (`{concept.id}`)", "", told, ""]
        for other, factor in concept.conversions.items():
            canonical, amount = f"`{concept.unit}`", f"{float(factor):.9g}"
            plus = f"{float(concept.offsets.get(other, 0)):.9g}"
            said = _CONVERSION_PLUS if other in concept.offsets else _CONVERSION
            lines.append(say(said, unit=f"`{other}`", amount=amount, plus=plus, canonical=canonical))
        lines += self._had_and_found(concept)
        if concept.same_test_as:
            lines.append(say(_SAME_TEST, name=self.prose.names([concept.same_test_as])))
        lines += self._limits(concept)
        lines += self._answers(concept)
        for system, codes in groupby(concept.codes, _system):
            lines += self._codes(system, list(codes))
        lines += self._collection(concept.collection) if concept.collection else []
        for products in concept.products:
            lines.append(say(_PRODUCTS, count=len(products.codes), source=plain_text(products.source)))
        if concept.names:
            lines.append(say(_BY_NAME, names=plain_text(", ".join(concept.names))))
        if concept.excluding:
            lines.append(say(_NOT_WHERE, names=self.prose.names(concept.excluding)))
        lines += self._lasted(concept)
        if concept.orderable is not None:
            ordered = self._codes(_system(concept.orderable), [concept.orderable])[0]
            lines.append(say(_ORDERED, code=ordered.removeprefix("- ")))
        if concept.covers_days is not None:
            lines.append(say(_COVERS, days=concept.covers_days))
        return [*lines, *([f"- {say(_SOURCE, source=plain_text(concept.source))}"] if concept.source else [])]

    def _had_and_found(self, concept: Concept) -> list[str]:
        lines = [self.say(_EFFORT, effort=concept.effort)] if concept.effort else []
        if concept.filed_under:
            lines.append(self.say(_FILED_UNDER, categories=", ".join(concept.filed_under)))
        return lines

    def _limits(self, concept: Concept) -> list[str]:
        """Beyond which numbers a result is an error of writing."""
        ends = ((_MOST, concept.cannot_exceed), (_LEAST, concept.cannot_be_below))
        unit = "" if concept.unit == "{score}" else f" `{concept.unit}`"
        return [self.say(said, limit=f"{limit:.9g}{unit}") for said, limit in ends if limit is not None]

    def _lasted(self, concept: Concept) -> list[str]:
        """How long it had lasted by what tells it; of very many codes the first and the last."""
        told: dict[tuple[int, int], list[str]] = {}
        for each, days in concept.lasted.items():
            told.setdefault(days, []).append(plain_text(each.rpartition("|")[2]))
        lines = []
        for (least, most), by in told.items():
            weeks = {"least": least // 7, "most": most // 7}
            if len(by) <= _MOST_CODES:
                lines.append(self.say(_LASTED, told=", ".join(by), **weeks))
            else:
                lines.append(self.say(_LASTED_MANY, count=len(by), first=by[0], last=by[-1], **weeks))
        return lines

    def _collection(self, timed: TimedCollection) -> list[str]:
        codes = ((_CONCENTRATION, timed.concentration), (_VOLUME, timed.volume))
        return [
            self.say(said, code=line.removeprefix("- "))
            for said, of in codes
            for code in of
            for line in self._codes(_system(code), [code])
        ]

    def _codes(self, system: str, codes: Sequence[Code]) -> list[str]:
        """One line for each code; of very many, for each category, which in ICD-10 has three characters."""
        if len(codes) <= _MOST_CODES:
            return [f"- {system} `{code.code}` {plain_text(code.display)}" for code in codes]
        lines = []
        for _, category in groupby(codes, lambda code: code.code[:3]):
            members = list(category)
            if len(members) == 1:
                lines += self._codes(system, members)
                continue
            first, last = (f"`{members[end].code}`" for end in (0, -1))
            told = {"count": len(members), "display": plain_text(members[0].display)}
            lines.append(self.say(_CATEGORY, system=system, first=first, last=last, **told))
        return lines

    def _answers(self, concept: Concept) -> list[str]:
        say = self.say
        lines = []
        if concept.whole_number_to is not None:
            lines.append(say(_WHOLE, limit=concept.whole_number_to))
        if concept.pathology:
            lines.append(say(_BIOPSY))
        if concept.positive_above is not None:
            lines.append(say(_POSITIVE_ABOVE, limit=f"{concept.positive_above:g}"))
        if concept.positive_from is not None:
            lines.append(say(_POSITIVE_FROM, limit=f"{concept.positive_from:g}"))
        if concept.blood_cells:
            lines.append(say(_BLOOD_CELLS))
        for word, token in concept.from_range.items():
            lines.append(say(_RANGE, word=word, token=plain_text(token)))
        for token, ways in concept.answers.items():
            said = plain_text(", ".join(sorted(ways)))
            lines.append(say(_ANSWER, token=plain_text(token), ways=said))
        codes = sorted(concept.imprecise_when_positive)
        return [*lines, *(say(_IMPRECISE, code=plain_text(code)) for code in codes)]


def _system(code: Code) -> str:
    return _SYSTEM_NAMES.get(code.system, code.system)
