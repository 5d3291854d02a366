"""People who signed in with Firebase: their ID tokens, verified against Google's published keys."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated

import jwt
from aiohttp import ClientError, ClientSession, ClientTimeout
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import load_pem_x509_certificate
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from storage.records import Scope

_log = logging.getLogger(__name__)

KEYS_URL = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com"
"""Answers a JSON object: key id → certificate in PEM."""
TOKEN_BYTES = 8192
"""Of the longest token that is looked at; Firebase's are about 1 kB."""
LEEWAY_SECONDS = 10
"""How far Google's clock and ours may be apart."""
UNKNOWN_SECONDS = 60.0
"""Keys that are still good are fetched again for a key id that is not among them, but no more often than this."""
RETRY_SECONDS = 10.0
"""How often old keys are tried to be replaced, while their source cannot be reached."""
KEPT_SECONDS = 86_400
"""Keys are not believed for longer than a day, whatever the source says."""
FETCH = ClientTimeout(total=5)
SMALLEST_BITS = 2048

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})", re.IGNORECASE)
_CERTIFICATES = TypeAdapter(Annotated[dict[str, str], Field(min_length=1)])


class NotVerifiedError(Exception):
    """A token that signs nobody in. Its text says why, in fixed words."""


@dataclass(frozen=True, slots=True)
class FirebaseUser:
    subject: str
    """Firebase's id of the user."""
    organisation: str
    scopes: frozenset[Scope]


class _Claims(BaseModel):
    """Of a token whose signature is good. What Firebase says of itself, and what the operator has added."""

    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)

    iss: str
    aud: str
    exp: int
    iat: int
    auth_time: int
    sub: str = Field(min_length=1, max_length=128)
    organisation_uuid: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    scopes: list[str] | str = ""


class FirebaseVerifier:
    """Verifies the ID tokens of one Firebase project.

    A token belongs to an organisation of ours by the custom claims `organisation_uuid` (its id) and `scopes` (a list
    of scopes, or one string with spaces; unknown words are ignored). An operator sets them with Firebase's Admin SDK:
    `auth.set_custom_user_claims(uid, {"organisation_uuid": "org_…", "scopes": ["voice:calls:read"]})`. A token
    without the organisation is not verified for us.
    """

    def __init__(
        self,
        project: str,
        http: ClientSession,
        *,
        keys_url: str = KEYS_URL,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._project, self._clock = project, clock
        self._keys = _GoogleKeys(http, keys_url, clock)

    async def verify(self, token: str) -> FirebaseUser:
        """Raises NotVerifiedError, whatever is wrong with the token or the source of keys."""
        if len(token) > TOKEN_BYTES or not token.isascii():
            raise NotVerifiedError("no token")
        key = await self._keys.find(_key_id(token))
        if key is None:
            raise NotVerifiedError("unknown key")
        claims = _claims(token, key)
        self._check(claims)
        words = claims.scopes.split() if isinstance(claims.scopes, str) else claims.scopes
        scopes = frozenset(scope for scope in Scope if scope in words)
        return FirebaseUser(claims.sub, claims.organisation_uuid, scopes)

    def _check(self, claims: _Claims) -> None:
        now = self._clock()
        if claims.aud != self._project or claims.iss != f"https://securetoken.google.com/{self._project}":
            raise NotVerifiedError("another project's")
        if claims.exp + LEEWAY_SECONDS <= now:
            raise NotVerifiedError("expired")
        if max(claims.iat, claims.auth_time) - LEEWAY_SECONDS > now:
            raise NotVerifiedError("not yet good")


def _key_id(token: str) -> str:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, RecursionError):
        raise NotVerifiedError("no token") from None
    name = header.get("kid")
    if not isinstance(name, str):
        raise NotVerifiedError("no key id")
    return name


def _claims(token: str, key: RSAPublicKey) -> _Claims:
    try:
        payload = jwt.PyJWS().decode(token, key, algorithms=["RS256"])
        return _Claims.model_validate_json(payload)
    except (jwt.PyJWTError, RecursionError):
        raise NotVerifiedError("bad signature") from None
    except ValidationError:
        raise NotVerifiedError("bad claims") from None


class _GoogleKeys:
    """The keys that Firebase signs with now, fetched when they are needed and kept as long as their source says."""

    def __init__(self, http: ClientSession, url: str, clock: Callable[[], float]) -> None:
        self._http, self._url, self._clock = http, url, clock
        self._keys: Mapping[str, RSAPublicKey] = {}
        self._good_for = 0.0
        self._fetched_at = self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def find(self, name: str) -> RSAPublicKey | None:
        """Who comes while keys are fetched waits for them and fetches none."""
        if self._is_due(name):
            async with self._asking:
                if self._is_due(name):
                    await self._fetch()
        return self._keys.get(name)

    def _is_due(self, name: str) -> bool:
        since_asked = self._clock() - self._asked_at
        if 0 <= self._clock() - self._fetched_at < self._good_for:
            return name not in self._keys and since_asked >= UNKNOWN_SECONDS
        return not 0 <= since_asked < RETRY_SECONDS  # below 0: the clock has been set back

    async def _fetch(self) -> None:
        """Leaves the old keys where they are if the source cannot be reached, or answers nonsense."""
        try:
            async with self._http.get(self._url, timeout=FETCH) as answer:
                answer.raise_for_status()
                self._keys = _public_keys(await answer.read())
                self._good_for, self._fetched_at = _seconds_good(answer.headers), self._clock()
        except (ClientError, TimeoutError, ValueError, UnsupportedAlgorithm) as error:
            _log.warning("the keys of Firebase could not be fetched", extra={"error": type(error).__name__})
        self._asked_at = self._clock()


def _public_keys(answer: bytes) -> dict[str, RSAPublicKey]:
    """Raises ValueError."""
    return {name: _public_key(pem) for name, pem in _CERTIFICATES.validate_json(answer).items()}


def _public_key(pem: str) -> RSAPublicKey:
    key = load_pem_x509_certificate(pem.encode()).public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_BITS:
        raise ValueError("a key that is not RSA, or too short")
    return key


def _seconds_good(headers: Mapping[str, str]) -> int:
    """What is left of `max-age`, after the time that the answer lay in a cache on its way."""
    told = _MAX_AGE.search(headers.get("Cache-Control", ""))
    age = headers.get("Age", "0")
    lain = int(age) if re.fullmatch(r"[0-9]{1,9}", age) else 0
    return min(int(told[1]) if told else 0, KEPT_SECONDS) - lain
