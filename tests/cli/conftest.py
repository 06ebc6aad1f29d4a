"""Files of sample patients, and the command line run in this process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest
from click.testing import CliRunner, Result

from cds_service.cli import main
from cds_service.demo import samples

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """Runs ``trialhook`` with these arguments; stdout and stderr stay apart."""

    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return invoke


@pytest.fixture(scope="session")
def bundles(today: date) -> dict[str, Any]:
    """The sample patients' Bundles by id."""
    return {sample.id: sample.build(today) for sample in samples.ALL}


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str, object], Path]:
    """Writes a document, or lines of documents, to a file."""

    def write(name: str, content: object) -> Path:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif name.endswith(".ndjson") and isinstance(content, list):
            path.write_bytes(b"\n".join(orjson.dumps(one) for one in content))
        else:
            path.write_bytes(orjson.dumps(content))
        return path

    return write
