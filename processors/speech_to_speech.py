"""A model that hears and speaks, as a call uses it: behind the three ports of a call, and one stage beside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pipeline.processor import Processor
from processors.ports import LanguageModel, SpeechToText, TextToSpeech


@dataclass(frozen=True, slots=True)
class SpeechToSpeech:
    """Good for one call."""

    ear: SpeechToText
    mind: LanguageModel
    hearsay: Processor
    """Stands behind the dialogue."""
    voice: Callable[[TextToSpeech], TextToSpeech]
    """Needs another one, for what must be said word for word."""
    sentences: dict[str, Any] = field(repr=False)
    """Options of the TTS provider `openai` that sounds the same."""
