"""Resources of one test run, on a server that others may use too: loaded, found and deleted by their tag."""

import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

RUN_SYSTEM = "https://trialhook.example/test-run"
FHIR_JSON = "application/fhir+json"
TIMEOUT = 180.0
DELETED_AT_ONCE = 500
# What others refer to goes last, in this order; all other types go before.
DELETED_LAST = (
    "Observation",
    "CareTeam",
    "Condition",
    "Medication",
    "Encounter",
    "Device",
    "Patient",
    "Location",
    "Practitioner",
    "Organization",
)

Json = dict[str, Any]


class FhirServerError(RuntimeError):
    """The server answered a request with an error."""

    def __init__(self, response: requests.Response) -> None:
        asked = f"{response.request.method} {response.url}"
        super().__init__(f"{asked}: {response.status_code} {response.text[:1000]}")


@dataclass(frozen=True)
class LoadedBundle:
    """Where the server put what a bundle held.

    `references` maps "Patient/old" to "Patient/new"; an entry without an id goes by its fullUrl.
    """

    references: Mapping[str, str]

    @property
    def patients(self) -> dict[str, str]:
        """Old patient id to new patient id."""
        pairs = self.references.items()
        return {_id(old): _id(new) for old, new in pairs if old.startswith("Patient/")}


def new_run_tag() -> str:
    """A tag that no other run has."""
    return uuid.uuid4().hex


def load_bundle(base_url: str, bundle: Json, tag: str) -> LoadedBundle:
    """Create all resources of a bundle of any type, tagged, under ids that the server chooses.

    References within the bundle follow. A conditional reference or `ifNoneExist` is limited to this run, so
    that it never finds what somebody else put on a shared server.
    """
    old_names = [_old_name(entry) for entry in bundle["entry"]]
    answer = _post(base_url, _transaction(bundle["entry"], old_names, tag))
    created = [_type_and_id(entry["response"]["location"]) for entry in answer["entry"]]
    pairs = zip(old_names, created, strict=True)
    return LoadedBundle({old: new for old, new in pairs if old})


def load_synthea(base_url: str, bundles: Iterable[Path], tag: str) -> dict[str, str]:
    """Load Synthea's files in the order given; return the new patient id for each of Synthea's."""
    patients: dict[str, str] = {}
    for path in bundles:
        patients |= load_bundle(base_url, json.loads(path.read_text()), tag).patients
    return patients


def search_pages(base_url: str, resource_type: str, params: Mapping[str, str]) -> Iterator[Json]:
    """The pages of a search, each fetched when it is asked for, to the last."""
    url, query = f"{base_url}/{resource_type}", dict(params)
    while url:
        page = _get(url, query)
        yield page
        # The link holds the whole query already.
        url, query = next((link["url"] for link in page["link"] if link["relation"] == "next"), ""), {}


def search(base_url: str, resource_type: str, params: Mapping[str, str]) -> list[Json]:
    """All resources that a search finds."""
    pages = search_pages(base_url, resource_type, {"_count": "200", **params})
    return [entry["resource"] for page in pages for entry in page.get("entry", [])]


def held_by_run(base_url: str, tag: str) -> dict[str, int]:
    """How many resources of each type carry the tag, over all types that the server knows."""
    statement = _get(f"{base_url}/metadata", {})
    types = [resource["type"] for resource in statement["rest"][0]["resource"]]
    answer = _post(
        base_url, {"resourceType": "Bundle", "type": "batch", "entry": [_count(t, tag) for t in types]}
    )
    totals = [_total(entry) for entry in answer["entry"]]
    return {name: total for name, total in zip(types, totals, strict=True) if total}


def delete_run(base_url: str, tag: str) -> int:
    """Delete all that carries the tag, and return how many there were.

    A server refuses to delete what is still referred to, so types go in order; what is refused is tried again
    once others have gone, until nothing is left or nothing moves.
    """
    held = held_by_run(base_url, tag)
    total = left = sum(held.values())
    while left:
        in_order = sorted(held, key=_deletion_order)
        refusals = [refusal for name in in_order for refusal in _delete_type(base_url, name, tag)]
        held = held_by_run(base_url, tag)
        if sum(held.values()) == left:
            raise RuntimeError(f"Run {tag} still holds {held}: {refusals}")
        left = sum(held.values())
    return total


def _old_name(entry: Json) -> str:
    resource = entry["resource"]
    if "id" in resource:
        return f"{resource['resourceType']}/{resource['id']}"
    return str(entry.get("fullUrl", ""))


def _transaction(entries: list[Json], old_names: list[str], tag: str) -> Json:
    urns = [f"urn:uuid:{uuid.uuid4()}" for _ in entries]
    names = dict(zip(old_names, urns, strict=True))
    names |= {entry["fullUrl"]: urn for entry, urn in zip(entries, urns, strict=True) if "fullUrl" in entry}
    posts = [_creation(entry, urn, names, tag) for entry, urn in zip(entries, urns, strict=True)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": posts}


def _creation(entry: Json, urn: str, names: Mapping[str, str], tag: str) -> Json:
    resource = _with_references(entry["resource"], names, tag)
    resource.pop("id", None)
    meta = resource.get("meta", {})
    resource["meta"] = meta | {"tag": [*meta.get("tag", []), {"system": RUN_SYSTEM, "code": tag}]}
    request = {"method": "POST", "url": resource["resourceType"]}
    if condition := entry.get("request", {}).get("ifNoneExist"):
        request["ifNoneExist"] = _within_run(condition, tag)
    return {"fullUrl": urn, "resource": resource, "request": request}


def _with_references(node: Any, names: Mapping[str, str], tag: str) -> Any:
    """A copy in which each reference points at what the transaction, or this run, creates."""
    if isinstance(node, list):
        return [_with_references(item, names, tag) for item in node]
    if not isinstance(node, dict):
        return node
    copy = {key: _with_references(value, names, tag) for key, value in node.items()}
    reference = copy.get("reference")
    if isinstance(reference, str):
        copy["reference"] = (
            _within_run(reference, tag) if "?" in reference else names.get(reference, reference)
        )
    return copy


def _within_run(condition: str, tag: str) -> str:
    return f"{condition}&_tag={RUN_SYSTEM}|{tag}"


def _type_and_id(location: str) -> str:
    resource, _, _ = location.partition("/_history/")
    return "/".join(resource.split("/")[-2:])


def _id(reference: str) -> str:
    return reference.rpartition("/")[2]


def _count(resource_type: str, tag: str) -> Json:
    url = f"{resource_type}?_tag={RUN_SYSTEM}|{tag}&_summary=count"
    return {"request": {"method": "GET", "url": url}}


def _total(entry: Json) -> int:
    if "total" not in entry.get("resource", {}):
        raise RuntimeError(f"The server did not count: {entry}")
    return int(entry["resource"]["total"])


def _deletion_order(resource_type: str) -> int:
    return DELETED_LAST.index(resource_type) if resource_type in DELETED_LAST else -1


def _delete_type(base_url: str, resource_type: str, tag: str) -> list[FhirServerError]:
    """Delete what can be deleted now; return the server's refusals."""
    found = search(base_url, resource_type, {"_tag": f"{RUN_SYSTEM}|{tag}", "_elements": "id"})
    deletions = [{"request": {"method": "DELETE", "url": f"{resource_type}/{r['id']}"}} for r in found]
    refusals = []
    for start in range(0, len(deletions), DELETED_AT_ONCE):
        part = deletions[start : start + DELETED_AT_ONCE]
        try:
            _post(base_url, {"resourceType": "Bundle", "type": "transaction", "entry": part})
        except FhirServerError as refusal:
            refusals.append(refusal)
    return refusals


def _get(url: str, params: Mapping[str, str]) -> Json:
    # HAPI answers a repeated search from a cache for a minute unless it is told not to.
    headers = {"Accept": FHIR_JSON, "Cache-Control": "no-cache"}
    return _accepted(requests.get(url, params=params, headers=headers, timeout=TIMEOUT))


def _post(base_url: str, bundle: Json) -> Json:
    headers = {"Content-Type": FHIR_JSON, "Accept": FHIR_JSON, "Cache-Control": "no-cache"}
    return _accepted(requests.post(base_url, data=json.dumps(bundle), headers=headers, timeout=TIMEOUT))


def _accepted(response: requests.Response) -> Json:
    if not response.ok:
        raise FhirServerError(response)
    answer: Json = response.json()
    return answer
