"""Conditions as charts hold them: statuses, onset and end in every form, problem list, visits, and hints."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mappings.assessment import assess
from mappings.concept import SYSTEMS
from mappings.facts import Diagnosis
from mappings.reading.code_index import normalised
from mappings.reading.problems import _is_left_open
from mappings.results import Assessment
from tests.mappings.reading.test_record import PATIENT, catalog, lupus, read, upcr

SNOMED, ICD10CM = SYSTEMS["snomed"], SYSTEMS["icd10cm"]
SLE, NEPHRITIS = "55464009", "68815009"


def coded(code: str, system: str = SNOMED, **more: Any) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}], **more}


def one(**changes: Any) -> Diagnosis:
    """The only diagnosis of SLE in a record with one Condition."""
    [found] = read(PATIENT, lupus(**changes)).diagnoses["sle"]
    return found


def assessed(*resources: Any, day: date = date(2026, 6, 15)) -> Assessment:
    return assess(catalog().trials[0], read(*resources), day, catalog())


def gate(*resources: Any) -> list[tuple[str, str, str]]:
    """What the gate shows of lupus: concept, reason, reference."""
    shown = assessed(PATIENT, *resources).gate_evidence
    return [
        (e.concept, e.reason.value, e.reference) for e in shown if e.concept in ("sle", "lupus-nephritis")
    ]


# --- clinical and verification status

ACTIVE, CONFIRMED = {"coding": [{"code": "active"}]}, {"coding": [{"code": "confirmed"}]}

# clinicalStatus | verificationStatus | clinical status read | confirmed
STATUSES: list[tuple[Any, Any, str, bool | None]] = [
    (ACTIVE, CONFIRMED, "active", True),
    (ACTIVE, None, "active", True),
    (None, CONFIRMED, "", True),
    (None, None, "", None),
    ({"coding": [{"code": "resolved"}]}, None, "resolved", None),
    ({"coding": [{"code": "remission"}]}, CONFIRMED, "remission", True),
    ({"coding": [{"code": "relapse"}]}, CONFIRMED, "relapse", True),
    (ACTIVE, {"coding": [{"code": "provisional"}]}, "active", None),
    (ACTIVE, {"coding": [{"code": "differential"}]}, "active", None),
    (ACTIVE, {"coding": [{"code": "unconfirmed"}]}, "active", None),
    ({"text": "Active"}, {"text": "Confirmed"}, "active", True),
    ({"coding": [{"system": "urn:ehr", "code": "A1"}, {"code": "active"}]}, CONFIRMED, "active", True),
    ({"coding": [{"code": "Resolved"}]}, CONFIRMED, "resolved", True),
    ({"coding": [{"code": "active"}, {"code": "resolved"}]}, CONFIRMED, "active", None),
    (ACTIVE, {"coding": [{"code": "confirmed"}, {"code": "provisional"}]}, "active", None),
    ("active", ["confirmed"], "active", True),
    (ACTIVE, {"coding": [{"code": "rumoured"}]}, "active", None),
]


@pytest.mark.parametrize(("clinical", "verification", "status", "confirmed"), STATUSES)
def test_the_status_of_a_diagnosis(
    clinical: Any, verification: Any, status: str, confirmed: bool | None
) -> None:
    found = one(clinicalStatus=clinical, verificationStatus=verification)
    assert (found.clinical_status, found.confirmed) == (status, confirmed)
    assert bool(found.note) == (confirmed is None or verification is None)


@pytest.mark.parametrize("code", ["refuted", "entered-in-error", "Refuted"])
def test_a_refuted_diagnosis_is_none(code: str) -> None:
    refuted = lupus(verificationStatus={"coding": [{"code": "x"}, {"code": code}]})
    assert "sle" not in read(PATIENT, refuted).diagnoses


# --- onset and end

BORN_1990 = "1990-03-01 is the patient's birth date"

# members of the Condition | first and last day of the onset
ONSETS: list[tuple[dict[str, Any], tuple[str, str] | None]] = [
    ({"onsetDateTime": "2019-05-02"}, ("2019-05-02", "2019-05-02")),
    ({"onsetDateTime": "2019-05"}, ("2019-05-01", "2019-05-31")),
    ({"onsetPeriod": {"start": "2019-05-02", "end": "2019-05-09"}}, ("2019-05-02", "2019-05-09")),
    ({"onsetAge": {"value": 29, "unit": "years", "code": "a"}}, ("2019-03-01", "2020-02-29")),
    ({"onsetAge": {"value": 29, "unit": "years"}}, ("2019-03-01", "2020-02-29")),
    ({"onsetAge": {"value": 6, "code": "mo"}}, ("1990-09-01", "1990-09-30")),
    ({"onsetRange": {"low": {"value": 28, "code": "a"}, "high": {"value": 29, "code": "a"}}},
     ("2018-03-01", "2020-02-29")),
    ({"onsetString": "2019"}, ("2019-01-01", "2019-12-31")),
    ({"onsetString": "as a young woman"}, None),
    ({"onsetAge": {"value": 29, "code": "a", "comparator": ">"}}, None),
    ({"onsetAge": {"value": 29.5, "code": "a"}}, None),
    ({"onsetAge": {"value": 29, "code": "wk"}}, None),
    ({"onsetAge": {"value": 1e300, "code": "a"}}, None),
    ({"onsetAge": {"value": -1, "code": "a"}}, None),
    ({"onsetAge": {"value": "29", "code": "a"}}, None),
    ({"onsetRange": {"low": {"value": 30, "code": "a"}, "high": {"value": 29, "code": "a"}}}, None),
    ({"recordedDate": "2019-05-02"}, None),
]  # fmt: skip


@pytest.mark.parametrize(("members", "days"), ONSETS)
def test_the_onset_of_a_diagnosis(members: dict[str, Any], days: tuple[str, str] | None) -> None:
    onset = one(**members).onset
    read_as = onset and tuple(date.fromordinal(day).isoformat() for day in (onset.first, onset.last))
    assert read_as == days, BORN_1990


def test_an_age_at_onset_without_a_birth_date_is_no_day() -> None:
    patient = {key: value for key, value in PATIENT.items() if key != "birthDate"}
    [found] = read(patient, lupus(onsetAge={"value": 29, "code": "a"})).diagnoses["sle"]
    assert found.onset is None
    far = PATIENT | {"birthDate": "9999"}
    assert read(far, lupus(onsetAge={"value": 29, "code": "a"})).diagnoses["sle"][0].onset is None


@pytest.mark.parametrize(
    "end",
    [
        {"abatementDateTime": "2024-01-05"},
        {"abatementPeriod": {"start": "2024-01-01", "end": "2024-01-05"}},
        {"abatementAge": {"value": 33, "code": "a"}},
        {"abatementString": "resolved years ago"},
        {"abatementRange": {"low": {"value": 1}}},
        {"abatementBoolean": True},
    ],
)
def test_a_diagnosis_that_has_ended_in_whatever_words_does_not_pass_the_gate(end: dict[str, Any]) -> None:
    nephritis = lupus(code=coded(NEPHRITIS), clinicalStatus=None, **end)
    assert assessed(PATIENT, nephritis, upcr(2.0)).outcome == "needs-data"
    assert assessed(PATIENT, lupus(code=coded(NEPHRITIS)), upcr(2.0)).outcome == "possible-candidate"


def test_a_menopause_given_as_an_age_counts_by_that_age() -> None:
    older = PATIENT | {"birthDate": "1974-03-01"}
    menopause = lupus(id="menopause", code=coded("Z78.0", ICD10CM))
    for age, verdict in ((47, "met"), (44, "unknown")):
        found = assessed(older, menopause | {"onsetAge": {"value": age, "code": "a"}})
        assert next(c for c in found.criteria if c.id == "pregnancy-test").verdict.value == verdict, age


def test_a_recurrence_is_an_activity_of_now() -> None:
    relapse = lupus(
        code=coded(NEPHRITIS), clinicalStatus={"coding": [{"code": "relapse"}]}, recordedDate="2026-06-01"
    )
    assert assessed(PATIENT, relapse).outcome == "possible-candidate"
    assert assessed(PATIENT, relapse | {"recordedDate": "2026-02-01"}).outcome == "needs-data"


# --- problem list and visits


def listed(status: str = "active", **more: Any) -> dict[str, Any]:
    category = [{"coding": [{"code": "problem-list-item"}]}]
    return lupus(id="listed", category=category, clinicalStatus={"coding": [{"code": status}]}, **more)


def visit(day: str, **more: Any) -> dict[str, Any]:
    """SLE as the diagnosis of a visit; most senders give it no clinical status."""
    category = [{"coding": [{"code": "encounter-diagnosis"}]}]
    return lupus(id=f"visit-{day}", category=category, recordedDate=day, **{"clinicalStatus": None, **more})


def statuses(*conditions: dict[str, Any]) -> list[tuple[str, bool | None]]:
    return [(d.clinical_status, d.confirmed) for d in read(PATIENT, *conditions).diagnoses["sle"]]


PROVISIONAL = {"coding": [{"code": "provisional"}]}
ENDED = {"abatementDateTime": "2023-05-02"}

# what stands in the chart | clinical status and confirmation of each diagnosis
VISITS: list[tuple[str, list[dict[str, Any]], list[tuple[str, bool | None]]]] = [
    ("a visit alone", [visit("2020-01-05")], [("", True)]),
    ("a visit, and the problem is active", [listed(), visit("2020-01-05")], [("active", True), ("", True)]),
    ("a visit before the problem ended", [listed("resolved", **ENDED), visit("2020-01-05")],
     [("resolved", True), ("resolved", True)]),
    ("on the day on which it ended", [listed("resolved", **ENDED), visit("2023-05-02")],
     [("resolved", True), ("resolved", True)]),
    ("a visit after the problem ended", [listed("resolved", **ENDED), visit("2023-05-03")],
     [("resolved", True), ("", True)]),
    ("called active at the visit", [listed("inactive", **ENDED), visit("2020-01-05", clinicalStatus=ACTIVE)],
     [("inactive", True), ("resolved", True)]),
    ("a relapse at the visit",
     [listed("resolved", **ENDED), visit("2020-01-05", clinicalStatus={"coding": [{"code": "relapse"}]})],
     [("resolved", True), ("relapse", True)]),
    ("the day of the end is not known", [listed("resolved"), visit("2020-01-05")],
     [("resolved", True), ("", None)]),
    ("ended twice, once without a day",
     [listed("resolved", **ENDED), listed("inactive"), visit("2020-01-05")],
     [("resolved", True), ("inactive", True), ("", None)]),
    ("the month of the end is known", [listed("resolved", abatementDateTime="2020-01"), visit("2020-01-05")],
     [("resolved", True), ("", None)]),
    ("the day of the visit is not known", [listed("resolved", **ENDED), visit("")],
     [("resolved", True), ("", None)]),
    ("listed twice, once still active", [listed("resolved", **ENDED), listed(), visit("2020-01-05")],
     [("resolved", True), ("active", True), ("", True)]),
    ("the end is in doubt",
     [listed("resolved", verificationStatus=PROVISIONAL, **ENDED), visit("2020-01-05")],
     [("resolved", None), ("", True)]),
    ("a visit's own end says nothing of other visits",
     [visit("2020-01-05", clinicalStatus={"coding": [{"code": "resolved"}]}, **ENDED), visit("2020-02-05")],
     [("resolved", True), ("", True)]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("conditions", "expected"), [row[1:] for row in VISITS], ids=[row[0] for row in VISITS]
)
def test_diagnoses_of_visits_beside_the_problem_list(
    conditions: list[dict[str, Any]], expected: list[tuple[str, bool | None]]
) -> None:
    assert statuses(*conditions) == expected
    assert sorted(map(repr, statuses(*conditions[::-1]))) == sorted(map(repr, expected))


def test_a_problem_of_another_disease_ends_no_visit() -> None:
    psychosis = listed("resolved", **ENDED) | {"code": coded("69322001")}
    assert statuses(psychosis, visit("2020-01-05")) == [("", True)]


def test_the_same_diagnosis_of_many_visits_says_no_more_than_one() -> None:
    visits = [visit(f"2025-{month:02}-{day:02}") for month in range(1, 13) for day in range(1, 29)]
    once, often = (assessed(PATIENT, upcr(2.0), *some) for some in (visits[:1], visits))
    assert [(c.id, c.verdict, c.reason) for c in once.criteria] == [
        (c.id, c.verdict, c.reason) for c in often.criteria
    ]
    assert once.outcome == often.outcome
    assert once.scores == often.scores


# --- kinds of lupus


@pytest.mark.parametrize(
    ("code", "system", "concept"),
    [
        ("M32.0", ICD10CM, "drug-induced-lupus"),
        ("201436003", SNOMED, "drug-induced-lupus"),
        ("L93.0", ICD10CM, "discoid-lupus"),
        ("L93.1", ICD10CM, "subacute-cutaneous-lupus"),
        ("L93.2", ICD10CM, "other-skin-lupus"),
        ("200936003", SNOMED, "lupus-broad"),
    ],
)
def test_drug_induced_and_skin_only_lupus_are_shown_and_are_no_sle(
    code: str, system: str, concept: str
) -> None:
    found = read(PATIENT, lupus(code=coded(code, system)))
    assert set(found.diagnoses) == {concept}
    assert assessed(PATIENT, lupus(code=coded(code, system)), upcr(2.0)).outcome == "needs-data"


@pytest.mark.parametrize(
    ("words", "concepts"),
    [
        ("系统性红斑狼疮", {"sle"}),
        ("狼疮性肾炎", {"lupus-nephritis"}),
        ("狼疮肾炎", {"lupus-nephritis"}),
        ("药物性狼疮", {"drug-induced-lupus"}),
        ("盘状红斑狼疮", {"discoid-lupus"}),
        ("亚急性皮肤型红斑狼疮", {"subacute-cutaneous-lupus"}),
        ("红斑狼疮", set()),
        ("疑似系统性红斑狼疮", set()),
    ],
)
def test_a_diagnosis_in_chinese_words_only(words: str, concepts: set[str]) -> None:
    assert set(read(PATIENT, lupus(code={"text": words})).diagnoses) == concepts


# --- known only as the reason for a drug


def order(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "m",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {"text": "folic acid"},
        "authoredOn": "2026-05-02",
        **more,
    }


FOR_LUPUS = {"reasonCode": [coded(SLE, text="SLE")]}
CONTAINED = {
    "contained": [{"resourceType": "Condition", "id": "c", "code": coded(SLE)}],
    "reasonReference": [{"reference": "#c"}],
}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("MedicationRequest", FOR_LUPUS),
        ("MedicationStatement", FOR_LUPUS),
        ("MedicationAdministration", FOR_LUPUS),
        ("MedicationRequest", {"reasonCode": {"text": "Systemic lupus erythematosus"}}),
        ("MedicationRequest", CONTAINED),
        ("MedicationRequest", {"reasonReference": [{"reference": "Condition/far", "display": "SLE"}]}),
    ],
)
def test_a_diagnosis_known_only_as_a_drugs_reason_is_shown_and_never_counted(
    kind: str, reason: dict[str, Any]
) -> None:
    drug = order(resourceType=kind, **reason)
    record = read(PATIENT, drug)
    assert not record.diagnoses
    [hint] = record.hints["sle"]
    assert (hint.confirmed, hint.reference) == (None, f"{kind}/m")
    assert gate(drug, upcr(2.0)) == [("sle", "not_confirmed", f"{kind}/m"), *gate(upcr(2.0))]
    with_hint, without = (assessed(PATIENT, upcr(2.0), *some) for some in ([drug], [order()]))
    assert [c.verdict for c in with_hint.criteria] == [c.verdict for c in without.criteria]
    assert with_hint.outcome == without.outcome == "needs-data"


@pytest.mark.parametrize(
    "drug",
    [
        order(status="entered-in-error", **FOR_LUPUS),
        order(subject={"reference": "Patient/p2"}, **FOR_LUPUS),
        order(reasonCode=[coded("38341003")]),
        order(reasonCode="SLE"),
        order(reasonReference=[{"reference": "Condition/far"}]),
        order(contained=[lupus(id="c", verificationStatus={"coding": [{"code": "refuted"}]})],
              reasonReference=[{"reference": "#c"}]),
        order(reasonCode=[{"coding": [*coded(SLE)["coding"], *coded("80258006")["coding"]]}]),
    ],
)  # fmt: skip
def test_what_is_no_hint_of_lupus(drug: dict[str, Any]) -> None:
    assert "sle" not in read(PATIENT, drug).hints


def test_a_reason_that_refers_to_a_condition_of_the_record_is_left_to_that_condition() -> None:
    drug = order(
        reasonReference=[{"reference": "https://ehr.example.org/fhir/Condition/sle", "display": "SLE"}]
    )
    for condition in (lupus(), lupus(verificationStatus={"coding": [{"code": "refuted"}]})):
        assert not read(PATIENT, condition, drug).hints
    assert read(PATIENT, lupus(id="other"), drug).hints


def test_a_hint_is_not_shown_beside_a_diagnosis_that_counts_nor_before_its_day() -> None:
    drug = order(**FOR_LUPUS)
    assert ("sle", "value", "Condition/sle") in gate(lupus(), drug)
    assert all(reason != "not_confirmed" for _, reason, _ in gate(lupus(), drug))
    assert all(
        reason != "not_confirmed" for _, reason, _ in gate(order(authoredOn="2026-07-01", **FOR_LUPUS))
    )


def test_one_hint_stands_for_a_hundred_refills() -> None:
    refills = [order(id=f"m{day}", authoredOn=f"2026-05-{day:02}", **FOR_LUPUS) for day in range(28, 0, -1)]
    [hint] = read(PATIENT, *refills).hints["sle"]
    assert (hint.reference, hint.recorded and hint.recorded.text) == ("MedicationRequest/m1", "2026-05-01")


def test_a_hint_is_shown_inside_a_rule_of_several_conditions_too() -> None:
    drug = order(reasonCode=[coded("Z90.710", ICD10CM)])
    found = next(c for c in assessed(PATIENT, drug).criteria if c.id == "contraception")
    assert "MedicationRequest/m" in [evidence.reference for evidence in found.evidence]


def test_a_hint_of_pregnancy_changes_no_verdict() -> None:
    iron = order(reasonCode=[coded("77386006")])
    test = {
        "resourceType": "Observation",
        "id": "hcg",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "2106-3"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-06-12",
        "valueString": "negative",
    }
    for some in ([test, iron], [test]):
        found = assessed(PATIENT, *some)
        assert next(c for c in found.criteria if c.id == "pregnancy-test").verdict.value == "met"


# --- pregnancies

# code or text | what it tells
PREGNANCIES = [
    ("Z34.01", "pregnancy"),
    ("Z34.82", "pregnancy"),
    ("O09.211", "pregnancy"),
    ("Z3A.20", "pregnancy"),
    ("O10.011", "pregnancy"),
    ("O14.02", "pregnancy"),
    ("O24.410", "pregnancy"),
    ("O99.891", "pregnancy"),
    ("妊娠", "pregnancy"),
    ("早孕", "pregnancy"),
    ("孕12周", "pregnancy"),
    ("宫内孕8周", "pregnancy"),
    ("Z37.51", "pregnancy-end"),
    ("O03.5", "pregnancy-end"),
    ("O14.14", "pregnancy-end"),
    ("O14.15", ""),
    ("O36.4XX0", "pregnancy-end"),
    ("O36.4XX1", ""),
    ("O00.101", "pregnancy-end"),
    ("O00.111", ""),
    ("O07.4", ""),
    ("Z32.02", ""),
    ("Z87.51", ""),
    ("既往妊娠", ""),
    ("非妊娠", ""),
    ("异位妊娠", "pregnancy-end"),
    ("先兆流产", ""),
]


@pytest.mark.parametrize(("said", "concept"), PREGNANCIES)
def test_a_pregnancy_and_its_end_are_known_by_codes_of_icd_10_cm_and_by_names(
    said: str, concept: str
) -> None:
    """Childbirth and loss end one; the puerperium, a history, a denial and a threat are neither."""
    code = coded(said, ICD10CM) if said.isascii() else {"text": said}
    found = read(PATIENT, lupus(code=code)).diagnoses
    assert [name for name in found if name.startswith("pregnancy")] == ([concept] if concept else [])


# --- names

# what a diagnosis is called, without a code | what it is
NAMED = [
    ("狼疮性肾炎（活动期）", ["lupus-nephritis"]),  # noqa: RUF001 - as it is written
    ("狼疮性肾炎 IV型", ["lupus-nephritis"]),
    ("狼疮性肾炎(IV+V型)", ["lupus-nephritis"]),
    ("狼疮性肾炎Ⅳ型", ["lupus-nephritis"]),
    ("系统性红斑狼疮性肾炎", ["lupus-nephritis"]),
    ("系统性红斑狼疮,狼疮性肾炎", ["lupus-nephritis"]),
    ("Lupus nephritis (biopsy proven)", ["lupus-nephritis"]),
    ("Lupusnephritis", ["lupus-nephritis"]),
    ("系统性红斑狼疮（活动期）", ["sle"]),  # noqa: RUF001 - as it is written
    ("Systemischer Lupus erythematodes", ["sle"]),
    ("药物性狼疮", ["drug-induced-lupus"]),
    ("狼疮性肾炎待排", []),
    ("疑似狼疮性肾炎", []),
    ("排除狼疮性肾炎", []),
    ("狼疮性肾炎家族史", []),
    ("V.a. Lupusnephritis", []),
    ("Ausschluss Lupusnephritis", []),
]


@pytest.mark.parametrize(("name", "concepts"), NAMED)
def test_a_diagnosis_in_words_is_known_by_its_whole_name(name: str, concepts: list[str]) -> None:
    """A word more, of doubt, denial or a relative, and it is another name."""
    assert list(read(PATIENT, lupus(code={"text": name})).diagnoses) == concepts


# what stands beside the code M32.14 | whether it is a confirmed diagnosis
BESIDE_A_CODE: list[tuple[dict[str, str], bool]] = [
    ({"text": "Lupus nephritis"}, True),
    ({"text": "Lupus nephritis, class IV (biopsy proven 2024)"}, True),
    ({"text": "狼疮性肾炎（活动期）"}, True),  # noqa: RUF001 - as it is written
    ({"text": "Sj?gren's and lupus nephritis"}, True),
    ({"text": "Lupus nephritis, mother of two"}, True),
    ({"display": "Glomerular disease in systemic lupus erythematosus"}, True),
    ({"text": "Lupus nephritis, ruled out"}, False),
    ({"text": "R/O lupus nephritis"}, False),
    ({"text": "Suspected lupus nephritis"}, False),
    ({"text": "Lupus nephritis vs. diabetic nephropathy"}, False),
    ({"text": "Lupus nephritis?"}, False),
    ({"text": "? lupus nephritis"}, False),
    ({"text": "Mother had lupus nephritis"}, False),
    ({"text": "Family history of lupus nephritis"}, False),
    ({"display": "Probable lupus nephritis"}, False),
    ({"text": "V.a. Lupusnephritis"}, False),
    ({"text": "狼疮性肾炎待排"}, False),
    ({"text": "狼疮性肾炎？"}, False),  # noqa: RUF001 - as it is written
]


@pytest.mark.parametrize(("words", "confirmed"), BESIDE_A_CODE)
def test_words_of_doubt_beside_a_code_are_heard(words: dict[str, str], confirmed: bool) -> None:
    coding = {"system": ICD10CM, "code": "M32.14"} | {k: v for k, v in words.items() if k == "display"}
    code = {"coding": [coding]} | {k: v for k, v in words.items() if k == "text"}
    [found] = read(PATIENT, lupus(code=code)).diagnoses["lupus-nephritis"]
    assert (found.confirmed, bool(found.note)) == ((True, False) if confirmed else (None, True))


def test_no_title_that_a_code_has_by_its_system_reads_as_doubt() -> None:
    titles = {
        (concept.id, title)
        for concept in catalog().concepts.values()
        if concept.kind == "condition"
        for title in (*(code.display for code in concept.codes), *concept.names)
    }
    assert {title for title in titles if _is_left_open({"text": title[1]})} == set()


def test_no_concept_has_a_name_twice_so_that_one_condition_is_one_diagnosis() -> None:
    for concept in catalog().concepts.values():
        names = [normalised(name) for name in concept.names]
        assert concept.kind == "drug" or len(set(names)) == len(names), concept.id
