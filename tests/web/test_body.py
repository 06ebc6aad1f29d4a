"""How deep a body may be nested, found out without a walk through it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.web.body import DEEPEST, is_too_deep, parse_object
from cds_service.web.problems import TOO_DEEP, RefusalError


def writable(document: object) -> bool:
    """What orjson itself says: it writes as many levels as are allowed, and no more."""
    try:
        orjson.dumps(document)
    except TypeError:
        return False
    return True


INNERMOST: list[Any] = [[], {}, [1], {"a": 1}, {"a": None}, ["x"], [[], {}, 1], [{"": []}, "text", 0.5]]
depths = st.one_of(st.integers(1, 12), st.integers(DEEPEST - 3, DEEPEST + 3), st.integers(300, 900))


def nested(innermost: object, shape: str) -> object:
    """The innermost value inside a list or an object for each letter of the shape, among other members."""
    for letter in shape:
        innermost = [0, innermost, "x"] if letter == "l" else {"before": "x", "in": innermost, "after": {}}
    return innermost


@given(st.sampled_from(INNERMOST), depths, st.randoms())
def test_a_document_is_too_deep_where_it_could_not_be_written_back(
    innermost: object, levels: int, random: Any
) -> None:
    document = nested(innermost, "".join(random.choice("lo") for _ in range(levels)))
    assert is_too_deep(document) is not writable(document)


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s))
)
def test_ordinary_documents_are_not(document: object) -> None:
    assert not is_too_deep(document)


@pytest.mark.parametrize("innermost", [b"", b"1", b"{}", b'{"a":1}', b'"[[[[{{{{"'])
@pytest.mark.parametrize(
    "make", [lambda n, x: b"[" * n + x + b"]" * n, lambda n, x: b'{"a":' * n + (x or b"0") + b"}" * n]
)
def test_the_limit_is_exact(make: Callable[[int, bytes], bytes], innermost: bytes) -> None:
    inside = 1 if innermost.startswith(b"{") else 0
    allowed = DEEPEST - 1 - inside
    parse_object(b'{"a":' + make(allowed, innermost) + b"}")
    with pytest.raises(RefusalError) as refused:
        parse_object(b'{"a":' + make(allowed + 1, innermost) + b"}")
    assert "too deeply" in refused.value.problems[0].text


def test_one_deep_place_is_found_wherever_it_lies() -> None:
    deep = nested(1, "l" * DEEPEST)
    for document in ({"a": deep, "b": 1}, {"b": [1, 2], "a": [{"c": deep}]}, {"a": [[]] * 1000, "z": deep}):
        assert is_too_deep(document)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse_object(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    with pytest.raises(RefusalError):
        parse_object(b"\xef\xbb\xbf")


def test_brackets_in_texts_are_not_levels() -> None:
    assert parse_object(orjson.dumps({"a": "[" * 10_000, "b": "]}" * 10_000}))


HALVES = [
    (r'"cut \ud83d"', "cut �"),
    (r'"cut \uD83D, and on"', "cut �, and on"),
    (r'"\ude00 first"', "� first"),
    (r'"\ud83d\ud83d\ude00"', "�😀"),
    (r'"\ud83d\ude00\ude00"', "😀�"),
    (r'"\ud83d\u0041"', "�A"),
    (r'"\ud83d\n"', "�\n"),
    (r'"\\ud83d \ud83d"', r"\ud83d �"),
    (r'"\\\ud83d"', "\\�"),
    (r'"\\\\ud83d\\\ude00"', r"\\ud83d\�"),
    (r'"\\ud83d\ude00"', r"\ud83d�"),
    (r'"\"\\\"\ud83d\\"', '"\\"�\\'),
]


@pytest.mark.parametrize(("text", "read"), HALVES)
def test_half_a_surrogate_pair_costs_one_character_and_not_the_call(text: str, read: str) -> None:
    assert parse_object(b'{"note": %b, "whole": "\\ud83d\\ude00"}' % text.encode()) == {
        "note": read,
        "whole": "😀",
    }


@given(st.text(st.sampled_from('\\ud83dude00"nA\x00{}[],:1😀'), max_size=40), st.booleans())
def test_nothing_becomes_json_that_is_none(text: str, quoted: bool) -> None:
    """Python's own reader takes halves; whatever it refuses is refused."""
    raw = '{"a": "\\ud83d' + text + ('"}' if quoted else "}")
    try:
        expected = json.loads(raw)
    except ValueError:
        with pytest.raises(RefusalError):
            parse_object(raw.encode())
        return
    assert parse_object(raw.encode()) == json.loads(json.dumps(expected), object_hook=_mended)


def _mended(document: dict[str, Any]) -> dict[str, Any]:
    def clean(value: Any) -> Any:
        return re.sub("[\ud800-\udfff]", "�", value) if isinstance(value, str) else value

    return {clean(key): clean(value) for key, value in document.items()}


def test_depth_is_looked_at_all_the_same() -> None:
    deep = b'{"a": "\\ud83d", "b": ' + b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1) + b"}"
    with pytest.raises(RefusalError) as refused:
        parse_object(deep)
    assert refused.value.problems[0].code == TOO_DEEP.code
    for levels in (2_000, 200_000):
        with pytest.raises(RefusalError):
            parse_object(b'{"a": "\\ud83d", "b": ' + b"[" * levels + b"]" * levels + b"}")
