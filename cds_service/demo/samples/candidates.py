"""Patients who should be flagged: nothing in the chart speaks against the trial, and the nephritis is
active now."""

from __future__ import annotations

from datetime import date

from cds_service.demo.samples import codes
from cds_service.demo.samples.chart import Chart
from cds_service.demo.samples.dates import Ago
from cds_service.demo.samples.resources import Resource, quantity
from cds_service.demo.samples.sample import Sample, patient


def _active_serology(chart: Chart, on: date) -> Chart:
    """Low complement and raised dsDNA antibodies: active lupus in the blood."""
    return (
        chart.lab(codes.C3, 0.52, "g/L", on, low=0.79, high=1.52)
        .lab(codes.C4, 0.07, "g/L", on, low=0.12, high=0.36)
        .lab(codes.DSDNA, 312, "[IU]/mL", on, high=100)
    )


@patient(
    "lin-mei",
    "Clear candidate",
    "possible-candidate",
    "Biopsy-proven class IV + V nephritis, still active after 14 months of prednisone and mycophenolate.",
)
def lin_mei(today: date) -> Resource:
    """Lin Mei, 34. Lupus for six years, nephritis for two. Prednisone, mycophenolate and hydroxychloroquine
    for more than a year; the biopsy ten weeks ago still shows class IV + V with an activity index of 8, and
    she loses 2 g of protein per gram of creatinine. The screening visit has been prepared: every test is on
    file."""
    ago = Ago(today)
    visit = ago.days(10)
    chart = (
        Chart("lin-mei", "Lin", "Mei", "female", ago.birth(34))
        .condition(codes.SLE, onset=ago.years(6))
        .condition(codes.LUPUS_NEPHRITIS, onset=ago.years(2))
        .biopsy(
            ago.days(75),
            "Lupus nephritis, ISN/RPS 2018 class IV + V. NIH activity index 8/24, chronicity index 3/12.",
            synoptic=("IV + V", 8, 3),
        )
        .prescribed(codes.PREDNISONE_20MG, ago.months(14), "20 mg daily")
        .prescribed_by_reference(codes.MYCOPHENOLATE_500MG, ago.months(14), "1 g twice daily")
        .prescribed_with_contained(codes.HYDROXYCHLOROQUINE_200MG, ago.years(5), "200 mg twice daily")
        .ana_titre(640, ago.years(6))
        .lab(codes.UPCR, 1.7, "g/g", ago.days(68))
        .lab(codes.UPCR, 2.1, "g/g", ago.days(12))
        .lab(codes.URINE_RBC, 12, "/[HPF]", visit, high=3)
        .lab(codes.URINE_WBC, 3, "/[HPF]", visit, high=5)
    )
    return _ready_for_screening(_active_serology(chart, visit).organ_function(visit), ago).bundle()


def _ready_for_screening(chart: Chart, ago: Ago) -> Chart:
    """What a study nurse collects shortly before a screening visit of a woman of childbearing age."""
    return (
        chart.sledai(12, ago.days(9))
        .lab(codes.CD19_COUNT, 182, "/uL", ago.days(10), low=90, high=560)
        .ecog(1, ago.days(9))
        .pregnancy_test(codes.NEGATIVE, ago.days(3))
        .breastfeeding(False, ago.days(9))
    )


@patient(
    "zhou-yan",
    "Candidate with missing tests",
    "possible-candidate",
    "Recent class III nephritis with proteinuria of 1.6 g/g; most of what the trial asks was never measured.",
)
def zhou_yan(today: date) -> Resource:
    """Zhou Yan, 41, newly referred. The biopsy four months ago showed class III nephritis; the report gives
    no indices. Prednisone and azathioprine since then. Nobody has recorded a SLEDAI, an ECOG, B cells or an
    hCG test, and the laboratory reports the protein/creatinine ratio in mg/g."""
    ago = Ago(today)
    return (
        Chart("zhou-yan", "Zhou", "Yan", "female", ago.birth(41))
        .condition(codes.SLE, onset=ago.months(9))
        .condition(codes.LUPUS_NEPHRITIS, onset=ago.months(4))
        .biopsy(
            ago.months(4),
            "Focal lupus nephritis, ISN/RPS class III. Cellular crescents in 3 of 22 glomeruli.",
        )
        .observe(codes.ANA_TITRE, ago.months(9), valueString="1:320 speckled")
        .takes(codes.PREDNISONE, ago.months(4))
        .takes(codes.AZATHIOPRINE, ago.months(4))
        .lab(codes.UPCR, 1600, "mg/g", ago.days(18), high=200)
        .lab(codes.CREATININE, 0.9, "mg/dL", ago.days(18), low=0.5, high=0.9)
        .bundle()
    )


@patient(
    "wang-fang",
    "Stale biopsy",
    "possible-candidate",
    "Proteinuria of 2 g/g in known class III nephritis; the biopsy, eleven months old, has to be repeated.",
)
def wang_fang(today: date) -> Resource:
    """Wang Fang, 29. Class III nephritis was proven eleven months ago, too long ago for the trial. On
    prednisone and ciclosporin ever since, and the protein/creatinine ratio is 2 g/g again. The next step is
    a new biopsy."""
    ago = Ago(today)
    return (
        Chart("wang-fang", "Wang", "Fang", "female", ago.birth(29))
        .condition(codes.SLE, onset=ago.years(3))
        .condition(codes.LUPUS_NEPHRITIS_ICD, onset=ago.months(11))
        .biopsy(ago.months(11), "Lupus nephritis class III (ISN/RPS 2018), AI 6/24, CI 2/12.")
        .ana_titre(160, ago.years(3))
        .prescribed(codes.PREDNISONE_20MG, ago.months(10), "20 mg daily")
        .prescribed(codes.CICLOSPORIN_100MG, ago.months(10), "100 mg twice daily")
        .lab(codes.UPCR, 2.0, "g/g", ago.days(20))
        .lab(codes.C3, 0.61, "g/L", ago.days(20), low=0.79, high=1.52)
        .ecog(0, ago.days(20))
        .bundle()
    )


@patient(
    "chen-jing",
    "Relapsed after remission",
    "possible-candidate",
    "Relapse after three years of remission, with 1.4 g of protein a day now.",
)
def chen_jing(today: date) -> Resource:
    """Chen Jing, 38. Class IV nephritis five years ago went into remission with cyclophosphamide. Her
    nephrologist recorded a relapse two weeks ago: 1.4 g of protein in the 24-hour urine. She takes
    hydroxychloroquine only; a new biopsy is planned."""
    ago = Ago(today)
    chart = (
        Chart("chen-jing", "Chen", "Jing", "female", ago.birth(38))
        .condition(codes.SLE, onset=ago.years(7))
        .condition(codes.LUPUS_NEPHRITIS, onset=ago.years(5), clinical="relapse", recorded=ago.days(15))
        .biopsy(ago.years(5), "Diffuse lupus nephritis, ISN/RPS class IV (A/C). AI 11/24, CI 1/12.")
        .observe(codes.ANA_PRESENCE, ago.years(7), valueCodeableConcept=codes.POSITIVE.as_fhir())
        .takes(codes.PREDNISONE, ago.years(5), until=ago.years(3))
        .prescribed(codes.HYDROXYCHLOROQUINE, ago.years(5), "400 mg daily")
        .lab(codes.PROTEIN_24H, 0.12, "g/(24.h)", ago.months(14), high=0.15)
        .lab(codes.PROTEIN_24H, 1.4, "g/(24.h)", ago.days(9), high=0.15)
        .lab(codes.CD19_PERCENT, 11.2, "%", ago.days(9), low=6, high=19)
    )
    for months in (60, 59, 58, 57, 56, 55):
        chart.infused(codes.CYCLOPHOSPHAMIDE, ago.months(months), "500 mg/m2 intravenously")
    return chart.bundle()


@patient(
    "zhang-wei",
    "A man",
    "possible-candidate",
    "Class III + V nephritis, active despite eight months of methylprednisolone and mycophenolate.",
)
def zhang_wei(today: date) -> Resource:
    """Zhang Wei, 45. Class III + V nephritis seven weeks ago, activity index 5, although he has taken
    methylprednisolone and mycophenolate for eight months and had rituximab before. His laboratory reports
    310 mg of protein per mmol of creatinine; B cells are coming back."""
    ago = Ago(today)
    chart = (
        Chart("zhang-wei", "Zhang", "Wei", "male", ago.birth(45))
        .condition(codes.LUPUS_NEPHRITIS_ICD, onset=ago.years(4))
        .biopsy(ago.days(50), "Mixed lupus nephritis, class III + V.")
        .index(codes.ACTIVITY_INDEX, 5, 24, ago.days(50))
        .index(codes.CHRONICITY_INDEX, 4, 12, ago.days(50))
        .ana_titre(320, ago.years(4))
        .prescribed(codes.METHYLPREDNISOLONE, ago.months(26), "8 mg daily")
        .infused(codes.RITUXIMAB, ago.days(259), "1 g intravenously")
        .infused(codes.RITUXIMAB, ago.days(245), "1 g intravenously")
        .lab(codes.UPCR_ANY_UNIT, 310, "mg/mmol", ago.days(16), high=20)
        .lab(codes.CD19_COUNT, 3, "/uL", ago.days(16), low=90, high=560)
        .ecog(1, ago.days(16))
        .organ_function(ago.days(16), creatinine=1.1)
    )
    for days in (240, 152, 64):
        chart.dispensed(codes.MYCOPHENOLATE_500MG, ago.days(days), 90)
    return _active_serology(chart, ago.days(16)).bundle()


@patient(
    "liu-na",
    "Activity by computed SLEDAI-2K",
    "possible-candidate",
    "Sediment, protein, complement and dsDNA make a SLEDAI-2K of at least 12, yet no one recorded a score.",
)
def liu_na(today: date) -> Resource:
    """Liu Na, 47, after a hysterectomy. The problem list says nephritis of WHO class IV, without a report.
    Prednisone for nine months and telitacicept, written only as text, for eight. The protein/creatinine
    ratio of 0.8 g/g is below the trial's limit, but 9 red cells per field, low C3 and raised dsDNA make the
    disease active."""
    ago = Ago(today)
    visit = ago.days(11)
    chart = (
        Chart("liu-na", "Liu", "Na", "female", ago.birth(47))
        .condition(codes.SLE, onset=ago.years(11))
        .condition(codes.LUPUS_NEPHRITIS_WHO_IV, onset=ago.years(2))
        .condition(codes.UTERUS_REMOVED, onset=ago.years(4))
        .ana_titre(160, ago.years(11))
        .prescribed(codes.PREDNISONE, ago.months(9), "15 mg daily")
        .takes(codes.TELITACICEPT_TEXT, ago.months(8))
        .lab(codes.UPCR, 0.8, "g/g", visit)
        .lab(codes.URINE_RBC, 9, "/[HPF]", visit, high=3)
    )
    return _active_serology(chart, visit).bundle()


@patient(
    "sofia-almeida",
    "Untidy record",
    "possible-candidate",
    "Proteinuria of 1.8 g/g in known nephritis counts; the erroneous, refuted and topical entries do not.",
)
def sofia_almeida(today: date) -> Resource:
    """Sofia Almeida, 36, with a chart full of traps. A ratio of 9.9 g/g was entered in error, the true one
    is 1.8. Drug-induced lupus was considered and refuted. Her eye drops and ointment hold a steroid and
    tacrolimus but do not treat lupus. The latest biopsy was too small to classify and merely mentions an
    old class IV."""
    ago = Ago(today)
    return (
        Chart("sofia-almeida", "Almeida", "Sofia", "female", ago.birth(36))
        .condition(codes.DRUG_INDUCED_LUPUS, onset=ago.years(5), verification="refuted")
        .condition(codes.SLE, onset=ago.years(5))
        .condition(codes.LUPUS_NEPHRITIS, onset=ago.years(4))
        .biopsy(
            ago.days(40),
            "Two glomeruli only: cannot be classified. Class IV in the biopsy of four years ago.",
        )
        .observe(codes.ANA_TITRE, ago.years(5), valueQuantity=quantity(1280, "{titer}", ">"))
        .takes(codes.PREDNISONE, ago.years(4), until=ago.years(2))
        .prescribed(codes.PREDNISOLONE_EYE_DROPS, ago.months(13), "one drop in each eye twice daily")
        .prescribed(codes.TACROLIMUS_OINTMENT, ago.months(13), "to the face once daily")
        .lab(codes.UPCR, 1.8, "g/g", ago.days(30))
        .lab(codes.UPCR, 9.9, "g/g", ago.days(1), status="entered-in-error")
        .lab(codes.PLATELETS, 140, "10*9/L", ago.days(30), low=125, high=350)
        .bundle()
    )


@patient(
    "guo-li",
    "In the trial already",
    "possible-candidate",
    "Meets what the chart can show, but takes part in this very trial, so that a card would be noise.",
    already_enrolled=True,
)
def guo_li(today: date) -> Resource:
    """Guo Li, 32. Class IV nephritis with 2.6 g/g of protein despite treatment. She signed three weeks ago
    and is a participant of this trial: assessed like everyone, but nobody needs to be told."""
    ago = Ago(today)
    return (
        Chart("guo-li", "Guo", "Li", "female", ago.birth(32))
        .condition(codes.SLE, onset=ago.years(4))
        .condition(codes.LUPUS_NEPHRITIS, onset=ago.years(3))
        .biopsy(ago.days(60), "Lupus nephritis class IV. Activity index 10/24, chronicity index 2/12.")
        .ana_titre(320, ago.years(4))
        .prescribed(codes.PREDNISONE, ago.months(12), "10 mg daily")
        .prescribed(codes.MYCOPHENOLATE, ago.months(12), "1 g twice daily")
        .lab(codes.UPCR, 2.6, "g/g", ago.days(25))
        .enrolled(
            "NCT06920433", "Universal CD19/BCMA CAR T-cells in relapsed or refractory SLE", ago.days(21)
        )
        .bundle()
    )


SAMPLES: tuple[Sample, ...] = (
    lin_mei,
    zhou_yan,
    wang_fang,
    chen_jing,
    zhang_wei,
    liu_na,
    sofia_almeida,
    guo_li,
)
