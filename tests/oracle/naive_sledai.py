"""SLEDAI-2K, descriptor by descriptor, as in section 2 of the clinical reference and the trial's page."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from tests.oracle.facts import Chart, Lab
from tests.oracle.naive_reading import (
    PER_FIELD,
    TO_BILLIONS_PER_L,
    TO_G_PER_DAY,
    TO_G_PER_G,
    Answer,
    above,
    below,
    celsius,
    is_confirmed,
    is_later_than,
    is_low,
    is_raised,
    is_usable,
    is_void,
    number_of,
    within_days,
)
from tests.oracle.naive_score import NaiveScore

WINDOW = 30


def naive_sledai(chart: Chart) -> NaiveScore:
    """The interval from what the chart shows to what it could be, and the verdict on "at least 8"."""
    today = date.fromisoformat(chart.today)
    at_least = at_most = 0
    items: dict[str, Answer] = {}
    for points, found in (
        (8, eights(chart, today)),
        (4, fours(chart, today)),
        (2, twos(chart, today)),
        (1, ones(chart, today)),
    ):
        for name, answer in found.items():
            items[name] = answer
            at_least += points if answer is True else 0
            at_most += points if answer is not False else 0
    return with_recorded_total(chart, today, at_least, at_most, items)


def eights(chart: Chart, today: date) -> dict[str, Answer]:
    return {
        "seizure": began(chart, today, "seizure"),
        "psychosis": began(chart, today, "psychosis"),
        "organic-brain-syndrome": began(chart, today, "delirium"),
        "visual-disturbance": began(chart, today, "optic neuritis"),
        "cranial-nerve-disorder": began(chart, today, "cranial nerve disorder"),
        "lupus-headache": None,  # no code in the reference
        "stroke": began(chart, today, "stroke"),
        "vasculitis": began(chart, today, "vasculitis"),
    }


def fours(chart: Chart, today: date) -> dict[str, Answer]:
    return {
        "arthritis": began(chart, today, "arthritis"),
        "myositis": began(chart, today, "myositis"),
        "urinary-casts": any_of(seen(chart, today, "casts")),
        "haematuria": any_of(seen(chart, today, "urine red cells")),
        "proteinuria": proteinuria(chart, today),
        "pyuria": any_of(seen(chart, today, "urine white cells")),
    }


def twos(chart: Chart, today: date) -> dict[str, Answer]:
    return {
        "rash": began(chart, today, "rash of lupus", "subacute cutaneous lupus", "discoid lupus"),
        "alopecia": began(chart, today, "alopecia", "non-scarring alopecia"),
        "mucosal-ulcers": began(chart, today, "oral ulcer"),
        "pleurisy": began(chart, today, "pleurisy"),
        "pericarditis": began(chart, today, "pericarditis", "acute pericarditis"),
        "low-complement": low_complement(chart, today),
        "dna-binding": any_of(seen(chart, today, "anti-dsDNA")),
    }


def ones(chart: Chart, today: date) -> dict[str, Answer]:
    return {
        "fever": any_of(seen(chart, today, "temperature")),
        "thrombocytopenia": any_of(seen(chart, today, "platelets")),
        "leukopenia": any_of(seen(chart, today, "white cells")),
    }


def with_recorded_total(
    chart: Chart, today: date, at_least: int, at_most: int, items: dict[str, Answer]
) -> NaiveScore:
    """A total that a clinician recorded in the window decides, unless the items contradict one below 8."""
    dated = [lab for lab in chart.labs if lab.what == "SLEDAI-2K" and not is_void(lab)]
    dated = [lab for lab in dated if not is_later_than(lab.day, today)]
    newest = max((lab.day + lab.instant for lab in dated), default="")
    latest = [lab for lab in dated if lab.day + lab.instant == newest and within_days(lab.day, WINDOW, today)]
    totals = [int(lab.number) for lab in latest if is_usable(lab) and 0 <= int(lab.number) <= 105]
    by_items: Answer = True if at_least >= 8 else None
    if not totals:
        # A total that is not final decides nothing; one below 8 may come to contradict items that reach 8.
        doubted = any(
            0 <= int(lab.number) < 8 for lab in latest if lab.form != "absent" and not is_usable(lab)
        )
        return NaiveScore(at_least, at_most, None if doubted else by_items, items)
    if len(totals) < len(latest) or (min(totals) < 8 <= max(totals)) or (max(totals) < 8 <= at_least):
        return NaiveScore(at_least, at_most, None, items)
    return NaiveScore(min(totals), max(totals), min(totals) >= 8, items)


def began(chart: Chart, today: date, *names: str) -> Answer:
    """True if a confirmed Condition began in the window; else nobody knows, as absence is not recorded."""
    for illness in chart.illnesses:
        if illness.what not in names or not illness.onset or is_later_than(illness.onset, today):
            continue
        if is_confirmed(illness) is True and within_days(illness.onset, WINDOW, today) is True:
            return True
    return None


def seen(chart: Chart, today: date, what: str) -> list[Answer]:
    """What each result in the window says of the descriptor; None if it cannot tell, or may be older."""
    answers: list[Answer] = []
    for lab in chart.labs:
        if lab.what != what or is_void(lab) or is_later_than(lab.day, today):
            continue
        inside = within_days(lab.day, WINDOW, today)
        if inside is None:
            answers.append(None)
        elif inside:
            answers.append(holds(lab) if is_usable(lab) else None)
    return answers


def any_of(answers: list[Answer]) -> Answer:
    """It holds if any result shows it, and is absent only if there are results and all are normal."""
    if True in answers:
        return True
    return False if answers and None not in answers else None


def proteinuria(chart: Chart, today: date) -> Answer:
    """Either test. One that says nothing, because it was not done or has no value, is passed over."""
    answers: list[Answer] = []
    for what in ("UPCR", "24 h urine protein"):
        valued = [lab for lab in chart.labs if lab.form != "absent"]
        found = seen(chart._replace(labs=tuple(valued)), today, what)
        if True in found or None in found or len(found) == len(seen(chart, today, what)):
            answers += found
    return any_of(answers)


def low_complement(chart: Chart, today: date) -> Answer:
    """CH50, C3 or C4 low. Absent once C3 and C4 are normal, or CH50 is, and nothing else is open."""
    c3, c4, ch50 = (seen(chart, today, what) for what in ("C3", "C4", "CH50"))
    if True in c3 + c4 + ch50:
        return True
    if None in c3 + c4 + ch50:
        return None
    return False if (c3 and c4) or ch50 else None


def holds(lab: Lab) -> Answer:
    """The descriptor's own cut-off, which is not always that of the classification criteria."""
    if lab.what in ("C3", "C4", "CH50"):
        return is_low(lab)
    if lab.what == "anti-dsDNA":
        return is_raised(lab)
    if lab.what == "casts":
        return above(Fraction(lab.number), lab.sign, Fraction(0)) if lab.number else lab.answer == "positive"
    if lab.what == "temperature":
        return above(celsius(lab), lab.sign, Fraction(38))
    if lab.what in ("platelets", "white cells"):
        limit = Fraction(100) if lab.what == "platelets" else Fraction(3)
        return below(number_of(lab, TO_BILLIONS_PER_L), lab.sign, limit)
    if lab.what in ("urine red cells", "urine white cells"):
        return above(number_of(lab, PER_FIELD), lab.sign, Fraction(5))
    factors = TO_G_PER_G if lab.what == "UPCR" else TO_G_PER_DAY
    return above(number_of(lab, factors), lab.sign, Fraction("0.5"))
