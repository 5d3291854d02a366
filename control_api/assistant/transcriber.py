"""Who listens."""

from __future__ import annotations

from control_api.assistant.wire import Count, Loose, Share


class TranscriberFallbackPlan(Loose):
    """The list first, in order; then whatever is at hand."""

    transcribers: list[Transcriber] | None = None


class Transcriber(Loose):
    provider: str | None = None
    language: str | None = None
    model: str | None = None
    confidence_threshold: Share | None = None
    format_turns: bool | None = None
    end_of_turn_confidence_threshold: Share | None = None
    min_end_of_turn_silence_when_confident: Count | None = None
    """Milliseconds, as of the next two."""
    word_finalization_max_wait_time: Count | None = None
    max_turn_silence: Count | None = None
    vad_assisted_endpointing_enabled: bool | None = None
    speech_model: str | None = None
    realtime_url: str | None = None
    word_boost: list[str] | None = None
    keyterms_prompt: list[str] | None = None
    end_utterance_silence_threshold: Count | None = None
    disable_partial_transcripts: bool | None = None
    fallback_plan: TranscriberFallbackPlan | None = None
