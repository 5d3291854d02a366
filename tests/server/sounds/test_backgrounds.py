"""Backgrounds: made, fetched, refused."""

from __future__ import annotations

import io
import wave

import numpy as np
import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from server.sounds.backgrounds import BIGGEST, Backgrounds
from server.sounds.sound_file import NoSoundError, decoded

RATE = 8000


def a_wav(samples: int = 16_000, rate: int = 16_000) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(np.repeat((20_000 * np.sin(np.arange(samples) / 9)).astype("<i2"), 2).tobytes())
    return file.getvalue()


async def test_an_office_is_heard_and_is_quiet() -> None:
    bed = await Backgrounds().bed("office", RATE)
    assert bed is not None
    sound = np.frombuffer(bed.alone(0, RATE), "<i2")
    assert 20 < np.sqrt(np.mean(np.square(sound.astype(float)))) < 1000


async def test_a_sound_from_the_web_is_fetched_once_and_brought_down(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[str] = []

    async def serve(request: web.Request) -> web.Response:
        asked.append(request.path)
        files = {"/room.wav": a_wav(), "/big.wav": a_wav()[:100] + bytes(BIGGEST), "/page": b"<html>"}
        return web.Response(body=files[request.path]) if request.path in files else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{name}", serve)
    async with TestServer(app) as server, ClientSession() as http:
        backgrounds = Backgrounds(http)
        for _ in range(2):
            bed = await backgrounds.bed(str(server.make_url("/room.wav")), RATE)
        assert bed is not None
        sound = np.frombuffer(bed.alone(0, RATE), "<i2").astype(float)
        assert np.sqrt(np.mean(np.square(sound))) < 1500
        assert asked == ["/room.wav"]
        for wrong in ("/big.wav", "/page", "/none"):
            assert await backgrounds.bed(str(server.make_url(wrong)), RATE) is None
    assert [record.message for record in caplog.records] == ["a background sound could not be had"] * 3


@pytest.mark.parametrize("file", [b"", b"RIFF1234WAVE", a_wav()[:30], b"ID3" + bytes(50), b"\xff\xfb" + bytes(50)])
def test_what_is_no_sound_is_told_as_such(file: bytes) -> None:
    with pytest.raises(NoSoundError):
        decoded(file, RATE)


def test_a_wav_is_read_at_the_rate_of_the_line() -> None:
    assert abs(len(decoded(a_wav(), RATE)) - RATE * 2) < 200
