"""Which forms of a drug act on the skin, an eye, an ear, the nose, the lungs or one joint only.

Such a form is not treatment of a systemic disease. Tablets, capsules, liquids by mouth and injections
are. One sign is enough to leave a record out: a drug left out ends in a question, one wrongly counted
in a wrong answer.
"""

from __future__ import annotations

import re

from mappings.concept import SYSTEMS
from mappings.reading.drugs.local_words import (
    DIRECTIONS,
    FORMS,
    HINTS,
    INJECTED,
    NOT_KNOWN_TO_BE_THE_DRUG,
    NOT_THIS_DRUG,
    PER_CENT,
    PLAIN_DOSE,
    SYSTEMIC,
)
from mappings.reading.keeping.texts import kept, kept_for_words

_SNOMED, _ATC = SYSTEMS["snomed"], f"{SYSTEMS['atc']}|"

LOCAL_CODES: frozenset[str] = frozenset(
    f"{_SNOMED}|{code}"
    for code in (
        "6064005",  # topical route
        "54485002",  # ophthalmic route
        "10547007",  # otic route
        "46713006",  # nasal route
        "447694001",  # respiratory tract route
        "18679011000001101",  # inhalation (United Kingdom)
        "418401004",  # intravitreal route
        "12130007",  # intra-articular route
        "37161004",  # per rectum
        "385124005",  # eye drops
        "385136004",  # ear drops
        "420636007",  # eye/ear drops
        "385163003",  # eye/ear/nose drops
        "385152001",  # nasal drops
        "385157007",  # nasal spray
    )
)

LOCAL_ATC: tuple[str, ...] = (
    *("D07", "D10AA", "D11AH01"),  # skin
    *("S01", "S02", "S03"),  # eye and ear
    *("R01", "R03A", "R03B"),  # nose, inhaled
    *("A01AC", "A07EA", "C05AA"),  # mouth, gut and anus
)

_BY_MOUTH = re.compile(
    r"\b(?:oral(?:ly)?|by mouth|p\.?o|tablets?|tabs?|capsules?|caps?)\b|口服|片|胶囊", re.IGNORECASE
)
_UNDER_THE_SKIN = re.compile(r"\b(?:subcutaneous(?:ly)?|sub-?cut|s\.?c|auto-?injector)\b|皮下", re.IGNORECASE)
_NOT_INFUSED = frozenset({f"{_SNOMED}|26643006", f"{_SNOMED}|34206005"})
"""Oral route, subcutaneous route."""

_MAX_TEXT = 600


@kept_for_words(4096)
def is_local(tokens: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    """Whether codes or words of a product, a dose form or a route name a form that acts locally.

    A product under several ATC codes is local only if all of them are.
    """
    if not LOCAL_CODES.isdisjoint(tokens):
        return True
    atc = [token[len(_ATC) :].upper() for token in tokens if token.startswith(_ATC)]
    if atc and all(code.startswith(LOCAL_ATC) for code in atc):
        return True
    return any(FORMS.search(text[:_MAX_TEXT]) for text in texts)


@kept(4096)
def is_applied_locally(direction: str) -> bool:
    """Whether an instruction to the patient is that of a form that acts locally."""
    text = direction[:_MAX_TEXT]
    if DIRECTIONS.search(text):
        return True
    return any(not NOT_THIS_DRUG.search(text[: each.start()]) for each in INJECTED.finditer(text))


@kept_for_words(4096)
def hints_at_local(_tokens: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    """Whether the words of a product hint at a form that acts locally."""
    return any(_hints(text[:_MAX_TEXT]) for text in texts)


def _hints(text: str) -> bool:
    if HINTS.search(text):
        return True
    return PER_CENT.search(text) is not None and not PLAIN_DOSE.search(text)


@kept_for_words(4096)
def is_swallowed_or_injected(tokens: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    """Whether codes or words of a product, its form, its route or its instruction say so."""
    if not _NOT_INFUSED.isdisjoint(tokens):
        return True
    return any(SYSTEMIC.search(text[:_MAX_TEXT]) for text in texts)


@kept_for_words(4096)
def may_be_placebo(_tokens: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    """Whether the words of a product say that it may be a placebo."""
    return any(NOT_KNOWN_TO_BE_THE_DRUG.search(text[:_MAX_TEXT]) for text in texts)


@kept_for_words(4096)
def may_be_infusion(tokens: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    """Whether an administration may be an infusion: nothing says that it was swallowed or under the skin."""
    if not _NOT_INFUSED.isdisjoint(tokens):
        return False
    return not any(_BY_MOUTH.search(text) or _UNDER_THE_SKIN.search(text) for text in texts)
