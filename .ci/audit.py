"""Look up the pinned packages' known vulnerabilities: fail on one, say in one line if nobody could be asked.

pip-audit alone is not enough: a package that the service does not know is "skipped", and the end is still "no
known vulnerabilities". Behind a mirror that only hands out packages it passes with nothing looked up.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

SERVICES = ("pypi", "osv")
NO_ANSWER = re.compile(
    r"Could not connect|(Connection|Proxy|SSL)Error: |(Connect|Read)Timeout: |HTTPError: (403|407|429|5\d\d) "
)


def main(lock: str, report: Path) -> int:
    """Ask the services in turn; the first that knows our packages decides."""
    report.parent.mkdir(parents=True, exist_ok=True)
    for service in SERVICES:
        report.unlink(missing_ok=True)
        asked = ask(service, lock, report)
        if not report.exists():
            if NO_ANSWER.search(asked.stderr):
                continue
            print(asked.stderr, file=sys.stderr)
            return 1
        packages = json.loads(report.read_text(encoding="utf-8"))["dependencies"]
        if not all("skip_reason" in package for package in packages):
            return verdict(packages, f"{len(packages)} packages of {lock} looked up with {service}")
    print(f"audit: NOT CHECKED: {lock}, no vulnerability service could be reached ({', '.join(SERVICES)})")
    return 0


def ask(service: str, lock: str, report: Path) -> subprocess.CompletedProcess[str]:
    """Run pip-audit on the lock file as it stands, without resolving or installing anything."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--progress-spinner",
        "off",
        "--require-hashes",
        "--disable-pip",
    ]
    command += ["--vulnerability-service", service, "--requirement", lock]
    command += ["--format", "json", "--output", str(report)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def verdict(packages: list[dict[str, Any]], looked_up: str) -> int:
    """Print what was found; 1 if a package is vulnerable, or unknown where others are known."""
    found = 0
    unknown = 0
    for package in packages:
        if "skip_reason" in package:
            unknown += 1
            print(f"audit: {package['name']}: {package['skip_reason']}")
            continue
        for vulnerability in package["vulns"]:
            found += 1
            fixed = ", ".join(vulnerability["fix_versions"]) or "no release yet"
            print(f"audit: {package['name']} {package['version']}: {vulnerability['id']}, fixed in {fixed}")
    print(f"audit: {looked_up}: {found} known vulnerabilities, {unknown} not checked")
    return 1 if found or unknown else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
