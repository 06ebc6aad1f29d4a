"""Coded and worded answers that mean the same for every concept: positive, negative, low, normal, high."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mappings.concept import SYSTEMS, Concept
from mappings.language.letters import has_han
from mappings.reading.code_index import codings_of, normalised, words
from mappings.reading.fhir_elements import coding_token
from mappings.reading.laboratory.grades import grade, is_scale

_LOINC, _SNOMED = SYSTEMS["loinc"], SYSTEMS["snomed"]

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

GENERAL_CODES: Mapping[str, str] = {
    f"{_SNOMED}|10828004": "positive",
    f"{_SNOMED}|52101004": "positive",
    f"{_SNOMED}|260385009": "negative",
    f"{_SNOMED}|260373001": "positive",
    f"{_SNOMED}|260415000": "negative",
    f"{_SNOMED}|11214006": "positive",
    f"{_SNOMED}|131194007": "negative",
    f"{_SNOMED}|2667000": "negative",
    f"{_LOINC}|LA6576-8": "positive",
    f"{_LOINC}|LA6577-6": "negative",
    f"{_LOINC}|LA11882-0": "positive",
    f"{_LOINC}|LA11883-8": "negative",
    f"{_LOINC}|LA15255-5": "positive",
    f"{_LOINC}|LA15256-3": "negative",
    f"{_LOINC}|LA9633-4": "positive",
    f"{_LOINC}|LA9634-2": "negative",
}
"""Positive, present, detected, reactive; negative, absent, not detected, non-reactive.

SNOMED CT qualifiers: mCODE, IPS and HL7 Europe laboratory value sets; (not) detected and (non-)reactive:
lab-test-qual-result-snomed of WorldHealthOrganization/ddcc; absent: US Public Health value sets. LOINC:
answer lists LL2021-5 (positive) and LL744-4 (detected); reactive and present as public guides give them.
"""

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
    "not reactive": "negative",
    "undetected": "negative",
    "undetectable": "negative",
    "not detectable": "negative",
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


EITHER_SIGN = ("±", "+/-", "+-", "-/+", "(±)")
_BRACKETS = " ()\uff08\uff09"
_PLUS = ("+", "\uff0b")
_SIGNED = re.compile(
    r"(?P<answer>[^()\uff08\uff09]{0,40}?)\s*"
    r"[(\uff08]\s*(?P<sign>[-\uff0d\u2212]|[1-4]?[+\uff0b]{1,4})\s*[)\uff09]\s*"
)


def coded_answers(codeable: Any, concept: Concept) -> frozenset[str]:
    """The answers that a CodeableConcept gives: by code, else by its words.

    What any of its words say against that is told beside it: then the answers ``disagree``.
    """
    found: set[str] = set()
    for coding in codings_of(codeable):
        found |= _answers_of_token(coding_token(coding), concept)
    answers = frozenset(found) or worded_answers(words(codeable), concept)
    if not answers:
        return answers
    named = [_named(text, concept) for text in _texts(codeable)]
    return answers.union(*(each for each in named if answers.isdisjoint(each)))


def disagree(answers: frozenset[str], concept: Concept) -> bool:
    """Whether answers cannot be true together: two of the concept's own, or positive and negative."""
    if len(answers) < 2:
        return False
    return len(answers & concept.answers.keys()) > 1 or any(pair <= answers for pair in _OPPOSED)


_OPPOSED = tuple(
    map(
        frozenset,
        (
            ("positive", "negative"),
            ("negative", "abnormal"),
            ("normal", "abnormal"),
            ("low", "normal"),
            ("low", "high"),
            ("normal", "high"),
        ),
    )
)
_DENIAL = re.compile(
    r"\b(?:no|not|non|none|never|without|denie[sd]|kein\w*|nicht)\b|n't|[不无未否非没]", re.IGNORECASE
)
_ONE_DIGIT = re.compile(r"(?<![\d.,])\d(?![\d%]|[.,]\d)")
_NAMED = dict.fromkeys(("positive", "positiv", "阳性"), "positive") | dict.fromkeys(
    ("negative", "negativ", "阴性"), "negative"
)


def _texts(codeable: Any) -> list[str]:
    said = [codeable.get("text"), *(coding.get("display") for coding in codings_of(codeable))]
    return [text for text in said if isinstance(text, str)]


def _named(text: str, concept: Concept) -> frozenset[str]:
    """The answers that a text gives or only names: enough to doubt the code that it stands with."""
    said = worded_answers(text, concept)
    if said or _DENIAL.search(text):
        return said
    own = {way: answer for answer, ways in concept.answers.items() for way in ways if "|" not in way}
    if is_scale(concept):
        return frozenset(_ONE_DIGIT.findall(text)) & concept.answers.keys()
    name = f" {normalised(text)} "
    ways = {**_NAMED, **own}
    return frozenset(ways[way] for way in ways if (way if has_han(way) else f" {way} ") in name)


def _answers_of_token(token: str, concept: Concept) -> set[str]:
    found = {answer for answer, tokens in concept.answers.items() if token in tokens}
    if not found and token in GENERAL_CODES:
        found.add(GENERAL_CODES[token])
    return found


def worded_answers(text: str, concept: Concept) -> frozenset[str]:
    """The answers that a whole text gives; a text with more words than the answer gives none.

    A sign in brackets may repeat the answer, or be it: "阴性(-)", "(-)". Words may define a grade.
    """
    if text.strip(_BRACKETS) in EITHER_SIGN:
        return frozenset()
    signed = _SIGNED.fullmatch(text)
    if signed is not None:
        meant = "positive" if signed["sign"].endswith(_PLUS) else "negative"
        said = worded_answers(signed["answer"], concept) if signed["answer"] else {meant}
        return frozenset(said) if meant in said else frozenset()
    name = normalised(text) or text.strip()
    found = {answer for answer, tokens in concept.answers.items() if name in tokens or answer == name}
    if not found and name in GENERAL_WORDS:
        found.add(GENERAL_WORDS[name])
    if not found and is_scale(concept):
        found.update(filter(None, (grade(text, concept),)))
    return frozenset(found)
