"""What can go wrong with an authorization server, as closed words. Never a token, a code, an id or a URL."""

from __future__ import annotations

from typing import Literal, get_args

Word = Literal[
    # on the way there
    "unreachable",
    "too_slow",
    "broken_off",
    "address_refused",
    "no_secure_connection",
    "redirected",
    "too_large",
    # what it answered
    "server_failed",
    "too_busy",
    "not_json",
    "refused",
    # what its discovery document says
    "not_offered",
    "incomplete",
    "endpoint_refused",
    "other_issuer",
    "no_pkce",
    "no_common_algorithm",
    "no_signing_keys",
    # what it says about our registration, and about one grant
    "client_refused",
    "grant_refused",
    "scope_refused",
    "denied",
    "token_unusable",
    # an id token
    "id_token_missing",
    "id_token_malformed",
    "id_token_algorithm",
    "id_token_key",
    "id_token_signature",
    "id_token_issuer",
    "id_token_audience",
    "id_token_expired",
    "id_token_nonce",
]
"""Every word there is; docs/smart.md explains each."""

WORDS: tuple[str, ...] = get_args(Word)

_WORTH_TRYING_AGAIN = frozenset({"unreachable", "too_slow", "broken_off", "server_failed", "too_busy"})


class OAuthError(Exception):
    """An exchange that did not work out. ``retry``: it may later; ``retry_after`` is the server's hint."""

    def __init__(self, word: Word, retry_after: float | None = None) -> None:
        self.word: Word = word
        self.retry_after = retry_after
        super().__init__(word)

    @property
    def retry(self) -> bool:
        """Whether the same may work a little later."""
        return self.word in _WORTH_TRYING_AGAIN
