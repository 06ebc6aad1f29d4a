"""Why a card comes with an order, in a sentence of our own words and the definitions' labels."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cards import wording
from cards.text import LINE_LIMIT, utf16_length
from mappings.concept import Concept
from mappings.language import ENGLISH, Language, message

_ONE = message("Shown because {what} is being ordered.")
_SEVERAL = message("Shown because {what} are being ordered.")
_ANYTHING = message("Shown because of what is being ordered.")
_CAPITALISED = re.compile(r"[A-Z][a-z]+(?![A-Za-z])")


def shown_because(concepts: Sequence[Concept], language: Language = ENGLISH) -> str:
    """ "Shown because mycophenolate and kidney biopsy are being ordered." At most a card line long."""
    names = [_named(language.text(concept.display)) for concept in concepts]
    for count in range(len(names), 0, -1):
        sentence = _sentence(names[:count], len(names) - count, language)
        if utf16_length(sentence) <= LINE_LIMIT:
            return sentence
    return language.text(_ANYTHING)


def _sentence(names: Sequence[str], others: int, language: Language) -> str:
    more = [language.text(wording.N_MORE).format(count=others)] if others else []
    parts = [*names, *more]
    what = wording.listed(parts, len(parts), wording.AND, language)
    return language.text(_ONE if len(parts) == 1 else _SEVERAL).format(what=what)


def _named(label: str) -> str:
    """A concept's label, as it is written inside a sentence."""
    return label[0].lower() + label[1:] if _CAPITALISED.match(label) else label
