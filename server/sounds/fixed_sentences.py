"""What a call says in words that are fixed, and the sounds of it that are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import lru_cache

import orjson

from pipeline.audio import resample
from processors.lines import lines_for
from processors.llm import embedded
from processors.ports import TextToSpeech
from processors.script.script import Script, shipped
from processors.sound_store import SoundStore
from processors.speech_out import Stored
from processors.variables import render, unknown
from processors.voice_cache import CachedVoice, FixedSentences, voice_key
from server.call_plan import CallPlan, Fallback


class KeptSentences:
    """Of one call: in its own voice, played where that has said them before."""

    def __init__(self, sounds: SoundStore | None, plan: CallPlan) -> None:
        self._sounds, self._plan = sounds if plan.voice_cache else None, plan
        self._voices: list[CachedVoice] = []

    def voice(self, voice: TextToSpeech, choice: Fallback) -> TextToSpeech:
        """The same one, that keeps what it says. The first that comes here is the call's own."""
        if self._sounds is None:
            return voice
        fixed = fixed_sentences(self._plan)
        worded = self._plan.speech.model_dump(mode="json", exclude_defaults=True)
        options = {**choice.options, "speech": worded} if worded else choice.options
        kept = CachedVoice(voice, voice_key(choice.provider, options), self._sounds, fixed)
        self._voices.append(kept)
        return kept

    async def stored(self, spare: Stored, rate: int) -> Stored:
        """The same sentence in the call's own voice, if that has said it before; else the spare one."""
        if self._sounds is None or not self._voices:
            return spare
        voice = self._voices[0]
        key = f"{voice.key(spare.text)}@{rate}"
        pcm = await self._sounds.get(key)
        if pcm is None and (own := await voice.kept(spare.text)) is not None:
            pcm = await asyncio.to_thread(resample, own, voice.rate, rate)
            await self._sounds.put(key, pcm, on_disk=False)
        return spare if pcm is None else Stored(spare.text, pcm)


def fixed_sentences(plan: CallPlan) -> FixedSentences:
    """What was written with a customer's data in it is kept in memory alone, and who heard it is not told."""
    lines = lines_for(plan.language)
    soon = (*lines.fillers, lines.still_there, lines.apology, lines.unable, lines.ending, lines.deaf)
    later = (lines.handing_over, lines.nobody_free, lines.nobody_answered, lines.not_connected)
    prompts = () if plan.idle is None else plan.idle.prompts
    scripted = _said(orjson.dumps(plan.llm.options)) if plan.llm.provider == "embedded" else ()
    first = (plan.disclosure, plan.consent.message if plan.consent else "")
    return FixedSentences(soon, (*later, *scripted), (plan.greeting, *first, plan.voicemail.message, *prompts))


@lru_cache(64)
def _said(options: bytes) -> tuple[str, ...]:
    """All answers of the embedded model that hold nothing of what a caller has said."""
    script = embedded.Options.model_validate_json(options).script
    return tuple(_answers(shipped(script) if isinstance(script, str) else script))


def _answers(script: Script) -> Iterator[str]:
    asked = [slot.ask for form in script.forms.values() for slot in form.slots]
    said = [line for intent in script.intents for line in (*intent.say, *intent.otherwise)]
    offered = [
        f"{line} {script.forms[intent.offers].offer}"
        for intent in script.intents
        if intent.offers
        for line in intent.say
    ]
    for line in (*said, *offered, *asked, *script.unknown, *script.still_there):
        if not unknown(line, script.facts):
            yield render(line, script.facts)
