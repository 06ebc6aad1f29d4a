"""Concentrations in a collection of 24 hours: an amount per day only together with the volume."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from mappings.amounts import Amount
from mappings.concept import Concept
from mappings.facts import Result
from mappings.reading.fhir_elements import mapping
from mappings.reading.references import local_reference, reference_of
from mappings.reading.values import beyond_belief, read_value
from mappings.units import product
from mappings.verdicts import Reason

NO_VOLUME = "a concentration; it counts only with the volume of its collection"
_TWO_VOLUMES = "a concentration; the volumes of its collection disagree"
COMPUTED = "computed from concentration and volume"


class TimedUrine(NamedTuple):
    """A concept that may come as a concentration and a volume, and how each of the two is read."""

    concept: Concept
    concentration: Concept
    volume: Concept


def timed_urine(concepts: Iterable[Concept]) -> tuple[TimedUrine, ...]:
    """The concepts that have a ``collection``. What is measured has ids that no definition can use."""
    found = []
    for concept in concepts:
        timed = concept.collection
        if timed is not None:
            mass = concept.unit.partition("/")[0]
            part = replace(
                concept,
                codes=timed.concentration,
                names=(),
                unit=f"{mass}/L",
                conversions={},
                cannot_exceed=None,
            )
            volume = replace(part, codes=timed.volume, unit="L", conversions={"L/d": 1.0})
            found.append(
                TimedUrine(
                    concept,
                    replace(part, id=f"{concept.id} concentration"),
                    replace(volume, id=f"{concept.id} volume"),
                )
            )
    return tuple(found)


class Collections:
    """The specimens of a record, looked up only where there is a concentration to multiply."""

    def __init__(self, resources: Sequence[Any]) -> None:
        known = [resource for resource in resources if type(resource) is dict]
        self._specimen_of = {
            reference_of(resource): local_reference(mapping(resource.get("specimen")).get("reference"))
            for resource in known
            if resource.get("resourceType") == "Observation"
        }
        self._specimens = {
            reference_of(resource): resource
            for resource in known
            if resource.get("resourceType") == "Specimen"
        }

    def amounts(
        self, timed: TimedUrine, concentrations: Sequence[Result], volumes: Sequence[Result]
    ) -> list[Result]:
        """The concentrations as amounts per day; one without its volume is not comparable, and is shown."""
        return [_amount(timed, one, self._volumes(timed, one, volumes)) for one in concentrations]

    def _volumes(self, timed: TimedUrine, one: Result, volumes: Sequence[Result]) -> Sequence[Result]:
        """The volumes of the same collection: of the same Observation; else the same specimen; else the same
        time, if they do not name different specimens."""
        specimen = self._specimen_of.get(one.reference, "")
        tests: tuple[Callable[[Result], bool], ...] = (
            lambda volume: volume.reference == one.reference,
            lambda volume: bool(specimen) and self._specimen_of.get(volume.reference) == specimen,
        )
        for test in tests:
            found = [volume for volume in volumes if test(volume)]
            if found:
                return found
        told = self._of_specimen(timed, one, specimen)
        return told or [volume for volume in volumes if self._is_of_its_time(volume, one, specimen)]

    def _is_of_its_time(self, volume: Result, one: Result, specimen: str) -> bool:
        its = self._specimen_of.get(volume.reference, "")
        mine, other = one.when, volume.when
        return (mine.first, mine.last) == (other.first, other.last) and not (specimen and its)

    def _of_specimen(self, timed: TimedUrine, one: Result, specimen: str) -> list[Result]:
        """The volume that the Specimen itself gives."""
        quantity = mapping(mapping(self._specimens.get(specimen)).get("collection")).get("quantity")
        if quantity is None:
            return []
        value = read_value({"valueQuantity": quantity}, timed.volume)
        return [Result(timed.volume.id, one.when, specimen, value.text, value.amount, problem=value.problem)]


def amounts_per_day(
    every: Sequence[TimedUrine], results: MutableMapping[str, list[Result]], resources: Sequence[Any]
) -> None:
    """Puts amounts per day where there are concentrations, and takes away what they were measured by."""
    for timed in every:
        concentrations = results.pop(timed.concentration.id, ())
        volumes = results.pop(timed.volume.id, ())
        if concentrations:
            amounts = Collections(resources).amounts(timed, concentrations, volumes)
            results.setdefault(timed.concept.id, []).extend(amounts)


def _amount(timed: TimedUrine, one: Result, volumes: Sequence[Result]) -> Result:
    concept = timed.concept
    shown = _words(one)
    result = one._replace(concept=concept.id, text=shown, unit=timed.concentration.unit)
    if one.problem is not None or one.amount is None:
        return result
    unknown = result._replace(amount=None, problem=Reason.UNIT_NOT_COMPARABLE, note=NO_VOLUME)
    litres = {v.amount.low for v in volumes if v.problem is None and v.amount and v.amount.is_exact}
    if len(litres) != 1 or 0 in litres or any(volume.problem is not None for volume in volumes):
        return unknown._replace(note=_TWO_VOLUMES) if len(litres) > 1 else unknown
    volume = litres.pop()
    amount = _times(one.amount, volume)
    text = f"{shown} × {_words(volumes[0])} in 24 hours"
    if beyond_belief(amount, concept):
        return unknown._replace(text=text, problem=Reason.UNREADABLE, note="a value that cannot be")
    return result._replace(text=text, amount=amount, note=COMPUTED)


def _times(amount: Amount, volume: float) -> Amount:
    low, high, low_open, high_open = amount
    return Amount(product(low, volume), product(high, volume), low_open, high_open)


def _words(result: Result) -> str:
    """As written; a plain number has no text of its own."""
    if result.text or result.amount is None:
        return result.text
    return f"{result.amount.low:.10g} {result.unit}".rstrip()
