"""Whether credentials are good: asked of the provider itself, with a request that costs nothing or next to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout, encode_basic_auth

from control_api.web.errors import RefusedError

SECONDS = 10.0
"""That a provider has to answer."""


@dataclass(frozen=True, slots=True)
class _Question:
    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    json: Mapping[str, str] | None = None


async def trouble_with(
    provider: str, credentials: Mapping[str, str], http: ClientSession, places: Mapping[str, str]
) -> str | None:
    """What is wrong with them, in a sentence, or None. Raises RefusedError (502) if the provider does not tell."""
    asked = _question(provider, credentials, places.get(provider))
    try:
        async with http.request(
            asked.method,
            asked.url,
            headers=asked.headers,
            json=asked.json,
            allow_redirects=False,
            timeout=ClientTimeout(SECONDS),
        ) as answer:
            status = answer.status
    except (ClientError, OSError, TimeoutError, ValueError) as error:
        raise RefusedError(502, f"{provider} could not be asked: {type(error).__name__}") from None
    match status:
        case 200:
            return None
        case 401 | 403:
            return f"{provider} refused the credentials"
        case 404:
            return f"{provider} does not know the account"
        case 429:
            raise RefusedError(502, f"{provider} could not be asked: it is asked too often")
    raise RefusedError(502, f"{provider} could not be asked: it answered with status {status}")


def _question(provider: str, credentials: Mapping[str, str], place: str | None) -> _Question:
    match provider:
        case "exotel":
            base = place or f"https://{credentials['subdomain']}"
            account = quote(credentials["account_sid"], safe="")
            headers = {"Authorization": encode_basic_auth(credentials["api_key"], credentials["api_token"])}
            return _Question(f"{base}/v1/Accounts/{account}/ActiveStreams", headers=headers)
        case "sarvam":
            headers = {"api-subscription-key": credentials["api_key"]}
            base = place or "https://api.sarvam.ai"
            return _Question(f"{base}/text-lid", "POST", headers, json={"input": "hello"})
        case "elevenlabs":
            base = place or "https://api.elevenlabs.io"
            return _Question(f"{base}/v1/user", headers={"xi-api-key": credentials["api_key"]})
        case "openai":
            base = place or credentials.get("base_url") or "https://api.openai.com/v1"
            return _Question(f"{base}/models", headers={"Authorization": f"Bearer {credentials['api_key']}"})
    raise LookupError(provider)
