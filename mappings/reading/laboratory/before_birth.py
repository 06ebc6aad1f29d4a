"""Days before the birth of the patient: that day or the birth date is wrong, and nobody knows which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableSequence

from mappings.dates import BEGINNING, When
from mappings.facts import Exposure, Result
from mappings.verdicts import Reason

BEFORE_BIRTH = "dated before the birth"
_SOME_DAY = When(BEGINNING, 10**7, "")


def is_before_birth(when: When, birth: When | None) -> bool:
    """Whether a day surely lies before the birth."""
    return birth is not None and when.last < birth.first


def doubt_results(
    results: Mapping[str, MutableSequence[Result]], days: Iterable[When], birth: When | None
) -> None:
    """Makes results from before the birth conflicting. ``days``: those that results have, each once."""
    if not any(is_before_birth(when, birth) for when in days):
        return
    for found in results.values():
        for place, result in enumerate(found):
            if result.problem is None and is_before_birth(result.when, birth):
                found[place] = result._replace(problem=Reason.CONFLICTING, note=BEFORE_BIRTH)


def begun_after_birth(
    exposures: Mapping[str, tuple[Exposure, ...]], birth: When | None
) -> Mapping[str, tuple[Exposure, ...]]:
    """The exposures, of which those from before the birth began on a day that is not known."""
    if not any(is_before_birth(one.start, birth) for found in exposures.values() for one in found):
        return exposures
    return {concept: tuple([_begun(one, birth) for one in found]) for concept, found in exposures.items()}


def _begun(exposure: Exposure, birth: When | None) -> Exposure:
    if not is_before_birth(exposure.start, birth):
        return exposure
    return exposure._replace(start=_SOME_DAY, note=exposure.note or BEFORE_BIRTH)
