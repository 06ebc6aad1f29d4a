"""Values over time: which are drawn, against what, and that nothing is drawn that nobody said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.assessing import definitions
from cds_service.drawing.axis import Axis
from cds_service.drawing.trends.charted import Charted
from cds_service.drawing.trends.own_ranges import OwnRange, own_range
from cds_service.drawing.trends.plot import placed, svg_of_trend
from cds_service.drawing.trends.reading import trends_of
from cds_service.drawing.trends.scoring import MOST_DAYS
from cds_service.drawing.trends.trend import UNBOUNDED, Level, Point, Trend
from mappings.dates import add_months
from mappings.language import ENGLISH, language
from mappings.reading.record import read_record
from mappings.rules import Age, Not
from mappings.trial_definition import Catalog
from tests.drawing.charts import TODAY
from tests.drawing.second import second

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
UPCR, PROTEIN, C3, CREATININE, EGFR, EGFR_OTHER = "2890-2", "2889-4", "4485-9", "2160-0", "98979-8", "62238-1"
ECOG, SLEDAI_NAME = "89247-1", "SLEDAI-2K"


def observed(code: str, day: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": f"o{code}-{day}-{value}",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": code}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "code": unit, "unit": unit, "system": UCUM},
        **more,
    }


def range_of(low: float | None, high: float | None, unit: str) -> dict[str, Any]:
    ends = {"low": low, "high": high}
    said = {name: {"value": value, "code": unit} for name, value in ends.items() if value is not None}
    return {"referenceRange": [said]}


def trends(
    *resources: dict[str, Any], day: date = TODAY, tag: str = "en", catalog: Catalog | None = None
) -> dict[str, Trend]:
    patient = {"resourceType": "Patient", "id": "p1", "birthDate": "1990-01-01", "gender": "female"}
    catalog = catalog or definitions()
    record = read_record([patient, *resources], catalog, patient_id="p1")
    known = {f"{one['resourceType']}/{one['id']}": one for one in resources}
    charted = Charted(record, known, catalog.trials[0], catalog, day, language(tag))
    return {one.id: one for one in trends_of(charted)}


def drawn(trend: Trend) -> list[tuple[str, float, float]]:
    return [(str(point.day), point.low, point.high) for point in trend.drawn]


# --- which values


def test_values_are_in_the_concepts_unit_the_oldest_first_and_said_as_they_were_written() -> None:
    found = trends(observed(UPCR, "2026-05-01", 1500, "mg/g"), observed(UPCR, "2026-01-10", 0.8, "g/g"))
    trend = found["urine-protein-creatinine-ratio"]
    assert drawn(trend) == [("2026-01-10", 0.8, 0.8), ("2026-05-01", 1.5, 1.5)]
    assert [point.words for point in trend.points] == ["0.8 g/g", "1500 mg/g"]
    assert trend.unit == "g/g"


def test_another_measurement_with_a_limit_is_drawn_once_there_is_a_course_to_see() -> None:
    ecog = [observed(ECOG, f"2026-0{month}-01", grade, "1") for month, grade in ((2, 3), (3, 2), (4, 1))]
    trend = trends(*ecog)["ecog"]
    assert [grade for _, grade, _ in drawn(trend)] == [3, 2, 1]
    assert trend.levels == (Level(1.0, "the trial asks for 1 or less"),)
    assert not trends(*ecog[1:]), "two values stand in the evidence just as well"
    assert not trends({**ecog[0], "status": "preliminary"}, *ecog[1:]), "what is not drawn makes no course"


def test_of_measurements_without_a_limit_there_is_no_trend() -> None:
    platelets = [observed("777-3", f"2026-0{month}-01", 200, "10*9/L") for month in (1, 2, 3, 4)]
    assert "platelets" not in trends(*platelets)


def test_the_line_across_is_the_limit_of_the_trials_own_rule() -> None:
    found = trends(observed(UPCR, "2026-05-01", 1.5, "g/g"), observed(PROTEIN, "2026-05-01", 900, "mg/d"))
    assert found["urine-protein-creatinine-ratio"].levels == (
        Level(1.0, "the trial asks for more than 1.0 g/g"),
    )
    assert found["urine-protein-24h"].levels == (Level(0.5, "the trial asks for more than 0.5 g/d"),)


def test_what_an_exclusion_says_is_never_called_asked_for() -> None:
    found = trends(
        observed(UPCR, "2026-05-01", 1.5, "g/g"),
        observed(PROTEIN, "2026-05-01", 900, "mg/d"),
        observed(EGFR, "2026-05-01", 80, "mL/min/{1.73_m2}"),
        catalog=second(),
    )
    assert found["urine-protein-creatinine-ratio"].levels == (
        Level(1.5, "the trial asks for 1500 mg/g or more"),
        Level(5.0, "the trial excludes 5 g/g or more"),
    )
    assert found["sledai-2k"].levels == (Level(20, "the trial excludes 20 or more"),)
    between = "the trial excludes what is at least 5 g/d and less than 10 g/d"
    assert found["urine-protein-24h"].levels == (Level(5.0, between), Level(10.0, between))


def test_a_limit_of_the_kidneys_is_drawn_where_a_rule_sets_one() -> None:
    found = trends(observed(EGFR, "2026-05-01", 80, "mL/min/{1.73_m2}"), catalog=second())
    assert found["egfr"].levels == (Level(45.0, "the trial excludes 45 mL/min/1.73 m² or less"),)
    assert found["egfr"].remarks == ()


def test_what_is_excluded_twice_over_is_asked_for() -> None:
    trial = second().trials[0]
    twice = [replace(one, require=Not(Not(one.require))) for one in trial.criteria]
    found = trends(
        observed(UPCR, "2026-05-01", 1.5, "g/g"),
        catalog=replace(second(), trials=(replace(trial, criteria=tuple(twice)),)),
    )
    assert [level.words for level in found["urine-protein-creatinine-ratio"].levels] == [
        "the trial asks for 1500 mg/g or more",
        "the trial excludes 5 g/g or more",
    ]


def test_a_limit_that_only_says_to_whom_a_criterion_applies_is_not_denied() -> None:
    trial = second().trials[0]
    [kidneys] = [one for one in trial.criteria if one.id == "filtering"]
    applying = replace(kidneys, require=Age(()), applies_when=kidneys.require)
    found = trends(
        observed(EGFR, "2026-05-01", 80, "mL/min/{1.73_m2}"),
        catalog=replace(second(), trials=(replace(trial, criteria=(applying,)),)),
    )
    assert (found["egfr"].levels, found["egfr"].remarks) == ((), ())


def test_without_a_limit_or_a_range_none_is_drawn_and_that_is_said() -> None:
    found = trends(
        observed(C3, "2026-05-01", 0.5, "g/L"), observed(EGFR, "2026-05-01", 80, "mL/min/{1.73_m2}")
    )
    assert found["complement-c3"].levels == ()
    assert found["complement-c3"].remarks == ("No range is drawn: the results came without one.",)
    assert found["egfr"].levels == ()
    assert "No limit is drawn: the protocol names none." in found["egfr"].remarks


def test_complement_is_drawn_against_the_range_that_came_with_the_newest_result() -> None:
    found = trends(
        observed(C3, "2025-12-01", 0.9, "g/L", **range_of(0.9, 1.8, "g/L")),
        observed(C3, "2026-05-01", 0.5, "g/L", **range_of(0.8, 1.6, "g/L")),
    )["complement-c3"]
    assert [level.value for level in found.levels] == [0.8, 1.6]
    assert [point.note for point in found.points] == ["normal; range 0.9 to 1.8", "low; range 0.8 to 1.6"]


def test_complement_in_another_unit_is_converted_or_stands_in_the_table_alone() -> None:
    found = trends(
        observed(C3, "2026-01-01", 90, "mg/dL"),
        observed(C3, "2026-02-01", 70, "%"),
        observed(C3, "2026-05-01", 0.5, "g/L"),
    )["complement-c3"]
    assert drawn(found) == [("2026-01-01", 0.9, 0.9), ("2026-05-01", 0.5, 0.5)]
    assert "in another unit, not drawn" in found.points[1].note


def test_kidney_function_is_computed_from_creatinine_where_it_was_not_recorded_that_day() -> None:
    found = trends(
        observed(CREATININE, "2026-03-01", 0.8, "mg/dL"),
        observed(CREATININE, "2026-05-01", 0.8, "mg/dL"),
        observed(EGFR, "2026-05-01", 88, "mL/min/{1.73_m2}"),
        observed(EGFR_OTHER, "2026-04-01", 70, "mL/min/{1.73_m2}"),
    )["egfr"]
    assert drawn(found) == [("2026-03-01", 98, 98), ("2026-04-01", 70, 70), ("2026-05-01", 88, 88)]
    assert [point.aside for point in found.points] == [False, True, False]
    assert found.points[0].note == "computed from creatinine 0.8 mg/dL by CKD-EPI 2021"


UNUSABLE: dict[str, dict[str, Any]] = {
    "not final": {"status": "preliminary"},
    "unit cannot be compared": {"valueQuantity": {"value": 3, "unit": "furlong"}},
    "day not known": {"effectiveDateTime": "2026-04"},
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_what_cannot_be_used_stands_in_the_table_and_is_not_drawn(case: str) -> None:
    found = trends({**observed(UPCR, "2026-05-01", 3, "g/g"), **UNUSABLE[case]})
    trend = found["urine-protein-creatinine-ratio"]
    assert trend.drawn == ()
    assert "not drawn" in trend.points[0].note
    assert svg_of_trend(trend, axis(), ENGLISH) == ""


def test_a_value_given_as_a_limit_is_an_interval_and_no_number() -> None:
    quantity = {"value": 0.1, "comparator": "<", "code": "g/g", "system": UCUM}
    found = trends({**observed(UPCR, "2026-05-01", 0.1, "g/g"), "valueQuantity": quantity})
    assert drawn(found["urine-protein-creatinine-ratio"]) == [("2026-05-01", -UNBOUNDED, 0.1)]


def test_what_is_dated_after_the_day_is_not_there() -> None:
    assert trends(observed(UPCR, "2026-06-16", 3, "g/g")) == {}


def test_older_results_are_counted_and_not_shown() -> None:
    found = trends(observed(UPCR, "2024-06-14", 3, "g/g"), observed(UPCR, "2024-06-15", 2, "g/g"))
    trend = found["urine-protein-creatinine-ratio"]
    assert drawn(trend) == [("2024-06-15", 2, 2)]
    assert trend.remarks == ("Only the last 24 months are shown; 1 older results are not.",)


# --- the score


def test_the_score_of_each_day_is_what_the_record_of_that_day_showed() -> None:
    found = trends(
        observed(UPCR, "2026-05-01", 2, "g/g"),
        observed(C3, "2026-05-20", 0.5, "g/L", **range_of(0.8, 1.6, "g/L")),
    )["sledai-2k"]
    lows = {str(point.day): point.low for point in found.points}
    assert lows == {"2026-05-01": 4, "2026-05-20": 6, "2026-06-15": 2}  # protein is older than 30 days
    assert found.levels == (Level(8, "the trial asks for 8 or more"),)
    assert found.points[0].words == "4 points or more"


def test_at_most_so_many_days_are_scored_and_the_newest_is_among_them() -> None:
    days = [add_months(TODAY, -months) for months in range(1, 24)]
    found = trends(*(observed(UPCR, day.isoformat(), 2, "g/g") for day in days))["sledai-2k"]
    assert len(found.points) == MOST_DAYS
    assert found.points[-1].day == TODAY
    assert f"{MOST_DAYS} of 24 days with results are shown." in found.remarks


# --- ranges


RANGES: dict[str, tuple[dict[str, Any], OwnRange | None]] = {
    "both ends": ({"referenceRange": [{"low": {"value": 1}, "high": {"value": 2}}]}, OwnRange(1, 2, "g/L")),
    "in another unit": ({"referenceRange": [{"low": {"value": 1, "code": "mg/dL"}}]}, None),
    "two ranges": ({"referenceRange": [{"low": {"value": 1}}, {"low": {"value": 2}}]}, None),
    "for some people only": (
        {"referenceRange": [{"low": {"value": 1}, "age": {"low": {"value": 60}}}]},
        None,
    ),
    "of treatment": (
        {"referenceRange": [{"low": {"value": 1}, "type": {"coding": [{"code": "therapeutic"}]}}]},
        None,
    ),
    "normal": (
        {"referenceRange": [{"low": {"value": 1}, "type": {"coding": [{"code": "normal"}]}}]},
        OwnRange(1, None, "g/L"),
    ),
    "no number": ({"referenceRange": [{"low": {"value": "1"}}]}, None),
    "no list": ({"referenceRange": {"low": {"value": 1}}}, None),
    "none": ({}, None),
}


@pytest.mark.parametrize("case", RANGES)
def test_a_range_is_taken_only_if_it_is_the_only_one_and_for_everybody(case: str) -> None:
    resource, expected = RANGES[case]
    assert own_range({"valueQuantity": {"value": 1.5, "code": "g/L"}, **resource}) == expected


# --- the picture


def axis() -> Axis:
    return Axis(add_months(TODAY, -24).toordinal(), TODAY.toordinal())


def trend(points: Sequence[tuple[float, float]], *levels: float) -> Trend:
    days = [date.fromordinal(TODAY.toordinal() - 10 * number) for number in range(len(points))]
    made = [Point(day, low, high, f"{low}") for day, (low, high) in zip(days, points, strict=True)]
    return Trend("t", "A title", "g/g", tuple(made), tuple(Level(one, f"line {one}") for one in levels))


VALUE = st.floats(0, 1e6, allow_nan=False)
ENDS = st.tuples(VALUE, VALUE | st.just(UNBOUNDED)).map(lambda ends: (min(ends), max(ends)))


@given(points=st.lists(ENDS, min_size=1, max_size=8), levels=st.lists(VALUE, max_size=2))
def test_everything_lies_inside_the_picture_and_higher_is_above(
    points: list[tuple[float, float]], levels: list[float]
) -> None:
    plot = placed(trend(points, *levels), axis(), ENGLISH)
    assert all(20 <= mark.top <= mark.bottom <= 180 for mark in plot.marks)
    assert all(20 <= line.y <= 180 for line in (*plot.grid, *plot.levels))
    assert 2 <= len(plot.grid) <= 7
    lows = sorted(zip([low for low, _ in points], [mark.bottom for mark in plot.marks], strict=True))
    assert [bottom for _, bottom in lows] == sorted((bottom for _, bottom in lows), reverse=True)


def test_an_open_interval_is_cut_with_an_arrow_and_does_not_flatten_the_rest() -> None:
    plot = placed(trend([(4, 105), (6, 6)], 8), axis(), ENGLISH)
    [bar, dot] = plot.marks
    assert (bar.form, bar.open_above) == ("bar", True)
    assert dot.form == "dot"
    assert plot.levels[0].y < 140


def test_only_exact_values_of_one_kind_are_joined() -> None:
    made = trend([(1, 1), (2, 2), (3, 9), (4, 4)])
    aside = made._replace(points=(*made.points[:1], made.points[1]._replace(aside=True), *made.points[2:]))
    assert len(placed(made, axis(), ENGLISH).segments) == 2
    assert len(placed(aside, axis(), ENGLISH).segments) == 1


@given(text=st.text(max_size=40))
def test_the_picture_is_well_formed_whatever_a_value_says(text: str) -> None:
    made = trend([(1, 1)], 2)
    made = made._replace(points=(made.points[0]._replace(words=text, note=text),))
    svg = svg_of_trend(made, axis(), ENGLISH)
    printable = "".join(one if one.isprintable() else " " for one in svg.replace("\n", " "))
    root = ElementTree.fromstring(printable)
    assert not [one for one in root.iter() if one.get("style") or one.tag in ("style", "script")]


def test_the_picture_has_a_name_that_leads_to_its_table() -> None:
    root = ElementTree.fromstring(svg_of_trend(trend([(1, 1)]), axis(), ENGLISH))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "Plot: A title. The table beside it has the same values."


def test_months_are_in_the_language_of_the_page() -> None:
    svg = svg_of_trend(trend([(1, 1)]), axis(), language("zh-Hans"))
    spoken = {language("zh-Hans").text(month) for month in ("Jul", "Sep", "Nov", "Mar", "May")}
    assert set(re.findall(r"y=\"[0-9]+\">([^<0-9]+)<", svg)) <= spoken
