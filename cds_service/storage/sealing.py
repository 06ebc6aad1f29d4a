"""Patients that may be read again, by us or by nobody yet.

A silent candidate or a referral is encrypted with the ring. Of a card that was only shown nobody may learn
the patient: what its "refer" suggestion would need is locked with the uuid of that suggestion, which we do
not keep. Only the client can give it back to us, and does so when a clinician accepts the suggestion.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cds_service.audit.key_ring import KeyRing, UndecryptableError
from cds_service.storage.records import Subject

_NONCE = 12
_LOCK = b"trialhook 1 suggestion lock\0"
_INDEX = b"trialhook 1 suggestion index\0"


def encrypted(ring: KeyRing, subject: Subject) -> bytes:
    """A patient, to be read with the ring."""
    return ring.encrypt(_plain(subject))


def decrypted(ring: KeyRing, secret: bytes) -> Subject | None:
    """The patient, or None if the key that encrypted it is no longer in the ring."""
    try:
        return _subject(ring.decrypt(secret))
    except UndecryptableError:
        return None


def suggestion_digest(uuid: str) -> str:
    """By what a suggestion is found. It does not open anything."""
    return sha256(_INDEX + _bytes(uuid)).hexdigest()


def sealed(ring: KeyRing, subject: Subject, uuid: str) -> bytes:
    """A patient, to be read by who has both the ring and the uuid of the suggestion."""
    nonce = os.urandom(_NONCE)
    return ring.encrypt(nonce + _cipher(uuid).encrypt(nonce, _plain(subject), None))


def opened(ring: KeyRing, secret: bytes, uuid: str) -> Subject | None:
    """The patient of a suggestion, or None if it does not open."""
    try:
        plain = ring.decrypt(secret)
        return _subject(_cipher(uuid).decrypt(plain[:_NONCE], plain[_NONCE:], None))
    except (UndecryptableError, InvalidTag):
        return None


def _cipher(uuid: str) -> AESGCM:
    return AESGCM(sha256(_LOCK + _bytes(uuid)).digest())


def _bytes(uuid: str) -> bytes:
    return uuid.strip().lower().encode("utf-8", "surrogatepass")


def subject_in_parts(subject: Subject) -> list[str]:
    """A patient as parts of a JSON text that is to be encrypted; not readable, but no secret either."""
    return [part.encode("utf-8", "surrogatepass").hex() for part in subject]


def subject_of_parts(parts: Sequence[str]) -> Subject:
    """The patient from such parts."""
    return Subject(*(bytes.fromhex(part).decode("utf-8", "surrogatepass") for part in parts))


def _plain(subject: Subject) -> bytes:
    return orjson.dumps(subject_in_parts(subject))


def _subject(plain: bytes) -> Subject:
    return subject_of_parts(orjson.loads(plain))
