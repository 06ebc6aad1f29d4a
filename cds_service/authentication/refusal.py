"""A call whose caller is not authenticated."""

from __future__ import annotations

from typing import Literal

Cause = Literal[
    "no_token",  # no Authorization header, or another scheme than Bearer
    "malformed",  # not one JWT that we can read: too long, not three parts, not JSON, extensions
    "algorithm",  # none, symmetric, unknown, or not one of the client's
    "type",  # the header's typ is not JWT
    "key_id",  # no kid
    "issuer",  # not that of a registered client
    "key_url",  # a jku other than the registered one
    "audience",  # not for this endpoint
    "times",  # exp or iat missing, not a number, or contradicting each other
    "expired",
    "not_yet",  # issued, or to be used, only in the future
    "lifetime",  # longer than the client's tokens may live; or over 60 s old while the database is away
    "tenant",  # not one of the client's
    "token_id",  # no jti
    "keys",  # the client's keys cannot be had
    "key",  # no such key, or not for this algorithm
    "signature",
    "replayed",
]


class UnauthenticatedError(Exception):
    """Answer with a bare 401. ``cause`` is a closed word for logs and metrics; nothing of the token is here.

    ``client`` is our id of the client whose issuer the token names, "" if none: a claim, not a fact.
    """

    def __init__(self, cause: Cause, client: str = "") -> None:
        self.cause: Cause = cause
        self.client = client
        super().__init__(cause)
