"""Gives the EHR what a clinician answered on a worksheet: once, and never changed after that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote

from cds_service.smart.resources import FhirWriteError, FhirWriter
from cds_service.synchronising.exchange.whose import names_another, query_of
from cds_service.worksheet.kept_answers import KIND, Kept, to_be_written


def write_answer(kept: Kept, fhir: FhirWriter) -> Literal["created", "same"]:
    """Creates the response unless it is there. Raises FhirWriteError where the server does not take it."""
    body, _ = to_be_written(kept.resource)
    system, value = (body["identifier"][part] for part in ("system", "value"))
    query = f"identifier={quote(f'{system}|{value}', safe='')}"
    # Asked before, since not every server knows If-None-Exist, and the answer to a first try may be lost.
    rows = fhir.search(f"{KIND}?{query}").resources
    if not all(names_another(row, kept.subject) for row in rows):
        return "same"
    if rows:  # copied into another patient's chart
        query = f"{query}&{query_of(kept.subject)}"
    try:
        written = fhir.create(body, if_none_exist=query)
    except FhirWriteError as error:
        author = body.get("author", {})
        if error.word != "invalid" or "reference" not in author:
            raise
        # It may hold no such Practitioner, and take no reference to what it does not hold.
        written = fhir.create({**body, "author": _by_name(author)}, if_none_exist=query)
    return "created" if written.created else "same"


def _by_name(author: Mapping[str, str]) -> dict[str, str]:
    """Who answered, in words: an answer of nobody would not count when it is read again."""
    kind = author["reference"].rpartition("/")[0].rpartition("/")[2]
    return {"type": kind, "display": author.get("display") or author["reference"]}
