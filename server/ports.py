"""A call plan → whom the call's stages ask: an ear, a mind and a voice, or one model in the place of all three."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline.processor import Processor
from processors import catalogue
from processors.ports import LanguageModel, SpeechToText, TextToSpeech
from server.call_plan import CallPlan, Choice, Fallback
from server.languages import told

MOST = 3
"""Voices that may take another one's place."""


@dataclass(frozen=True, slots=True)
class Ports:
    stt: SpeechToText
    llm: LanguageModel
    tts: TextToSpeech
    behind_dialogue: tuple[Processor, ...] = ()
    """Stages that this model needs there."""


def ports(plan: CallPlan, made: Callable[[catalogue.Stage, Choice], Any]) -> Ports:
    """`made` makes a stage's port of what the plan names for it."""
    voice = told(plan, "tts", plan.tts)
    if plan.realtime is None:
        return Ports(made("stt", told(plan, "stt", plan.stt)), made("llm", plan.llm), made("tts", voice))
    one = made("realtime", told(plan, "realtime", plan.realtime))
    if plan.realtime.sentences == "same":
        others = (Fallback(provider=voice.provider, options=voice.options), *voice.fallbacks)
        voice = Choice(provider="openai", options=one.sentences, fallbacks=others[:MOST])
    return Ports(one.ear, one.mind, one.voice(made("tts", voice)), (one.hearsay,))
