"""Trends out of a patient's record: which concepts, against which limits, and how each value is said."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date

from cards.text import plain
from cards.wording import AND, PHRASES, UNIT_NOTATIONS, listed
from cds_service.drawing.asked import applying_in, asked_in
from cds_service.drawing.trends import words
from cds_service.drawing.trends.charted import MONTHS, Charted
from cds_service.drawing.trends.own_ranges import OwnRange, own_range
from cds_service.drawing.trends.scoring import score_trend
from cds_service.drawing.trends.trend import UNBOUNDED, Level, Point, Trend
from mappings.amounts import Bound
from mappings.concept import Concept
from mappings.dates import complete_years
from mappings.facts import Result
from mappings.kidney import egfr_ckd_epi_2021
from mappings.language import Language
from mappings.language.record_words import note_in, value_in
from mappings.needs import concepts_of
from mappings.rules import Measurement
from mappings.units import between
from mappings.verdicts import Reason

MOST_ROWS = 60
LEAST_POINTS = 3
"""Of a measurement that is not always drawn: two values stand in the evidence just as well. Ours."""

_MEASURED = ("urine-protein-creatinine-ratio", "urine-protein-24h")
_WITH_RANGE = ("complement-c3", "complement-c4")
_EGFR, _EGFR_OTHERWISE, _CREATININE = "egfr", "egfr-other-equation", "creatinine"
_SCORES = ("sledai-2k",)
_DRAWN_ANYWAY = frozenset({*_MEASURED, *_WITH_RANGE, _EGFR, _EGFR_OTHERWISE, _CREATININE})
_NO_PROBLEM: frozenset[Reason | None] = frozenset({None})
_NUMBER_STANDS: frozenset[Reason | None] = frozenset({None, Reason.IMPRECISE})
"""A number of which nobody says whether it is low is a number all the same."""


def trends_of(charted: Charted) -> list[Trend]:
    """Those about which there is anything to show, of the concepts that the trial asks about."""
    asked = concepts_of([charted.trial], charted.catalog)
    found: list[Trend | None] = [_measured(charted, one) for one in _MEASURED if one in asked]
    found += [score_trend(charted, one) for one in _SCORES if one in charted.catalog.scores]
    if _CREATININE in asked or _EGFR in asked:
        found.append(_kidney(charted))
    found += [_with_range(charted, one) for one in _WITH_RANGE if one in asked]
    found += _of_other_limits(charted)
    return [trend for trend in found if trend is not None and trend.points]


def _measured(charted: Charted, concept_id: str) -> Trend:
    """Results in the concept's own unit, against the limits that the trial's rules set."""
    concept, language = charted.catalog.concepts[concept_id], charted.language
    points, remarks = _within(
        charted, [_point(one, concept, language) for one in charted.results(concept_id)]
    )
    levels, unlimited = _limits(charted, concept_id)
    title, unit = language.text(concept.display), _spoken(concept.unit)
    return Trend(concept_id, title, unit, points, levels, (*remarks, *unlimited))


def _of_other_limits(charted: Charted) -> list[Trend]:
    """Of the other measurements to which the trial sets limits those of which there is a course to see."""
    concepts = charted.catalog.concepts
    bounded = dict.fromkeys(rule.of for rule, _, _ in asked_in(charted.trial, Measurement) if rule.bounds)
    others = [concepts[each] for each in bounded if each not in _DRAWN_ANYWAY]
    trends = [_measured(charted, one.id) for one in others if not one.pathology]
    return [trend for trend in trends if sum(point.drawn for point in trend.points) >= LEAST_POINTS]


def _limits(charted: Charted, *concepts: str) -> tuple[tuple[Level, ...], tuple[str, ...]]:
    """The limits that the trial's rules set to these concepts, or that there are none."""
    language = charted.language
    levels = dict.fromkeys(
        level
        for rule, excluded, _ in asked_in(charted.trial, Measurement)
        if rule.of in concepts
        for level in _levels_of(rule.bounds, excluded, language)
    )
    applying = any(rule.of in concepts for rule in applying_in(charted.trial, Measurement))
    return tuple(levels), () if levels or applying else (language.text(words.NO_LIMIT),)


def _levels_of(bounds: Sequence[Bound], excluded: bool, language: Language) -> Iterator[Level]:
    """A line at each bound. What several bounds exclude they exclude together, so each line says them all."""
    say = language.text
    if excluded and len(bounds) > 1:
        limits = [say(words.BOUND[one.comparison]).format(limit=_spoken(one.text)) for one in bounds]
        span = say(words.EXCLUDED_SPAN).format(limits=listed(limits, len(limits), AND, language))
        yield from (Level(bound.limit, span) for bound in bounds)
        return
    said = words.EXCLUDED if excluded else words.ASKED_FOR
    for bound in bounds:
        yield Level(bound.limit, say(said[bound.comparison]).format(limit=_spoken(bound.text)))


def _kidney(charted: Charted) -> Trend:
    """eGFR by CKD-EPI 2021, recorded or computed from creatinine; by another equation beside the line."""
    language, concepts = charted.language, charted.catalog.concepts
    recorded = [_point(one, concepts[_EGFR], language) for one in charted.results(_EGFR)]
    days = {point.day for point in recorded}
    computed = [
        point
        for one in charted.results(_CREATININE)
        if (point := _computed(one, charted)) is not None and point.day not in days
    ]
    other = language.text(words.OTHER_EQUATION)
    otherwise = [
        _point(one, concepts[_EGFR_OTHERWISE], language)._replace(note=other, aside=True)
        for one in (charted.results(_EGFR_OTHERWISE) if _EGFR_OTHERWISE in concepts else ())
    ]
    points = sorted([*recorded, *computed, *otherwise], key=lambda point: point.day or date.min)
    shown, remarks = _within(charted, points)
    unit = _spoken(concepts[_EGFR].unit)
    title = language.text(words.TITLES[_EGFR])
    levels, unlimited = _limits(charted, _EGFR, _EGFR_OTHERWISE)
    return Trend(_EGFR, title, unit, shown, levels, (*remarks, *unlimited))


def _computed(creatinine: Result, charted: Charted) -> Point | None:
    """For adults whose sex and age on that day are known."""
    patient, amount, day = charted.record.patient, creatinine.amount, creatinine.when.day()
    if creatinine.problem or amount is None or not amount.is_exact or amount.low <= 0 or day is None:
        return None
    if patient.birth is None or patient.gender not in ("female", "male"):
        return None
    least, most = complete_years(patient.birth, day)
    if least != most or least < 18:
        return None
    value = round(egfr_ckd_epi_2021(amount.low, least, female=patient.gender == "female"))
    unit = charted.catalog.concepts[_EGFR].unit
    concept = charted.catalog.concepts[_CREATININE]
    written = _written(creatinine, concept, charted.language)
    note = charted.language.text(words.COMPUTED_EGFR).format(creatinine=written)
    said = f"{value} {_spoken(unit)}"
    return Point(day, value, value, said, creatinine.when.text, note, creatinine.reference)


def _with_range(charted: Charted, concept_id: str) -> Trend:
    """Results in the unit of the newest, against the range that came with that one."""
    language, results = charted.language, charted.results(concept_id)
    newest = next(
        (one for one in reversed(results) if one.amount is not None and one.problem in _NUMBER_STANDS), None
    )
    concept = charted.catalog.concepts[concept_id]
    unit = newest.unit if newest is not None else ""
    points = [_ranged(one, concept, unit, charted) for one in results]
    shown, remarks = _within(charted, points)
    known = _range_of(newest, charted) if newest is not None else None
    levels = tuple(_levels(known, language)) if known is not None and known.unit == unit else ()
    if not levels:
        remarks = (*remarks, language.text(words.NO_RANGE))
    return Trend(concept_id, language.text(concept.display), _spoken(unit), shown, levels, remarks)


def _levels(known: OwnRange, language: Language) -> Iterator[Level]:
    for value, template in ((known.low, words.RANGE_LOW), (known.high, words.RANGE_HIGH)):
        if value is not None:
            yield Level(value, language.text(template).format(limit=f"{value:g} {_spoken(known.unit)}"))


def _ranged(result: Result, concept: Concept, unit: str, charted: Charted) -> Point:
    """In ``unit``: converted where that can be done for certain, else in the table alone."""
    language = charted.language
    point = _point(result, concept, language, _NUMBER_STANDS)
    said = [words.FLAGS[token] for token in sorted(result.tokens) if token in words.FLAGS]
    own = _range_of(result, charted)
    notes = [language.text(each) for each in said] + ([_range_words(own, language)] if own else [])
    point = point._replace(note=_beside([*notes, point.note], language))
    if not point.drawn or result.unit == unit:
        return point
    into = between(result.unit, unit) if result.unit and unit else None
    if into is None:
        note = _beside([point.note, language.text(words.OTHER_UNIT)], language)
        return point._replace(drawn=False, note=note)
    return point._replace(low=into.of(point.low), high=into.of(point.high))


def _range_of(result: Result, charted: Charted) -> OwnRange | None:
    resource = charted.resources.get(result.reference)
    return own_range(resource) if isinstance(resource, dict) else None


def _range_words(known: OwnRange, language: Language) -> str:
    if known.low is None or known.high is None:
        template = words.OWN_RANGE_TO if known.low is None else words.OWN_RANGE_FROM
    else:
        template = words.OWN_RANGE
    ends = {"low": f"{known.low or 0:g}", "high": f"{known.high or 0:g}"}
    return language.text(template).format(**ends)


def _point(
    result: Result, concept: Concept, language: Language, harmless: frozenset[Reason | None] = _NO_PROBLEM
) -> Point:
    """A result. What cannot be used as it stands, or has no known day, is not drawn."""
    amount, day = result.amount, result.when.day()
    note = note_in(language, plain(result.note))
    written = _written(result, concept, language)
    if amount is None or result.problem not in harmless or day is None:
        note = _beside([note, language.text(words.NOT_DRAWN)], language)
        return Point(day, 0, 0, written, result.when.text, note, result.reference, drawn=False)
    low = amount.low if math.isfinite(amount.low) else -UNBOUNDED
    high = amount.high if math.isfinite(amount.high) else UNBOUNDED
    return Point(day, low, high, written, result.when.text, note, result.reference)


def _written(result: Result, concept: Concept, language: Language) -> str:
    """The value as it was written, in a notation that people read."""
    text = result.text
    if not text and result.amount is not None and result.amount.is_exact:
        text = f"{result.amount.low:.10g} {result.unit or concept.unit}"
    return plain(_spoken(value_in(language, text)))


def _spoken(text: str) -> str:
    """UCUM as people write it. A unit alone has a space before it in the list of notations."""
    spaced = f" {text}"
    for notation, said in UNIT_NOTATIONS:
        spaced = spaced.replace(notation, said)
    return spaced.strip()


def _beside(notes: Sequence[str], language: Language) -> str:
    return language.between(PHRASES).join(filter(None, notes))


def _within(charted: Charted, points: Sequence[Point]) -> tuple[tuple[Point, ...], tuple[str, ...]]:
    """The points of the months that are shown, and what is said of those before."""
    shown = [one for one in points if one.day is None or one.day >= charted.first][-MOST_ROWS:]
    older = len(points) - len(shown)
    if not older:
        return tuple(shown), ()
    said = charted.language.text(words.OLDER_LEFT_OUT).format(months=MONTHS, count=older)
    return tuple(shown), (said,)
