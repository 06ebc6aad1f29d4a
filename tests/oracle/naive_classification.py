"""The 2019 EULAR/ACR criteria, domain by domain, as in section 1 of the reference and the trial's page."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from tests.oracle.facts import Chart, Illness, Lab
from tests.oracle.naive_reading import (
    CARDIOLIPIN,
    TO_BILLIONS_PER_L,
    TO_G_PER_DAY,
    TO_G_PER_G,
    Answer,
    above,
    below,
    celsius,
    is_confirmed,
    is_later_than,
    is_low,
    is_raised,
    is_usable,
    is_void,
    number_of,
)
from tests.oracle.naive_score import NaiveScore

MOST = (
    51  # what was not seen may have been there at some time, so every domain can still reach its highest item
)


def naive_classification(chart: Chart) -> NaiveScore:
    """Points from anything ever on record, and the verdict on "at least 10, entry, and one clinical item"."""
    today = date.fromisoformat(chart.today)
    clinical = 2 if ever(chart, today, "temperature") else 0
    clinical += blood(chart, today) + brain(chart, today) + skin(chart, today) + serosa(chart, today)
    clinical += 6 if ill(chart, today, "arthritis") else 0
    clinical += kidney(chart, today)
    immunology = 2 if antiphospholipid(chart, today) else 0
    immunology += complement(chart, today)
    immunology += 6 if ever(chart, today, "anti-dsDNA") or ever(chart, today, "anti-Sm") else 0

    total, entry = clinical + immunology, entry_criterion(chart, today)
    if entry is False:
        return NaiveScore(total, MOST, False, {}, entry)
    reached: Answer = True if total >= 10 and clinical > 0 and entry is True else None
    return NaiveScore(total, MOST, reached, {}, entry)


def blood(chart: Chart, today: date) -> int:
    if ever(chart, today, "platelets") or haemolysis(chart, today):
        return 4
    return 3 if ever(chart, today, "white cells") or ill(chart, today, "leukopenia") else 0


def brain(chart: Chart, today: date) -> int:
    if ill(chart, today, "seizure"):
        return 5
    if ill(chart, today, "psychosis"):
        return 3
    return 2 if ill(chart, today, "delirium") else 0


def skin(chart: Chart, today: date) -> int:
    """Acute cutaneous lupus (6) has no code in the reference, so no chart can show it."""
    if ill(chart, today, "subacute cutaneous lupus") or ill(chart, today, "discoid lupus"):
        return 4
    return 2 if ill(chart, today, "non-scarring alopecia") or ill(chart, today, "oral ulcer") else 0


def serosa(chart: Chart, today: date) -> int:
    if ill(chart, today, "acute pericarditis"):
        return 6
    return 5 if ill(chart, today, "pleural effusion") or ill(chart, today, "pericardial effusion") else 0


def kidney(chart: Chart, today: date) -> int:
    classes = classes_ever(chart, today)
    if "III" in classes or "IV" in classes:
        return 10
    if "II" in classes or "V" in classes:
        return 8
    return 4 if ever(chart, today, "24 h urine protein") or ever(chart, today, "UPCR") else 0


def complement(chart: Chart, today: date) -> int:
    low_c3, low_c4 = ever(chart, today, "C3"), ever(chart, today, "C4")
    if low_c3 and low_c4:
        return 4
    return 3 if low_c3 or low_c4 else 0


def entry_criterion(chart: Chart, today: date) -> Answer:
    """ANA of 1:80 or an equivalent test, ever. Only negatives: not shown, unless lupus is diagnosed."""
    answers = [ana(lab) if is_usable(lab) else None for lab in on_record(chart, today, "ANA")]
    if True in answers:
        return True
    if not answers or None in answers:
        return None
    diagnosed = any(
        illness.what
        in ("SLE", "lupus nephritis", "WHO class II", "WHO class III", "WHO class IV", "WHO class V")
        for illness in known(chart, today)
    )
    return None if diagnosed else False


def ana(lab: Lab) -> Answer:
    """A titre decides at 1:80. Positive immunofluorescence without a titre is imprecise."""
    if lab.number:
        if lab.sign == "":
            return int(lab.number) >= 80
        if lab.sign in (">", ">="):
            return True if int(lab.number) >= 80 else None
        return False if int(lab.number) < 80 or (lab.sign == "<" and int(lab.number) == 80) else None
    if lab.answer == "positive":
        return None if lab.code == "42254-3" else True
    return False


def haemolysis(chart: Chart, today: date) -> bool:
    """A positive direct Coombs test and one sign of haemolysis, or the diagnosis."""
    if ill(chart, today, "autoimmune haemolytic anaemia"):
        return True
    signs = ("haptoglobin", "LDH", "reticulocytes", "indirect bilirubin")
    return ever(chart, today, "Coombs test") and any(ever(chart, today, sign) for sign in signs)


def antiphospholipid(chart: Chart, today: date) -> bool:
    tests = (
        "anticardiolipin IgG",
        "anticardiolipin IgM",
        "anti-beta-2 glycoprotein 1",
        "lupus anticoagulant",
    )
    return ill(chart, today, "antiphospholipid syndrome") or any(ever(chart, today, test) for test in tests)


def classes_ever(chart: Chart, today: date) -> set[str]:
    """Classes of final biopsy reports by either scheme, and of diagnoses by WHO class, of any date."""
    found: set[str] = set()
    for biopsy in chart.biopsies:
        if biopsy.status in ("final", "amended", "corrected") and not is_later_than(biopsy.day, today):
            found.update(biopsy.classes)
    for name in ("II", "III", "IV", "V"):
        if ill(chart, today, f"WHO class {name}"):
            found.add(name)
    return found


def known(chart: Chart, today: date) -> list[Illness]:
    """Conditions that are not refuted and not of a later day."""
    return [
        illness
        for illness in chart.illnesses
        if is_confirmed(illness) is not False and not is_later_than(illness.onset or illness.recorded, today)
    ]


def ill(chart: Chart, today: date, what: str) -> bool:
    """Whether a confirmed Condition of any date is on record, whatever became of it."""
    return any(each.what == what and is_confirmed(each) is True for each in known(chart, today))


def on_record(chart: Chart, today: date, what: str) -> list[Lab]:
    return [
        lab
        for lab in chart.labs
        if lab.what == what and not is_void(lab) and not is_later_than(lab.day, today)
    ]


def ever(chart: Chart, today: date, what: str) -> bool:
    """Whether any usable result of any date shows it; a later normal one takes nothing away."""
    return any(is_usable(lab) and shows(lab) is True for lab in on_record(chart, today, what))


def shows(lab: Lab) -> Answer:
    """The item's own cut-off, which is not always that of SLEDAI-2K."""
    if lab.what == "temperature":
        return above(celsius(lab), lab.sign, Fraction("38.3"))
    if lab.what in ("white cells", "platelets"):
        limit = Fraction(4) if lab.what == "white cells" else Fraction(100)
        return below(number_of(lab, TO_BILLIONS_PER_L), lab.sign, limit)
    if lab.what in ("24 h urine protein", "UPCR"):
        factors = TO_G_PER_G if lab.what == "UPCR" else TO_G_PER_DAY
        return above(number_of(lab, factors), lab.sign, Fraction("0.5"))
    if lab.what in ("anticardiolipin IgG", "anticardiolipin IgM"):
        return above(number_of(lab, CARDIOLIPIN), lab.sign, Fraction(40))
    return is_low(lab) if lab.what in ("C3", "C4", "haptoglobin") else is_raised(lab)
