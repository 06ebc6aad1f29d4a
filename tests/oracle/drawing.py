"""Random charts: values on and beside every limit, in several units and forms, on days at window edges."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from tests.oracle.facts import ICD10, SNOMED, Biopsy, Chart, Illness, Lab

# The window of 30 days begins in another month, on a 29 February, in another year.
TODAYS = ("2026-06-15", "2026-03-30", "2024-03-30", "2025-01-12", "2026-12-31")
OFFSETS = (0, 1, 7, 20, 29, 30, 31, 32, 60, 400, 4000, -1, -20)
STATUSES = (
    *("final",) * 16,
    "amended",
    "corrected",
    "preliminary",
    "registered",
    "",
    "cancelled",
    "entered-in-error",
)
SIGNS = (*("",) * 12, "<", "<=", ">", ">=")

# What is measured: codes, and per unit the numbers to draw from: limits exactly, and one step off.
MEASURED: Mapping[str, tuple[Sequence[str], Mapping[str, str]]] = {
    "UPCR": (
        ("2890-2", "34366-5", "13801-6"),
        {
            "g/g": "0.1 0.49 0.5 0.51 0.99 1.0 1.01 2.4",
            "mg/mg": "0.2 0.5 0.501 1.2",
            "mg/g": "90 499 500 501 1000 2300",
            "mg/mmol": "12 50 56.55 56.56 56.57 105 113.12 280",
            "g/mmol": "0.04 0.05656 0.05657 0.2",
            "mg/dL": "45 120",
            "": "0.4 1.8",
        },
    ),
    "24 h urine protein": (
        ("2889-4",),
        {
            "g/d": "0.12 0.49 0.5 0.51 3.1",
            "g/(24.h)": "0.5 0.500001 0.7",
            "mg/d": "150 499 500 501 2200",
            "mg/(24.h)": "500 500.5 80",
            "g/dL": "0.08 0.9",
        },
    ),
    "urine red cells": (("13945-1",), {"/[HPF]": "0 2 4.9 5 5.1 6 30", "/uL": "3 60"}),
    "urine white cells": (("5821-4",), {"/[HPF]": "0 3 5 6 25", "/uL": "4 80"}),
    "white cells": (
        ("6690-2", "26464-8"),
        {
            "10*9/L": "1.9 2.9 2.99 3 3.0 3.01 3.5 3.99 4 4.0 4.01 7.2",
            "10*3/uL": "2.99 3.0 3.99 4.0 6.1",
            "/uL": "2990 3000 3990 4000 5200",
            "g/L": "3.5",
        },
    ),
    "platelets": (
        ("777-3", "26515-7"),
        {"10*9/L": "60 99 99.9 100 101 240", "10*3/uL": "99 100 180", "/uL": "99999 100000 250000"},
    ),
    "temperature": (
        ("8310-5",),
        {
            "Cel": "36.8 37.9 38 38.0 38.1 38.3 38.31 38.4 39.5",
            "[degF]": "98.6 100.4 100.5 100.94 100.95 101.2",
        },
    ),
    "anticardiolipin IgG": (
        ("3181-5", "8065-5"),
        {"[GPL'U]/mL": "8 39 40 41 80", "[GPL'U]": "40 55", "U/mL": "90"},
    ),
    "anticardiolipin IgM": (("3182-3", "8067-1"), {"[MPL'U]/mL": "8 40 40.5 70", "U/mL": "75"}),
}

# What the laboratory judges by its own limits: codes, unit, lower and upper limit, numbers to draw from.
JUDGED: Mapping[str, tuple[Sequence[str], str, str, str, str]] = {
    "C3": (("4485-9",), "mg/dL", "90", "180", "40 89 89.9 90 91 120 180 181"),
    "C4": (("4498-2",), "mg/dL", "10", "40", "4 9.9 10 11 25 40 55"),
    "CH50": (("4532-8",), "U/mL", "42", "", "12 41.9 42 60"),
    "haptoglobin": (("4542-7",), "mg/dL", "30", "200", "10 29 30 31 120 220"),
    "LDH": (("2532-0", "14804-9"), "U/L", "", "250", "150 249 250 251 480"),
    "reticulocytes": (("60474-4", "17849-1"), "%", "0.5", "2.5", "0.3 1.1 2.5 2.6 6"),
    "indirect bilirubin": (("1971-1",), "mg/dL", "", "1.1", "0.4 1.1 1.2 3"),
    "anti-dsDNA": (("5130-0", "33799-8"), "[IU]/mL", "", "30", "4 29 30 31 300"),
    "anti-Sm": (("11090-8",), "U/mL", "", "20", "3 19 20 21 90"),
    "anti-beta-2 glycoprotein 1": (("16135-6",), "U/mL", "", "20", "3 20 20.1 60"),
}

# What is answered in words: codes.
ANSWERED: Mapping[str, Sequence[str]] = {
    "casts": ("5807-3", "33804-6"),
    "anti-dsDNA": ("31348-6",),
    "anti-Sm": ("43182-5",),
    "anti-beta-2 glycoprotein 1": ("43914-1",),
    "lupus anticoagulant": ("3281-3",),
    "Coombs test": ("1007-4",),
}

# Cranial nerve disorder: OHDSI PhenotypeLibrary, cohort 604. L65.9: ICD-10-CM "Nonscarring hair loss".
ILLNESSES: Sequence[tuple[str, str, str]] = (
    *(("seizure", SNOMED, code) for code in ("91175000", "128613002", "313307000")),
    ("psychosis", SNOMED, "69322001"),
    ("delirium", SNOMED, "2776000"),
    ("optic neuritis", SNOMED, "66760008"),
    ("cranial nerve disorder", SNOMED, "73013002"),
    ("stroke", SNOMED, "230690007"),
    ("vasculitis", SNOMED, "31996006"),
    *(("arthritis", SNOMED, code) for code in ("3723001", "416209007", "417373000")),
    ("myositis", SNOMED, "26889001"),
    ("rash of lupus", SNOMED, "95332009"),
    ("subacute cutaneous lupus", SNOMED, "239891002"),
    ("subacute cutaneous lupus", ICD10, "L93.1"),
    ("discoid lupus", SNOMED, "200938002"),
    ("discoid lupus", ICD10, "L93.0"),
    ("alopecia", SNOMED, "56317004"),
    ("non-scarring alopecia", ICD10, "L65.9"),
    ("oral ulcer", SNOMED, "26284000"),
    ("pleurisy", SNOMED, "196075003"),
    ("pericarditis", SNOMED, "3238004"),
    ("acute pericarditis", SNOMED, "15555002"),
    ("pleural effusion", SNOMED, "60046008"),
    ("pericardial effusion", SNOMED, "373945007"),
    ("leukopenia", SNOMED, "84828003"),
    ("autoimmune haemolytic anaemia", SNOMED, "413603009"),
    ("autoimmune haemolytic anaemia", ICD10, "D59.11"),
    ("antiphospholipid syndrome", SNOMED, "26843008"),
    ("antiphospholipid syndrome", ICD10, "D68.62"),
    ("SLE", SNOMED, "55464009"),
    ("SLE", ICD10, "M32.9"),
    ("lupus nephritis", SNOMED, "68815009"),
    ("lupus nephritis", ICD10, "M32.14"),
    ("WHO class II", SNOMED, "4676006"),
    ("WHO class III", SNOMED, "76521009"),
    ("WHO class IV", SNOMED, "36402006"),
    ("WHO class V", SNOMED, "52042003"),
    # None of these is an item of either score, or a diagnosis of lupus.
    ("joint pain", SNOMED, "57676002"),
    ("alopecia areata", SNOMED, "68225006"),
    ("aphthous ulcer", SNOMED, "426965005"),
    ("thrombocytopenia, as a diagnosis", SNOMED, "302215000"),
    ("proteinuria, as a diagnosis", SNOMED, "29738008"),
    ("fever, as a diagnosis", SNOMED, "386661006"),
    ("drug-induced lupus", SNOMED, "201436003"),
    ("lupus of unstated kind", SNOMED, "200936003"),
)
CLINICAL = (*("active",) * 8, "", "recurrence", "relapse", "inactive", "remission", "resolved")
VERIFICATION = (
    *("confirmed",) * 8,
    "",
    "",
    "provisional",
    "differential",
    "unconfirmed",
    "refuted",
    "entered-in-error",
)
CLASSES = (("I",), ("II",), ("III",), ("IV",), ("V",), ("VI",), ("II", "V"), ("III", "V"), ("IV", "V"))


def drawn(seed: int) -> Chart:
    """The chart of this number: the same one each time."""
    rng = random.Random(seed)
    today = rng.choice(TODAYS)
    day = date.fromisoformat(today)
    labs = [_lab(rng, day) for _ in range(rng.choice((0, 2, 4, 6, 9, 14, 22)))]
    labs += [_total(rng, day) for _ in range(rng.choice((0, 0, 0, 0, 1, 1, 2)))]
    labs += [_antinuclear(rng, day) for _ in range(rng.choice((0, 0, 1, 1, 2)))]
    illnesses = [_illness(rng, day) for _ in range(rng.choice((0, 0, 1, 2, 3, 5, 8)))]
    biopsies = [_biopsy(rng, day, number) for number in range(rng.choice((0, 0, 0, 1, 2)))]
    rng.shuffle(labs)
    return Chart(today, tuple(labs), tuple(illnesses), tuple(biopsies))


def _day(rng: random.Random, today: date) -> str:
    """Mostly a day; now and then only a month, a year, or nothing."""
    day = (today - timedelta(days=rng.choice(OFFSETS))).isoformat()
    precision = rng.random()
    if precision < 0.86:
        return day
    return day[:7] if precision < 0.92 else day[:4] if precision < 0.96 else ""


def _lab(rng: random.Random, today: date) -> Lab:
    day = _day(rng, today)
    instant = rng.choice(("", "", "T08:30:00+08:00", "T23:59:59-05:00")) if len(day) == 10 else ""
    drawing = rng.choices((_measured, _judged, _answered), (6, 4, 2))[0]
    lab = drawing(rng)
    in_panel = rng.random() < 0.08 and lab.form != "flag only"
    return lab._replace(status=rng.choice(STATUSES), day=day, instant=instant, in_panel=in_panel)


def _measured(rng: random.Random) -> Lab:
    what = rng.choice(list(MEASURED))
    codes, units = MEASURED[what]
    unit = rng.choice(list(units))
    form = rng.choices(("quantity", "string", "absent"), (20, 3, 1))[0]
    number = rng.choice(units[unit].split())
    return Lab(what, rng.choice(codes), number, unit, rng.choice(SIGNS), form=form)


def _judged(rng: random.Random) -> Lab:
    """With the laboratory's range, its flag, both, which now and then disagree, or neither."""
    what = rng.choice(list(JUDGED))
    codes, unit, low, high, numbers = JUDGED[what]
    lab = Lab(what, rng.choice(codes), rng.choice(numbers.split()), unit)
    said = rng.choice(("range", "range", "range and sign", "flag", "both", "flag only", "nothing"))
    if said in ("range", "both", "range and sign"):
        lab = lab._replace(low=low, high=high)
    if said == "range and sign":
        lab = lab._replace(sign=rng.choice(SIGNS))
    if said == "both":
        lab = lab._replace(flag=_flag(lab) if rng.random() < 0.7 else rng.choice("LNHA"))
    if said in ("flag", "flag only"):
        lab = lab._replace(flag=rng.choice("LNHA"))
    return lab._replace(number="", form="flag only") if said == "flag only" else lab


def _flag(lab: Lab) -> str:
    """The flag that a laboratory would print beside its own range."""
    number = float(lab.number)
    if lab.low and number < float(lab.low):
        return "L"
    return "H" if lab.high and number > float(lab.high) else "N"


def _answered(rng: random.Random) -> Lab:
    what = rng.choice(list(ANSWERED))
    form = rng.choice(("coded", "coded", "string"))
    lab = Lab(what, rng.choice(ANSWERED[what]), answer=rng.choice(("positive", "negative")), form=form)
    if what == "casts" and rng.random() < 0.5:
        return lab._replace(number=rng.choice(("0", "1", "4")), unit="/[LPF]", answer="", form="quantity")
    return lab


def _total(rng: random.Random, today: date) -> Lab:
    """A SLEDAI-2K that a clinician recorded, of a known day; or another index, not to be taken for it."""
    day = (today - timedelta(days=rng.choice(OFFSETS))).isoformat()
    what = rng.choice(("SLEDAI-2K",) * 5 + ("SELENA-SLEDAI",))
    number = rng.choice(("0", "2", "7", "8", "9", "20", "105", "106"))
    return Lab(what, "", number, status=rng.choice(STATUSES), day=day, form="integer")


def _antinuclear(rng: random.Random, today: date) -> Lab:
    lab = Lab("ANA", "5048-4", status=rng.choice(STATUSES), day=_day(rng, today))
    if rng.random() < 0.35:
        code = rng.choice(("8061-4", "42254-3", "47383-5"))
        return lab._replace(code=code, answer=rng.choice(("positive", "negative")), form="coded")
    form, number = (
        rng.choice(("ratio", "titre in words", "quantity")),
        rng.choice(("40", "79", "80", "160", "1280")),
    )
    unit = "{titer}" if form == "quantity" else ""
    return lab._replace(
        code=rng.choice(("5048-4", "29953-7")), number=number, unit=unit, sign=rng.choice(SIGNS), form=form
    )


def _illness(rng: random.Random, today: date) -> Illness:
    what, system, code = rng.choice(ILLNESSES)
    onset = _day(rng, today) if rng.random() < 0.85 else ""
    recorded = (today - timedelta(days=rng.choice(OFFSETS))).isoformat() if rng.random() < 0.5 else ""
    recorded = recorded if recorded[: len(onset)] >= onset else ""  # nothing is recorded before it begins
    return Illness(what, system, code, rng.choice(CLINICAL), rng.choice(VERIFICATION), onset, recorded)


def _biopsy(rng: random.Random, today: date, number: int) -> Biopsy:
    """Two biopsies of one patient lie half a year apart or more."""
    day = today - timedelta(days=rng.choice((-3, 0, 30, 90)) + 270 * number)
    scheme, status = rng.choice(("ISN/RPS", "ISN/RPS", "WHO")), rng.choice(("final",) * 5 + ("preliminary",))
    return Biopsy(rng.choice(CLASSES), scheme, day.isoformat(), status)
