"""Why a card comes with an order, in a sentence of our own words and the definitions' labels."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cards.text import LINE_LIMIT, utf16_length
from mappings.concept import Concept

_CAPITALISED = re.compile(r"[A-Z][a-z]+(?![A-Za-z])")


def shown_because(concepts: Sequence[Concept]) -> str:
    """ "Shown because mycophenolate and kidney biopsy are being ordered." At most a card line long."""
    names = [_named(concept) for concept in concepts]
    for count in range(len(names), 0, -1):
        sentence = _sentence(names[:count], len(names) - count)
        if utf16_length(sentence) <= LINE_LIMIT:
            return sentence
    return "Shown because of what is being ordered."


def _sentence(names: Sequence[str], others: int) -> str:
    parts = [*names, *([f"{others} more"] if others else [])]
    what = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))
    return f"Shown because {what} {'is' if len(parts) == 1 else 'are'} being ordered."


def _named(concept: Concept) -> str:
    """The concept's label, as it is written inside a sentence."""
    label = concept.display
    return label[0].lower() + label[1:] if _CAPITALISED.match(label) else label
