"""`python -m tests.records` gets HL7's examples and Synthea's patients, so that no test waits."""

from tests.records.general_patients import general_patients
from tests.records.hl7_examples import download

if __name__ == "__main__":
    download()
    general_patients()
