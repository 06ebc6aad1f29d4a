"""A patient's chart in the few lines that a clinician sees around the cards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from cds_service.demo.ehr import values
from cds_service.demo.ehr.values import name_of
from cds_service.demo.fhir.search import find
from cds_service.demo.fhir.store import FhirStore, Resource

HEADLINE_TESTS = ("2890-2", "34366-5", "2889-4")
DRUG_DATES = ("authoredOn", "effectiveDateTime", "whenHandedOver")
DRUG_KINDS = {
    "MedicationRequest": "ordered",
    "MedicationStatement": "taking",
    "MedicationAdministration": "given",
    "MedicationDispense": "dispensed",
}


@dataclass(frozen=True)
class Line:
    """One line of a chart. `flag` is H, L or empty; a `struck` line no longer holds."""

    what: str
    value: str = ""
    when: str = ""
    note: str = ""
    flag: str = ""
    struck: bool = False


@dataclass(frozen=True)
class Banner:
    """Who the patient is."""

    id: str
    name: str
    age: str
    sex: str
    born: str
    deceased: str


@dataclass(frozen=True)
class Chart:
    """What the page shows of a record."""

    banner: Banner
    problems: list[Line]
    medications: list[Line]
    results: list[Line]
    biopsies: list[Line]
    orders: list[Line]
    trials: list[Line]


def full_name(patient: Resource) -> str:
    """Family name first."""
    name = (patient.get("name") or [{}])[0]
    return f"{name.get('family', '')}, {' '.join(name.get('given', []))}".strip(", ") or "No name recorded"


def banner(patient: Resource, today: date) -> Banner:
    """Name, age, sex, date of birth."""
    died = date.fromisoformat(patient["deceasedDateTime"][:10]) if "deceasedDateTime" in patient else None
    return Banner(
        id=str(patient["id"]),
        name=full_name(patient),
        age=values.age(patient.get("birthDate"), died or today),
        sex=str(patient.get("gender") or "sex not recorded"),
        born=values.day(patient.get("birthDate")),
        deceased=values.day(patient.get("deceasedDateTime")),
    )


def chart(store: FhirStore, patient: Resource, today: date) -> Chart:
    """The whole chart, newest lines first."""
    ident = str(patient["id"])
    return Chart(
        banner=banner(patient, today),
        problems=[_problem(r) for r in _of(store, "Condition", ident)],
        medications=list(_medications(store, ident)),
        results=_results(_of(store, "Observation", ident)),
        biopsies=[_biopsy(r) for r in _of(store, "DiagnosticReport", ident)],
        orders=[_order(r) for r in reversed(_of(store, "ServiceRequest", ident))],
        trials=[
            *(_participation(store, r) for r in _of(store, "ResearchSubject", ident)),
            *(_task(r) for r in _of(store, "Task", ident)),
        ],
    )


def one_line(store: FhirStore, ident: str) -> str:
    """The chart in one line: the diagnosis that began last, and the latest urine protein."""
    problems = [r for r in _of(store, "Condition", ident) if not _problem(r).struck]
    latest_problem = max(problems, key=lambda r: str(r.get("onsetDateTime", "")), default=None)
    urine = [r for r in _of(store, "Observation", ident) if _codes(r) & set(HEADLINE_TESTS) and _counts(r)]
    latest_urine = max(urine, key=lambda r: str(r["effectiveDateTime"]), default=None)
    diagnosis = name_of(latest_problem["code"]) if latest_problem else ""
    protein = f"protein {values.value_of(latest_urine)}" if latest_urine else ""
    return " · ".join(part for part in (diagnosis, protein) if part) or "No entries yet"


def _of(store: FhirStore, kind: str, ident: str) -> list[Resource]:
    return find(store.all(kind), kind, [("patient", ident)])


def _codes(observation: Resource) -> set[str]:
    return {str(coding.get("code")) for coding in observation["code"].get("coding", [])}


def _counts(resource: Resource) -> bool:
    return resource.get("status") not in {"entered-in-error", "cancelled"}


def _problem(condition: Resource) -> Line:
    clinical = (condition.get("clinicalStatus") or {}).get("coding", [{}])[0].get("code", "")
    verification = (condition.get("verificationStatus") or {}).get("coding", [{}])[0].get("code", "")
    struck = verification in {"refuted", "entered-in-error"}
    note = verification if struck else clinical if clinical != "active" else ""
    since = values.day(condition.get("onsetDateTime"))
    return Line(name_of(condition["code"]), when=f"since {since}" if since else "", note=note, struck=struck)


def _medications(store: FhirStore, ident: str) -> Iterator[Line]:
    """Each drug once per kind of entry; of several infusions or dispenses, the last."""
    for kind, verb in DRUG_KINDS.items():
        seen: dict[str, Line] = {}
        for entry in sorted(_of(store, kind, ident), key=_drug_day, reverse=True):
            name = _drug_name(store, entry)
            seen.setdefault(name, _drug_line(name, verb, entry))
        yield from seen.values()


def _drug_day(entry: Resource) -> str:
    period = entry.get("effectivePeriod", {})
    return next(
        (str(entry[element]) for element in DRUG_DATES if element in entry), str(period.get("start", ""))
    )


def _drug_line(name: str, verb: str, entry: Resource) -> Line:
    dosage = entry.get("dosageInstruction") or [entry.get("dosage") or {}]
    dose = dosage[0].get("text", "") if isinstance(dosage[0], dict) else ""
    until = values.day(entry.get("effectivePeriod", {}).get("end"))
    stopped = entry.get("status") in {"stopped"} or bool(until)
    since = values.day(_drug_day(entry))
    when = (
        f"{since} to {until}"
        if until
        else f"{'last ' if verb in {'given', 'dispensed'} else 'since '}{since}"
    )
    return Line(name, dose, when, "stopped" if stopped else verb)


def _drug_name(store: FhirStore, entry: Resource) -> str:
    if "medicationCodeableConcept" in entry:
        return name_of(entry["medicationCodeableConcept"])
    link = entry.get("medicationReference", {})
    inside = {f"#{r['id']}": r for r in entry.get("contained", [])}
    kind, _, ident = link.get("reference", "").partition("/")
    medication = inside.get(link.get("reference", "")) or store.read(kind, ident) or {}
    return name_of(medication.get("code")) or str(link.get("display", "unknown drug"))


def _results(observations: list[Resource]) -> list[Line]:
    newest = sorted(observations, key=lambda r: str(r.get("effectiveDateTime", "")), reverse=True)
    return [_result(observation) for observation in newest]


def _result(observation: Resource) -> Line:
    counts = _counts(observation)
    flags = {"H": "high", "L": "low"}
    coded = (observation.get("interpretation") or [{}])[0].get("coding", [{}])[0].get("code", "")
    return Line(
        what=name_of(observation["code"]),
        value=values.value_of(observation),
        when=values.day(observation.get("effectiveDateTime")),
        note="" if counts else str(observation["status"]).replace("-", " "),
        flag=flags.get(coded, ""),
        struck=not counts,
    )


def _biopsy(report: Resource) -> Line:
    when = values.day(report.get("effectiveDateTime"))
    return Line(name_of(report["code"]), str(report.get("conclusion", "")), when)


def _order(order: Resource) -> Line:
    notes = "; ".join(str(note.get("text", "")) for note in order.get("note", []))
    return Line(name_of(order.get("code")) or "Order", notes, note=f"{order['status']} {order['intent']}")


def _participation(store: FhirStore, subject: Resource) -> Line:
    study = subject.get("study", {})
    kind, _, number = study.get("reference", "").partition("/")
    known = (store.read(kind, number) or {}).get("title") or study.get("identifier", {}).get("value")
    since = values.day(subject.get("period", {}).get("start"))
    status = str(subject["status"]).replace("-", " ")
    when = f"since {since}" if since else ""
    return Line(str(study.get("display") or known or "Research study"), "Participation", when, status)


def _task(task: Resource) -> Line:
    """The trial team's task: where the referral stands."""
    stands = name_of(task.get("businessStatus")) or str(task["status"]).replace("-", " ")
    notes = "; ".join(str(note.get("text", "")) for note in task.get("note", []))
    what = str(task.get("description") or name_of(task.get("code")) or "Task")
    return Line(what, notes, values.day(task.get("lastModified") or task.get("authoredOn")), stands)
