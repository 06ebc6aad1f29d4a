"""Conversions that a concept file writes: what they make of a number, and which are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.concept import Concept
from mappings.definitions.faults import Report
from mappings.definitions.parsing.concept_parser import parse_concept_file
from mappings.definitions.parsing.source import read_source
from mappings.units import convert


def concept(tmp_path: Path, unit: str, conversions: str) -> tuple[Concept, list[str]]:
    """The concept as read, and what is wrong with it."""
    path, report = tmp_path / "own.yaml", Report("own.yaml")
    text = f'concepts: [{{id: x, display: X, kind: measurement, unit: "{unit}", conversions: {conversions}}}]'
    path.write_text(f"schema: 1\n{text}\n", encoding="utf-8")
    root = read_source(path, report)
    assert root is not None
    (source,) = parse_concept_file(root, report).concepts
    return source.concept, [str(fault) for fault in report.faults]


@pytest.mark.parametrize(
    ("unit", "conversions", "number", "given_in", "expected"),
    [
        ("%", "{mmol/mol: {times: 0.09148, plus: 2.152}}", 53, "mmol/mol", 7.00044),  # HbA1c, IFCC to NGSP
        ("%", "{mmol/mol: {times: 0.09148, plus: 2.152}}", 7, "%", 7),
        ("mmol/mol", '{"%": {times: 10.93, plus: -23.5}}', 7, "%", 53.01),  # and back
        ("kg/m2", "{kg/m\u00b2: 1}", 24.9, "kg/m\u00b2", 24.9),  # a way of writing that UCUM does not have
        ("%", '{"% predicted": 1}', 75, "% predicted", 75),
        ("g/g", "{mg/mmol: 1/113.12}", 113.12, "mg/mmol", 1),
        ("g/L", "{mg/dL: 0.01}", 250, "mg/dL", 2.5),  # the same as UCUM: needless, and right
        ("mmol/L", "{meq/L: 0.5}", 4.6, "meq/L", 2.3),  # of an ion of two charges; UCUM cannot know
    ],
)
def test_a_number_is_converted(
    tmp_path: Path, unit: str, conversions: str, number: float, given_in: str, expected: float
) -> None:
    own, faults = concept(tmp_path, unit, conversions)
    assert faults == []
    assert convert(number, given_in, own) == expected


@pytest.mark.parametrize(
    ("unit", "conversions", "told"),
    [
        ("pg/mL", "{ng/L: 2}", "UCUM converts 'ng/L' into pg/mL by 1;"),
        ("U/L", "{ukat/L: 0.0167}", "UCUM converts 'ukat/L' into U/L by 60;"),
        ("Cel", '{"[degF]": 5/9}', "UCUM converts '[degF]' into Cel in another way;"),
        ("pg/mL", "{pg/mL: 2}", "UCUM converts 'pg/mL' into pg/mL by 1;"),
        ("g/L", "{mg/dL: {times: 0.01, plus: 1}}", "UCUM converts 'mg/dL' into g/L by 0.01;"),
        ("mg/dL", "{umol/L: 1/88.40, \u00b5mol/L: 2}", "which stands here already"),
        ("%", "{mmol/mol: {times: 0, plus: 2.152}}", "the factor '0' is not a number"),
        ("%", "{mmol/mol: {plus: 2.152}}", "the key 'times' is missing"),
    ],
)
def test_a_conversion_is_refused(tmp_path: Path, unit: str, conversions: str, told: str) -> None:
    _, faults = concept(tmp_path, unit, conversions)
    assert len(faults) == 1
    assert told in faults[0]
