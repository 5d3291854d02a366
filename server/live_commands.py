"""What a supervisor or a workflow asks of a call that is on the line here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from control_api.records.stories import Stories
from control_api.web.asked import NOT_LIVE
from dialer import hand_over
from pipeline.frames import Frame, Hangup, Listen, Mute, Note, Say, SendDigits
from server.call import LiveCall
from server.call_plan import MonitorPlan
from server.loudspeaker import topic
from server.script_warnings import follows_script
from server.switchboard import Switchboard

Command = Mapping[str, Any]
"""`do` says what, the rest how."""
Answer = Mapping[str, Any]
"""`{"ok": true, …}`, or an HTTP status as `error` and a sentence as `detail`."""

DONE: Answer = {"ok": True}
GIVEN_UP = "The transfer was given up meanwhile"
DEFAULT_REASON = "workflow_close"
ENDING = "The call is already ending"
NO_WHISPERS = "The agent follows a script and takes no whispers"
LEAVING = "The call is being handed over"
NO_LISTENERS = "The plan of this call lets nobody listen along"
NO_CONTROL = "The plan of this call lets nobody control it"


@dataclass(frozen=True, slots=True)
class Order:
    """One command, and the call that is to obey it."""

    call: str
    live: LiveCall
    command: Command

    def obeyed(self, frame: Frame) -> Answer:
        """The frame is through the whole of the call before this returns."""
        self.live.command(frame)
        return DONE


async def perform(switchboard: Switchboard, stories: Stories, call: str, command: Command) -> Answer:
    """Answers at once, also for a call that is not here; of a transfer, once the books allow it.

    Whoever asks has looked at what the command holds.
    """
    if command["do"] == "story":
        return {"ok": True, "events": list(stories.so_far(f"call.{call}"))}
    deed = DEEDS.get(command["do"])
    if deed is None:
        return {"error": 400, "detail": f"A live call cannot be told to {command['do']}"}
    live = switchboard.live(call)
    refused = "" if live is None else _refused(live.plan.monitor, command["do"])
    if refused:
        return {"error": 403, "detail": refused}
    too_late = NOT_LIVE if live is None else _too_late(live, command["do"])
    if live is None or too_late:
        return {"error": 409, "detail": too_late}
    return await deed(Order(call, live, command))


def _refused(monitor: MonitorPlan, do: str) -> str:
    """Why the call's plan does not let this be asked of it; empty if it does."""
    if do == "listen":
        return "" if monitor.listen else NO_LISTENERS
    return "" if monitor.control else NO_CONTROL


def _too_late(live: LiveCall, do: str) -> str:
    """Why a call whose last sentence has been chosen would ignore this; empty if it would not."""
    if do == "listen":
        return ""
    if live.is_ending:
        return ENDING
    return LEAVING if live.is_leaving and do != "end" else ""


async def _end(order: Order) -> Answer:
    reason, last_words = order.command.get("reason") or DEFAULT_REASON, order.command.get("say")
    return order.obeyed(Say(last_words, hangup=reason) if last_words else Hangup(reason))


async def _say(order: Order) -> Answer:
    return order.obeyed(Say(order.command["text"], after_sentence=not order.command.get("interrupt", False)))


async def _message(order: Order) -> Answer:
    if follows_script(order.live.plan):
        return {"error": 409, "detail": NO_WHISPERS}
    return order.obeyed(Note(order.command["text"], answer=bool(order.command.get("answer", False))))


async def _mute(order: Order) -> Answer:
    return order.obeyed(Mute(True))


async def _unmute(order: Order) -> Answer:
    return order.obeyed(Mute(False))


async def _dtmf(order: Order) -> Answer:
    return order.obeyed(SendDigits(order.command["digits"]))


async def _listen(order: Order) -> Answer:
    return {**order.obeyed(Listen()), "topic": topic(order.call), "sample_rate": order.live.rate}


async def _transfer(order: Order) -> Answer:
    """Whoever asked may have lost patience meanwhile, and let the call go on: the books decide, and not the command."""
    live, now = order.live, datetime.now(UTC)
    async with live.database.begin(live.organisation) as work:
        if not await hand_over.obeyed(work, order.command["transfer"], now):
            return {"error": 409, "detail": GIVEN_UP}
    if not live.is_up or live.is_ending:  # this very moment
        async with live.database.begin(live.organisation) as work:
            await hand_over.left(work, order.call, now)
        return {"error": 409, "detail": NOT_LIVE}
    live.hand_over(order.command["target"])
    return DONE


DEEDS: dict[str, Callable[[Order], Awaitable[Answer]]] = {
    "end": _end,
    "say": _say,
    "message": _message,
    "mute": _mute,
    "unmute": _unmute,
    "dtmf": _dtmf,
    "listen": _listen,
    "transfer": _transfer,
}
"""By what a command says in `do`."""
