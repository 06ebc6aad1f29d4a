"""Patients about whom the chart says too little to flag them, and nothing that rules them out."""

from __future__ import annotations

from datetime import date

from cds_service.demo.samples import codes
from cds_service.demo.samples.chart import Chart
from cds_service.demo.samples.dates import Ago
from cds_service.demo.samples.resources import Resource
from cds_service.demo.samples.sample import Sample, patient


@patient(
    "gao-min",
    "In remission, ratio only",
    "needs-data",
    "Ratio 0.1 g/g and no 24-hour collection: quiet as far as one can see, and neither limb is settled.",
)
def gao_min(today: date) -> Resource:
    """Gao Min, 39. Class III nephritis two years ago, in remission since. The protein/creatinine ratio is
    0.1 g/g; no one has collected 24-hour urine or recorded a SLEDAI."""
    ago = Ago(today)
    return (
        Chart("gao-min", "Gao", "Min", "female", ago.birth(39))
        .condition(codes.SLE, onset=ago.years(5))
        .condition(codes.LUPUS_NEPHRITIS, onset=ago.years(2), clinical="remission")
        .biopsy(ago.years(2), "Lupus nephritis class III, AI 5/24, CI 1/12.")
        .ana_titre(160, ago.years(5))
        .prescribed(codes.MYCOPHENOLATE, ago.years(2), "500 mg twice daily")
        .prescribed(codes.PREDNISONE, ago.years(2), "2.5 mg daily")
        .lab(codes.UPCR, 0.1, "g/g", ago.days(21))
        .ecog(0, ago.days(21))
        .bundle()
    )


@patient(
    "deng-lan",
    "105 mg/mmol is not 1 g/g",
    "needs-data",
    "105 mg/mmol is 0.93 g/g, just below the limit; taking 100 mg/mmol for 1 g/g would have flagged her.",
)
def deng_lan(today: date) -> Resource:
    """Deng Lan, 31. Class IV nephritis eight months ago. Her laboratory reports 105 mg of protein per mmol of
    creatinine, which by the common rule of thumb looks like more than 1 g/g and is 0.93."""
    ago = Ago(today)
    return (
        Chart("deng-lan", "Deng", "Lan", "female", ago.birth(31))
        .condition(codes.SLE, onset=ago.years(2))
        .condition(codes.LUPUS_NEPHRITIS, onset=ago.months(8))
        .biopsy(ago.months(8), "Diffuse lupus nephritis, ISN/RPS class IV. AI 8/24, CI 2/12.")
        .ana_titre(320, ago.years(2))
        .prescribed(codes.PREDNISOLONE, ago.months(8), "10 mg daily")
        .prescribed(codes.MYCOPHENOLATE, ago.months(8), "1 g twice daily")
        .lab(codes.UPCR_ANY_UNIT, 105, "mg/mmol", ago.days(8), high=20)
        .bundle()
    )


@patient("tang-yu", "Skin-only lupus", "needs-data", "Discoid lupus of the skin is not systemic lupus.")
def tang_yu(today: date) -> Resource:
    """Tang Yu, 47. Discoid lupus of the face for ten years; kidneys and blood have never given trouble."""
    ago = Ago(today)
    return (
        Chart("tang-yu", "Tang", "Yu", "female", ago.birth(47))
        .condition(codes.DISCOID_LUPUS, onset=ago.years(10))
        .prescribed(codes.HYDROXYCHLOROQUINE_200MG, ago.years(3), "200 mg daily")
        .lab(codes.UPCR, 0.08, "g/g", ago.days(33))
        .organ_function(ago.days(33))
        .ecog(0, ago.days(33))
        .bundle()
    )


@patient(
    "thomas-berg",
    "Drug-induced lupus",
    "needs-data",
    "Lupus brought on by hydralazine is not the disease that the trial treats.",
)
def thomas_berg(today: date) -> Resource:
    """Thomas Berg, 61. Joint pain and antinuclear antibodies of 1:320 after two years of hydralazine, which
    has been stopped. The kidneys are well."""
    ago = Ago(today)
    return (
        Chart("thomas-berg", "Berg", "Thomas", "male", ago.birth(61))
        .condition(codes.DRUG_INDUCED_LUPUS, onset=ago.months(5))
        .condition(codes.ARTHRITIS, onset=ago.months(5))
        .takes(codes.HYDRALAZINE_TEXT, ago.months(29), until=ago.months(4))
        .ana_titre(320, ago.months(5))
        .lab(codes.UPCR, 0.09, "g/g", ago.months(2))
        .lab(codes.CREATININE_MOLAR, 88, "umol/L", ago.months(2), low=64, high=104)
        .bundle()
    )


@patient(
    "amara-okafor",
    "Almost empty record",
    "needs-data",
    "A name and a year of birth: nothing can be said, and nothing is assumed.",
)
def amara_okafor(today: date) -> Resource:
    """Amara Okafor, about 40, registered this morning. The chart holds a name and a year of birth, no
    gender, no history, no results."""
    return Chart("amara-okafor", "Okafor", "Amara", None, str(today.year - 40)).bundle()


SAMPLES: tuple[Sample, ...] = (gao_min, deng_lan, tang_yu, thomas_berg, amara_okafor)
