"""What a tally shows: which codes each concept has, and what no reader understands yet. Words under a rule.

What is shown of a record are codes, displays, units and counts, never a value. A display is the words of a
code; words that someone may have typed for a patient (the free text beside codes, a unit inside a text, the
displays of a code that has many) are shown only if ``ENOUGH_PATIENTS`` patients have the very same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from cds_service.codes.likeness import Likeness, Names
from cds_service.codes.tally import ENOUGH_PATIENTS, Area, Coded, Coding, Seen, Tally, Unit
from mappings.concept import Concept
from mappings.reading.code_index import CodeIndex
from mappings.reading.drugs.forms import is_local
from mappings.reading.drugs.names import drug_index
from mappings.reading.fhir_elements import coding_token, one_line
from mappings.reading.pathology.questions import ACTIVITY, CHRONICITY, CLASS, questions_of
from mappings.reading.record import RecordReader
from mappings.trial_definition import Catalog

HIDDEN = f"(words of fewer than {ENOUGH_PATIENTS} patients: not shown)"
_MOST_DISPLAYS = 3
"""A code with more displays than this is one under which people type. Interpretation."""
_LONGEST = {"display": 80, "code": 64, "system": 100, "unit": 40}
_OF_QUESTIONS = {"class": CLASS, "activity": ACTIVITY, "chronicity": CHRONICITY, "biopsy": "kidney-biopsy"}


class Found(NamedTuple):
    """A code, or words without one, with how often and when last. ``like``: what they look like.

    ``whole``: system and code are as the record has them, and not cut or cleaned for the eye.
    """

    area: Area
    system: str
    code: str
    display: str
    times: int
    last: str
    like: tuple[Likeness, ...] = ()
    whole: bool = True


class NotUnderstood(NamedTuple):
    """An answer or a unit that means nothing for a concept. An answer in words has no code."""

    concept: str
    system: str
    code: str
    display: str
    times: int


class Counts(NamedTuple):
    """Every code of the data set is in one of the last four (with its translations it counts once)."""

    resources: int
    without_patient: int
    patients: int
    codings: int
    known: int
    by_name: int
    look_relevant: int
    irrelevant: int


@dataclass(frozen=True, slots=True)
class Report:
    """``codes`` and ``by_name`` are by concept; ``unmapped`` looks relevant, and nothing reads it."""

    concepts: Mapping[str, Concept]
    codes: Mapping[str, tuple[Found, ...]]
    by_name: Mapping[str, tuple[Found, ...]]
    unmapped: tuple[Found, ...]
    answers: tuple[NotUnderstood, ...]
    units: tuple[NotUnderstood, ...]
    counts: Counts


def report_of(tally: Tally) -> Report:
    """Sorts what was tallied, with what is shown of it."""
    sorting = _Sorting(tally)
    for coded, seen in tally.coded.items():
        sorting.take(coded, seen)
    numbers = sorting.numbers
    return Report(
        tally.catalog.concepts,
        {concept: _sorted(found) for concept, found in sorting.codes.items()},
        {concept: _sorted(found) for concept, found in sorting.by_name.items()},
        _sorted(sorting.unmapped),
        _answers(tally),
        _units(tally.units),
        Counts(
            tally.resources,
            tally.without_patient,
            tally.patients,
            numbers.total(),
            numbers["known"],
            numbers["by_name"],
            numbers["look_relevant"],
            numbers["irrelevant"],
        ),
    )


_Place = tuple[Area, str, str, str]
_Places = dict[_Place, tuple[Seen, tuple[Likeness, ...]]]


class _Sorting:
    """Asks the indices of the readers about each code, once for all that are the same."""

    def __init__(self, tally: Tally) -> None:
        self._meanings = _Meanings(tally.catalog)
        self._shown = _Words(tally)
        self.codes: dict[str, _Places] = defaultdict(dict)
        self.by_name: dict[str, _Places] = defaultdict(dict)
        self.unmapped: _Places = {}
        self.numbers: Counter[str] = Counter()

    def take(self, coded: Coded, seen: Seen) -> None:
        known = [(coding, self._meanings.of_code(coded.area, coding)) for coding in coded.codings]
        if any(concepts for _, concepts in known):
            self.numbers["known"] += seen.count
            for coding, concepts in known:
                for concept in concepts:
                    self._put(self.codes[concept], coded, coding, seen)
            return
        named = self._meanings.of_words(coded)
        like = () if named else self._meanings.like(coded)
        self.numbers["by_name" if named else "look_relevant" if like else "irrelevant"] += seen.count
        coding = coded.codings[0] if coded.codings else Coding("", "", "")
        for concept in named:
            self._put(self.by_name[concept], coded, coding, seen)
        if like:
            self._put(self.unmapped, coded, coding, seen, like)

    def _put(
        self,
        places: _Places,
        coded: Coded,
        coding: Coding,
        seen: Seen,
        like: tuple[Likeness, ...] = (),
    ) -> None:
        place = (coded.area, coding.system, coding.code, self._shown.of(coded, coding, seen))
        places.setdefault(place, (Seen(), like))[0].join(seen)


class _Meanings:
    """The indices by which the readers find concepts, and names to compare with."""

    def __init__(self, catalog: Catalog) -> None:
        reader = RecordReader(catalog)
        concepts = list(catalog.concepts.values())
        self._indices: Mapping[Area, CodeIndex] = {
            "results": reader.results,
            "conditions": reader.conditions,
            "procedures": reader.procedures,
            "reports": reader.pathology,
        }
        self._drugs = drug_index(reader.drugs)
        self._questions = questions_of(catalog.concepts)
        of_area: Mapping[Area, list[Concept]] = {
            "results": [one for one in concepts if one.kind in ("measurement", "finding")],
            "conditions": [one for one in concepts if one.kind == "condition"],
            "procedures": [one for one in concepts if one.kind == "procedure"],
            "reports": [one for one in concepts if one.pathology and one.kind == "procedure"],
        }
        self._names = {area: Names(found) for area, found in of_area.items()}

    def of_code(self, area: Area, coding: Coding) -> tuple[str, ...]:
        """The concepts of a code alone."""
        if not coding.code:
            return ()
        if area == "drugs":
            token = coding_token({"system": coding.system, "code": coding.code})
            return self._drugs.find((token,), ())[0]
        found = self._indices[area].coded(({"system": coding.system, "code": coding.code},))
        return tuple(concept.id.partition(" ")[0] for concept in found)

    def of_words(self, coded: Coded) -> tuple[str, ...]:
        """The concepts that the readers know by the words of a code."""
        texts = [text for text in (coded.text, *(one.display for one in coded.codings)) if text]
        if coded.area == "drugs":
            tokens = tuple(one.token for one in coded.codings)
            return () if is_local(tokens, tuple(texts)) else self._drugs.find((), tuple(texts))[0]
        codeable = {"text": coded.text, "coding": [{"display": one.display} for one in coded.codings]}
        found = self._indices[coded.area].concepts(codeable)
        if found:
            return tuple(concept.id for concept in found)
        asked = self._questions.asked_by(codeable) if coded.area in ("results", "reports") else None
        return (_OF_QUESTIONS[asked],) if asked else ()

    def like(self, coded: Coded) -> tuple[Likeness, ...]:
        """The concepts that the words of a code look like. A drug is known by name, or not at all."""
        if coded.area == "drugs":
            return ()
        return self._names[coded.area].like(
            [one.display for one in coded.codings if one.display] or [coded.text]
        )


class _Words:
    """Decides which words are shown."""

    def __init__(self, tally: Tally) -> None:
        self._displays: dict[tuple[Area, str], set[str]] = defaultdict(set)
        self._patients: dict[tuple[Area, str, str], set[int]] = defaultdict(set)
        for coded, seen in tally.coded.items():
            for coding in coded.codings:
                self._displays[coded.area, coding.token].add(coding.display)
                self._patients[coded.area, coding.token, coding.display] |= seen.patients

    def of(self, coded: Coded, coding: Coding, seen: Seen) -> str:
        if coding.display and coding.code:
            displays = self._displays[coded.area, coding.token]
            patients = self._patients[coded.area, coding.token, coding.display]
            if len(displays) <= _MOST_DISPLAYS or len(patients) >= ENOUGH_PATIENTS:
                return clean(coding.display, "display")
            return HIDDEN
        text = coding.display or coded.text
        if not text:
            return ""
        return clean(text, "display") if len(seen.patients) >= ENOUGH_PATIENTS else HIDDEN


def clean(text: str, what: str) -> str:
    """Text of a record on one line, without unseen characters, cut."""
    return one_line(text, _LONGEST[what])


def _sorted(places: _Places) -> tuple[Found, ...]:
    found = [_shown(place, seen, like) for place, (seen, like) in places.items()]
    return tuple(sorted(found, key=lambda one: (-one.times, one.system, one.code, one.display)))


def _shown(place: _Place, seen: Seen, like: tuple[Likeness, ...]) -> Found:
    area, system, code, display = place
    system, code = clean(system, "system"), clean(code, "code")
    return Found(area, system, code, display, seen.count, seen.last, like, (system, code) == place[1:3])


def _answers(tally: Tally) -> tuple[NotUnderstood, ...]:
    found = [
        NotUnderstood(
            concept,
            clean(coding.system, "system"),
            clean(coding.code, "code"),
            clean(coding.display, "display") if coding.code or _enough(seen) else HIDDEN,
            seen.count,
        )
        for (concept, coding), seen in tally.answers.items()
    ]
    worded: Counter[tuple[str, str]] = Counter()
    for (concept, text), seen in tally.worded_answers.items():
        worded[concept, clean(text, "display") if _enough(seen) else HIDDEN] += seen.count
    found += [NotUnderstood(concept, "", "", text, count) for (concept, text), count in worded.items()]
    return _by_concept(found)


def _units(units: Mapping[Unit, Seen]) -> tuple[NotUnderstood, ...]:
    counted: Counter[tuple[str, str]] = Counter()
    for unit, seen in units.items():
        shown = clean(unit.text, "unit") if not unit.typed or _enough(seen) else HIDDEN
        counted[unit.concept, shown] += seen.count
    return _by_concept(
        NotUnderstood(concept, "", "", text, count) for (concept, text), count in counted.items()
    )


def _by_concept(found: Iterable[NotUnderstood]) -> tuple[NotUnderstood, ...]:
    return tuple(sorted(found, key=lambda one: (one.concept, -one.times, one.code, one.display)))


def _enough(seen: Seen) -> bool:
    return len(seen.patients) >= ENOUGH_PATIENTS
