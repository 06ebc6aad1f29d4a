"""An authorization request, checked: which app asks for what, and whether it is the EHR that opened it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from cds_service.demo.authorization.authority import Authority
from cds_service.demo.authorization.parties import Grant, Launch, User
from cds_service.demo.authorization.refusals import RefusedError

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_SCOPE = re.compile(
    r"openid|profile|email|fhirUser|launch(?:/(?:patient|encounter))?|o(?:n|ff)line_access"
    r"|(?:patient|user)/(?:\*|[A-Z][A-Za-z]+)\.(?:\*|read|write|c?r?u?d?s?)(?:\?[^\s]*)?"
)


@dataclass(frozen=True, slots=True)
class Asking:
    """What an app asks for, of which we know where it wants its answer."""

    client_id: str
    redirect_uri: str
    state: str
    scope: tuple[str, ...]
    challenge: str
    nonce: str
    launch: Launch | None

    @property
    def needs_patient(self) -> bool:
        """Whether the user has to choose a patient: nobody has a chart open for it."""
        patients = any(one.startswith("patient/") or one == "launch/patient" for one in self.scope)
        return patients and self.launch is None

    def grant(self, user: User, patient: str) -> Grant:
        """What a user grants."""
        launch = self.launch
        return Grant(
            self.client_id,
            self.scope,
            0.0,
            user,
            launch.patient if launch else patient,
            launch.encounter if launch else "",
            launch.app_context if launch else "",
            self.nonce,
            self.redirect_uri,
            self.challenge,
        )


def redirect_of(arguments: Mapping[str, str], authority: Authority) -> str:
    """Where the answer goes. Raises RefusedError, to be shown here: to an address that is not registered
    nothing is ever sent."""
    app = authority.apps.get(arguments.get("client_id", ""))
    uri = arguments.get("redirect_uri", "")
    if app is None or uri not in app.redirect_uris:
        raise RefusedError("invalid_request", "This app, or the address that it gives, is not registered.")
    return uri


def asking_of(arguments: Mapping[str, str], authority: Authority, fhir_base: str) -> Asking:
    """What is asked, checked. Raises RefusedError, to be sent back to the app."""
    if arguments.get("response_type") != "code":
        raise RefusedError("unsupported_response_type", "Only codes are given.")
    challenge = arguments.get("code_challenge", "")
    if arguments.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(challenge):
        raise RefusedError("invalid_request", "PKCE with S256 is required.")
    scope = tuple(arguments.get("scope", "").split())
    if not scope or not all(map(_SCOPE.fullmatch, scope)):
        raise RefusedError("invalid_scope", "A scope is not known.")
    smart = any(one.startswith(("patient/", "user/", "launch")) for one in scope)
    if smart and arguments.get("aud", "").rstrip("/") != fhir_base:
        raise RefusedError("invalid_request", "aud must be the FHIR base.")
    return Asking(
        arguments["client_id"],
        arguments["redirect_uri"],
        arguments.get("state", ""),
        scope,
        challenge,
        arguments.get("nonce", ""),
        _launch(arguments, scope, authority),
    )


def _launch(arguments: Mapping[str, str], scope: tuple[str, ...], authority: Authority) -> Launch | None:
    if "launch" not in scope:
        return None
    launch = authority.launches.take(arguments.get("launch", ""))
    if not isinstance(launch, Launch):
        raise RefusedError("invalid_request", "The launch is used, too old, or not ours.")
    return launch
