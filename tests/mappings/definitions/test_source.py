"""YAML as text: nothing is turned into anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from mappings.definitions.faults import Fault, Report
from mappings.definitions.parsing.source import MapNode, plain, read_source


def read(text: str, folder: Path) -> tuple[MapNode | None, list[Fault]]:
    path = folder / "definition.yaml"
    path.write_text(text, encoding="utf-8")
    report = Report(path.name)
    return read_source(path, report), report.faults


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("no", "no"),
        ("on", "on"),
        ("Y", "Y"),
        ("null", "null"),
        ("~", "~"),
        ("0.10", "0.10"),
        ("010", "010"),
        ("0x1F", "0x1F"),
        ("1e3", "1e3"),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2025-11-14", "2025-11-14"),
        (".inf", ".inf"),
        ("=", "="),
        ("<<", "<<"),
        ("'>1.0g/g'", ">1.0g/g"),
        ('"willing?"', "willing?"),
        ("willing?", "willing?"),
        ("Age ≥ 18 years", "Age ≥ 18 years"),
        ("1.0 g/g # a comment", "1.0 g/g"),
        ("{score}", {"score": ""}),
        ('"{score}"', "{score}"),
        (">-\n  one\n  two", "one two"),
        ("|\n  one\n  two", "one two"),
        ("", ""),
    ],
)
def test_a_value_is_what_was_written(written: str, read_as: object, tmp_path: Path) -> None:
    node, faults = read(f"key: {written}\n", tmp_path)
    assert node is not None
    assert faults == []
    assert plain(node) == {"key": read_as}


@pytest.mark.parametrize("key", ["no", "on", "010", "1.0", "null", "2025-11-14", "42800-3"])
def test_a_key_is_what_was_written(key: str, tmp_path: Path) -> None:
    node, _ = read(f"{key}: value\n", tmp_path)
    assert node is not None
    assert list(node.entries) == [key]


def test_keys_that_yaml_would_take_for_the_same_number_differ(tmp_path: Path) -> None:
    node, faults = read("8: eight\n010: octal\n", tmp_path)
    assert node is not None
    assert (list(node.entries), faults) == (["8", "010"], [])


def test_a_byte_order_mark_is_no_part_of_the_first_key(tmp_path: Path) -> None:
    node, _ = read("\ufeffschema: 1\n", tmp_path)
    assert node is not None
    assert list(node.entries) == ["schema"]


def test_windows_line_ends_keep_the_line_numbers(tmp_path: Path) -> None:
    path = tmp_path / "definition.yaml"
    path.write_bytes(b"schema: 1\r\n\r\ntrial: x\r\n")
    node = read_source(path, Report(path.name))
    assert node is not None
    assert node.lines == {"schema": 1, "trial": 3}


def test_a_thousand_brackets_do_not_exhaust_the_stack(tmp_path: Path) -> None:
    node, faults = read("key: " + "[" * 100_000, tmp_path)
    assert node is None
    assert len(faults) == 1


@pytest.mark.parametrize(
    "text", ["\x00", "\x07key: 1", "%YAML 9.9\n---\na: 1", "&a", "*a", "- - -\n-", "{a: 1", "!", '"\\q"']
)
def test_what_is_no_yaml_is_one_fault_and_no_crash(text: str, tmp_path: Path) -> None:
    node, faults = read(text, tmp_path)
    assert node is None
    assert len(faults) == 1


QUOTES, COLUMNS, TABS = "put a text in quotes if", "check the indentation", "YAML is indented with spaces"


@pytest.mark.parametrize(
    ("text", "line", "advice"),
    [
        ("inclusion:\n  - id: a\n    b: c\n   - id: d\n", 4, COLUMNS),
        ("inclusion:\n  - id: a\n    b: c\n - id: d\n", 4, COLUMNS),
        ("trial:\n  id: a\n title: b\n", 3, COLUMNS),
        ("trial:\n  id: a\n   title: b\n", 3, COLUMNS),
        ("inclusion:\n  - id: a\n   title: b\n", 3, COLUMNS),
        ("inclusion:\n  - id: a\n     title: b\n", 3, COLUMNS),
        ("trial:\n  - a\n  id: b\n", 3, COLUMNS),
        (" schema: 1\ntrial: a\n", 2, COLUMNS),
        ("trial:\n  id a\n  title: b\n", 3, "a key ends with ': '"),
        ("trial:\n\tid: a\n", 2, TABS),
        ("age:\n  at_least: > 0.8\n", 2, QUOTES),
        ("a: b: c\n", 1, QUOTES),
        ("a: {at_least: 3 mL/min/{1.73_m2}, b: 1}\n", 1, QUOTES),
        ("a: {b: c\nd: e\n", 2, QUOTES),
        ("a: ? b\n", 1, QUOTES),
        ("a: - b\n", 1, QUOTES),
        ("a: 'b' c\n", 1, QUOTES),
        ("a:\n  @b: c\n", 2, QUOTES),
    ],
)
def test_what_is_no_yaml_is_told_with_what_to_do_about_it(
    text: str, line: int, advice: str, tmp_path: Path
) -> None:
    _, (fault,) = read(text, tmp_path)
    assert fault.line == line
    assert advice in fault.message
    assert sum(one in fault.message for one in (QUOTES, COLUMNS, TABS)) == 1


@pytest.mark.parametrize("text", ["a: \x07\n", "a: \x00b\n"])
def test_a_control_character_is_named_without_advice_about_quotes(text: str, tmp_path: Path) -> None:
    _, (fault,) = read(text, tmp_path)
    assert fault.message == "not YAML: control characters are not allowed"
