"""A speaker's voice: made with the consent of its owner, put in the catalogue, taken out, and unmade.

Between an engine and the database nothing is left half done: a voice whose row cannot be kept is forgotten there, and
a row names its voice until that is forgotten.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from control_api.catalogue import OWN
from control_api.voices.cloning import cloner, engine_for
from control_api.voices.consent import must_have_consent, withdrawn
from control_api.voices.sound_files import forget
from control_api.voices.voice_cloner import Original, VoiceCloner
from control_api.web.asked import Asked
from control_api.web.errors import RefusedError, conflict, not_found
from storage.assets import VoiceSpeaker
from storage.ids import VOICE, new_id
from storage.records import Agent

_log = logging.getLogger(__name__)


async def speaker_named(asked: Asked, name: str) -> VoiceSpeaker:
    """Raises RefusedError (404)."""
    async with asked.read() as work:
        speaker = await work.speakers.get(name)
    if speaker is None:
        raise not_found("Speaker")
    return speaker


async def deployed(asked: Asked, speaker: VoiceSpeaker, wanted: str | None) -> VoiceSpeaker:
    """In the catalogue, with a voice. No transaction is open while an engine makes one. Raises RefusedError."""
    must_have_consent(speaker)
    if speaker.voice is not None:
        return await _kept(asked, speaker, None, speaker.voice)
    engine, maker = await engine_for(asked, wanted)
    voice = await maker.clone(_original(asked, speaker))
    try:
        kept = await _kept(asked, speaker, engine, voice)
    except BaseException:
        await _forgotten(asked, maker, voice)
        raise
    if kept.voice != voice:  # somebody else was faster
        await _forgotten(asked, maker, voice)
    return kept


async def undeployed(asked: Asked, name: str) -> None:
    """Out of the catalogue. The voice goes too, unless an agent speaks with it. Raises RefusedError."""
    async with asked.begin() as work:
        speaker = await work.speakers.held(name)
        if speaker is None:
            raise not_found("Speaker")
        await work.speakers.save(replace(speaker, deployed=False, voice_sample_id=None), now=asked.now)
        agents = await work.agents.active()
    if not any(_has(agent, name) for agent in agents):
        await unmade(asked, speaker)


async def without_consent(asked: Asked, name: str) -> None:
    """At once nobody speaks with the voice, and no training goes on; then it is unmade. Raises RefusedError."""
    async with asked.begin() as work:
        speaker = await work.speakers.held(name)
        if speaker is None:
            raise not_found("Speaker")
        new = replace(withdrawn(speaker), deployed=False, voice_sample_id=None)
        await work.speakers.save(new, now=asked.now)
        adapter = await work.trainings.forget(name)
    if adapter is not None:
        await forget(asked.services.data, [adapter])
    await unmade(asked, speaker)


async def unmade(asked: Asked, speaker: VoiceSpeaker) -> None:
    """The engine forgets the voice, then its row does. Raises RefusedError; to be asked again changes nothing else."""
    if speaker.voice is None or speaker.engine is None:
        return
    maker = await cloner(asked, speaker.engine)
    if maker is None:
        _log.warning("a voice stays where it was made: its engine cannot be reached", extra=_ids(asked, speaker.voice))
    else:
        await maker.forget(speaker.voice)
    async with asked.begin() as work:
        held = await work.speakers.held(speaker.name)
        if held is not None and held.voice == speaker.voice:
            new = replace(held, voice=None, engine=None, deployed=False, voice_sample_id=None)
            await work.speakers.save(new, now=asked.now)


def _has(agent: Agent, speaker: str) -> bool:
    voice = agent.voice_config
    chosen = voice.get("provider") == OWN and voice.get("speaker") == speaker
    return chosen or agent.config.get("speaker") == speaker


def _original(asked: Asked, speaker: VoiceSpeaker) -> Original:
    return Original(
        name=f"{speaker.name}-{new_id(VOICE)}",
        description=speaker.description,
        language=speaker.language,
        sound=asked.services.data / speaker.reference,
        content_type=speaker.reference_type,
    )


async def _kept(asked: Asked, seen: VoiceSpeaker, engine: str | None, voice: str) -> VoiceSpeaker:
    """Its row, with the voice that it had first. Raises RefusedError if it is no longer what was seen."""
    async with asked.begin() as work:
        held = await work.speakers.held(seen.name)
        if held is None:
            raise not_found("Speaker")
        if held.reference != seen.reference or (engine is None and held.voice != voice):
            raise conflict("The speaker was changed meanwhile: deploy it again")
        must_have_consent(held)
        has = held if held.voice is not None else replace(held, engine=engine, voice=voice)
        new = replace(has, deployed=True, voice_sample_id=held.voice_sample_id or new_id(VOICE))
        await work.speakers.save(new, now=asked.now)
    return new


async def _forgotten(asked: Asked, maker: VoiceCloner, voice: str) -> None:
    try:
        await maker.forget(voice)
    except RefusedError:
        _log.warning("a voice that is not used could not be deleted where it was made", extra=_ids(asked, voice))


def _ids(asked: Asked, voice: str) -> dict[str, str]:
    return {"organisation": asked.organisation, "voice": voice}
