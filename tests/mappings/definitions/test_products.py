"""Product files: which are refused and how that is said, and what of the shipped ones must be so."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from mappings.concept import SYSTEMS
from mappings.definitions import DefinitionError, load_catalog
from mappings.definitions.faults import Mistake

CATALOG = load_catalog()
DRUGS = {name: concept for name, concept in CATALOG.concepts.items() if concept.kind == "drug"}
FOLDER = Path(__file__).resolve().parents[3] / "mappings" / "concepts" / "products"

DRUG_FILE = """
schema: 1
concepts:
  - id: prednisone
    display: Prednisone
    kind: drug
    codes:
      rxnorm: {8640: prednisone}
    names: [prednisone]
    source: here
  - id: azathioprine
    display: Azathioprine
    kind: drug
    names: [azathioprine]
    source: here
  - id: upcr
    display: UPCR
    kind: measurement
    unit: g/g
    source: here
"""
GOOD = """
schema: 1
system: rxnorm
source: "a list of somebody, version 3"
products:
  prednisone:
    198145: predniSONE 10 MG Oral Tablet
  azathioprine:
    197388: azaTHIOprine 50 MG Oral Tablet
"""


def folder(tmp_path: Path, *files: str) -> Path:
    (tmp_path / "trials").mkdir()
    (tmp_path / "concepts" / "products").mkdir(parents=True)
    (tmp_path / "concepts" / "drugs.yaml").write_text(DRUG_FILE, encoding="utf-8")
    for number, text in enumerate(files):
        path = tmp_path / "concepts" / "products" / f"list-{number}.yaml"
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_a_product_code_joins_its_drug_with_its_source(tmp_path: Path) -> None:
    catalog = load_catalog([], root=folder(tmp_path, GOOD))
    prednisone = catalog.concepts["prednisone"]
    [products] = prednisone.products
    assert products.source == "a list of somebody, version 3"
    assert [code.code for code in products.codes] == ["198145"]
    assert [code.code for code in prednisone.codes] == ["8640"]
    assert [code.code for code in prednisone.every_code] == ["8640", "198145"]


@pytest.mark.parametrize(
    ("change", "to", "mistake", "said"),
    [
        ("prednisone:", "prednison:", Mistake.UNKNOWN_CONCEPT, "unknown concept 'prednison'; did you mean"),
        ("prednisone:", "upcr:", Mistake.WRONG_KIND, "'upcr' is a concept of kind measurement"),
        ("system: rxnorm", "system: rxnom", Mistake.NOT_A_CHOICE, "did you mean 'rxnorm'"),
        ("system: rxnorm", "", Mistake.MISSING_KEY, "the key 'system' is missing"),
        ('source: "a list of somebody, version 3"', "", Mistake.MISSING_KEY, "the key 'source' is missing"),
        ("198145:", "RX-1:", Mistake.BAD_CODE, "'RX-1' is not in the form of RxNorm codes"),
        ("198145:", "8640:", Mistake.REPEATED_VALUE, "the code '8640' stands for 'prednisone' already"),
        ("197388:", "198145:", Mistake.REPEATED_VALUE, "the code '198145' stands for 'prednisone' already"),
        ("products:", "product:", Mistake.MISSING_KEY, "the key 'products' is missing"),
    ],
)
def test_a_faulty_product_file_is_refused(
    tmp_path: Path, change: str, to: str, mistake: Mistake, said: str
) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_catalog([], root=folder(tmp_path, GOOD.replace(change, to)))
    faults = [fault for fault in caught.value.faults if fault.mistake is mistake]
    assert any(said in fault.message and "products/list-0.yaml" in fault.file for fault in faults)


def test_a_code_stands_in_one_file_only(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="stands for 'prednisone' already"):
        load_catalog([], root=folder(tmp_path, GOOD, GOOD))


def test_a_change_of_a_product_changes_what_was_signed(tmp_path: Path) -> None:
    trial = next((FOLDER.parents[1] / "trials").glob("*.yaml"))
    root = tmp_path / "mappings"
    for part in ("concepts", "concepts/products", "scores", "trials"):
        (root / part).mkdir(parents=True, exist_ok=True)
        for file in (FOLDER.parents[1] / part).iterdir():
            if file.is_file():
                (root / part / file.name).write_bytes(file.read_bytes())
    before = load_catalog(root=root).trial(trial.stem).facts.digest
    listed = root / "concepts" / "products" / "rxnorm-cibmtr.yaml"
    text = listed.read_text(encoding="utf-8")
    listed.write_text(text.replace("cyclophosphamide:\n", "cyclophosphamide:\n    99999999: new\n", 1))
    assert load_catalog(root=root).trial(trial.stem).facts.digest != before


# --- the shipped lists


def test_every_shipped_list_names_who_published_it_and_which_version() -> None:
    for concept in DRUGS.values():
        for products in concept.products:
            assert re.search(r"[\w-]+/[\w-]+ [0-9a-f]{6,}", products.source), products.source
            assert products.codes


def test_no_code_stands_for_two_drugs() -> None:
    tokens = Counter(code.token for concept in DRUGS.values() for code in concept.every_code)
    assert [token for token, count in tokens.items() if count > 1] == []


@pytest.mark.parametrize("drug", [name for name, concept in DRUGS.items() if concept.products])
def test_no_product_is_a_local_form_or_names_another_drug(drug: str) -> None:
    from mappings.reading.drugs.forms import is_local
    from mappings.reading.drugs.names import drug_index

    index = drug_index(tuple(DRUGS.values()))
    for products in DRUGS[drug].products:
        for code in products.codes:
            assert not is_local((), (code.display,)), code
            assert set(index.named_in(code.display)) <= {drug}, code


LISTED = {
    ("rxnorm", "198145"): "prednisone",  # predniSONE 10 MG Oral Tablet
    ("rxnorm", "92354"): "prednisone",  # Prednisone Oral Tablet [Deltasone]
    ("rxnorm", "979092"): "hydroxychloroquine",  # hydroxychloroquine sulfate 200 MG Oral Tablet
    ("rxnorm", "241834"): "ciclosporin",  # cycloSPORINE, modified 100 MG Oral Capsule
    ("rxnorm", "1734917"): "cyclophosphamide",  # cyclophosphamide 500 MG Injection
    ("snomed", "373540008"): "hydroxychloroquine",  # Hydroxychloroquine
    ("snomed", "116602009"): "prednisone",  # Prednisone (substance)
    ("snomed", "327104000"): "mycophenolate",  # Mycophenolate mofetil 250mg capsules (a VMP of dm+d)
    ("snomed", "19480611000001109"): "belimumab",  # Benlysta 120mg ... vials (an AMP of dm+d)
    ("snomed", "327097004"): "tacrolimus",  # Tacrolimus 5mg capsules
}


@pytest.mark.parametrize(("code", "drug"), LISTED.items())
def test_a_product_leads_to_its_ingredient(code: tuple[str, str], drug: str) -> None:
    system, value = code
    token = f"{SYSTEMS[system]}|{value}"
    assert [name for name, one in DRUGS.items() if token in {c.token for c in one.every_code}] == [drug]
