"""Coded and worded answers that mean the same for every concept: positive, negative, low, normal, high."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mappings.concept import SYSTEMS, Concept
from mappings.reading.code_index import codings_of, normalised, words

_SNOMED = SYSTEMS["snomed"]

INTERPRETATIONS: Mapping[str, str] = {
    "POS": "positive",
    "DET": "positive",
    "RR": "positive",
    "NEG": "negative",
    "ND": "negative",
    "NR": "negative",
    "H": "high",
    "HH": "high",
    "HU": "high",
    "L": "low",
    "LL": "low",
    "LU": "low",
    "N": "normal",
    "A": "abnormal",
    "AA": "abnormal",
}
"""HL7 v3 ObservationInterpretation codes, as the FHIR R4 value set observation-interpretation lists them."""

_INTERPRETED = {code: frozenset({answer}) for code, answer in INTERPRETATIONS.items()}

GENERAL_CODES: Mapping[str, str] = {
    f"{_SNOMED}|10828004": "positive",
    f"{_SNOMED}|52101004": "positive",
    f"{_SNOMED}|260385009": "negative",
}
"""SNOMED CT qualifiers positive, present and negative (mCODE, IPS and HL7 Europe laboratory value sets)."""

GENERAL_WORDS: Mapping[str, str] = {
    "positive": "positive",
    "pos": "positive",
    "detected": "positive",
    "reactive": "positive",
    "present": "positive",
    "+": "positive",
    "++": "positive",
    "+++": "positive",
    "1+": "positive",
    "2+": "positive",
    "3+": "positive",
    "4+": "positive",
    "negative": "negative",
    "neg": "negative",
    "not detected": "negative",
    "none detected": "negative",
    "non reactive": "negative",
    "nonreactive": "negative",
    "absent": "negative",
    **dict.fromkeys(("阳性", "检出", "检测到", "positiv", "nachweisbar"), "positive"),
    **dict.fromkeys(("阴性", "未检出", "未检测到", "negativ", "nicht nachweisbar"), "negative"),
    "low": "low",
    "decreased": "low",
    "normal": "normal",
    "high": "high",
    "elevated": "high",
    "increased": "high",
    "abnormal": "abnormal",
}


_PLUS = ("+", "\uff0b")
_SIGNED = re.compile(
    r"(?P<answer>[^()\uff08\uff09]{1,40}?)\s*"
    r"[(\uff08]\s*(?P<sign>[-\uff0d\u2212]|[1-4]?[+\uff0b]{1,4})\s*[)\uff09]\s*"
)


def coded_answers(codeable: Any, concept: Concept) -> frozenset[str]:
    """The answers that a CodeableConcept gives: by code, else by its words."""
    found = set()
    for coding in codings_of(codeable):
        code = coding.get("code")
        if isinstance(code, str):
            found |= _answers_of_token(f"{coding.get('system')}|{code.strip()}", concept)
    return frozenset(found) or worded_answers(words(codeable), concept)


def _answers_of_token(token: str, concept: Concept) -> set[str]:
    found = {answer for answer, tokens in concept.answers.items() if token in tokens}
    if not found and token in GENERAL_CODES:
        found.add(GENERAL_CODES[token])
    return found


def worded_answers(text: str, concept: Concept) -> frozenset[str]:
    """The answers that a whole text gives; a text with more words than the answer gives none.

    A sign in brackets behind it may repeat the answer: "阴性(-)".
    """
    signed = _SIGNED.fullmatch(text)
    if signed is not None:
        said = worded_answers(signed["answer"], concept)
        meant = "positive" if signed["sign"].endswith(_PLUS) else "negative"
        return said if meant in said else frozenset()
    name = normalised(text) or text.strip()
    found = {answer for answer, tokens in concept.answers.items() if name in tokens or answer == name}
    if not found and name in GENERAL_WORDS:
        found.add(GENERAL_WORDS[name])
    return frozenset(found)


_UNDECIDED = frozenset({"IND", "E"})
"""Indeterminate and equivocal, of the same value set."""


def is_undecided(interpretation: Any) -> bool:
    """Whether the laboratory says that the result is neither positive nor negative."""
    codeables = interpretation if isinstance(interpretation, list) else (interpretation,)
    codes = [coding.get("code") for codeable in codeables for coding in codings_of(codeable)]
    return any(isinstance(code, str) and code.strip() in _UNDECIDED for code in codes)


def interpretation_answers(interpretation: Any) -> frozenset[str]:
    """What Observation.interpretation says, tolerating one written without its list."""
    found: frozenset[str] = frozenset()
    for codeable in interpretation if isinstance(interpretation, list) else (interpretation,):
        for coding in codings_of(codeable):
            code = coding.get("code")
            if isinstance(code, str):
                found |= _INTERPRETED.get(code) or _INTERPRETED.get(code.strip(), frozenset())
    return found
