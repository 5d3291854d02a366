"""One answer of the language model: what it says, while it says it, and what it has done before it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from pipeline.frames import Failure, Frame, ReplyText, TransferAsked
from pipeline.news import AskedAhead
from processors.ahead import Ahead
from processors.chat import Chat
from processors.fallback import AllFailedError
from processors.lines import Lines
from processors.ports import LanguageModel, Message, ProviderError, StaysConnected, Tool, ToolCall
from processors.tools.toolbox import OPT_OUT, Done, Toolbox
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
    is_open: bool = False
    """What was said last does not end with a space."""
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
        self._llm, self._chat, self.lines, self._toolbox = llm, chat, lines, toolbox
        self._own = (END_CALL, transfer_call(queues)) if queues else (END_CALL,)
        self._failures = 0

    def start(self, emit: Callable[[Frame], None], cut: Callable[[], None], tasks: asyncio.TaskGroup) -> None:
        """`cut` silences what is being said."""
        self._emit, self._cut = emit, cut
        if isinstance(self._llm, StaysConnected):
            tasks.create_task(self._llm.stay_connected())
        self._ahead = Ahead(self._llm, tasks, lambda adopted: emit(AskedAhead(adopted)))
        self._work = ToolWork(self._toolbox, self._chat, emit, tasks)

    def suppose(self, text: str) -> None:
        """That may be the caller's turn: the model is asked, and heard once it is."""
        if not self._work.busy:
            self._ahead.begin(self._chat.supposing(text), self._tools)

    def suppose_nothing(self) -> None:
        self._ahead.drop()

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
            if answer.failed and not answer.said:  # a filler at most: the last words need not wait for its end
                self._cut()
            self._say_ours(answer, self.lines.unable if answer.failed else self.lines.apology)
        return answer

    @property
    def _tools(self) -> tuple[Tool, ...]:
        """In one order: a provider keeps the beginning of a question that it has read before, and they stand there."""
        return (*self._own, *self._toolbox.tools)

    async def _rounds(self, answer: Answer) -> None:
        await self._work.finished()
        so_far: list[Message] = []
        for rounds in range(MOST_ROUNDS + 1):
            tools = self._tools if rounds < MOST_ROUNDS else self._own
            words, calls = await self._ask((*self._chat.messages(before=answer.reply), *so_far), tools, answer)
            goodbye = self._toolbox.last_words if answer.ending else ""
            if not calls or rounds == MOST_ROUNDS:
                self._say_ours(answer, goodbye)
                return
            done = await self._use(answer, calls)
            for text in (*(one.say for one in done), goodbye):
                self._say_ours(answer, text)
            answer.ending = next((one.hangup for one in done if one.hangup), answer.ending)
            if answer.ending or answer.transfer is not None or any(one.say for one in done):
                return
            so_far += [Message("assistant", words, tuple(calls)), *answers(calls, done)]

    async def _ask(self, chat: Sequence[Message], tools: Sequence[Tool], answer: Answer) -> tuple[str, list[ToolCall]]:
        words = ""
        calls: list[ToolCall] = []
        async with aclosing(self._ahead.reply(chat, tools)) as pieces:
            async for piece in pieces:
                if isinstance(piece, str):
                    words += piece
                    self._say(answer, piece)
                elif not answer.wants(call := self._meant(piece, answer, tools)):
                    calls.append(call)
        return words, calls

    def _meant(self, call: ToolCall, answer: Answer, tools: Sequence[Tool]) -> ToolCall:
        """Whoever hangs up on somebody who wants no more calls sees to it that there are none."""
        opts_out = call.name == END_CALL.name and call.arguments.get("reason") == "do_not_call"
        if not opts_out or all(tool.name != OPT_OUT for tool in tools):
            return call
        return ToolCall(call.id, OPT_OUT, {"told": answer.said})

    async def _use(self, answer: Answer, calls: Sequence[ToolCall]) -> list[Done]:
        is_heard = True

        def speak(text: str) -> None:
            if is_heard:
                self._say_ours(answer, text)

        try:
            return await self._work.use(answer.reply, calls, speak)
        finally:
            is_heard = False

    def _say(self, answer: Answer, text: str) -> None:
        if text:
            answer.said, answer.is_open = True, not text[-1].isspace()
            self._emit(ReplyText(text, answer.reply))

    def _say_ours(self, answer: Answer, text: str) -> None:
        """Words that are not the model's."""
        self._say(answer, f" {text}" if text and answer.is_open else text)
