"""Which of the trial's drugs a record speaks of, and whether the form acts on the whole body.

Read with the shipped definitions, as English, British and Chinese records write them.
"""

# ruff: noqa: RUF001 -- Chinese has its own punctuation
from __future__ import annotations

from typing import Any

import pytest

from mappings.definitions import load_catalog
from mappings.facts import Exposure
from mappings.reading.drugs import read_exposures

DRUGS = tuple(one for one in load_catalog().concepts.values() if one.kind == "drug")
SNOMED, RXNORM, ATC = (
    "http://snomed.info/sct",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://www.whocc.no/atc",
)


def read(medication: dict[str, Any], **more: Any) -> dict[str, tuple[Exposure, ...]]:
    record = {
        "resourceType": "MedicationRequest",
        "id": "1",
        "status": "active",
        "intent": "order",
        "authoredOn": "2025-01-10",
        "medicationCodeableConcept": medication,
        **more,
    }
    unreadable: list[Any] = []
    found = read_exposures([record], {}, DRUGS, unreadable, [])
    assert unreadable == []
    return found


# --- by code


@pytest.mark.parametrize(
    ("system", "code", "drug"),
    [
        (RXNORM, "198145", "prednisone"),  # a tablet (SCD)
        (RXNORM, "206990", "prednisone"),  # a tablet of a brand (SBD)
        (RXNORM, "763183", "prednisone"),  # a pack
        (RXNORM, "1657864", "rituximab"),
        (RXNORM, "2105824", "rituximab"),  # a biosimilar
        (RXNORM, "42316", "tacrolimus"),
        (ATC, "L04AK01", "leflunomide"),
        (ATC, "L04AA13", "leflunomide"),  # before 2024
        ("urn:oid:2.16.840.1.113883.6.73", "P01BA02", "hydroxychloroquine"),
        ("http://fhir.de/CodeSystem/bfarm/atc", "P01BA02", "hydroxychloroquine"),
        ("http://fhir.de/CodeSystem/dimdi/atc", "H02AB06", "prednisolone"),
        (f"{RXNORM}/", "198145", "prednisone"),
        (SNOMED, "373540008", "hydroxychloroquine"),
        (SNOMED, "325427002", "prednisolone"),
        ("https://dmd.nhs.uk", "327104000", "mycophenolate"),
        ("urn:oid:2.16.840.1.113883.6.96", "19480611000001109", "belimumab"),
    ],
)
def test_a_product_code_reaches_its_ingredient_whatever_the_words(system: str, code: str, drug: str) -> None:
    found = read({"coding": [{"system": system, "code": code}], "text": "tablet"})
    assert list(found) == [drug]
    [exposure] = found[drug]
    assert not exposure.by_name
    assert exposure.note == ""


def test_an_unknown_code_is_recognised_by_name_and_the_record_says_so() -> None:
    found = read({"coding": [{"system": RXNORM, "code": "99999999", "display": "Prednisone 3 MG"}]})
    [exposure] = found["prednisone"]
    assert (exposure.by_name, exposure.note, exposure.text) == (
        True,
        "recognised by name",
        "Prednisone 3 MG, ordered",
    )


# --- by name


NAMES = [
    ("Plaquenil 200 MG", "hydroxychloroquine"),
    ("CellCept 500", "mycophenolate"),
    ("MYFORTIC 360 mg", "mycophenolate"),
    ("Benlysta 200 mg/ml pen", "belimumab"),
    ("Solu-Medrol 1 g IV", "methylprednisolone"),
    ("Medrol dose pack", "methylprednisolone"),
    ("醋酸泼尼松片 5mg", "prednisone"),
    ("强的松片", "prednisone"),
    ("泼尼松龙片", "prednisolone"),
    ("甲泼尼龙片（美卓乐）4mg", "methylprednisolone"),
    ("注射用甲泼尼龙琥珀酸钠 40mg（甲强龙）", "methylprednisolone"),
    ("甲基强的松龙", "methylprednisolone"),
    ("地塞米松磷酸钠注射液", "dexamethasone"),
    ("氢化可的松片", "hydrocortisone"),
    ("硫酸羟氯喹片 0.1g", "hydroxychloroquine"),
    ("纷乐", "hydroxychloroquine"),
    ("賽能 硫酸羥氯喹", "hydroxychloroquine"),
    ("磷酸氯喹片", "chloroquine"),
    ("吗替麦考酚酯分散片 0.25g", "mycophenolate"),
    ("骁悉胶囊", "mycophenolate"),
    ("麦考酚钠肠溶片", "mycophenolate"),
    ("注射用环磷酰胺 0.2g", "cyclophosphamide"),
    ("他克莫司胶囊 1mg", "tacrolimus"),
    ("普乐可复", "tacrolimus"),
    ("环孢素软胶囊 25mg", "ciclosporin"),
    ("环孢菌素A", "ciclosporin"),
    ("硫唑嘌呤片", "azathioprine"),
    ("来氟米特片 10mg", "leflunomide"),
    ("甲氨蝶呤片 2.5mg", "methotrexate"),
    ("氨甲蝶呤", "methotrexate"),
    ("利妥昔单抗注射液（美罗华）", "rituximab"),
    ("注射用贝利尤单抗（倍力腾）120mg", "belimumab"),
    ("贝利木单抗", "belimumab"),
    ("注射用泰它西普（泰爱）80mg", "telitacicept"),
    ("奥妥珠单抗注射液", "obinutuzumab"),
    ("Prednison 5 mg Tabletten", "prednisone"),
    ("Prednisolon 5 mg", "prednisolone"),
    ("Hydroxychloroquin 200 mg Filmtabletten", "hydroxychloroquine"),
    ("Hydroxychloroquinsulfat 200 mg", "hydroxychloroquine"),
    ("Quensyl 200 mg", "hydroxychloroquine"),
    ("Urbason 40 mg Tabletten", "methylprednisolone"),
    ("Methylprednisolon 16 mg", "methylprednisolone"),
    ("Azathioprin 50 mg", "azathioprine"),
    ("Methotrexat 15 mg s.c.", "methotrexate"),
    ("MTX 15 mg weekly", "methotrexate"),
    ("Leflunomid 20 mg", "leflunomide"),
    ("Cyclophosphamid 500 mg i.v.", "cyclophosphamide"),
    ("Ifosfamid 1 g", None),
    ("Mycophenolatmofetil 500 mg", "mycophenolate"),
    ("强的松龙片", "prednisolone"),
    ("MMF 1 g bid", "mycophenolate"),
    ("HCQ 200 mg", "hydroxychloroquine"),
    ("ocrelizumab 600 mg", "ocrelizumab"),
    ("HCQX", None),
    # another drug with the name inside its own
    ("异环磷酰胺注射液", None),  # ifosfamide
    ("伏环孢素胶囊", None),  # voclosporin, which is no ciclosporin
    ("氟氢可的松片", None),  # fludrocortisone
    ("氯泼尼松", None),  # chloroprednisone
    ("西罗莫司片", None),
    ("氯沙坦钾片", None),
    ("Cellcept-like study drug of losartan", "mycophenolate"),
    ("arava", "leflunomide"),
    ("爱若华", "leflunomide"),
    ("Trexall 10 MG", "methotrexate"),
    ("Otrexup 15 MG/0.4ML auto-injector", "methotrexate"),
    ("RASUVO 20 mg", "methotrexate"),
    ("Cortef 10 MG Oral Tablet", "hydrocortisone"),
    ("Solu-Cortef 100 mg", "hydrocortisone"),
    ("Cortefen", None),
    ("Solu-Delta-Cortef", None),  # prednisolone
    ("aravastatin", None),
]


@pytest.mark.parametrize(("text", "drug"), NAMES)
def test_a_name_in_english_or_chinese_is_recognised_where_no_code_is_known(
    text: str, drug: str | None
) -> None:
    found = read({"text": text})
    assert list(found) == ([drug] if drug else [])
    assert all(exposure.by_name for known in found.values() for exposure in known)


# --- forms

LOCAL = [
    *("hydrocortisone 1% cream", "tacrolimus 0.1 % topical ointment", "betamethasone scalp lotion"),
    *("dexamethasone 0.1 % eye drops", "cyclosporine ophthalmic emulsion", "prednisolone ear drops"),
    *("dexamethasone nasal spray", "hydrocortisone buccal tablet", "hydrocortisone lozenge"),
    *("prednisolone rectal foam", "hydrocortisone enema", "prednisolone suppository"),
    *("methylprednisolone intra-articular injection", "triamcinolone dental paste", "dexamethasone implant"),
    *("betamethasone inhaled", "dexamethasone nebulised", "methotrexate intrathecal"),
    *("他克莫司软膏", "氢化可的松乳膏", "地塞米松滴眼液", "泼尼松龙眼膏", "环孢素眼用乳剂", "地塞米松滴耳液"),
    *("地塞米松鼻喷雾剂", "倍他米松气雾剂", "地塞米松吸入", "地塞米松雾化", "氢化可的松灌肠液", "泼尼松龙栓"),
    *("醋酸曲安西龙软膏", "地塞米松口腔贴片", "地塞米松含漱液", "地塞米松玻璃体内植入剂", "地塞米松贴膏"),
    *("曲安西龙关节腔注射", "甲氨蝶呤鞘内注射", "地塞米松酊剂", "外用环孢素"),
    # known by the strength alone
    *("hydrocortisone 1 %", "hydrocortisone 2.5 % 30 g", "tacrolimus 0.1 %", "tacrolimus 0,03 %"),
    *("cyclosporine 0.05 %", "prednisolone acetate 1 %", "dexamethasone sodium phosphate 0.1%"),
    *("dexamethasone 0.1 % (1 mg/mL)", "hydrocortisone 0.5 percent", "tacrolimus 1 mg/g", "地塞米松 0.1％"),
    *("triamcinolone acetonide 55 mcg/actuation", "Triamcinolone 0.055 MG/ACTUAT"),
    # by the ester
    *("betamethasone valerate", "betamethasone dipropionate", "methylprednisolone aceponate 0.1%"),
    *("hydrocortisone butyrate", "triamcinolone hexacetonide 20 mg/mL injection", "丁酸氢化可的松"),
    # by the partner
    *("tobramycin/dexamethasone", "tobramycin 3 mg/mL / dexamethasone 1 mg/mL", "妥布霉素地塞米松"),
    *("neomycin/polymyxin B/hydrocortisone", "betamethasone + calcipotriol", "hydrocortisone/acetic acid"),
    # by other words
    *("dexamethasone elixir mouth rinse", "dexamethasone mouth-wash", "Hydrocortisone 25 mg supp"),
    *("triamcinolone in Orabase", "prednisolone drops", "hydrocortisone haemorrhoidal"),
    *("Hydrocortisone Salbe", "Hydrocortisonsalbe (hydrocortisone)", "prednisolone Augentropfen"),
    *(
        "hydrocortisone Zäpfchen",
        "prednisolone Lösung zur Anwendung auf der Haut",
        "dexamethasone Nasenspray",
    ),
    *("dexamethasone collyre", "prednisolone colirio", "hydrocortisone crème", "betamethasone pomada"),
]


@pytest.mark.parametrize("text", LOCAL)
def test_skin_eye_nose_ear_inhaled_gut_joint_and_mouth_forms_do_not_count(text: str) -> None:
    assert read({"text": text}) == {}


@pytest.mark.parametrize(
    "text",
    [
        "prednisone or placebo (blinded study drug)",
        "mycophenolate vs. placebo, double-blind",
        "泼尼松或安慰剂",
    ],
)
def test_a_drug_of_a_blinded_study_may_be_a_placebo_and_does_not_count(text: str) -> None:
    assert read({"text": text}) == {}


@pytest.mark.parametrize(
    "text",
    [
        *("hydrocortisone 100 mg injection", "dexamethasone oral drops", "cyclosporine soft gel capsule"),
        *("prednisolone soluble tablets", "methotrexate 15 mg subcutaneous pen", "tacrolimus granules"),
        *(
            "地塞米松片",
            "注射用甲泼尼龙",
            "环孢素软胶囊",
            "环孢素口服溶液",
            "他克莫司缓释胶囊",
            "甲氨蝶呤注射液",
        ),
        # salts of tablets and injections
        *("methylprednisolone sodium succinate", "hydrocortisone sodium succinate", "醋酸泼尼松片"),
        *("prednisolone sodium phosphate oral solution 15 mg/5 mL", "methylprednisolone acetate 40 mg/mL"),
        *("triamcinolone acetonide injection", "triamcinolone acetonide 40 mg/mL"),
        *("betamethasone sodium phosphate/acetate injection", "betamethasone dipropionate injection"),
        # a concentration, or a per cent that is of an infusion's fluid, of an injection or of a dose
        *("dexamethasone 0.1 mg/mL oral solution", "dexamethasone elixir 0.5 mg/5 mL", "tacrolimus 0.5 mg"),
        *("methylprednisolone in sodium chloride 0.9 %", "methylprednisolone 500 mg in 0.9 % 250 mL"),
        *("rituximab in dextrose 5 %", "甲泼尼龙加入0.9%氯化钠", "dexamethasone 0.4 % injection"),
        *("cyclosporine oral solution 10 %", "cyclophosphamide 75 % dose", "prednisone 5 mg, unblinded"),
    ],
)
def test_what_is_swallowed_or_injected_counts(text: str) -> None:
    assert len(read({"text": text})) == 1


@pytest.mark.parametrize(
    "more",
    [
        {"dosageInstruction": [{"route": {"coding": [{"system": SNOMED, "code": "37161004"}]}}]},
        {"dosageInstruction": [{"route": {"coding": [{"system": SNOMED, "code": "447694001"}]}}]},
        {"dosageInstruction": [{"route": {"text": "外用"}}]},
        {"dosageInstruction": [{"route": {"text": "吸入"}}]},
        {"dosageInstruction": [{"route": {"coding": [{"display": "Intra-articular route"}]}}]},
        {"dosageInstruction": [{"text": "每日两次，涂于患处"}]},
        {"dosageInstruction": [{"text": "滴眼，每日四次"}]},
        {"dosageInstruction": [{"patientInstruction": "2 puffs twice daily"}]},
        {"dosageInstruction": [{"text": "Instill 1 drop OU four times a day"}]},
        {"dosageInstruction": [{"text": "Rinse with 5 mL and spit"}]},
        {"dosageInstruction": [{"text": "Dünn auftragen"}]},
        {"dosageInstruction": [{"text": "4 x 1 Tropfen in die Augen"}]},
    ],
)
def test_a_route_or_an_instruction_of_a_local_form_does_not_count(more: dict[str, Any]) -> None:
    code = {"coding": [{"system": RXNORM, "code": "5492"}], "text": "hydrocortisone"}
    assert list(read(code)) == ["hydrocortisone"]
    assert read(code, **more) == {}


def test_a_local_form_is_left_out_though_its_code_is_known() -> None:
    assert read({"coding": [{"system": SNOMED, "code": "373540008", "display": "cream"}]}) == {}


@pytest.mark.parametrize(
    "code", ["D07AA02", "S01BA02", "A07EA02", "C05AA01", "D11AH01", "S01XA18", "R01AD02"]
)
def test_an_atc_code_of_a_local_form_does_not_count_though_the_name_is_known(code: str) -> None:
    text = "hydrocortisone tacrolimus cyclosporine prednisolone"
    assert read({"coding": [{"system": ATC, "code": code}], "text": text}) == {}


def test_per_cent_is_no_sign_of_a_cream_where_the_record_says_that_it_is_swallowed_or_injected() -> None:
    text = {"text": "prednisolone 0.5 %"}
    assert read(text) == {}
    assert list(read(text, dosageInstruction=[{"route": {"text": "Oral"}}])) == ["prednisolone"]
    assert list(read(text, dosageInstruction=[{"text": "10 mL by mouth every morning"}])) == ["prednisolone"]
    by_mouth = {"coding": [{"system": SNOMED, "code": "26643006"}]}
    assert list(read(text, dosageInstruction=[{"route": by_mouth}])) == ["prednisolone"]


def test_a_german_name_of_a_form_counts_though_the_drug_is_known_by_its_code() -> None:
    for words in ("Prednisolon Augentropfen", "Prednisolonsalbe", "Prednisolon 1 %"):
        assert read({"coding": [{"system": RXNORM, "code": "8638"}], "text": words}) == {}
    tablets = {"coding": [{"system": RXNORM, "code": "8638"}], "text": "Prednisolon 5 mg Tabletten"}
    assert list(read(tablets)) == ["prednisolone"]
