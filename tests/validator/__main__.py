"""`python -m tests.validator` downloads and builds what the tests need, so that none waits for it."""

from tests.validator.hl7_validator import prepare

if __name__ == "__main__":
    prepare()
