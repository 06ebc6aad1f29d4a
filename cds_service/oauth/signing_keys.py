"""Our own private keys, by which this service proves itself to authorization servers (private_key_jwt)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import orjson
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from cds_service.authentication.public_keys import read_key_set
from cds_service.clients.private_files import mind
from cds_service.oauth.faults import OAuthError
from cds_service.settings import Settings

KeyKind = Literal["ec", "rsa"]
Key = ECKey | RSAKey

_ALGORITHMS = {"EC": "ES384", "RSA": "RS384"}  # the two that SMART App Launch 2 names
_RSA_BITS = 3072
_LARGEST = 256 * 1024


class SigningKeysError(Exception):
    """A file of keys that cannot be used. Says what and what to do; never what was written."""


class SigningKeys:
    """The keys of a file; the first is the current one, the others are still published.

    Safe to share between threads and over a fork: nothing in it changes.
    """

    __slots__ = ("_keys",)

    def __init__(self, keys: Sequence[Key]) -> None:
        self._keys = tuple(keys)

    @classmethod
    def new(cls, kind: KeyKind = "ec", earlier: SigningKeys | None = None) -> SigningKeys:
        """A new key, in front of the current one of ``earlier``."""
        options: Any = {"use": "sig", "alg": "ES384" if kind == "ec" else "RS384"}
        key: Key = (
            ECKey.generate_key("P-384", options, auto_kid=True)
            if kind == "ec"
            else RSAKey.generate_key(_RSA_BITS, options, auto_kid=True)
        )
        return cls([key, *(earlier._keys[:1] if earlier else ())])

    @classmethod
    def load(cls, path: Path) -> SigningKeys:
        """The keys of a file: a JSON Web Key Set with private keys. Raises SigningKeysError."""
        try:
            content = path.read_bytes()
        except OSError as error:
            raise SigningKeysError(f"{path} cannot be read ({error.strerror})") from None
        mind(path)
        return cls.parse(content)

    @classmethod
    def parse(cls, content: bytes) -> SigningKeys:
        """The keys of a document. Raises SigningKeysError."""
        try:
            document = orjson.loads(content if len(content) <= _LARGEST else b"")
        except orjson.JSONDecodeError:
            raise SigningKeysError(f"it is not JSON; {_HOW}") from None
        listed = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(listed, list) or not listed:
            raise SigningKeysError(f"it holds no list 'keys'; {_HOW}")
        keys = [_read(jwk, number) for number, jwk in enumerate(listed, 1)]
        found = cls(keys)
        faults = read_key_set(found.public()).faults
        if faults:
            raise SigningKeysError(faults[0].message)
        return found

    def public(self) -> dict[str, Any]:
        """The key set for others: public parts only."""
        return {"keys": [_public(key) for key in self._keys]}

    def private(self) -> bytes:
        """The file: everything."""
        listed = [key.as_dict(private=True) for key in self._keys]
        return orjson.dumps({"keys": listed}, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What there are keys for, that of the current key first."""
        return tuple(dict.fromkeys(_algorithm(key) for key in self._keys))

    def sign(self, claims: Mapping[str, Any], accepted: Collection[str] = ()) -> str:
        """A JWT by the first key whose algorithm is accepted; by the current one if none is named.

        Raises OAuthError ("no_common_algorithm").
        """
        for key in self._keys:
            algorithm = _algorithm(key)
            if not accepted or algorithm in accepted:
                header = {"typ": "JWT", "alg": algorithm, "kid": key.kid}
                return jwt.encode(header, dict(claims), key, algorithms=[algorithm])
        raise OAuthError("no_common_algorithm")

    def __repr__(self) -> str:
        return f"SigningKeys({len(self._keys)})"

    def __reduce__(self) -> str:
        raise TypeError("signing keys are not written out")


_HOW = "`trialhook keys signing` makes such a file"


@lru_cache(maxsize=16)
def signing_keys_of(settings: Settings) -> SigningKeys | None:
    """The keys of a deployment: those of its file; in demo mode without one, new ones in memory; else None.

    Always the same for the same settings: first asked before the workers fork, so that all have the same
    key. A changed file counts after a restart. Raises SigningKeysError.
    """
    if settings.signing_keys:
        return SigningKeys.load(Path(settings.signing_keys))
    return None if settings.clients else SigningKeys.new()


def _algorithm(key: Key) -> str:
    return _ALGORITHMS[key.key_type]


def _public(key: Key) -> dict[str, Any]:
    """Named member by member: a member that a library adds one day is not published by accident."""
    whole = key.as_dict(private=False)
    names = ("kty", "crv", "x", "y", "n", "e", "kid")
    return {name: whole[name] for name in names if name in whole} | {"use": "sig", "alg": _algorithm(key)}


def _read(jwk: object, number: int) -> Key:
    wrong = SigningKeysError(f"key number {number} is not a private EC (P-384) or RSA key; {_HOW}")
    if not isinstance(jwk, dict) or not isinstance(jwk.get("d"), str):
        raise wrong
    if not isinstance(jwk.get("kid"), str) or not jwk["kid"]:
        raise SigningKeysError(f"key number {number} has no kid; {_HOW}")
    try:
        key: Key = ECKey.import_key(jwk) if jwk.get("kty") == "EC" else RSAKey.import_key(jwk)
        key.as_dict(private=True)
    except Exception:  # noqa: BLE001 -- messages of the library quote the key
        raise wrong from None
    if isinstance(key, ECKey) and key.curve_name != "P-384":
        raise wrong
    return key
