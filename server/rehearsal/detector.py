"""The voice detector without a thread: it has answered before the next sound comes."""

from __future__ import annotations

from processors.voice_detector import Voice, VoiceDetector


class PromptDetector(VoiceDetector):
    """Blocks the loop for what the model takes. For one call, whose clock stands still meanwhile."""

    def __enter__(self) -> PromptDetector:
        return self

    def close(self) -> None:
        """Nothing is to be ended."""

    def ask(self, voice: Voice, chunk: bytes, end: float) -> None:
        super().ask(voice, chunk, end)
        self._round()
