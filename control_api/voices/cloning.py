"""Which engine makes a speaker's voice: the organisation's account with ElevenLabs, or one of this server's own."""

from __future__ import annotations

from control_api.voices.elevenlabs_voices import ElevenLabsVoices
from control_api.voices.voice_cloner import VoiceCloner
from control_api.web.asked import Asked
from control_api.web.errors import bad, conflict
from storage.sealing import integration_secret

ELEVENLABS = "elevenlabs"
NOBODY = (
    "No engine can make this voice: connect ElevenLabs (PUT /integrations/voice/elevenlabs),"
    " or set VAANI_CLONING_MODEL on the server"
)


async def engine_for(asked: Asked, wanted: str | None) -> tuple[str, VoiceCloner]:
    """The one that is asked for, or the first there is. Raises RefusedError."""
    own = asked.services.cloners
    names = [ELEVENLABS, *own]
    if wanted is not None and wanted not in names:
        raise bad(f"engine must be one of {', '.join(names)}")
    if wanted in (None, ELEVENLABS):
        hosted = await _elevenlabs(asked)
        if hosted is not None:
            return ELEVENLABS, hosted
        if wanted is not None:
            raise conflict("Connect ElevenLabs first: PUT /integrations/voice/elevenlabs")
    name = wanted or next(iter(own), None)
    if name is None:
        raise conflict(NOBODY)
    return name, own[name]


async def cloner(asked: Asked, engine: str) -> VoiceCloner | None:
    """The one that made a voice; None: its account was disconnected, or its weights are not set any more."""
    return await _elevenlabs(asked) if engine == ELEVENLABS else asked.services.cloners.get(engine)


async def _elevenlabs(asked: Asked) -> VoiceCloner | None:
    """With the organisation's own key."""
    async with asked.read() as work:
        kept = await work.integrations.get(ELEVENLABS)
    if kept is None or "api_key" not in kept.secrets:
        return None
    key = asked.services.seal.open(
        kept.secrets["api_key"], organisation=kept.organisation_id, name=integration_secret(ELEVENLABS, "api_key")
    )
    return ElevenLabsVoices(asked.services.http, key, asked.services.places.get(ELEVENLABS))
