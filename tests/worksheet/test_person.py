"""Who the patient is, in the header of the worksheet."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.worksheet.view.person import name_of

NAMES: dict[str, tuple[list[dict[str, Any]], str]] = {
    "the given name first": ([{"family": "Lin", "given": ["Mei", "Anna"]}], "Mei Anna Lin"),
    "in Chinese letters the family first, and in one": (
        [{"family": "\u6797", "given": ["\u7f8e"]}],
        "\u6797\u7f8e",
    ),
    "as the record writes it whole": ([{"text": "Lin Mei", "family": "Lin", "given": ["Mei"]}], "Lin Mei"),
    "a family name alone": ([{"family": "Lin"}], "Lin"),
    "the official one": (
        [{"use": "usual", "text": "Mei"}, {"use": "official", "text": "Lin Mei"}],
        "Lin Mei",
    ),
    "an old one is not shown": ([{"use": "old", "text": "Chen Mei"}], ""),
    "none": ([], ""),
}


@pytest.mark.parametrize(("names", "shown"), NAMES.values(), ids=NAMES)
def test_the_patients_name_is_written_as_its_letters_ask(names: list[dict[str, Any]], shown: str) -> None:
    assert name_of({"resourceType": "Patient", "name": names}) == shown
