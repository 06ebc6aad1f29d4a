"""Kidney biopsies as results: class and NIH indices, once per biopsy, dated by collection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mappings.amounts import exactly
from mappings.concept import Concept
from mappings.facts import Result
from mappings.reading.fhir_elements import one_line, text_of
from mappings.reading.pathology.answers import Said, class_of, classes, index_of, may_tell
from mappings.reading.pathology.episodes import Episode, episodes_of
from mappings.reading.pathology.hints import Hint, hint_of_condition, hint_of_report
from mappings.reading.pathology.indices import Index, IndexReading
from mappings.reading.pathology.questions import (
    ACTIVITY,
    CHRONICITY,
    CLASS,
    CLASS_ANY,
    Questions,
    questions_of,
)
from mappings.reading.pathology.records import (
    BiopsyRecord,
    Others,
    read_observation,
    read_procedure,
    read_report,
)
from mappings.reading.pathology.wording import GRAFT_NOTE, ClassReading
from mappings.reading.references import NO_URLS, reference_of
from mappings.results import Unreadable
from mappings.verdicts import Reason

_INDICES: Mapping[str, Index] = {ACTIVITY: "activity", CHRONICITY: "chronicity"}
_NO_TOKENS: frozenset[str] = frozenset()
_Told = Sequence[tuple[BiopsyRecord, Said]]


class _Found(NamedTuple):
    """A reading, where it was read, whether it answers a question of its own, and whether it is confirmed.

    ``has_status``: the record says of itself that it is final, or that it is not yet. ``of_taking``: it tells
    how the tissue was taken.
    """

    reading: ClassReading | IndexReading
    reference: str
    structured: bool
    confirmed: bool
    has_status: bool
    of_taking: bool = False

    @property
    def may_contradict(self) -> bool:
        """A report that is not yet final gives way to a final one; one without status may be final too."""
        return not self.confirmed and not self.has_status

    @property
    def value(self) -> frozenset[str] | int | None:
        """What was read, without suffixes; None if it cannot be read."""
        if isinstance(self.reading, ClassReading):
            return classes(self.reading.tokens) or None
        return self.reading.value


def read_biopsies(
    resources: Sequence[Mapping[str, Any]],
    concepts: Mapping[str, Concept],
    unreadable: list[Unreadable],
    full_urls: Mapping[str, str] = NO_URLS,
) -> list[Result]:
    """Results of kidney biopsies, for those of the four biopsy concepts that are in ``concepts``.

    ``kidney-biopsy-class``, ``nih-activity-index`` and ``nih-chronicity-index`` have one result per
    biopsy; where it cannot be read or is missing the result says so, so that no earlier biopsy stands
    in. ``kidney-biopsy-class-any-scheme`` has one per biopsy or diagnosis that names a class, of whatever
    classification, without suffix. Specimen resources among ``resources`` date biopsies; other types are
    passed over. ``full_urls`` maps bundle entries' fullUrl to ``Type/id``. Never raises; what could not be
    read is added to ``unreadable``.
    """
    questions = questions_of(concepts)
    records, hints = _read(resources, questions, unreadable, full_urls)
    results: list[Result] = []
    class_known = False
    for episode in episodes_of([record for record in records if record.is_biopsy]):
        for result in _results(episode, questions):
            results.append(_dated(result, episode))
            class_known = class_known or (result.concept == CLASS and bool(result.tokens))
    for hint in hints:
        results += _results_of_hint(hint, questions, class_known)
    return results


def _read(
    resources: Sequence[Mapping[str, Any]],
    questions: Questions,
    unreadable: list[Unreadable],
    full_urls: Mapping[str, str],
) -> tuple[list[BiopsyRecord], list[Hint]]:
    others = _others(resources, full_urls)
    records: list[BiopsyRecord] = []
    hints: list[Hint] = []
    for resource in resources:
        faults: list[str] = []
        record = _record_of(resource, questions, others, faults) if isinstance(resource, dict) else None
        if isinstance(record, Hint):
            hints.append(record)
        elif record is not None:
            records.append(record)
            unreadable.extend(Unreadable(record.reference, what) for what in dict.fromkeys(faults))
    mentions = [hint for record in records if not record.is_biopsy if (hint := hint_of_report(record))]
    return records, [*hints, *mentions]


def _others(resources: Sequence[Mapping[str, Any]], full_urls: Mapping[str, str]) -> Others:
    """What reports and results may refer to."""
    by_type: dict[str, dict[str, Mapping[str, Any]]] = {"Observation": {}, "Specimen": {}}
    for resource in resources:
        kept = by_type.get(text_of(resource.get("resourceType"))) if isinstance(resource, dict) else None
        if kept is not None:
            kept[reference_of(resource)] = resource
    return Others(by_type["Observation"], by_type["Specimen"], full_urls)


def _record_of(
    resource: Mapping[str, Any], questions: Questions, others: Others, faults: list[str]
) -> BiopsyRecord | Hint | None:
    kind = resource.get("resourceType")
    if kind == "Observation":
        return read_observation(resource, questions, others, faults)
    if kind == "DiagnosticReport":
        return read_report(resource, questions, others, faults)
    if kind == "Procedure":
        return read_procedure(resource, questions, others, faults)
    return hint_of_condition(resource, questions) if kind == "Condition" else None


def _results(episode: Episode, questions: Questions) -> list[Result]:
    told = [(record, said) for record in episode.records for said in record.said if may_tell(said)]
    of_class = _class_results(episode, told)
    has_class = of_class[0].problem is not Reason.NOT_FOUND
    results: list[Result] = []
    if CLASS in questions.concepts:
        results += of_class
    if CLASS_ANY in questions.concepts and has_class:
        results += [_without_classification(result) for result in of_class]
    for concept_id, index in _INDICES.items():
        concept = questions.concepts.get(concept_id)
        if concept is not None:
            found = _index_results(episode, told, concept, index)
            results += [_beside(result, of_class[0]) for result in found]
    return results


def _beside(index: Result, of_class: Result) -> Result:
    """An index counts only beside the class of the same biopsy, and no more than it; alone it is shown."""
    if index.problem is not None:
        return index
    if of_class.problem is Reason.NOT_FOUND:
        return index._replace(problem=Reason.NOT_FOUND, note="no class in the records of this biopsy")
    if of_class.problem is Reason.NOT_CONFIRMED:
        return index._replace(problem=Reason.NOT_CONFIRMED, note=of_class.note)
    return index


def _without_classification(result: Result) -> Result:
    """The same class for those who take any classification."""
    problem = None if result.problem is Reason.NEEDS_JUDGEMENT else result.problem
    return result._replace(concept=CLASS_ANY, tokens=classes(result.tokens), problem=problem)


def _class_results(episode: Episode, told: _Told) -> list[Result]:
    """The class of a biopsy; one result for each record, where records contradict one another."""
    found = [
        _found_in(record, reading, structured=said.about == "class")
        for record, said in told
        if (reading := class_of(said, episode.year)) is not None
    ]
    found = _without_questions_of_notes(found)
    pool, confirmed = _pool(found)
    if not pool:
        return [_missing(episode, CLASS, "no class in the records of this biopsy")]
    chosen = _chosen_class(pool, [each for each in found if each.confirmed == confirmed])
    results = [_of_graft(_class_result(episode, each, confirmed=confirmed), episode) for each in chosen]
    others = [each for each in found if each.may_contradict and confirmed and _says_otherwise(each, chosen)]
    if not others or results[0].problem not in (None, Reason.NEEDS_JUDGEMENT):
        return results
    doubted = [_not_confirmed(result) for result in results]
    return doubted + [_not_confirmed(_class_result(episode, each, confirmed=False)) for each in others[:1]]


def _class_result(episode: Episode, found: _Found, *, confirmed: bool) -> Result:
    tokens, problem, note, shown = found.reading if isinstance(found.reading, ClassReading) else _NOTHING
    if problem in (None, Reason.NEEDS_JUDGEMENT) and not confirmed:
        problem, note = Reason.NOT_CONFIRMED, "not final"
    text = one_line(shown)
    return Result(CLASS, episode.when, found.reference, text, None, tokens, "", problem, note)


def _of_graft(result: Result, episode: Episode) -> Result:
    """A class that counts needs a person where any record of the biopsy names a transplanted kidney."""
    if result.problem is not None or not any(record.of_graft for record in episode.records):
        return result
    return result._replace(problem=Reason.NEEDS_JUDGEMENT, note=GRAFT_NOTE)


def _dated(result: Result, episode: Episode) -> Result:
    """A result with a word on its day, if that is not as its records have it."""
    if not episode.written_earlier or result.note:
        return result
    return result._replace(note="the text names an earlier day of collection")


def _not_confirmed(result: Result) -> Result:
    """A result with which a record disagrees that bears no status, so that it may be final or not."""
    return result._replace(problem=Reason.NOT_CONFIRMED, note="a record without status disagrees")


def _says_otherwise(other: _Found, chosen: Sequence[_Found]) -> bool:
    """Whether a reading has another value than those that decide, or none that can be read.

    Of classes also another suffix, or the only one, if that takes the activity away.
    """
    if other.value is None or other.value not in [each.value for each in chosen]:
        return True
    if any(_inactive(other) - _inactive(each) for each in chosen):
        return True
    read = [each.reading.tokens for each in (other, *chosen) if isinstance(each.reading, ClassReading)]
    return bool(read) and not _agreed(read)[1]


def _inactive(found: _Found) -> frozenset[str]:
    """The classes that a reading calls inactive, by the suffix of 2003."""
    tokens = found.reading.tokens if isinstance(found.reading, ClassReading) else _NO_TOKENS
    return frozenset(token for token in tokens if token.endswith("(C)"))


_NOTHING = ClassReading(_NO_TOKENS, Reason.NOT_FOUND, "", "")


def _found_in(record: BiopsyRecord, reading: ClassReading | IndexReading, *, structured: bool) -> _Found:
    told = record.confirmed, record.has_status, record.of_taking
    return _Found(reading, record.reference, structured, *told)


def _without_questions_of_notes(found: list[_Found]) -> list[_Found]:
    """Why tissue was taken ("Indication: class III") takes nothing from what a report found in it."""
    if all(each.of_taking for each in found):
        return found
    return [each for each in found if not each.of_taking or each.reading.problem is not Reason.UNREADABLE]


def _pool(found: Sequence[_Found]) -> tuple[list[_Found], bool]:
    """The readings that decide: confirmed before others, answers to a question before running text."""
    final = [each for each in found if each.confirmed]
    usable = final or list(found)
    structured = [each for each in usable if each.structured]
    for each in structured:
        if each.reading.problem is not Reason.NEEDS_JUDGEMENT:
            return structured, bool(final)
    return usable, bool(final)


def _chosen_class(pool: Sequence[_Found], usable: Sequence[_Found]) -> list[_Found]:
    """One reading for several: what cannot be read decides, then whether the clear ones agree.

    Where they do not, each of them, as conflicting.
    """
    unclear = [each for each in pool if each.reading.problem not in (None, Reason.NEEDS_JUDGEMENT)]
    if unclear:
        return unclear[:1]
    clear = [each for each in usable if each.reading.problem is None] or list(pool)
    tokens, agree = _agreed([each.reading.tokens for each in clear if isinstance(each.reading, ClassReading)])
    if not agree:
        return [_conflicting(each) for each in _distinct(clear)]
    first = next((each for each in pool if each in clear), clear[0])
    reading = first.reading
    if not isinstance(reading, ClassReading):
        return []
    return [first if reading.tokens == tokens else first._replace(reading=reading._replace(tokens=tokens))]


def _conflicting(found: _Found) -> _Found:
    note = "records disagree on the class"
    return found._replace(reading=ClassReading(_NO_TOKENS, Reason.CONFLICTING, note, found.reading.quote))


def _distinct(found: Sequence[_Found]) -> list[_Found]:
    """The first reading of each kind in each record."""
    kept: dict[tuple[object, str], _Found] = {}
    for each in found:
        said = each.reading.tokens if isinstance(each.reading, ClassReading) else each.reading.value
        kept.setdefault((said, each.reference), each)
    return list(kept.values())


def _agreed(readings: Sequence[frozenset[str]]) -> tuple[frozenset[str], bool]:
    """The classes on which readings agree; a suffix that only one of them writes is kept."""
    if len(set(readings)) == 1 and "(" not in "".join(readings[0]):
        return readings[0], True
    if len({classes(tokens) for tokens in readings}) != 1:
        return _NO_TOKENS, False
    suffixed = {token for tokens in readings for token in tokens if "(" in token}
    bare = {token for token in classes(readings[0]) if not any(s.startswith(f"{token}(") for s in suffixed)}
    return frozenset(suffixed | bare), len(suffixed | bare) == len(classes(readings[0]))


def _index_results(episode: Episode, told: _Told, concept: Concept, index: Index) -> list[Result]:
    """An index of a biopsy; one result for each record, where records contradict one another."""
    found = [
        _found_in(record, reading, structured=said.about == index)
        for record, said in told
        if (reading := index_of(said, index, episode.year)) is not None
    ]
    found = _without_questions_of_notes(found)
    pool, confirmed = _pool(found)
    if not pool:
        return [_missing(episode, concept.id, f"no {index} index in the records of this biopsy")]
    chosen = next((each for each in pool if each.reading.problem is not None), pool[0])
    clear = [each for each in found if each.confirmed == confirmed and each.reading.problem is None]
    if chosen.reading.problem is None and len({each.value for each in clear}) > 1:
        return [_conflicting_index(episode, concept, each) for each in _distinct(clear)]
    result = _index_result(episode, concept, chosen, confirmed=confirmed)
    others = [each for each in found if each.may_contradict and confirmed and _says_otherwise(each, [chosen])]
    if not others or result.problem is not None:
        return [result]
    other = _index_result(episode, concept, others[0], confirmed=False)
    return [_not_confirmed(result), _not_confirmed(other)]


def _index_result(episode: Episode, concept: Concept, found: _Found, *, confirmed: bool) -> Result:
    value, problem, note, shown = found.reading if isinstance(found.reading, IndexReading) else _NO_INDEX
    if problem is None and not confirmed:
        problem, note = Reason.NOT_CONFIRMED, "not final"
    amount = exactly(float(value)) if value is not None else None
    scale = f"/{concept.whole_number_to}" if concept.whole_number_to else ""
    text = one_line(shown) if value is None else f"{value}{scale}"
    unit = concept.unit
    return Result(concept.id, episode.when, found.reference, text, amount, _NO_TOKENS, unit, problem, note)


def _conflicting_index(episode: Episode, concept: Concept, found: _Found) -> Result:
    result = _index_result(episode, concept, found, confirmed=True)
    note = "records disagree on the index"
    return result._replace(amount=None, problem=Reason.CONFLICTING, note=note)


_NO_INDEX = IndexReading(None, Reason.NOT_FOUND, "", "")


def _missing(episode: Episode, concept: str, note: str) -> Result:
    reports = [r for r in episode.records if r.reference.startswith("DiagnosticReport")]
    record = (reports or episode.records)[0]
    if any(report.attached for report in reports):
        note = f"{note}; a report is attached as a document"
    return Result(concept, episode.when, record.reference, "", problem=Reason.NOT_FOUND, note=note)


def _results_of_hint(hint: Hint, questions: Questions, class_known: bool) -> list[Result]:
    results = []
    if CLASS_ANY in questions.concepts:
        by_then, text = hint.known, hint.text
        results.append(
            Result(CLASS_ANY, by_then, hint.reference, text, None, hint.tokens, "", hint.problem, hint.note)
        )
    if CLASS in questions.concepts and not class_known:
        problem = Reason.NEEDS_JUDGEMENT
        results.append(
            Result(CLASS, hint.when, hint.reference, hint.text, None, hint.tokens, "", problem, hint.note)
        )
    return results
