"""What a requirement is here: words, real exchanges, a check of them, and faults on which the check fails."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

Json = dict[str, Any]


class Outbound(NamedTuple):
    """A request that the service sent while it answered."""

    url: str
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """One request as it was sent, and all that came of it. Header names are in small letters."""

    method: str
    path: str
    sent: bytes
    sent_headers: Mapping[str, str]
    status: int
    headers: Mapping[str, str]
    body: bytes
    outbound: tuple[Outbound, ...] = ()
    log: str = field(default="", repr=False)
    seconds: float = 0.0

    @cached_property
    def answer(self) -> Any:
        """The answer's JSON, read as RFC 8259 has it: AssertionError for anything else."""
        return strict_json(self.body)

    @cached_property
    def request(self) -> Any:
        """The JSON that was sent."""
        return json.loads(self.sent)

    @property
    def cards(self) -> list[Json]:
        """The cards of an answer that must be a success."""
        assert self.status == 200, f"answered {self.status}: {self.body[:300]!r}"
        return self.listed("cards")

    @property
    def services(self) -> list[Json]:
        """The services of a discovery document that must be there."""
        assert self.status == 200, f"answered {self.status}"
        return self.listed("services")

    def listed(self, name: str) -> list[Json]:
        """A member of the answer that must be a list of objects."""
        assert isinstance(self.answer, dict), "the answer is not a JSON object"
        assert name in self.answer, f"there is no {name}"
        found = self.answer[name]
        assert isinstance(found, list), f"{name} is not an array"
        assert all(isinstance(one, dict) for one in found), f"{name} holds something else than objects"
        return found


Heard = Mapping[str, Exchange]
"""Exchanges by what they are examples of. Faults change the first, unless they name another."""

Fault = Callable[[Heard], Heard]


def strict_json(raw: bytes) -> Any:
    """JSON without comments, trailing commas, NaN, repeated names or a byte order mark."""
    try:
        return json.loads(
            raw.decode("utf-8"), object_pairs_hook=_object_of_distinct_names, parse_constant=_no_constant
        )
    except ValueError as error:
        raise AssertionError(f"not JSON: {error}") from None


def _object_of_distinct_names(pairs: list[tuple[str, Any]]) -> Json:
    if len({name for name, _ in pairs}) < len(pairs):
        raise ValueError("a name is repeated")
    return dict(pairs)


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


@dataclass(frozen=True)
class Requirement:
    """A row of the page that has a test. ``hear`` makes the exchanges, given the World."""

    id: str
    words: str
    hear: Callable[[Any], Heard]
    check: Callable[[Heard], None]
    faults: Mapping[str, Fault]

    @property
    def test(self) -> str:
        """The name of the check, which is a sentence."""
        return self.check.__name__

    @property
    def module(self) -> str:
        """Where it is, below ``rows/``."""
        return self.check.__module__.partition(".rows.")[2].replace(".", "/") + ".py"


class Rows:
    """The requirements of one module, in the order in which they are written there."""

    def __init__(self) -> None:
        self._rows: list[Requirement] = []

    def requires(
        self, row: str, words: str, *, hear: Callable[[Any], Heard], faults: Mapping[str, Fault]
    ) -> Callable[[Callable[[Heard], None]], Callable[[Heard], None]]:
        """Makes a check of exchanges the test of a row. It says what is wrong by AssertionError."""

        def made(check: Callable[[Heard], None]) -> Callable[[Heard], None]:
            self._rows.append(Requirement(row, inspect.cleandoc(words), hear, check, faults))
            return check

        return made

    def __iter__(self) -> Iterator[Requirement]:
        return iter(self._rows)


def every(heard: Heard) -> list[Exchange]:
    """All exchanges, of which there must be one at least."""
    assert heard, "nothing was heard"
    return list(heard.values())


def every_card(heard: Heard) -> list[Json]:
    """The cards of all exchanges: there must be one at least."""
    cards = [card for one in every(heard) for card in one.cards]
    assert cards, "no card came"
    return cards


def every_service(heard: Heard) -> list[Json]:
    """The services in all discovery documents: there must be one at least."""
    services = [service for one in every(heard) for service in one.services]
    assert services, "no service is listed"
    return services


def is_text(value: object) -> bool:
    """Whether it is a string with something else than white space in it."""
    return isinstance(value, str) and bool(value.strip())


def assert_refused(one: Exchange, where: str, status: int = 400) -> None:
    """The answer is this status, with an OperationOutcome that names the member at fault."""
    assert one.status == status, f"answered {one.status}, not {status}"
    named = [place for issue in one.listed("issue") for place in issue.get("expression", [])]
    assert where in named, f"the fault at {where} is not named: {named}"
