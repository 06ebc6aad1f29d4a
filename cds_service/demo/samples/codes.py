"""The codes that the sample stories use, by clinical name. Each one was verified; nothing here is invented.

Where no verified code exists (SLEDAI-2K, the NIH indices, telitacicept) the concept has text only, as real
charts do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@dataclass(frozen=True)
class Concept:
    """A clinical name with the codings a chart would carry for it; `key` is used in resource ids."""

    key: str
    text: str
    codings: tuple[tuple[str, str, str], ...] = ()

    def as_fhir(self) -> dict[str, Any]:
        """The CodeableConcept; a concept without codings has text only."""
        codings = [
            {"system": system, "code": code, "display": display} for system, code, display in self.codings
        ]
        return {"coding": codings, "text": self.text} if codings else {"text": self.text}


def _loinc(key: str, text: str, code: str, display: str) -> Concept:
    return Concept(key, text, ((LOINC, code, display),))


def _snomed(key: str, text: str, code: str, display: str = "") -> Concept:
    return Concept(key, text, ((SNOMED, code, display or text),))


def _icd(key: str, text: str, code: str, display: str) -> Concept:
    return Concept(key, text, ((ICD10CM, code, display),))


def _drug(key: str, code: str, display: str) -> Concept:
    return Concept(key, display, ((RXNORM, code, display),))


# Diagnoses
SLE = _snomed("sle", "Systemic lupus erythematosus", "55464009")
LUPUS_NEPHRITIS = _snomed("lupus-nephritis", "Lupus nephritis", "68815009", "SLE glomerulonephritis syndrome")
LUPUS_NEPHRITIS_ICD = _icd(
    "lupus-nephritis", "Lupus nephritis", "M32.14", "Glomerular disease in systemic lupus erythematosus"
)
LUPUS_NEPHRITIS_WHO_IV = _snomed(
    "who-class-iv",
    "Lupus nephritis, WHO class IV",
    "36402006",
    "SLE glomerulonephritis syndrome, WHO class IV",
)
DRUG_INDUCED_LUPUS = Concept(
    "drug-induced-lupus",
    "Drug-induced lupus",
    (
        (SNOMED, "201436003", "Drug-induced systemic lupus erythematosus"),
        (ICD10CM, "M32.0", "Drug-induced systemic lupus erythematosus"),
    ),
)
DISCOID_LUPUS = Concept(
    "discoid-lupus",
    "Discoid lupus",
    (
        (SNOMED, "200938002", "Discoid lupus erythematosus"),
        (ICD10CM, "L93.0", "Discoid lupus erythematosus"),
    ),
)
ARTHRITIS = _snomed("arthritis", "Arthritis", "3723001")
PREGNANT_STATE = _icd("pregnant-state", "Pregnant", "Z33.1", "Pregnant state, incidental")
UTERUS_REMOVED = _icd("hysterectomy", "Hysterectomy", "Z90.710", "Acquired absence of both cervix and uterus")

# Kidney biopsy
KIDNEY_BIOPSY = _snomed("kidney-biopsy", "Kidney biopsy", "7246002")
KIDNEY_SPECIMEN = _snomed("kidney-specimen", "Kidney biopsy specimen", "309269002")
BIOPSY_REPORT = _loinc("biopsy-report", "Kidney biopsy report", "65757-7", "Kidney Pathology biopsy report")
SYNOPTIC_REPORT = _loinc("synoptic", "Kidney biopsy, synoptic report", "60568-3", "Pathology Synoptic report")
PATHOLOGY = Concept("pathology", "Pathology", ((LOINC, "LP7839-6", "Pathology"),))
LN_CLASS = Concept("ln-class", "Lupus nephritis class (ISN/RPS 2018)")
ACTIVITY_INDEX = Concept("activity-index", "NIH activity index")
CHRONICITY_INDEX = Concept("chronicity-index", "NIH chronicity index")

# Urine
UPCR = _loinc("upcr", "Urine protein/creatinine ratio", "2890-2", "Protein/Creatinine [Mass Ratio] in Urine")
UPCR_ANY_UNIT = _loinc(
    "upcr", "Urine protein/creatinine ratio", "34366-5", "Protein/Creatinine [Ratio] in Urine"
)
PROTEIN_24H = _loinc(
    "protein-24h", "Protein, 24-hour urine", "2889-4", "Protein [Mass/time] in 24 hour Urine"
)
URINE_RBC = _loinc(
    "urine-rbc",
    "Urine red cells per field",
    "13945-1",
    "Erythrocytes [#/area] in Urine sediment by Microscopy high power field",
)
URINE_WBC = _loinc(
    "urine-wbc",
    "Urine white cells per field",
    "5821-4",
    "Leukocytes [#/area] in Urine sediment by Microscopy high power field",
)

# Immunology
ANA_TITRE = _loinc("ana", "ANA titre", "5048-4", "Nuclear Ab [Titer] in Serum by Immunofluorescence")
ANA_PRESENCE = _loinc("ana", "ANA", "8061-4", "Nuclear Ab [Presence] in Serum")
DSDNA = _loinc("dsdna", "Anti-dsDNA antibodies", "5130-0", "DNA double strand Ab [Units/volume] in Serum")
C3 = _loinc("c3", "Complement C3", "4485-9", "Complement C3 [Mass/volume] in Serum or Plasma")
C4 = _loinc("c4", "Complement C4", "4498-2", "Complement C4 [Mass/volume] in Serum or Plasma")
CD19_COUNT = _loinc("cd19", "CD19+ B cells", "8116-6", "CD19 cells [#/volume] in Blood")
CD19_PERCENT = _loinc("cd19-percent", "CD19+ B cells, percent", "8117-4", "CD19 cells/100 cells in Blood")

# Blood count, chemistry, heart, lung
LEUKOCYTES = _loinc("wbc", "Leukocytes", "6690-2", "Leukocytes [#/volume] in Blood by Automated count")
NEUTROPHILS = _loinc(
    "neutrophils", "Neutrophils", "751-8", "Neutrophils [#/volume] in Blood by Automated count"
)
PLATELETS = _loinc("platelets", "Platelets", "777-3", "Platelets [#/volume] in Blood by Automated count")
HAEMOGLOBIN = _loinc("hb", "Haemoglobin", "718-7", "Hemoglobin [Mass/volume] in Blood")
CREATININE = _loinc("creatinine", "Creatinine", "2160-0", "Creatinine [Mass/volume] in Serum or Plasma")
CREATININE_MOLAR = _loinc(
    "creatinine", "Creatinine", "14682-9", "Creatinine [Moles/volume] in Serum or Plasma"
)
ALT = _loinc(
    "alt", "ALT", "1742-6", "Alanine aminotransferase [Enzymatic activity/volume] in Serum or Plasma"
)
AST = _loinc(
    "ast", "AST", "1920-8", "Aspartate aminotransferase [Enzymatic activity/volume] in Serum or Plasma"
)
BILIRUBIN = _loinc(
    "bilirubin", "Bilirubin, total", "1975-2", "Bilirubin.total [Mass/volume] in Serum or Plasma"
)
LVEF = _loinc("lvef", "LV ejection fraction", "8806-2", "Left ventricular Ejection fraction by 2D echo")
TEMPERATURE = _loinc("temperature", "Temperature", "8310-5", "Body temperature")
SPO2 = Concept(
    "spo2",
    "Oxygen saturation",
    (
        (LOINC, "59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
        (LOINC, "2708-6", "Oxygen saturation in Arterial blood"),
    ),
)

# Function, pregnancy, scores
ECOG = _loinc("ecog", "ECOG performance status", "89247-1", "ECOG Performance Status score")
SLEDAI_2K = Concept("sledai-2k", "SLEDAI-2K total score")
HCG_URINE = _loinc(
    "hcg", "Pregnancy test (hCG), urine", "2106-3", "Choriogonadotropin (pregnancy test) [Presence] in Urine"
)
PREGNANCY_STATUS = _loinc("pregnancy-status", "Pregnancy status", "82810-3", "Pregnancy status")
BREASTFEEDING = _loinc("breastfeeding", "Breastfeeding", "63895-7", "Breastfeeding status")
POSITIVE = _snomed("positive", "Positive", "10828004")
NEGATIVE = _snomed("negative", "Negative", "260385009")
PREGNANT = _snomed("pregnant", "Pregnant", "77386006")

# Drugs: products as a US pharmacy writes them, and bare ingredients
PREDNISONE_20MG = _drug("prednisone", "312615", "predniSONE 20 MG Oral Tablet")
MYCOPHENOLATE_500MG = _drug("mycophenolate", "200060", "mycophenolate mofetil 500 MG Oral Tablet")
HYDROXYCHLOROQUINE_200MG = _drug(
    "hydroxychloroquine", "979092", "hydroxychloroquine sulfate 200 MG Oral Tablet"
)
CICLOSPORIN_100MG = _drug("ciclosporin", "241834", "cycloSPORINE, modified 100 MG Oral Capsule")
PREDNISONE = _drug("prednisone", "8640", "prednisone")
PREDNISOLONE = _drug("prednisolone", "8638", "prednisolone")
METHYLPREDNISOLONE = _drug("methylprednisolone", "6902", "methylprednisolone")
MYCOPHENOLATE = _drug("mycophenolate", "68149", "mycophenolate mofetil")
HYDROXYCHLOROQUINE = _drug("hydroxychloroquine", "5521", "hydroxychloroquine")
AZATHIOPRINE = _drug("azathioprine", "1256", "azathioprine")
CYCLOPHOSPHAMIDE = _drug("cyclophosphamide", "3002", "cyclophosphamide")
RITUXIMAB = _drug("rituximab", "121191", "rituximab")
TACROLIMUS_OINTMENT = Concept(
    "tacrolimus-ointment", "tacrolimus 0.1 % ointment", ((RXNORM, "42316", "tacrolimus"),)
)
PREDNISOLONE_EYE_DROPS = Concept(
    "prednisolone-eye-drops", "prednisolone 1 % eye drops", ((RXNORM, "8638", "prednisolone"),)
)
TELITACICEPT_TEXT = Concept("telitacicept", "泰它西普 (telitacicept) 160 mg, subcutaneous, weekly")
HYDRALAZINE_TEXT = Concept("hydralazine", "hydralazine 50 mg three times a day")
