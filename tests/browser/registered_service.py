"""The service as an operator starts it for the hospital: gunicorn with two workers, and its log in a file."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import requests

from tests.cli.test_serve import ROOT, SERVE, environment
from tests.deployment.running import key_line, until


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
            for _ in until("the service answers", seconds=90):
                if process.poll() is not None or _answers(url):
                    break
            assert process.poll() is None, (folder / "service.log").read_text(encoding="utf-8")
            yield url
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _answers(url: str) -> bool:
    with requests.Session() as session:
        session.trust_env = False
        try:
            return session.get(f"{url}/healthz", timeout=5).ok
        except requests.RequestException:
            return False
