"""What a site adds to the concepts, checked piece by piece: nothing that is known may change its meaning."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

from mappings.concept import Code, Concept, TimedCollection
from mappings.definitions.one_meaning import same_test
from mappings.definitions.parsing.leaf_rules import GENERAL_ANSWERS
from mappings.reading.answers import GENERAL_CODES, worded_answers
from mappings.reading.code_index import normalised
from mappings.reading.laboratory.timed_urine import timed_urine
from mappings.reading.pathology.questions import CLASS
from mappings.trial_definition import Catalog
from mappings.units import convert, is_unit, spelling

_MAY_SHARE = frozenset({"condition", "procedure"})
_RESULTS = frozenset({"measurement", "finding"})
BIOPSY_CLASSES = ("I", "II", "III", "IV", "V", "VI")
"""Of lupus nephritis, by ISN/RPS 2003 and 2018. A code of the WHO scheme is none of them."""

_ANNOTATION = re.compile(r"\{[^{}]*\}")


Part = Literal["", "concentration", "volume"]


class ClashError(Exception):
    """The addition would change what is known; the message says what that is."""


class Meant(NamedTuple):
    """What a code means: a concept, or a ``part`` of what a 24-hour collection is computed from."""

    concept: Concept
    part: Part = ""

    @property
    def words(self) -> str:
        """As messages call it."""
        return f"{self.concept.id!r} ({self.part})" if self.part else repr(self.concept.id)


class Additions:
    """Collects what a site adds. Each method answers whether that is new; ``ClashError`` if it may not be.

    What is added counts as known for what comes after it, so that a site cannot contradict itself either.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._of_code: dict[str, list[Meant]] = {}
        self._of_name: dict[str, list[Concept]] = {}
        for concept in catalog.concepts.values():
            for meant, codes in _codes_of(concept):
                for code in codes:
                    self._of_code.setdefault(code.token, []).append(meant)
            for name in concept.names:
                self._of_name.setdefault(normalised(name), []).append(concept)
        self._before = {token: tuple(held) for token, held in self._of_code.items()}
        self.codes: dict[str, dict[Part, dict[str, Code]]] = {}
        self.imprecise: dict[str, set[str]] = {}
        self.names: dict[str, dict[str, str]] = {}
        self.answers: dict[str, dict[str, set[str]]] = {}
        self.units: dict[str, dict[str, str]] = {}

    def standing_for(self, token: str) -> Sequence[Meant]:
        """What a code (``system|code``) stands for without what the site adds."""
        return self._before.get(token, ())

    def answering(self, token: str) -> Iterator[tuple[Concept, str]]:
        """The answers that a code gives without what the site adds, concept by concept."""
        general = GENERAL_CODES.get(token)
        for concept in self._catalog.concepts.values():
            if concept.pathology:  # its reader keeps WHO classes apart by their codes
                continue
            own = [answer for answer, ways in concept.answers.items() if token in ways]
            if not own and general and takes_general_answers(concept):
                own = [general]
            for answer in own:
                yield concept, answer

    def code(self, meanings: Sequence[Meant], code: Code, *, imprecise: Collection[str] = ()) -> bool:
        """A code that means this: one concept, or all that a mapped code stands for.

        ``imprecise``: for these concepts a positive answer under the code lacks what rules need.
        """
        held = self._of_code.setdefault(code.token, [])
        for meant in meanings:
            other = _clash(held, meant, meanings)
            if other is not None:
                raise ClashError(_stands_for(f"the code {code.code!r}", other.words))
        new = [meant for meant in meanings if all(not _same(known, meant) for known in held)]
        for meant in new:
            held.append(meant)
            self.codes.setdefault(meant.concept.id, {}).setdefault(meant.part, {})[code.token] = code
            if meant.concept.id in imprecise:
                self.imprecise.setdefault(meant.concept.id, set()).add(code.token)
        return bool(new)

    def name(self, concept: Concept, text: str) -> bool:
        """A whole text that stands for a concept where no known code does."""
        held = self._of_name.setdefault(normalised(text), [])
        if any(known.id == concept.id for known in held):
            return False
        other = next((one for one in held if _read_together(one, concept)), None)
        if other is not None:
            raise ClashError(_stands_for(f"the name {text!r}", repr(other.id)))
        held.append(concept)
        self.names.setdefault(concept.id, {})[normalised(text)] = text
        return True

    def answer(self, concepts: Iterable[Concept], answer: str, way: str) -> bool:
        """A code (``system|code``) or a lower-case text by which results of concepts give an answer."""
        return sum([self._answer(concept, answer, way) for concept in concepts]) > 0

    def _answer(self, concept: Concept, answer: str, way: str) -> bool:
        known = self._answers_by(concept, way)
        # A code that stands without words is read as a word.
        other = (known or worded_answers(way.rpartition("|")[2], concept)) - {answer}
        if other:
            what = f"{way.rpartition('|')[2]!r} is {min(other)!r} for {concept.id!r}"
            raise ClashError(f"{what} already; it cannot mean both")
        if known:
            return False
        self.answers.setdefault(concept.id, {}).setdefault(answer, set()).add(way)
        return True

    def _answers_by(self, concept: Concept, way: str) -> frozenset[str]:
        if "|" not in way:
            known = worded_answers(way, concept)
        else:
            own = {answer for answer, ways in concept.answers.items() if way in ways}
            general = {GENERAL_CODES[way]} if way in GENERAL_CODES else set()
            known = frozenset(own or general)
        added = {answer for answer, ways in self.answers.get(concept.id, {}).items() if way in ways}
        return known | added

    def unit(self, concepts: Iterable[Concept], text: str, unit: str) -> bool:
        """A way in which a unit is written, exactly; ``unit`` must convert into those of the concepts.

        A text that is a unit already means what it means, here and everywhere; only an annotation that
        nobody knows (``mg/mmol{Krea}``) may be explained.
        """
        return sum([self._unit(concept, text, unit) for concept in concepts]) > 0

    def _unit(self, concept: Concept, text: str, unit: str) -> bool:
        own = {**concept.unit_spellings, **self.units.get(concept.id, {})}
        new = False
        for one in read_as(concept):
            meant, known = _meaning(unit, one), _meaning(own.get(text, text), one)
            if known is not None and known != meant:
                raise ClashError(f"{text!r} is read as another unit of {concept.id!r} already")
            new |= known is None and meant is not None
        if not new:
            return False
        if is_unit(spelling(text, concept.unit)) and not _explains(text, unit, concept):
            raise ClashError(f"{text!r} is a unit already, and not one of {concept.id!r}")
        self.units.setdefault(concept.id, {})[text] = unit
        return True

    def laid_over(self) -> Mapping[str, Concept]:
        """All concepts of the catalog, in their order, with what was added."""
        touched = {*self.codes, *self.imprecise, *self.names, *self.answers, *self.units}
        return {
            name: self._with(concept) if name in touched else concept
            for name, concept in self._catalog.concepts.items()
        }

    def _with(self, concept: Concept) -> Concept:
        codes, answers = self.codes.get(concept.id, {}), dict(concept.answers)
        for answer, ways in self.answers.get(concept.id, {}).items():
            answers[answer] = answers.get(answer, frozenset()) | ways
        return replace(
            concept,
            codes=(*concept.codes, *codes.get("", {}).values()),
            collection=_with_parts(concept.collection, codes),
            names=(*concept.names, *self.names.get(concept.id, {}).values()),
            answers=answers,
            unit_spellings={**concept.unit_spellings, **self.units.get(concept.id, {})},
            imprecise_when_positive=concept.imprecise_when_positive | self.imprecise.get(concept.id, set()),
        )

    def digest(self) -> str:
        """``sha256:`` and a digest of what is added and nothing else.

        Order, layout, displays and what was known already do not change it; nor does whether a code was
        listed or came by a ConceptMap.
        """
        content = {
            "codes": {name: _listed(parts) for name, parts in self.codes.items()},
            "imprecise": _listed(self.imprecise),
            "names": _listed(self.names),
            "answers": {name: _listed(ways) for name, ways in self.answers.items()},
            "units": self.units,
        }
        text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def answers_of(concept: Concept) -> tuple[str, ...]:
    """The answers that a site may add ways for: the concept's own, and those that all results share.

    Of a kidney biopsy the classes: no code system that definitions name has a code for an ISN/RPS class.
    """
    if concept.pathology:
        return BIOPSY_CLASSES if concept.id == CLASS else ()
    if concept.kind not in _RESULTS:
        return ()
    return tuple(dict.fromkeys((*concept.answers, *GENERAL_ANSWERS)))


def read_as(concept: Concept) -> tuple[Concept, ...]:
    """The concept, and the parts of the collection from which it is computed: all with units of their own."""
    return (concept, *(part for timed in timed_urine((concept,)) for part in timed[1:]))


def takes_general_answers(concept: Concept) -> bool:
    """Whether "positive" and the like mean something for a concept, whatever its own answers are."""
    return concept.kind == "finding" and not concept.pathology


def _meaning(unit: str, concept: Concept) -> tuple[float, float] | None:
    """Two numbers in a unit, converted into the concept's; None if it cannot be converted."""
    one, many = convert(1.0, unit, concept), convert(1000.0, unit, concept)
    return None if one is None or many is None else (one, many)


def _explains(text: str, unit: str, concept: Concept) -> bool:
    """Whether a text is the same unit but for an annotation."""
    bare = _ANNOTATION.sub("", text)
    meanings = [(_meaning(bare, one), _meaning(unit, one)) for one in read_as(concept)]
    return any(meant is not None and meant == other for meant, other in meanings)


def _stands_for(what: str, meant: str) -> str:
    return f"{what} stands for {meant} already; it cannot mean both"


def _with_parts(
    collection: TimedCollection | None, codes: Mapping[Part, Mapping[str, Code]]
) -> TimedCollection | None:
    if collection is None:
        return None
    return TimedCollection(
        (*collection.concentration, *codes.get("concentration", {}).values()),
        (*collection.volume, *codes.get("volume", {}).values()),
    )


def _listed(additions: Mapping[Any, Iterable[str]]) -> dict[str, list[str]]:
    return {name: sorted(found) for name, found in additions.items() if found}


def _codes_of(concept: Concept) -> Iterator[tuple[Meant, tuple[Code, ...]]]:
    yield Meant(concept), concept.every_code
    if concept.collection is not None:
        yield Meant(concept, "concentration"), concept.collection.concentration
        yield Meant(concept, "volume"), concept.collection.volume


def _same(one: Meant, other: Meant) -> bool:
    return one.concept.id == other.concept.id and one.part == other.part


def _clash(held: Iterable[Meant], meant: Meant, together: Sequence[Meant]) -> Meant | None:
    """What a code stands for already and cannot stand for beside this.

    Diagnoses and procedures may share a code: class IV lupus nephritis is lupus nephritis. One result is
    not two.
    """
    for known in held:
        shared = same_test(known.concept, meant.concept) or any(_same(known, one) for one in together)
        if not shared and not {known.concept.kind, meant.concept.kind} <= _MAY_SHARE:
            return known
    return None


def _read_together(one: Concept, other: Concept) -> bool:
    """Whether the same words in the same place would mean both."""
    if same_test(one, other):
        return False
    return one.kind == other.kind or {one.kind, other.kind} <= _RESULTS
