"""FHIR values in a few words, as a chart prints them."""

from __future__ import annotations

from datetime import date
from typing import Any

Resource = dict[str, Any]

UNITS = {
    "10*9/L": "×10⁹/L",
    "/[HPF]": "per field",
    "/uL": "/µL",
    "[IU]/mL": "IU/mL",
    "Cel": "°C",
    "umol/L": "µmol/L",
    "g/(24.h)": "g/24 h",
    "{score}": "",
}
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def name_of(concept: Resource | None) -> str:
    """A CodeableConcept's text, else the first display or code."""
    concept = concept or {}
    codings = concept.get("coding") or [{}]
    return str(concept.get("text") or codings[0].get("display") or codings[0].get("code") or "")


def quantity(value: Resource) -> str:
    """A Quantity with its comparator and a readable unit."""
    code = value.get("code") or value.get("unit") or ""
    if code == "{titer}":
        return f"{value.get('comparator', '')}1:{value.get('value')}"
    return f"{value.get('comparator', '')}{value.get('value')} {UNITS.get(code, code)}".strip()


def value_of(observation: Resource) -> str:
    """The value[x] of an Observation or a component; "" if it has none."""
    if "valueQuantity" in observation:
        return quantity(observation["valueQuantity"])
    if "valueRatio" in observation:
        ratio = observation["valueRatio"]
        return f"{ratio['numerator'].get('value')}:{ratio['denominator'].get('value')}"
    if "valueCodeableConcept" in observation:
        return name_of(observation["valueCodeableConcept"])
    if "valueBoolean" in observation:
        return "yes" if observation["valueBoolean"] else "no"
    for element in ("valueInteger", "valueString"):
        if element in observation:
            return str(observation[element])
    return ", ".join(
        f"{name_of(part.get('code'))} {value_of(part)}" for part in observation.get("component", [])
    )


def day(text: str | None) -> str:
    """A FHIR date or dateTime as "11 Nov 2026", as far as it is known."""
    parts = (text or "")[:10].split("-")
    if len(parts) == 1:
        return parts[0]
    month = MONTHS[int(parts[1]) - 1]
    return f"{month} {parts[0]}" if len(parts) == 2 else f"{int(parts[2])} {month} {parts[0]}"


def age(birth: str | None, today: date) -> str:
    """Complete years, or "about 40" if only the year is known."""
    if not birth:
        return "age unknown"
    parts = [int(part) for part in birth.split("-")]
    years = today.year - parts[0]
    if len(parts) < 3:
        return f"about {years}"
    return str(years - ((today.month, today.day) < (parts[1], parts[2])))
