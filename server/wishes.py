"""What the bot of a call wants done for it: the call handed to a human agent."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Protocol

from dialer import hand_over
from pipeline.frames import Frame, Say, TransferAsked
from pipeline.processor import Processor
from processors.lines import Lines
from storage.database import Database, DatabaseUnavailableError

_log = logging.getLogger(__name__)


class Line(Protocol):
    """The call, as far as its wishes go."""

    @property
    def is_ending(self) -> bool: ...

    @property
    def lines(self) -> Lines: ...

    def command(self, frame: Frame) -> None: ...

    def hand_over(self, target: str) -> None: ...


class Wishes(Processor):
    """Hands the call over if a human agent is there, and else has the caller told that none is."""

    def __init__(self, database: Database, organisation: str, call: str, line: Line) -> None:
        self._database, self._organisation, self._call, self._line = database, organisation, call, line

    def process(self, frame: Frame) -> None:
        if isinstance(frame, TransferAsked):
            self.tasks.create_task(self._transfer(frame))
        else:
            self.emit(frame)

    async def _transfer(self, asked: TransferAsked) -> None:
        if self._line.is_ending:
            return
        wish = hand_over.Wish(asked.target, asked.brief, "agent")
        lines = self._line.lines
        try:
            async with self._database.begin(self._organisation) as work:
                call = await work.calls.get(self._call)
                if call is None:
                    return
                begun = await hand_over.begin(work, call, wish, datetime.now(UTC))
                await hand_over.obeyed(work, begun.id, datetime.now(UTC))
        except hand_over.NotInProgressError:
            return  # somebody else was faster, or it is over
        except hand_over.NobodyThereError:
            self._line.command(Say(lines.nobody_free, after_sentence=True))
        except (hand_over.UnknownQueueError, hand_over.NoFlowError):
            self._line.command(Say(lines.not_connected, after_sentence=True))
        except DatabaseUnavailableError as away:
            _log.warning("a transfer could not be begun", extra={"call": self._call, "error": str(away)})
            self._line.command(Say(lines.not_connected, after_sentence=True))
        else:
            self._line.hand_over(asked.target)
