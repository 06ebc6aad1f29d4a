"""Which concept the words of an unknown code look like. For proposals to a person: nothing is read by it.

The word lists are ours (Interpretation): they decide what is proposed, never what a code means.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mappings.concept import Concept
from mappings.language import LANGUAGES, language

_SAME: dict[str, str] = {
    **dict.fromkeys(("ur", "urinary", "urin", "uri"), "urine"),
    **dict.fromkeys(("creat", "crea", "creatinin", "krea", "kreatinin", "scr"), "creatinine"),
    **dict.fromkeys(("prot", "proteins"), "protein"),
    **dict.fromkeys(("hb", "hgb", "hemoglobin"), "haemoglobin"),
    **dict.fromkeys(("plt", "platelet", "thrombocytes", "thrombocyte"), "platelets"),
    **dict.fromkeys(("wbc", "leucocytes", "leukocyte", "leucocyte"), "leukocytes"),
    **dict.fromkeys(("rbc", "erythrocyte"), "erythrocytes"),
    **dict.fromkeys(("neut", "neutrophil"), "neutrophils"),
    **dict.fromkeys(("ab", "abs", "antibodies", "anti"), "antibody"),
    **dict.fromkeys(("antinuclear",), "nuclear"),
    **dict.fromkeys(("smith",), "sm"),
    **dict.fromkeys(("dna",), "dsdna"),
    **dict.fromkeys(("preg", "pregnant", "gravidity"), "pregnancy"),
    **dict.fromkeys(("bx",), "biopsy"),
    **dict.fromkeys(("renal",), "kidney"),
    **dict.fromkeys(("temp",), "temperature"),
    **dict.fromkeys(("lvef",), "ejection"),
    **dict.fromkeys(("bili",), "bilirubin"),
    **dict.fromkeys(("alat", "sgpt", "gpt"), "alanine"),
    **dict.fromkeys(("asat", "sgot", "got"), "aspartate"),
    **dict.fromkeys(("spo2", "sao2"), "oxygen"),
}
"""Abbreviations and other spellings of words in the names of tests."""

_SPECIMENS = {"urine": "urine", "serum": "blood", "plasma": "blood", "blood": "blood", "csf": "csf"}
_CONTEXT = frozenset(
    {
        *("urine", "serum", "plasma", "blood", "body", "fluid", "csf", "sediment", "tissue", "specimen"),
        *("mass", "volume", "molar", "moles", "ratio", "rate", "time", "hour", "hours", "h", "hr"),
        *(
            "test",
            "level",
            "count",
            "total",
            "presence",
            "number",
            "units",
            "unit",
            "result",
            "value",
            "finding",
        ),
        *("of", "in", "by", "and", "or", "the", "for", "to", "with", "per", "due", "a", "an", "from", "on"),
        *("method", "automated", "manual", "qualitative", "quantitative", "spot", "random", "local", "lab"),
        *(
            "antibody",
            "disorder",
            "disease",
            "procedure",
            "observable",
            "entity",
            "status",
            "recorded",
            "poct",
        ),
    }
)
"""Words that do not tell one test from another."""

_SHORT = frozenset({"c3", "c4", "hcg", "ana", "sm", "upcr", "sle", "ecog", "bcma", "cd19", "ch50"})
_WORD = re.compile(r"[a-z0-9]+")
_ASIDE = re.compile(r"\[[^\]]*\]|\([^)]*\)|\uff08[^\uff09]*\uff09")
_CHINESE = re.compile(r"[㐀-鿿]+")
_GREEK = str.maketrans({"α": "alpha", "β": "beta", "γ": "gamma"})
_DOUBLE_STRANDED = re.compile(r"\b(?:ds[\s-]+dna|double[\s-]+stranded(?:[\s-]+dna)?)\b")
_DAY = re.compile(r"\b24[\s-]*h(?:(?:ou)?rs?)?\b")
_SHORTEST_STEM = 4
_LEAST_OF_WORD = 0.4
_MOST_LIKE = 3
_LONGEST_TEXT = 200


class Likeness(NamedTuple):
    """A concept that words look like. ``sure``: like no other, and nothing in the words is left over."""

    concept: str
    sure: bool


class _Phrase(NamedTuple):
    concept: str
    core: frozenset[str]


class Names:
    """The names of some concepts, asked what a text looks like."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._phrases: list[_Phrase] = []
        self._specimens: dict[str, set[str]] = {}
        self._known: dict[str, set[str]] = {}
        self._chinese: list[tuple[str, frozenset[str]]] = []
        for concept in concepts:
            for phrase in _phrases_of(concept):
                self._add(concept.id, phrase)

    def _add(self, concept: str, phrase: str) -> None:
        words = _words(_ASIDE.sub(" ", phrase))
        self._known.setdefault(concept, set()).update(words)
        self._specimens.setdefault(concept, set()).update(_specimens(words))
        core = frozenset(words - _CONTEXT)
        if any(len(word) >= _SHORTEST_STEM or word in _SHORT for word in core):
            self._phrases.append(_Phrase(concept, core))
        pairs = _pairs(phrase)
        if len(pairs) > 1:
            self._chinese.append((concept, pairs))

    def like(self, texts: Sequence[str]) -> tuple[Likeness, ...]:
        """The concepts that the words of a code look like; none if they look like no one."""
        for text in texts:
            found = self._by_words(text[:_LONGEST_TEXT]) or self._by_characters(text[:_LONGEST_TEXT])
            if found:
                return found
        return ()

    def _by_words(self, text: str) -> tuple[Likeness, ...]:
        words = _words(text)
        if not words:
            return ()
        best: dict[str, int] = {}
        of_other_specimen = False
        for concept, core in self._phrases:
            if all(_has(words, word) for word in core):
                if self._may_be(concept, words):
                    best[concept] = max(best.get(concept, 0), len(core))
                else:
                    of_other_specimen = True
        most = max(best.values(), default=0)
        found = [concept for concept, count in best.items() if count == most]
        if not found:
            return () if of_other_specimen else self._by_part(words)
        return tuple(
            Likeness(concept, len(found) == 1 and self._explains(concept, words))
            for concept in found[:_MOST_LIKE]
        )

    def _by_part(self, words: set[str]) -> tuple[Likeness, ...]:
        """The names of which the words are a part ("systemic lupus"), if they are enough of one."""
        shares: dict[str, float] = {}
        telling = words - _CONTEXT
        for concept, core in self._phrases:
            if telling and all(_has(core, word) for word in telling) and self._may_be(concept, words):
                shares[concept] = max(shares.get(concept, 0.0), len(telling) / len(core))
        most = max(shares.values(), default=0.0)
        found = [concept for concept, share in shares.items() if share == most and most >= 1 / 2]
        return tuple(Likeness(concept, False) for concept in found[:_MOST_LIKE])

    def _may_be(self, concept: str, words: set[str]) -> bool:
        """Whether the specimens that both name, if they do, have one in common."""
        theirs, ours = self._specimens[concept], _specimens(words)
        return not (theirs and ours and theirs.isdisjoint(ours))

    def _explains(self, concept: str, words: set[str]) -> bool:
        return all(_has(self._known[concept], word) for word in words - _CONTEXT)

    def _by_characters(self, text: str) -> tuple[Likeness, ...]:
        pairs = _pairs(text)
        shares = {concept: len(pairs & theirs) / len(theirs) for concept, theirs in self._chinese if pairs}
        most = max(shares.values(), default=0.0)
        found = [concept for concept, share in shares.items() if share == most and most >= 2 / 3]
        return tuple(Likeness(concept, False) for concept in found[:_MOST_LIKE])


def _phrases_of(concept: Concept) -> Iterable[str]:
    yield concept.display
    yield from concept.names
    for code in concept.codes:
        yield code.display
    for tag in LANGUAGES[1:]:
        yield language(tag).text(concept.display)


def _words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKC", text).lower().translate(_GREEK)
    plain = _DAY.sub(" 24h ", _DOUBLE_STRANDED.sub("dsdna", plain))
    return {_SAME.get(word, word) for word in _WORD.findall(plain)}


def _specimens(words: Iterable[str]) -> set[str]:
    return {_SPECIMENS[word] for word in words if word in _SPECIMENS}


def _has(words: Iterable[str], word: str) -> bool:
    """Whether a word is there, or one that begins alike, such as "thrombo" and "thrombocytopenia"."""
    return word in words or any(_begin_alike(*sorted((word, other), key=len)) for other in words)


def _begin_alike(stem: str, word: str) -> bool:
    """A stem of a compound says too little of it: "lupus" is not "Lupusnephritis"."""
    return len(stem) >= max(_SHORTEST_STEM, len(word) * _LEAST_OF_WORD) and word.startswith(stem)


def _pairs(text: str) -> frozenset[str]:
    """The pairs of Chinese characters of a text, which do what words do."""
    runs = _CHINESE.findall(_ASIDE.sub(" ", text))
    return frozenset(run[place : place + 2] for run in runs for place in range(len(run) - 1))
