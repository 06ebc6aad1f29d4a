"""The listed exceptions to the invariants, each as narrow as can be. docs/invariants.md has them in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from mappings.reading.code_index import codings_of, first_code
from mappings.reading.references import reference_of
from mappings.verdicts import Reason
from tests.fuzz.charts import Chart, Json, catalog, references_in
from tests.fuzz.judging import Judged, record_of

URINE_VOLUME = "3167-4"  # LOINC, volume of 24 hour urine
_DOUBTED = frozenset({Reason.CONFLICTING, Reason.IMPRECISE})
_WITHDRAWN = frozenset({"entered-in-error", "cancelled"})
_OVER = frozenset({"inactive", "resolved", "remission"})


class Change(NamedTuple):
    """One change to a chart and what followed for one verdict."""

    verdict: str
    resource: Json
    member: str
    before: Judged
    after: Judged
    chart: Chart


class Excepted(NamedTuple):
    """``name`` stands in the docs. ``holds`` says whether a change is what the exception is about."""

    invariant: str
    name: str
    why: str
    holds: Callable[[Change], bool]


def _is_comparator(change: Change) -> bool:
    return change.member.endswith("comparator")


def _is_prohibition(change: Change) -> bool:
    return change.member == "doNotPerform"


def _is_said_active(change: Change) -> bool:
    """A Condition that says active, without its verificationStatus."""
    said = first_code(change.resource.get("clinicalStatus"))
    return change.member == "verificationStatus" and said == "active"


def _was_over(change: Change) -> bool:
    """A Condition that said that it was over or in remission, and says nothing now."""
    return change.member == "clinicalStatus" and first_code(change.resource.get("clinicalStatus")) in _OVER


def _was_denied(change: Change) -> bool:
    """The rule of a Consent, whose absence leaves the consent as it is."""
    provision = change.resource.get("provision")
    provision = provision if isinstance(provision, dict) else {}
    if change.member == "provision.type":
        return provision.get("type") == "deny"
    return change.member == "provision" and (provision.get("type") == "deny" or "period" in provision)


def _disagreed_with_its_code(change: Change) -> bool:
    """What says the coded unit of a quantity, if that is not the one written beside it."""
    path, _, last = change.member.rpartition(".")
    parent: Any = change.resource
    for step in path.split(".") if path else ():
        parent = parent[int(step)] if isinstance(parent, list) else parent.get(step)
    if last not in ("system", "code", "unit") or not isinstance(parent, dict):
        return False
    return "code" in parent and parent.get("unit") not in (None, parent["code"])


def _is_of_a_kidney_biopsy(change: Change) -> bool:
    """A record of a kidney biopsy, or its specimen, where the verdict rests on another record of one."""
    chart, own = change.chart, reference_of(change.resource)
    biopsies = [resource for resource in chart.resources() if _tells_of_a_biopsy(resource, chart)]
    belongs = any(one is change.resource or own in references_in(one) for one in biopsies)
    resting = change.before.references[change.verdict] | change.after.references[change.verdict]
    return belongs and any(reference_of(one) in resting for one in biopsies)


def _tells_of_a_biopsy(resource: Json, chart: Chart) -> bool:
    """Whether the reader finds a kidney biopsy in a resource and what it refers to."""
    about = {*references_in(resource), f"Patient/{chart.patient_id}"}
    kept = [one for one in chart.resources() if one is resource or reference_of(one) in about]
    results = record_of(chart.with_entries([{"resource": one} for one in kept])).results
    return any(catalog().concepts[concept].pathology for concept in results)


def _is_volume_of_a_collection(change: Change) -> bool:
    """The volume by which a concentration in a 24-hour urine was multiplied; its text tells it."""
    code = change.resource.get("code")
    codes = [coding.get("code") for coding in codings_of(code)]
    return change.resource.get("resourceType") == "Observation" and URINE_VOLUME in codes


def _which_drug_is_not_known(change: Change) -> bool:
    """A drug record whose Medication is not there, or a Medication without which that is so."""
    if change.resource.get("resourceType") == "Medication":
        verdict, assessment = change.after.verdicts.get(change.verdict), change.after.assessment
    else:
        verdict, assessment = change.before.verdicts[change.verdict], change.before.assessment
        if not isinstance(change.resource.get("medicationReference"), dict):
            return False
    return verdict == "unknown" and bool(assessment.not_retrieved)


def _is_below_detection(change: Change) -> bool:
    """A finding that any number above zero makes positive."""
    results = change.after.record.results.values()
    reference = reference_of(change.resource)
    concepts = {result.concept for facts in results for result in facts if result.reference == reference}
    return any(catalog().concepts[concept].positive_above is not None for concept in concepts)


def _is_answered(change: Change) -> bool:
    """A criterion that was left open by the value known only as a limit, and was settled by an answer."""
    return change.before.reasons.get(change.verdict) == "attested"


def _contradicted(change: Change) -> bool:
    """The flag or range of a result whose answer says otherwise, or which they make doubtful."""
    is_of_laboratory = change.member.split(".")[0] in ("interpretation", "referenceRange")
    own = reference_of(change.resource)
    evidence = (fact for each in change.before.assessment.criteria for fact in each.evidence)
    told = any(fact.reference == own and fact.reason in _DOUBTED for fact in evidence)
    return is_of_laboratory and (
        told or change.before.reasons.get(change.verdict) in [reason.value for reason in _DOUBTED]
    )


def _is_unit_of_a_range(change: Change) -> bool:
    path, _, last = change.member.rpartition(".")
    return path.startswith(("referenceRange", "component")) and "Range" in path and last != "comparator"


def _shares_its_id(change: Change) -> bool:
    own = reference_of(change.resource)
    return "/" in own and [reference_of(one) for one in change.chart.resources()].count(own) > 1


def _may_withdraw_another(change: Change) -> bool:
    return change.resource.get("status") in _WITHDRAWN or _shares_its_id(change)


def _was_said_to_be_absent(change: Change) -> bool:
    """A reason why there is no value, which stood beside one."""
    return change.member == "dataAbsentReason"


EXCEPTIONS: Sequence[Excepted] = (
    Excepted(
        "removing-a-resource",
        "volume of a 24-hour urine collection",
        "A concentration counts only with the volume of its collection. The evidence names the "
        "concentration, and its text tells the volume.",
        _is_volume_of_a_collection,
    ),
    Excepted(
        "removing-a-resource",
        "drug record whose Medication is not there, and that Medication",
        "Which drug it is cannot be said, so that drugs count as not wholly retrieved. That stands under "
        "`not_retrieved`, not in the evidence.",
        _which_drug_is_not_known,
    ),
    Excepted(
        "removing-a-resource",
        "a result that is withdrawn, or one of two resources under one id",
        "What is entered in error or cancelled may withdraw another result, and of two versions one counts. "
        "The evidence names the one in doubt, not the one that puts it in doubt.",
        _may_withdraw_another,
    ),
    Excepted(
        "removing-a-resource",
        "records of one kidney biopsy",
        "Procedure, specimen, report and results tell together of one biopsy: one gives the class, another "
        "the day or the index. The evidence names the one that gives the value.",
        _is_of_a_kidney_biopsy,
    ),
    Excepted(
        "removing-a-qualifier",
        "comparator",
        "FHIR gives its absence a meaning: the value is exact. <1.5 without its comparator says 1.5.",
        _is_comparator,
    ),
    Excepted(
        "removing-a-qualifier",
        "doNotPerform",
        "FHIR gives its absence a meaning: the order is one to do.",
        _is_prohibition,
    ),
    Excepted(
        "removing-a-qualifier",
        "dataAbsentReason beside a value",
        "FHIR forbids the two together: a value that is said to be absent is conflicting. Without the reason "
        "there is a value, and nothing against it.",
        _was_said_to_be_absent,
    ),
    Excepted(
        "removing-a-qualifier",
        "verificationStatus of an active Condition",
        "Decided: without verificationStatus a Condition counts as confirmed if it says active, and the "
        "evidence says so.",
        _is_said_active,
    ),
    Excepted(
        "removing-a-qualifier",
        "clinicalStatus of a Condition that was over",
        "Decided: a confirmed Condition counts unless it says inactive or resolved, and a relapse unless "
        "another entry says remission, inactive or resolved; an encounter's diagnosis need not say any.",
        _was_over,
    ),
    Excepted(
        "removing-a-qualifier",
        "provision of a Consent",
        "FHIR gives its absence a meaning: the consent stands as it is. An active research consent that "
        "names the study and denies nothing is one.",
        _was_denied,
    ),
    Excepted(
        "removing-a-qualifier",
        "system, code or unit of a quantity whose code is not its unit",
        "A code of UCUM counts before the unit as written, that before a code of no system. Two units that "
        "disagree are two statements; without one of them the other counts.",
        _disagreed_with_its_code,
    ),
    Excepted(
        "removing-a-qualifier",
        "flag or reference range that contradicts or doubts the answer",
        "Two statements that contradict each other are conflicting; one of them alone is not. A flag that "
        "says undecided, or a range that cannot be compared with the number, makes an answer imprecise; the "
        "answer alone is not.",
        _contradicted,
    ),
    Excepted(
        "removing-a-qualifier",
        "unit of a reference range",
        "A range without a unit is in the unit of the result that it stands with, as laboratories write it.",
        _is_unit_of_a_range,
    ),
    Excepted(
        "removing-a-qualifier",
        "one of two resources under one id",
        "An id names one resource. Two under one id are versions of it; which of them counts depends on what "
        "each says of itself.",
        _shares_its_id,
    ),
    Excepted(
        "censored-value",
        "finding that is positive above zero, below detection",
        "Decided: CD19+ or BCMA+ B cells, or casts, below detection count as negative, although a number "
        "between zero and the limit would be positive.",
        _is_below_detection,
    ),
    Excepted(
        "censored-value",
        "criterion that a clinician's answer settles",
        "Where a limit leaves it open whether a criterion holds, an answer decides. The number that the "
        "limit stands for would decide before any answer.",
        _is_answered,
    ),
)


def is_excepted(invariant: str, change: Change) -> bool:
    return any(each.invariant == invariant and each.holds(change) for each in EXCEPTIONS)
