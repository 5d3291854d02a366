"""LiveKit Agents sessions at ws://HOST:PORT/ws/exotel: one a call, no room, providers that answer at once."""

from __future__ import annotations

import asyncio
import logging
import signal

from aiohttp import web
from livekit.agents import Agent, AgentSession, inference
from livekit_line import LineInput, LineOutput
from livekit_services import ScriptedLLM, ScriptedSTT, ScriptedTTS
from script import arguments

STOP_SECONDS = web.AppKey("stop_seconds", float)


async def converse(request: web.Request) -> web.WebSocketResponse:
    """One call, from Exotel's first message until the line is down."""
    websocket = web.WebSocketResponse()
    await websocket.prepare(request)
    start = await websocket.receive_json()
    while start["event"] != "start":
        start = await websocket.receive_json()
    session: AgentSession = AgentSession(
        stt=ScriptedSTT(),
        llm=ScriptedLLM(),
        tts=ScriptedTTS(),
        # One detector a session, as where none is passed: the model is shared all the same, and a shared detector
        # tells every session of every call's metrics.
        vad=inference.VAD(min_silence_duration=request.app[STOP_SECONDS]),
        turn_handling={
            "turn_detection": "vad",
            "endpointing": {"min_delay": 0.0},  # its default, 0.5 s, would wait on after the voice detector has
            "interruption": {"mode": "vad"},
        },
        aec_warmup_duration=None,  # a telephone line: no echo canceller that must settle before anybody may interrupt
    )
    line_in, line_out = LineInput(websocket), LineOutput(websocket, start["stream_sid"])
    session.input.audio, session.output.audio = line_in, line_out
    await session.start(Agent(instructions="You answer the telephone of a shop."), record=False)
    try:
        await line_in.pump()
    finally:
        line_out.close()
        await session.aclose()
        await websocket.close()
    return websocket


async def serve(host: str, port: int, stop_seconds: float) -> None:
    """Answer calls until SIGTERM or SIGINT."""
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    app = web.Application()
    app[STOP_SECONDS] = stop_seconds
    app.router.add_get("/ws/exotel", converse)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=2)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    print("ready", flush=True)
    await stopped.wait()
    await runner.cleanup()


def main() -> None:
    options = arguments(__doc__).parse_args()
    logging.basicConfig(level=logging.WARNING)
    asyncio.run(serve(options.host, options.port, options.stop_seconds))


if __name__ == "__main__":
    main()
