"""What keeps something from being written or looked at: closed words, and what they say to people."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.oauth.faults import OAuthError
from cds_service.smart.resources import FhirWriteError
from mappings.language import message

GONE = "gone"
"""It was deleted at the EHR: it is made again only if a person asks for it."""

ANOTHER_PATIENT = "another_patient"
"""What bears our identifier there is not about the referral's patient: it is never written to."""

_AND = "/"
"""In a fault that is kept, between our word and FHIR's code for the issue."""

_WORTH_TRYING_AGAIN = frozenset({"conflict", "changed"})
_SAYING_LITTLE = frozenset({"invalid", "refused"})
_OF_THE_SERVER = frozenset({"unreachable", "too_slow", "broken_off", "too_busy", "no_token"})


class TroubleError(Exception):
    """Something that did not work out. ``retry``: it may later; ``of_server``: nor would anything else now.

    ``token_refused``: a new token may help. ``fault``: the word, and what the server added to it as a code.
    """

    def __init__(
        self, word: str, *, retry: bool = False, retry_after: float | None = None, issue: str = ""
    ) -> None:
        self.word, self.retry, self.retry_after = word, retry, retry_after
        self.fault = f"{word}{_AND}{issue}" if issue else word
        super().__init__(word)

    @property
    def of_server(self) -> bool:
        """Whether the server is in trouble, and not only with this one resource."""
        return self.word in _OF_THE_SERVER or self.retry_after is not None

    @property
    def token_refused(self) -> bool:
        """Whether a new token is to be had before the next try."""
        return self.word == "unauthorized"


def trouble(error: FhirWriteError | OAuthError) -> TroubleError:
    """What a FHIR server or an authorization server said."""
    if isinstance(error, OAuthError):
        return TroubleError("no_token", retry=error.retry, retry_after=error.retry_after)
    retry = error.retry or error.word in _WORTH_TRYING_AGAIN
    issue = error.issue if error.word in _SAYING_LITTLE else ""
    return TroubleError(error.word, retry=retry, retry_after=error.retry_after, issue=issue)


_NOT_THERE = message("The EHR's server could not be reached.")
_NOT_SURE = message("No secure connection to the EHR's server is possible.")
_REFUSED = message("The EHR's server refuses it.")
_NOT_ALLOWED = message("The EHR does not permit this service to write it.")
_ILL = message("The EHR's server has a fault.")
_UNREADABLE = message("The EHR's server gave an answer that could not be read.")

IN_WORDS: Mapping[str, str] = {
    "unreachable": _NOT_THERE,
    "too_slow": message("The EHR's server did not answer in time."),
    "broken_off": message("The EHR's server broke off its answer."),
    "too_busy": message("The EHR's server is too busy."),
    "server_failed": _ILL,
    "address_refused": _NOT_THERE,
    "no_secure_connection": _NOT_SURE,
    "redirected": _UNREADABLE,
    "too_large": _UNREADABLE,
    "not_json": _UNREADABLE,
    "not_fhir": _UNREADABLE,
    "foreign": _UNREADABLE,
    "no_token": message("The EHR's authorization server gave no access token."),
    "no_access": message("This service is not registered for access to that server."),
    "no_trial": message("The trial is not served any more."),
    "no_keys": message("The key that encrypted the patient was taken out of the ring."),
    "invalid": _REFUSED,
    "refused": _REFUSED,
    "not_found": _REFUSED,
    "several": message("The EHR's server holds several with our identifier."),
    "conflict": message("It was changed at the same time by somebody else."),
    "changed": message("It was changed at the same time by somebody else."),
    "unauthorized": _NOT_ALLOWED,
    "forbidden": _NOT_ALLOWED,
    GONE: message("It was deleted in the EHR."),
    ANOTHER_PATIENT: message("The EHR holds something with our identifier that is not about this patient."),
}
"""Every fault that may stand in the outbox or at a cursor, for study staff and administrators."""
OTHER = message("It did not work out.")


def in_words(fault: str) -> str:
    """A message for a fault, to be translated; "" for none."""
    return IN_WORDS.get(fault.partition(_AND)[0], OTHER) if fault else ""
