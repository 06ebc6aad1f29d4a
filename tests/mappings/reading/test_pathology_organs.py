"""Reports of other organs beside those of the kidney: which of them is a kidney biopsy. All are of 2025."""

from __future__ import annotations

from typing import Any

import pytest

from mappings.dates import BEGINNING
from mappings.facts import Result
from mappings.reading.pathology.questions import names_kidney, question_in
from mappings.verdicts import Reason
from tests.mappings.reading.test_pathology import CLASS, LOINC, gist, of, procedure, read, report

PATHOLOGY = [{"coding": [{"system": LOINC, "code": "LP7839-6"}]}]
EARLIER = report("Kidney, biopsy: lupus nephritis, ISN/RPS class IV", "k", when="2025-05-12")


def pathology(title: str, conclusion: str, **more: Any) -> dict[str, Any]:
    """A report of pathology of November, whose code does not tell the organ."""
    code = {"coding": [{"system": LOINC, "code": "11529-5"}], "text": title}
    return report(conclusion, "new", when="2025-11-09", code=code, category=PATHOLOGY, **more)


def specimen(words: str) -> dict[str, Any]:
    """A contained specimen and the link to it."""
    inside = {"resourceType": "Specimen", "id": "s", "type": {"text": words}}
    return {"contained": [inside], "specimen": [{"reference": "#s"}]}


def of_biopsies(*resources: Any) -> list[Result]:
    """The results for the class that tell of a biopsy, not of a hint."""
    return [result for result in of(CLASS, *resources) if result.when.first != BEGINNING]


OTHERS = [
    # title | conclusion
    (
        "Surgical pathology - skin",
        "Skin, arm, punch biopsy: dermatitis, in a patient with class IV lupus nephritis",
    ),
    ("Surgical pathology", "Colon biopsy: CMV colitis in a patient on MMF for class V lupus nephritis."),
    (
        "Surgical pathology",
        "SKIN, LEFT ARM, PUNCH BIOPSY:\n- DERMATITIS.\nComment: has class IV lupus nephritis.",
    ),
    (
        "Surgical pathology",
        "FINAL DIAGNOSIS:\nA. Skin, left arm, punch biopsy:\nDermatitis; lupus nephritis class IV",
    ),
    (
        "Surgical pathology",
        "Left arm skin biopsy shows dermatitis in a patient with class IV lupus nephritis.",
    ),
    ("Surgical pathology", "Bone marrow biopsy: normocellular. SLE with class V lupus nephritis on MMF."),
    ("Surgical pathology", "Skin, punch: dermatitis. Kidney biopsy in 2019 showed class IV lupus nephritis."),
    ("Surgical pathology", "Skin, punch: dermatitis.\nKidney biopsy of 2019: class IV lupus nephritis."),
    (
        "Surgical pathology",
        "CLINICAL HISTORY: Kidney biopsy: class V LN.\nDIAGNOSIS: Skin, punch biopsy: dermatitis",
    ),
    ("Surgical pathology - skin", "Skin: interface dermatitis. cc: Nephrology clinic"),
    ("Surgical pathology - skin", "Interface dermatitis. Class IV lupus nephritis."),
    ("Bone biopsy, renal osteodystrophy", "Adynamic bone disease."),
    ("Skin biopsy in lupus nephritis", "Interface dermatitis."),
    ("GI biopsy report", "Duodenal mucosa without changes. SLE with class V lupus nephritis."),
    ("Surgical pathology", "Femoral head, resection: necrosis. SLE with class IV lupus nephritis."),
    ("Adrenal gland biopsy", "Cortical adenoma."),
    ("Non-gyn cytology", "Negative for high-grade urothelial carcinoma. Renal tubular cells present."),
    ("皮肤病理报告", "皮肤活检:界面皮炎,符合红斑狼疮。患者狼疮性肾炎IV型。"),
    ("病理报告", "(左前臂皮肤)界面皮炎。患者狼疮性肾炎IV型。"),
    ("肾上腺活检", "皮质腺瘤。"),
    ("Histologie", "Hautbiopsie: Interface-Dermatitis. Lupusnephritis Klasse IV."),
]


@pytest.mark.parametrize(("title", "conclusion"), OTHERS)
def test_a_report_of_another_organ_takes_nothing_from_the_kidney_biopsy(title: str, conclusion: str) -> None:
    other = pathology(title, conclusion)
    assert of_biopsies(other) == []
    assert [gist(result) for result in of(CLASS, other, EARLIER)] == [("2025-05-12", "IV", None)]


def test_a_report_whose_specimen_is_of_another_organ_is_none_of_the_kidney() -> None:
    other = pathology(
        "Surgical pathology", "Dermatitis. Lupus nephritis, class IV.", **specimen("Skin punch biopsy")
    )
    assert of_biopsies(other) == []


def test_the_class_in_a_report_of_another_organ_is_a_hint() -> None:
    [hint] = of(CLASS, pathology("Skin biopsy", "Dermatitis, in a patient with class IV lupus nephritis."))
    assert (hint.problem, hint.when.first) == (Reason.NEEDS_JUDGEMENT, BEGINNING)
    assert hint.note.startswith("class from a report that is not of a kidney biopsy")


KIDNEYS = [
    # title | conclusion | class
    (
        "Surgical pathology",
        "A. SKIN, PUNCH BIOPSY: lupus dermatitis.\nB. KIDNEY, LEFT, CORE BIOPSY: Lupus nephritis, class III.",
        "III",
    ),
    ("Surgical pathology", "Skin, punch biopsy: dermatitis. Kidney biopsy: lupus nephritis class III", "III"),
    ("Surgical pathology", "Skin and kidney biopsies: dermatitis; lupus nephritis, class III", "III"),
    ("Surgical pathology", "A. Skin, punch biopsy: dermatitis\nB. Lupus nephritis, class III", "III"),
    ("Surgical pathology", "Kidney, needle biopsy: lupus nephritis, class III", "III"),
    ("Surgical pathology", "KIDNEY, NATIVE, BIOPSY:\n Lupus nephritis, class III", "III"),
    ("Surgical pathology", "Renal biopsy: lupus nephritis, class III. Skin biopsy not submitted.", "III"),
    ("Surgical pathology", "Lupus nephritis, class III. Patient with skin rash and heart murmur.", "III"),
    (
        "Surgical pathology",
        "Class III lupus nephritis. Arteries: unremarkable. Liver function normal.",
        "III",
    ),
    (
        "Surgical pathology",
        "CLINICAL HISTORY: Rash.\nSkin biopsy of 2020: discoid.\nDIAGNOSIS: Lupus nephritis, class III",
        "III",
    ),
    (
        "Surgical pathology",
        "CLINICAL HISTORY: Skin: rash. FINAL DIAGNOSIS: Lupus nephritis, class III.",
        "III",
    ),
    (
        "Surgical pathology",
        "Skin: rash. Joints: pain. Kidney biopsy shows lupus nephritis, class III.",
        "III",
    ),
    ("Surgical pathology", "MICROSCOPIC: Glomeruli: 20. Urine: 3 g. Lupus nephritis, class III.", "III"),
    ("Skin and kidney biopsy", "Dermatitis. Lupus nephritis, class III.", "III"),
    ("Surgical pathology - kidney", "Lupus nephritis, class III", "III"),
    ("Pathology, renal", "Lupus nephritis, class III", "III"),
    ("肾脏病理报告", "狼疮性肾炎III型。", "III"),
    ("病理报告", "(左肾穿刺组织)狼疮性肾炎III型。皮肤未送检。", "III"),
    ("病理报告", "肺部感染后行肾活检:狼疮性肾炎III型。", "III"),
]


@pytest.mark.parametrize(("title", "conclusion", "class_"), KIDNEYS)
def test_a_report_that_examined_the_kidney_is_a_biopsy_whatever_else_it_names(
    title: str, conclusion: str, class_: str
) -> None:
    found = of_biopsies(pathology(title, conclusion), EARLIER)
    assert ("2025-11-09", class_, None) in [gist(result) for result in found]


def test_a_skin_report_that_does_not_mention_the_kidney_is_nothing() -> None:
    assert read(pathology("Surgical pathology - skin", "Skin: interface dermatitis.")) == ([], [])


@pytest.mark.parametrize(
    "name", ["Biopsy of adrenal gland", "Skin biopsy in lupus nephritis", "肾上腺穿刺", "Suprarenal biopsy"]
)
def test_a_procedure_on_another_organ_is_no_kidney_biopsy(name: str) -> None:
    assert read(procedure(code={"text": name})) == ([], [])
    assert question_in(name) is None


@pytest.mark.parametrize(
    ("words", "are_of_kidney"),
    [
        *(("Renal cortex", True), ("intrarenal", True), ("non-renal", True), ("肾", True), ("riñón", True)),
        *(("Adrenal", False), ("Suprarenal", False), ("肾上腺", False), ("metanephrine", False)),
        *(("Norepinephrine", False), ("epinefrina", False), ("nephrology", True), ("nefritis", True)),
    ],
)
def test_the_adrenal_gland_and_its_hormones_are_no_kidney(words: str, are_of_kidney: bool) -> None:
    assert names_kidney(words) is are_of_kidney
