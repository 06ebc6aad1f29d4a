"""Until when a criterion is met by what is on record, against the engine itself on that day and the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from mappings.assessment import assess
from mappings.reading.bundles import unwrap
from mappings.reading.record import read_record
from mappings.results import Assessment, CriterionResult
from mappings.verdicts import Verdict
from tests.fuzz.charts import TRIAL, Chart, beginnings, catalog
from tests.mappings.next_steps.test_next_steps import DRUGS, TODAY, Lines
from tests.mappings.next_steps.test_next_steps import assessed as of_lines
from tests.trials.chart_language import gap_of

CHARTS = {f"{number} {chart.title}": chart for number, chart in enumerate(beginnings())}


def assessed(chart: Chart, day: date) -> Assessment:
    unwrapped = unwrap([chart.bundle])
    gaps = [gap_of(text, catalog()) for text in chart.not_read]
    record = read_record(unwrapped.resources, catalog(), gaps=gaps, full_urls=unwrapped.full_urls)
    return assess(catalog().trial(TRIAL), record, day, catalog())


def result_on(chart: Chart, day: date, criterion: str) -> CriterionResult | None:
    """None where the patient has died by then, so that nobody is assessed."""
    return next((each for each in assessed(chart, day).criteria if each.id == criterion), None)


@pytest.mark.parametrize("title", CHARTS)
def test_the_day_that_is_told_is_the_last_on_which_the_criterion_is_met(title: str) -> None:
    chart = CHARTS[title]
    for criterion, day in assessed(chart, chart.day).last_days.items():
        last, after = (result_on(chart, each, criterion) for each in (day, day + timedelta(days=1)))
        if last is not None and after is not None:
            assert last.verdict is Verdict.MET, criterion
            assert after.verdict is not Verdict.MET, criterion


@pytest.mark.parametrize("title", CHARTS)
def test_a_met_criterion_whose_one_dated_fact_is_a_result_has_a_day(title: str) -> None:
    """A day is left out only where it is not known: never for a single result with a look-back."""
    found = assessed(CHARTS[title], CHARTS[title].day)
    for criterion in found.criteria:
        days = [fact.counts_until for fact in criterion.evidence if fact.counts_until is not None]
        if (
            criterion.verdict is Verdict.MET
            and criterion.applies
            and len(criterion.evidence) == len(days) == 1
        ):
            assert found.last_days[criterion.id] >= days[0]  # later, if an answer says the same


TWO_LIMBS = [("UPCR", "2 g/g on 2026-06-08"), ("24 h urine protein", "2 g/24h on 2026-04-01")]
ITEMS = [("urine red cells", "20 /hpf on 2026-06-10"), ("urine white cells", "20 /hpf on 2026-06-12")]
Row = tuple[str, str, Sequence[str], Lines, str]
ROWS: list[Row] = [
    ("one result", "proteinuria", (), (), "2026-09-06"),
    ("of two results that each suffice, the later one", "proteinuria", ["UPCR"], TWO_LIMBS, "2026-09-06"),
    ("the other way about", "proteinuria", ["UPCR"],
     [("UPCR", "2 g/g on 2026-04-01"), ("24 h urine protein", "2 g/24h on 2026-06-01")], "2026-08-30"),
    ("a result that fails adds nothing", "proteinuria", ["UPCR"],
     [("UPCR", "0.4 g/g on 2026-06-08"), ("24 h urine protein", "2 g/24h on 2026-06-01")], "2026-08-30"),
    ("of two kinds of B cells, the later one", "b-cell-target", ["CD19 count"],
     [("CD19 count", "140 /µL on 2026-04-08"), ("BCMA", "positive on 2026-06-01")], "2026-08-30"),
    ("what must all hold: the first to lapse", "pregnancy-test", (), (), "2026-06-19"),
    ("a recorded total", "sledai-2k", (), (), "2026-07-08"),
    ("a recorded total, and items that suffice for longer", "sledai-2k", (), ITEMS, "2026-07-10"),
    ("items alone: until too few are left", "sledai-2k", ["SLEDAI-2K"], ITEMS, "2026-07-10"),
    ("items to spare: the first to lapse is not missed", "sledai-2k", ["SLEDAI-2K", "UPCR"],
     [("UPCR", "2 g/g on 2026-05-20"), *ITEMS], "2026-07-10"),
    ("an item that two results show lapses with the later one", "sledai-2k", ["SLEDAI-2K", "UPCR"],
     [("24 h urine protein", "2 g/24h on 2026-05-20"), ("UPCR", "2 g/g on 2026-06-08"), ITEMS[1]],
     "2026-07-08"),
    ("no look-back", "sle-classification", (), (), ""),
    ("not met", "ecog", ["ECOG"], [("ECOG", "3 on 2026-06-08")], ""),
    ("unknown", "ecog", ["ECOG"], (), ""),
    ("a month without its day", "ecog", ["ECOG"], [("ECOG", "1 on 2026-06")], ""),
    ("drugs that may go on, and the activity beside them", "refractory-or-relapsed", (), (), ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("title", "criterion", "without", "adding", "day"), ROWS, ids=[row[0] for row in ROWS]
)
def test_the_last_day_of_a_criterion(
    title: str, criterion: str, without: Sequence[str], adding: Lines, day: str
) -> None:
    found = of_lines(without, adding).last_days.get(criterion)
    assert (found.isoformat() if found else "") == day, title


def test_a_criterion_that_rests_on_others_lapses_with_the_last_of_them() -> None:
    remission = ("condition", "lupus nephritis since 2019-04-01 until 2025-06-01, remission")
    found = of_lines((), [remission], drugs=DRUGS[:0])
    assert found.as_of == TODAY
    assert found.last_days.get("refractory-or-relapsed") == date(2026, 9, 6)
