"""Directions for a short course or for one place of the body, and their ordinary neighbours that go on."""

# ruff: noqa: RUF001 -- Chinese has its own punctuation
from __future__ import annotations

from typing import Any

import pytest

from mappings.verdicts import Reason
from tests.mappings.reading.test_drug_names_and_forms import read as read_shipped
from tests.mappings.reading.test_drugs import (
    bounds,
    coded,
    dosage,
    doses,
    for_days,
    only,
    request,
    statement,
    supply,
    therapy,
    until,
)

START = "2025-01-10"
ON = ("for ever", "for ever")


def from_the_start_on(text: str = "", **more: Any) -> dict[str, Any]:
    """A dosage whose period has a start only."""
    return {**bounds(start=START), **({"text": text} if text else {}), **more}


def in_period(text: str = "", sequence: int | None = None, **period: str) -> dict[str, Any]:
    numbered = {} if sequence is None else {"sequence": sequence}
    return {**bounds(**period), "text": text, **numbered}


def timed(**timing: Any) -> dict[str, Any]:
    repeat = {"boundsPeriod": {"start": START}, **timing.pop("repeat", {})}
    return {"timing": {"repeat": repeat, **timing}}


def sure_until(day: str) -> tuple[str, str]:
    return day, "for ever"


STARTED = [
    ("one dose", dosage(from_the_start_on("40 mg once")), sure_until("2025-01-10")),
    ("days, then stop", dosage(from_the_start_on("40 mg daily for 5 days, then stop")),
     sure_until("2025-01-14")),
    ("until a day", dosage(from_the_start_on("10 mg daily until 2025-12-01")), sure_until("2025-12-01")),
    ("疗程7天", dosage(from_the_start_on("每日30mg 疗程7天")), sure_until("2025-01-16")),
    ("an additional instruction",
     dosage(from_the_start_on("40 mg", additionalInstruction=[{"text": "for 5 days"}])),
     sure_until("2025-01-14")),
    ("a timing code of once", dosage(timed(code={"text": "once"})), sure_until("2025-01-10")),
    ("doses that are counted", dosage(timed(repeat={"count": 5})), sure_until("2025-01-10")),
    ("two steps, both short",
     dosage(in_period("40 mg for 7 days", 1, start=START),
            in_period("20 mg for 7 days", 2, start="2025-01-17")),
     sure_until("2025-01-23")),
    ("a step with an end, then a short one",
     dosage(in_period("40 mg daily", 1, start=START, end="2025-02-10"),
            in_period("20 mg for 7 days", 2, start="2025-02-11")),
     sure_until("2025-02-10")),
    ("days in words that are those of one fill",
     dosage(from_the_start_on("1 tablet daily for 90 days")) | supply(90, numberOfRepeatsAllowed=3),
     sure_until("2026-01-04")),
    # its neighbours
    ("a daily dose", dosage(from_the_start_on("10 mg daily")), ON),
    ("a daily dose in Chinese", dosage(from_the_start_on("10mg 口服 每日一次")), ON),
    ("no words at all", dosage(from_the_start_on()), ON),
    ("days, then a fixed dose", dosage(from_the_start_on("40 mg for 5 days, then 10 mg daily")), ON),
    ("a short step, then a fixed dose",
     dosage(in_period("40 mg daily for 7 days", 1, start=START),
            in_period("5 mg daily", 2, start=START)), ON),
    ("a step with an end, then a fixed dose",
     dosage(in_period("40 mg daily", 1, start=START, end="2025-02-10"),
            in_period("5 mg daily", 2, start="2025-02-11")), ON),
    ("one that goes on, at once a day", dosage(timed(code={"text": "once daily"})), ON),
    ("a continuous one", dosage(from_the_start_on("10 mg daily")) | therapy("continuous"), ON),
    ("a period with an end, whatever the words",
     dosage(in_period("40 mg for 5 days", start=START, end="2025-03-01")), ("2025-03-01", "2025-03-01")),
    ("no period", dosage({"text": "40 mg daily for 5 days, then stop"}), sure_until("2025-01-14")),
    ("a number of doses and no period", dosage(doses(5)), sure_until("2025-01-10")),
    ("a duration", dosage(for_days(14)), ("2025-01-23", "2025-01-23")),
]  # fmt: skip


@pytest.mark.parametrize(("more", "expected"), [row[1:] for row in STARTED], ids=[row[0] for row in STARTED])
def test_a_period_without_an_end_leaves_the_end_to_the_words(
    more: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert until(only(request(coded("8640"), **more))) == expected


def test_a_short_course_whose_period_has_a_start_only_is_not_known_to_go_on() -> None:
    exposure = only(request(coded("8640"), **dosage(from_the_start_on("40 mg once"))))
    assert (exposure.problem, exposure.note) == (Reason.IMPRECISE, "end not known")


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (from_the_start_on("40 mg once"), sure_until("2025-01-10")),
        (from_the_start_on("10 mg daily"), ON),
        (in_period("10 mg daily", start=START, end="2025-03-01"), sure_until("2025-03-01")),
        (in_period("10 mg daily", start=START, end="some day"), sure_until("2025-01-10")),
    ],
    ids=["one dose", "a daily dose", "a period with an end", "an end that cannot be read"],
)
def test_a_statement_goes_on_for_as_long_as_its_dosages(
    one: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert until(only(statement(effectiveDateTime=START, dosage=[one]))) == expected


SHORT = [
    # British: days over 7, weeks over 52, months over 12
    ("40mg od 5/7", "2025-01-14"),
    ("40mg od for 5/7", "2025-01-14"),
    ("40 mg 5/7", "2025-01-14"),
    ("8 tablets om 5/7 then stop", "2025-01-14"),
    ("30 mg daily x 7/7", "2025-01-16"),
    ("30 mg OD, 10/7", "2025-01-19"),
    ("30 mg od (7/7)", "2025-01-16"),
    ("30 mg mane 5-7/7", "2025-01-14"),
    ("20mg od 2/52", "2025-01-23"),
    ("20 mg daily for 3/12", "2025-04-09"),
    ("100 mg od for 6/52 then stop", "2025-02-20"),
    ("15 mg weekly for 3/12", "2025-04-09"),
    ("40 mg od 5/7, 20 mg od 5/7", "2025-01-14"),
    # one dose
    ("80 mg IM x 1", "2025-01-10"),
    ("80 mg IM x1.", "2025-01-10"),
    ("80 mg IM x1 in clinic", "2025-01-10"),
    ("120mg im ×1", "2025-01-10"),
    ("1 g IV x one", "2025-01-10"),
    ("40 mg PO x 1 now", "2025-01-10"),
    ("80 mg IM today", "2025-01-10"),
    ("80mg 肌注 ×1次", "2025-01-10"),
    ("pulse 500 mg IV x3", "2025-01-10"),
    ("12 mg IM q24h x 2", "2025-01-10"),
    # days by number
    ("6 tabs day 1, 5 tabs day 2, 4 tabs day 3, 3 tabs day 4, 2 tabs day 5, 1 tab day 6", "2025-01-15"),
    ("Day 1: 6 tablets. Day 2: 5 tablets. Day 3: 4 tablets", "2025-01-12"),
    ("Take 6 tablets on day 1, then 5 tablets on day 2, then 4 tablets on day 3", "2025-01-12"),
    ("60 mg days 1-3, 40 mg days 4-6, 20 mg days 7 to 9", "2025-01-18"),
    ("第1天6片，第2天5片，第3天4片", "2025-01-12"),
    ("1 g IV on day 1 and day 15", "2025-01-24"),
    # steps that each have their days
    ("40 mg daily for 7 days then 20 mg daily for 7 days", "2025-01-16"),
    ("40 mg od 5/7 then 20 mg od 5/7", "2025-01-14"),
    ("30mg qd ×7天，然后 20mg qd ×7天", "2025-01-16"),
]  # fmt: skip

GOES_ON = [
    *("1/day", "1 tablet 1/day", "1/2 tablet daily", "1/2 tab od", "2 x 1/2 tablet daily", "7.5/5 mg od"),
    *("10 mg od from 5/7/2026", "10 mg od, started 5/7", "10 mg daily 5/7/2026", "10 mg daily 12/12/25"),
    *("5 mg od. Review 3/12", "5 mg od, bloods every 3/12", "10 mg daily from 3/12", "5 mg od since 2/7"),
    *("200 mg od 5/7 and 400 mg od 2/7", "400 mg 5/7 & 200 mg 2/7", "5 mg od 5/7 days a week"),
    "15 mg once a week, folic acid 5 mg 6/7",
    *("1 tablet 6/7 days per week", "15 mg once every 1/52", "1 g 6/12", "15 mg weekly 1/7"),
    *("10 mg od 5/7 onwards", "40 mg od 5/7 then 10 mg od"),
    *("5 mg daily", "10 mg once daily", "5 mg od", "2.5 mg x 1 daily", "1 x 1", "2 x 1 Tbl.", "1x1 tgl"),
    *("5 mg x 1/day", "Take 2 tablets x 1 refill", "1 tablet x 1 every morning", "每日×1次", "口服 每日1次"),
    *("15 mg IM weekly", "15 mg IM once weekly", "inject 15 mg IM x 1 weekly", "10 mg daily, start today"),
    *("20 mg days 1-7, 10 mg from day 8", "20 mg day 1, 15 mg day 2, 10 mg day 3 onwards"),
    *("100 mg daily on day 1 to 3, then 20 mg daily", "20 mg days 1-7, 15 mg days 8-14, 10 mg daily"),
    *("1 g IV on day 1 and day 15, repeat every 6 months", "20 mg on day 1-7 of each month"),
    *("第1天6片，第2天5片，第3天起4片", "one tablet a day", "alle 2 Tage 1-2 Tabl."),
    "every 2 days 1 to 2 mg",
    *("20 mg for 7 days then 10 mg from day 8", "15 mg on days 1 and 4 of the week", "10 mg x 1 in am"),
    *("1 g IV x 2 per year", "20 mg daily 3/12-3/19"),
    *("1 tablet every day", "40 mg day 1", "40 mg daily for 7 days then 20 mg daily"),
    *("40 mg x 7 days then 20 mg x 7 days then 10 mg daily", "10 mg daily, hold for 5 days if infection"),
    *("40 mg for 7 days, then 10 mg daily, follow up in 2 weeks",),
]  # fmt: skip


@pytest.mark.parametrize(("text", "surely"), SHORT)
def test_a_short_course_as_it_is_commonly_written_is_sure_for_those_days_only(text: str, surely: str) -> None:
    assert until(only(request(coded("8640"), **dosage({"text": text})))) == sure_until(surely)


@pytest.mark.parametrize("text", GOES_ON)
def test_what_only_looks_like_a_short_course_goes_on(text: str) -> None:
    assert until(only(request(coded("8640"), **dosage({"text": text})))) == ON


IN_ONE_PLACE = [
    *("40 mg intra-articular", "40 mg intraarticularly", "intra articular injection, left knee"),
    *("40 mg into left knee", "inject into knee", "Inject 40 mg into the right knee joint once", "into knee"),
    *("inject 40 mg left ankle", "40 mg into L hip joint", "inject 20 mg in the first MTP joint"),
    *("subacromial bursa injection", "inject 40 mg to olecranon bursa"),
    *("into trochanteric bursa", "intrabursal", "40 mg to trigger finger", "40mg IA", "40 mg in right knee"),
    *("40 mg with 1 ml lidocaine intra-articular", "left SI joint injection", "into both knees"),
    *("epidural steroid injection", "80 mg epidural", "for epidural use", "transforaminal epidural L5"),
    *("intralesional injection", "10 mg intra-lesional", "10 mg intralesionally", "4 mg intravitreal"),
    *("4 mg sub-Tenon", "subconjunctival 2 mg", "retrobulbar", "intratympanic", "12 mg intrathecally"),
    *("inject 10 mg to trigger finger", "into carpal tunnel"),
    *("inject 20 mg trigger point", "into tendon sheath"),
    *("40 mg knee injection", "inject keloid with 10 mg", "40 mg IA", "peritendinous", "periarticular"),
    *("40 mg intraartikulär", "40 mg ins Kniegelenk", "ins linke Knie", "periduralanästhesie 40 mg"),
    *("injection intra-articulaire 40 mg", "infiltración intraarticular", "40mg 关节内注射"),
    *("40mg 硬膜外注射", "腱鞘内注射", "鞘内注射10mg", "皮损内注射", "玻璃体腔注射"),
    *("局部封闭", "關節腔注射"),
]  # fmt: skip

NOT_IN_ONE_PLACE = [
    *("40 mg IM", "80 mg IM gluteal", "15 mg IM weekly", "15 mg IM once weekly into thigh"),
    *("inject 15 mg SC weekly for joint pain", "Inject 0.6 mL under the skin weekly. For joints"),
    *("inject 15 mg into thigh above the knee", "10 mg daily for knee pain"),
    *("take 2 tablets for pain in knee", "inject 15 mg to help joints", "10 mg daily to ease joint pain"),
    *("10 mg daily. Monitor intraocular pressure", "1 tablet with intrathecal chemotherapy"),
    *("inject 15 mg to reduce joint swelling", "1 tablet daily for bursitis", "5 mg daily for carpal tunnel"),
    *("10 mg daily; hold 1 day before epidural", "resume after intra-articular injection"),
    *("5 mg daily until knee injection", "not for intrathecal use"),
    *("80 mg IM in deltoid", "inject into abdomen", "80 mg IM left shoulder", "80 mg IM right hip"),
    *("1 g IV infusion", "5 mg daily, due to joint stiffness", "10 mg daily (IgA nephropathy)"),
    *("口服 10mg 每日一次", "10mg 肌注 每周一次", "关节痛时口服10mg", "10 mg täglich bei Schmerzen im Knie"),
]  # fmt: skip


@pytest.mark.parametrize("text", IN_ONE_PLACE)
def test_an_injection_into_one_place_of_the_body_does_not_count(text: str) -> None:
    injection = {"text": "triamcinolone acetonide 40 mg/mL injection"}
    assert read_shipped(injection, dosageInstruction=[{"text": text}]) == {}


@pytest.mark.parametrize("text", NOT_IN_ONE_PLACE)
def test_what_is_for_the_whole_body_counts_though_a_joint_is_named(text: str) -> None:
    for name in ("methotrexate", "methylprednisolone"):
        assert list(read_shipped({"text": name}, dosageInstruction=[{"text": text}])) == [name]


@pytest.mark.parametrize("words", ["Intra articular", "Intraarticularly", "Intralesionally", "intrabursal"])
def test_a_route_is_local_however_it_is_spelt(words: str) -> None:
    drug = {"text": "triamcinolone acetonide 40 mg/mL"}
    assert read_shipped(drug, dosageInstruction=[{"route": {"text": words}}]) == {}
