"""What a call needs from the outside: ears, a mind, a voice. One async generator each.

A provider frees what it opened however the reader stops, and speaks of its troubles only as `ProviderError`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from pipeline.frames import AudioIn, SpeechStarted, SpeechStopped, Transcript

ListenFrame = AudioIn | SpeechStarted | SpeechStopped


class SpeechToText(Protocol):
    rate: int
    """The rate, in hertz, at which it wants to hear."""

    def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        """One call's sound → what was said. `SpeechStopped` means: finish what you have, with one final transcript.

        A stretch of speech in which no words were found ends with a final transcript whose text is empty.
        """
        ...


@runtime_checkable
class FollowsLanguage(Protocol):
    """A recogniser that can be told in mid-call what language is spoken."""

    def listen_for(self, language: str) -> None:
        """A BCP 47 tag. One that finds the language out by itself, or does not know this one, goes on as it is."""
        ...


class LanguageModel(Protocol):
    def reply(self, chat: Sequence[Message], tools: Sequence[Tool]) -> AsyncGenerator[str | ToolCall, None]:
        """The next thing to say, in pieces as they come, cut anywhere."""
        ...


@dataclass(frozen=True, slots=True)
class Tokens:
    """What one answer of a language model took."""

    read: int
    """Of the question, all of it."""
    cached: int
    """Of these, that the provider had read before: they cost less, and no time."""
    written: int


@runtime_checkable
class CountsTokens(Protocol):
    """A language model that tells what its answers take."""

    took: Callable[[Tokens], None]
    """Is told of each answer."""


@runtime_checkable
class FormFiller(Protocol):
    """A language model that can answer in a given form. Not every one can: a script has no judgement."""

    async def fill(self, chat: Sequence[Message], form: Form) -> dict[str, Any]:
        """One try. That it is as the form's schema says is asked of the model, and for the caller to check.

        Raises ProviderError, retriable if the same may succeed later.
        """
        ...


class TextToSpeech(Protocol):
    rate: int
    """The rate, in hertz, at which it speaks."""

    def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        """Text in pieces, cut anywhere → sound in pieces of any length, as soon as they are there."""
        ...


@runtime_checkable
class StaysConnected(Protocol):
    """A provider that can keep its connection from one piece of work to the next. Otherwise each piece has its own."""

    async def stay_connected(self) -> None:
        """Opens it before it is needed, keeps it alive, opens it anew when it broke, and closes it when cancelled.

        May run for as long as the call. Raises no ProviderError: whoever needs the connection meets its troubles.
        """
        ...


@dataclass(frozen=True, slots=True)
class Sound:
    """A piece of speech."""

    pcm: bytes = field(repr=False)
    """PCM16 mono at the voice's rate, whole samples."""
    text: str = ""
    """On the first sound of each phrase: the words of that phrase as they were given, else empty."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """The model wants something done."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One line of the chat that a language model is given."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str = field(repr=False)
    calls: tuple[ToolCall, ...] = ()
    """What the assistant asked to be done with this message."""
    answers: str = ""
    """For role `tool`: the id of the call that it answers."""


@dataclass(frozen=True, slots=True)
class Tool:
    """Something a model may ask to be done."""

    name: str
    description: str
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    """JSON schema of the arguments."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a model is to fill in."""

    name: str
    """Letters, digits and `_`."""
    schema: Mapping[str, Any] = field(repr=False)
    """JSON schema of an object."""
    seconds: float = 30.0
    """For the whole answer."""
    tokens: int = 2000
    """That it may have, at least."""


class ProviderError(Exception):
    """A provider did not do its work. Its text is fit for a log: no key and none of the caller's words."""

    def __init__(self, provider: str, what: str, *, status: int = 0, retriable: bool = True) -> None:
        super().__init__(f"{provider}: {what}")
        self.provider = provider
        self.status = status
        """HTTP status or 0."""
        self.retriable = retriable
        """Whether the same request may succeed later, or elsewhere under the same credentials."""

    @classmethod
    def of(cls, provider: str, error: BaseException) -> ProviderError:
        """Names the kind of a library's exception, never its text, which may hold headers or words."""
        status = getattr(error, "status", None) or getattr(error, "status_code", None) or 0
        kind = "took too long" if isinstance(error, TimeoutError | asyncio.TimeoutError) else type(error).__name__
        what = f"answered {status}" if status else kind
        return cls(provider, what, status=status, retriable=status in (0, 408, 409, 425, 429) or status >= 500)
