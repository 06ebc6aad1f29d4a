"""`python -m tests.hapi` downloads, builds and generates what the tests need, so that none waits for it."""

import os

from tests.hapi.lupus_patients import default_patients
from tests.hapi.maven import SERVER, build

if __name__ == "__main__":
    if not os.environ.get("HAPI_BASE_URL"):
        build(SERVER)
    default_patients()
