"""Conditions and procedures, and diagnoses that are only the reason for a drug."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from mappings.concept import Concept
from mappings.dates import BEGINNING, SOME_DAY, When, add_months, parse_when
from mappings.facts import Diagnosis, Performed
from mappings.reading.code_index import CodeIndex, codings_of, first_code, normalised, words
from mappings.reading.fhir_elements import items, mapping, text_of, tokens_and_texts
from mappings.reading.observations import period
from mappings.reading.references import contained_in, reference_of, resolved

_REFUTED = frozenset({"refuted", "entered-in-error"})
_VERIFICATION = frozenset({*_REFUTED, "confirmed", "provisional", "differential", "unconfirmed"})
_PAST = frozenset({"inactive", "resolved"})
_CLINICAL = frozenset({*_PAST, "active", "recurrence", "relapse", "remission"})
_CERTAINTY = "http://fhir.de/StructureDefinition/icd-10-gm-diagnosesicherheit"
_CERTAINTIES = {"G": "confirmed", "V": "provisional", "A": "refuted"}
_STATUS_POST = "Z"
"""German profiles put the letter that ICD-10-GM wants with each diagnosis ("gesichert", "Verdacht",
"Ausschluss", "Zustand nach") beside the code (de.basisprofil.r4, icd-10-gm-diagnosesicherheit)."""
_OPEN = re.compile(
    r"""
    \brul(?:e|ed|es|ing)[ -]?out\b | \br/o\b | \bsuspect\w* | \bsuspicion\b | \bpossibl[ey]\b
    | \bprobabl[ey]\b | \bquestionable\b | \bdoubtful\b | \bquery\b | \bunlikely\b | \bno\ evidence\ of\b
    | \bnegative\ for\b | \bdenie[sd]\b | \bvs\b
    | \bverdacht\b | \bv\.\s?a\. | \bausschluss\b | \bausgeschlossen\b | \bfraglich
    | 待排 | 待查 | 待除外 | 疑似 | 可疑 | 怀疑 | 可能 | 排除 | 除外 | 否认
    | ^\s*[?\uff1f] | [?\uff1f]\s*$ | [(\uff08]\s*[?\uff1f]\s*[)\uff09]
    | \bfamil(?:y|ial)\ history\b | \bfhx?\b | \bfamilienanamnese | 家族史 | 母亲 | 父亲
    | \b(?:mother|father|parent|sister|brother|sibling|aunt|uncle|cousin|daughter|grandmother|grandfather)
      (?:'s|\ (?:had|has|with))\b
    """,
    re.IGNORECASE | re.VERBOSE,
)
"""Words of doubt, of denial or about a relative, beside a code. No title of a code that we list has them."""
_ENCOUNTER, _PROBLEM_LIST = "encounter-diagnosis", "problem-list-item"
_NOT_DONE = frozenset({"not-done", "entered-in-error"})
_MONTHS_OF = {"a": 12, "mo": 1, "year": 12, "years": 12, "yr": 12, "yrs": 12, "month": 1, "months": 1}
_OLDEST = 150
"""Years. An age beyond is none."""

HINT_NOTE = "reason given for a drug, not a diagnosis"
OPEN_NOTE = "its words do not hold the diagnosis for certain"
ENDED_NOTE = "encounter diagnosis from before the problem list ended it"
PERHAPS_ENDED_NOTE = "encounter diagnosis; ended on the problem list, day not known"


class Problems:
    """The Conditions of one record, while they are read. ``birth`` dates what is given as an age."""

    def __init__(self, birth: When | None) -> None:
        self._birth = birth
        self._found: dict[str, list[tuple[str, Diagnosis]]] = {}
        self._encounters = False

    def add(self, resource: Mapping[str, Any], concepts: Sequence[Concept]) -> None:
        """Adds a diagnosis for each concept, unless the Condition is refuted or entered in error."""
        verification, status, doubt = _standing(resource)
        if verification in _REFUTED:
            return
        confirmed, note = (None, "two statuses") if doubt else _confirmed(verification, status)
        if confirmed and _is_left_open(resource.get("code")):
            confirmed, note = None, OPEN_NOTE
        onset = _dated(resource, "onset", self._birth)
        abatement = _dated(resource, "abatement", self._birth)
        if abatement is None and _is_abated(resource):
            status = status or "resolved"
        recorded, category = parse_when(resource.get("recordedDate")), _category(resource)
        self._encounters = self._encounters or category == _ENCOUNTER
        reference, text = reference_of(resource), words(resource.get("code"))
        present = {concept.id for concept in concepts}
        for concept in concepts:
            if not present.intersection(concept.excluding):
                diagnosis = Diagnosis(
                    *(concept.id, reference, text, status, confirmed, onset, abatement, recorded, note),
                    begun=_begun(concept, resource, onset, recorded) if concept.lasted else None,
                )
                self._found.setdefault(concept.id, []).append((category, diagnosis))

    def diagnoses(self) -> dict[str, tuple[Diagnosis, ...]]:
        """The diagnoses by concept, in the order of the record.

        Interpretation: an encounter diagnosis tells what was diagnosed at that visit. Where the problem list
        has ended the same diagnosis, those from before that day ended with it; those from after it stand.
        """
        settled = {}
        for concept, found in self._found.items():
            ends = _ends_on_problem_list(found) if self._encounters and len(found) > 1 else ()
            settled[concept] = tuple(
                [
                    _ended(diagnosis, ends) if ends and category == _ENCOUNTER else diagnosis
                    for category, diagnosis in found
                ]
            )
        return settled


def _ends_on_problem_list(found: Sequence[tuple[str, Diagnosis]]) -> Sequence[Diagnosis]:
    """The entries of the problem list that have ended; none if one goes on."""
    listed = [diagnosis for category, diagnosis in found if category == _PROBLEM_LIST]
    over = [each for each in listed if each.clinical_status in _PAST and each.confirmed is not None]
    return over if len(over) == len(listed) else ()


def _ended(diagnosis: Diagnosis, ends: Sequence[Diagnosis]) -> Diagnosis:
    if diagnosis.clinical_status not in ("", "active"):
        return diagnosis
    known = diagnosis.recorded or diagnosis.onset
    last = [each.abatement for each in ends if each.abatement is not None]
    if known is None or len(last) < len(ends):
        return diagnosis._replace(confirmed=None, note=PERHAPS_ENDED_NOTE)
    if known.first > max(when.last for when in last):
        return diagnosis
    if known.last <= max(when.first for when in last):
        return diagnosis._replace(clinical_status="resolved", note=ENDED_NOTE)
    return diagnosis._replace(confirmed=None, note=PERHAPS_ENDED_NOTE)


def _is_left_open(code: Any) -> bool:
    """Whether what a clinician wrote beside a code does not hold the diagnosis for certain."""
    return any(map(_OPEN.search, tokens_and_texts(code)[1]))


def _standing(resource: Mapping[str, Any]) -> tuple[str, str, bool]:
    """Verification and clinical status; whether the Condition says two things of either."""
    verification, doubt = _status(resource.get("verificationStatus"), _VERIFICATION)
    status, conflict = _status(resource.get("clinicalStatus"), _CLINICAL)
    for letter in _certainties(resource.get("code")):
        said = _CERTAINTIES.get(letter, "")
        doubt = doubt or said not in ("", verification or said)
        verification = verification or said
        if letter == _STATUS_POST:
            conflict = conflict or status not in ("", "remission", *_PAST)
            status = status or "resolved"
    return verification, status, doubt or conflict


def _certainties(code: Any) -> list[str]:
    """The letters for the certainty of a diagnosis that stand with its codes."""
    extensions = [each for coding in codings_of(code) for each in items(coding.get("extension"))]
    return [
        text_of(mapping(each.get("valueCoding")).get("code"))
        for each in extensions
        if each.get("url") == _CERTAINTY
    ]


def _status(codeable: Any, known: frozenset[str]) -> tuple[str, bool]:
    """The status among the codes and words of a CodeableConcept; whether it gives two.

    Some senders put a code of their own before FHIR's, or the word alone.
    """
    given = codeable[0] if isinstance(codeable, list) and codeable else codeable
    codes = [text_of(coding.get("code")).lower() for coding in codings_of(given)]
    found = {code for code in codes if code in known}
    if not found:
        word = text_of(mapping(given).get("text")).lower()
        return (word if word in known else first_code(codeable)), False
    return min(found), len(found) > 1


def _confirmed(verification: str, status: str) -> tuple[bool | None, str]:
    if verification == "confirmed":
        return True, ""
    if verification:
        return None, verification
    if status == "active":
        return True, "active, verification status not recorded"
    return None, "verification status not recorded"


def _begun(
    concept: Concept, resource: Mapping[str, Any], onset: When | None, recorded: When | None
) -> When | None:
    """When it began, where a code or a name tells how long it had lasted by its date; else None.

    The date is the onset, which in diagnoses of visits is the visit's, or any day up to the recording. An
    entry of the problem list may be brought up to date under its old dates, so may have lasted no time by
    them.
    """
    told = list(_lasted(concept, resource.get("code")))
    dates = [when for when in (onset, recorded) if when is not None]
    if not told or not dates:
        return None
    least = 0 if _category(resource) == _PROBLEM_LIST else min(days for days, _ in told)
    first = BEGINNING if onset is None else onset.first - max(days for _, days in told)
    last = max(when.last for when in dates) - least
    return When(max(first, BEGINNING), max(last, BEGINNING), dates[0].text)


def _lasted(concept: Concept, code: Any) -> Iterator[tuple[int, int]]:
    """The times that the codes and the words of a diagnosis tell."""
    tokens, texts = tokens_and_texts(code)
    for told in (*tokens, *map(normalised, texts)):
        if told in concept.lasted:
            yield concept.lasted[told]


def _category(resource: Mapping[str, Any]) -> str:
    """Of the problem list, or of an encounter; what is both is of the problem list."""
    if "category" not in resource:
        return ""
    codings = [coding for each in items(resource["category"]) for coding in codings_of(each)]
    codes = {text_of(coding.get("code")) for coding in codings}
    return next((category for category in (_PROBLEM_LIST, _ENCOUNTER) if category in codes), "")


def _is_abated(resource: Mapping[str, Any]) -> bool:
    """Whether the end is given in a form that gives no day."""
    forms = ("abatementAge", "abatementRange", "abatementString", "abatementPeriod")
    return resource.get("abatementBoolean") is True or any(resource.get(form) for form in forms)


def _dated(resource: Mapping[str, Any], stem: str, birth: When | None = None) -> When | None:
    """A date, a period, an age, a range of ages, or a text that is a date."""
    when = parse_when(resource.get(f"{stem}DateTime")) or period(resource.get(f"{stem}Period"))
    if when is not None:
        return when
    age, ages = resource.get(f"{stem}Age"), mapping(resource.get(f"{stem}Range"))
    for low, high in ((age, age), (ages.get("low"), ages.get("high"))):
        if low is not None and birth is not None and (when := _at_age(low, high, birth)) is not None:
            return when
    return parse_when(resource.get(f"{stem}String"))


def _at_age(low: Any, high: Any, birth: When) -> When | None:
    """The days on which a person born then was of an age, or between two; None if that is not known."""
    first, last = _months(low), _months(high)
    if first is None or last is None or first[0] > last[0]:
        return None
    try:
        begin = add_months(date.fromordinal(birth.first), first[0])
        end = add_months(date.fromordinal(birth.last), last[0] + last[1])
    except ValueError:  # beyond the last day that there is
        return None
    return When(begin.toordinal(), end.toordinal() - 1, "")


def _months(age: Any) -> tuple[int, int] | None:
    """A whole age in months, and the months that it lasts."""
    given = mapping(age)
    value, unit = given.get("value"), text_of(given.get("code")) or text_of(given.get("unit"))
    months = _MONTHS_OF.get(unit.lower())
    if months is None or given.get("comparator") or isinstance(value, bool):
        return None
    if not isinstance(value, (int, float)) or not 0 <= value <= _OLDEST * 12 / months or value != int(value):
        return None
    return int(value) * months, months


def read_procedure(
    resource: Mapping[str, Any], concepts: Sequence[Concept], into: dict[str, list[Performed]]
) -> None:
    """Adds what was performed for each concept, unless it was not done."""
    status = resource.get("status")
    if isinstance(status, str) and status in _NOT_DONE:
        return
    when = _dated(resource, "performed") or SOME_DAY
    done, note = (True, "") if status == "completed" else (None, "not recorded as completed")
    for concept in concepts:
        into.setdefault(concept.id, []).append(
            Performed(concept.id, reference_of(resource), words(resource.get("code")), when, done, note)
        )


def read_hints(
    drug_records: Sequence[Mapping[str, Any]],
    by_type: Mapping[str, Sequence[Mapping[str, Any]]],
    index: CodeIndex,
    full_urls: Mapping[str, str],
) -> dict[str, tuple[Diagnosis, ...]]:
    """Diagnoses that drug records give as their reason (``reasonCode``, ``reasonReference``), by concept.

    A hint and no diagnosis: ``confirmed`` is None. A reason that refers to a Condition of the record is
    left to that one. Of the same words for a concept, the earliest.
    """
    hints: dict[str, dict[str, Diagnosis]] = {}
    known: frozenset[str] | None = None
    for resource in drug_records:
        if not ("reasonCode" in resource or "reasonReference" in resource):
            continue
        if resource.get("status") == "entered-in-error":
            continue
        if known is None:
            known = frozenset(map(reference_of, by_type.get("Condition", ())))
        for reason in _reasons(resource, known, full_urls):
            _add_hint(resource, reason, index.concepts(reason), hints)
    return {concept: tuple(found.values()) for concept, found in hints.items()}


def _reasons(
    resource: Mapping[str, Any], known: frozenset[str], full_urls: Mapping[str, str]
) -> Iterator[Mapping[str, Any]]:
    """What a drug record gives as reasons, each as a CodeableConcept."""
    yield from items(resource.get("reasonCode"))
    for link in items(resource.get("reasonReference")):
        reference = text_of(link.get("reference"))
        contained = contained_in(resource, reference)
        if contained is not None:
            verification, _, _ = _standing(contained)
            if contained.get("resourceType") == "Condition" and verification not in _REFUTED:
                yield mapping(contained.get("code"))
        elif resolved(reference, full_urls, "Condition") not in known and text_of(link.get("display")):
            yield {"text": link["display"]}


def _add_hint(
    resource: Mapping[str, Any],
    reason: Mapping[str, Any],
    concepts: Sequence[Concept],
    hints: dict[str, dict[str, Diagnosis]],
) -> None:
    if not concepts:
        return
    said, when = words(reason), _ordered_on(resource)
    present = {concept.id for concept in concepts}
    for concept in concepts:
        if present.intersection(concept.excluding):
            continue
        found = hints.setdefault(concept.id, {})
        earlier = found.get(said)
        if earlier is None or _first_day(when) < _first_day(earlier.recorded):
            found[said] = Diagnosis(
                concept.id, reference_of(resource), said, "", None, None, None, when, HINT_NOTE
            )


def _ordered_on(resource: Mapping[str, Any]) -> When | None:
    for key in ("authoredOn", "dateAsserted", "effectiveDateTime", "whenHandedOver"):
        when = parse_when(resource.get(key))
        if when is not None:
            return when
    return period(resource.get("effectivePeriod"))


def _first_day(when: When | None) -> int:
    return when.first if when is not None else BEGINNING
