"""What changed between two contents of a definition, for the physician who signed the one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from mappings.definitions.parsing.source import Plain
from mappings.definitions.signing.content import Content

_ABSENT = object()


class Change(NamedTuple):
    """One difference: where it is, what was signed there, and what stands there now; None for nothing."""

    place: tuple[str, ...]
    signed: str | None
    now: str | None


def changes_between(signed: Content, now: Content) -> tuple[Change, ...]:
    """Every difference, in the order of the definition as it is now; what was taken out comes last."""
    return tuple(_maps(signed, now, ()))


def _maps(signed: Mapping[str, Plain], now: Mapping[str, Plain], place: tuple[str, ...]) -> Iterator[Change]:
    for key in [*now, *(key for key in signed if key not in now)]:
        yield from _values(signed.get(key, _ABSENT), now.get(key, _ABSENT), (*place, key))


def _values(signed: object, now: object, place: tuple[str, ...]) -> Iterator[Change]:
    if signed == now:
        return
    if isinstance(signed, dict) and isinstance(now, dict):
        yield from _maps(signed, now, place)
    elif isinstance(signed, list) and isinstance(now, list):
        yield from _lists(signed, now, place)
    else:
        yield Change(place, _said(signed), _said(now))


def _lists(signed: Sequence[Plain], now: Sequence[Plain], place: tuple[str, ...]) -> Iterator[Change]:
    """Entries with an id are compared with the one of the same id, others with the one in the same place."""
    before, after = _by_id(signed), _by_id(now)
    if before is not None and after is not None:
        yield from _maps(before, after, place)
        in_common = [key for key in after if key in before]
        if in_common != [key for key in before if key in after]:
            yield Change((*place, "(order)"), ", ".join(before), ", ".join(after))
        return
    matcher = SequenceMatcher(None, [_said(one) for one in signed], [_said(one) for one in now], False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind != "equal":
            yield from _run(signed[first:last], now[start:end], place, start)


def _run(
    signed: Sequence[Plain], now: Sequence[Plain], place: tuple[str, ...], start: int
) -> Iterator[Change]:
    for number in range(max(len(signed), len(now))):
        here = (*place, str(start + number + 1))
        before = signed[number] if number < len(signed) else _ABSENT
        after = now[number] if number < len(now) else _ABSENT
        yield from _values(before, after, here)


def _by_id(entries: Sequence[Plain]) -> dict[str, Plain] | None:
    found: dict[str, Plain] = {}
    for entry in entries:
        name = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(name, str) or name in found:
            return None
        found[name] = entry
    return found


def _said(value: object) -> str | None:
    if value is _ABSENT:
        return None
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
