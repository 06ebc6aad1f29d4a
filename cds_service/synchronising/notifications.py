"""Where a FHIR server says that something changed: the endpoint of our R4 Subscriptions (rest-hook).

A notification is only a reason to look at once. What it carries is thrown away and the resource is read from
the server, so that a forged, repeated, late or disordered one changes nothing. Its bearer token is derived
from the keys of the ring, one for each client, and stands in the Subscription that we made.
"""

from __future__ import annotations

from hmac import compare_digest
from time import monotonic

from flask import Blueprint, Response, g, request

from cds_service.audit.key_ring import KeyRing
from cds_service.authentication.refusal import UnauthenticatedError
from cds_service.clients.registered import Client
from cds_service.deployment import Deployment
from cds_service.synchronising.cursors import Cursors
from cds_service.web.body import leave_nothing_unread
from cds_service.web.rate_limit import TOO_MANY_CALLS, TOO_MANY_FAILURES, SharedCounts, too_many

MOST_PER_MINUTE = 300
"""Of one client; more are asked to come again. Ours: each costs a small write to the database."""

LARGEST_BODY = 1024 * 1024
"""So much of a body is read, to be thrown away; of a larger one the connection is closed."""

_SCHEME = "bearer "


def notification_path(client_id: str) -> str:
    """The path of a client's endpoint, below our public URL."""
    return f"/fhir-notifications/{client_id}"


def notification_token(ring: KeyRing, client_id: str) -> str:
    """The token that a client's FHIR server must send: the same as long as the current key is."""
    return ring.pseudonym("fhir-notifications", client_id).digest


def is_token(ring: KeyRing, client_id: str, sent: str) -> bool:
    """Whether it is the client's token under any key of the ring. Takes as long for a wrong one."""
    names = ring.pseudonyms("fhir-notifications", client_id)
    matches = [compare_digest(one.digest.encode(), sent.encode("utf-8", "replace")) for one in names]
    return any(matches)


def notification_routes(deployment: Deployment) -> Blueprint:
    """The endpoint. It answers as soon as it is noted that somebody should look."""
    routes = Blueprint("notifications", __name__)
    assert deployment.records is not None  # noqa: S101 -- pages and this are registered with a database only
    cursors = Cursors(deployment.records.database)
    rows = {client.id: number for number, client in enumerate(deployment.clients)}
    counts = SharedCounts(len(rows))

    @routes.post("/fhir-notifications/<client_id>")
    def notified(client_id: str) -> Response:
        g.facts["service"] = "fhir-notifications"
        client = _authenticated(deployment, client_id)
        g.facts["client"] = client.id
        leave_nothing_unread(request, LARGEST_BODY)
        wait = counts.count(rows[client.id], MOST_PER_MINUTE, monotonic())
        if wait is not None:
            raise too_many(TOO_MANY_CALLS, wait)
        cursors.poke(client.id, POKED, deployment.now("UTC"))
        return Response(status=200)

    return routes


POKED = ("Task", "ServiceRequest", "ResearchSubject")
"""The kinds that are looked at when a notification comes."""


def _authenticated(deployment: Deployment, client_id: str) -> Client:
    """The client of the path if its token came along. Unknown clients are refused alike."""
    limits, peer = deployment.limits, request.remote_addr
    wait = limits.held_back(peer) if limits else None
    if wait is not None:
        raise too_many(TOO_MANY_FAILURES, wait)
    header = request.headers.get("Authorization", "")
    sent = header[len(_SCHEME) :].strip() if header[: len(_SCHEME)].lower() == _SCHEME else ""
    client = deployment.clients.by_id(client_id)
    right = is_token(deployment.ring, client_id, sent)
    if right and client is not None and client.referral.subscription:
        if limits:
            limits.succeeded(peer)
        return client
    if limits:
        limits.failed(peer)
    raise UnauthenticatedError("signature" if sent else "no_token", client.id if client else "")
