"""The shipped definitions say what the trial's page and the clinical reference say; read as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import mappings

FOLDER = Path(mappings.__file__).parent
CRITERIA = (
    "age",
    "sle-classification",
    "lupus-nephritis-biopsy",
    "refractory-or-relapsed",
    "sledai-2k",
    "nih-activity-index",
    "nih-chronicity-index",
    "proteinuria",
    "b-cell-target",
    "organ-function",
    "ecog",
    "contraception",
    "pregnancy-test",
    "lactation",
    "consent",
)
NEVER = {
    "42800-7": "a misspelt 42800-3",
    "9318-7": "albumin/creatinine",
    "14959-1": "albumin/creatinine",
    "13705-9": "albumin/creatinine",
    "32294-1": "albumin/creatinine",
    "21482-5": "a concentration, not an amount in 24 hours",
    "32551-4": "urine of unstated duration",
    "5808-1": "red cells per volume",
    "14030-1": "antibodies against Sm and RNP together",
    "1003-3": "an indirect antiglobulin test",
    "1005-8": "an indirect antiglobulin test",
    "1008-2": "an indirect antiglobulin test",
    "1009-0": "deprecated",
    "17829-3": "CD19 in body fluid",
}
INTERPRETED = [
    ("lupus-nephritis-biopsy", "without a suffix is met"),
    ("lupus-nephritis-biopsy", "6 calendar months"),
    ("refractory-or-relapsed", "dated after those 6 months"),
    ("refractory-or-relapsed", "30 days for cyclophosphamide"),
    ("refractory-or-relapsed", "30 days for intravenous belimumab"),
    ("refractory-or-relapsed", "180 days for rituximab"),
    ("sledai-2k", "30 days"),
    ("sledai-2k", "0.5 g/g stands for 24-hour protein above 0.5 g"),
    ("sledai-2k", "at least 2 joints"),
    ("nih-activity-index", "14 days"),
    ("nih-activity-index", "6 months"),
    ("proteinuria", "last 90 days"),
    ("proteinuria", "more than 30 days older"),
    ("b-cell-target", "last 90 days"),
    ("b-cell-target", "not taken as depleting"),
    ("ecog", "last 90 days"),
    ("contraception", "55 years"),
    ("contraception", "at 45 or later"),
    ("pregnancy-test", "under 55 years"),
    ("pregnancy-test", "at 45 or later"),
    ("pregnancy-test", "within 42 weeks"),
    ("lactation", "last 30 days"),
    ("lactation", "last year"),
    ("sle-classification", "by immunoassay, or without stated method"),
    ("sle-classification", "WHO scheme counts"),
]
"""Every number or rule that is ours and not the source's, as the trial's page marks it."""
SLEDAI_WEIGHTS = [8] * 8 + [4] * 6 + [2] * 7 + [1] * 3
EULAR_DOMAINS = {
    "constitutional": ("clinical", 2),
    "haematologic": ("clinical", 4),
    "neuropsychiatric": ("clinical", 5),
    "mucocutaneous": ("clinical", 6),
    "serosal": ("clinical", 6),
    "musculoskeletal": ("clinical", 6),
    "renal": ("clinical", 10),
    "antiphospholipid": ("immunological", 2),
    "complement": ("immunological", 4),
    "sle-specific-antibodies": ("immunological", 6),
}


def read(name: str) -> Any:
    """A definition with every scalar as text."""
    return yaml.load((FOLDER / name).read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


def concept_files() -> dict[str, Any]:
    return {path.stem: read(f"concepts/{path.name}") for path in sorted((FOLDER / "concepts").glob("*.yaml"))}


FILES = concept_files()
CONCEPTS = {concept["id"]: concept for file in FILES.values() for concept in file["concepts"]}
GROUPS = {group["id"]: group["members"] for file in FILES.values() for group in file.get("groups", ())}
TRIAL = read("trials/NCT06920433.yaml")
SLEDAI = read("scores/sledai-2k.yaml")
EULAR = read("scores/eular-acr-2019.yaml")
BY_ID = {criterion["id"]: criterion for criterion in TRIAL["inclusion"]}


def codes(concept: str, system: str = "loinc") -> set[str]:
    return set(CONCEPTS[concept].get("codes", {}).get(system, ()))


def loinc_codes() -> Iterator[tuple[str, str]]:
    """Every LOINC code in a concept, wherever it stands; LA answer codes have no such check digit."""
    for name, concept in CONCEPTS.items():
        places = [
            concept.get("codes", {}),
            concept.get("order", {}),
            concept.get("imprecise_when_positive", {}),
        ]
        for place in [*places, *concept.get("answers", {}).values()]:
            given = place.get("loinc", ())
            for code in [given] if isinstance(given, str) else given:
                if not code.startswith("LA"):
                    yield name, code


def has_good_check_digit(code: str) -> bool:
    """The LOINC check digit: mod 10 (Luhn) over the digits before the hyphen."""
    digits, _, check = code.partition("-")
    doubled = "".join(str(int(d) * 2) if i % 2 == 0 else d for i, d in enumerate(reversed(digits)))
    return str(-sum(map(int, doubled)) % 10) == check


def parts(node: Any) -> Iterator[Any]:
    """Every mapping inside a rule."""
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from parts(value)
    elif isinstance(node, list):
        for value in node:
            yield from parts(value)


def concepts_used(node: Any) -> set[str]:
    keys = ("of", "after_last", "show", "together_with", "also_show", "unless_followed_by")
    found: set[str] = set()
    for part in parts(node):
        for key in keys:
            value = part.get(key, ())
            found |= {
                name for name in ([value] if isinstance(value, str) else value) if isinstance(name, str)
            }
    return found - {"sledai-2k", "eular-acr-2019"}


def test_the_trial_has_every_criterion_of_its_page_in_order() -> None:
    assert tuple(criterion["id"] for criterion in TRIAL["inclusion"]) == CRITERIA
    assert "exclusion" not in TRIAL


def test_the_trial_is_an_unsigned_draft_that_says_what_its_source_leaves_out() -> None:
    assert TRIAL["trial"]["status"] == "draft"
    assert "reviewed_by" not in TRIAL["trial"]
    said = " ".join(TRIAL["not_encoded"])
    assert "major organs" in said
    assert "exclusion" in said


@pytest.mark.parametrize(("criterion", "words"), INTERPRETED)
def test_what_is_ours_stands_as_an_interpretation(criterion: str, words: str) -> None:
    assert words in " ".join(BY_ID[criterion]["interpretation"])


@pytest.mark.parametrize("criterion", ["organ-function", "nih-chronicity-index"])
def test_what_the_source_gives_no_number_for_is_only_ever_a_question(criterion: str) -> None:
    assert set(BY_ID[criterion]["require"]) == {"judgement"}


def test_refractory_can_never_be_not_met() -> None:
    assert any("judgement" in rule for rule in BY_ID["refractory-or-relapsed"]["require"]["any"])


@pytest.mark.parametrize(
    ("criterion", "rule"),
    [
        (
            "proteinuria",
            {"of": "urine-protein-creatinine-ratio", "greater_than": "1.0 g/g", "within": "90 days"},
        ),
        ("proteinuria", {"of": "urine-protein-24h", "greater_than": "0.5 g/d", "within": "90 days"}),
        ("sledai-2k", {"of": "sledai-2k", "at_least": "8", "within": "30 days"}),
        ("sle-classification", {"of": "eular-acr-2019", "at_least": "10"}),
        ("nih-activity-index", {"of": "nih-activity-index", "greater_than": "2", "within": "6 months"}),
        ("ecog", {"of": "ecog", "at_most": "1", "within": "90 days"}),
        ("age", {"at_least": "18 years"}),
    ],
)
def test_thresholds_are_those_of_the_page(criterion: str, rule: dict[str, str]) -> None:
    assert rule in list(parts(BY_ID[criterion]["require"]))


def test_everything_that_is_named_exists_and_its_file_is_listed() -> None:
    files = {concept["id"]: name for name, file in FILES.items() for concept in file["concepts"]}
    files |= {group["id"]: name for name, file in FILES.items() for group in file.get("groups", ())}
    for definition in (TRIAL, SLEDAI, EULAR):
        used = concepts_used(definition)
        assert used <= set(files)
        assert {files[name] for name in used} <= set(definition["concepts"])


def test_groups_have_known_members() -> None:
    assert {member for members in GROUPS.values() for member in members} <= set(CONCEPTS)


def test_what_the_protocol_does_not_list_does_not_count() -> None:
    counted = set(GROUPS["systemic-glucocorticoids"]) | set(GROUPS["conventional-treatment"])
    assert counted.isdisjoint(GROUPS["other-biologics"])
    assert "belimumab" not in GROUPS["b-cell-depleting"]


@pytest.mark.parametrize(
    ("drug", "days"), [("cyclophosphamide", "30 days"), ("belimumab", "30 days"), ("rituximab", "180 days")]
)
def test_one_infusion_covers(drug: str, days: str) -> None:
    assert CONCEPTS[drug]["covers"] == days


def test_sledai_has_24_descriptors_that_sum_to_105() -> None:
    points = [int(item["points"]) for item in SLEDAI["items"]]
    assert points == SLEDAI_WEIGHTS
    assert sum(points) == int(SLEDAI["score"]["maximum"]) == 105
    assert not [item for item in SLEDAI["items"] if "domain" in item]


def test_sledai_without_its_laboratory_items_is_83() -> None:
    assert sum(int(i["points"]) for i in SLEDAI["items"] if i["settled_by"] == "examination") == 83


def test_only_sledai_2k_is_sledai_2k() -> None:
    names = [name.lower() for name in CONCEPTS["sledai-2k-total"]["names"]]
    assert all("2k" in name or "2000" in name for name in names)
    assert not [name for name in names if "selena" in name or "clinical" in name]


def test_eular_domains_and_their_maxima() -> None:
    highest: dict[str, tuple[str, int]] = {}
    for item in EULAR["items"]:
        before = highest.get(item["domain"], (item["group"], 0))
        assert item["group"] == before[0]
        highest[item["domain"]] = (item["group"], max(before[1], int(item["points"])))
    assert highest == EULAR_DOMAINS
    assert sum(points for _, points in highest.values()) == int(EULAR["score"]["maximum"]) == 51
    assert EULAR["needs_group"] == "clinical"


@pytest.mark.parametrize(
    ("item", "sledai", "eular"),
    [("fever", "38 Cel", "38.3 Cel"), ("leukopenia", "3.0 10*9/L", "4.0 10*9/L")],
)
def test_the_scores_differ_where_they_should(item: str, sledai: str, eular: str) -> None:
    for score, limit in ((SLEDAI, sledai), (EULAR, eular)):
        require = next(each["require"] for each in score["items"] if each["id"] == item)
        assert limit in {text for part in parts(require) for text in part.values() if isinstance(text, str)}


@pytest.mark.parametrize(("concept", "code"), sorted(set(loinc_codes())))
def test_loinc_check_digits(concept: str, code: str) -> None:
    assert re.fullmatch(r"\d+-\d", code)
    assert has_good_check_digit(code)


@pytest.mark.parametrize("code", ["2890-2", "8061-4", "89247-1"])
def test_the_check_digit_is_computed_right(code: str) -> None:
    assert has_good_check_digit(code)
    assert not has_good_check_digit(f"{code[:-1]}{(int(code[-1]) + 1) % 10}")


def test_codes_that_mean_something_else_are_in_no_concept() -> None:
    assert not [(name, code) for name, code in loinc_codes() if code in NEVER]


def test_lupus_of_the_skin_of_drugs_or_of_no_stated_kind_is_not_sle() -> None:
    lupus = codes("sle", "snomed") | codes("lupus-nephritis", "snomed")
    assert lupus.isdisjoint({"200936003", "200938002", "201436003", "80258006", "239891002"})
    icd = codes("sle", "icd10cm") | codes("lupus-nephritis", "icd10cm")
    assert "M32.0" not in icd
    assert not [code for code in icd if code.startswith("L93")]
    for concept in ("sle", "lupus-nephritis"):
        assert CONCEPTS[concept]["excluding"] == ["drug-induced-lupus"]


@pytest.mark.parametrize(
    ("concept", "system", "wanted"),
    [
        (
            "lupus-nephritis",
            "snomed",
            {"73286009", "4676006", "76521009", "36402006", "52042003", "11013005"},
        ),
        ("lupus-nephritis", "icd10cm", {"M32.14"}),
        ("urine-protein-creatinine-ratio", "loinc", {"2890-2", "34366-5"}),
        ("urine-protein-24h", "loinc", {"2889-4"}),
        ("cd19-b-cells", "loinc", {"8116-6", "8117-4"}),
        ("prednisone", "rxnorm", {"8640", "312615"}),
        ("ciclosporin", "rxnorm", {"3008", "241834"}),
        ("mycophenolate", "rxnorm", {"68149", "7145", "265323", "200060"}),
        ("hydroxychloroquine", "rxnorm", {"5521", "979092"}),
        ("car-t-history", "icd10cm", {"Z92.850"}),
    ],
)
def test_codes_that_must_be_there(concept: str, system: str, wanted: set[str]) -> None:
    assert wanted <= codes(concept, system)


@pytest.mark.parametrize(
    "drug", sorted(GROUPS["systemic-glucocorticoids"] + GROUPS["conventional-treatment"])
)
def test_no_drug_code_is_for_eye_skin_or_gut(drug: str) -> None:
    elsewhere = re.compile(
        r"ophthalmic|topical|ointment|cream|otic|nasal|rectal|enema|implant", re.IGNORECASE
    )
    given = CONCEPTS[drug].get("codes", {})
    assert not [text for text in given.get("rxnorm", {}).values() if elsewhere.search(text)]
    assert set(given.get("atc", ())).isdisjoint({"D11AH01", "S01XA18", "H02AA02", "A07EA03"})


def test_a_gram_per_gram_is_113_12_milligrams_per_millimole() -> None:
    conversions = CONCEPTS["urine-protein-creatinine-ratio"]["conversions"]
    assert conversions == {"mg/mmol": "1/113.12", "g/mmol": "1000/113.12"}


def test_every_concept_says_where_it_comes_from() -> None:
    assert not [name for name, concept in CONCEPTS.items() if not concept.get("source")]
