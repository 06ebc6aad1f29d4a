"""`python -m tests.browser` gets what the tests need, so that none waits for it."""

from tests.browser.accessibility import axe_source
from tests.browser.chromium import executable
from tests.hapi.maven import SERVER, build

if __name__ == "__main__":
    executable()
    axe_source()
    build(SERVER)
