"""What may share a code, a name or an answer, and what may not, in a set beside the service's concepts."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mappings.concept import Code, Concept
from mappings.definitions import DefinitionError, load_catalog
from mappings.definitions.sites.additions import Additions, ClashError, Meant
from mappings.trial_definition import Catalog

TRIAL = """
schema: 1
trial:
  {id: T-SET, version: "1", title: A trial, status: draft,
   source: {registry: r, url: "https://example.org", copy_of: 2025-01-31}}
concepts: [own]
show_card_when_met: {criterion: age}
inclusion: [{id: age, protocol: Age 18 or older, require: {age: {at_least: 18 years}}}]
"""

SLIPS = {
    "haemoglobin under CRP": (
        "{id: crp, display: CRP, kind: measurement, unit: mg/L, codes: {loinc: {718-7: Haemoglobin}}}",
        "the code '718-7' stands for 'haemoglobin' already",
    ),
    "hCG under HBsAg": (
        "{id: hbsag, display: HBsAg, kind: finding, codes: {loinc: {2106-3: HBsAg}}}",
        "the code '2106-3' stands for 'hcg' already",
    ),
    "methotrexate under tofacitinib": (
        "{id: tofacitinib, display: Tofacitinib, kind: drug, codes: {rxnorm: {6851: tofacitinib}}}",
        "the code '6851' stands for 'methotrexate' already",
    ),
    "the name of methotrexate under tofacitinib": (
        "{id: tofacitinib, display: Tofacitinib, kind: drug, names: [Methotrexate]}",
        "the name 'Methotrexate' stands for 'methotrexate' already",
    ),
    "haemoglobin as a name of CRP": (
        "{id: crp, display: CRP, kind: measurement, unit: mg/L, names: [haemoglobin]}",
        "the name 'haemoglobin' stands for 'haemoglobin' already",
    ),
    "a unit as the name of a drug": (
        "{id: tofacitinib, display: Tofacitinib, kind: drug, names: [mg, Xeljanz]}",
        "the name 'mg' would be found in the dosages of other drugs",
    ),
    "negative as a positive answer": (
        "{id: igra, display: IGRA, kind: finding, answers: {positive: {text: [Negative]}}}",
        "'negative' means 'negative' for every concept and cannot mean 'positive'",
    ),
    "one SNOMED code for two answers": (
        "{id: s, display: S, kind: finding, answers: {no: {snomed: [8517006]}, ex: {snomed: [8517006]}}}",
        "'8517006' means 'no' already and cannot mean 'ex'",
    ),
}
ORDINARY = {
    "a diagnosis with a code of the service's": (
        "{id: sle-only, display: SLE, kind: condition, names: [SLE], codes: {snomed: {55464009: SLE}}}"
    ),
    "the number of a test whose answer the service has": (
        "{id: c3-level, display: C3, kind: measurement, unit: g/L, same_test_as: complement-c3,"
        " codes: {loinc: {4485-9: C3}}, names: [C3, Complement C3]}"
    ),
    "a drug by an abbreviation and by a Chinese name of two signs": (
        "{id: tofacitinib, display: Tofacitinib, kind: drug, names: [TOF, 托法]}"
    ),
    "grades of a dipstick": (
        '{id: dipstick, display: Dipstick, kind: finding, answers: {"1+": {text: ["+", "1+"]}, "2+": {}}}'
    ),
    "an answer of its own for a general word": (
        "{id: smoking, display: Smoking, kind: finding, answers: {never: {text: [negative]}}}"
    ),
    "one name for two codes of one concept": (
        "{id: esr, display: ESR, kind: measurement, unit: mm/h, names: [ESR, ESR (Westergren)],"
        " codes: {loinc: {4537-7: ESR}, snomed: {416838001: ESR}}}"
    ),
    "a name that a drug and a test share": (
        "{id: insulin-level, display: Insulin, kind: measurement, unit: mU/L, names: [methotrexate]}"
    ),
}


def load(tmp_path: Path, concept: str) -> None:
    for name in ("trials", "concepts"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "trials" / "T-SET.yaml").write_text(TRIAL, encoding="utf-8")
    (tmp_path / "concepts" / "own.yaml").write_text(
        f"schema: 1\nconcepts:\n  - {concept}\n", encoding="utf-8"
    )
    load_catalog([tmp_path])


@pytest.mark.parametrize(("concept", "told"), SLIPS.values(), ids=SLIPS)
def test_a_set_cannot_give_one_meaning_to_two_things(tmp_path: Path, concept: str, told: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        load(tmp_path, concept)
    (fault,) = caught.value.faults
    assert told in fault.message
    assert fault.line == 3
    assert fault.file.endswith("own.yaml")
    assert fault.where == f"concept '{yaml.safe_load(concept)['id']}'"


@pytest.mark.parametrize("concept", ORDINARY.values(), ids=ORDINARY)
def test_a_set_may_have(tmp_path: Path, concept: str) -> None:
    load(tmp_path, concept)


def test_the_number_of_a_test_shares_the_codes_of_its_answer_only_by_its_author_s_word(
    tmp_path: Path,
) -> None:
    concept = ORDINARY["the number of a test whose answer the service has"]
    with pytest.raises(DefinitionError, match="add 'same_test_as: complement-c3'"):
        load(tmp_path, concept.replace(" same_test_as: complement-c3,", ""))


def test_a_site_may_give_a_code_to_the_number_and_to_the_answer_of_one_test() -> None:
    answer = Concept("c3", "C3", "finding")
    number = Concept("c3-level", "C3", "measurement", unit="g/L", same_test_as="c3")
    other = Concept("c4-level", "C4", "measurement", unit="g/L")
    catalog = Catalog((), {one.id: one for one in (answer, number, other)}, {}, {})
    additions, code = Additions(catalog), Code("urn:of-the-site", "C3", "C3")
    assert additions.code([Meant(answer)], code)
    assert additions.code([Meant(number)], code)
    assert additions.name(answer, "Complement 3")
    assert additions.name(number, "Complement 3")
    with pytest.raises(ClashError):
        additions.code([Meant(other)], code)
    with pytest.raises(ClashError):
        additions.name(other, "Complement 3")
