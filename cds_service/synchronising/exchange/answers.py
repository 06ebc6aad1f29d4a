"""Gives the EHR what a clinician answered on a worksheet: once, and never changed after that."""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from cds_service.smart.resources import FhirWriter
from cds_service.worksheet.kept_answers import KIND, Kept, to_be_written


def write_answer(kept: Kept, fhir: FhirWriter) -> Literal["created", "same"]:
    """Creates the response unless it is there. Raises FhirWriteError where the server does not take it."""
    body, _ = to_be_written(kept.resource)
    system, value = (body["identifier"][part] for part in ("system", "value"))
    query = f"identifier={quote(f'{system}|{value}', safe='')}"
    # Asked before, since not every server knows If-None-Exist, and the answer to a first try may be lost.
    if fhir.search(f"{KIND}?{query}").resources:
        return "same"
    return "created" if fhir.create(body, if_none_exist=query).created else "same"
