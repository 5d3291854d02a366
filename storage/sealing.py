"""Credentials at rest: sealed so that only this server's key opens them, and only as what they were sealed for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Literal, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from storage.signing import Signer

VERSION = "v1"
KEY_BYTES = 32
"""AES-256."""
NONCE_BYTES = 12
"""Random: under one key some four thousand million seals before a nonce might come twice."""

_SEALED = re.compile(rf"{VERSION}\.([0-9a-f]{{8}})\.([A-Za-z0-9_-]+)")


class SealedError(Exception):
    """A sealed text that cannot be opened. Its text is one sentence without anything of what is inside."""


def key_id(key: bytes) -> str:
    """What a key is told by, so that nobody has to name it: the beginning of its SHA-256."""
    return hashlib.sha256(key).hexdigest()[:8]


def key_from(text: str) -> bytes:
    """A key as it is written down: base64 of either alphabet. Raises ValueError, without the text."""
    plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(f"a key is {KEY_BYTES} bytes in base64")
    return key


def written(key: bytes) -> str:
    """How a key is written down."""
    return base64.b64encode(key).decode()


def integration_secret(provider: str, name: str) -> str:
    """What a secret of an account with a provider is sealed as."""
    return f"{provider}.{name}"


def webhook_part(webhook: str, part: Literal["secret", "headers"]) -> str:
    """What that part of the webhook with this id is sealed as."""
    return f"{webhook}.{part}"


class Seal:
    """Seals with the current key, opens with any: AES-256-GCM.

    Key id, organisation and name are bound to the text: moved to another row, it does not open.
    """

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        """`keys` are 32 bytes each by their id. Raises ValueError for another length, or a current one not there."""
        if current not in keys:
            raise ValueError("the current key is not among the keys")
        if any(len(key) != KEY_BYTES for key in keys.values()):
            raise ValueError(f"a key is {KEY_BYTES} bytes")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        ordered = [keys[current], *(key for name, key in keys.items() if name != current)]
        self._signer: Callable[[str], Signer] = lambda purpose: Signer(ordered, purpose)
        self.current = current
        """Id of the key that seals."""

    @classmethod
    def of(cls, keys: Iterable[bytes]) -> Self:
        """The first one is current. Raises ValueError for none."""
        known = {key_id(key): key for key in keys}
        return cls(known, next(iter(known), ""))

    def seal(self, secret: str, *, organisation: str, name: str) -> str:
        """`v1.<key id>.<nonce and ciphertext in base64url>`. `name` says what it is, as `integration_secret` does."""
        nonce = os.urandom(NONCE_BYTES)
        about = _about(self.current, organisation, name)
        ciphertext = self._ciphers[self.current].encrypt(nonce, _bytes(secret), about)
        return f"{VERSION}.{self.current}.{_base64(nonce + ciphertext)}"

    def open(self, sealed: str, *, organisation: str, name: str) -> str:
        """Raises SealedError."""
        key, body = _parts(sealed)
        cipher = self._ciphers.get(key)
        if cipher is None:
            raise SealedError(f"The key {key}, which this was sealed with, is not among this server's keys.")
        try:
            secret = cipher.decrypt(body[:NONCE_BYTES], body[NONCE_BYTES:], _about(key, organisation, name))
        except (InvalidTag, ValueError):
            raise SealedError("This was sealed for something else, or has been changed since.") from None
        return secret.decode("utf-8", "surrogatepass")

    def renew(self, sealed: str, *, organisation: str, name: str) -> str:
        """The same secret under the current key; the same text, if it is under that already. Raises SealedError."""
        secret = self.open(sealed, organisation=organisation, name=name)
        if self.key_of(sealed) == self.current:
            return sealed
        return self.seal(secret, organisation=organisation, name=name)

    def signer(self, purpose: str) -> Signer:
        """Signs with a key made of the current one, and knows what was signed with any."""
        return self._signer(purpose)

    @staticmethod
    def key_of(sealed: str) -> str:
        """Id of the key that it was sealed with. Raises SealedError for what is no sealed text."""
        return _parts(sealed)[0]


def _about(key: str, organisation: str, name: str) -> bytes:
    """Where the organisation ends and the name begins is told by a length: no two pairs look the same."""
    return _bytes(f"{VERSION}.{key}.{len(organisation)}.{organisation}.{name}")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _parts(sealed: str) -> tuple[str, bytes]:
    """Key id, and nonce with ciphertext."""
    shape = _SEALED.fullmatch(sealed)
    if shape is not None:
        key, text = shape.groups()
        try:
            body = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except binascii.Error:
            body = b""
        if _base64(body) == text:  # base64 writes the same bytes in several ways: only ours is good
            return key, body
    raise SealedError("This is not a sealed text.")
