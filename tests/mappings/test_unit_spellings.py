"""What laboratories write for units, and what each spelling means."""

# ruff: noqa: RUF001 - full-width letters are what Chinese laboratories send

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.concept import Concept
from mappings.units import (
    SpellingError,
    check_targets,
    convert,
    load_ucum,
    read_spellings,
    spelling,
    unit_table,
)

WRITTEN: dict[str, str] = {
    # thousands per microlitre: K is kelvin in UCUM
    "10*3/uL": "K/uL k/ul K/µL K/μL K/mcL K/mm3 K/mm³ K/cumm thou/uL Thou/mm3 thous/mcL thousand/uL"
    " x10E3/uL 10^3/uL 10³/µL x10³/μL X10(3)/mcL 10*3/ul 10**3/uL 10e3/ul 1000/uL 10^3/mm3 Tsd/µl TH/uL",
    "10*9/L": "10^9/L 10E9/L 10e9/l x10^9/L ×10⁹/L 10⁹/L 10*9/l 10(9)/L 1e9/L E9/L G/L G/l Gpt/l giga/L bil/L"
    " billion/L 10^9cells/L x10*9/L ｘ１０＾９／Ｌ",
    "10*6/uL": "10^6/uL x10E6/uL M/uL mill/uL million/uL Mio/µl 10⁶/µL 10^6/mm3",
    "10*12/L": "10^12/L 10¹²/L 10E12/L T/L Tpt/l tera/L x10^12/L",
    "/uL": "cells/uL cells/µL cells/mm3 cells/mm³ /mm3 /mm³ /cumm 1/uL {cells}/uL #/uL count/uL per/uL 个/μL",
    # urine sediment
    "/[HPF]": "/HPF /hpf #/HPF cells/hpf RBC/hpf WBC/HPF {#}/hpf [HPF] perHPF /HP 个/HP 个/HPF /高倍视野",
    "/[LPF]": "/LPF /lpf casts/LPF [LPF] {#}/LPF /LP 个/LP",
    # 24 hours
    "g/d": "g/24h g/24hr g/24hrs g/24hours g/day gm/24h GM/24HR g/24.h g/{24_h} g/24Std g/Tag"
    " g/die g/24小时 G/D",
    "mg/d": "mg/24h mg/24hr mg/24hrs mg/24hours mg/day mg/24.h mg/Tag mg/24小时 MG/24H",
    "mL/d": "mL/24h ml/24hr mL/day ml/24hours",
    # ratios to creatinine
    "mg/mmol{creat}": "mg/mmolcreat mg/mmolCr mg/mmol·Cr mg/mmolKrea mg/mmolcreatinine mg/mmol{cr}"
    " mg/mmolcréatinine",
    "mg/g{creat}": "mg/gcreat mg/gCr mg/g·Cr mg/gCREA mg/gKrea mg/gcreatinine mg/g{creatinine} mg/g肌酐",
    "g/g{creat}": "g/gcreat g/gCr g/g·Cr g/gKrea g/gcreatinine",
    "mg/mg{creat}": "mg/mgcreat mg/mgCr mg/mgcreatinine",
    "g/mol{creat}": "g/molcreat g/molKrea g/molcreatinine",
    # concentrations
    "mg/dL": "mg/dl MG/DL mg/100ml mg% mgs/dl",
    "g/dL": "g/dl GM/DL gm/dL g/100mL g% grams/dL",
    "g/L": "g/l gm/L GM/L gms/l",
    "umol/L": "umol/l µmol/L μmol/l mcmol/L micromol/L UMOL/L",
    "mmol/L": "mmol/l MMOL/L mM",
    # enzymes and antibodies
    "U/L": "u/l units/L Units/l U/l",
    "[iU]/L": "IU/L iu/l UI/L ui/l",
    "[iU]/mL": "IU/mL iu/ml UI/ml",
    "[GPL'U]/mL": "GPL GPL/mL GPL'U/mL GPLunits",
    "{titer}": "titer titre Titer {titre}",
    # kidney function
    "mL/min/{1.73_m2}": "mL/min/1.73m2 mL/min/1.73m² ml/min/1,73m² mL/min/1.73m^2 mL/min/1.73sq.m"
    " mL/minper1.73m2 mL/(min·1.73m²) mL/min/{1.73_M2} mL/min/1.73 mL/min/(173.10*-2.m2)",
    "mL/min": "ml/min mL/minute cc/min",
    # gm is a gram in American English, mc is micro; below, jour is a day, qm a square metre in German, and ~
    # stands for the sign of a power
    "mg/g": "mg/gm MG/GM",
    "g/g": "gm/gm GM/GM",
    "ug/mg": "mcg/mg µg/mg ug/mg",
    # temperature and others
    "Cel": "°C ℃ ºC degC degreesC Celsius C",
    "[degF]": "°F ℉ degF Fahrenheit F",
    "mm[Hg]": "mmHg mmhg MMHG",
    "%": "percent pct ％ %sat",
    "mm/h": "mm/hr mm/hour mm/1h",
}
SPELLINGS = [(way, ucum) for ucum, ways in WRITTEN.items() for way in ways.split()]


def test_the_table_is_long_enough_to_be_of_use() -> None:
    assert len(SPELLINGS) >= 200


@pytest.mark.parametrize(("way", "ucum"), SPELLINGS)
def test_a_spelling_means_its_ucum_unit(way: str, ucum: str) -> None:
    assert spelling(way, "x") == ucum
    assert spelling(f" {way} ", "x") == ucum


@pytest.mark.parametrize(
    ("way", "ucum"),
    [
        ("mg/mmol creat", "mg/mmol{creat}"),
        ("mg / g creatinine", "mg/g{creat}"),
        ("g / 24 h", "g/d"),
        ("mg/24 hours", "mg/d"),
        ("x 10^9/L", "10*9/L"),
        ("10^3 / uL", "10*3/uL"),
        ("mL/min/1.73 m²", "mL/min/{1.73_m2}"),
        ("ml/min per 1.73 m2", "mL/min/{1.73_m2}"),
        ("% of lymphs", "%"),
        ("per hpf", "/[HPF]"),
        ("g/24 hour urine", "g/d"),
        ("mL/min/{1.73_M2}", "mL/min/{1.73_m2}"),
        ("mg/gm creat", "mg/g{creat}"),
        ("gm/gm creat", "g/g{creat}"),
        ("g/gCre", "g/g{creat}"),
        ("mg/g{Cre}", "mg/g{creat}"),
        ("g/jour", "g/d"),
        ("mg/24h vol", "mg/d"),
        ("mg/24 heures", "mg/d"),
        ("10~9/L", "10*9/L"),
        ("x10~9/L", "10*9/L"),
        ("10E+9/L", "10*9/L"),
        ("10e+3/uL", "10*3/uL"),
        ("mL/min/1.73qm", "mL/min/{1.73_m2}"),
        ("ml/min/1,73 qm", "mL/min/{1.73_m2}"),
        ("%O2", "%"),
        ("% O2", "%"),
    ],
)
def test_blanks_do_not_count(way: str, ucum: str) -> None:
    assert spelling(way, "x") == ucum


@pytest.mark.parametrize(
    ("way", "why"),
    [
        ("mil/uL", "a million in English, a thousand in Spanish"),
        ("g", "collected for how long?"),
        ("mg/creat", "per gram, or per millimole?"),
        ("units", "of what?"),
        ("U", "of what?"),
        ("10^9", "in what?"),
        ("mg/vol", "of which volume?"),
        ("mg/gr", "gram, or grain?"),
        ("g/j", "a day in French, or joule?"),
        ("g/24", "hours?"),
        ("mc/mg", "of what?"),
        ("10~9", "from ten to nine, or in what?"),
        ("mL/min/qm", "square metre, but not 1.73 of them"),
        ("O2", "of what?"),
    ],
)
def test_what_may_mean_several_things_is_left_as_it_is(way: str, why: str) -> None:
    assert spelling(way, "x") == way, why


def test_case_counts_where_it_tells_giga_from_gram_and_mega_from_milli() -> None:
    assert spelling("G/L", "x") == "10*9/L"
    assert spelling("g/l", "x") == "g/L"
    assert spelling("M/uL", "x") == "10*6/uL"
    assert spelling("m/uL", "x") == "m/uL"
    assert spelling("mM", "x") == "mmol/L"
    assert spelling("MM", "x") == "MM"


def test_each_unit_says_what_it_means_and_is_known_to_ucum() -> None:
    table = unit_table()
    assert all(unit.means for unit in table.units)
    check_targets(table)


BAD = {
    "stands twice": "{ucum: g/d, means: m, written: [g/24h, G / 24 H]}",
    "also under 'g/d'": "{ucum: g/d, means: m, written: [g/24h]}, {ucum: mg/d, means: m, written: [g/24h]}",
    "stands twice (": "{ucum: g/d, means: m}, {ucum: g/d, means: m}",
    "also under 'g/d' ": "{ucum: g/d, means: m, as_written: [G]}, {ucum: mg/d, means: m, as_written: [G]}",
    "not {'ucum'": "{ucum: g/d, written: [g/24h]}",
    "and 'as_written'": "{ucum: g/d, means: m, wrote: [g/24h]}",
    "empty text": "{ucum: g/d, means: m, written: ['']}",
}


@pytest.mark.parametrize(("fault", "units"), BAD.items())
def test_a_table_that_contradicts_itself_is_refused(fault: str, units: str, tmp_path: Path) -> None:
    path = tmp_path / "spellings.yaml"
    path.write_text(f"schema: 1\nunits: [{units}]\n", encoding="utf-8")
    with pytest.raises(SpellingError, match=r"spellings\.yaml") as raised:
        read_spellings(path)
    assert fault.strip() in str(raised.value)


def test_a_table_in_another_form_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "spellings.yaml"
    path.write_text("g/d: [g/24h]\n", encoding="utf-8")
    with pytest.raises(SpellingError, match="list of 'units'"):
        read_spellings(path)


def test_a_spelling_of_a_unit_that_ucum_does_not_know_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "spellings.yaml"
    path.write_text("schema: 1\nunits: [{ucum: grams, means: m}]\n", encoding="utf-8")
    with pytest.raises(SpellingError, match="not a UCUM unit"):
        check_targets(read_spellings(path))


def test_the_service_does_not_start_with_such_a_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "spellings.yaml"
    path.write_text("schema: 1\nunits: [{ucum: grams, means: m}]\n", encoding="utf-8")
    monkeypatch.setattr("mappings.units.converting.unit_table", lambda: read_spellings(path))
    with pytest.raises(SpellingError, match="not a UCUM unit"):
        load_ucum()


def test_a_site_s_own_spelling_goes_before_all_others_and_counts_to_the_letter() -> None:
    own = {"mg/mmol (Hausmethode)": "mg/mmol", "K/uL": "/uL"}
    upcr = Concept("u", "u", "measurement", unit="mg/mmol", unit_spellings=own)
    assert convert(3.0, "mg/mmol (Hausmethode)", upcr) == 3.0
    assert convert(3.0, "MG/MMOL (Hausmethode)", upcr) is None
    assert convert(4000.0, "K/uL", Concept("w", "w", "measurement", unit="10*9/L", unit_spellings=own)) == 4.0
