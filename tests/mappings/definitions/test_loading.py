"""What is loaded, from where, and the digest of what was signed."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

import mappings
from mappings.amounts import Bound
from mappings.dates import Window
from mappings.definitions import DefinitionError, Mistake, load_catalog
from mappings.rules import All, AnyOf, AtLeast, DrugRule, Finding, Measurement, Not, Rule, Sex, Treatment
from mappings.trial_definition import Catalog, Criterion
from mappings.units import conversion, load_ucum

GOOD = Path(__file__).resolve().parents[2] / "bad_definitions" / "_good"
PACKAGED = Path(mappings.__file__).parent


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A copy of the good definitions, to be changed."""
    return Path(shutil.copytree(GOOD, tmp_path / "definitions"))


@pytest.fixture(scope="module")
def good() -> Catalog:
    return load_catalog(root=GOOD)


def criterion(catalog: Catalog, name: str) -> Criterion:
    return next(found for found in catalog.trials[0].criteria if found.id == name)


# --- what is in the catalog


def test_a_trial_is_loaded_whole(good: Catalog) -> None:
    trial = good.trial("T-GOOD")
    assert trial.facts.version == "0.10"
    assert trial.facts.registry_copy_of == date(2025, 1, 31)
    assert [criterion.id for criterion in trial.criteria] == [
        *("age", "proteinuria", "treated", "pregnancy", "willing", "lactation")
    ]
    assert trial.not_encoded == ("Something is left out.",)
    assert trial.recruitment is not None
    assert trial.recruitment.places == 18


def test_amounts_are_in_the_concept_s_unit_and_keep_the_author_s_words(good: Catalog) -> None:
    rule = criterion(good, "proteinuria").require
    assert isinstance(rule, AnyOf)
    assert rule.conflicting_when_older_by == Window(2, "weeks")
    upcr, platelets = rule.of
    assert isinstance(upcr, Measurement)
    assert isinstance(platelets, Measurement)
    assert upcr.bounds == (Bound("greater_than", 1.0, "1000 mg/g"),)
    assert platelets.bounds == (Bound("at_least", 0.0, "0 10*3/uL"), Bound("less_than", 50.0, "50 K/uL"))


def test_groups_are_replaced_by_their_members(good: Catalog) -> None:
    rule = criterion(good, "treated").require
    assert isinstance(rule, AtLeast)
    treatment, measurement, titre = rule.of[0], rule.of[4], rule.of[5]
    assert isinstance(treatment, Treatment)
    assert treatment.of == ("prednisone", "prednisolone")
    assert isinstance(measurement, Measurement)
    assert measurement.after_last == ("prednisone", "prednisolone", "biopsy")
    assert isinstance(titre, Measurement)
    assert titre.bounds == (Bound("at_least", 80.0, "1:80"),)


def test_a_drug_given_within_a_window_is_a_rule_of_its_own(good: Catalog) -> None:
    rule = criterion(good, "treated").require
    assert isinstance(rule, AtLeast)
    claims = {"absent_means_not_met": True, "older_means_not_met": True}
    assert DrugRule(("azathioprine",), Window(6, "months"), **claims) in rule.of


def test_named_rules_stand_where_they_are_used(good: Catalog) -> None:
    rule = criterion(good, "pregnancy").applies_when
    assert isinstance(rule, All)
    assert rule.of[0] == All((Sex("female"),)).of[0]


def test_what_an_exclusion_criterion_excludes_must_not_hold(good: Catalog) -> None:
    assert isinstance(criterion(good, "lactation").require, Not)


def test_the_default_pick_is_latest_in_a_trial_and_any_in_a_score(good: Catalog) -> None:
    finding = criterion(good, "pregnancy").require
    assert isinstance(finding, Finding)
    assert finding.pick == "latest"
    item = good.scores["activity"].items[0].require
    assert isinstance(item, Measurement)
    assert (item.pick, item.within) == ("any", None)


def test_a_score_item_s_domain_is_its_id_unless_it_says_otherwise(good: Catalog) -> None:
    assert [item.domain for item in good.scores["activity"].items] == ["proteinuria", "general", "general"]


def test_answers_are_kept_as_the_reader_compares_them(good: Catalog) -> None:
    assert good.concepts["hcg"].answers == {"equivocal": frozenset({"equi vocal", "borderline"})}


def test_an_ordered_test_has_the_words_of_its_code(good: Catalog) -> None:
    orderable = good.concepts["upcr"].orderable
    assert orderable is not None
    assert (orderable.code, orderable.display) == ("2890-2", "Protein/Creatinine [Mass Ratio] in Urine")


# --- where files come from


def test_given_files_take_the_place_of_the_folder(root: Path) -> None:
    assert load_catalog([], root=root).trials == ()
    path = root / "trials" / "T-GOOD.yaml"
    assert [trial.id for trial in load_catalog([path], root=root).trials] == ["T-GOOD"]
    assert [trial.id for trial in load_catalog([path.parent], root=root).trials] == ["T-GOOD"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda root: shutil.rmtree(root / "trials"),
            "definitions/trials: holds no trial definition (*.yaml)",
        ),
        (
            lambda root: (root / "trials" / "other.yml").write_text("schema: 1"),
            "definitions/trials/other.yml: is not read; its name must end in .yaml",
        ),
        (
            lambda root: (root / "concepts" / "huge.yaml").write_text("#" * 1_000_001),
            "definitions/concepts/huge.yaml: is larger than 1000000 bytes",
        ),
        (
            lambda root: (root / "scores" / "folder.yaml").mkdir(),
            "definitions/scores/folder.yaml: cannot be read: Is a directory",
        ),
        (
            lambda root: shutil.copy(root / "trials" / "T-GOOD.yaml", root / "trials" / "copy.yaml"),
            "definitions/trials/copy.yaml:4: the id 'T-GOOD' is taken in definitions/trials/T-GOOD.yaml",
        ),
    ],
)
def test_a_folder_with_something_wrong(change: Callable[[Path], object], message: str, root: Path) -> None:
    change(root)
    with pytest.raises(DefinitionError) as caught:
        load_catalog(root=root)
    assert message in str(caught.value).splitlines()


def test_a_given_file_that_does_not_exist_is_named(root: Path) -> None:
    with pytest.raises(DefinitionError, match=r"no-such\.yaml: cannot be read: No such file or directory"):
        load_catalog([root / "no-such.yaml"], root=root)


def test_every_fault_stands_on_a_line_of_its_own(root: Path) -> None:
    path = root / "trials" / "T-GOOD.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("within:", "witihn:"), encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_catalog(root=root)
    assert {fault.mistake for fault in caught.value.faults} >= {Mistake.UNKNOWN_KEY}
    assert len(str(caught.value).splitlines()) == len(caught.value.faults)


# --- digest


def digest_after(root: Path, file: str, old: str, new: str) -> str:
    path = root / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return load_catalog(root=root).trials[0].facts.digest


TRIAL = "trials/T-GOOD.yaml"
BASICS = "concepts/basics.yaml"


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (TRIAL, "schema: 1\n", "schema: 1   # a comment\n\n"),
        (TRIAL, "title: A trial of nothing", 'title: "A trial of nothing"'),
        (TRIAL, "(UPCR)>1.0g/g,\n      or", "(UPCR)>1.0g/g, or"),
        (TRIAL, "{status: recruiting, ", "{status: full, "),
        (TRIAL, "contacts: [A, B]", "contacts: [C]"),
        (TRIAL, "status: draft", "status: closed"),
        (TRIAL, "{of: upcr, greater_than: 1000 mg/g,", "{greater_than: 1000 mg/g, of: upcr,"),
        ("concepts/blood.yaml", "schema: 1\n", "# a comment\nschema: 1\n"),
        (BASICS, '"Glomerular filtration rate"', '"GFR, which this trial does not use"'),
    ],
)
def test_what_was_signed_is_the_same_after(file: str, old: str, new: str, root: Path, good: Catalog) -> None:
    assert digest_after(root, file, old, new) == good.trials[0].facts.digest


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        (TRIAL, "1000 mg/g", "1001 mg/g"),
        (TRIAL, "1000 mg/g", "1 g/g"),
        (TRIAL, "The latest result counts.", "The latest result decides."),
        (TRIAL, "Something is left out.", "Nothing is left out."),
        (TRIAL, "show: [prednisone]", "show: [prednisolone]"),
        (TRIAL, 'version: "0.10"', 'version: "0.1"'),
        (BASICS, "55464009:", "68815009:"),
        (BASICS, "mg/mmol: 1/113.12", "mg/mmol: 1/113"),
        (BASICS, "members: [prednisone, prednisolone]", "members: [prednisone]"),
        ("concepts/blood.yaml", "777-3", "26515-7"),
        ("scores/activity.yaml", "points: 1", "points: 2"),
    ],
)
def test_what_was_signed_is_another_after(file: str, old: str, new: str, root: Path, good: Catalog) -> None:
    assert digest_after(root, file, old, new) != good.trials[0].facts.digest


def test_a_digest_is_told_with_its_kind(good: Catalog) -> None:
    assert good.trials[0].facts.digest.startswith("sha256:")
    assert len(good.trials[0].facts.digest) == 7 + 64


# --- the packaged definitions


@pytest.fixture(scope="module")
def packaged() -> Catalog:
    return load_catalog()


def test_the_packaged_definitions_load(packaged: Catalog) -> None:
    assert "NCT06920433" in [trial.id for trial in packaged.trials]


def test_the_source_text_of_each_packaged_trial_lies_beside_it() -> None:
    for path in (PACKAGED / "trials").glob("*.yaml"):
        assert path.with_suffix(".txt").is_file()


def test_no_packaged_conversion_contradicts_ucum(packaged: Catalog) -> None:
    load_ucum()
    for concept in packaged.concepts.values():
        bare = replace(concept, conversions={})
        for unit, factor in concept.conversions.items():
            by_ucum = conversion(unit, bare)
            assert by_ucum is None or by_ucum.factor == pytest.approx(factor), (concept.id, unit)


def rules_in(catalog: Catalog) -> list[Rule]:
    return [criterion.require for trial in catalog.trials for criterion in trial.criteria]


def test_loading_twice_gives_the_same_rules_and_digests(packaged: Catalog) -> None:
    again = load_catalog()
    assert rules_in(again) == rules_in(packaged)
    assert [t.facts for t in again.trials] == [t.facts for t in packaged.trials]


# --- a site's own set


OWN_CONCEPTS = """\
schema: 1
concepts:
  - {id: m-protein, display: M protein, kind: measurement, unit: g/L, names: [m protein]}
"""
OWN_TRIAL = """\
schema: 1
trial: {id: T-OWN, version: "1", title: A trial, status: draft, source: {registry: a registry, url: "https://example.org", copy_of: 2025-01-31}}
concepts: [myeloma, blood]
show_card_when_met: {criterion: m-protein}
inclusion:
  - {id: m-protein, protocol: 10 or more, require: {measurement: {of: m-protein, at_least: 10 g/L}}}
  - {id: platelets, protocol: 50 or more, require: {measurement: {of: platelets, at_least: 50 10*9/L}}}
"""  # noqa: E501


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A site's folder with a trial and the concepts that it brings."""
    for name, text in (("trials/T-OWN.yaml", OWN_TRIAL), ("concepts/myeloma.yaml", OWN_CONCEPTS)):
        path = tmp_path / "own" / name
        path.parent.mkdir(parents=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path / "own"


def test_a_site_s_set_brings_concepts_beside_those_that_are_there(own: Path) -> None:
    catalog = load_catalog([own], root=GOOD)
    assert [trial.id for trial in catalog.trials] == ["T-OWN"]
    assert {"m-protein", "platelets"} <= catalog.concepts.keys()
    assert catalog.scores.keys() == load_catalog(root=GOOD).scores.keys()


@pytest.mark.parametrize(
    ("least", "loads"),
    [("", False), (", cannot_be_below: 1 g/L", False), (", cannot_be_below: -9 g/L", True)],
)
def test_a_limit_may_be_below_zero_where_the_concept_s_values_may(own: Path, least: str, loads: bool) -> None:
    for file, old, new in (
        ("concepts/myeloma.yaml", "unit: g/L", f"unit: g/L{least}"),
        ("trials/T-OWN.yaml", "at_least: 10 g/L", "at_least: -5 g/L"),
    ):
        text = (own / file).read_text(encoding="utf-8")
        (own / file).write_text(text.replace(old, new), encoding="utf-8")
    with nullcontext() if loads else pytest.raises(DefinitionError, match="'-5 g/L' is below 0"):
        load_catalog([own], root=GOOD)


def test_a_trial_looked_at_without_its_set_says_that_its_concepts_are_in_the_set(own: Path) -> None:
    with pytest.raises(DefinitionError) as caught:
        load_catalog([own / "trials/T-OWN.yaml"], root=GOOD)
    assert [fault.message for fault in caught.value.faults] == [
        f"the concept file 'myeloma' is read with its whole set only; check {own.as_posix()}"
    ]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[myeloma, blood]", "[mieloma, blood]", "no concept file 'mieloma'; did you mean 'myeloma'?"),
        ("[myeloma, blood]", "[blood]", "'m-protein' is in concepts/myeloma.yaml, which is not listed"),
        ("of: platelets", "of: plateletts", "unknown concept 'plateletts'; did you mean 'platelets'?"),
    ],
)
def test_what_is_misspelt_in_a_site_s_trial_is_told(own: Path, old: str, new: str, said: str) -> None:
    (own / "trials/T-OWN.yaml").write_text(OWN_TRIAL.replace(old, new), encoding="utf-8")
    with pytest.raises(DefinitionError, match=re.escape(said)):
        load_catalog([own], root=GOOD)


def test_a_trial_without_a_set_beside_it_says_that_there_is_no_such_file(own: Path) -> None:
    (own / "concepts/myeloma.yaml").unlink()
    with pytest.raises(DefinitionError, match="no concept file 'myeloma'"):
        load_catalog([own / "trials/T-OWN.yaml"], root=GOOD)


@pytest.mark.parametrize("kind", ["kind: conditon", "kind: ''", "display: X"])
def test_a_concept_whose_kind_is_faulty_is_told_once(own: Path, kind: str) -> None:
    concepts = own / "concepts/myeloma.yaml"
    more = "  - {id: iga, display: IgA, KIND, codes: {snomed: {236407003: IgA}}}\n".replace("KIND", kind)
    more += "  - {id: iga-like, display: Like IgA, kind: condition, names: [like], excluding: iga}\n"
    more += "groups:\n  - {id: both, display: Both, members: [iga, iga-like]}\n"
    concepts.write_text(OWN_CONCEPTS + more, encoding="utf-8")
    trial = own / "trials/T-OWN.yaml"
    more = "  - {id: iga, protocol: IgA, require: {condition: {of: iga}}}\n"
    more += "  - {id: both, protocol: IgA, require: {condition: {of: both}}}\n"
    trial.write_text(OWN_TRIAL + more, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_catalog([own], root=GOOD)
    assert {fault.where for fault in caught.value.faults} == {"concept 'iga'"}


def test_a_source_text_that_is_not_utf_8_is_told_with_its_line(own: Path) -> None:
    trial = own / "trials/T-OWN.yaml"
    trial.write_text(OWN_TRIAL.replace("2025-01-31}", "2025-01-31, text: own.txt}"), encoding="utf-8")
    (own / "trials/own.txt").write_bytes("10 or more\nfür 50 or more".encode("latin-1"))
    with pytest.raises(DefinitionError) as caught:
        load_catalog([own], root=GOOD)
    assert [(fault.line, fault.message) for fault in caught.value.faults] == [
        (2, "the source text 'own.txt' is not UTF-8 text in line 2; save it with that encoding")
    ]


def test_a_root_given_as_a_site_s_set_is_itself() -> None:
    (trial,) = load_catalog([GOOD], root=GOOD).trials
    assert trial.facts == load_catalog(root=GOOD).trials[0].facts


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("concepts/blood.yaml", OWN_CONCEPTS, "blood.yaml: a concept file of this name is there already"),
        (
            "concepts/more.yaml",
            OWN_CONCEPTS.replace("id: m-protein", "id: platelets"),
            "the id 'platelets' is taken in",
        ),
        (
            "scores/activity.yaml",
            (GOOD / "scores/activity.yaml").read_text(encoding="utf-8"),
            "is taken by another",
        ),
    ],
    ids=["the name of a concept file", "the id of a concept", "the id of a score"],
)
def test_a_site_s_set_takes_nothing_s_place(own: Path, file: str, text: str, said: str) -> None:
    (own / file).parent.mkdir(exist_ok=True)
    (own / file).write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=re.escape(said)):
        load_catalog([own], root=GOOD)
