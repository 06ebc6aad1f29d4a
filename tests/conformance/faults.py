"""Faults: small changes to real exchanges. Each names the exchange that it changes; "" is the first."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

from tests.conformance.requirement import Exchange, Fault, Heard, Outbound
from tests.validator.faults.changes import Change, both, changed, drop, put

__all__ = [
    "answers_as",
    "body",
    "both",
    "calls",
    "changing",
    "drop",
    "header",
    "in_answer",
    "logs",
    "no_calls",
    "put",
    "request_header",
    "status",
    "takes",
    "without",
    "worded",
]


def changing(change: Callable[[Exchange], Exchange], of: str = "") -> Fault:
    """A fault that is a change of one exchange."""

    def fault(heard: Heard) -> Heard:
        name = of or next(iter(heard))
        now = change(heard[name])
        assert now != heard[name], "nothing was changed"
        return {**heard, name: now}

    return fault


def in_answer(change: Callable[[Any], object], of: str = "") -> Fault:
    """Changes the JSON of an answer."""
    return changing(lambda one: replace(one, body=_json(changed(one.answer, cast("Change", change)))), of)


def worded(old: str, new: str, of: str = "") -> Fault:
    """Replaces words in the body of an answer."""
    return changing(lambda one: replace(one, body=one.body.replace(old.encode(), new.encode())), of)


def body(raw: bytes, of: str = "") -> Fault:
    """Answers with these bytes."""
    return changing(lambda one: replace(one, body=raw), of)


def status(code: int, of: str = "") -> Fault:
    """Answers with another status."""
    return changing(lambda one: replace(one, status=code), of)


def header(name: str, value: str | None, of: str = "") -> Fault:
    """Sets a header of an answer, or takes it away."""
    return changing(lambda one: replace(one, headers=_with(one.headers, name, value)), of)


def request_header(name: str, value: str | None, of: str = "") -> Fault:
    """Sets a header of a request, or takes it away."""
    return changing(lambda one: replace(one, sent_headers=_with(one.sent_headers, name, value)), of)


def answers_as(other: str, of: str = "") -> Fault:
    """Answers as another request was answered."""

    def fault(heard: Heard) -> Heard:
        like = heard[other]
        taken = changing(
            lambda one: replace(
                one, status=like.status, headers=like.headers, body=like.body, outbound=like.outbound
            ),
            of,
        )
        return taken(heard)

    return fault


def calls(url: str, of: str = "", **headers: str) -> Fault:
    """Sends one more request on the way."""
    sent = Outbound(url, headers)
    return changing(lambda one: replace(one, outbound=(*one.outbound, sent)), of)


def no_calls(of: str = "") -> Fault:
    """Sends nothing on the way."""
    return changing(lambda one: replace(one, outbound=()), of)


def logs(text: str, of: str = "") -> Fault:
    """Writes one more line to the log."""
    return changing(lambda one: replace(one, log=f"{one.log}\n{text}"), of)


def takes(seconds: float, of: str = "") -> Fault:
    """Takes as long."""
    return changing(lambda one: replace(one, seconds=seconds), of)


def without(name: str) -> Fault:
    """Nobody hears one of the exchanges."""
    return lambda heard: {other: one for other, one in heard.items() if other != name}


def _with(headers: Any, name: str, value: str | None) -> dict[str, str]:
    others = {known: content for known, content in headers.items() if known != name.lower()}
    return others if value is None else {**others, name.lower(): value}


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
