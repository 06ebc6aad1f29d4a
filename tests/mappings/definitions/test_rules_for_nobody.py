"""Ages and sexes that no person has, however the rule is written."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from mappings.definitions import DefinitionError, load_catalog

FOLDER = Path(__file__).resolve().parents[2] / "bad_definitions"
GOOD = FOLDER / "_good"
FROM_70, FROM_66, BELOW_66 = (
    "age: {at_least: 70 years}",
    "age: {at_least: 66 years}",
    "age: {less_than: 66 years}",
)
FROM_30_TO_40 = "age: {at_least: 30 years, less_than: 40 years}"
FROM_18_TO_66 = "age: {at_least: 18 years, less_than: 66 years}"
WORDS_OF_BOTH = "at least 30 years and less than 40 years and not at least 18 years and less than 66 years"
YOUNG_MAN = "any: {of: [{sex: male}, {age: {less_than: 18 years}}]}"


def faults_of(rule: str, folder: Path) -> list[str]:
    """What is said of a trial that has this rule."""
    text = (FOLDER / "an_age_is_longer_than_a_life.yaml").read_text(encoding="utf-8")
    path = folder / "trial.yaml"
    path.write_text(text.replace("{age: {at_least: 200 years}}", rule), encoding="utf-8")
    try:
        load_catalog([path], root=Path(shutil.copytree(GOOD, folder / "definitions")))
    except DefinitionError as error:
        return [fault.message for fault in error.faults]
    return []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            f"{{all: [{{{FROM_70}}}, {{{BELOW_66}}}]}}",
            "at least 70 years and less than 66 years old; 'any' may be meant",
        ),
        (
            f"{{all: [{{{FROM_70}}}, {{not: {{{FROM_66}}}}}]}}",
            "at least 70 years and not at least 66 years old; 'any' may be meant",
        ),
        (
            f"{{all: [{{{FROM_70}}}, {{not: {{not: {{{BELOW_66}}}}}}}]}}",
            "at least 70 years and less than 66 years old; 'any' may be meant",
        ),
        (
            f"{{all: [{{{FROM_70}}}, {{not: {{any: [{{sex: male}}, {{{FROM_66}}}]}}}}]}}",
            "at least 70 years and not at least 66 years old; 'any' may be meant",
        ),
        (
            f"{{all: [{{{FROM_30_TO_40}}}, {{not: {{{FROM_18_TO_66}}}}}]}}",
            f"{WORDS_OF_BOTH} old; 'any' may be meant",
        ),
        (
            f"{{not: {{any: [{{age: {{less_than: 70 years}}}}, {{{FROM_66}}}]}}}}",
            "not less than 70 years and not at least 66 years old; 'all' may be meant",
        ),
        ("{all: [{sex: female}, {not: {sex: female}}]}", "female and not female; 'any' may be meant"),
        ("{age: {less_than: 0 years}}", "less than 0 years old"),
    ],
)
def test_a_rule_that_no_person_meets_is_told(rule: str, said: str, tmp_path: Path) -> None:
    assert faults_of(rule, tmp_path) == [f"nobody is {said}"]


@pytest.mark.parametrize(
    "rule",
    [
        f"{{all: [{{{FROM_66}}}, {{not: {{{FROM_70}}}}}]}}",
        f"{{all: [{{{FROM_66}}}, {{not: {{{BELOW_66}}}}}]}}",
        f"{{any: [{{{FROM_70}}}, {{not: {{{FROM_66}}}}}]}}",
        f"{{not: {{all: [{{{FROM_70}}}, {{{FROM_66}}}]}}}}",
        f"{{not: {{any: [{{{FROM_70}}}, {{age: {{less_than: 18 years}}}}]}}}}",
        f"{{all: [{{{FROM_70}}}, {{not: {{all: [{{sex: male}}, {{{FROM_66}}}]}}}}]}}",
        f"{{all: [{{{FROM_70}}}, {{not: {{{YOUNG_MAN}}}}}]}}",
        "{all: [{age: {at_least: 30 years}}, {not: {age: {at_least: 40 years, less_than: 66 years}}}]}",
        "{all: [{sex: female}, {not: {sex: male}}]}",
        "{all: [{not: {sex: female}}, {not: {sex: male}}]}",
        "{age: {at_least: 150 years}}",
        "{age: {at_least: 0 years}}",
        "{age: {less_than: 1 year}}",
    ],
)
def test_a_rule_that_somebody_may_meet_is_accepted(rule: str, tmp_path: Path) -> None:
    assert [one for one in faults_of(rule, tmp_path) if "nobody" in one or "age in whole" in one] == []
