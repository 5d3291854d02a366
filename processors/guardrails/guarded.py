"""A language model that is held to guardrails: each phrase is looked at before anybody can speak it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

from pipeline.mailbox import Mailbox
from pipeline.news import Guarded
from pipeline.tasks import alongside
from processors.guardrails.judge import Judge
from processors.guardrails.lines import Instead
from processors.guardrails.names import BY_NAME, SENTENCE, rules
from processors.phrases import ends_sentence
from processors.ports import LanguageModel, Message, StaysConnected, Tool, ToolCall
from processors.sentences import Chunk, Cuts, Splitter, phrases

PIECES = 10_000
"""Of one reply, that wait."""
AT_ONCE = 1000
"""Characters that are learned from within a millisecond. More of them take a thread."""
REMINDER = (
    "What you were about to say was not spoken, for it broke a rule: {}. The caller heard in its place: “{}” Say of it "
    "only what stands in what you were given; look it up with a tool if there is one for it."
)
_STATEMENT = re.compile(r"[^.!?।॥\n]+[.!।॥]")

Verdict = str | asyncio.Task[str]
"""The guardrail that a phrase breaks, or who finds out; empty: none."""


class GuardedLlm:
    """Speaks in the phrases that the voice would cut.

    At the first one that breaks a guardrail a sentence of ours takes its place, and all that was to follow is dropped,
    tools included.
    """

    def __init__(
        self,
        llm: LanguageModel,
        guardrails: Sequence[str],
        *,
        instead: Instead,
        told: Sequence[str] = (),
        judge: Judge | None = None,
        cuts: Callable[[], Cuts] = Splitter,
        report: Callable[[Guarded], None],
    ) -> None:
        """`told` is what the bot may say beside what stands in the chat: the call's variables, its greeting.

        `cuts` makes what cuts a reply, as the voice's is.
        """
        self._cuts = cuts
        self._llm, self._instead, self._judge, self._report = llm, instead, judge, report
        self._rails = {name: BY_NAME[name]() for name in guardrails if name in BY_NAME}
        self._rules = rules(guardrails)
        self._told = [Message("system", text) for text in told]
        self._known: set[str] = set()
        """That were learned from, or are in `_learning`."""
        self._learning: asyncio.Task[None] | None = None
        self._reminders: dict[str, Message] = {}
        """By what was said in place of a phrase."""

    async def stay_connected(self) -> None:
        if isinstance(self._llm, StaysConnected):
            await self._llm.stay_connected()

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        """Phrases, then the tool calls."""
        request = (*chat, *self._reminded(chat))
        words: Mailbox[str] = Mailbox(PIECES)
        seen: Mailbox[tuple[str, Verdict]] = Mailbox(PIECES)
        calls: list[ToolCall] = []
        async with alongside(self._read(request, tools, words, calls)), alongside(self._look(chat, words, seen)):
            async for phrase, verdict in seen:
                if broken := verdict if isinstance(verdict, str) else await verdict:
                    yield self._in_place_of(broken)
                    return
                yield Chunk(phrase)
        for call in calls:
            yield call

    def _in_place_of(self, guardrail: str) -> str:
        self._report(Guarded(guardrail, held=True))
        text = self._instead.unfit if guardrail == SENTENCE else self._instead.unfounded
        self._reminders[text] = Message("system", REMINDER.format(guardrail.replace("_", " "), text))
        return text

    def _reminded(self, chat: Sequence[Message]) -> list[Message]:
        """Of what the caller has heard in place of its words."""
        said = [message.text for message in chat if message.role == "assistant"]
        return [reminder for text, reminder in self._reminders.items() if any(text in one for one in said)]

    async def _read(
        self, chat: Sequence[Message], tools: Sequence[Tool], words: Mailbox[str], calls: list[ToolCall]
    ) -> None:
        try:
            async with aclosing(self._llm.reply(chat, tools)) as pieces:
                async for piece in pieces:
                    if isinstance(piece, ToolCall):
                        calls.append(piece)
                    else:
                        words.put(piece)
        finally:
            words.close()

    async def _look(self, chat: Sequence[Message], words: Mailbox[str], seen: Mailbox[tuple[str, Verdict]]) -> None:
        """While one phrase is spoken the next ones are judged."""
        asked = next((message.text for message in reversed(chat) if message.role == "user"), "")
        sentence = ""
        judged: list[asyncio.Task[str]] = []
        try:
            await self._learn(chat)  # while the model thinks
            async with aclosing(phrases(words, self._cuts())) as cut:
                async for phrase in cut:
                    sentence += phrase
                    verdict: Verdict = self._unfounded(sentence)
                    if self._judge is not None and not verdict:
                        verdict = asyncio.create_task(self._judged(self._judge, sentence, asked))
                        judged.append(verdict)
                    seen.put((phrase, verdict))
                    sentence = "" if ends_sentence(phrase) else sentence
            seen.close()
            await asyncio.gather(*judged)
        finally:
            seen.close()
            for task in judged:
                task.cancel()

    def _unfounded(self, sentence: str) -> str:
        return next((name for name, rail in self._rails.items() if not rail.founded(sentence)), "")

    async def _judged(self, judge: Judge, sentence: str, asked: str) -> str:
        breaks = await judge.breaks(sentence, asked)
        if breaks is None:
            self._report(Guarded(SENTENCE, held=False))
        return SENTENCE if breaks else ""

    async def _learn(self, chat: Sequence[Message]) -> None:
        new = [message for message in (*self._told, *chat) if self._rails and message.text not in self._known]
        self._known.update(message.text for message in new)
        if new:
            self._learning = asyncio.create_task(self._learned(self._learning, new))
        if self._learning is not None:
            await asyncio.shield(self._learning)  # another answer may need it, though this one is dropped

    async def _learned(self, before: asyncio.Task[None] | None, new: Sequence[Message]) -> None:
        if before is not None:
            await before
        if sum(len(message.text) for message in new) > AT_ONCE:
            await asyncio.to_thread(self._take_in, new)
        else:
            self._take_in(new)

    def _take_in(self, new: Sequence[Message]) -> None:
        """Of what the bot has said itself only whole statements count: a question may hold the caller's own number."""
        for message in new:
            for rail in self._rails.values():
                if message.role == "user":
                    rail.asked((message.text,))
                elif message.role == "assistant":
                    rail.learn(_STATEMENT.findall(message.text))
                else:
                    rail.learn((message.text.replace(self._rules, "") if self._rules else message.text,))
