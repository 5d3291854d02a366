"""LiveKit Agents services with no provider behind them: each answers at once."""

from __future__ import annotations

from livekit.agents import APIConnectOptions, llm, stt, tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS, NOT_GIVEN
from script import HEARD, RATE, SAID, reply_sound

SOUND = reply_sound()


class ScriptedSTT(stt.STT):
    """A streaming recogniser whose final transcript is there the moment the voice detector reports silence."""

    def __init__(self) -> None:
        super().__init__(
            capabilities=stt.STTCapabilities(
                streaming=True, interim_results=False, offline_recognize=False, manual_flush=True
            )
        )

    async def _recognize_impl(self, *_args: object, **_options: object) -> stt.SpeechEvent:
        raise NotImplementedError("streams only")

    def stream(
        self, *, language: object = NOT_GIVEN, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> stt.RecognizeStream:
        return _Hearing(stt=self, conn_options=conn_options)


class _Hearing(stt.RecognizeStream):
    async def _run(self) -> None:
        async for heard in self._input_ch:
            if isinstance(heard, self._FlushSentinel):
                words = stt.SpeechData(language="en", text=HEARD, confidence=1.0)
                self._event_ch.send_nowait(
                    stt.SpeechEvent(type=stt.SpeechEventType.FINAL_TRANSCRIPT, alternatives=[words])
                )


class ScriptedLLM(llm.LLM):
    """A model that answers every turn with the same sentence."""

    def chat(
        self,
        *,
        chat_ctx: llm.ChatContext,
        tools: list[llm.Tool] | None = None,
        conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS,
        **_options: object,
    ) -> llm.LLMStream:
        return _Answer(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class _Answer(llm.LLMStream):
    async def _run(self) -> None:
        delta = llm.ChoiceDelta(role="assistant", content=SAID)
        self._event_ch.send_nowait(llm.ChatChunk(id=utils.shortuuid(), delta=delta))


class ScriptedTTS(tts.TTS):
    """A streaming voice whose whole reply is there as soon as the first words are."""

    def __init__(self) -> None:
        super().__init__(capabilities=tts.TTSCapabilities(streaming=True), sample_rate=RATE, num_channels=1)

    def synthesize(self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> object:
        raise NotImplementedError("streams only")

    def stream(self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> tts.SynthesizeStream:
        return _Voice(tts=self, conn_options=conn_options)


class _Voice(tts.SynthesizeStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid(), sample_rate=RATE, num_channels=1, mime_type="audio/pcm", stream=True
        )
        async for text in self._input_ch:
            if isinstance(text, str):
                self._mark_started()
                output_emitter.start_segment(segment_id=utils.shortuuid())
                output_emitter.push(SOUND)
                output_emitter.end_segment()
                break
        output_emitter.end_input()
