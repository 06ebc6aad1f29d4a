"""What a clinician says on a worksheet, kept here and given to the EHR where it takes it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from cds_service.deployment import Deployment
from cds_service.fhir.allow_list import AllowList
from cds_service.fhir.fetching import Access
from cds_service.signing_in.sessions import WorksheetAccess
from cds_service.smart.resources import FhirWriteError, FhirWriter
from cds_service.worksheet.kept_answers import KIND, Place, new_id, to_be_written
from cds_service.worksheet.opening import Opened
from cds_service.worksheet.sheets import Sheets
from mappings.attesting.responses import Answered, Author, Filled, Struck, response_of

GRACE = timedelta(seconds=60)
"""For which the outbox leaves an answer to us, who write it with the clinician's own token. Ours."""

_SCOPE = re.compile(r"(?:patient|user)/(?P<type>\*|[A-Za-z]+)\.(?P<may>write|\*|c?r?u?d?s?)")


def may_create(scope: str, resource_type: str) -> bool:
    """Whether the scopes of a token let a resource be made. A scope with a filter promises nothing."""
    for part in scope.split():
        found = _SCOPE.fullmatch(part)
        if found and found["type"] in ("*", resource_type):
            may = found["may"]
            if may in ("write", "*") or may.startswith("c"):
                return True
    return False


def author_of(access: WorksheetAccess) -> Author:
    """Who answers: by the FHIR reference of a launch, or by the issuer and subject of an account."""
    issuer, bar, subject = access.user.partition("|")
    if bar:
        return Author(name=access.user_name, system=_system(issuer), value=subject)
    return Author(reference=access.user, name=access.user_name)


def _system(issuer: str) -> str:
    """An issuer is a URL already; the demo's local accounts get one of ours."""
    return issuer if issuer.startswith(("https://", "http://")) else f"urn:trialhook:{issuer}"


class Writing:
    """Keeps what is said, and writes it to the EHR with the clinician's token or leaves it to the outbox."""

    def __init__(self, deployment: Deployment, sheets: Sheets) -> None:
        self._deployment, self._sheets = deployment, sheets

    def say(self, opened: Opened, answers: Sequence[Answered] = (), strikes: Sequence[Struck] = ()) -> Place:
        """Keeps answers and strikes; where they are then. StorageAwayError: nothing was kept."""
        now = self._deployment.now(opened.client.time_zone)
        filled = Filled(
            opened.patient_reference, author_of(opened.access), now, answers, strikes, identity=new_id()
        )
        resource = response_of(opened.offered.trial, opened.offers.catalog, filled, opened.language)
        queued = now + GRACE if opened.client.backend is not None else None
        kept, subject = self._sheets.answers, self._sheets.subject(opened)
        direct = self._access(opened, KIND)
        if direct is None and queued is not None:
            queued = now
        kept.keep(subject, opened.offered.id, resource, now, queued)
        if direct is not None and self._created(direct, resource):
            kept.written(resource["id"], now)
            return "written"
        return "queued" if queued is not None else "here"

    def create(self, opened: Opened, resource: Mapping[str, Any], if_none_exist: str) -> bool:
        """Whether the EHR took a resource by the clinician's own token."""
        access = self._access(opened, str(resource["resourceType"]))
        return access is not None and _taken(access, resource, if_none_exist)

    def _created(self, access: Access, resource: Mapping[str, Any]) -> bool:
        return _taken(access, *to_be_written(resource))

    def _access(self, opened: Opened, resource_type: str) -> Access | None:
        """The session's own access, if it may make such a resource."""
        if opened.access.via != "launch":
            return None
        live = self._sheets.charts.live(opened)
        server = AllowList(opened.client.fhir_servers).find(opened.access.subject.fhir_base)
        if live is None or server is None or not may_create(live.scope, resource_type):
            return None
        return Access.to(server, live.access_token)


def _taken(access: Access, resource: Mapping[str, Any], if_none_exist: str) -> bool:
    try:
        FhirWriter(access).create(dict(resource), if_none_exist=if_none_exist)
    except FhirWriteError:
        return False
    return True
