"""A site's own codes over the concepts."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.concept import SYSTEMS, Code
from mappings.definitions import DefinitionError, load_catalog
from mappings.definitions.faults import Report
from mappings.definitions.overlay import with_site_codes
from mappings.definitions.parsing.source import MapNode, read_source
from mappings.reading.code_index import CodeIndex
from mappings.trial_definition import Catalog

UPCR = "urine-protein-creatinine-ratio"
START = "schema: 1\nconcepts:\n"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def written(folder: Path, text: str) -> Path:
    path = folder / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def codes(*rows: str) -> str:
    return START + "".join(f"  {row}\n" for row in rows)


LOCAL = f"{UPCR}: [{{system: 'urn:oid:2.999', code: 尿蛋白, display: Urine protein}}]"


def test_a_code_is_added_behind_those_that_are_there(catalog: Catalog, tmp_path: Path) -> None:
    new = with_site_codes(catalog, written(tmp_path, codes(LOCAL)))
    before, after = catalog.concepts[UPCR], new.concepts[UPCR]
    assert after.codes == (*before.codes, Code("urn:oid:2.999", "尿蛋白", "Urine protein"))
    assert (after.unit, after.names, after.orderable) == (before.unit, before.names, before.orderable)


def test_everything_else_is_the_same_and_the_old_catalog_is_untouched(
    catalog: Catalog, tmp_path: Path
) -> None:
    before = dict(catalog.concepts)
    new = with_site_codes(catalog, written(tmp_path, codes(LOCAL)))
    assert new is not catalog
    assert dict(catalog.concepts) == before
    assert {name for name in before if new.concepts[name] is not before[name]} == {UPCR}
    assert list(new.concepts) == list(before)
    assert (new.trials, new.groups, new.scores) == (catalog.trials, catalog.groups, catalog.scores)


def test_a_result_with_the_code_is_read_as_the_concept(catalog: Catalog, tmp_path: Path) -> None:
    result = {"coding": [{"system": "urn:oid:2.999", "code": "尿蛋白"}]}
    new = with_site_codes(catalog, written(tmp_path, codes(LOCAL)))
    assert list(CodeIndex(catalog.concepts.values()).concepts(result)) == []
    assert [found.id for found in CodeIndex(new.concepts.values()).concepts(result)] == [UPCR]


def test_it_can_be_given_parsed(catalog: Catalog, tmp_path: Path) -> None:
    node = read_source(written(tmp_path, codes(LOCAL)), Report(""))
    assert isinstance(node, MapNode)
    assert with_site_codes(catalog, node).concepts[UPCR].codes[-1].code == "尿蛋白"


@pytest.mark.parametrize("system", ["loinc", SYSTEMS["loinc"]])
def test_our_names_stand_for_the_uris_of_code_systems(system: str, catalog: Catalog, tmp_path: Path) -> None:
    row = f"{UPCR}: [{{system: '{system}', code: 18373-1, display: x}}]"
    new = with_site_codes(catalog, written(tmp_path, codes(row)))
    assert new.concepts[UPCR].codes[-1] == Code(SYSTEMS["loinc"], "18373-1", "x")


def test_a_code_that_the_concept_has_already_changes_nothing(catalog: Catalog, tmp_path: Path) -> None:
    row = f"{UPCR}: [{{system: loinc, code: 2890-2, display: other words}}]"
    assert with_site_codes(catalog, written(tmp_path, codes(row))).concepts[UPCR] == catalog.concepts[UPCR]


def test_one_code_may_stand_for_two_diagnoses(catalog: Catalog, tmp_path: Path) -> None:
    entry = "[{system: 'urn:x', code: LN4, display: Class IV}]"
    path = written(tmp_path, codes(f"lupus-nephritis: {entry}", f"lupus-nephritis-class-3-or-4: {entry}"))
    new = with_site_codes(catalog, path)
    found = CodeIndex(new.concepts.values()).concepts({"coding": [{"system": "urn:x", "code": "LN4"}]})
    assert {concept.id for concept in found} == {"lupus-nephritis", "lupus-nephritis-class-3-or-4"}


REST = "snomed, icd10cm, rxnorm, atc, cpt, icd10pcs, cvx"
FAULTS = [
    ("concepts: {}", "1: the key 'schema' is missing"),
    ("schema: 2\nconcepts: {}", "1: 'schema' cannot be '2'; one of: 1"),
    ("schema: 1", "1: the key 'concepts' is missing"),
    ("schema: 1\nconcepts: []", "2: 'concepts' must be a mapping of keys"),
    ("schema: 1\nconcepts: {}\nremove: {}", "3: unknown key 'remove'; known keys: schema, concepts"),
    (codes("urine-protein-creatinin: []"),
     f"3: unknown concept 'urine-protein-creatinin'; did you mean '{UPCR}'?"),
    (codes(f"{UPCR}: x"), f"3: concept '{UPCR}': the codes of a concept must be a list"),
    (codes(f"{UPCR}: [x]"), f"3: concept '{UPCR}': a code must be a mapping of keys"),
    (codes(f"{UPCR}: [{{system: loinc, code: 2890-2}}]"),
     f"3: concept '{UPCR}': the key 'display' is missing"),
    (codes(f"{UPCR}: [{{system: loinc, code: 2890-3, display: x}}]"),
     f"3: concept '{UPCR}': '2890-3' fails the LOINC check digit (-2 would be right)"),
    (codes(f"{UPCR}: [{{system: 'http://loinc.org', code: 2890-3, display: x}}]"),
     f"3: concept '{UPCR}': '2890-3' fails the LOINC check digit (-2 would be right)"),
    (codes("lupus-nephritis: [{system: snomed, code: 68815008, display: x}]"),
     "3: concept 'lupus-nephritis': '68815008' fails the SNOMED CT check digit"),
    (codes(f"{UPCR}: [{{system: local, code: x, display: x}}]"),
     f"3: concept '{UPCR}': unknown code system 'local'; write its URI, or one of loinc, {REST}"),
    (codes(f"{UPCR}: [{{system: 'urn:x', code: x, display: x, unit: g}}]"),
     f"3: concept '{UPCR}': unknown key 'unit'; known keys: system, code, display"),
    (codes(f"{UPCR}:", "  - {system: 'urn:x', code: x, display: x}",
           "  - {system: 'urn:x', code: x, display: y}"),
     f"5: concept '{UPCR}': the code 'x' is listed twice; take one out"),
    (codes(f"{UPCR}: [{{system: loinc, code: 2160-0, display: x}}]"),
     f"3: concept '{UPCR}': the code '2160-0' stands for 'creatinine' already; it cannot mean both"),
    (codes(f"{UPCR}: [{{system: 'urn:x', code: x, display: x}}]",
           "creatinine: [{system: 'urn:x', code: x, display: x}]"),
     f"4: concept 'creatinine': the code 'x' stands for '{UPCR}' already; it cannot mean both"),
    (codes(LOCAL, LOCAL), f"4: the key '{UPCR}' stands on line 3 too"),
    ("", "1: the file is empty"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), FAULTS, ids=[case[1] for case in FAULTS])
def test_a_fault_is_told_with_its_line(text: str, message: str, catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        with_site_codes(catalog, written(tmp_path, text))
    found = [fault._replace(file="site.yaml") for fault in caught.value.faults]
    assert [str(fault) for fault in found] == [f"site.yaml:{message}"]


def test_all_faults_are_told_at_once(catalog: Catalog, tmp_path: Path) -> None:
    text = codes("nothing: []", f"{UPCR}: [{{system: loinc, code: 1-1, display: x}}, x]")
    with pytest.raises(DefinitionError) as caught:
        with_site_codes(catalog, written(tmp_path, text))
    assert [fault.line for fault in caught.value.faults] == [3, 4, 4]
