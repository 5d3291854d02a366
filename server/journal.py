"""Last stage of a call: its transcript and its latencies into the database, off the sound's path."""

from __future__ import annotations

import asyncio
import logging

from sqlalchemy.exc import SQLAlchemyError

from pipeline.frames import Answered, Frame, Hangup, Said
from pipeline.processor import Processor
from storage.database import Database
from storage.records import Speaker, Turn, TurnLatency

_log = logging.getLogger(__name__)

WRITE_SECONDS = 1.0
"""How long a line may wait for others to be written with."""


class Journal(Processor):
    """Collects, and writes about once a second. What the database refuses now is tried again, in order, with the next.

    `hangup` is why our side ended the call, if it did.
    """

    def __init__(self, database: Database, organisation: str, call: str, providers: dict[str, str]) -> None:
        self._database, self._organisation, self._call, self._providers = database, organisation, call, providers
        self._turns: list[Turn] = []
        self._latencies: list[TurnLatency] = []
        self._answers: dict[int, Answered] = {}
        self._position = 0
        self._news = asyncio.Event()
        self.hangup = ""

    def start(self) -> None:
        self.tasks.create_task(self._write_often())

    def process(self, frame: Frame) -> None:
        match frame:
            case Said():
                self._said(frame)
            case Answered():
                self._answers[frame.reply] = frame
            case Hangup():
                self.hangup = self.hangup or frame.reason
        self.emit(frame)

    def _said(self, said: Said) -> None:
        self._turns.append(
            Turn(self._call, self._position, Speaker(said.speaker), said.text, said.at, said.seconds, said.interrupted)
        )
        answer = self._answers.pop(said.reply, None) if said.speaker == "agent" else None
        if answer is not None:
            self._latencies.append(self._latency(answer))
        self._position += 1
        self._news.set()

    def _latency(self, answer: Answered) -> TurnLatency:
        return TurnLatency(
            self._call,
            self._position,
            vad_ms=_ms(answer.vad),
            end_of_turn_ms=_ms(answer.turn),
            stt_ms=_ms(answer.transcript),
            llm_ms=_ms(answer.first_text),
            tts_ms=_ms(answer.first_audio),
            wire_ms=_ms(answer.on_line),
            total_ms=_ms(answer.on_line),
            stt=self._providers.get("stt"),
            llm=self._providers.get("llm"),
            tts=self._providers.get("tts"),
        )

    async def _write_often(self) -> None:
        while True:
            await self._news.wait()
            await asyncio.sleep(WRITE_SECONDS)
            self._news.clear()
            await self.write()

    async def write(self) -> bool:
        """Writes what has been collected. False if the database refused: it is kept for the next time."""
        turns, latencies = self._turns, self._latencies
        self._turns, self._latencies = [], []
        try:
            async with self._database.begin(self._organisation) as work:
                await work.calls.add_turns(turns)
                await work.calls.add_latencies(latencies)
        except (SQLAlchemyError, OSError):
            _log.exception("a transcript could not be written yet", extra={"call": self._call})
            self._turns = turns + self._turns
            self._latencies = latencies + self._latencies
            self._news.set()
            return False
        return True


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
