"""What a code asks for: the class, an index, a kidney biopsy as a whole, or nothing of these."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Literal

from mappings.concept import SYSTEMS, Concept
from mappings.reading.fhir_elements import coding_token, items, mapping, text_of

Question = Literal["class", "activity", "chronicity", "biopsy"]

CLASS, ACTIVITY, CHRONICITY = "kidney-biopsy-class", "nih-activity-index", "nih-chronicity-index"
CLASS_ANY = "kidney-biopsy-class-any-scheme"

_QUESTION_OF: Mapping[str, Question] = {CLASS: "class", ACTIVITY: "activity", CHRONICITY: "chronicity"}

_SNOMED = SYSTEMS["snomed"]
WHO_CLASSES: Mapping[str, str] = {
    f"{_SNOMED}|73286009": "I",
    f"{_SNOMED}|4676006": "II",
    f"{_SNOMED}|76521009": "III",
    f"{_SNOMED}|36402006": "IV",
    f"{_SNOMED}|52042003": "V",
    f"{_SNOMED}|11013005": "VI",
}
"""SLE glomerulonephritis syndrome, WHO class I to VI. No code for an ISN/RPS class is known."""

_BIOPSY_CODES = frozenset(
    {
        *(f"{_SNOMED}|{code}" for code in ("7246002", "274326000", "769246001", "275155009", "10106002")),
        *(f"{SYSTEMS['cpt']}|{code}" for code in ("50200", "50205")),
        *(f"{SYSTEMS['icd10pcs']}|{code}" for code in ("0TB03ZX", "0TB13ZX")),
        "http://hl7.org/fhir/sid/icd-9-cm|55.23",
        f"{SYSTEMS['loinc']}|65757-7",
    }
)
"""Kidney biopsy as a procedure, and its report."""

_KIDNEY_SPECIMENS = frozenset({f"{_SNOMED}|309269002"})
_PATHOLOGY_CODES = frozenset(f"{SYSTEMS['loinc']}|{code}" for code in ("22637-3", "60568-3", "LP7839-6", "11526-1"))
_PATHOLOGY_SECTIONS = frozenset({"PAT", "SP", "LP7839-6"})
_IMAGING_SECTIONS = frozenset({"RAD", "RUS", "RX", "CT", "NMR", "NMS", "LP29684-5", "imaging", "CUS"})
"""HL7 v2 table 0074 and LOINC parts, as DiagnosticReport.category has them."""

_KIDNEY = re.compile(r"kidney|renal|nephr|glomerul|肾|腎", re.IGNORECASE)
_BIOPSY = re.compile(r"biops|\bbx\b|histolog|histopath|patholog|needle core|活检|穿刺|病理", re.IGNORECASE)
_CLASS = re.compile(
    r"(?:isn.{0,3}rps|lupus nephritis|(?<![a-z])ln(?![a-z])|nephritis|renal biopsy|kidney biopsy)[^.;]{0,30}class"
    r"|class[^.;]{0,30}(?:lupus nephritis|isn.{0,3}rps|(?<![a-z])ln(?![a-z]))|^isn.{0,3}rps|狼疮性?肾炎.*(?:分型|类型|分类)",
    re.IGNORECASE,
)
_INDEX = re.compile(r"(?P<which>activity|chronicity) (?:index|score)|(?P<cn>活动|慢性)性?化?(?:指数|评分)", re.IGNORECASE)
_WORD = re.compile(r"[a-z]+")
_WORDS_OF_INDEX = frozenset(
    "nih modified renal kidney lupus nephritis ln biopsy histologic histological histology pathology pathologic ai ci index"
    " score of the in by for activity chronicity total national institutes institute health revised isn rps native tissue"
    " glomerulonephritis value result".split()
)
_WORDS_OF_KIDNEY = frozenset({"nephritis", "renal", "kidney", "biopsy", "nih", "ln"})


class Questions:
    """What the concepts' codes and names ask for, beside the general wording. Made once per concepts."""

    def __init__(self, concepts: Mapping[str, Concept]) -> None:
        self.concepts = {id_: concepts[id_] for id_ in (CLASS, ACTIVITY, CHRONICITY, CLASS_ANY) if id_ in concepts}
        self._codes: dict[str, Question] = dict.fromkeys(_BIOPSY_CODES, "biopsy")
        self._names: dict[str, Question] = {}
        for concept_id, question in _QUESTION_OF.items():
            concept = self.concepts.get(concept_id)
            if concept is not None:
                self._codes.update({code.token: question for code in concept.codes if code.token not in self._codes})
                self._names.update({name.lower(): question for name in concept.names})
        answers = self.concepts[CLASS].answers if CLASS in self.concepts else {}
        self._answers = {word: answer for answer, words in answers.items() for word in words}

    def asked_by(self, codeable: Any) -> Question | None:
        """What a CodeableConcept asks for, by a code, else by its words."""
        concept = mapping(codeable)
        codings = items(concept.get("coding"))
        for coding in codings:
            question = self._codes.get(coding_token(coding))
            if question is not None:
                return question
        for text in (text_of(concept.get("text")), *(text_of(coding.get("display")) for coding in codings)):
            if text:
                question = self._names.get(text.lower()) or question_in(text)
                if question is not None:
                    return question
        return None

    def coded_classes(self, tokens: Iterable[str]) -> tuple[frozenset[str], bool]:
        """The classes that codes stand for, and whether only WHO codes say so."""
        tokens = list(tokens)
        of_isn = frozenset(self._answers[t] for t in tokens if t in self._answers and t not in WHO_CLASSES)
        if of_isn:
            return of_isn, False
        of_who = frozenset(WHO_CLASSES[token] for token in tokens if token in WHO_CLASSES)
        return of_who, bool(of_who)


@lru_cache(maxsize=4096)
def question_in(text: str) -> Question | None:
    """What the words of a code ask for."""
    found = _INDEX.search(text)
    if found is not None:
        which = found["which"] or ("activity" if found["cn"] == "活动" else "chronicity")
        words = set(_WORD.findall(text.lower()))
        other = words - _WORDS_OF_INDEX or ("lupus" in words and not words & _WORDS_OF_KIDNEY)
        return None if other else ("activity" if which.lower() == "activity" else "chronicity")
    if _CLASS.search(text) and "functional" not in text.lower():
        return "class"
    return "biopsy" if _KIDNEY.search(text) and _BIOPSY.search(text) else None


_questions: dict[int, tuple[Mapping[str, Concept], Questions]] = {}


def questions_of(concepts: Mapping[str, Concept]) -> Questions:
    """The questions of these concepts, made once for one mapping."""
    known = _questions.get(id(concepts))
    if known is not None and known[0] is concepts:
        return known[1]
    made = Questions(concepts)
    if len(_questions) >= 16:
        _questions.clear()
    _questions[id(concepts)] = (concepts, made)
    return made


@lru_cache(maxsize=1024)
def names_kidney(text: str) -> bool:
    """Whether words speak of the kidney."""
    return _KIDNEY.search(text) is not None


def is_kidney_specimen(tokens: Iterable[str], texts: Iterable[str]) -> bool:
    """Whether a specimen's type is kidney tissue."""
    return not _KIDNEY_SPECIMENS.isdisjoint(tokens) or any(names_kidney(text) for text in texts)


def is_pathology(code_tokens: Iterable[str], code_texts: Iterable[str], sections: Iterable[str]) -> bool:
    """Whether codes, words and categories make a report one of pathology."""
    return (
        not _PATHOLOGY_CODES.isdisjoint(code_tokens)
        or not _PATHOLOGY_SECTIONS.isdisjoint(sections)
        or any(_BIOPSY.search(text) for text in code_texts)
    )


def is_imaging(sections: Iterable[str]) -> bool:
    """Whether categories make a report one of imaging, which only mentions biopsies."""
    return not _IMAGING_SECTIONS.isdisjoint(sections)
