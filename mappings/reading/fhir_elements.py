"""Tolerant looks at FHIR JSON: whatever a sender put there, these answer with something typed.

Used by the readers of drugs and of kidney biopsies. Nothing here raises, whatever the JSON holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from mappings.concept import SYSTEMS
from mappings.reading.keeping.texts import kept

NOTHING: Mapping[str, Any] = MappingProxyType({})

_HL7_OIDS = "urn:oid:2.16.840.1.113883.6."
_SAME_SYSTEM: Mapping[str, str] = {
    **{f"{system}/": system for system in SYSTEMS.values()},
    f"{_HL7_OIDS}1": SYSTEMS["loinc"],
    f"{_HL7_OIDS}3": SYSTEMS["icd10"],
    f"{_HL7_OIDS}4": SYSTEMS["icd10pcs"],
    f"{_HL7_OIDS}12": SYSTEMS["cpt"],
    f"{_HL7_OIDS}73": SYSTEMS["atc"],
    f"{_HL7_OIDS}88": SYSTEMS["rxnorm"],
    f"{_HL7_OIDS}90": SYSTEMS["icd10cm"],
    f"{_HL7_OIDS}96": SYSTEMS["snomed"],
    "http://fhir.de/CodeSystem/bfarm/atc": SYSTEMS["atc"],
    "http://fhir.de/CodeSystem/dimdi/atc": SYSTEMS["atc"],
    "http://fhir.de/CodeSystem/dimdi/icd-10-gm": SYSTEMS["icd10gm"],
    "https://dmd.nhs.uk": SYSTEMS["snomed"],
}
"""Other names of the systems that definitions name: with a stroke at the end; the OIDs of records converted
from CDA (HL7's registry of OIDs); the German edition of the ATC, whose codes are WHO's, and the earlier
name of ICD-10-GM (German FHIR basic profiles); dm+d, the NHS dictionary of medicines, whose identifiers are
SNOMED CT codes (NHS Digital, guide for digital medicines)."""

_UNSEEN = re.compile(
    r"[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+"
)
"""Control, bidi and zero-width characters."""


def mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object, or an empty one."""
    return value if isinstance(value, dict) else NOTHING


def items(value: Any) -> Sequence[Mapping[str, Any]]:
    """The JSON objects of a list; some senders write one object where the list belongs."""
    if value is None:
        return ()
    if isinstance(value, list):
        if len(value) == 1 and isinstance(value[0], dict):  # as most lists are
            return value
        return [item for item in value if isinstance(item, dict)]
    return (value,) if isinstance(value, dict) else ()


def text_of(value: Any) -> str:
    """A string without outer white space, or nothing."""
    return value.strip() if isinstance(value, str) else ""


def same_system(system: str) -> str:
    """A code system by the name that definitions use, if it is another name of one of theirs."""
    name = system.strip()
    return _SAME_SYSTEM.get(name, name)


def coding_token(coding: Mapping[str, Any]) -> str:
    """``system|code`` without the white space some senders leave; empty without a code."""
    system, code = coding.get("system"), coding.get("code")
    if type(code) is int and 0 <= code < 10**18:
        code = str(code)
    return _token(system if type(system) is str else "", code) if type(code) is str else ""


@lru_cache(maxsize=8192)
def _token(system: str, code: str) -> str:
    code = code.strip()
    return f"{same_system(system)}|{code}" if code else ""


Words = tuple[tuple[str, ...], tuple[str, ...]]
_NO_WORDS: Words = ((), ())
_MOST_KNOWN, _LONGEST_KNOWN = 4096, 200
_known: dict[tuple[str, object, object, object], Words] = {}


def tokens_and_texts(codeable: Any) -> Words:
    """The ``system|code`` tokens of a CodeableConcept, and its text followed by its displays.

    Those of a single code are kept, since the same codes come with every record and are asked for several
    times in each. What has no code is not: it may be a sentence about a patient.
    """
    if type(codeable) is not dict:
        return _NO_WORDS
    codings, text = items(codeable.get("coding")), codeable.get("text")
    if len(codings) != 1:
        return _words(codings, text)
    (coding,) = codings
    code = coding.get("code")
    if type(code) is not str or (type(text) is str and len(text) > _LONGEST_KNOWN):
        return _words(codings, text)
    key = (code, coding.get("system"), coding.get("display"), text)
    try:
        known = _known.get(key)
    except TypeError:  # a list or an object where FHIR has a text
        return _words(codings, text)
    if known is None:
        known = _words(codings, text)
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = known
    return known


def _words(codings: Sequence[Mapping[str, Any]], text: Any) -> Words:
    tokens = [token for coding in codings if (token := coding_token(coding))]
    displays = [coding.get("display") for coding in codings]
    texts = [each.strip() for each in (text, *displays) if type(each) is str]
    return tuple(tokens), tuple([each for each in texts if each])


@kept(4096)
def one_line(text: str, limit: int = 120) -> str:
    """The text on one line, without unseen characters, cut at ``limit``."""
    return private_line(text, limit)


def private_line(text: str, limit: int = 120) -> str:
    """The same for what somebody wrote of a patient, however short: it is kept nowhere."""
    line = " ".join(_UNSEEN.sub(" ", text[: limit * 8]).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"
