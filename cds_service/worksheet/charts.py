"""The chart of a worksheet's patient, read now, with what could not be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from time import monotonic
from typing import Any, Literal, NamedTuple
from uuid import uuid4

from cds_service.deployment import Deployment
from cds_service.fhir.fetching import FhirFetcher
from cds_service.hooks.call import HookCall
from cds_service.hooks.gathering import gather
from cds_service.hooks.prefetch import ABSENT
from cds_service.hooks.request.authorization import Scopes
from cds_service.hooks.tailoring import queries_for
from cds_service.oauth.faults import OAuthError
from cds_service.referrals.identity import base_of
from cds_service.signing_in.sessions import WorksheetAccess
from cds_service.smart.backend_services import Backend
from cds_service.smart.renewing import Renewals
from cds_service.web.problems import RefusalError
from cds_service.worksheet.opening import Opened
from mappings.results import Gap

SECONDS = 8.0
"""How long a page waits for a FHIR server: longer than a card, since somebody asked for it. Ours."""

Fault = Literal["", "expired", "no_access", "no_patient"]


class Chart(NamedTuple):
    """What was read. ``fault``: why there is no patient: the session's token is over, no token can be had,
    or the FHIR server did not give the Patient."""

    resources: tuple[Any, ...] = ()
    full_urls: Mapping[str, str] = {}
    gaps: tuple[Gap, ...] = ()
    patient: Mapping[str, Any] | None = None
    fault: Fault = ""
    why: str = ""

    def __repr__(self) -> str:
        return f"Chart({len(self.resources)} resources, fault={self.fault!r})"


class Charts:
    """Reads for all worksheets of a process, by the token of a launch or by Backend Services."""

    def __init__(self, deployment: Deployment) -> None:
        settings = deployment.settings
        self._fetcher = FhirFetcher(replace(settings, deadline=max(SECONDS, settings.deadline)))
        self._seconds = self._fetcher.seconds
        self._backend = deployment.backend
        self._renewals = Renewals(deployment)

    @property
    def backend(self) -> Backend:
        """Access that this service has by itself."""
        return self._backend

    def read(self, opened: Opened) -> Chart:
        """The patient's chart, as far as the trials of the client need it."""
        token, scope, fault = self._token(opened)
        if fault:
            return Chart(fault=fault)
        subject, client = opened.access.subject, opened.client
        call = HookCall(
            hook_instance=str(uuid4()),
            patient_id=subject.patient_id,
            user="",
            fhir_server=base_or_nothing(opened) or None,
            token=token,
            scopes=Scopes.parse(scope),
        )
        abilities = replace(client.abilities, fhirpath_prefetch=False)  # trends need what is older too
        queries = queries_for(opened.offers.needs, abilities)
        try:
            gathered = gather(call, queries, self._fetcher, monotonic() + self._seconds, client)
        except RefusalError as refusal:
            return Chart(fault="no_patient", why="; ".join(one.text for one in refusal.problems))
        reference = ("Patient", subject.patient_id)
        patient = next(
            (
                one
                for one in gathered.resources
                if isinstance(one, dict) and (one.get("resourceType"), one.get("id")) == reference
            ),
            None,
        )
        gaps = tuple(dict.fromkeys(map(_without_prefetch, gathered.gaps)))
        return Chart(tuple(gathered.resources), gathered.full_urls, gaps, patient)

    def live(self, opened: Opened) -> WorksheetAccess | None:
        """The access of a launch with a token that lives, renewed if need be; None if it is over."""
        return self._renewals.live(opened.access, opened.client)

    def _token(self, opened: Opened) -> tuple[str | None, str, Fault]:
        if opened.access.via == "launch":
            access = self.live(opened)
            return (access.access_token or None, access.scope, "") if access else (None, "", "expired")
        try:
            found = self._backend.access(opened.client, base_or_nothing(opened))
        except OAuthError:
            return None, "", "no_access"
        return (found.token, "", "") if found is not None else (None, "", "no_access")


def _without_prefetch(gap: Gap) -> Gap:
    """Nothing was to be prefetched here, so only why it could not be read either is said."""
    return replace(gap, what=gap.what.replace(f"{ABSENT}; ", ""))


def base_or_nothing(opened: Opened) -> str:
    """The FHIR base of a patient: the one that was named, else the only one that the client has."""
    return opened.access.subject.fhir_base or base_of(opened.client)
