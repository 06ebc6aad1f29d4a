"""Which concepts a code or a text stands for."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from mappings.concept import Concept
from mappings.reading.fhir_elements import items, same_system
from mappings.reading.keeping.texts import kept

K = TypeVar("K")
V = TypeVar("V")


class MadeOnce(Generic[K, V]):
    """What is made from a catalog's part, kept for as long as it is the very same object that asks."""

    def __init__(self, make: Callable[[K], V], most: int = 64) -> None:
        self._make, self._most = make, most
        self._known: dict[int, tuple[K, V]] = {}

    def of(self, source: K) -> V:
        """What was made from ``source``. The source is kept too, so that its ``id`` stays its own."""
        known = self._known.get(id(source))
        if known is not None and known[0] is source:
            return known[1]
        made = self._make(source)
        if len(self._known) >= self._most:
            self._known.clear()
        self._known[id(source)] = (source, made)
        return made


_SPACES = re.compile(r"[\s\-_/,.:()]+")


_OTHER_SCORE = re.compile(r"\b(?:selena|mex|csledai)\b|\bclinical sledai\b")
"""Words of a name that make a SLEDAI another one than the name beside it says."""


@kept(4096)
def normalised(text: str) -> str:
    """A name as it is compared: lower case, runs of spaces and punctuation as one space."""
    return _SPACES.sub(" ", text.lower()).strip()


class CodeIndex:
    """Concepts by code and by name, built once from the definitions."""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._by_code: dict[str, list[tuple[str, Concept]]] = {}
        self._by_name: dict[str, list[Concept]] = {}
        for concept in concepts:
            for code in concept.codes:
                known, one = self._by_code.setdefault(code.code, []), (same_system(code.system), concept)
                if one not in known:
                    known.append(one)
            for name in concept.names:
                self._by_name.setdefault(normalised(name), []).append(concept)

    def concepts(self, codeable: Any) -> Sequence[Concept]:
        """The concepts of a CodeableConcept: by its codings, else by its words. Never raises."""
        if type(codeable) is not dict:
            return ()
        codings = codeable.get("coding")
        if type(codings) is not list:
            codings = [codings] if type(codings) is dict else ()
        return self.coded(codings) or self._by_words(codeable, codings)

    def coded(self, codings: Iterable[Any]) -> Sequence[Concept]:
        """The concepts of some codings, whatever words stand beside them."""
        found: Sequence[Concept] = ()
        for coding in codings:
            if type(coding) is dict:
                found = self._add(found, coding)
        return found

    def _add(self, found: Sequence[Concept], coding: dict[str, Any]) -> Sequence[Concept]:
        code = coding.get("code")
        if type(code) is not str:
            return found
        hits = self._by_code.get(code) or self._by_code.get(code.strip())
        if not hits:
            return found
        system = coding.get("system")
        if type(system) is not str:
            return found
        name = same_system(system)
        new = [concept for uri, concept in hits if uri == name and concept not in found]
        if not new:
            return found
        return [*found, *new]

    def _by_words(self, codeable: dict[str, Any], codings: Sequence[Any]) -> Sequence[Concept]:
        if not self._by_name:
            return ()
        texts = [codeable.get("text"), *(c.get("display") for c in codings if type(c) is dict)]
        names = [normalised(text) for text in texts if type(text) is str and len(text) < 200]
        hits = next(filter(None, map(self._by_name.get, names)), ())
        return () if hits and any(map(_OTHER_SCORE.search, names)) else hits


def codings_of(codeable: Any) -> Sequence[Mapping[str, Any]]:
    """The codings of a CodeableConcept that can be read, tolerating one written without its list."""
    return items(codeable.get("coding")) if isinstance(codeable, dict) else ()


def first_code(codeable: Any) -> str:
    """The first code of a CodeableConcept, of a list of them, or of a bare string; "" if none."""
    if isinstance(codeable, str):
        return codeable.strip()
    if isinstance(codeable, list):
        return first_code(codeable[0]) if codeable else ""
    for coding in codings_of(codeable):
        if isinstance(coding.get("code"), str):
            return str(coding["code"]).strip()
    return ""


def words(codeable: Any) -> str:
    """What a CodeableConcept says in words: its text, else a display, else a code."""
    if not isinstance(codeable, dict):
        return ""
    if isinstance(codeable.get("text"), str) and codeable["text"].strip():
        return str(codeable["text"]).strip()
    for key in ("display", "code"):
        for coding in codings_of(codeable):
            if isinstance(coding.get(key), str) and coding[key].strip():
                return str(coding[key]).strip()
    return ""
