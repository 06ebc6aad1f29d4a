"""The words of the compact chart notation: what a physician writes, and the concept that it stands for.

Codes are not repeated here; they come from the concept files, so that a chart says what the service reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import NamedTuple


class ChartError(ValueError):
    """A line of a chart that cannot be understood; the message names it and what is near."""


class Word(NamedTuple):
    """A concept, and one of its codes where the first will not do."""

    concept: str
    code: str = ""


RESULTS: Mapping[str, Word] = {
    "UPCR": Word("urine-protein-creatinine-ratio"),
    "24 h urine protein": Word("urine-protein-24h"),
    "urine red cells": Word("urine-red-cells"),
    "urine white cells": Word("urine-white-cells"),
    "red cell casts": Word("urine-casts"),
    "creatinine": Word("creatinine"),
    "SLEDAI-2K": Word("sledai-2k-total"),
    "2019 EULAR/ACR criteria": Word("eular-acr-2019-criteria"),
    "ANA": Word("ana"),
    "ANA by immunofluorescence, no titre": Word("ana", "42254-3"),
    "ANA by immunoassay": Word("ana", "47383-5"),
    "ANA, method not stated": Word("ana", "8061-4"),
    "anti-dsDNA": Word("anti-dsdna"),
    "anti-Sm": Word("anti-sm"),
    "anticardiolipin IgG": Word("anticardiolipin-igg"),
    "anti-beta-2 glycoprotein 1": Word("anti-beta2-glycoprotein-1"),
    "lupus anticoagulant": Word("lupus-anticoagulant"),
    "C3": Word("complement-c3"),
    "C4": Word("complement-c4"),
    "CH50": Word("complement-ch50"),
    "white cells": Word("leukocytes"),
    "neutrophils": Word("neutrophils"),
    "platelets": Word("platelets"),
    "haemoglobin": Word("haemoglobin"),
    "Coombs test": Word("direct-antiglobulin-test"),
    "haptoglobin": Word("haptoglobin"),
    "LDH": Word("lactate-dehydrogenase"),
    "reticulocytes": Word("reticulocytes"),
    "indirect bilirubin": Word("indirect-bilirubin"),
    "ALT": Word("alanine-aminotransferase"),
    "AST": Word("aspartate-aminotransferase"),
    "bilirubin": Word("bilirubin"),
    "LVEF": Word("ejection-fraction"),
    "SpO2": Word("oxygen-saturation"),
    "temperature": Word("body-temperature"),
    "CD19 count": Word("cd19-b-cells", "8116-6"),
    "CD19 percentage": Word("cd19-b-cells", "8117-4"),
    "CD19": Word("cd19-b-cells"),
    "BCMA": Word("bcma-b-cells"),
    "ECOG": Word("ecog"),
    "hCG in serum": Word("hcg", "2118-8"),
    "hCG in urine": Word("hcg", "2106-3"),
    "hCG level": Word("hcg", "21198-7"),
    "pregnancy status": Word("pregnancy-status"),
    "breast-feeding status": Word("lactation-status"),
    "activity index": Word("nih-activity-index"),
    "chronicity index": Word("nih-chronicity-index"),
}

CONDITIONS: Mapping[str, Word] = {
    "SLE": Word("sle"),
    "lupus nephritis": Word("lupus-nephritis"),
    "lupus nephritis WHO class I": Word("lupus-nephritis", "73286009"),
    "lupus nephritis WHO class II": Word("lupus-nephritis", "4676006"),
    "lupus nephritis WHO class III": Word("lupus-nephritis", "76521009"),
    "lupus nephritis WHO class IV": Word("lupus-nephritis", "36402006"),
    "lupus nephritis WHO class V": Word("lupus-nephritis", "52042003"),
    "glomerular disease in SLE (M32.14)": Word("lupus-nephritis", "M32.14"),
    "drug-induced lupus": Word("drug-induced-lupus"),
    "discoid lupus": Word("discoid-lupus"),
    "subacute cutaneous lupus": Word("subacute-cutaneous-lupus"),
    "lupus erythematosus of unstated kind": Word("lupus-broad"),
    "pregnancy": Word("pregnancy"),
    "end of pregnancy": Word("pregnancy-end"),
    "breast-feeding": Word("lactation"),
    "menopause": Word("menopause"),
    "uterus removed": Word("uterus-or-ovaries-absent", "Z90.710"),
    "both ovaries removed": Word("uterus-or-ovaries-absent", "Z90.722"),
    "tubal ligation": Word("contraception", "Z98.51"),
    "intrauterine device": Word("contraception", "Z97.5"),
    "earlier CAR T-cell therapy": Word("car-t-history"),
    "kidney failure": Word("kidney-failure"),
    "seizure": Word("seizure"),
    "psychosis": Word("psychosis"),
    "delirium": Word("delirium"),
    "optic neuritis": Word("optic-neuritis"),
    "cranial nerve disorder": Word("cranial-nerve-disorder"),
    "stroke": Word("stroke"),
    "vasculitis": Word("vasculitis"),
    "arthritis": Word("arthritis"),
    "myositis": Word("myositis"),
    "rash of lupus": Word("rash-of-lupus"),
    "alopecia": Word("alopecia"),
    "non-scarring alopecia": Word("nonscarring-alopecia"),
    "oral ulcer": Word("oral-ulcer"),
    "pleurisy": Word("pleurisy"),
    "pleural effusion": Word("serosal-effusion"),
    "acute pericarditis": Word("acute-pericarditis"),
    "leukopenia": Word("leukopenia"),
    "autoimmune haemolytic anaemia": Word("autoimmune-haemolytic-anaemia"),
    "antiphospholipid syndrome": Word("antiphospholipid-syndrome"),
}

PROCEDURES: Mapping[str, Word] = {
    "hysterectomy": Word("hysterectomy"),
    "bilateral oophorectomy": Word("bilateral-oophorectomy"),
    "delivery": Word("delivery"),
    "kidney biopsy": Word("kidney-biopsy"),
    "tubal ligation": Word(""),
}

UNITS: Mapping[str, str] = {
    "g/24h": "g/(24.h)",
    "mg/24h": "mg/(24.h)",
    "/hpf": "/[HPF]",
    "°C": "Cel",
    "°F": "[degF]",
    "G/L": "10*9/L",
    "/µL": "/uL",
    "µmol/L": "umol/L",
    "GPL": "[GPL'U]/mL",
}
"""Units as they are spoken, and in UCUM; any other unit is taken as UCUM already."""

NOT_READ: Mapping[str, tuple[str, bool]] = {
    "results": ("Observation", False),
    "older results": ("Observation", True),
    "diagnoses": ("Condition", False),
    "prescriptions": ("MedicationRequest", False),
    "infusions": ("MedicationAdministration", False),
    "procedures": ("Procedure", False),
    "biopsy reports": ("DiagnosticReport", False),
    "consents": ("Consent", False),
}
"""What may not have been read: the resource type, and whether the newest rows did arrive."""


def find(word: str, known: Iterable[str], what: str) -> str:
    """The word if it is known; else an error that names the nearest."""
    words = list(known)
    if word in words:
        return word
    near = get_close_matches(word, words, n=1) or [w for w in words if w.lower() == word.lower()]
    hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(words)}"
    raise ChartError(f"unknown {what} {word!r}; {hint}")
