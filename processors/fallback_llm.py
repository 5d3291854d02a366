"""A language model made of several. What one began to say the next one goes on with."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Iterator, Sequence

from processors import fallback
from processors.fallback import Chain, Request
from processors.phrases import ends_sentence, plain
from processors.ports import LanguageModel, Message, ProviderError, Tool, ToolCall

GO_ON = (
    "Your last message was cut off where it ends, and the caller has heard it. Go on from there with the next word. "
    "Repeat nothing of it, and do not mention this."
)
LONGEST_WORD = 40
"""Characters held back for the end of a word; a script that knows no spaces is cut anywhere."""

_WORD = re.compile(r"\S+")

Words = Sequence[tuple[str, int]]


class FallbackLlm:
    def __init__(self, chain: Chain[LanguageModel]) -> None:
        self._chain = chain
        self.stay_connected = chain.stay_connected

    async def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        """Whole words. Raises AllFailedError."""
        said, called = "", False
        async with Request[LanguageModel, str | ToolCall](self._chain) as request:
            for member in request.members():
                words, rest = WholeWords(), Rest(said)
                attempt = request.ask(member, member.port.reply(_told(chat, said), tools))
                attempt.expect(request.patience(fallback.FIRST))
                try:
                    async for piece in attempt:
                        request.gave()
                        attempt.expect(fallback.BETWEEN)
                        if isinstance(piece, ToolCall):
                            called = True
                            yield piece
                        elif new := rest.push(words.push(piece)):
                            said += new
                            yield new
                except ProviderError as error:
                    request.failed(member, error)
                    if called:  # what is to be done was asked for: another model would ask for it again
                        return
                    continue
                if last := rest.push(words.flush()) + rest.flush():
                    yield last
                return


class WholeWords:
    """Lets whole words through: half a word of one model is no beginning for another."""

    def __init__(self) -> None:
        self._held = ""

    def push(self, piece: str) -> str:
        self._held += piece
        cut = max(self._held.rfind(" "), self._held.rfind("\n")) + 1
        if ends_sentence(self._held) or len(self._held) - cut > LONGEST_WORD:
            cut = len(self._held)
        ready, self._held = self._held[:cut], self._held[cut:]
        return ready

    def flush(self) -> str:
        ready, self._held = self._held, ""
        return ready


class Rest:
    """What a model says that was to go on after `said`, less what it repeats of that, from wherever it begins again."""

    def __init__(self, said: str) -> None:
        self._said = [word for word, _ in _words(said)]
        self._spaced = not said or said[-1].isspace()
        self._held = ""
        self._decided = not self._said

    def push(self, text: str) -> str:
        """Nothing while it may still be a repetition."""
        if self._decided:
            return text
        self._held += text
        words = [(word, end) for word, end in _words(self._held) if end < len(self._held)]  # the last may grow
        if not words or self._repeated(words) > len(words):
            return ""
        return self._new(words)

    def flush(self) -> str:
        """There is no more to come."""
        return "" if self._decided else self._new(_words(self._held))

    def _repeated(self, words: Words) -> int:
        """The most words that this can be the beginning of: those from some place to the end of what was said."""
        given = [word for word, _ in words]
        return max((len(old) for old in self._endings if _alike(old, given)), default=0)

    @property
    def _endings(self) -> Iterator[Sequence[str]]:
        return (self._said[begin:] for begin in range(len(self._said)))

    def _new(self, words: Words) -> str:
        self._decided = True
        length = min(self._repeated(words), len(words))
        new = self._held[words[length - 1][1] if length else 0 :].lstrip()
        return new if self._spaced or not new else f" {new}"


def _words(text: str) -> Words:
    """Each without its punctuation, and where it ends in the text."""
    found = ((plain(match.group()), match.end()) for match in _WORD.finditer(text))
    return [(word, end) for word, end in found if word]


def _alike(old: Sequence[str], given: Sequence[str]) -> bool:
    """As far as both go."""
    length = min(len(old), len(given))
    return old[:length] == given[:length]


def _told(chat: Sequence[Message], said: str) -> Sequence[Message]:
    return (*chat, Message("assistant", said.strip()), Message("system", GO_ON)) if said.strip() else chat
