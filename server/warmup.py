"""Models loaded before the first call needs them, in threads, so that the loop goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

from processors.smart_turn import SmartTurn
from processors.voice_detector import silero


async def load(judge: SmartTurn, *, models: Path, stt_threads: int = 1) -> None:
    """What the embedded providers need. Raises ModelMissing."""
    from processors.llm import embedded as mind
    from processors.stt import embedded as ears
    from processors.tts import embedded as voice

    ears.threads(stt_threads)
    await asyncio.gather(
        asyncio.to_thread(ears.warm, "base", models),
        asyncio.to_thread(judge.warm),
        asyncio.to_thread(mind.warm),
        voice.EmbeddedTts(voice.Options()).warm(),
    )


async def prepare(models: Path) -> None:
    """Converts what must be converted and loads everything once. Raises ModelMissing."""
    silero()
    judge = SmartTurn()
    await load(judge, models=models)
    judge.close()
