"""A site's file: what it adds, what stays as it was, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mappings.concept import SYSTEMS, Code, Concept
from mappings.definitions import DefinitionError, load_catalog
from mappings.definitions.sites import Site, load_site
from mappings.reading.answers import coded_answers, worded_answers
from mappings.reading.code_index import CodeIndex
from mappings.reading.pathology.questions import questions_of
from mappings.reading.record import read_record
from mappings.trial_definition import Catalog
from mappings.units import convert

UPCR = "urine-protein-creatinine-ratio"
START = "schema: 1\n"
LOCAL = f"{UPCR}: [{{system: 'urn:oid:2.999', code: 尿蛋白, display: Urine protein}}]"


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def load(folder: Path, text: str, catalog: Catalog) -> Site:
    path = folder / "site.yaml"
    path.write_text(text, encoding="utf-8")
    return load_site(path, catalog)


def part(name: str, *rows: str) -> str:
    return START + f"{name}:\n" + "".join(f"  {row}\n" for row in rows)


def codes(*rows: str) -> str:
    return part("concepts", *rows)


# --- what it adds


def test_a_code_is_added_behind_those_that_are_there(catalog: Catalog, tmp_path: Path) -> None:
    new = load(tmp_path, codes(LOCAL), catalog).catalog
    before, after = catalog.concepts[UPCR], new.concepts[UPCR]
    assert after.codes == (*before.codes, Code("urn:oid:2.999", "尿蛋白", "Urine protein"))
    assert (after.unit, after.names, after.orderable) == (before.unit, before.names, before.orderable)


def test_everything_else_is_the_same_and_the_old_catalog_is_untouched(
    catalog: Catalog, tmp_path: Path
) -> None:
    before = dict(catalog.concepts)
    new = load(tmp_path, codes(LOCAL), catalog).catalog
    assert new is not catalog
    assert dict(catalog.concepts) == before
    assert {name for name in before if new.concepts[name] is not before[name]} == {UPCR}
    assert list(new.concepts) == list(before)
    assert (new.trials, new.groups, new.scores) == (catalog.trials, catalog.groups, catalog.scores)
    assert catalog.site is None


def test_a_result_with_the_code_is_read_as_the_concept(catalog: Catalog, tmp_path: Path) -> None:
    result = {"coding": [{"system": "urn:oid:2.999", "code": "尿蛋白"}]}
    new = load(tmp_path, codes(LOCAL), catalog).catalog
    assert list(CodeIndex(catalog.concepts.values()).concepts(result)) == []
    assert [found.id for found in CodeIndex(new.concepts.values()).concepts(result)] == [UPCR]


@pytest.mark.parametrize("system", ["loinc", SYSTEMS["loinc"]])
def test_our_names_stand_for_the_uris_of_code_systems(system: str, catalog: Catalog, tmp_path: Path) -> None:
    row = f"{UPCR}: [{{system: '{system}', code: 18373-1, display: x}}]"
    new = load(tmp_path, codes(row), catalog).catalog
    assert new.concepts[UPCR].codes[-1] == Code(SYSTEMS["loinc"], "18373-1", "x")


def test_a_code_that_the_concept_has_already_changes_nothing_and_is_told(
    catalog: Catalog, tmp_path: Path
) -> None:
    row = f"{UPCR}: [{{system: loinc, code: 2890-2, display: other words}}]"
    site = load(tmp_path, codes(row), catalog)
    assert site.catalog.concepts[UPCR] == catalog.concepts[UPCR]
    assert site.codes == {}
    assert told(site) == [f"3: concept '{UPCR}': the code '2890-2' is known already; it may be taken out"]


def told(site: Site) -> list[str]:
    return [remark.removeprefix(f"{site.path.as_posix()}:") for remark in site.redundant]


def test_one_code_may_stand_for_two_diagnoses(catalog: Catalog, tmp_path: Path) -> None:
    entry = "[{system: 'urn:x', code: LN4, display: Class IV}]"
    text = codes(f"lupus-nephritis: {entry}", f"lupus-nephritis-class-3-or-4: {entry}")
    new = load(tmp_path, text, catalog).catalog
    found = CodeIndex(new.concepts.values()).concepts({"coding": [{"system": "urn:x", "code": "LN4"}]})
    assert {concept.id for concept in found} == {"lupus-nephritis", "lupus-nephritis-class-3-or-4"}


@pytest.mark.parametrize(("said", "imprecise"), [("yes", True), ("no", False)])
def test_a_code_says_whether_its_positive_answer_lacks_a_titre(
    said: str, imprecise: bool, catalog: Catalog, tmp_path: Path
) -> None:
    row = f"ana: [{{system: 'urn:x', code: ANA, display: x, imprecise_when_positive: {said}}}]"
    ana = load(tmp_path, codes(row), catalog).catalog.concepts["ana"]
    assert ("urn:x|ANA" in ana.imprecise_when_positive) is imprecise
    assert catalog.concepts["ana"].imprecise_when_positive <= ana.imprecise_when_positive


TIMED = """\
schema: 1
concepts:
  urine-protein-24h:
    - {system: 'urn:x', code: UTPC, display: Protein in 24 h urine, part: concentration}
    - {system: 'urn:x', code: UVOL, display: Volume of 24 h urine, part: volume}
units:
  urine-protein-24h: {g/L LAB7: g/L, litres LAB7: L}
"""


def test_a_concentration_in_a_collection_counts_with_its_volume(catalog: Catalog, tmp_path: Path) -> None:
    site = load(tmp_path, TIMED, catalog)
    record = [
        {"resourceType": "Patient", "id": "p"},
        observation("UTPC", 0.8, "g/L LAB7"),
        observation("UVOL", 1.5, "litres LAB7"),
    ]
    [amount] = read_record(record, site.catalog).results["urine-protein-24h"]
    assert amount.amount is not None
    assert float(amount.amount.low) == pytest.approx(1.2)
    assert read_record(record, catalog).results == {}


def observation(code: str, value: float, unit: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": code,
        "status": "final",
        "subject": {"reference": "Patient/p"},
        "code": {"coding": [{"system": "urn:x", "code": code}]},
        "effectiveDateTime": "2026-06-01",
        "valueQuantity": {"value": value, "unit": unit},
    }


def test_a_name_is_the_whole_text_of_a_record_without_a_known_code(catalog: Catalog, tmp_path: Path) -> None:
    new = load(tmp_path, part("names", f"{UPCR}: [尿蛋白/尿肌酐]"), catalog).catalog
    index = CodeIndex(new.concepts.values())
    assert [one.id for one in index.concepts({"text": "尿蛋白/尿肌酐"})] == [UPCR]
    assert list(index.concepts({"text": "尿蛋白/尿肌酐 复查"})) == []


ANSWERS = "all: {positive: [{system: 'urn:x', code: P, display: x}, {text: Positief}]}"


@pytest.mark.parametrize("concept", ["hcg", "anti-sm", "urine-casts"])
def test_an_answer_for_all_is_one_of_every_finding(concept: str, catalog: Catalog, tmp_path: Path) -> None:
    found = load(tmp_path, part("answers", ANSWERS), catalog).catalog.concepts[concept]
    assert coded_answers({"coding": [{"system": "urn:x", "code": "P"}]}, found) == {"positive"}
    assert worded_answers("POSITIEF", found) == {"positive"}


@pytest.mark.parametrize("concept", ["kidney-biopsy-class", "creatinine", UPCR])
def test_an_answer_for_all_is_none_of_what_has_no_answers(
    concept: str, catalog: Catalog, tmp_path: Path
) -> None:
    new = load(tmp_path, part("answers", ANSWERS), catalog).catalog
    assert new.concepts[concept] is catalog.concepts[concept]


def test_an_answer_of_one_concept_is_none_of_another(catalog: Catalog, tmp_path: Path) -> None:
    row = "hcg: {negative: [{system: 'urn:x', code: N, display: x}]}"
    new = load(tmp_path, part("answers", row), catalog).catalog
    coded = {"coding": [{"system": "urn:x", "code": "N"}]}
    assert coded_answers(coded, new.concepts["hcg"]) == {"negative"}
    assert coded_answers(coded, new.concepts["anti-sm"]) == frozenset()


def test_a_class_of_a_biopsy_is_given_by_a_code_of_the_site(catalog: Catalog, tmp_path: Path) -> None:
    row = "kidney-biopsy-class: {IV: [{system: 'urn:x', code: LN4, display: ISN/RPS class IV}]}"
    new = load(tmp_path, part("answers", row), catalog).catalog
    tokens = ["urn:x|LN4"]
    assert questions_of(catalog.concepts).coded_classes(tokens) == (frozenset(), False)
    assert questions_of(new.concepts).coded_classes(tokens) == (frozenset({"IV"}), False)


def test_a_code_that_is_read_as_a_word_is_still_to_be_added(catalog: Catalog, tmp_path: Path) -> None:
    """ "POS" alone is read, but not beside words that nobody knows."""
    coded = {"coding": [{"system": "urn:x", "code": "POS", "display": "reagiert"}]}
    row = "hcg: {positive: [{system: 'urn:x', code: POS, display: reagiert}]}"
    site = load(tmp_path, part("answers", row), catalog)
    assert coded_answers(coded, catalog.concepts["hcg"]) == frozenset()
    assert coded_answers(coded, site.catalog.concepts["hcg"]) == {"positive"}


def of(catalog: Catalog, concept: str) -> Concept:
    return catalog.concepts[concept]


UNITS = [
    # written, stands for, concept, 113.12 or 50 of it in the unit of the concept
    ("mg/mmol LAB7", "mg/mmol", UPCR, 113.12, 1.0),
    ("mg/mmol{LAB7}", "mg/mmol", UPCR, 113.12, 1.0),
    ("g/d LAB7", "g/d", "urine-protein-24h", 50, 50),
    ("mg/d 实验室七", "mg/d", "urine-protein-24h", 50, 0.05),
    ("10*3/uL LAB7", "10*3/uL", "platelets", 50, 50),
    ("LAB7 points", "{score}", "sledai-2k-total", 50, 50),
]


@pytest.mark.parametrize(("written", "unit", "concept", "number", "converted"), UNITS)
def test_a_unit_as_the_laboratory_writes_it_is_converted(  # noqa: PLR0917
    written: str, unit: str, concept: str, number: float, converted: float, catalog: Catalog, tmp_path: Path
) -> None:
    assert convert(number, written, of(catalog, concept)) is None
    site = load(tmp_path, part("units", f"{concept}: {{'{written}': '{unit}'}}"), catalog)
    found = convert(number, written, of(site.catalog, concept))
    assert found is not None
    assert float(found) == pytest.approx(converted, rel=1e-12)
    assert site.units == {concept: 1}


def test_a_unit_for_all_is_one_of_every_concept_that_it_fits(catalog: Catalog, tmp_path: Path) -> None:
    site = load(tmp_path, part("units", "all: {'10*3/uL LAB7': 10*3/uL}"), catalog)
    assert site.units == {"leukocytes": 1, "neutrophils": 1, "platelets": 1}
    assert convert(1, "10*3/uL LAB7", of(site.catalog, "haemoglobin")) is None


def test_what_is_known_is_told_and_not_counted(catalog: Catalog, tmp_path: Path) -> None:
    text = START + "".join(
        (
            f"names: {{{UPCR}: [upcr]}}\n",
            "answers: {all: {positive: [{text: POS}]}}\n",
            f"units: {{{UPCR}: {{mg/g: mg/g, '': x}}, all: {{K/uL: 10*3/uL}}}}\n",
        )
    ).replace(", '': x", "")
    site = load(tmp_path, text, catalog)
    assert (site.names, site.answers, site.units) == ({}, {}, {})
    assert told(site) == [
        f"2: concept '{UPCR}': the name 'upcr' is known already; it may be taken out",
        "3: all: the text 'POS' for 'positive' is known already; it may be taken out",
        f"4: concept '{UPCR}': 'mg/g' is known already; it may be taken out",
        "4: all: 'K/uL' is known already; it may be taken out",
    ]


# --- its digest


def digest(folder: Path, text: str, catalog: Catalog) -> str:
    return load(folder, text, catalog).facts.digest


SMALL = codes(f"{UPCR}: [{{system: 'urn:x', code: A, display: a}}, {{system: 'urn:x', code: B, display: b}}]")
SAME = {
    "the order of the codes": codes(
        f"{UPCR}: [{{system: 'urn:x', code: B, display: b}}, {{system: 'urn:x', code: A, display: a}}]"
    ),
    "the words of a code": SMALL.replace("display: b", "display: other"),
    "a comment and a blank line": f"# ours\n\n{SMALL}",
    "what was known already": SMALL.replace("}]", "}, {system: loinc, code: 2890-2, display: x}]"),
}
OTHER = {
    "a code more": SMALL.replace("}]", "}, {system: 'urn:x', code: C, display: c}]"),
    "a code less": SMALL.replace(", {system: 'urn:x', code: B, display: b}", ""),
    "another code": SMALL.replace("code: B", "code: b"),
    "another system": SMALL.replace("urn:x", "urn:y"),
    "another concept": SMALL.replace(UPCR, "creatinine"),
    "a name": SMALL + f"names: {{{UPCR}: [ours]}}\n",
    "an answer": SMALL + "answers: {hcg: {positive: [{text: ours}]}}\n",
    "the other answer": SMALL + "answers: {hcg: {negative: [{text: ours}]}}\n",
    "a unit": SMALL + f"units: {{{UPCR}: {{'mg/mmol LAB7': mg/mmol}}}}\n",
    "another unit": SMALL + f"units: {{{UPCR}: {{'mg/mmol LAB7': mg/g}}}}\n",
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_the_digest_is_not_changed_by(text: str, catalog: Catalog, tmp_path: Path) -> None:
    assert text != SMALL
    assert digest(tmp_path, text, catalog) == digest(tmp_path, SMALL, catalog)


@pytest.mark.parametrize("text", OTHER.values(), ids=OTHER)
def test_the_digest_is_changed_by(text: str, catalog: Catalog, tmp_path: Path) -> None:
    others = {digest(tmp_path, one, catalog) for one in (SMALL, *OTHER.values()) if one != text}
    assert digest(tmp_path, text, catalog) not in others


def test_the_digest_tells_a_screening_code_from_another(catalog: Catalog, tmp_path: Path) -> None:
    row = "ana: [{system: 'urn:x', code: ANA, display: x, imprecise_when_positive: yes}]"
    assert digest(tmp_path, codes(row), catalog) != digest(tmp_path, codes(row.replace("yes", "no")), catalog)


def test_the_site_is_called_as_its_file_and_stands_in_the_catalog(catalog: Catalog, tmp_path: Path) -> None:
    site = load(tmp_path, SMALL, catalog)
    assert site.name == "site"
    assert site.catalog.site == site.facts
    assert site.facts.digest.startswith("sha256:")
    assert len(site.facts.digest) == 71


# --- what is refused

SAY = (
    "say imprecise_when_positive: yes if a positive answer under it lacks the titre that rules need, else no"
)
UCUM = "write what the text stands for in UCUM"
NO_NAMES = "names of a drug cannot be added, since they are found inside texts; add codes"
CLASSES = "known answers: I, II, III, IV, V, VI"
CODE_KEYS = "known keys: imprecise_when_positive, part, system, code, display"
PARTS = "concepts, names, answers, units, concept_maps"
REST = "snomed, icd10, icd10gm, icd10cm, rxnorm, atc, cpt, icd10pcs"
FAULTS = [
    ("concepts: {}", "1: the key 'schema' is missing"),
    ("schema: 2\nconcepts: {}", "1: 'schema' cannot be '2'; one of: 1"),
    ("schema: 1", "1: adds nothing; give concepts, names, answers, units or concept_maps"),
    ("schema: 1\nconcepts: []", "2: 'concepts' must be a mapping of keys"),
    ("schema: 1\nconcepts: {}\nremove: {}", f"3: unknown key 'remove'; known keys: schema, {PARTS}"),
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
     f"3: concept '{UPCR}': unknown key 'unit'; {CODE_KEYS}"),
    (codes(f"{UPCR}:", "  - {system: 'urn:x', code: x, display: x}",
           "  - {system: 'urn:x', code: x, display: y}"),
     f"5: concept '{UPCR}': the code 'x' is listed twice; take one out"),
    (codes(f"{UPCR}: [{{system: loinc, code: 2160-0, display: x}}]"),
     f"3: concept '{UPCR}': the code '2160-0' stands for 'creatinine' already; it cannot mean both"),
    (codes(f"{UPCR}: [{{system: 'urn:x', code: x, display: x}}]",
           "creatinine: [{system: 'urn:x', code: x, display: x}]"),
     f"4: concept 'creatinine': the code 'x' stands for '{UPCR}' already; it cannot mean both"),
    (codes("ana: [{system: 'urn:x', code: x, display: x}]"),
     f"3: concept 'ana': {SAY}"),
    (codes(f"{UPCR}: [{{system: 'urn:x', code: x, display: x, imprecise_when_positive: no}}]"),
     f"3: concept '{UPCR}': 'imprecise_when_positive' means nothing for '{UPCR}'; take it out"),
    (codes(f"{UPCR}: [{{system: 'urn:x', code: x, display: x, part: volume}}]"),
     f"3: concept '{UPCR}': 'part' means nothing for '{UPCR}'; take it out"),
    (codes("urine-protein-24h: [{system: loinc, code: 21482-5, display: x}]"),
     "3: concept 'urine-protein-24h': the code '21482-5' stands for 'urine-protein-24h' (concentration) "),
    (part("names", "prednisone: [Pred]"),
     f"3: concept 'prednisone': {NO_NAMES}"),
    (part("names", f"{UPCR}: [x]"),
     f"3: concept '{UPCR}': the name 'x' is too short; give the whole text that the record has"),
    (part("names", "creatinine: [UPCR]"),
     f"3: concept 'creatinine': the name 'UPCR' stands for '{UPCR}' already; it cannot mean both"),
    (part("names", "creatinine: [ours]", f"{UPCR}: [Ours]"),
     f"4: concept '{UPCR}': the name 'Ours' stands for 'creatinine' already; it cannot mean both"),
    (part("answers", "prednisone: {positive: [{text: x}]}"),
     "3: concept 'prednisone': 'prednisone', a drug, has no answers that could be added"),
    (part("answers", "kidney-biopsy-class: {positive: [{text: x}]}"),
     f"3: concept 'kidney-biopsy-class': 'positive' is not an answer here; {CLASSES}"),
    (part("answers", "kidney-biopsy-class: {IV: [{text: diffus}]}"),
     "3: concept 'kidney-biopsy-class': words of a class are read as they stand; add codes"),
    (part("answers", "hcg: {positiv: [{text: x}]}"),
     "3: concept 'hcg': 'positiv' is not an answer here; did you mean 'positive'?"),
    (part("answers", "hcg: {positive: x}"),
     "3: concept 'hcg': what means 'positive' must be a list"),
    (part("answers", "hcg: {positive: [{text: negative}]}"),
     "3: concept 'hcg': 'negative' is 'negative' for 'hcg' already; it cannot mean both"),
    (part("answers", "hcg: {negative: [{system: snomed, code: 10828004, display: x}]}"),
     "3: concept 'hcg': '10828004' is 'positive' for 'hcg' already; it cannot mean both"),
    (part("answers", "hcg: {negative: [{system: 'urn:x', code: POS, display: x}]}"),
     "3: concept 'hcg': 'POS' is 'positive' for 'hcg' already; it cannot mean both"),
    (part("answers", "all: {positive: [{text: x}]}", "hcg: {negative: [{text: X}]}"),
     "4: concept 'hcg': 'x' is 'positive' for 'hcg' already; it cannot mean both"),
    (part("answers", "hcg: {positive: [{text: 'x|y'}]}"),
     "3: concept 'hcg': the text 'x|y' holds '|'; give a code"),
    (part("answers", "hcg: {positive: [{text: x, code: y}]}"),
     "3: concept 'hcg': unknown key 'code'; known keys: text"),
    (part("answers", "hcg: {positive: [{system: 'urn:x', code: y}]}"),
     "3: concept 'hcg': the key 'display' is missing"),
    (part("answers", "hgc: {positive: [{text: x}]}"), "3: unknown concept 'hgc'; did you mean 'hcg'?"),
    (part("units", "prednisone: {x: g}"),
     "3: concept 'prednisone': 'prednisone' has no unit, so none is converted into it"),
    (part("units", f"{UPCR}: {{x: mmol/L}}"),
     f"3: concept '{UPCR}': 'mmol/L' cannot be converted into g/g, the unit of '{UPCR}'; {UCUM}"),
    (part("units", f"{UPCR}: {{mg/mmol: mg/g}}"),
     f"3: concept '{UPCR}': 'mg/mmol' is read as another unit of '{UPCR}' already"),
    (part("units", f"{UPCR}: {{mg/dL: mg/g}}"),
     f"3: concept '{UPCR}': 'mg/dL' is a unit already, and not one of '{UPCR}'"),
    (part("units", f"{UPCR}: {{'mg/dL{{LAB7}}': mg/g}}"),
     f"3: concept '{UPCR}': 'mg/dL{{LAB7}}' is a unit already, and not one of '{UPCR}'"),
    (part("units", f"{UPCR}: {{'mg/g{{LAB7}}': mg/mmol}}"),
     f"3: concept '{UPCR}': 'mg/g{{LAB7}}' is a unit already, and not one of '{UPCR}'"),
    (part("units", f"{UPCR}: {{ours: mg/g}}", "all: {ours: mg/mmol}"),
     f"4: all: 'ours' is read as another unit of '{UPCR}' already"),
    (part("units", "all: {ours: furlong}"),
     f"3: all: 'furlong' cannot be converted into the unit of any concept; {UCUM}"),
    (part("units", "all: {K/uL: g/L}"),
     "3: all: 'K/uL' is a unit of 'leukocytes' already, and not the same as 'g/L'"),
    (part("units", f"{UPCR}: {{'': g/g}}"),
     f"3: concept '{UPCR}': the unit must be a text of 1 to 60 characters, as results have it"),
    (part("units", f"{UPCR}: {{'1': g/g}}"),
     f"3: concept '{UPCR}': '1' means a bare number, which has no unit"),
    (START + "concept_maps: none.json", "2: 'concept_maps' must be a list"),
    (codes(LOCAL, LOCAL), f"4: the key '{UPCR}' stands on line 3 too"),
    ("", "1: the file is empty"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "message"), FAULTS, ids=[case[1] for case in FAULTS])
def test_a_fault_is_told_with_its_line(text: str, message: str, catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        load(tmp_path, text, catalog)
    found = [fault._replace(file="site.yaml") for fault in caught.value.faults]
    [fault] = map(str, found)
    assert fault == f"site.yaml:{message}" or (
        message.endswith(" ") and fault.startswith(f"site.yaml:{message}")
    )


def test_all_faults_are_told_at_once(catalog: Catalog, tmp_path: Path) -> None:
    text = codes("nothing: []", f"{UPCR}: [{{system: loinc, code: 1-1, display: x}}, x]")
    with pytest.raises(DefinitionError) as caught:
        load(tmp_path, text, catalog)
    assert [fault.line for fault in caught.value.faults] == [3, 4, 4]


@pytest.mark.parametrize("name", ["a b.yaml", "a.b.yaml", "-.yaml"])
def test_the_name_of_the_file_must_do_as_the_site_s(name: str, catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(SMALL, encoding="utf-8")
    with pytest.raises(DefinitionError, match="its name is the site's: letters, digits and hyphens"):
        load_site(path, catalog)


def test_a_file_that_is_not_there_is_told(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"none\.yaml: cannot be read: No such file"):
        load_site(tmp_path / "none.yaml", catalog)


# --- the page

PAGE = (Path(__file__).parents[2] / "docs/sites.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("key", ["schema", *PARTS.split(", ")])
def test_every_key_of_the_file_has_its_row_on_the_page(key: str) -> None:
    assert f"| `{key}` |" in PAGE


@pytest.mark.parametrize("key", ["imprecise_when_positive", "part"])
def test_every_further_key_of_a_code_is_explained_on_the_page(key: str) -> None:
    assert f"- `{key}: " in PAGE
