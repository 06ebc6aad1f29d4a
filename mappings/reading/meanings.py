"""What the code of an Observation means to the definitions, looked up once for each code that comes in."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mappings.concept import Concept
from mappings.reading.code_index import CodeIndex, words
from mappings.reading.pathology.questions import questions_of
from mappings.reading.plain_results import PlainResults, is_plain

KIDNEY_WORDS = re.compile(r"kidney|renal|nephritis|glomerul|isn/rps|肾|腎", re.IGNORECASE)
_MOST = 4096


@dataclass(frozen=True, slots=True)
class Meaning:
    """The concepts that a code stands for, and whether pathology is to be looked for in the Observation.

    ``is_nothing``: neither. ``plain`` reads most results of the only concept, if they are plain numbers.
    """

    concepts: Sequence[Concept]
    pathology: bool
    plain: PlainResults | None = None
    is_nothing: bool = False


class Meanings:
    """Meanings by code, system and words. One for each catalog; the same codes come with every record."""

    def __init__(
        self, index: CodeIndex, concepts: Mapping[str, Concept], also: Iterable[Concept] = ()
    ) -> None:
        """``also``: concepts that only the reading knows."""
        self._index = index
        self._concepts = concepts
        known = (*concepts.values(), *also)
        self._plain = {concept.id: PlainResults(concept) for concept in known if is_plain(concept)}
        self._known: dict[tuple[object, ...], Meaning] = {}
        self.by_code: dict[object, tuple[object, object, object, bool, Meaning]] = {}
        """The last meaning of a single code, behind the system, display and text that it stood with, and
        whether these words do not matter, because the definitions name the code."""

    def of(self, code: Any) -> Meaning:
        """The meaning of a CodeableConcept. Never raises."""
        try:
            codings, text = code.get("coding", ()), code.get("text")
            if len(codings) == 1:
                return self._of_single(code, codings[0], text)
            key = (*[(c.get("code"), c.get("system"), c.get("display")) for c in codings], text)
            known = self._known.get(key)
        except (AttributeError, KeyError, TypeError):  # nothing that FHIR knows
            return self._looked_up(code)
        return known or self._kept(key, self._looked_up(code))

    def concepts_of(self, code: Any) -> Sequence[Concept]:
        """The concepts of a component's code."""
        return self.of(code).concepts

    def _of_single(self, code: Any, coding: Any, text: Any) -> Meaning:
        single, system, display = coding.get("code"), coding.get("system"), coding.get("display")
        last = self.by_code.get(single)
        if last is not None and last[0] == system and (last[3] or (last[1] == display and last[2] == text)):
            return last[4]
        key = (single, system, display, text)
        meaning = self._known.get(key) or self._kept(key, self._looked_up(code))
        self.by_code[single] = (system, display, text, bool(self._index.coded((coding,))), meaning)
        return meaning

    def _kept(self, key: tuple[object, ...], meaning: Meaning) -> Meaning:
        if len(self._known) >= _MOST:
            self._known.clear()
            self.by_code.clear()
        self._known[key] = meaning
        return meaning

    def _looked_up(self, code: Any) -> Meaning:
        found = self._index.concepts(code)
        if not found:
            asked = questions_of(self._concepts).asked_by(code)
            pathology = asked is not None or KIDNEY_WORDS.search(words(code)) is not None
            return Meaning((), pathology, is_nothing=not pathology and type(code) is dict)
        concepts = tuple(concept for concept in found if not concept.pathology)
        plain = self._plain.get(concepts[0].id) if len(concepts) == len(found) == 1 else None
        return Meaning(concepts, len(concepts) < len(found), plain)
