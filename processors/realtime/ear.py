"""The call's recogniser, where one service hears, thinks and speaks: it holds the connection, for all of the call."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any

from pipeline.audio import Codec, encode
from pipeline.frames import Transcript
from processors.json_socket import JsonSocket
from processors.ports import ListenFrame
from processors.realtime.session import Session
from processors.stt.openai import COMPLETED, Transcription
from processors.stt.streaming import streaming
from processors.stt.stretches import Stretches


class Ear:
    """What the caller says goes into the conversation as sound, a line for each stretch of speech.

    Our detector and our judge of turns say where it ends and what it is worth: the service's own are off.
    """

    def __init__(
        self,
        session: Session,
        connect: Callable[[], AbstractAsyncContextManager[JsonSocket]],
        *,
        settings: Mapping[str, Any],
        codec: Codec,
        language: str,
        rate: int,
        begin_seconds: float,
        final_seconds: float,
    ) -> None:
        """`settings` are told the service first."""
        self.rate = rate
        self._session, self._connect, self._settings = session, connect, settings
        self._codec, self._language = codec, language
        self._begin_seconds, self._final_seconds = begin_seconds, final_seconds

    async def transcribe(self, heard: AsyncIterable[ListenFrame]) -> AsyncGenerator[Transcript, None]:
        async with self._connect() as socket, self._session.on(socket):
            await socket.send({"type": "session.update", "session": self._settings})
            async with aclosing(
                streaming(
                    socket,
                    _Hearing(self._session, self._codec, self._language),
                    heard,
                    Stretches(self.rate),
                    begin_seconds=self._begin_seconds,
                    final_seconds=self._final_seconds,
                )
            ) as transcripts:
                async for transcript in transcripts:
                    yield transcript


class _Hearing:
    """Of all that the service tells, what it has understood of the caller. The rest is the session's."""

    def __init__(self, session: Session, codec: Codec, language: str) -> None:
        self._session, self._codec = session, codec
        self._transcription = Transcription(language)

    def sound(self, pcm: bytes) -> Mapping[str, Any]:
        return {"type": "input_audio_buffer.append", "audio": b64encode(encode(pcm, self._codec)).decode()}

    def end(self) -> Mapping[str, Any]:
        return {"type": "input_audio_buffer.commit"}

    def read(self, message: Mapping[str, Any]) -> Iterator[Transcript]:
        if self._session.takes(message):
            return
        kind, item = message.get("type"), str(message.get("item_id"))
        if kind == "input_audio_buffer.committed":
            self._session.listened(item)
        elif kind == COMPLETED:
            self._session.understood(item, str(message.get("transcript") or "").strip())
        yield from self._transcription.read(message)
