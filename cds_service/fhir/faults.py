"""What can go wrong with a FHIR server, in words for the card. Never a value, an id or a URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
import urllib3.exceptions
from fhirclient.server import (
    FHIRNotFoundException,
    FHIRPermissionDeniedException,
    FHIRUnauthorizedException,
)

from cds_service.outbound.connections import RefusedAddressError

DEADLINE = "deadline of {seconds:g} s reached"
UNREACHABLE = "the FHIR server could not be reached"
BROKEN_OFF = "the FHIR server broke off its answer"
REFUSED_ADDRESS = "the address of the FHIR server may not be called"
INSECURE = "no secure connection to the FHIR server"
REDIRECTED = "the FHIR server redirected elsewhere"
NOT_JSON = "the FHIR server's answer was not JSON"
NOT_A_BUNDLE = "the FHIR server's answer was not a search result"
WRONG_RESOURCE = "the FHIR server answered with another resource"
TOO_LARGE = "answers exceed the limit of {megabytes:g} MB"
TOO_MANY_PAGES = "not read beyond the page limit of {pages}"
LOOP = "the FHIR server's pages go in a circle"
FOREIGN_LINK = "its next page lies on another server"
REPORTED = "the EHR said that rows are missing"
OTHERS = "only rows of another patient came"
FEWER = "fewer rows came than the FHIR server counts"

_STATUS: Mapping[int, str] = {
    401: "the FHIR server refused the access token (401)",
    403: "the FHIR server does not permit this search (403)",
    404: "the FHIR server does not know this (404)",
    410: "the FHIR server says it is gone (410)",
    429: "the FHIR server is too busy (429)",
}


class FhirReadError(Exception):
    """A read that did not work out; the message is one of this module's."""


def status_fault(status: int) -> FhirReadError:
    """The words for an HTTP status that is not a success."""
    if status in _STATUS:
        return FhirReadError(_STATUS[status])
    whose = "failed" if status >= 500 else "refused this search"
    return FhirReadError(f"the FHIR server {whose} ({status})")


def fault_of(error: Exception, seconds: float) -> FhirReadError:
    """Any exception of the transport in our words; re-raises what is not the transport's."""
    if isinstance(error, FhirReadError):
        return error
    if isinstance(error, FHIRUnauthorizedException):
        return status_fault(401)
    if isinstance(error, FHIRPermissionDeniedException):
        return status_fault(403)
    if isinstance(error, FHIRNotFoundException):
        return status_fault(404)
    return _transport_fault(error, seconds)


def _transport_fault(error: Any, seconds: float) -> FhirReadError:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return status_fault(error.response.status_code)
    if isinstance(error, RefusedAddressError):
        return FhirReadError(REFUSED_ADDRESS)
    if isinstance(error, requests.Timeout | urllib3.exceptions.TimeoutError | TimeoutError):
        return FhirReadError(DEADLINE.format(seconds=seconds))
    if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
        return FhirReadError(INSECURE)
    if isinstance(error, urllib3.exceptions.ProtocolError):
        return FhirReadError(BROKEN_OFF)
    if isinstance(error, requests.RequestException | urllib3.exceptions.HTTPError | OSError):
        return FhirReadError(UNREACHABLE)
    raise error
