"""Whose resource it is, and what a resource is called.

What is promised. A reference may be relative (``Patient/1``), absolute (``https://ehr/fhir/Patient/1``), of a
version (``Patient/1/_history/2``), a bundle entry's ``fullUrl`` (``urn:uuid:...``) or contained (``#1``). Ids
are compared whole. An absolute reference to the same type and id on another server is about somebody else, if
the record tells its server by the ``fullUrl`` of any entry; if it tells none, the address is not looked at.
A subject without a reference is the patient's if its identifier, with system and value, is the Patient's too;
it is somebody else's if the Patient has other values of that system; else it is not said whose it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from mappings.reading.fhir_elements import items, text_of

_TYPE_AND_ID = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]*)?$")
_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)
_CONDITIONAL = re.compile(r"Patient\?identifier=(?P<identifier>[^&]+)$")
UUID_SCHEME = "urn:uuid:"
Identifier = tuple[str, str]

NO_URLS: Mapping[str, str] = MappingProxyType({})
"""For records of which no bundle entry bears a fullUrl."""


def reference_of(resource: Mapping[str, Any]) -> str:
    """``Type/id`` of a resource; ``Type`` alone where it has no id."""
    kind, identity = resource.get("resourceType"), resource.get("id")
    kind = kind if isinstance(kind, str) else "resource"
    return f"{kind}/{identity}" if isinstance(identity, str) and identity else kind


def local_reference(text: object) -> str:
    """``Type/id`` of a relative, absolute or versioned reference; other text unchanged."""
    if not isinstance(text, str):
        return ""
    match = _TYPE_AND_ID.search(text)
    return f"{match[1]}/{match[2]}" if match else text


def resolved(text: str, full_urls: Mapping[str, str], kind: str = "") -> str:
    """``Type/id`` of a reference of any form, with the fullUrls of the record's bundles.

    A ``urn:uuid:`` that no entry bears is taken for the id of a resource of type ``kind``.
    """
    known = full_urls.get(text)
    if known is not None:
        return known
    if kind and text.startswith(UUID_SCHEME):
        return f"{kind}/{text.removeprefix(UUID_SCHEME)}"
    return local_reference(text)


def contained_in(resource: Mapping[str, Any], reference: object, kind: str = "") -> Mapping[str, Any] | None:
    """The resource, of a type if one is given, that another contains and refers to as ``#id``, else None.

    A bare ``#`` is FHIR's word for the container itself.
    """
    if not isinstance(reference, str) or not reference.startswith("#"):
        return None
    wanted = reference[1:].strip()
    for each in items(resource.get("contained")) if wanted else ():
        if text_of(each.get("id")) == wanted and (not kind or each.get("resourceType") == kind):
            return each
    return None


def results_inside(report: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The Observations that a DiagnosticReport contains and names as its results."""
    named = {text_of(each.get("reference")) for each in items(report.get("result"))}
    for each in items(report.get("contained")):
        if each.get("resourceType") == "Observation" and f"#{each.get('id')}" in named:
            yield each


def identifiers_of(resource: Mapping[str, Any]) -> Iterable[Identifier]:
    """System and value of the identifiers that have both."""
    listed = resource.get("identifier")
    for identifier in listed if isinstance(listed, list) else [listed]:
        pair = _identifier(identifier)
        if pair is not None:
            yield pair


def _identifier(value: object) -> Identifier | None:
    if not isinstance(value, dict):
        return None
    system, text = value.get("system"), value.get("value")
    if not isinstance(system, str) or not isinstance(text, str):
        return None
    pair = system.strip(), text.strip()
    return pair if all(pair) else None


def server_of(url: str) -> str:
    """The address of a FHIR server in the URL of a resource, without the scheme; empty if there is none."""
    match = _TYPE_AND_ID.search(url)
    if match is None or not _ABSOLUTE.match(url):
        return ""
    host, slash, path = _ABSOLUTE.sub("", url[: match.start()]).partition("/")
    return f"{host.lower()}{slash}{path}".rstrip("/")


class PatientIdentity:
    """The ways in which resources of one record may refer to their patient; this module says which."""

    def __init__(
        self,
        patient_id: str,
        full_urls: Mapping[str, str] | None = None,
        identifiers: Iterable[Identifier] = (),
    ) -> None:
        self.reference = f"Patient/{patient_id}"
        self._full_urls = full_urls or {}
        self._identifiers = frozenset(identifiers)
        self._servers: frozenset[str] | None = None
        self._known: dict[str, bool | None] = {self.reference: True, f"{UUID_SCHEME}{patient_id}": True}

    @classmethod
    def of(cls, patient: Mapping[str, Any], full_urls: Mapping[str, str]) -> PatientIdentity:
        """The identity of a Patient resource, in a record whose entries have these fullUrls."""
        return cls(reference_of(patient).partition("/")[2], full_urls, identifiers_of(patient))

    def is_subject_of(self, resource: Mapping[str, Any], member: str = "subject") -> bool | None:
        """Whether the resource is about this patient; None if it does not say."""
        subject = resource.get(member)
        if type(subject) is not dict:
            return None
        text = subject.get("reference")
        if type(text) is not str or not text or text[0] == "#":
            return self._by_identifier([_identifier(subject.get("identifier")), *_contained(resource, text)])
        if text not in self._known:
            self._known[text] = self._is_named(text)
        return self._known[text]

    def _is_named(self, text: str) -> bool | None:
        conditional = _CONDITIONAL.search(text)
        if conditional is not None:
            system, _, value = unquote(conditional["identifier"]).partition("|")
            return self._by_identifier([(system, value)])
        known = self._full_urls.get(text)
        if known is not None:
            return known == self.reference
        return local_reference(text) == self.reference and self._is_on_this_server(text)

    def _is_on_this_server(self, text: str) -> bool:
        if not _ABSOLUTE.match(text):
            return True
        if self._servers is None:
            self._servers = frozenset(map(server_of, self._full_urls)) - {""}
        return not self._servers or server_of(text) in self._servers

    def _by_identifier(self, given: Iterable[Identifier | None]) -> bool | None:
        named = {pair for pair in given if pair is not None}
        if named & self._identifiers:
            return True
        systems = {system for system, _ in self._identifiers}
        return False if any(system in systems for system, _ in named) else None


def _contained(resource: Mapping[str, Any], text: object) -> Iterable[Identifier]:
    """The identifiers of a Patient that the resource contains and refers to."""
    inside = contained_in(resource, text, "Patient")
    return () if inside is None else identifiers_of(inside)
