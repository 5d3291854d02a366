"""Commands to live calls: obeyed here if the call is on the line here, or by the process that has it, over the bus."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Set
from datetime import UTC, datetime, timedelta
from typing import Any

from control_api.records.stories import KEPT_SECONDS
from control_api.web.asked import NOT_LIVE
from control_api.web.errors import RefusedError, conflict
from storage.bus import EventBus, Message, SlowSubscriberError
from storage.database import Database
from storage.records import Call, CallStatus

ANSWER_SECONDS = 1.0
"""How long a process has to obey a command. It takes a millisecond; who does not answer is gone."""

Perform = Callable[[str, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""Of a call's id and a command: what came of it, as `live_commands` says."""

QUESTION, ANSWER = frozenset({"id", "reply", "call", "command"}), frozenset({"id", "answer"})
"""Keys of the messages between processes."""

_log = logging.getLogger(__name__)


class Commands:
    """One of a process."""

    def __init__(self, bus: EventBus, node: str, perform: Perform, *, is_here: Callable[[str], bool]) -> None:
        self._bus, self._node, self._perform, self._is_here = bus, node, perform, is_here
        self._awaited: dict[str, asyncio.Future[Mapping[str, Any]]] = {}

    async def ask(self, call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        """What came of it. Raises RefusedError: 409 if the call is not live, 503 if its process does not answer."""
        if _is_over(call, command):
            raise conflict(NOT_LIVE)
        if self._is_here(call.id) or call.node == self._node:
            answer = await self._perform(call.id, command)
        elif call.node:
            answer = await self._asked_there(call, command)
        else:
            raise conflict(NOT_LIVE)
        if "error" in answer:
            raise RefusedError(answer["error"], answer["detail"])
        return answer

    async def keep(self) -> None:
        """Obeys commands of other processes, and hears their answers to ours. Runs until cancelled."""
        async with asyncio.TaskGroup() as group:

            def obey(message: Message) -> None:
                group.create_task(self._obey(message))

            group.create_task(self._hear(f"node.{self._node}", obey, QUESTION))
            group.create_task(self._hear(f"reply.{self._node}", self._answered, ANSWER))

    async def _asked_there(self, call: Call, command: Mapping[str, Any]) -> Mapping[str, Any]:
        question = secrets.token_hex(8)
        answer: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._awaited[question] = answer
        message = {"id": question, "reply": self._node, "call": call.id, "command": dict(command)}
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._bus.publish(f"node.{call.node}", message)
                return await answer
        except TimeoutError:
            raise RefusedError(503, "The server that has this call does not answer") from None
        finally:
            del self._awaited[question]

    async def _hear(self, topic: str, take: Callable[[Message], None], wanted: Set[str]) -> None:
        """A message without the keys that are wanted is of a server of another version, and ends nothing."""
        while True:
            try:
                async with self._bus.subscribe(topic) as news:
                    async for message in news:
                        if message.keys() >= wanted:
                            take(message)
                        else:
                            _log.warning("a message of another node was not understood", extra={"topic": topic})
            except SlowSubscriberError:
                _log.error("commands came faster than they could be read", extra={"topic": topic})

    async def _obey(self, message: Message) -> None:
        try:
            answer = await self._perform(message["call"], message["command"])
        except Exception:  # noqa: BLE001 - it ends this command alone
            _log.exception("a command of another node failed", extra={"call": message["call"]})
            answer = {"error": 500, "detail": "Something went wrong"}
        await self._bus.publish(f"reply.{message['reply']}", {"id": message["id"], "answer": answer})

    def _answered(self, message: Message) -> None:
        awaited = self._awaited.get(message["id"])
        if awaited is not None and not awaited.done():
            awaited.set_result(message["answer"])


async def hang_up(database: Database, commands: Commands, call: str, reason: str) -> None:
    """If it is on the line anywhere."""
    async with database.read() as work:
        row = await work.calls.get(call)
    if row is not None:
        try:
            await commands.ask(row, {"do": "end", "reason": reason})
        except RefusedError as refused:
            _log.info("a call could not be hung up", extra={"call": call, "status": refused.status})


def _is_over(call: Call, command: Mapping[str, Any]) -> bool:
    if call.status is not CallStatus.ENDED or call.ended_at is None:
        return False
    kept = timedelta(seconds=KEPT_SECONDS)
    return command["do"] != "story" or datetime.now(UTC) - call.ended_at > kept
