"""Refractory: a glucocorticoid with a listed drug for more than 6 months, and active after that.

The day is 15 June 2026, so both have to run since 14 December 2025 at the latest.
"""

from __future__ import annotations

import pytest

from mappings.dates import Window
from mappings.facts import Exposure, Result
from mappings.rules import Measurement, Treatment
from mappings.trial_definition import Criterion
from tests.mappings.evaluation.small_world import answer, bound, cut_short, exposure, record, said, upcr

PROTEINURIA = Criterion(
    "proteinuria", "Proteinuria", "", (), Measurement("upcr", bound("greater_than", 1.0), Window(90, "days"))
)
REFRACTORY = Treatment(
    of=("prednisone",),
    together_with=("mycophenolate", "rituximab"),
    for_more_than=Window(6, "months"),
    still_active_by=("proteinuria",),
    also_show=("anifrolumab",),
    absent_means_not_met=True,
)
PREDNISONE = exposure("prednisone", "2025-01-01")
ACTIVE_NOW = upcr(1.4, "2026-06-10")

CASES = [
    ("no drug at all", [], ACTIVE_NOW, "not-met: absent_by_rule"),
    ("prednisone alone", [PREDNISONE], ACTIVE_NOW, "not-met: absent_by_rule"),
    ("both for a year", [PREDNISONE, exposure("mycophenolate", "2025-06-01")], ACTIVE_NOW, "met"),
    ("six months and a day, active today", [PREDNISONE, exposure("mycophenolate", "2025-12-14")],
     upcr(1.4, "2026-06-15"), "met"),
    ("six months exactly: not more",
     [PREDNISONE, exposure("mycophenolate", "2025-12-15")], ACTIVE_NOW, "not-met"),
    ("stopped last month", [PREDNISONE, exposure("mycophenolate", "2025-01-01", "2026-05-01")], ACTIVE_NOW,
     "not-met"),
    ("one listed drug after the other",
     [PREDNISONE, exposure("rituximab", "2025-08-01", "2026-01-28", "given"),
      exposure("mycophenolate", "2026-02-10")],
     ACTIVE_NOW, "met"),
    ("only a year is known",
     [PREDNISONE, exposure("mycophenolate", "2025")], ACTIVE_NOW, "unknown: imprecise"),
    ("unlisted biologic", [PREDNISONE, exposure("anifrolumab", "2025-01-01")], ACTIVE_NOW,
     "not-met: absent_by_rule"),
    ("active before the six months had passed only",
     [PREDNISONE, exposure("mycophenolate", "2025-11-01")], upcr(1.4, "2026-04-20"), "unknown: too_old"),
    ("no longer active",
     [PREDNISONE, exposure("mycophenolate", "2025-06-01")], upcr(0.2, "2026-06-10"), "not-met"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("drugs", "result", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_ineffective_treatment_is_read_from_dates_and_activity(
    drugs: list[Exposure], result: Result, expected: str
) -> None:
    assert said(answer(REFRACTORY, record([*drugs, result]), [PROTEINURIA])) == expected


def test_what_was_looked_for_and_not_found_is_named_drug_by_drug() -> None:
    rule = Treatment(("prednisone", "mycophenolate", "rituximab"))
    found = answer(rule, record([]))
    assert said(found) == "unknown: not_found"
    assert [one.concept for one in found.evidence] == list(rule.of)
    present = answer(rule, record([exposure("mycophenolate", "2025-01-01")]))
    assert {one.concept for one in present.evidence} == {"treatment", "mycophenolate"}


def test_activity_is_only_said_to_be_inferred_from_where_it_is_asked_for() -> None:
    [together, *_] = answer(Treatment(("prednisone",)), record([PREDNISONE])).evidence
    assert together.note == "since then without a break; inferred from drug dates"


def test_a_drug_search_cut_short_never_proves_that_a_treatment_ended() -> None:
    stopped = [PREDNISONE, exposure("mycophenolate", "2025-01-01", "2026-02-01")]
    patient = record([*stopped, ACTIVE_NOW], gap=cut_short(newest_first=True))
    assert said(answer(REFRACTORY, patient, [PROTEINURIA])) == "unknown: not_retrieved"


def test_the_card_can_say_that_it_is_inferred_and_unlisted_drugs_are_shown() -> None:
    drugs = [PREDNISONE, exposure("mycophenolate", "2025-06-01"), exposure("anifrolumab", "2026-01-01")]
    evidence = answer(REFRACTORY, record([*drugs, ACTIVE_NOW]), [PROTEINURIA]).evidence
    assert (evidence[0].text, evidence[0].date) == ("prednisone + mycophenolate", "2025-06-01")
    assert "inferred from drug dates and activity" in evidence[0].note
    assert [e.note for e in evidence if e.concept == "anifrolumab"] == ["shown, not counted"]
