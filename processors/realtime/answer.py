"""One answer of a speech-to-speech model as it comes: its words go one way, its sound another."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from pipeline.audio import SAMPLE_BYTES, Codec, decode
from pipeline.mailbox import Mailbox
from processors.deadline import Deadline
from processors.llm.openai import MALFORMED
from processors.ports import ProviderError, Sound, ToolCall
from processors.realtime.conversation import Line
from processors.realtime.placement import Placement

PROVIDER = "openai"
PIECES = 10_000
"""Kept of an answer until they are read; a long one has a few hundred."""


class SoundedText(str):
    """A piece of what the model says, of which the sound is there already: no voice is to be asked for it."""

    __slots__ = ("answer",)

    answer: Answer

    @classmethod
    def of(cls, answer: Answer, text: str) -> SoundedText:
        piece = cls(text)
        piece.answer = answer
        return piece


@dataclass(slots=True)
class Part:
    """A message of the answer, as the service keeps it."""

    line: Line
    seconds: float = 0.0
    """Of sound."""


class Answer:
    """`pieces` has one reader, the call's language model; `sounds` another, its voice."""

    def __init__(self, rate: int, codec: Codec, connection: int) -> None:
        self.connection = connection
        """The number of the one on which it was asked for: its messages are known on no other."""
        self.id = ""
        """The service's, once it has begun."""
        self.parts: dict[str, Part] = {}
        """By the service's id, in the order in which they sound."""
        self.calls: dict[str, str] = {}
        """What it wants done: the call's id and that of the message in which it stands."""
        self.begins: float | None = None
        """Seconds of the same reply that sounded before it. None: nobody has asked for its sound."""
        self.heard: float | None = None
        """Seconds, once no more of it will be heard."""
        self.was_read = self.was_given_up = self.is_lost = False
        self.over = False
        """The service makes no more of it."""
        self.deadline = Deadline()
        self.sounds: Mailbox[Sound] = Mailbox(PIECES)
        self._pieces: Mailbox[SoundedText | str | ToolCall | ProviderError] = Mailbox(PIECES)
        self._rate, self._codec = rate, codec
        self._half = b""
        self._placement = Placement(rate)

    @property
    def seconds(self) -> float:
        return sum(part.seconds for part in self.parts.values())

    async def pieces(self) -> AsyncGenerator[SoundedText | str | ToolCall, None]:
        """Raises ProviderError."""
        while True:
            try:
                piece = await self.deadline.wait(anext(self._pieces, None))
            except TimeoutError as error:
                raise ProviderError.of(PROVIDER, error) from None
            if piece is None:
                return
            if isinstance(piece, ProviderError):
                raise piece
            self.was_read = True
            yield piece

    def says(self, text: str) -> None:
        """Words of which the sound comes too."""
        if text:
            self._placement.says(text)
            self._pieces.put(SoundedText.of(self, text))

    def writes(self, text: str) -> None:
        """Words that somebody else has to speak."""
        if text:
            self._pieces.put(text)

    def sounds_of(self, part: Part, payload: object) -> None:
        """Raises ProviderError if it is no sound."""
        try:
            sound = self._half + b64decode(str(payload), validate=True)
        except ValueError:
            raise ProviderError(PROVIDER, "sent sound that is none") from None
        whole = len(sound) if self._codec != "pcm16" else len(sound) // SAMPLE_BYTES * SAMPLE_BYTES
        self._half = sound[whole:]
        pcm = decode(sound[:whole], self._codec)
        part.seconds += len(pcm) / SAMPLE_BYTES / self._rate
        for piece in self._placement.sounds(pcm):
            self.sounds.put(piece)

    def wants(self, item: Mapping[str, Any]) -> str:
        """A tool call, whole. Returns its id."""
        call, name = str(item.get("call_id") or item.get("id")), str(item.get("name"))
        self.calls[call] = str(item.get("id"))
        try:
            arguments = orjson.loads(str(item.get("arguments") or "{}"))
        except ValueError:
            arguments = None
        self._pieces.put(ToolCall(call, name, arguments if isinstance(arguments, dict) else {MALFORMED: True}))
        return call

    def end(self, error: ProviderError | None = None) -> None:
        """Nothing more comes to its readers."""
        if self.sounds.closed:
            return
        for piece in self._placement.rest():
            self.sounds.put(piece)
        self.sounds.close()
        if error is not None:
            self._pieces.put(error)
        self._pieces.close()
