"""The check bites: our answers with one fault each are refused, or it is said why the validator is blind."""

from __future__ import annotations

import pytest

from tests.validator.conftest import Validated
from tests.validator.documents import FULL_CARD
from tests.validator.faults.answers import FAULTY_CARDS, FAULTY_DISCOVERY, Fault

pytestmark = [pytest.mark.validator, pytest.mark.timeout(600)]

FAULTS = {
    **{f"faulty card/{name}": fault for name, fault in FAULTY_CARDS.items()},
    **{f"faulty discovery/{name}": fault for name, fault in FAULTY_DISCOVERY.items()},
}
SEEN = {name: fault for name, fault in FAULTS.items() if fault.said}
UNSEEN = {name: fault for name, fault in FAULTS.items() if not fault.said}


def new_complaints(name: str, validated: Validated) -> list[str]:
    """What is said of the faulty answer and not of the good one."""
    good = "discovery" if name.startswith("faulty discovery/") else f"response/{FULL_CARD}/patient-view"
    before = {one.text for one in validated.complaints(good)}
    return [one.text for one in validated.complaints(name) if one.text not in before]


@pytest.mark.parametrize(("name", "fault"), SEEN.items(), ids=SEEN)
def test_the_validator_sees_the_fault(name: str, fault: Fault, validated: Validated) -> None:
    assert any(fault.said in text for text in new_complaints(name, validated))


@pytest.mark.parametrize(("name", "fault"), UNSEEN.items(), ids=UNSEEN)
def test_the_validator_is_blind_to_it_and_we_say_who_is_not(
    name: str, fault: Fault, validated: Validated
) -> None:
    assert fault.unseen != ""
    assert new_complaints(name, validated) == []
