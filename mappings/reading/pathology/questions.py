"""What a code asks for: the class, an index, a kidney biopsy as a whole, or nothing of these."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from mappings.concept import SYSTEMS, Concept
from mappings.reading.code_index import MadeOnce, normalised
from mappings.reading.fhir_elements import Words, items, mapping, text_of, tokens_and_texts
from mappings.reading.keeping.texts import kept, kept_for_words
from mappings.reading.pathology.organs import names_other_organ
from mappings.reading.references import contained_in, resolved

Question = Literal["class", "activity", "chronicity", "biopsy"]

CLASS, ACTIVITY, CHRONICITY = "kidney-biopsy-class", "nih-activity-index", "nih-chronicity-index"
CLASS_ANY = "kidney-biopsy-class-any-scheme"

_QUESTION_OF: Mapping[str, Question] = {
    CLASS: "class",
    ACTIVITY: "activity",
    CHRONICITY: "chronicity",
    "kidney-biopsy": "biopsy",
    "kidney-biopsy-report": "biopsy",
}
_PATHOLOGY, _SPECIMEN = "pathology-report", "kidney-specimen"
"""Concepts whose codes mark a report as one of pathology, and a specimen as kidney tissue."""

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

_PATHOLOGY_SECTIONS = frozenset({"PAT", "SP", "LP7839-6"})
_IMAGING_SECTIONS = frozenset({"RAD", "RUS", "RX", "CT", "NMR", "NMS", "LP29684-5", "imaging", "CUS"})
"""HL7 v2 table 0074 and LOINC parts, as DiagnosticReport.category has them."""

_KIDNEY = re.compile(
    r"kidney|(?<![a-z])(?:intra)?renal|(?<!epi)(?<!meta)(?:nephr|nefr[io])|(?<![a-zäöü])niere|ri[ñn][oó]n|glomerul|[肾腎](?!上腺)",
    re.IGNORECASE,
)
_BIOPSY = re.compile(
    r"biops|\bbx\b|histolog|histopath|patholog|patol[oó]gic|needle core|活检|穿刺|病理", re.IGNORECASE
)
_AROUND = re.compile(
    r"consent|checklist|instructions?\b|education|teaching|\bschedul\w+|\bplann(?:ed|ing)\b|appointment"
    r"|authori[sz]ation|\breferral\b|\b(?:pre|post)[- ]?(?:kidney |renal )?biops|aufkl[äa]rung|einwilligung"
    r"|consentimiento|知情|同意书|预约|宣教|告知",
    re.IGNORECASE,
)
"""Papers about a biopsy that was not taken yet, or about the patient before and after it."""
_REMEMBERED = re.compile(
    r"\b(?:prior|previous(?:ly)?|past|earlier|history|hx|h/o|last|recent|date|ever|had|has|have|number)\b"
    r"|既往|上次|曾|病史|日期|时间|是否|次数",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"\b(?:(?:post-?\s?)?procedure|operative|operation|op|interventional?) (?:note|report|record|summary)s?\b"
    r"|(?:手术|操作|穿刺)记录",
    re.IGNORECASE,
)
_TISSUE = re.compile(r"biops|tissue|cores?\b|wedge|gewebe|tejido|活检|穿刺|组织", re.IGNORECASE)
_NO_TISSUE = re.compile(
    r"stone|calcul|c[aá]lculo|stein|urine?\b|harn|orina|fluid|blood|serum|plasma|swab|\bpus\b|drain|tube|cathet"
    r"|nephrostom|dialys|结石|尿|血|液|引流",
    re.IGNORECASE,
)
_CLASS = re.compile(
    r"(?:isn.{0,3}rps|lupus nephritis|(?<![a-z])ln(?![a-z])|nephritis|renal biopsy|kidney biopsy)"
    r"[^.;]{0,30}class"
    r"|class[^.;]{0,30}(?:lupus nephritis|isn.{0,3}rps|(?<![a-z])ln(?![a-z]))|^isn.{0,3}rps"
    r"|(?:狼[疮瘡]性?[肾腎]炎|(?<![a-z])ln(?![a-z])|[肾腎](?:脏|组织|活检|穿刺|炎)?病理).*(?:分型|类型|分类|分级)",
    re.IGNORECASE,
)
_INDEX = re.compile(
    r"(?P<which>activity|chronicity) (?:index|score)|(?P<cn>活动|慢性)性?化?(?:病变)?(?:指数|评分|积分)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z]+")
_WORDS_OF_INDEX = frozenset(
    (
        *(
            "nih",
            "modified",
            "renal",
            "kidney",
            "lupus",
            "nephritis",
            "ln",
            "biopsy",
            "histologic",
            "histological",
        ),
        *(
            "histology",
            "pathology",
            "pathologic",
            "ai",
            "ci",
            "index",
            "score",
            "of",
            "the",
            "in",
            "by",
            "for",
        ),
        *(
            "activity",
            "chronicity",
            "total",
            "national",
            "institutes",
            "institute",
            "health",
            "revised",
            "isn",
        ),
        *("rps", "native", "tissue", "glomerulonephritis", "value", "result"),
    )
)
_NO_CLASSES: frozenset[str] = frozenset()
_WORDS_OF_KIDNEY = frozenset({"nephritis", "renal", "kidney", "biopsy", "nih", "ln"})


def words_of_code(codeable: Any) -> Words:
    """The tokens and texts of a code; sooner for one in words alone, as those of most components are."""
    if type(codeable) is dict and "coding" not in codeable and type(codeable.get("text")) is str:
        text = codeable["text"].strip()
        return (), (text,) if text else ()
    return tokens_and_texts(codeable)


class Questions:
    """What the concepts' codes and names ask for, beside the general wording. Made once per concepts."""

    def __init__(self, concepts: Mapping[str, Concept]) -> None:
        self.concepts = {
            id_: concepts[id_] for id_ in (CLASS, ACTIVITY, CHRONICITY, CLASS_ANY) if id_ in concepts
        }
        self._codes: dict[str, Question] = {}
        self._names: dict[str, Question] = {}
        for concept_id, question in _QUESTION_OF.items():
            if concept_id in concepts:
                self._codes.update(dict.fromkeys(_tokens_of(concepts, concept_id), question))
                self._names.update({normalised(name): question for name in concepts[concept_id].names})
        self._pathology = _tokens_of(concepts, _PATHOLOGY)
        self._specimens = _tokens_of(concepts, _SPECIMEN)
        answers = concepts[CLASS].answers if CLASS in concepts else {}
        self._answers = {word: answer for answer, words in answers.items() for word in words}
        self._of_classes = frozenset({*self._answers, *WHO_CLASSES})
        self._asked_by = kept_for_words(4096)(self._find)

    def asked_by(self, codeable: Any) -> Question | None:
        """What a CodeableConcept asks for, by a code, else by its words."""
        tokens, texts = words_of_code(codeable)
        return self._asked_by(tokens, texts) if tokens or texts else None

    def _find(self, tokens: tuple[str, ...], texts: tuple[str, ...]) -> Question | None:
        known = (self._codes.get(token) for token in tokens)
        named = (self._names.get(normalised(text)) or question_in(text) for text in texts)
        return next((question for question in (*known, *named) if question is not None), None)

    def coded_classes(self, tokens: Sequence[str]) -> tuple[frozenset[str], bool]:
        """The classes that codes stand for, and whether only WHO codes say so."""
        if self._of_classes.isdisjoint(tokens):
            return _NO_CLASSES, False
        of_isn = frozenset(self._answers[t] for t in tokens if t in self._answers and t not in WHO_CLASSES)
        if of_isn:
            return of_isn, False
        of_who = frozenset(WHO_CLASSES[token] for token in tokens if token in WHO_CLASSES)
        return of_who, bool(of_who)

    def is_kidney_specimen(self, specimen: Mapping[str, Any]) -> bool:
        """Whether a Specimen is kidney tissue: by its type, or of a type of tissue and from the kidney."""
        tokens, texts = tokens_and_texts(specimen.get("type"))
        if not self._specimens.isdisjoint(tokens) or any(names_kidney_tissue(text) for text in texts):
            return True
        if not any(_TISSUE.search(text) for text in texts):
            return False
        _, sites = tokens_and_texts(mapping(specimen.get("collection")).get("bodySite"))
        return any(names_kidney(site) and not names_other_organ(site) for site in sites)

    def has_kidney_specimen(
        self, report: Mapping[str, Any], kidneys: frozenset[str], full_urls: Mapping[str, str]
    ) -> bool:
        """Whether a report refers to kidney tissue: one of ``kidneys``, one that it contains or by words."""
        for link in items(report["specimen"]) if "specimen" in report else ():
            reference = text_of(link.get("reference"))
            if kidneys and resolved(reference, full_urls, "Specimen") in kidneys:
                return True
            inside = contained_in(report, reference)
            if inside is not None and self.is_kidney_specimen(inside):
                return True
            if names_kidney_tissue(text_of(link.get("display"))):
                return True
        return False

    def is_pathology(self, codeable: Any, sections: Iterable[str]) -> bool:
        """Whether a report's code, words or categories make it one of pathology."""
        tokens, texts = tokens_and_texts(codeable)
        return (
            not self._pathology.isdisjoint(tokens)
            or not _PATHOLOGY_SECTIONS.isdisjoint(sections)
            or any(_BIOPSY.search(text) and not _AROUND.search(text) for text in texts)
        )


def _tokens_of(concepts: Mapping[str, Concept], concept_id: str) -> frozenset[str]:
    return (
        frozenset(code.token for code in concepts[concept_id].codes)
        if concept_id in concepts
        else frozenset()
    )


def question_in(text: str) -> Question | None:
    """What the words of a code ask for."""
    found = _INDEX.search(text)
    if found is not None:
        which = found["which"] or ("activity" if found["cn"] == "活动" else "chronicity")
        words = set(_WORD.findall(text.lower()))
        other = words - _WORDS_OF_INDEX or ("lupus" in words and not words & _WORDS_OF_KIDNEY)
        return None if other else ("activity" if which.lower() == "activity" else "chronicity")
    found_class = _CLASS.search(text) and "functional" not in text.lower()
    if not found_class and not (_KIDNEY.search(text) and _BIOPSY.search(text)):
        return None
    if names_other_organ(text):
        return None
    if found_class:
        return "class"
    return None if _AROUND.search(text) else "biopsy"


_questions: MadeOnce[Mapping[str, Concept], Questions] = MadeOnce(Questions)


def questions_of(concepts: Mapping[str, Concept]) -> Questions:
    """The questions of these concepts, made once for one mapping."""
    return _questions.of(concepts)


def is_remembered(codeable: Any) -> bool:
    """Whether words ask for the patient's past: "prior kidney biopsy", "date of last kidney biopsy"."""
    return any(_REMEMBERED.search(text) for text in tokens_and_texts(codeable)[1])


def is_note_on_taking(codeable: Any) -> bool:
    """Whether a report tells how tissue was taken, and not what was found in it."""
    return any(_NOTE.search(text) for text in tokens_and_texts(codeable)[1])


@kept(1024)
def names_kidney(text: str) -> bool:
    """Whether words speak of the kidney."""
    return _KIDNEY.search(text) is not None


@kept(1024)
def names_kidney_tissue(words: str) -> bool:
    """Whether what a specimen is called is tissue of the kidney, not a stone, urine or another organ's."""
    if not names_kidney(words) or names_other_organ(words):
        return False
    return _TISSUE.search(words) is not None or _NO_TISSUE.search(words) is None


def is_imaging(sections: Iterable[str]) -> bool:
    """Whether categories make a report one of imaging, which only mentions biopsies."""
    return not _IMAGING_SECTIONS.isdisjoint(sections)
