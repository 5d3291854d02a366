"""What ElevenLabs' sockets have in common: where they are, who may use them, errors.

The wire: elevenlabs.io/docs.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from urllib.parse import urlencode

from aiohttp import ClientSession
from pydantic import SecretStr

from processors.json_socket import JsonSocket, json_socket
from processors.ports import ProviderError

PROVIDER = "elevenlabs"
BASE_URL = "https://api.elevenlabs.io"
_POLICY = 1008
"""The close code after which the same would be refused again."""
_REFUSED = {
    "auth_error": 401,
    "invalid_api_key": 401,
    "quota_exceeded": 402,
    "unaccepted_terms": 403,
    "voice_not_found": 404,
    "model_not_found": 404,
    "input_error": 400,
    "invalid_request": 400,
}
_TRANSIENT = {
    "rate_limited": 429,
    "too_many_concurrent_requests": 429,
    "system_busy": 429,
    "queue_overflow": 503,
    "resource_exhausted": 503,
    "transcriber_error": 500,
    "commit_throttled": 0,
    "session_time_limit_exceeded": 0,
    "chunk_size_exceeded": 0,
    "insufficient_audio_activity": 0,
    "error": 0,
}


def connected(
    http: ClientSession, base_url: str, path: str, query: Sequence[tuple[str, str]], key: SecretStr, *, seconds: float
) -> AbstractAsyncContextManager[JsonSocket]:
    """Raises ProviderError if there is no key; entering it does if it is not open within `seconds`."""
    secret = key.get_secret_value()
    if not secret:
        raise ProviderError(PROVIDER, "has been given no API key", status=401, retriable=False)
    return json_socket(
        PROVIDER,
        http,
        f"{base_url.rstrip('/')}{path}?{urlencode(query)}",
        headers={"xi-api-key": secret},
        seconds=seconds,
        refusals=(_POLICY,),
    )


def known(code: object) -> bool:
    """Whether this is the name of an error."""
    return str(code) in _REFUSED or str(code) in _TRANSIENT


def trouble(code: object) -> ProviderError:
    """Only names that we know are told: what else stands there may hold anything."""
    name = str(code)
    status = _REFUSED.get(name) or _TRANSIENT.get(name) or 0
    what = f"reported {name}" if known(name) else "reported an error"
    return ProviderError(PROVIDER, what, status=status, retriable=name not in _REFUSED)
