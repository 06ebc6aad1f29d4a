"""A definition as prose for the physician who reviews it."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import get_args

import pytest

from mappings.definitions import load_catalog
from mappings.definitions.review.rule_prose import RuleProse
from mappings.definitions.review.sheet import describe
from mappings.definitions.review.wording import plain_text
from mappings.definitions.uses import walk
from mappings.rules import Rule
from mappings.trial_definition import Catalog
from tests.drawing.second import second

GOOD = Path(__file__).resolve().parents[2] / "bad_definitions" / "_good"


def test_exclusions_stand_under_a_heading_of_their_own_and_are_numbered_through() -> None:
    catalog = second()
    sheet = describe(catalog.trials[0], catalog)
    headings = re.findall(r"^##+ (?:[IE]\w+ criteria|\d+\. .*)$", sheet, re.MULTILINE)
    assert headings == [
        "## Inclusion criteria",
        "### 1. Age 18 to 75 (`age`)",
        "### 2. Proteinuria (`proteinuria`)",
        "### 3. On mycophenolate (`on-mycophenolate`)",
        "### 4. On steroids (`on-steroids`)",
        "### 5. eGFR (`filtering`)",
        "## Exclusion criteria",
        "### 6. No nephrotic range (`nephrotic`)",
        "### 7. Not between (`between`)",
        "### 8. Not severe (`severe`)",
        "### 9. No calcineurin inhibitor (`no-cni`)",
        "### 10. No long antimalarial (`no-antimalarial`)",
        "### 11. No recent rituximab (`no-rituximab`)",
        "### 12. No dexamethasone (`no-dexamethasone`)",
    ]


@pytest.fixture(scope="module")
def good() -> Catalog:
    return load_catalog(root=GOOD)


@pytest.fixture(scope="module")
def prose(good: Catalog) -> str:
    return describe(good.trials[0], good)


@pytest.mark.parametrize(
    "piece",
    [
        "# A trial of nothing\n",
        "- Definition: version 0.10, draft, not reviewed by a physician",
        "- Something is left out.",
        "> (UPCR)>1.0g/g, or platelets below 50",
        "- The latest result counts.",
        "- Age is at least 18 years, in complete years.",
        "- The latest result of Urine protein/creatinine ratio is above 1000 mg/g, dated within the last",
        " Nothing on record means that it does not hold.\n",
        "- Treatment with Glucocorticoids, together with Azathioprine, ongoing today, without a break for",
        ", and after that time still evidence that meets “proteinuria” (`proteinuria`).",
        "- A drug was given: Azathioprine, on some day of the last 6 months or still. Nothing on record",
        "- At least 2 of these hold:",
        "- Only a person can say: Is the patient willing?",
        "It applies only when:",
        "- This does not hold:\n  - A confirmed diagnosis: Lactation",
        "- loinc `5048-4` Nuclear Ab \\[Titer] in Serum by Immunofluorescence",
        "- 1 `mg/mmol` is 0.00884016973 `g/g`",
        "### Fever: 1",
        "- recruiting, as of 2025-01-31",
    ],
)
def test_the_prose_says(piece: str, prose: str) -> None:
    assert piece in prose


def test_every_criterion_has_its_words(good: Catalog, prose: str) -> None:
    for criterion in good.trials[0].criteria:
        assert f"(`{criterion.id}`)" in prose
        assert criterion.protocol in prose


def test_what_the_trial_does_not_use_is_left_out(prose: str) -> None:
    assert "eGFR" not in prose


def test_every_kind_of_rule_has_a_sentence(good: Catalog) -> None:
    trial = good.trials[0]
    rules = [trial.show_card_when_met]
    for criterion in trial.criteria:
        rules += [rule for rule in (criterion.applies_when, criterion.require) if rule is not None]
    kinds = {type(part) for rule in rules for part in walk(rule)}
    assert kinds == set(get_args(Rule))
    assert all(RuleProse(good, {}).bullets(rule) for rule in rules)


def test_every_claim_of_a_rule_is_said(good: Catalog) -> None:
    """A member of a rule that the prose forgets would be signed unseen."""
    trial = good.trials[0]
    source = Path(__file__).resolve().parents[3] / "mappings" / "definitions" / "review" / "rule_prose.py"
    text = source.read_text(encoding="utf-8")
    rules = [part for criterion in trial.criteria for part in walk(criterion.require)]
    members = {member.name for rule in rules for member in fields(rule)}
    assert {name for name in members if f".{name}" not in text} == set()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("10*3/uL", "10\\*3/uL"),
        ("<b>", "\\<b>"),
        ("> 5", "\\> 5"),
        ("# one", "\\# one"),
        ("(UPCR)>1.0g/g", "(UPCR)>1.0g/g"),
        ("[x](y)", "\\[x](y)"),
    ],
)
def test_marks_are_made_plain(text: str, written: str) -> None:
    assert plain_text(text) == written


def test_the_sheet_tells_which_codes_say_how_long_a_condition_had_lasted() -> None:
    catalog = load_catalog()
    sheet = describe(catalog.trials[0], catalog)
    assert (
        "- Had lasted 38 to 39 weeks by its date, if told by: Z3A.38, 孕38周, 妊娠38周, 宫内孕38周" in sheet
    )
    assert "- Had lasted 14 to 28 weeks by its date, if told by 187 codes and names: " in sheet


def test_the_packaged_trials_can_be_described() -> None:
    catalog = load_catalog()
    for trial in catalog.trials:
        assert trial.facts.digest in describe(trial, catalog)


def test_very_many_codes_of_one_concept_are_told_by_their_categories() -> None:
    catalog = load_catalog()
    lines = describe(catalog.trials[0], catalog).splitlines()
    assert any(
        line.startswith("- icd10cm `O11.1` to `O11.9`, 4 codes, the first of which: Pre") for line in lines
    )
    assert "- icd10cm `O80` Encounter for full-term uncomplicated delivery" in lines
    assert "- icd10cm `M32.14` Glomerular disease in systemic lupus erythematosus" in lines
