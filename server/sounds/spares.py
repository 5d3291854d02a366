"""What is said where a voice does not, in the language that the call is in."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from processors.lines import lines_for
from processors.manner import Stored
from processors.ports import ProviderError
from processors.tts.embedded import EmbeddedTts, Options
from processors.voices.espeak import LANGUAGES
from server.sounds.fixed_sentences import KeptSentences
from server.sounds.speech import spoken

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Spares:
    """Without sound if it could not be made."""

    apology: Stored
    goodbye: Stored
    fillers: tuple[Stored, ...]

    async def told_by(self, kept: KeptSentences, rate: int) -> Spares:
        """In the call's own voice, as far as that has said them before."""
        own = [await kept.stored(spare, rate) for spare in (self.apology, self.goodbye, *self.fillers)]
        return Spares(own[0], own[1], tuple(own[2:]))


async def made(kept: dict[tuple[str, int], Spares], asked: str, rate: int) -> Spares:
    """Spoken by the embedded voice in the language asked for, or in English where it has not that one.

    Once for all calls, which share what is `kept`. Without sound where the voice fails: the next call tries again.
    """
    tongue = asked.lower().partition("-")[0]
    language = tongue if tongue in LANGUAGES else "en"
    if (language, rate) not in kept:
        lines = lines_for(language)
        texts = (lines.apology, lines.unable, *lines.fillers)
        try:
            voice = EmbeddedTts(Options(language=language))
            said = [Stored(text, await spoken(voice, text, rate)) for text in texts]
        except ProviderError:
            _log.exception("the apology could not be spoken", extra={"language": language})
            return Spares(Stored(lines.apology), Stored(lines.unable), ())
        kept[language, rate] = Spares(said[0], said[1], tuple(said[2:]))
    return kept[language, rate]
