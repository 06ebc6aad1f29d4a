"""The picture of a patient's drugs: what is on it, where, and that it can be read by everybody."""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given as any_of
from hypothesis import settings
from hypothesis import strategies as st

from cds_service.assessing import definitions
from cds_service.drawing.axis import LONGEST_YEARS, Axis, axis_for
from cds_service.drawing.commands import draw
from cds_service.drawing.drawn import drawn
from cds_service.drawing.picture import Picture
from cds_service.drawing.svg import description, inline_svg_of, svg_of
from cds_service.drawing.words import clean
from cds_service.screening.patients import PatientResources
from mappings.language import ENGLISH, language
from mappings.reading.record import read_record
from mappings.results import Gap
from tests.drawing.charts import EVERYTHING, TODAY, bundle, dispensed, given, ordered, stated
from tests.drawing.second import second

NAMESPACE = "{http://www.w3.org/2000/svg}"


def picture(*records: dict[str, Any], patient: str = "p1", gaps: tuple[Gap, ...] = ()) -> Picture:
    resources = [entry["resource"] for entry in bundle(*records, patient=patient)["entry"]]
    return draw(PatientResources(patient, resources), gaps, TODAY, definitions()).picture


def parsed(*records: dict[str, Any], **more: Any) -> ElementTree.Element:
    return ElementTree.fromstring(svg_of(picture(*records, **more)))


def texts(root: ElementTree.Element) -> list[str]:
    return ["".join(one.itertext()) for one in root.iter(f"{NAMESPACE}text")]


def shapes(root: ElementTree.Element, of_class: str) -> list[ElementTree.Element]:
    return [one for one in root.iter() if of_class in one.get("class", "").split()]


def percent(one: ElementTree.Element, *names: str) -> float:
    value = next(value for name in names if (value := one.get(name)))
    assert value.endswith("%")
    return float(value[:-1])


# --- lanes


def test_one_lane_for_each_ingredient_under_the_group_that_the_rule_asks_for() -> None:
    sections = picture(*EVERYTHING).sections
    assert [(section.title, [lane.name for lane in section.lanes]) for section in sections] == [
        ("Systemic glucocorticoids", ["Prednisone"]),
        (
            "Immunomodulatory drugs that the protocol lists",
            [
                "Cyclophosphamide",
                "Hydroxychloroquine",
                "Azathioprine",
                "Mycophenolate",
                "Tacrolimus",
                "Rituximab",
            ],
        ),
        ("Other drugs, not counted", ["Anifrolumab"]),
    ]


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([ordered("prednisone", "2025-03-01")], "since 1 Mar 2025, ongoing"),
        ([ordered("prednisone", "2025-03-01", "on-hold")], "since 1 Mar 2025, perhaps ongoing, not sure"),
        ([ordered("prednisone", "2025-03-01", "stopped")],
         "1 Mar 2025 to 14 Jun 2026 at the latest, sure until 1 Mar 2025"),
        ([stated("prednisone", "2025-03")], "since 1 Mar 2025, ongoing, sure from 31 Mar 2025"),
        ([stated("prednisone", None)], "since a day not known, ongoing"),
        ([dispensed("prednisone", "2026-03-01", 30), dispensed("prednisone", "2026-04-05", 30)],
         "1 Mar 2026 to 4 May 2026; a gap of 5 days"),
        ([given("rituximab", "2026-01-01")], "since 1 Jan 2026, ongoing"),
    ],
)  # fmt: skip
def test_a_lane_says_its_course_in_words(records: list[dict[str, Any]], said: str) -> None:
    [section] = picture(*records).sections
    assert section.lanes[0].courses == (said,)


def test_ordered_is_told_from_taken() -> None:
    [section] = picture(ordered("prednisone", "2025-03-01")).sections
    assert section.lanes[0].remarks == ("ordered only: not known to be taken",)
    [section] = picture(
        ordered("prednisone", "2025-03-01"), dispensed("prednisone", "2025-03-01", 30)
    ).sections
    assert section.lanes[0].remarks == ()
    assert [row.source for row in section.lanes[0].rows] == ["ordered", "dispensed"]


def test_what_lies_before_the_picture_is_said() -> None:
    lanes = {lane.name: lane for section in picture(*EVERYTHING).sections for lane in section.lanes}
    assert lanes["Tacrolimus"].remarks == ("not drawn: what was before 1 Jun 2021",)
    assert lanes["Tacrolimus"].rows[0].bars == ()
    assert "1 record without a usable date" in lanes["Rituximab"].remarks
    assert "one infusion counts for 180 days" in lanes["Rituximab"].remarks


def test_what_was_not_read_is_said_below() -> None:
    gap = Gap("MedicationDispense", "MedicationDispense: the files hold only the first pages of a search")
    unreadable = ordered("prednisone", "soon")
    notes = picture(unreadable, gaps=(gap,)).notes
    assert notes[1:] == (f"Not all was read: {gap.what}.", "Not wholly readable: 1 drug record.")
    assert "first pages of a search" in " ".join(texts(parsed(unreadable, gaps=(gap,))))


# --- the rule of the trial


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ([ordered("prednisone", "2025-03-01"), ordered("azathioprine", "2025-05-01")],
         "Both groups: together since 1 May 2025."),
        ([ordered("prednisone", "2025-03-01"), stated("azathioprine", "2025-05")],
         "Both groups: together since 31 May 2025 for sure, perhaps since 1 May 2025."),
        ([ordered("prednisone", "2025-03-01"), ordered("azathioprine", "2025-05-01", "on-hold")],
         "Both groups: perhaps together since 1 May 2025; not sure that they run today."),
        ([ordered("prednisone", "2025-03-01")], "Both groups: not running together today."),
        ([ordered("prednisone", "2025-03-01"), given("anifrolumab", "2026-06-15")],
         "Both groups: not running together today."),
    ],
)  # fmt: skip
def test_since_when_both_groups_run_together_is_said(records: list[dict[str, Any]], said: str) -> None:
    [together] = picture(*records).together
    assert together.words == said


def test_the_mark_is_the_last_day_on_which_the_time_may_have_begun() -> None:
    [mark] = picture(*EVERYTHING).marks
    assert mark.words == "more than 6 months: since 14 Dec 2025 or before"
    root = parsed(*EVERYTHING)
    [line] = [one for one in shapes(root, "mark") if one.tag == f"{NAMESPACE}line"]
    axis = picture(*EVERYTHING).axis
    assert percent(line, "x1") == axis.x(date(2025, 12, 15).toordinal())
    [today] = [one for one in shapes(root, "today") if one.tag == f"{NAMESPACE}line"]
    assert percent(today, "x1") == axis.x(TODAY.toordinal() + 1) == 98


# --- a trial with several rules


def second_picture(*records: dict[str, Any]) -> Picture:
    resources = [entry["resource"] for entry in bundle(*records)["entry"]]
    catalog = second()
    record = read_record(resources, catalog, patient_id="p1")
    return drawn(record, "", TODAY, catalog.trials, catalog).picture


SECOND = (
    ordered("prednisone", "2025-03-01"),
    ordered("dexamethasone", "2026-06-01"),
    ordered("mycophenolate mofetil", "2025-05-01"),
    ordered("tacrolimus", "2026-01-01"),
    ordered("azathioprine", "2026-01-01"),
    stated("hydroxychloroquine", "2024-01"),
)


def test_drugs_stand_under_what_each_rule_of_the_trial_calls_them() -> None:
    sections = second_picture(*SECOND).sections
    found = [(one.title, one.excluded, [lane.name for lane in one.lanes]) for one in sections]
    assert found == [
        ("Drugs that the trial names", False, ["Mycophenolate"]),
        ("Systemic glucocorticoids", False, ["Prednisone", "Dexamethasone"]),
        ("Drugs that the trial excludes", True, ["Tacrolimus"]),
        ("Antimalarial drugs, excluded by the trial", True, ["Hydroxychloroquine"]),
        ("Other drugs, not counted", False, ["Azathioprine"]),
    ]


def test_a_drug_that_one_rule_asks_for_and_another_excludes_says_both() -> None:
    lanes = {lane.name: lane for one in second_picture(*SECOND).sections for lane in one.lanes}
    assert lanes["Dexamethasone"].remarks[0] == "the trial excludes it: No dexamethasone"
    assert lanes["Prednisone"].remarks == ("ordered only: not known to be taken",)


def test_drugs_after_which_a_result_has_to_be_newer_are_not_called_not_counted() -> None:
    sections = picture(given("obinutuzumab 1000 mg", "2025-12-01")).sections
    assert [section.title for section in sections] == ["Drugs that matter to other criteria"]


def test_a_rule_with_one_group_says_since_when_it_runs_and_a_rule_without_a_time_says_nothing() -> None:
    assert [one.words for one in second_picture(*SECOND).together] == [
        "Mycophenolate: running since 1 May 2025.",
        "Antimalarial drugs: running since 31 Jan 2024 for sure, perhaps since 1 Jan 2024.",
    ]
    assert [one.words for one in second_picture().together] == [
        "Mycophenolate: not running today.",
        "Antimalarial drugs: not running today.",
    ]


def test_rules_with_different_times_have_a_mark_each_that_says_whose_it_is() -> None:
    made = second_picture(*SECOND)
    assert [mark.words for mark in made.marks] == [
        "Mycophenolate, more than 3 months: since 14 Mar 2026 or before",
        "Antimalarial drugs, more than 1 year: since 14 Jun 2025 or before",
        "Rituximab, within the last 1 year: since 15 Jun 2025",
    ]
    root = ElementTree.fromstring(svg_of(made))
    lines = [one for one in shapes(root, "mark") if one.tag == f"{NAMESPACE}line"]
    assert [f"{percent(one, 'x1'):.3f}" for one in lines] == [f"{mark.x:.3f}" for mark in made.marks]
    heights = [one.get("y") for one in shapes(root, "marked")]
    assert len(heights) == len(set(heights)) > len(made.marks)


def test_a_wash_out_is_drawn_with_its_drug_and_the_first_day_that_counts() -> None:
    made = second_picture(given("rituximab 1000 mg", "2025-07-01"))
    [section] = [one for one in made.sections if one.excluded]
    assert [lane.name for lane in section.lanes] == ["Rituximab"]
    assert made.marks[-1].x == made.axis.x(date(2025, 6, 15).toordinal())


def test_what_is_excluded_is_said_to_a_screen_reader_too() -> None:
    said = list(description(second_picture(*SECOND)))
    assert "Drugs that the trial excludes: Tacrolimus." in said
    assert "Antimalarial drugs, excluded by the trial: Hydroxychloroquine." in said


# --- for every reader


def test_bars_differ_by_pattern_and_by_words_not_by_colour_alone() -> None:
    root = parsed(*EVERYTHING)
    style = next(root.iter(f"{NAMESPACE}style")).text or ""
    fills = {
        name: re.search(rf"\.{name} {{ fill: ([^;]+);", style)
        for name in ("ordered", "stated", "given", "dispensed")
    }
    assert len({found[1] for found in fills.values() if found}) == 4
    ids = {one.get("id") for one in root.iter(f"{NAMESPACE}pattern")}
    assert set(re.findall(r"url\(#(\w+)\)", style)) <= ids
    rows = [text for text in texts(root) if re.match(r"(ordered|stated|given|dispensed): \d+ record", text)]
    assert len(rows) == 10
    drawn = [one for one in shapes(root, "bar") if one.get("width") != "26"]  # without the legend's
    assert all(one.find(f"{NAMESPACE}title") is not None for one in drawn)


def test_a_screen_reader_is_told_everything_in_sentences() -> None:
    root = parsed(*EVERYTHING)
    assert root.get("role") == "img"
    title, description = root.find(f"{NAMESPACE}title"), root.find(f"{NAMESPACE}desc")
    assert title is not None
    assert description is not None
    assert root.get("aria-labelledby") == f"{title.get('id')} {description.get('id')}"
    said = description.text or ""
    for section in picture(*EVERYTHING).sections:
        for lane in section.lanes:
            assert f"{lane.name}: {lane.status}." in said
            assert all(course in said for course in lane.courses)
            assert all(row.words in said for row in lane.rows)


def test_it_has_no_script_no_link_and_loads_nothing() -> None:
    text = svg_of(picture(*EVERYTHING))
    assert not re.search(
        r"<script|<a\b|href|@import|@font-face|url\((?!#)|https?://(?!www\.w3\.org/2000/svg)", text
    )
    assert not re.search(r"\son\w+=", text)


def test_letters_keep_their_size_at_any_width_and_fit_on_a_phone() -> None:
    root = parsed(*EVERYTHING)
    assert root.get("viewBox") is None
    assert root.get("width") == "100%"
    bold = {"name", "section"}
    for one in root.iter(f"{NAMESPACE}text"):
        words, classes = "".join(one.itertext()), set(one.get("class", "").split())
        assert len(words) <= (40 if bold & classes and ":" not in words else 50), words


def test_it_can_be_read_in_the_dark_and_on_paper() -> None:
    style = next(parsed().iter(f"{NAMESPACE}style")).text or ""
    assert style.index("prefers-color-scheme: dark") < style.index("@media print")
    used, light = set(re.findall(r"var\((--\w+)\)", style)), re.findall(r"(--\w+): #", style)
    assert all(light.count(name) == 3 for name in used)


def test_lanes_lie_below_each_other_and_nothing_lies_outside() -> None:
    root = parsed(*EVERYTHING)
    height = int(root.get("height", "0"))
    names = [int(one.get("y", "0")) for one in shapes(root, "name")]
    assert names == sorted(set(names))
    for one in root.iter():
        for name in ("y", "cy", "y1", "y2"):
            if (value := one.get(name)) is not None:
                assert 0 <= float(value) <= height
        for name in ("x", "cx", "x1", "x2"):
            if (value := one.get(name)) is not None and value.endswith("%"):
                assert 0 <= float(value[:-1]) <= 98
        if one.get("width", "").endswith("%") and one.get("x"):
            assert percent(one, "x") + percent(one, "width") <= 98.01


def test_an_empty_chart_is_a_picture_too() -> None:
    root = parsed()
    assert "No drug on record" in texts(root)
    assert (root.find(f"{NAMESPACE}desc").text or "").startswith("No drug on record.")  # type: ignore[union-attr]


# --- words of a record


HOSTILE = "prednisone </text><script>alert(1)</script> \"' & \u202e\u0000\u0008\ufffe\ud800 ]]> <!-- {{7*7}}"


def test_words_of_a_record_are_escaped_and_cleaned() -> None:
    records = [ordered(HOSTILE, "2025-01-01"), ordered("azathioprine" + "x" * 500, "2025-01-01")]
    records[0]["id"] = "<b>"
    text = svg_of(picture(*records, patient="<&\">'"))
    root = ElementTree.fromstring(text)
    assert "<script" not in text
    assert "49" not in [words for words in texts(root) if "7*7" in words]
    assert any("alert(1)" in "".join(one.itertext()) for one in root.iter(f"{NAMESPACE}title"))
    assert not re.search("[\u202e\u0000\u0008\ufffe]", text)


@settings(max_examples=150, deadline=None)
@any_of(st.text(max_size=60), st.text(alphabet=st.characters(), max_size=12))
def test_no_text_breaks_the_file(words: str, patient: str) -> None:
    root = ElementTree.fromstring(
        svg_of(picture(ordered(f"prednisone {words}", "2025-01-01"), patient=patient or "p"))
    )
    assert len(shapes(root, "name")) >= 1


def test_a_text_is_one_line_without_what_xml_cannot_hold() -> None:
    assert clean("a\n\tb\u200b\u202ec\ud800d") == "a b c d"
    assert len(clean("x" * 1000)) == 160


# --- the axis


def test_the_axis_shows_a_year_at_least_and_five_at_most() -> None:
    assert LONGEST_YEARS == 5
    assert axis_for([], TODAY).first == date(2025, 6, 1).toordinal()
    assert axis_for([date(2024, 2, 20).toordinal()], TODAY).first == date(2024, 2, 1).toordinal()
    assert axis_for([date(2000, 1, 1).toordinal()], TODAY).first == date(2021, 6, 1).toordinal()


@pytest.mark.parametrize("start", [date(2025, 12, 1), date(2024, 11, 5), date(2023, 2, 2), date(2001, 1, 1)])
def test_the_axis_has_a_tick_for_each_january_and_room_for_its_labels(start: date) -> None:
    axis = axis_for([start.toordinal()], TODAY)
    ticks = axis.ticks()
    first = date.fromordinal(axis.first)
    januaries = [year for year in range(first.year, 2027) if date(year, 1, 1) >= first]
    assert [tick.label for tick in ticks if tick.is_year] == [str(year) for year in januaries]
    assert len(ticks) <= 19
    narrow = [tick.x for tick in ticks if tick.narrow]
    assert all(later - earlier > 9 for earlier, later in pairwise(narrow))
    assert [tick.x for tick in ticks] == sorted(tick.x for tick in ticks)


def test_a_month_that_began_before_the_axis_has_no_tick() -> None:
    axis = Axis(date(2024, 11, 23).toordinal(), date(2026, 11, 23).toordinal())

    assert [tick.label for tick in axis.ticks()][:2] == ["2025", "Mar"]


def test_days_outside_lie_on_the_edge() -> None:
    axis = axis_for([], TODAY)
    assert axis.x(1) == axis.left
    assert axis.x(date(2030, 1, 1).toordinal()) == axis.right


# --- inside a page


def test_inside_a_page_the_picture_brings_no_style_of_its_own() -> None:
    svg = inline_svg_of(picture(*EVERYTHING), ENGLISH)
    root = ElementTree.fromstring(svg)
    tags = {one.tag.removeprefix(NAMESPACE) for one in root.iter()}
    assert not {"style", "script"} & tags
    assert not [one for one in root.iter() if one.get("style")]
    assert root.get("aria-label") == "Drugs on record, 15 Jun 2026"
    assert "Patient/p1" not in svg


def test_inside_a_page_it_shows_the_same_lanes_as_the_file() -> None:
    made = picture(*EVERYTHING)
    of_file, of_page = (
        [
            "".join(one.itertext())
            for one in ElementTree.fromstring(svg).iter()
            if one.get("class") == "name halo"
        ]
        for svg in (svg_of(made), inline_svg_of(made, ENGLISH))
    )
    assert of_file
    assert of_page == of_file


def test_in_chinese_drugs_and_days_are_chinese() -> None:
    chinese = language("zh-Hans")
    resources = [entry["resource"] for entry in bundle(*EVERYTHING)["entry"]]
    catalog = definitions()
    record = read_record(resources, catalog, patient_id="p1")
    made = drawn(record, "", TODAY, catalog.trials, catalog, language=chinese)
    names = [lane.name for section in made.picture.sections for lane in section.lanes]
    assert "泼尼松" in names
    assert "2024年9月" in inline_svg_of(made.picture, chinese)
