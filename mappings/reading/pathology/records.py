"""What each resource says about a kidney biopsy: its dates, what it belongs to, and the texts that count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from mappings.concept import Concept
from mappings.dates import When, parse_when
from mappings.reading.code_index import CodeIndex, words
from mappings.reading.fhir_elements import items, mapping, text_of, tokens_and_texts
from mappings.reading.pathology.answers import Said, day_answered, said_by_value, said_in, says_not_taken
from mappings.reading.pathology.cues import days_of_collection
from mappings.reading.pathology.mentions import plain
from mappings.reading.pathology.organs import is_of_other_organ
from mappings.reading.pathology.questions import (
    Question,
    Questions,
    is_imaging,
    is_note_on_taking,
    is_remembered,
    names_kidney,
    names_kidney_tissue,
    questions_of,
)
from mappings.reading.pathology.schemes import are_of_transplant
from mappings.reading.references import NO_URLS, PatientIdentity, contained_in, reference_of, resolved

PERFORMED, COLLECTED, REPORTED, OBSERVED = range(4)
"""How well a date tells the day of collection, best first."""

_FINAL = frozenset({"final", "amended", "corrected", "appended"})
_NEVER = frozenset({"entered-in-error", "cancelled"})
_NOT_TAKEN = frozenset({"entered-in-error", "not-done", "preparation"})
_NO_STATUS = frozenset({"", "unknown"})
_LINKS = ("result", "specimen", "basedOn", "partOf", "report", "hasMember", "derivedFrom")


class BiopsyRecord(NamedTuple):
    """One resource about a kidney biopsy.

    ``dates`` are those of collection with their rank; ``issued`` only bounds it. ``links`` name what the
    record is or refers to. ``is_biopsy`` is False for a report that nothing marks as one of pathology.
    ``has_status``: it says of itself whether it is final. ``of_graft``: its kidney was transplanted.
    ``written`` are the days of collection that its texts name, each with all that it may mean. ``of_taking``:
    it tells how the tissue was taken, not what was found in it.
    """

    reference: str
    said: tuple[Said, ...]
    dates: tuple[tuple[int, When], ...]
    issued: When | None
    links: frozenset[str]
    confirmed: bool
    is_biopsy: bool = True
    attached: bool = False
    has_status: bool = True
    of_graft: bool = False
    written: tuple[tuple[When, ...], ...] = ()
    of_taking: bool = False


class Others(NamedTuple):
    """What a resource may refer to, by ``Type/id``; ``full_urls`` maps bundle entries' fullUrl to that."""

    observations: Mapping[str, Mapping[str, Any]]
    specimens: Mapping[str, Mapping[str, Any]]
    full_urls: Mapping[str, str] = NO_URLS

    def observation(self, link: str) -> Mapping[str, Any] | None:
        """The Observation that a reference names."""
        return self.observations.get(resolved(link, self.full_urls, "Observation"))

    def specimen(self, link: str) -> Mapping[str, Any] | None:
        """The Specimen that a reference names."""
        return self.specimens.get(resolved(link, self.full_urls, "Specimen"))


def read_procedure(
    resource: Mapping[str, Any], questions: Questions, others: Others, faults: list[str]
) -> BiopsyRecord | None:
    """A kidney biopsy as a Procedure; None for another procedure or one that did not happen."""
    status = text_of(resource.get("status"))
    if status in _NOT_TAKEN or questions.asked_by(resource.get("code")) is None:
        return None
    said = [*said_in(resource.get("code"), questions), *said_in(resource.get("outcome"), questions)]
    dates = _dates(resource, PERFORMED, ("performedDateTime", "performedPeriod", "performedString"), faults)
    taken = _specimens(resource, others)
    return _record(resource, said, dates, others, taken, confirmed=status == "completed")


def read_report(
    resource: Mapping[str, Any], questions: Questions, others: Others, faults: list[str]
) -> BiopsyRecord | None:
    """A report of kidney pathology, or one that mentions it; None for any other.

    Its results among ``others`` that ask for nothing of their own are read as its text.
    """
    sections = _sections(resource)
    status = text_of(resource.get("status"))
    if status in _NEVER or is_imaging(sections):
        return None
    said = _conclusions(resource, questions, faults)
    taken = _specimens(resource, others)
    own, asked = _own_results(resource, questions, others)
    said += own
    is_biopsy = _is_biopsy_report(resource, questions, taken, sections) or asked
    if not is_biopsy and not any(names_kidney(text.text) for text in said):
        return None
    dates = [
        *_collected(taken, faults),
        *_dates(resource, REPORTED, ("effectiveDateTime", "effectivePeriod"), faults),
    ]
    attached = not resource.get("conclusion") and bool(resource.get("presentedForm"))
    record = _record(resource, said, dates, others, taken, confirmed=status in _FINAL)
    of_taking = is_note_on_taking(resource.get("code"))
    if is_biopsy and not attached and not of_taking:  # as most are
        return record
    return record._replace(is_biopsy=is_biopsy, attached=attached, of_taking=of_taking)


def _conclusions(resource: Mapping[str, Any], questions: Questions, faults: list[str]) -> list[Said]:
    elements = [resource.get("code"), *_each(resource, "conclusionCode")]
    said = [each for element in elements for each in said_in(element, questions)]
    conclusion = resource.get("conclusion")
    if conclusion is not None and not isinstance(conclusion, str):
        faults.append("conclusion is not a text")
    elif text_of(conclusion):
        said.append(Said("text", text_of(conclusion)))
    return said


def read_observation(
    resource: Mapping[str, Any], questions: Questions, others: Others, faults: list[str]
) -> BiopsyRecord | None:
    """An Observation that asks for the class, an index or a kidney biopsy; None for any other.

    What only asks whether or when there was a biopsy is of the day that it answers, or of none.
    """
    status = text_of(resource.get("status"))
    if status in _NEVER:
        return None
    asked = list(_asked(resource, questions))
    whole = all(question == "biopsy" for question, _ in asked)
    if not asked or (whole and any(says_not_taken(element) for _, element in asked)):
        return None
    answered = day_answered(asked[0][1]) if whole else None
    said = [said for question, element in asked for said in said_by_value(element, question, questions)]
    taken = _specimens(resource, others)
    keys = ("effectiveDateTime", "effectivePeriod", "effectiveInstant")
    dates = [*_collected(taken, faults), *_dates(resource, OBSERVED, keys, faults)]
    dates = [(OBSERVED, answered)] if answered else dates
    remembered = whole and not answered and any(is_remembered(element.get("code")) for _, element in asked)
    record = _record(resource, said, dates, others, taken, confirmed=status in _FINAL)
    return record._replace(is_biopsy=False) if remembered else record


def _record(
    resource: Mapping[str, Any],
    said: Sequence[Said],
    dates: Sequence[tuple[int, When]],
    others: Others,
    taken: Sequence[Mapping[str, Any]],
    *,
    confirmed: bool,
) -> BiopsyRecord:
    return BiopsyRecord(
        reference_of(resource),
        tuple(said),
        tuple(dates),
        parse_when(resource.get("issued")),
        _links(resource, others),
        confirmed,
        has_status=text_of(resource.get("status")) not in _NO_STATUS,
        of_graft=_is_of_graft(resource, said, taken),
        written=tuple([day for each in said for day in days_of_collection(plain(each.text))]),
    )


def _is_of_graft(
    resource: Mapping[str, Any], said: Sequence[Said], taken: Sequence[Mapping[str, Any]]
) -> bool:
    """Whether the words of a record, its code, its body site or its specimen name a transplanted kidney."""
    elements = [resource.get("code"), *_body_sites(resource)]
    named = [text for element in elements for text in tokens_and_texts(element)[1]]
    named += _words_of_specimens(resource, taken)
    return are_of_transplant([*named, *(each.text for each in said)])


def _words_of_specimens(resource: Mapping[str, Any], taken: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the specimens of a resource are called: their types, where they were taken, and their links."""
    elements: list[Any] = []
    for specimen in taken:
        elements += [specimen.get("type"), *_body_sites(mapping(specimen.get("collection")))]
    named = [text for element in elements for text in tokens_and_texts(element)[1]]
    return named + [
        text_of(link.get("display")) for link in items(resource.get("specimen")) if "display" in link
    ]


def _body_sites(element: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return items(element.get("bodySite")) if "bodySite" in element else ()


def _asked(resource: Mapping[str, Any], questions: Questions) -> Iterator[tuple[Question, Mapping[str, Any]]]:
    """The Observation and its components that ask for something. "AI" and "CI" do beside others."""
    question = questions.asked_by(resource.get("code"))
    if question is not None:
        yield question, resource
    if "component" not in resource:
        return
    components = items(resource["component"])
    asked = [(questions.asked_by(component.get("code")), component) for component in components]
    if question is None and not any(found for found, _ in asked):
        return
    for found, component in asked:
        short = tokens_and_texts(component.get("code"))[1] if found is None else ()
        if found is None and "AI" in short:
            found = "activity"  # noqa: PLW2901 - the abbreviation means it here only
        elif found is None and "CI" in short:
            found = "chronicity"  # noqa: PLW2901
        if found is not None:
            yield found, component


def _own_results(
    resource: Mapping[str, Any], questions: Questions, others: Others
) -> tuple[list[Said], bool]:
    """What results say that are contained or ask for nothing themselves; whether any asks for something."""
    said: list[Said] = []
    any_asks = False
    for link in items(resource.get("result")):
        reference = text_of(link.get("reference"))
        inside = contained_in(resource, reference)
        observation = inside or others.observation(reference)
        if observation is None or text_of(observation.get("status")) in _NEVER:
            continue
        # Of what stands beside the report it only matters whether it asks for anything.
        asked = list(islice(_asked(observation, questions), None if inside is not None else 1))
        any_asks = any_asks or bool(asked)
        if not asked:
            said += said_by_value(observation, "biopsy", questions)
        elif inside is not None:
            said += [
                each for question, element in asked for each in said_by_value(element, question, questions)
            ]
    return said, any_asks


def biopsy_resources(
    by_type: Mapping[str, Sequence[Mapping[str, Any]]],
    biopsies: CodeIndex,
    conditions: CodeIndex,
    concepts: Mapping[str, Concept],
    full_urls: Mapping[str, str] = NO_URLS,
) -> list[Mapping[str, Any]]:
    """The resources of a record in which a kidney biopsy may be told, reports first; none if there are none.

    ``biopsies`` and ``conditions`` know the codes of biopsies, reports and lupus. A report may be known only
    by a kidney specimen, to which it refers by a name that ``full_urls`` know.
    """
    questions, specimens = questions_of(concepts), by_type.get("Specimen", ())
    kidneys = frozenset(reference_of(each) for each in specimens if questions.is_kidney_specimen(each))
    reports = [
        each
        for each in by_type.get("DiagnosticReport", ())
        if _may_tell_of_biopsy(each, biopsies) or questions.has_kidney_specimen(each, kidneys, full_urls)
    ]
    procedures = [each for each in by_type.get("Procedure", ()) if _may_tell_of_biopsy(each, biopsies)]
    diagnosed = [each for each in by_type.get("Condition", ()) if conditions.concepts(each.get("code"))]
    return [*reports, *by_type.get("Observation", ()), *specimens, *procedures, *diagnosed]


def _may_tell_of_biopsy(resource: Mapping[str, Any], biopsies: CodeIndex) -> bool:
    if _names_kidney(words(resource.get("code"))) or _names_kidney(text_of(resource.get("conclusion"))):
        return True
    coded = [words(each) for each in items(resource.get("conclusionCode"))]
    return any(map(_names_kidney, coded)) or bool(biopsies.concepts(resource.get("code")))


def _names_kidney(text: str) -> bool:
    return names_kidney(text) or "isn/rps" in text.lower()


def results_of(
    known: Sequence[Mapping[str, Any]],
    resources: Sequence[Any],
    full_urls: Mapping[str, str],
    identity: PatientIdentity,
) -> list[Mapping[str, Any]]:
    """The patient's Observations that reports among the ``known`` name as results and that are not known.

    Their own codes tell nothing of a biopsy ("Final diagnosis"), so that only the report makes them count.
    """
    reports = [resource for resource in known if resource.get("resourceType") == "DiagnosticReport"]
    links = [text_of(link.get("reference")) for report in reports for link in items(report.get("result"))]
    named = {resolved(link, full_urls, "Observation") for link in links}
    if named:
        named -= {reference_of(each) for each in known if each.get("resourceType") == "Observation"}
    if not named:
        return []
    return [
        resource
        for resource in resources
        if type(resource) is dict
        and resource.get("resourceType") == "Observation"
        and reference_of(resource) in named
        and identity.is_subject_of(resource)
    ]


def _is_biopsy_report(
    resource: Mapping[str, Any],
    questions: Questions,
    taken: Sequence[Mapping[str, Any]],
    sections: Sequence[str],
) -> bool:
    """A report of a kidney biopsy by its code or specimen, or one of pathology that speaks of the kidney."""
    if questions.asked_by(resource.get("code")) is not None:
        return True
    if any(questions.is_kidney_specimen(specimen) for specimen in taken):
        return True
    if any(names_kidney_tissue(text_of(link.get("display"))) for link in items(resource.get("specimen"))):
        return True
    if not questions.is_pathology(resource.get("code"), sections):
        return False
    conclusion = text_of(resource.get("conclusion"))
    texts = list(tokens_and_texts(resource.get("code"))[1])
    if is_of_other_organ((*texts, *_words_of_specimens(resource, taken)), conclusion):
        return False
    for element in _each(resource, "conclusionCode"):
        texts += tokens_and_texts(element)[1]
    return any(names_kidney(text) for text in (*texts, conclusion[:2000]))


def _sections(resource: Mapping[str, Any]) -> list[str]:
    return [
        text_of(coding.get("code"))
        for category in items(resource.get("category"))
        for coding in items(category.get("coding"))
    ]


def _each(resource: Mapping[str, Any], key: str) -> Sequence[Mapping[str, Any]]:
    return items(resource.get(key))


def _specimens(resource: Mapping[str, Any], others: Others) -> list[Mapping[str, Any]]:
    if "specimen" not in resource:
        return []
    links = [text_of(link.get("reference")) for link in items(resource["specimen"])]
    found = [contained_in(resource, link) or others.specimen(link) for link in links]
    return [specimen for specimen in found if specimen]


def _collected(taken: Sequence[Mapping[str, Any]], faults: list[str]) -> Iterator[tuple[int, When]]:
    for specimen in taken:
        collection = mapping(specimen.get("collection"))
        yield from _dates(collection, COLLECTED, ("collectedDateTime", "collectedPeriod"), faults)


def _dates(
    element: Mapping[str, Any], rank: int, keys: Sequence[str], faults: list[str]
) -> list[tuple[int, When]]:
    """The dates among some members; one that cannot be read is a fault."""
    found = []
    for key in keys:
        value = element.get(key)
        if value is None:
            continue
        when = _period(value) if key.endswith("Period") else parse_when(value)
        if when is None:
            faults.append(f"{key} is not a date")
        else:
            found.append((rank, when))
    return found


def _period(value: Any) -> When | None:
    period = mapping(value)
    start, end = parse_when(period.get("start")), parse_when(period.get("end"))
    if start is None or end is None:
        return start or end
    return When(start.first, end.last, start.text) if start.first <= end.last else None


def _links(resource: Mapping[str, Any], others: Others) -> frozenset[str]:
    """What the record is called, and what it refers to; by a ``urn:uuid:`` too, which names no type."""
    own = reference_of(resource)
    found = {own, f"urn:uuid:{resource['id']}"} if "/" in own else set()
    for key in [key for key in _LINKS if key in resource]:
        for link in items(resource[key]):
            reference = text_of(link.get("reference"))
            if reference and not reference.startswith("#"):
                found.add(resolved(reference, others.full_urls))
    return frozenset(found)
