"""What Sarvam's sockets have in common: where they are, who may use them, languages, errors.

The wire: docs.sarvam.ai.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any
from urllib.parse import urlencode

from aiohttp import ClientSession
from pydantic import SecretStr

from processors.json_socket import JsonSocket, json_socket
from processors.ports import ProviderError

PROVIDER = "sarvam"
BASE_URL = "https://api.sarvam.ai"
VOICED = ("bn", "en", "gu", "hi", "kn", "ml", "mr", "od", "pa", "ta", "te")
"""Languages that its voices speak, by Sarvam's codes: Odia is `od` here, and `or` elsewhere."""
UNDERSTOOD = (*VOICED, "as", "ur", "ne", "kok", "ks", "sd", "sa", "sat", "mni", "brx", "mai", "doi")
_REJECTED_PARAMETERS = 4000
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "insufficient_quota_error": 402,
    "invalid_api_key_error": 403,
    "not_found_error": 404,
    "unprocessable_entity_error": 422,
    "rate_limit_exceeded_error": 429,
    "internal_server_error": 500,
    "model_call_error": 500,
    "billing_service_unavailable_error": 503,
    "gateway_timeout_error": 504,
}
"""By the code that an error bears. An empty account is told from too many requests: both have the status 429."""


def connected(
    http: ClientSession, base_url: str, path: str, query: Mapping[str, str], key: SecretStr, *, seconds: float
) -> AbstractAsyncContextManager[JsonSocket]:
    """Raises ProviderError if there is no key; entering it does if it is not open within `seconds`."""
    secret = key.get_secret_value()
    if not secret:
        raise ProviderError(PROVIDER, "has been given no API key", status=401, retriable=False)
    return json_socket(
        PROVIDER,
        http,
        f"{base_url.rstrip('/')}{path}?{urlencode(query)}",
        headers={"api-subscription-key": secret},
        seconds=seconds,
        refusals=(_REJECTED_PARAMETERS,),
    )


def trouble(code: object, status: object = None) -> ProviderError:
    """By an error's code, a word or an HTTP status. What else it says may hold anything, and is not told."""
    known = next((each for each in (_STATUS.get(str(code)), code, status) if isinstance(each, int)), 0)
    status = known if 400 <= known < 600 else 0
    what = f"reported {code if str(code) in _STATUS else status}" if status else "reported an error"
    return ProviderError(PROVIDER, what, status=status, retriable=status in (0, 408, 429) or status >= 500)


def tongue(language: str) -> str:
    """A BCP 47 tag, or `hi-en` and the like → Sarvam's code without the region."""
    first = language.lower().partition("-")[0]
    return "od" if first == "or" else first


def tag(code: Any) -> str:
    """What Sarvam calls a language → BCP 47, or nothing where it does not know."""
    if not isinstance(code, str) or code in ("", "unknown", "auto"):
        return ""
    return "or-IN" if code == "od-IN" else code
