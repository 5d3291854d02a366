"""One answer of the language model: what it says, while it says it, and what it has done before it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from pipeline.frames import Failure, Frame, ReplyText, TransferAsked
from processors.chat import Chat
from processors.fallback import AllFailedError
from processors.lines import Lines
from processors.ports import LanguageModel, Message, ProviderError, Tool, ToolCall
from processors.tools.toolbox import Done, Toolbox
from processors.tools.work import ToolWork, answers

END_REASONS = ("goodbye", "do_not_call", "wrong_number", "hostile_caller", "voicemail")
"""Why a model may end a call: a short list, since the reason is logged and counted, and a model's own words are not."""
END_CALL = Tool(
    "end_call",
    "Hangs up once what you have said was heard. Use it after a goodbye.",
    {"type": "object", "properties": {"reason": {"type": "string", "enum": list(END_REASONS)}}},
)
TRANSFER = "transfer_call"
LONGEST_BRIEF = 280
"""Characters that a human agent is told before a call is theirs."""
PATIENCE = 2
"""Turns in a row that the model could not answer, after which the call is ended. Of several models one is enough: each
had its chance."""
FATAL = frozenset({401, 403})
"""Answers that the same key gets again."""
MOST_ROUNDS = 6
"""How often a model may have something done for one answer; after that it is asked without tools."""


def transfer_call(queues: Sequence[str]) -> Tool:
    """Hands the call to a human agent. The caller hears a sentence of ours, so that the model need not say one."""
    target = {"type": "string", "enum": list(queues), "description": "the queue of human agents"}
    brief = {"type": "string", "maxLength": LONGEST_BRIEF, "description": "what the human agent must know, briefly"}
    return Tool(
        TRANSFER,
        "Hands the caller over to a human agent. The caller is told by itself: say nothing more.",
        {"type": "object", "properties": {"target": target, "brief": brief}, "required": ["target", "brief"]},
    )


@dataclass(slots=True)
class Answer:
    """How one went."""

    reply: int
    said: bool = False
    ending: str = ""
    """The reason with which the call is to end once it was heard."""
    failed: bool = False
    """The model will not be asked again."""
    transfer: TransferAsked | None = None

    def wants(self, call: ToolCall) -> bool:
        """False if it is for somebody else to do."""
        if call.name == END_CALL.name:
            reason = call.arguments.get("reason")
            self.ending = reason if reason in END_REASONS else "assistant_ended_call"
        elif call.name == TRANSFER:
            target, brief = (str(call.arguments.get(name, "")) for name in ("target", "brief"))
            self.transfer = TransferAsked(target, brief[:LONGEST_BRIEF])
        else:
            return False
        return True


class Answering:
    def __init__(self, llm: LanguageModel, chat: Chat, lines: Lines, queues: Sequence[str], toolbox: Toolbox) -> None:
        self._llm, self._chat, self._lines, self._toolbox = llm, chat, lines, toolbox
        self._own = (END_CALL, transfer_call(queues)) if queues else (END_CALL,)
        self._failures = 0

    def start(self, emit: Callable[[Frame], None], tasks: asyncio.TaskGroup) -> None:
        self._emit = emit
        self._work = ToolWork(self._toolbox, self._chat, emit, tasks)

    async def answer(self, reply: int) -> Answer:
        """Says it as it comes. Whoever cancels this silences it; what it has begun to do is done all the same."""
        answer = Answer(reply)
        try:
            await self._rounds(answer)
            self._failures = 0
        except ProviderError as error:
            self._failures += 1
            answer.failed = self._failures >= PATIENCE or error.status in FATAL or isinstance(error, AllFailedError)
            self._emit(Failure("llm", str(error), answer.failed))
            answer.ending = "llm_failed" if answer.failed else answer.ending
            self._say(answer, self._lines.unable if answer.failed else self._lines.apology)
        return answer

    async def _rounds(self, answer: Answer) -> None:
        await self._work.finished()
        so_far: list[Message] = []
        for rounds in range(MOST_ROUNDS + 1):
            tools = (*self._own, *self._toolbox.tools) if rounds < MOST_ROUNDS else self._own
            words, calls = await self._ask((*self._chat.messages(before=answer.reply), *so_far), tools, answer)
            if not calls or rounds == MOST_ROUNDS:
                return
            done = await self._use(answer, calls)
            for one in done:
                self._say(answer, one.say)
            answer.ending = next((one.hangup for one in done if one.hangup), answer.ending)
            if answer.ending or answer.transfer is not None or any(one.say for one in done):
                return
            so_far += [Message("assistant", words, tuple(calls)), *answers(calls, done)]

    async def _ask(self, chat: Sequence[Message], tools: Sequence[Tool], answer: Answer) -> tuple[str, list[ToolCall]]:
        words = ""
        calls: list[ToolCall] = []
        async with aclosing(self._llm.reply(chat, tools)) as pieces:
            async for piece in pieces:
                if isinstance(piece, str):
                    words += piece
                    self._say(answer, piece)
                elif not answer.wants(piece):
                    calls.append(piece)
        return words, calls

    async def _use(self, answer: Answer, calls: Sequence[ToolCall]) -> list[Done]:
        is_heard = True

        def speak(text: str) -> None:
            if is_heard:
                self._say(answer, text)

        try:
            return await self._work.use(answer.reply, calls, speak)
        finally:
            is_heard = False

    def _say(self, answer: Answer, text: str) -> None:
        if text:
            answer.said = True
            self._emit(ReplyText(text, answer.reply))
