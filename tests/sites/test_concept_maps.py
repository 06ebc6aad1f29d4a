"""FHIR ConceptMaps of a site: what is taken over, what is not, and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from fhir.resources.R4B.conceptmap import ConceptMap

from mappings.concept import SYSTEMS
from mappings.definitions import DefinitionError, load_catalog
from mappings.definitions.sites import Site, load_site
from mappings.reading.answers import coded_answers
from mappings.reading.pathology.questions import CLASS, questions_of
from mappings.trial_definition import Catalog

UPCR = "urine-protein-creatinine-ratio"
LAB = "urn:oid:2.999.7"
LOINC, SNOMED = SYSTEMS["loinc"], SYSTEMS["snomed"]
Json = dict[str, Any]
CONDITION: list[Json] = [{"property": "urn:p", "value": "x"}]


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def element(code: str, *targets: Json, display: str = "") -> Json:
    return {"code": code, **({"display": display} if display else {}), "target": list(targets)}


def target(code: str, equivalence: str = "equivalent", **more: Any) -> Json:
    return {"code": code, "equivalence": equivalence, **more}


def concept_map(*elements: Json, to: str = LOINC, source: str = LAB, **more: Any) -> Json:
    group = {"source": source, "target": to, "element": list(elements)}
    return {"resourceType": "ConceptMap", "status": "active", "group": [group], **more}


def load(folder: Path, catalog: Catalog, *maps: object, before: str = "") -> Site:
    names = [f"m{number}.json" for number, _ in enumerate(maps, 1)]
    for name, document in zip(names, maps, strict=True):
        (folder / name).write_bytes(document if isinstance(document, bytes) else orjson.dumps(document))
    path = folder / "site.yaml"
    path.write_text(f"schema: 1\n{before}concept_maps: [{', '.join(names)}]\n", encoding="utf-8")
    return load_site(path, catalog)


def added(site: Site, catalog: Catalog) -> dict[str, list[str]]:
    """The tokens that concepts have gained."""
    gained = {
        name: [code.token for code in concept.codes if code not in catalog.concepts[name].codes]
        for name, concept in site.catalog.concepts.items()
    }
    return {name: tokens for name, tokens in gained.items() if tokens}


def counts(site: Site) -> list[tuple[int, int, int, int]]:
    return [(one.taken, one.known, one.unused, one.refused) for one in site.maps]


def test_a_local_code_means_what_its_standard_code_means(catalog: Catalog, tmp_path: Path) -> None:
    document = concept_map(element("U-PC", target("2890-2"), display="Prot/Crea"))
    assert ConceptMap.model_validate(document).group
    site = load(tmp_path, catalog, document)
    assert added(site, catalog) == {UPCR: [f"{LAB}|U-PC"]}
    assert site.catalog.concepts[UPCR].codes[-1].display == "Prot/Crea"
    assert counts(site) == [(1, 0, 0, 0)]


# The value set concept-map-equivalence of FHIR R4: https://hl7.org/fhir/R4/valueset-concept-map-equivalence.html
EQUIVALENCES = [
    # equivalence   taken, known, unused, refused
    ("equal", (1, 0, 0, 0)),
    ("equivalent", (1, 0, 0, 0)),
    ("relatedto", (0, 0, 0, 1)),
    ("wider", (0, 0, 0, 1)),
    ("subsumes", (0, 0, 0, 1)),
    ("narrower", (0, 0, 0, 1)),
    ("specializes", (0, 0, 0, 1)),
    ("inexact", (0, 0, 0, 1)),
    ("unmatched", (0, 0, 1, 0)),
    ("disjoint", (0, 0, 1, 0)),
    ("", (0, 0, 0, 1)),
]


@pytest.mark.parametrize(
    ("equivalence", "expected"), EQUIVALENCES, ids=[e or "none" for e, _ in EQUIVALENCES]
)
def test_only_what_means_exactly_the_same_is_taken(
    equivalence: str, expected: tuple[int, int, int, int], catalog: Catalog, tmp_path: Path
) -> None:
    site = load(tmp_path, catalog, concept_map(element("X", target("2890-2", equivalence))))
    assert counts(site) == [expected]
    assert bool(added(site, catalog)) is bool(expected[0])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (target("2890-2", "wider"), "it is 'wider', and only 'equal' and 'equivalent' mean the same"),
        ({"code": "2890-2"}, "it has no 'equivalence'"),
        (
            target("2890-2", dependsOn=CONDITION),
            "it holds only with its dependsOn",
        ),
        (target("2890-2", product=CONDITION), "it holds only with its product"),
    ],
)
def test_what_is_not_taken_is_told_with_its_place_and_what_to_do(
    given: Json, why: str, catalog: Catalog, tmp_path: Path
) -> None:
    site = load(tmp_path, catalog, concept_map(element("X", given, display="Protein ratio")))
    assert added(site, catalog) == {}
    place = f"{tmp_path.as_posix()}/m1.json: group 1, code 'X': not taken as 2890-2 ({UPCR}): "
    assert site.maps[0].remarks == [f"{place}{why}; if it means exactly the same, list it in the site's file"]


def test_mappings_to_codes_that_no_concept_uses_are_counted_and_no_faults(
    catalog: Catalog, tmp_path: Path
) -> None:
    document = concept_map(
        element("A", target("2890-2")),
        element("B", target("1234-5"), target("9999-9", "wider")),
        element("C"),
    )
    site = load(tmp_path, catalog, document)
    assert counts(site) == [(1, 0, 2, 0)]
    assert site.maps[0].remarks == []


def test_a_map_that_leads_nowhere_is_told_that_it_may_be_the_wrong_way_round(
    catalog: Catalog, tmp_path: Path
) -> None:
    document = concept_map(element("2890-2", target("U-PC")), source=LOINC, to=LAB)
    [remark] = load(tmp_path, catalog, document).maps[0].remarks
    assert remark.endswith(
        "m1.json: none of its 1 mappings leads to a code that a concept uses; "
        "it must go from the site's codes to standard ones"
    )


def test_a_code_of_several_diagnoses_brings_all_of_them(catalog: Catalog, tmp_path: Path) -> None:
    shared = "15555002"  # acute pericarditis
    site = load(tmp_path, catalog, concept_map(element("P", target(shared)), to=SNOMED))
    holders = {name for name, one in catalog.concepts.items() if any(c.code == shared for c in one.codes)}
    assert set(added(site, catalog)) == holders
    assert len(holders) > 1


def test_a_drug_product_is_mapped_to_its_ingredient(catalog: Catalog, tmp_path: Path) -> None:
    document = concept_map(element("YP-0001", target("8640", "equal")), to=SYSTEMS["rxnorm"])
    assert added(load(tmp_path, catalog, document), catalog) == {"prednisone": [f"{LAB}|YP-0001"]}


def test_a_part_of_a_collection_is_mapped_as_that_part(catalog: Catalog, tmp_path: Path) -> None:
    document = concept_map(element("C", target("21482-5")), element("V", target("3167-4")))
    collection = load(tmp_path, catalog, document).catalog.concepts["urine-protein-24h"].collection
    assert collection is not None
    assert collection.concentration[-1].token == f"{LAB}|C"
    assert collection.volume[-1].token == f"{LAB}|V"


def test_a_local_answer_is_mapped_to_a_standard_one(catalog: Catalog, tmp_path: Path) -> None:
    document = concept_map(element("P", target("10828004")), element("N", target("260385009")), to=SNOMED)
    site = load(tmp_path, catalog, document)
    hcg = site.catalog.concepts["hcg"]
    assert coded_answers({"coding": [{"system": LAB, "code": "P"}]}, hcg) == {"positive"}
    assert coded_answers({"coding": [{"system": LAB, "code": "N"}]}, hcg) == {"negative"}
    assert counts(site) == [(2, 0, 0, 0)]


def test_a_code_of_a_who_class_never_becomes_one_of_the_isn_rps(catalog: Catalog, tmp_path: Path) -> None:
    """The reader of biopsies tells the two schemes apart by the SNOMED CT code, which is gone by then."""
    who_class_4 = "36402006"
    of_biopsy = replace(catalog.concepts[CLASS], answers={"IV": frozenset({f"{SNOMED}|{who_class_4}"})})
    knowing = replace(catalog, concepts={**catalog.concepts, CLASS: of_biopsy})
    for given in (catalog, knowing):
        site = load(tmp_path, given, concept_map(element("LN4", target(who_class_4)), to=SNOMED))
        assert site.answers == {}
        assert questions_of(site.catalog.concepts).coded_classes([f"{LAB}|LN4"]) == (frozenset(), False)


def test_a_code_that_is_mapped_to_a_screen_without_titre_is_one_too(catalog: Catalog, tmp_path: Path) -> None:
    document = concept_map(element("ANA-S", target("42254-3")), element("ANA-T", target("29953-7")))
    ana = load(tmp_path, catalog, document).catalog.concepts["ana"]
    assert ana.imprecise_when_positive - catalog.concepts["ana"].imprecise_when_positive == {f"{LAB}|ANA-S"}


def test_what_is_listed_and_mapped_is_known(catalog: Catalog, tmp_path: Path) -> None:
    listed = f"concepts: {{{UPCR}: [{{system: '{LAB}', code: U-PC, display: x}}]}}\n"
    document = concept_map(element("U-PC", target("2890-2")))
    site = load(tmp_path, catalog, document, document, before=listed)
    assert counts(site) == [(0, 1, 0, 0), (0, 1, 0, 0)]


def test_the_digest_does_not_say_how_a_code_came(catalog: Catalog, tmp_path: Path) -> None:
    mapped = load(tmp_path, catalog, concept_map(element("U-PC", target("2890-2"))))
    path = tmp_path / "site.yaml"
    path.write_text(
        f"schema: 1\nconcepts: {{{UPCR}: [{{system: '{LAB}', code: U-PC, display: x}}]}}\n", encoding="utf-8"
    )
    assert load_site(path, catalog).facts == mapped.facts


def test_the_digest_changes_with_the_map(catalog: Catalog, tmp_path: Path) -> None:
    one = load(tmp_path, catalog, concept_map(element("A", target("2890-2"))))
    other = load(tmp_path, catalog, concept_map(element("A", target("2889-4"))))
    assert one.facts.digest != other.facts.digest


BUNDLE = {"resourceType": "Bundle", "entry": []}
OF_R5 = "has a 'relationship', as FHIR R5 has; give the map as FHIR R4, with 'equivalence'"
R5 = {"code": "2890-2", "relationship": "equivalent"}
FAULTS: list[tuple[object, str]] = [
    (b"not json", "m1.json:1: is not JSON; save the ConceptMap as FHIR JSON"),
    (b"{\n\n'x'}", "m1.json:3: is not JSON; save the ConceptMap as FHIR JSON"),
    (BUNDLE, "m1.json: is a Bundle, not a ConceptMap; save the ConceptMap alone"),
    ([], "m1.json: is no FHIR resource, not a ConceptMap; save the ConceptMap alone"),
    (concept_map(status="retired"), "m1.json: its status is 'retired'; give the map that is in use"),
    (concept_map(group=[]), "m1.json: the map has no group, so it maps nothing"),
    (concept_map(source=""),
     "m1.json: group 1: must name its 'source' and 'target' system: a code means nothing without"),
    (concept_map({"target": [target("2890-2")]}), "m1.json: group 1: an element has no 'code'"),
    (concept_map(element("X", R5)),
     f"m1.json: group 1, code 'X': {OF_R5}"),
    (concept_map(element("2890-3", target("2890-2")), source=LOINC),
     "m1.json: group 1, code '2890-3': '2890-3' fails the LOINC check digit (-2 would be right)"),
    (concept_map(element("X", target("2890-2"), target("2160-0"))),
     f"m1.json: group 1, code 'X': the code 'X' stands for '{UPCR}' already; it cannot mean both"),
    (concept_map(element("2160-0", target("2890-2")), source=LOINC),
     "m1.json: group 1, code '2160-0': the code '2160-0' stands for 'creatinine' already; "),
    (concept_map(element("X", target("10828004"), target("260385009")), to=SNOMED),
     "m1.json: group 1, code 'X': 'X' is 'positive' for "),
]  # fmt: skip


@pytest.mark.parametrize(("document", "message"), FAULTS, ids=[message for _, message in FAULTS])
def test_a_fault_is_told_with_its_place(
    document: object, message: str, catalog: Catalog, tmp_path: Path
) -> None:
    with pytest.raises(DefinitionError) as caught:
        load(tmp_path, catalog, document)
    [fault] = [str(fault).removeprefix(f"{tmp_path.as_posix()}/") for fault in caught.value.faults]
    assert fault.startswith(message)
    assert fault == message or message.endswith(" ")


def test_a_map_that_is_not_there_is_told(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "site.yaml"
    path.write_text("schema: 1\nconcept_maps: [none.json]\n", encoding="utf-8")
    with pytest.raises(DefinitionError, match=r"none\.json: cannot be read: No such.*the site's file"):
        load_site(path, catalog)


def test_a_map_that_is_too_large_is_refused(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mappings.definitions.sites.concept_maps.LARGEST_MAP", 100)
    with pytest.raises(DefinitionError, match="is larger than 100 bytes"):
        load(tmp_path, catalog, concept_map(element("X" * 100, target("2890-2"))))


@pytest.mark.parametrize(
    "group",
    [
        *(
            "x",
            [1],
            [{"source": LAB, "target": LOINC}],
            [{"source": LAB, "target": LOINC, "element": [None]}],
        ),
        [{"source": LAB, "target": LOINC, "element": [{"code": "X", "target": [7, {}, {"code": 5}]}]}],
    ],
)
def test_whatever_stands_in_a_map_it_is_a_fault_or_nothing(
    group: Any, catalog: Catalog, tmp_path: Path
) -> None:
    if not any(isinstance(one, dict) for one in group):
        with pytest.raises(DefinitionError, match="the map has no group, so it maps nothing"):
            load(tmp_path, catalog, concept_map(group=group))
    else:
        assert counts(load(tmp_path, catalog, concept_map(group=group))) == [(0, 0, 0, 0)]
