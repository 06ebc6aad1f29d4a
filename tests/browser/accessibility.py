"""axe-core in a page. It comes from npm, in the version and with the hash of package-lock.json."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, ViewportSize

HERE = Path(__file__).parent
TARGET = HERE / "target"
LISTS = ("package.json", "package-lock.json")
GRAVE = ("serious", "critical")

DESKTOP = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=390, height=844)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

RUN = "() => axe.run(document, {resultTypes: ['violations']})"


@cache
def axe_source() -> str:
    """The script; installed by npm if it is not there or is of another version than the lock says."""
    script = TARGET / "node_modules/axe-core/axe.min.js"
    lock = (HERE / "package-lock.json").read_bytes()
    if not script.exists() or (TARGET / "package-lock.json").read_bytes() != lock:
        _install()
    return script.read_text(encoding="utf-8")


def _install() -> None:
    TARGET.mkdir(exist_ok=True)
    for name in LISTS:
        shutil.copyfile(HERE / name, TARGET / name)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
    run = subprocess.run(command, cwd=TARGET, capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise RuntimeError(f"npm ci failed:\n{(run.stdout + run.stderr)[-4000:]}")


def violations(page: Page) -> list[str]:
    """What axe finds grave in the page as it is now, a line each."""
    # Evaluated from outside the page, so that the page's policy against scripts stays in force.
    page.evaluate(axe_source())
    found: dict[str, Any] = page.evaluate(RUN)
    return [_line(one) for one in found["violations"] if one["impact"] in GRAVE]


def violations_everywhere(page: Page) -> list[str]:
    """The same at desktop and phone width, in light and in dark."""
    lines = []
    for size in (DESKTOP, PHONE):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            lines += [f"{size['width']} px, {scheme}: {line}" for line in violations(page)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": DESKTOP["width"], "height": DESKTOP["height"]})
    return lines


def _line(violation: dict[str, Any]) -> str:
    where = "; ".join(" ".join(map(str, node["target"])) for node in violation["nodes"][:4])
    count = len(violation["nodes"])
    return f"{violation['impact']} {violation['id']}: {violation['help']} ({count}: {where})"
