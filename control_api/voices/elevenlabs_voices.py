"""Instant voice clones at ElevenLabs: made of one recording, and deleted.

The wire: elevenlabs.io/docs, "Create instant voice clone", "Delete voice", "List voices".
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import ClientError, ClientSession, ClientTimeout, FormData

from control_api.voices.voice_cloner import Original
from control_api.web.errors import RefusedError, conflict

_log = logging.getLogger(__name__)

BASE_URL = "https://api.elevenlabs.io"
CLONE_SECONDS, SECONDS = 60.0, 10.0
"""That it has to make a voice, and for all else."""
_ANSWER_BYTES = 1 << 20


class ElevenLabsVoices:
    def __init__(self, http: ClientSession, key: str, place: str | None) -> None:
        """`place`: where it is reached, if not at its own address."""
        self._http, self._base = http, (place or BASE_URL).rstrip("/")
        self._headers = {"xi-api-key": key}

    async def clone(self, original: Original) -> str:
        try:
            status, made = await self._ask("POST", "/v1/voices/add", CLONE_SECONDS, data=await _form(original))
        except RefusedError:
            await self._forget_named(original.name)  # it may have been made although nothing was heard of it
            raise
        voice = made.get("voice_id")
        if status == 200 and isinstance(voice, str) and voice.isalnum() and len(voice) <= 64:
            if made.get("requires_verification"):
                await self.forget(voice)
                raise conflict("ElevenLabs wants this voice to be verified there: it cannot be deployed from here")
            return voice
        if status == 200 or status >= 500:
            await self._forget_named(original.name)
        raise _refusal(status)

    async def forget(self, voice: str) -> None:
        status, _ = await self._ask("DELETE", f"/v1/voices/{quote(voice, safe='')}", SECONDS)
        if status not in (200, 204, 404):
            raise _refusal(status)

    async def _forget_named(self, name: str) -> None:
        """Whatever has just been made under this name. That it cannot be looked for is logged, not raised."""
        try:
            status, found = await self._ask("GET", f"/v2/voices?search={quote(name, safe='')}&page_size=10", SECONDS)
            if status != 200:
                raise _refusal(status)
            for voice in found.get("voices", ()):
                if isinstance(voice, Mapping) and voice.get("name") == name:
                    await self.forget(str(voice.get("voice_id")))
        except RefusedError as error:
            _log.warning("it is not known whether a voice was left at ElevenLabs", extra={"status": error.status})

    async def _ask(self, method: str, path: str, seconds: float, **more: Any) -> tuple[int, Mapping[str, Any]]:
        """Raises RefusedError (502) if there is no answer."""
        try:
            async with self._http.request(
                method,
                self._base + path,
                headers=self._headers,
                allow_redirects=False,
                timeout=ClientTimeout(seconds),
                **more,
            ) as answer:
                body = await answer.content.read(_ANSWER_BYTES)
                return answer.status, _object(body)
        except (ClientError, OSError, TimeoutError) as error:
            raise RefusedError(502, f"ElevenLabs could not be asked: {type(error).__name__}") from None


async def _form(original: Original) -> FormData:
    form = FormData()
    form.add_field("name", original.name)
    form.add_field("description", original.description[:500])
    form.add_field("labels", json.dumps({"language": original.language}))
    form.add_field("remove_background_noise", "false")
    sound = await asyncio.to_thread(original.sound.read_bytes)
    form.add_field("files", sound, filename=original.sound.name, content_type=original.content_type)
    return form


def _object(body: bytes) -> Mapping[str, Any]:
    """Nothing if it is none."""
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _refusal(status: int) -> RefusedError:
    """Its own words are not told: they may quote what was sent."""
    match status:
        case 401 | 403:
            return conflict("ElevenLabs refused the key, or its plan makes no voices")
        case 400 | 422:
            return conflict("ElevenLabs does not take this recording, or the account's voices are full")
        case 429:
            return RefusedError(503, "ElevenLabs is asked too often: try again in a minute")
    return RefusedError(502, f"ElevenLabs could not do it: it answered with status {status}")
