"""The set-up is right: as we run it, the validator says of HL7's samples what HL7 expects, word for word."""

from __future__ import annotations

import pytest

from tests.validator.conftest import Validated
from tests.validator.hl7_samples import BAD, GOOD, Hl7Sample

pytestmark = [pytest.mark.validator, pytest.mark.timeout(600)]


def test_all_of_hl7_s_samples_for_cds_hooks_are_used(hl7_samples: dict[str, Hl7Sample]) -> None:
    assert {name: sample.document.model for name, sample in hl7_samples.items()} == {**GOOD, **BAD}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_sample_has_no_error(name: str, validated: Validated) -> None:
    assert validated.errors(f"hl7/{name}") == []


@pytest.mark.parametrize("name", BAD)
def test_a_bad_sample_has_exactly_the_errors_that_hl7_expects(
    name: str, validated: Validated, hl7_samples: dict[str, Hl7Sample]
) -> None:
    assert hl7_samples[name].expected != []
    assert validated.errors(f"hl7/{name}") == sorted(hl7_samples[name].expected)
