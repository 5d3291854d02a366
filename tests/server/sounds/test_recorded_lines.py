from __future__ import annotations

import asyncio

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from pipeline.frames import AudioDone, AudioOut, ReplyDone, ReplyText
from processors.speech_out import SpeechOut, Stored
from server.call_plan import CallPlan
from server.sounds.recorded_lines import BIGGEST, FRESH, SHOWN, RecordedLines
from tests.fakes import RATE, FakeVoice, settle, started
from tests.server.sounds.test_backgrounds import a_wav


def plan(greeting: str, message: str = "") -> CallPlan:
    return CallPlan.model_validate({"greeting": greeting, "voicemail": {"message": message}})


async def test_sounds_are_fetched_once_for_a_while_and_what_cannot_be_had_is_done_without(
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked: list[str] = []
    now = 0.0

    async def serve(request: web.Request) -> web.Response:
        asked.append(request.path)
        files = {"/hello.wav": a_wav(), "/big.wav": bytes(BIGGEST + 1)}
        return web.Response(body=files[request.path]) if request.path in files else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{name}", serve)
    async with TestServer(app) as server, ClientSession() as http:
        hello, big, none = (str(server.make_url(path)) for path in ("/hello.wav", "/big.wav", "/none.mp3"))
        lines = RecordedLines(http, clock=lambda: now)
        (greeted, sounds), _ = await asyncio.gather(*(lines.of(plan(hello, hello), RATE) for _ in range(2)))
        assert (greeted, list(sounds)) == (plan(hello, hello), [hello])
        assert sounds[hello].text == SHOWN
        assert len(sounds[hello].pcm) == pytest.approx(RATE * 2, abs=200)
        assert asked == ["/hello.wav"]
        now = FRESH
        await lines.of(plan(hello), RATE)
        assert asked == ["/hello.wav"] * 2
        without, nothing = await lines.of(plan(big, none), RATE)
        assert (without.greeting, without.opening.generated, without.voicemail.message, nothing) == ("", True, "", {})
        told, _ = await lines.of(plan(f"{none} This call is recorded."), RATE)
        assert (told.greeting, told.opening.generated) == ("This call is recorded.", False)
    assert {record.message for record in caplog.records} == {"a recorded message could not be had"}


async def test_a_recorded_message_is_heard_in_place_of_its_address_and_words_after_it_are_spoken() -> None:
    sound = Stored(SHOWN, b"\x07\x00" * 80)
    stage = SpeechOut(FakeVoice(), RATE, Stored(), recorded={"https://a.example.com/hi.mp3": sound})
    async with started(stage) as heard:
        for reply, text in enumerate(("https://a.example.com/hi.mp3", "https://a.example.com/hi.mp3 We record."), 1):
            stage.process(ReplyText(text, reply))
            stage.process(ReplyDone(reply))
        await settle()
        said = [(frame.reply, frame.text) for frame in heard if isinstance(frame, AudioOut)]
        assert said == [(1, SHOWN), (2, SHOWN), (2, "We record.")]
        assert [frame for frame in heard if isinstance(frame, AudioDone)] == [AudioDone(1), AudioDone(2)]
