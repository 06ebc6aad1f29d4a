"""A drug was given: ever, or within six months of 15 June 2026, that is since 15 December 2025."""

from __future__ import annotations

from datetime import date

import pytest

from mappings.dates import LAST_DAY, When, Window
from mappings.facts import Exposure
from mappings.reading.drugs.statuses import NOT_TAKEN
from mappings.rules import DrugRule
from mappings.verdicts import Reason
from tests.mappings.evaluation.small_world import answer, cut_short, exposure, on, record, said

EVER = DrugRule(("rituximab", "mycophenolate"))
SIX_MONTHS = DrugRule(("rituximab", "mycophenolate"), Window(6, "months"))
WASHED_OUT = DrugRule(("rituximab", "mycophenolate"), Window(6, "months"), older_means_not_met=True)
LOOKED_FOR = DrugRule(("rituximab", "mycophenolate"), absent_means_not_met=True)


def dose(day: str) -> Exposure:
    """An infusion, which counts as running for 180 days after it in other rules."""
    given = exposure("rituximab", day, source="given")
    return given._replace(end=When(given.start.first + 180, given.start.last + 180, ""))


def infusion(first: str, last: str) -> Exposure:
    """What was given over some days or weeks, as a pump does."""
    given = dose(first)
    return given._replace(end=None, last_given=on(last) if last else given.start._replace(last=LAST_DAY))


ORDERED = exposure("mycophenolate", "2024-01-01")
STOPPED = exposure("mycophenolate", "2024-01-01", "2025-11-30")
NOT_CONFIRMED = exposure("mycophenolate", "2026-01-01")._replace(problem=Reason.NOT_CONFIRMED)
DENIAL = exposure("mycophenolate", "2024-01-01", "2025-11-30", "stated")._replace(note=NOT_TAKEN)

CASES = [
    # what is on record, ever, within six months, within six months where older ones mean that none was since
    ("nothing", [], "unknown: not_found", "unknown: not_found", "unknown: not_found"),
    ("another drug", [exposure("prednisone", "2026-01-01")],
     "unknown: not_found", "unknown: not_found", "unknown: not_found"),
    ("a dose on the first day that counts", [dose("2025-12-15")], "met", "met", "met"),
    ("a dose of the day before, still working today", [dose("2025-12-14")],
     "met", "unknown: too_old", "not-met"),
    ("an old dose of one and an old order of the other", [dose("2020-01-01"), STOPPED],
     "met", "unknown: too_old", "not-met"),
    ("a dose of that month, nobody knows which day", [dose("2025-12")],
     "met", "unknown: imprecise", "unknown: imprecise"),
    ("a dose without a day", [dose("")], "met", "unknown: imprecise", "unknown: imprecise"),
    ("doses from summer till the first day that counts",
     [infusion("2025-07-01", "2025-12-15")], "met", "met", "met"),
    ("doses from summer till the day before, still working today",
     [infusion("2025-07-01", "2025-12-14")], "met", "unknown: too_old", "not-met"),
    ("an infusion that began before and is to go on after today",
     [infusion("2025-12-01", "2026-07-01")], "met", "met", "met"),
    ("an infusion that began before and ended in that month, nobody knows when",
     [infusion("2025-12-01", "2025-12")], "met", "unknown: imprecise", "unknown: imprecise"),
    ("an infusion that began before, without an end",
     [infusion("2025-12-01", "")], "met", "unknown: imprecise", "unknown: imprecise"),
    ("an infusion without an end that began on a day that counts",
     [infusion("2026-05-01", "")], "met", "met", "met"),
    ("a dose that is planned for tomorrow", [dose("2026-06-16")],
     "unknown: not_found", "unknown: not_found", "unknown: not_found"),
    ("an order that goes on", [ORDERED], "met", "met", "met"),
    ("an order that ended before", [STOPPED], "met", "unknown: too_old", "not-met"),
    ("an order that ended on the first day that counts",
     [exposure("mycophenolate", "2024-01-01", "2025-12-15")], "met", "met", "met"),
    ("an order whose month of ending is known only",
     [exposure("mycophenolate", "2024-01-01", "2025-12")],
     "met", "unknown: imprecise", "unknown: imprecise"),
    ("an order that nobody confirms", [NOT_CONFIRMED],
     "unknown: not_confirmed", "unknown: not_confirmed", "unknown: not_confirmed"),
    ("an order, and later the word that it is not taken: taken before that", [ORDERED, DENIAL],
     "met", "unknown: imprecise", "unknown: imprecise"),
    ("a supply without a day", [exposure("mycophenolate", "", "", "dispensed")],
     "met", "unknown: imprecise", "unknown: imprecise"),
    ("a supply of some day of a month", [exposure("mycophenolate", "2025-03", "2025-03", "dispensed")],
     "met", "unknown: too_old", "not-met"),
    ("a supply of some day of the first month that counts in part",
     [exposure("mycophenolate", "2025-12", "2025-12", "dispensed")],
     "met", "unknown: imprecise", "unknown: imprecise"),
    ("a statement that it was taken in a year", [exposure("mycophenolate", "2019", "2019", "stated")],
     "met", "unknown: too_old", "not-met"),
    ("a statement that it is taken this year", [exposure("mycophenolate", "2026", "2026", "stated")],
     "unknown: imprecise", "unknown: imprecise", "unknown: imprecise"),
    ("an order of a year", [exposure("mycophenolate", "2019", "2019")],
     "unknown: imprecise", "unknown: too_old", "not-met"),
    ("a supply of this month", [exposure("mycophenolate", "2026-06", "2026-06", "dispensed")],
     "unknown: imprecise", "unknown: imprecise", "unknown: imprecise"),
    ("an old dose of one and a new order of the other", [dose("2020-01-01"), ORDERED], "met", "met", "met"),
    ("an old dose of one and a doubtful one of the other", [STOPPED, dose("2025-12")],
     "met", "unknown: imprecise", "unknown: imprecise"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("drugs", "ever", "within", "washed_out"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_drug_counts_on_the_days_on_which_it_was_given(
    drugs: list[Exposure], ever: str, within: str, washed_out: str
) -> None:
    patient = record(drugs)
    assert [said(answer(rule, patient)) for rule in (EVER, SIX_MONTHS, WASHED_OUT)] == [
        ever,
        within,
        washed_out,
    ]


def test_absence_means_not_given_only_where_the_author_says_so() -> None:
    assert said(answer(LOOKED_FOR, record([]))) == "not-met: absent_by_rule"
    assert said(answer(LOOKED_FOR, record([], gap=cut_short(newest_first=False)))) == "unknown: not_retrieved"


@pytest.mark.parametrize("drugs", [[], [STOPPED]], ids=["nothing came", "only an old order came"])
def test_records_that_were_not_all_read_never_prove_that_a_drug_was_not_given(drugs: list[Exposure]) -> None:
    patient = record(drugs, gap=cut_short(newest_first=False))
    assert said(answer(WASHED_OUT, patient)) == "unknown: not_retrieved"
    assert said(answer(WASHED_OUT, record([dose("2026-03-01")], gap=cut_short(newest_first=False)))) == "met"


@pytest.mark.parametrize(
    ("drug", "until"),
    [
        (dose("2026-03-01"), date(2026, 9, 1)),
        (exposure("mycophenolate", "2024-01-01", "2026-02-28"), date(2026, 8, 28)),
        (ORDERED, None),
        (exposure("mycophenolate", "2024-01-01", "2026-06-15"), None),
        (dose("2026-03"), None),
        (infusion("2026-03-01", "2026-03-20"), date(2026, 9, 20)),
    ],
    ids=["a dose", "a course that ended", "one that goes on", "one that ends today", "no day", "an infusion"],
)
def test_it_is_said_until_when_a_drug_counts(drug: Exposure, until: date | None) -> None:
    (evidence,) = answer(SIX_MONTHS, record([drug])).evidence
    assert (evidence.counts_until, evidence.window) == (until, "6 months")


def test_of_many_records_of_a_drug_the_newest_that_decides_is_shown() -> None:
    monthly = [dose(f"2026-0{month}-01") for month in (1, 2, 3)]
    outcome = answer(SIX_MONTHS, record([*monthly, dose("2025-01-01"), ORDERED]))
    assert [(each.concept, each.date) for each in outcome.evidence] == [
        ("rituximab", "2026-03-01"),
        ("mycophenolate", "2024-01-01"),
    ]


def test_statements_against_a_drug_are_shown_beside_it() -> None:
    shown = answer(SIX_MONTHS, record([ORDERED, DENIAL])).evidence
    assert [each.note for each in shown] == ["", f"until 2025-11-30; {NOT_TAKEN}"]
