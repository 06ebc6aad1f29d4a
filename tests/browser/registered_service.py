"""The service as an operator starts it for the hospital: gunicorn with two workers, and its log in a file."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.cli.test_serve import ROOT, SERVE, environment, wait_until_up
from tests.deployment.running import key_line


@contextmanager
def registered_service(folder: Path, port: int, settings: Mapping[str, str]) -> Iterator[str]:
    """Its address, until the block ends. What it keeps, and ``service.log``, lie in the folder."""
    url = f"http://127.0.0.1:{port}"
    own = {
        "TRIALHOOK_PUBLIC_URL": url,
        "TRIALHOOK_KEYS": key_line().partition("=")[2].strip('"'),
        "TRIALHOOK_STATE_DIR": str(folder / "state"),
        "TRIALHOOK_SERVE_DRAFTS": "1",
        "WEB_CONCURRENCY": "2",
    }
    with (
        (folder / "service.log").open("wb") as log,
        subprocess.Popen(
            [*SERVE, "--port", str(port)],
            cwd=ROOT,
            env=environment(**own, **settings),
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            wait_until_up(url)
            yield url
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
