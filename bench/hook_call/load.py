"""The same load on several servers in turn: four connections, each a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench.hook_call.servers import BUILD, ROOT

CONNECTIONS = 4
WARM_UP = 1.0
SECONDS = 2.0
_LATE = 30.0
MOST_CALLS = 600
"""That one connection makes in a round, at most."""


class Target(NamedTuple):
    """A server, where it takes a hook call, and what its answers must hold.

    ``sign`` makes a token for one call, where the server wants one.
    """

    port: int
    path: str
    expected: str
    sign: Callable[[], str] | None = None


class Rounds(NamedTuple):
    """One number for each round: requests in a second, and the median milliseconds of a call."""

    rates: list[float]
    milliseconds: list[float]


def in_turn(targets: Mapping[str, Target], body: Path, rounds: int) -> dict[str, Rounds]:
    """Every server in every round, and the order turned around from round to round."""
    found = {name: Rounds([], []) for name in targets}
    for number in range(rounds):
        names = list(targets) if number % 2 == 0 else list(targets)[::-1]
        for name in names:
            taken = _one_load(targets[name], body)
            found[name].rates.append(len(taken) / SECONDS)
            found[name].milliseconds.append(median(taken) * 1000)
    return found


def _one_load(target: Target, body: Path) -> list[float]:
    tokens = [_tokens(target.sign, number) for number in range(CONNECTIONS)]
    start = time.monotonic() + WARM_UP
    command = [sys.executable, "-m", "bench.hook_call.client", str(target.port), target.path]
    command += [str(body), target.expected, str(start), str(SECONDS)]
    clients = [
        subprocess.Popen(
            [*command, *some], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for some in tokens
    ]
    try:
        return [seconds for client in clients for seconds in _answers(client)]
    finally:
        for client in clients:
            client.kill()
            client.wait()


def _tokens(sign: Callable[[], str] | None, number: int) -> list[str]:
    """The argument that names a file of fresh tokens, more than one connection can use."""
    if sign is None:
        return []
    file = BUILD / f"bench-tokens-{number}"
    file.write_text("\n".join(sign() for _ in range(MOST_CALLS)), encoding="utf-8")
    return [str(file)]


def _answers(client: subprocess.Popen[str]) -> list[float]:
    output, errors = client.communicate(timeout=WARM_UP + SECONDS + _LATE)
    if client.returncode != 0:
        raise RuntimeError(f"a client of the bench failed: {errors.strip()[-500:]}")
    taken: list[float] = json.loads(output)
    return taken
