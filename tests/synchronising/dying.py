"""A process that synchronises with a FHIR server over HTTP, and is killed where it is told to be.

`python -m tests.synchronising.dying DATABASE FHIR_BASE WHAT WHERE`, in a process of its own.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import requests

from cds_service.oauth.exchange import Answer, Asked, Exchange
from cds_service.outbound.sessions import Rule
from cds_service.referrals.states import State
from tests.synchronising.world import BASE, World

POINTS = {
    "before it is sent": ("", ""),
    "before the write is noted": ("remotes", "keep"),
    "before it is told": ("book", "wrote"),
    "before it is done": ("outbox", "done"),
    "while it is sent": ("", ""),
    "after it was learnt": ("remotes", "keep"),
    "before the cursor moves": ("cursors", "keep"),
}


def die(*_: object, **__: object) -> Any:
    """At once, without any farewell."""
    os.kill(os.getpid(), signal.SIGKILL)


class OverHttp(Exchange):
    """Requests over the network. ``dies`` after the first write was applied, and before that is heard of."""

    def __init__(self, base: str, *, dies: bool) -> None:
        super().__init__()
        self._base, self._dies = base, dies

    def send(self, asked: Asked, rule: Rule) -> Answer:
        """As the service does, but for its rules about addresses."""
        url = asked.url.replace(BASE, self._base)
        answer = requests.request(asked.method, url, headers=dict(asked.headers), data=asked.body, timeout=30)
        if self._dies and asked.method != "GET":
            die()
        return Answer(answer.status_code, answer.headers, answer.content)


def run(url: str, base: str, what: str, where: str) -> None:
    """Refers, moves or looks, and dies."""
    world = World(url, exchange=OverHttp(base, dies=where == "while it is sent"))
    known = world.book.open_of("ehr")
    if what == "refer":
        world.refer()
    elif what == "move":
        world.move(known[0], State.CONTACTED)
    if where == "before it is sent":
        die()
    _arm(world, *POINTS[where])
    world.clock.forward(hours=1)
    world.cycle.run(lambda: True)


def _arm(world: World, part: str, method: str) -> None:
    if not part:
        return
    owner = type(getattr(world, part))
    before: Callable[..., Any] = getattr(owner, method)

    def deadly(*arguments: Any, **named: Any) -> Any:
        if part != "cursors" or arguments[1].place.kind == "Task":
            die()
        return before(*arguments, **named)

    setattr(owner, method, deadly)


if __name__ == "__main__":
    run(*sys.argv[1:5])
