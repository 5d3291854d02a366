"""Last stage of a call: its transcript, latencies and moments into the database, off the sound's path."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy.exc import DataError, IntegrityError, SQLAlchemyError

from pipeline.frames import Failure, Frame, Hangup, Say
from pipeline.news import Answered, DeadAir, Disclosure, FalseInterruption, RecordingConsent, Said
from pipeline.processor import Processor
from processors.fallback import Move
from server.wellformed import wellformed
from storage.database import Database, DatabaseUnavailableError, to_the_end
from storage.moment_records import Moment, MomentKind
from storage.records import Speaker, Turn, TurnLatency

_log = logging.getLogger(__name__)

WRITE_SECONDS = 1.0
"""How long a line may wait for others to be written with."""


CONSENTS: Mapping[bool | None, MomentKind] = {
    None: MomentKind.CONSENT_ASKED,
    True: MomentKind.CONSENT_GIVEN,
    False: MomentKind.CONSENT_REFUSED,
}


@dataclass(slots=True)
class _Page:
    turns: list[Turn] = field(default_factory=list)
    latencies: list[TurnLatency] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)

    def put_before(self, later: _Page) -> None:
        """What could not be written comes first again."""
        later.turns[:0], later.latencies[:0], later.moments[:0] = self.turns, self.latencies, self.moments


class Ledger:
    """Writes the lines of all calls of the process together: a busy server has one transaction a second, not hundreds.

    What the database refuses now is tried again, in order, with the next; what it will never take is dropped.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pages: defaultdict[str, _Page] = defaultdict(_Page)
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()

    def enter(self, organisation: str, turn: Turn, latency: TurnLatency | None) -> None:
        page = self._pages[organisation]
        page.turns.append(turn)
        if latency is not None:
            page.latencies.append(latency)
        self._news.set()

    def note(self, organisation: str, moment: Moment) -> None:
        self._pages[organisation].moments.append(moment)
        self._news.set()

    async def keep(self) -> None:
        """Writes about once a second, while there is something; runs until cancelled."""
        while True:
            await self._news.wait()
            await asyncio.sleep(WRITE_SECONDS)
            await self.write()

    async def write(self) -> bool:
        """Everything that was entered so far. False if the database refused a part: it is kept for the next time.

        Not torn by a cancellation, which would lose or repeat other calls' lines: it is raised when the work is done.
        """
        return await to_the_end(self._write())

    async def _write(self) -> bool:
        async with self._writing:
            self._news.clear()
            pages, self._pages = self._pages, defaultdict(_Page)
            for organisation in list(pages):
                page = pages[organisation]
                try:
                    await self._copy(organisation, page)
                except DatabaseUnavailableError as away:
                    told = {"lines": len(page.turns), "error": str(away)}
                    _log.warning("transcripts wait for the database", extra=told)
                except (SQLAlchemyError, OSError):
                    _log.exception("transcripts could not be written yet", extra={"lines": len(page.turns)})
                else:
                    del pages[organisation]
            for organisation, page in pages.items():
                page.put_before(self._pages[organisation])
                self._news.set()
            return not pages

    async def _copy(self, organisation: str, page: _Page) -> None:
        """One bad line may hold up no other: then each goes alone, and what is done with leaves the page."""
        try:
            await self._add(organisation, page)
        except (IntegrityError, DataError):
            while page.turns:
                await self._add_or_drop(organisation, page.turns[0], _Page(turns=page.turns[:1]))
                del page.turns[0]
            while page.latencies:
                await self._add_or_drop(organisation, page.latencies[0], _Page(latencies=page.latencies[:1]))
                del page.latencies[0]
            while page.moments:
                await self._add_or_drop(organisation, page.moments[0], _Page(moments=page.moments[:1]))
                del page.moments[0]

    async def _add_or_drop(self, organisation: str, row: Turn | TurnLatency | Moment, page: _Page) -> None:
        try:
            await self._add(organisation, page)
        except (IntegrityError, DataError):
            place = row.at if isinstance(row, Moment) else row.position
            _log.exception(
                "a line that the database does not take was dropped",
                extra={"call": row.call_id, "position": place},
            )

    async def _add(self, organisation: str, page: _Page) -> None:
        async with self._database.begin(organisation) as work:
            await work.calls.add_turns(page.turns)
            await work.calls.add_latencies(page.latencies)
            await work.moments.add(page.moments)


class Journal(Processor):
    """One call's entries. `hangup` is why our side ended the call, if it did; `leaving` is why it was about to."""

    def __init__(
        self, ledger: Ledger, organisation: str, call: str, providers: dict[str, str], position: int = 0
    ) -> None:
        """`position` is of the next turn, in a call that goes on."""
        self._ledger, self._organisation, self._call, self._providers = ledger, organisation, call, providers
        self._answers: dict[int, Answered] = {}
        self._position = position
        self.hangup = self.leaving = ""
        self.consented = False
        """The caller lets the call be recorded."""

    def moved(self, move: Move) -> None:
        """A fallback serves from now on."""
        self._providers[move.stage] = move.to
        error = "it rests" if move.error is None else str(move.error)
        told = {"call": self._call, "stage": move.stage, "provider": move.provider, "to": move.to, "error": error}
        _log.warning("a fallback took a provider's place", extra=told)

    def process(self, frame: Frame) -> None:
        match frame:
            case Said():
                self._said(frame)
            case Answered():
                self._answers[frame.reply] = frame
            case DeadAir(at, seconds):
                self._noticed(MomentKind.DEAD_AIR, at, seconds)
            case FalseInterruption(at, seconds):
                self._noticed(MomentKind.FALSE_INTERRUPTION, at, seconds)
            case Disclosure(at, heard):
                self._noticed(MomentKind.DISCLOSED if heard else MomentKind.DISCLOSURE, at)
            case RecordingConsent(at, given):
                self.consented = given is True
                self._noticed(CONSENTS[given], at)
            case Hangup():
                self.hangup = self.hangup or frame.reason
            case Say(hangup=reason, transfer_to="") if reason:
                self.leaving = reason
            case Failure():
                _log.warning(
                    "a provider failed",
                    extra={"call": self._call, "stage": frame.stage, "error": frame.error, "fatal": frame.fatal},
                )
        self.emit(frame)

    def _said(self, said: Said) -> None:
        turn = Turn(
            self._call,
            self._position,
            Speaker(said.speaker),
            wellformed(said.text),
            said.at,
            said.seconds,
            said.interrupted,
        )
        answer = self._answers.pop(said.reply, None) if said.speaker == "agent" else None
        self._ledger.enter(self._organisation, turn, None if answer is None else self._latency(answer))
        self._position += 1
        if said.interrupted:
            self._noticed(MomentKind.INTERRUPTION, said.at + said.seconds)

    def _noticed(self, kind: MomentKind, at: float, seconds: float = 0.0) -> None:
        moment = Moment(self._call, kind, round(at, 3), round(seconds, 3), noticed_at=datetime.now(UTC))
        self._ledger.note(self._organisation, moment)

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
            measured_at=datetime.now(UTC),
        )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
