"""The flags of a laboratory (Observation.interpretation), by their codes and in their words.

Sources: HL7 v3 ObservationInterpretation, as the FHIR R4 value set observation-interpretation lists it, and
the names that HL7 v2 table 0078 gives its codes; SNOMED CT equivocal and indeterminate: PositiveNegativeVS of
mCODE. Interpretation: the other words and the marks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from mappings.concept import SYSTEMS, Concept
from mappings.reading.answers import (
    EITHER_SIGN,
    GENERAL_CODES,
    GENERAL_WORDS,
    INTERPRETATIONS,
    worded_answers,
)
from mappings.reading.code_index import codings_of, normalised
from mappings.reading.fhir_elements import coding_token, text_of

_SNOMED = SYSTEMS["snomed"]
_NOTHING: frozenset[str] = frozenset()
_UNDECIDED, _UNKNOWN, _SILENT = "undecided", "unknown", "silent"


class Flags(NamedTuple):
    """What the flags of one result say together.

    ``is_undecided``: one says that it is neither positive nor negative. ``is_unknown``: there is one of which
    nothing is known.
    """

    answers: frozenset[str]
    is_undecided: bool = False
    is_unknown: bool = False


NO_FLAGS = Flags(_NOTHING)

_BY_CODE: Mapping[str, str] = {
    **GENERAL_CODES,
    f"{_SNOMED}|42425007": _UNDECIDED,
    f"{_SNOMED}|82334004": _UNDECIDED,
}
_OTHERS: Mapping[str, str] = {
    **dict.fromkeys(("IND", "E", "WR", "IE", "QCF", "HM"), _UNDECIDED),
    **dict.fromkeys(("<", ">", "B", "D", "U", "W", "EXP"), _SILENT),
}
"""Codes of the same value set that are no answer. Off the scale of the instrument, or changed since the last
time, does not say whether a result is normal."""

_WORDS: Mapping[str, str] = {
    **dict.fromkeys(("normal range", "within normal limits", "within range", "in range", "wnl"), "normal"),
    **dict.fromkeys(("within reference range", "within reference interval", "within normal range"), "normal"),
    **dict.fromkeys(("in reference range", "normal applies to non numeric results"), "normal"),
    **dict.fromkeys(("正常", "正常范围", "unauffällig", "normwertig"), "normal"),
    **dict.fromkeys(("↑", "↑↑", "above normal", "above range", "above high normal", "critical high"), "high"),
    **dict.fromkeys(("critically high", "significantly high", "very high", "erhöht"), "high"),
    **dict.fromkeys(("above reference range", "above upper panic limits"), "high"),
    **dict.fromkeys(("偏高", "升高", "增高", "高"), "high"),
    **dict.fromkeys(("↓", "↓↓", "below normal", "below range", "below low normal", "critical low"), "low"),
    **dict.fromkeys(("critically low", "significantly low", "very low", "erniedrigt", "vermindert"), "low"),
    **dict.fromkeys(("below reference range", "below lower panic limits"), "low"),
    **dict.fromkeys(("偏低", "降低", "减低", "低"), "low"),
    **dict.fromkeys(("*", "**", "!", "!!", "异常", "very abnormal", "critical abnormal"), "abnormal"),
    **dict.fromkeys(("out of range", "outside range", "auffällig", "pathologisch"), "abnormal"),
    **dict.fromkeys(("outside reference range", "abnormal applies to non numeric results"), "abnormal"),
    **dict.fromkeys(("indeterminate", "equivocal", "borderline", "inconclusive", "grenzwertig"), _UNDECIDED),
    **dict.fromkeys(("weakly reactive", "weakly positive", "weak positive", "trace"), _UNDECIDED),
    **dict.fromkeys(("弱阳性", "可疑", "不确定", "临界", "schwach positiv", "fraglich"), _UNDECIDED),
    **dict.fromkeys(EITHER_SIGN, _UNDECIDED),
    **dict.fromkeys(("-", "--", "---", "n/a", "n.a.", "na", "none", "null", "unknown"), _SILENT),
    **dict.fromkeys(("not applicable", "significant change up", "significant change down"), _SILENT),
    **dict.fromkeys(("off scale low", "off scale high", "better", "worse", "no range defined"), _SILENT),
    **dict.fromkeys(("below absolute low off instrument scale",), _SILENT),
    **dict.fromkeys(("above absolute high off instrument scale",), _SILENT),
}

_SIDES: Mapping[str, str] = {
    **dict.fromkeys(("l", "ll", "lo", "low", "↓", "↓↓", "偏低", "低"), "low"),
    **dict.fromkeys(("h", "hh", "hi", "high", "↑", "↑↑", "偏高", "高"), "high"),
    **dict.fromkeys(("n", "normal"), "normal"),
}
_ABNORMAL = frozenset({"a", "aa", "abn", "abnormal"})
_STRESS = frozenset({"critical", "critically", "crit", "panic", "alert", "very"})
_MARKS = re.compile(r"(?<=\w)\s*[-\u2013]\s*(?=\w)|[\s*!()\[\],:]+|(?<=[↑↓])(?![↑↓])|(?<![↑↓])(?=[↑↓])")
"""What parts the words of a flag: marks of stress, brackets, a dash between two words, an arrow."""

_CODES = {code: frozenset({meaning}) for code, meaning in {**INTERPRETATIONS, **_OTHERS}.items()}
_IN_WORDS = {word: frozenset({meaning}) for word, meaning in {**GENERAL_WORDS, **_WORDS}.items()}


def read_flags(interpretation: Any, concept: Concept) -> Flags:
    """What Observation.interpretation says, tolerating one written without its list. Never raises."""
    if interpretation is None:
        return NO_FLAGS
    codeables = interpretation if isinstance(interpretation, list) else (interpretation,)
    said = _NOTHING.union(*(_said(codeable, concept) for codeable in codeables))
    return Flags(said - {_UNDECIDED, _UNKNOWN, _SILENT}, _UNDECIDED in said, _UNKNOWN in said)


def _said(codeable: Any, concept: Concept) -> frozenset[str]:
    """What one flag says by code, display and text together; codes of a laboratory's own may stand beside."""
    codings = codings_of(codeable)
    told = [text_of(coding.get(key)) for coding in codings for key in ("code", "display")]
    told.append(text_of(codeable.get("text") if isinstance(codeable, dict) else codeable))
    found = _NOTHING.union(*(_meant(text, concept) for text in told if text))
    found |= {_BY_CODE[token] for token in map(coding_token, codings) if token in _BY_CODE}
    return found or (frozenset({_UNKNOWN}) if any(told) else _NOTHING)


def _meant(text: str, concept: Concept) -> frozenset[str]:
    name = text.strip().lower()
    known = _CODES.get(name.upper()) or _IN_WORDS.get(name) or _IN_WORDS.get(normalised(text))
    return known or worded_answers(text, concept) or _side(name)


def _side(text: str) -> frozenset[str]:
    """One side, marked or told twice: "L*", "(H)", "L - Low", "Abnormal Low"; nothing if a word is not known.

    Two sides ("low normal") are none.
    """
    told = set(_MARKS.split(text)) - _STRESS - {""}
    sides = {_SIDES[word] for word in told if word in _SIDES}
    if not told or len(sides) > 1 or not told <= (_SIDES.keys() | _ABNORMAL):
        return _NOTHING
    if "normal" in sides:
        return _NOTHING if told & _ABNORMAL else frozenset(sides)
    return frozenset(sides) or frozenset({"abnormal"})
