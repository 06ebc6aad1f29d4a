"""Patients whom something in the chart speaks against: one criterion that is not met, or a record that has
ended."""

from __future__ import annotations

from datetime import date

from cds_service.demo.samples import codes
from cds_service.demo.samples.chart import Chart
from cds_service.demo.samples.dates import Ago
from cds_service.demo.samples.resources import Resource
from cds_service.demo.samples.sample import Sample, patient


def _nephritis(chart: Chart, ago: Ago, years: int) -> Chart:
    """Lupus, then nephritis a year later, and antinuclear antibodies from the beginning."""
    return (
        chart.condition(codes.SLE, onset=ago.years(years + 1))
        .condition(codes.LUPUS_NEPHRITIS, onset=ago.years(years))
        .ana_titre(320, ago.years(years + 1))
    )


@patient(
    "sun-hua",
    "Pure class V",
    "ruled-out",
    "The latest biopsy shows membranous nephritis alone; the trial asks for class III or IV.",
)
def sun_hua(today: date) -> Resource:
    """Sun Hua, 33. Nephrotic, 3.2 g/g, on prednisone and mycophenolate for a year. But the biopsy two
    months ago shows pure membranous nephritis, class V without III or IV."""
    ago = Ago(today)
    return (
        _nephritis(Chart("sun-hua", "Sun", "Hua", "female", ago.birth(33)), ago, 2)
        .biopsy(ago.months(2), "Membranous lupus nephritis, pure class V (ISN/RPS 2018). AI 0/24, CI 2/12.")
        .prescribed(codes.PREDNISONE_20MG, ago.months(12), "20 mg daily")
        .prescribed(codes.MYCOPHENOLATE_500MG, ago.months(12), "1 g twice daily")
        .lab(codes.UPCR, 3.2, "g/g", ago.days(14))
        .bundle()
    )


@patient(
    "he-xia",
    "Responded to treatment",
    "ruled-out",
    "Recorded SLEDAI-2K of 2, and both the spot ratio and the 24-hour protein are low: the disease is quiet.",
)
def he_xia(today: date) -> Resource:
    """He Xia, 36. Class IV nephritis fifteen months ago has answered well: SLEDAI-2K 2 for a slightly low
    C4, ratio 0.2 g/g, and 0.15 g of protein in 24 hours."""
    ago = Ago(today)
    return (
        _nephritis(Chart("he-xia", "He", "Xia", "female", ago.birth(36)), ago, 2)
        .biopsy(ago.months(15), "Lupus nephritis class IV, AI 9/24, CI 1/12.")
        .prescribed(codes.PREDNISONE, ago.months(15), "5 mg daily")
        .prescribed(codes.MYCOPHENOLATE, ago.months(15), "1 g twice daily")
        .sledai(2, ago.days(10))
        .lab(codes.UPCR, 0.2, "g/g", ago.days(10))
        .lab(codes.PROTEIN_24H, 0.15, "g/(24.h)", ago.days(10), high=0.15)
        .lab(codes.C4, 0.1, "g/L", ago.days(10), low=0.12, high=0.36)
        .lab(codes.C3, 0.93, "g/L", ago.days(10), low=0.79, high=1.52)
        .lab(codes.DSDNA, 40, "[IU]/mL", ago.days(10), high=100)
        .lab(codes.URINE_RBC, 1, "/[HPF]", ago.days(10), high=3)
        .bundle()
    )


@patient(
    "wu-ting",
    "Pregnant",
    "ruled-out",
    "Positive hCG test eight weeks ago and a pregnancy that has not ended.",
)
def wu_ting(today: date) -> Resource:
    """Wu Ting, 28. Class III nephritis three months ago, 1.9 g/g of protein, and ten weeks pregnant: the
    hCG test was positive eight weeks ago, and the midwife recorded the pregnancy."""
    ago = Ago(today)
    return (
        _nephritis(Chart("wu-ting", "Wu", "Ting", "female", ago.birth(28)), ago, 1)
        .biopsy(ago.months(3), "Lupus nephritis class III. NIH activity index 4/24, chronicity index 1/12.")
        .takes(codes.PREDNISONE, ago.months(8))
        .takes(codes.HYDROXYCHLOROQUINE, ago.months(12))
        .lab(codes.UPCR, 1.9, "g/g", ago.days(13))
        .pregnancy_test(codes.POSITIVE, ago.days(56))
        .condition(codes.PREGNANT_STATE, onset=ago.days(70))
        .observe(
            codes.PREGNANCY_STATUS,
            ago.days(13),
            "social-history",
            valueCodeableConcept=codes.PREGNANT.as_fhir(),
        )
        .bundle()
    )


@patient("xu-le", "A minor", "ruled-out", "Sixteen years old; the trial takes adults.")
def xu_le(today: date) -> Resource:
    """Xu Le, 16. Severe class IV nephritis, 2.8 g/g of protein. Everything would fit but the age."""
    ago = Ago(today)
    return (
        _nephritis(Chart("xu-le", "Xu", "Le", "female", ago.birth(16)), ago, 1)
        .biopsy(ago.months(2), "Diffuse lupus nephritis, ISN/RPS class IV. AI 12/24, CI 1/12.")
        .prescribed(codes.PREDNISOLONE, ago.months(8), "30 mg daily")
        .prescribed(codes.MYCOPHENOLATE, ago.months(8), "750 mg twice daily")
        .lab(codes.UPCR, 2.8, "g/g", ago.days(7))
        .bundle()
    )


@patient(
    "ma-jun",
    "Deceased",
    "ruled-out",
    "The patient died last month; the record is not assessed.",
    record_reason="deceased",
)
def ma_jun(today: date) -> Resource:
    """Ma Jun, 57. Active class IV nephritis with 2.2 g/g of protein until he died last month. The chart was
    opened to close a letter; nobody should be asked to recruit him."""
    ago = Ago(today)
    return (
        _nephritis(Chart("ma-jun", "Ma", "Jun", "male", ago.birth(57)), ago, 3)
        .died(ago.days(31))
        .biopsy(ago.months(4), "Lupus nephritis class IV. AI 7/24, CI 4/12.")
        .prescribed(codes.PREDNISONE, ago.months(14), "10 mg daily")
        .lab(codes.UPCR, 2.2, "g/g", ago.days(45))
        .bundle()
    )


SAMPLES: tuple[Sample, ...] = (sun_hua, he_xia, wu_ting, xu_le, ma_jun)
