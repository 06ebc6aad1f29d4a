"""Keys from the environment: for pseudonyms, for digests of evidence, and for what must be read again.

A pseudonym is an HMAC: whoever has the database but not the keys cannot try out patient ids. Each key of the
ring gives four by HKDF (RFC 5869), so that no use of one tells anything about another.
"""

from __future__ import annotations

import binascii
import re
import secrets
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hmac import compare_digest
from hmac import digest as hmac_digest

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from cds_service.storage.records import Pseudonym

KEY_BYTES = 32
DIGEST_BYTES = 16
"""Of each HMAC 128 bits are kept: half the room, and still no two patients of any hospital alike."""

_KEY_ID = re.compile(r"[a-z][a-z0-9-]{0,15}")
_NUMBERED = re.compile(r"k([0-9]{1,6})")
_LEAST_DISTINCT_BYTES = 16  # of 32 random bytes fewer are distinct less than once in 10**14 times
_EXPECTED = 'expected "ID:KEY", or several with commas between; `trialhook keys new` makes one'


class KeyRingError(Exception):
    """Keys that cannot be used. Says which, by position, and what to do; never what was written."""


class UndecryptableError(Exception):
    """What no key of the ring made: its key was taken out, or it was changed."""


@dataclass(frozen=True, slots=True, repr=False)
class _Key:
    id: str
    pseudonyms: bytes
    evidence: bytes
    encryption: bytes
    signing: bytes

    @classmethod
    def derived(cls, key_id: str, secret: bytes) -> _Key:
        return cls(
            key_id, *(_derive(secret, use) for use in ("pseudonyms", "evidence", "encryption", "signing"))
        )

    def __repr__(self) -> str:
        return f"_Key({self.id})"


class KeyRing:
    """Keys by id; the first is the current one, the others only recognize and decrypt.

    Safe to share between threads and over a fork: nothing in it changes.
    """

    __slots__ = ("_by_id", "_cipher", "_current", "_keys")

    def __init__(self, secrets_by_id: Sequence[tuple[str, bytes]]) -> None:
        self._keys = tuple(_Key.derived(key_id, secret) for key_id, secret in secrets_by_id)
        self._current = self._keys[0]
        self._by_id = {key.id: key for key in self._keys}
        self._cipher = MultiFernet([Fernet(urlsafe_b64encode(key.encryption)) for key in self._keys])

    @classmethod
    def parse(cls, text: str) -> KeyRing:
        """The ring of a setting such as ``k2:BASE64,k1:BASE64``. Raises ``KeyRingError``."""
        entries = [entry.strip() for entry in text.split(",")]
        pairs = [_read_entry(entry, number) for number, entry in enumerate(entries, 1)]
        for number, (key_id, secret) in enumerate(pairs):
            for earlier, (other_id, other) in enumerate(pairs[:number], 1):
                if key_id == other_id:
                    raise KeyRingError(f"keys number {earlier} and {number + 1} have the same id {key_id!r}")
                if compare_digest(secret, other):
                    raise KeyRingError(f"keys number {earlier} and {number + 1} are the same key: remove one")
        return cls(pairs)

    @classmethod
    def random(cls) -> KeyRing:
        """A ring that nothing outlives: for demo mode and for tests."""
        return cls([("k1", secrets.token_bytes(KEY_BYTES))])

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of the keys, the current one first."""
        return tuple(self._by_id)

    def pseudonym(self, kind: str, *parts: str) -> Pseudonym:
        """What stands for these parts under the current key; other kinds ("patient", "user") never match."""
        return Pseudonym(self._current.id, _mac(self._current.pseudonyms, (kind, *parts)))

    def pseudonyms(self, kind: str, *parts: str) -> tuple[Pseudonym, ...]:
        """What may stand for these parts in what was written: under every key, the current one first."""
        return tuple(Pseudonym(key.id, _mac(key.pseudonyms, (kind, *parts))) for key in self._keys)

    def digest(self, *parts: str) -> str:
        """A keyed digest of evidence, ``keyid.hex``: tells that it changed, not what it was."""
        return f"{self._current.id}.{_mac(self._current.evidence, parts)}"

    def same_digest(self, digest: str, *parts: str) -> bool:
        """Whether ``digest`` was made of these parts, by any key of the ring."""
        key_id, _, written = digest.partition(".")
        key = self._by_id.get(key_id)
        return key is not None and compare_digest(_mac(key.evidence, parts).encode(), written.encode())

    def secret(self, use: str) -> bytes:
        """A secret of 32 bytes for one use, the same in every process as long as the current key is."""
        return hmac_digest(self._current.signing, use.encode(), "sha256")

    def encrypt(self, plain: bytes) -> bytes:
        """A Fernet token (AES-128-CBC with HMAC-SHA256) under the current key: ASCII."""
        return self._cipher.encrypt(plain)

    def decrypt(self, token: bytes) -> bytes:
        """What ``encrypt`` was given, by whichever key. Raises ``UndecryptableError``."""
        try:
            return self._cipher.decrypt(token)
        except InvalidToken:
            raise UndecryptableError("no key of the ring decrypts this") from None

    @staticmethod
    def new_key_text(key_id: str = "k1") -> str:
        """A new random key as ``ID:KEY``, to stand in front of the others."""
        return f"{key_id}:{b64encode(secrets.token_bytes(KEY_BYTES)).decode()}"

    def next_id(self) -> str:
        """An id that no key of the ring has: one more than the highest k-number."""
        numbers = [int(found[1]) for key_id in self.ids if (found := _NUMBERED.fullmatch(key_id))]
        return f"k{max(numbers, default=0) + 1}"

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self.ids)})"

    def __reduce__(self) -> str:
        raise TypeError("a key ring is not written out")


def _read_entry(entry: str, number: int) -> tuple[str, bytes]:
    key_id, colon, text = entry.partition(":")
    if not colon:
        raise KeyRingError(f"key number {number} has no id: {_EXPECTED}")
    if not _KEY_ID.fullmatch(key_id):
        raise KeyRingError(
            f"the id of key number {number} must be a small letter and up to 15 of a-z, 0-9, '-': {_EXPECTED}"
        )
    secret = _decode(text)
    if secret is None or len(secret) != KEY_BYTES:
        raise KeyRingError(
            f"key number {number}, {key_id!r}, is not {KEY_BYTES} bytes in base64: {_EXPECTED}"
        )
    if len(set(secret)) < _LEAST_DISTINCT_BYTES:
        raise KeyRingError(f"key number {number}, {key_id!r}, is not random: `trialhook keys new` makes one")
    return key_id, secret


def _decode(text: str) -> bytes | None:
    """Base64 in either alphabet, with or without its padding; None if it is not."""
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    if not re.fullmatch(r"[A-Za-z0-9_-]+", plain, re.ASCII):
        return None
    try:
        return urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        return None


def _derive(secret: bytes, use: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"trialhook 1 {use}".encode()).derive(secret)


def _mac(key: bytes, parts: Sequence[str]) -> str:
    """Each part with its length before it: ("ab", "c") and ("a", "bc") differ."""
    message = bytearray()
    for part in parts:
        plain = part.encode("utf-8", "surrogatepass")
        message += len(plain).to_bytes(8, "big")
        message += plain
    return hmac_digest(key, message, "sha256")[:DIGEST_BYTES].hex()
