"""A stock Pipecat bot at ws://HOST:PORT/ws/exotel: the documented Exotel bot with providers that answer at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncGenerator

import uvicorn
from fastapi import FastAPI, WebSocket
from loguru import logger
from pipecat.audio.vad.silero import SileroVADAnalyzer
from pipecat.audio.vad.vad_analyzer import VADParams
from pipecat.frames.frames import (
    Frame,
    LLMContextFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TranscriptionFrame,
    TTSAudioRawFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.processors.aggregators.llm_context import LLMContext
from pipecat.processors.aggregators.llm_response_universal import LLMContextAggregatorPair, LLMUserAggregatorParams
from pipecat.processors.frame_processor import FrameDirection
from pipecat.runner.utils import parse_telephony_websocket
from pipecat.serializers.exotel import ExotelFrameSerializer
from pipecat.services.llm_service import LLMService
from pipecat.services.settings import LLMSettings, STTSettings, TTSSettings
from pipecat.services.stt_service import STTService
from pipecat.services.tts_service import TTSService
from pipecat.transports.websocket.fastapi import FastAPIWebsocketParams, FastAPIWebsocketTransport
from pipecat.turns.user_stop import SpeechTimeoutUserTurnStopStrategy
from pipecat.turns.user_turn_strategies import UserTurnStrategies
from pipecat.utils.time import time_now_iso8601
from pipecat.workers.runner import WorkerRunner
from script import HEARD, RATE, SAID, arguments, reply_sound

SOUND = reply_sound()


class ScriptedSTT(STTService):
    """A streaming recogniser whose final transcript is there the moment the voice detector reports silence."""

    def __init__(self) -> None:
        super().__init__(ttfs_p99_latency=0.0, settings=STTSettings(model=None, language=None))

    async def run_stt(self, audio: bytes) -> AsyncGenerator[Frame | None, None]:
        yield None

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if isinstance(frame, VADUserStoppedSpeakingFrame):
            await self.push_frame(TranscriptionFrame(HEARD, "", time_now_iso8601(), finalized=True))


class ScriptedLLM(LLMService):
    """A model that answers every turn with the same sentence."""

    def __init__(self) -> None:
        settings = LLMSettings(
            model=None,
            system_instruction=None,
            temperature=None,
            max_tokens=None,
            top_p=None,
            top_k=None,
            frequency_penalty=None,
            presence_penalty=None,
            seed=None,
            filter_incomplete_user_turns=None,
            user_turn_completion_config=None,
        )
        super().__init__(settings=settings)

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        await super().process_frame(frame, direction)
        if not isinstance(frame, LLMContextFrame):
            await self.push_frame(frame, direction)
            return
        await self.push_frame(LLMFullResponseStartFrame())
        await self.push_frame(LLMTextFrame(SAID))
        await self.push_frame(LLMFullResponseEndFrame())


class ScriptedTTS(TTSService):
    """A voice whose whole reply is there at once."""

    def __init__(self) -> None:
        settings = TTSSettings(model=None, voice=None, language=None)
        super().__init__(push_start_frame=True, push_stop_frames=True, settings=settings)

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        yield TTSAudioRawFrame(SOUND, RATE, 1, context_id=context_id)


async def converse(websocket: WebSocket, *, stop_seconds: float, end_of_turn: str) -> None:
    """One call, from Exotel's first message until the line is down."""
    _, call = await parse_telephony_websocket(websocket)
    transport = FastAPIWebsocketTransport(
        websocket=websocket,
        params=FastAPIWebsocketParams(
            audio_in_enabled=True,
            audio_out_enabled=True,
            serializer=ExotelFrameSerializer(stream_sid=call["stream_id"], call_sid=call["call_id"]),
        ),
    )
    strategies = None  # the documented default: Pipecat's own smart-turn model
    if end_of_turn == "silence":
        strategies = UserTurnStrategies(stop=[SpeechTimeoutUserTurnStopStrategy(user_speech_timeout=0.0)])
    aggregators = LLMContextAggregatorPair(
        LLMContext([{"role": "system", "content": "You answer the telephone of a shop."}]),
        user_params=LLMUserAggregatorParams(
            vad_analyzer=SileroVADAnalyzer(params=VADParams(stop_secs=stop_seconds)),
            user_turn_strategies=strategies,
        ),
    )
    pipeline = Pipeline(
        [
            transport.input(),
            ScriptedSTT(),
            aggregators.user(),
            ScriptedLLM(),
            ScriptedTTS(),
            transport.output(),
            aggregators.assistant(),
        ]
    )
    worker = PipelineWorker(pipeline, params=PipelineParams(audio_in_sample_rate=RATE, audio_out_sample_rate=RATE))

    @transport.event_handler("on_client_disconnected")
    async def on_client_disconnected(_transport: FastAPIWebsocketTransport, _client: WebSocket) -> None:
        await worker.cancel()

    runner = WorkerRunner(handle_sigint=False)
    await runner.add_workers(worker)
    await runner.run()


class Server(uvicorn.Server):
    """Says `ready` on standard output once the port is open."""

    async def startup(self, sockets: list | None = None) -> None:
        await super().startup(sockets)
        print("ready", flush=True)


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument(
        "--end-of-turn",
        choices=["model", "silence"],
        default="model",
        help="model: Pipecat's default, smart-turn; silence: the voice detector alone",
    )
    options: argparse.Namespace = parser.parse_args()
    logger.remove()
    logger.add(sys.stderr, level="WARNING", diagnose=False)
    app = FastAPI()

    @app.websocket("/ws/exotel")
    async def exotel(websocket: WebSocket) -> None:
        await websocket.accept()
        await converse(websocket, stop_seconds=options.stop_seconds, end_of_turn=options.end_of_turn)

    Server(
        uvicorn.Config(
            app,
            host=options.host,
            port=options.port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=2,
        )
    ).run()


if __name__ == "__main__":
    main()
