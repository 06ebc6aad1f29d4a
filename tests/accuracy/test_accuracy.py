"""The cohort is answered as its stories want, no true candidate is ruled out, docs/accuracy.md says so."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from mappings.definitions import load_catalog
from tests.accuracy import counting, mix
from tests.accuracy.cohort import Case, Verdict, cases, stories
from tests.accuracy.expected import expected_gate, expected_outcome, expects_card
from tests.accuracy.judging import TRIAL, Judged, differences, judged, judged_cohort
from tests.accuracy.page import PAGE, page

NEVER = {
    "nih-chronicity-index": {"met", "not met"},
    "organ-function": {"met", "not met"},
    "refractory-or-relapsed": {"not met"},
    "contraception": {"not met"},
    "consent": {"not met"},
}
"""What the page of the trial never answers."""
NOTHING_TO_VARY = {"nih-chronicity-index", "organ-function"}


@pytest.fixture(scope="module")
def cohort() -> tuple[Judged, ...]:
    return judged_cohort()


def case(part: str) -> Case:
    """The case whose name has this part."""
    [found] = [each for each in cases() if part in each.name]
    return found


def test_no_true_candidate_is_ruled_out_and_every_answer_is_the_expected_one(
    cohort: tuple[Judged, ...],
) -> None:
    sensitivity = counting.sensitivity(cohort)
    assert sensitivity.number == sensitivity.of, "a true candidate is ruled out"
    found = [f"{name}\n  {'; '.join(wrong)}" for name, wrong in counting.wrong(cohort)]
    assert not found, "\n".join(found)
    # Here, so that the cohort is judged once, and not by each process that runs some of the tests.
    assert PAGE.read_text(encoding="utf-8") == page(cohort), "run `make accuracy`"


def test_there_are_300_patients_and_more_of_every_kind() -> None:
    truths = Counter(each.truth for each in cases())
    assert len(cases()) >= 300
    assert truths["candidate"] >= 300
    assert truths["not a candidate"] >= 50


def test_every_criterion_is_varied_to_every_verdict_that_it_can_have() -> None:
    names = [criterion.id for criterion in load_catalog().trial(TRIAL).criteria]
    assert all(list(story.verdicts) == names for story in stories().values())
    seen = {(each.criterion, each.own) for each in cases()}
    verdicts: tuple[Verdict, ...] = ("met", "not met", "unknown")
    wanted = {
        (name, verdict)
        for name in names
        for verdict in verdicts
        if name not in NOTHING_TO_VARY and verdict not in NEVER.get(name, set())
    }
    assert wanted - seen == set()


def test_what_is_never_answered_is_never_expected() -> None:
    found = [
        f"{each.name}: {name} {each.verdicts[name]}"
        for each in cases()
        for name, never in NEVER.items()
        if each.verdicts[name] in never
    ]
    assert found == []


@pytest.mark.parametrize(
    ("part", "outcome", "card"),
    [
        ("Story: class IV on biopsy", "possible-candidate", True),
        ("Story: relapse after menopause", "possible-candidate", True),
        ("Story: classified by biopsy and ANA", "possible-candidate", True),
        ("Story: pure class V", "ruled-out", False),
        ("Story: responder", "ruled-out", False),
        ("Story: in remission", "needs-data", False),
        ("Story: lupus without nephritis", "needs-data", False),
        ("Story: lupus of the skin only", "needs-data", False),
        ("class IV on biopsy | woman born 1990-03-01, deceased", "ruled-out", False),
        ("NCT06920433, on-study", "possible-candidate", False),
        ("diagnosis and proteinuria only | woman born 2030-01-01", "needs-data", False),
    ],
)
def test_the_rules_of_the_outcome(part: str, outcome: str, card: bool) -> None:
    assert (expected_outcome(case(part)), expects_card(case(part))) == (outcome, card)


def test_the_gate_needs_each_of_its_parts() -> None:
    told = case("Story: diagnosis and proteinuria only")
    assert expected_gate(told) == "met"
    assert expected_gate(replace(told, lupus=False)) == "unknown"
    assert expected_gate(replace(told, nephritis=False)) == "unknown"
    assert expected_gate(replace(told, verdicts={**told.verdicts, "proteinuria": "unknown"})) == "unknown"
    assert expected_gate(replace(told, verdicts={**told.verdicts, "age": "not met"})) == "not met"


def test_a_fact_that_fails_makes_no_candidate_and_a_missing_one_takes_nothing_away() -> None:
    assert case("class IV on biopsy | ECOG: 3 on 2026-06-08").truth == "not a candidate"
    assert case("CD19 or BCMA positive B cells in blood | class IV on biopsy | nothing").truth == "candidate"
    assert case("class IV on biopsy | ECOG: 2 on 2026-03-16").truth == "not a candidate"
    assert case("class IV on biopsy | BCMA: negative").truth == "open"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"verdicts": {"ecog": "not met"}}, "ecog: expected met, got not met"),
        ({"gate": "unknown"}, "gate: expected met, got unknown"),
        ({"outcome": "ruled-out"}, "outcome: expected possible-candidate, got ruled-out"),
        ({"card": False}, "card: expected True, got False"),
    ],
)
def test_a_wrong_answer_is_seen(changed: dict[str, object], words: str) -> None:
    right = judged(case("Story: class IV on biopsy"))
    assert differences(right) == []
    verdicts = {"verdicts": {**right.verdicts, **changed["verdicts"]}} if "verdicts" in changed else {}  # type: ignore[dict-item]
    assert differences(right._replace(**{**changed, **verdicts})) == [words]  # type: ignore[arg-type]


def test_a_candidate_who_is_ruled_out_lowers_the_sensitivity_and_is_named_on_the_page() -> None:
    told = judged(case("Story: class IV on biopsy"))
    lost = told._replace(outcome="ruled-out", card=False, verdicts={**told.verdicts, "ecog": "not met"})
    assert counting.sensitivity([told, lost]).percent == "50.0 %"
    written = page([told, lost])
    assert "1 of 2 | **50.0 %**" in written
    assert "- Story: class IV on biopsy: outcome: expected possible-candidate, got ruled-out" in written


# --- the mix


def test_the_mix_adds_up_disease_by_disease() -> None:
    assert sum(one.of_1000 for one in mix.diseases()) == 1000
    of = Counter[str]()
    for kind in mix.kinds():
        of[kind.disease] += kind.of_1000
    assert of == {one.name: one.of_1000 for one in mix.diseases()}


def test_each_kind_of_patient_gets_the_card_that_its_story_wants() -> None:
    assert [kind.words for kind in mix.kinds() if kind.has_card != kind.expects_card] == []
    assert 0 < mix.cards_in_1000() < 24
