"""Which forms of a drug act on the skin, an eye, an ear, the nose, the lungs or one joint only.

Such a form is not treatment of a systemic disease. Tablets, capsules, liquids by mouth and injections
are. One sign is enough to leave a record out: a drug left out ends in a question, one wrongly counted
in a wrong answer.
"""

from __future__ import annotations

import re

from mappings.concept import SYSTEMS
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

_WORDS = re.compile(
    r"\b(?:ointments?|oint|creams?|lotions?|shampoos?|foam|emollient|paste|topical(?:ly)?|cutaneous|dermal"
    r"|(?<!soft )(?<!softgel )gel(?!\s*-?\s*cap)"
    r"|ophthalmic|ophth|ophthal|eyes?|ocular|intraocular|intravitreal|subconjunctival|retrobulbar"
    r"|otic|ears?|auricular|nasal(?:ly)?|intranasal|nose|nostrils?"
    r"|inhal(?:er|ers|ation|ations|ant|ed|e)|nebuli[sz](?:er|ed|ation)|aerosol|metered[- ]dose|puffs?"
    r"|enemas?|suppositor(?:y|ies)|rectal(?:ly)?|dental|mouth ?wash|gargle|lozenges?|buccal|oromucosal"
    r"|intra-?articular|intra-?lesional|epidural|intrathecal|implant)\b"
    r"|软膏|乳膏|霜剂|凝胶|搽剂|洗剂|酊剂|涂剂|涂膜|贴膏|贴剂|硬膏|外用|局部|皮损"
    r"|滴眼|眼膏|眼用|眼药|眼内|结膜|玻璃体|球后|滴耳|耳用|滴鼻|鼻喷|喷鼻|鼻用|鼻腔"
    r"|吸入|雾化|气雾|喷雾|粉雾|含漱|漱口|含片|口腔贴|灌肠|(?<!血)栓(?!塞)|直肠|肛门|关节腔|关节内|硬膜外|鞘内"
    r"|軟膏|乳霜|凝膠|外用|點眼|眼藥|點耳|鼻噴|吸入|氣霧|噴霧|關節腔|灌腸|栓劑|直腸",
    re.IGNORECASE,
)
"""Words of displays, texts, dose forms and routes. "Soft gel" and "gel cap" are capsules."""

_DIRECTIONS = re.compile(
    r"\b(?:apply|rub|thin layer|affected (?:area|skin)s?|to (?:the )?(?:skin|scalp|face)|topically"
    r"|(?:in|into|to) (?:the |each |both |left |right |affected )*(?:eyes?|ears?|nostrils?|nose)"
    r"|inhale|puffs?|gargle|swish)\b"
    r"|外用|涂于|涂抹|外涂|擦患处|患处|滴眼|滴入眼|点眼|滴耳|滴鼻|喷鼻|鼻喷|吸入|雾化|含漱|漱口|灌肠|塞肛|纳肛|关节腔",
    re.IGNORECASE,
)
"""How the instruction to the patient of such a form is worded."""

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
    return any(_WORDS.search(text[:_MAX_TEXT]) for text in texts)


@kept(4096)
def is_applied_locally(direction: str) -> bool:
    """Whether an instruction to the patient is that of a form that acts locally."""
    return _DIRECTIONS.search(direction[:_MAX_TEXT]) is not None


@kept_for_words(4096)
def may_be_infusion(tokens: tuple[str, ...], texts: tuple[str, ...]) -> bool:
    """Whether an administration may be an infusion: nothing says that it was swallowed or under the skin."""
    if not _NOT_INFUSED.isdisjoint(tokens):
        return False
    return not any(_BY_MOUTH.search(text) or _UNDER_THE_SKIN.search(text) for text in texts)
