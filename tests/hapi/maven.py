"""Builds the two Maven modules beside this file, and only when their sources have changed."""

import subprocess
from pathlib import Path

HERE = Path(__file__).parent
SERVER = HERE / "server"
SYNTHEA = HERE / "synthea"


def build(module: Path) -> Path:
    """Run `mvn package` unless its result is newer than every source; return the target folder."""
    target = module / "target"
    # A mark of our own: Maven leaves a jar and a copied library untouched when only the pom has changed.
    mark = target / "built"
    if not mark.exists() or mark.stat().st_mtime < _newest_source(module):
        _package(module)
        mark.touch()
    return target


def _newest_source(module: Path) -> float:
    sources = [module / "pom.xml", *(module / "src").rglob("*")]
    return max(source.stat().st_mtime for source in sources)


def _package(module: Path) -> None:
    run = subprocess.run(
        ["mvn", "--quiet", "--batch-mode", "package"], cwd=module, capture_output=True, text=True, check=False
    )
    if run.returncode != 0:
        raise RuntimeError(f"mvn package failed in {module.name}:\n{(run.stdout + run.stderr)[-4000:]}")
