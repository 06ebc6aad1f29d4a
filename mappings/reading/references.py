"""Whose resource it is, and what a resource is called."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_TYPE_AND_ID = re.compile(r"(?:^|/)([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})(?:/_history/[^/]*)?$")


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


class PatientIdentity:
    """The ways in which resources of one record may refer to their patient."""

    def __init__(self, patient_id: str, full_urls: Iterable[str] = ()) -> None:
        self.reference = f"Patient/{patient_id}"
        self._known: dict[str, bool] = {self.reference: True, f"urn:uuid:{patient_id}": True}
        for url in full_urls:
            self._known[url] = True

    def is_subject_of(self, resource: Mapping[str, Any], member: str = "subject") -> bool | None:
        """Whether the resource is about this patient; None if it does not say."""
        subject = resource.get(member)
        if type(subject) is not dict:
            return None
        text = subject.get("reference")
        if type(text) is not str:
            return None
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = local_reference(text) == self.reference
        return known
