"""What a chart holds beside the facts of the story: the tests of a lupus clinic, and everything else."""

from __future__ import annotations

from typing import NamedTuple

from cds_service.demo.samples import codes
from cds_service.demo.samples.codes import LOINC, Concept


class Test(NamedTuple):
    """A test with its usual value; ``flag`` is its interpretation where a laboratory sends one."""

    what: Concept
    value: float
    unit: str
    category: str = "laboratory"
    flag: str = ""


def _other(code: str, text: str) -> Concept:
    return Concept(code, text, ((LOINC, code, text),))


NEEDED: tuple[Test, ...] = (
    Test(codes.UPCR, 1.6, "g/g"),
    Test(codes.CREATININE, 0.8, "mg/dL"),
    Test(codes.HAEMOGLOBIN, 11.9, "g/dL"),
    Test(codes.LEUKOCYTES, 5.2, "10*9/L"),
    Test(codes.NEUTROPHILS, 3.5, "10*9/L"),
    Test(codes.PLATELETS, 220, "10*3/uL"),
    Test(codes.ALT, 21, "U/L"),
    Test(codes.AST, 23, "U/L"),
    Test(codes.BILIRUBIN, 0.6, "mg/dL"),
    Test(codes.URINE_RBC, 9, "/[HPF]"),
    Test(codes.URINE_WBC, 3, "/[HPF]"),
    Test(codes.C3, 0.6, "g/L", flag="L"),
    Test(codes.C4, 0.08, "g/L", flag="L"),
    Test(codes.DSDNA, 240, "[IU]/mL", flag="H"),
    Test(codes.PROTEIN_24H, 1.3, "g/(24.h)"),
    Test(codes.TEMPERATURE, 36.8, "Cel", "vital-signs"),
    Test(codes.SPO2, 90, "%", "vital-signs"),
)
"""Tests that the trial or one of its scores asks for."""

OTHERS: tuple[Test, ...] = (
    Test(_other("2951-2", "Sodium"), 140, "mmol/L"),
    Test(_other("2823-3", "Potassium"), 4.2, "mmol/L"),
    Test(_other("2075-0", "Chloride"), 103, "mmol/L"),
    Test(_other("2028-9", "Carbon dioxide, total"), 25, "mmol/L"),
    Test(_other("3094-0", "Urea nitrogen"), 14, "mg/dL"),
    Test(_other("2345-7", "Glucose"), 92, "mg/dL"),
    Test(_other("17861-6", "Calcium"), 9.4, "mg/dL"),
    Test(_other("787-2", "MCV"), 88, "fL"),
    Test(_other("785-6", "MCH"), 29, "pg"),
    Test(_other("2093-3", "Cholesterol"), 190, "mg/dL"),
    Test(_other("2571-8", "Triglycerides"), 130, "mg/dL"),
    Test(_other("4548-4", "Hemoglobin A1c"), 5.5, "%"),
    Test(_other("29463-7", "Body Weight"), 61, "kg", "vital-signs"),
    Test(_other("8302-2", "Body Height"), 163, "cm", "vital-signs"),
    Test(_other("39156-5", "Body mass index"), 23, "kg/m2", "vital-signs"),
    Test(_other("8867-4", "Heart rate"), 76, "/min", "vital-signs"),
    Test(_other("9279-1", "Respiratory rate"), 14, "/min", "vital-signs"),
)
"""Tests that no definition asks for. A blood pressure, in two components, comes beside them."""

BLOOD_PRESSURE = _other("85354-9", "Blood pressure panel with all children optional")
PARTS_OF_BLOOD_PRESSURE: tuple[Test, ...] = (
    Test(_other("8462-4", "Diastolic Blood Pressure"), 78, "mm[Hg]"),
    Test(_other("8480-6", "Systolic Blood Pressure"), 124, "mm[Hg]"),
)
