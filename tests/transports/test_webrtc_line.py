"""A call by WebRTC: a page by aiortc at the far end, over real UDP."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientSession
from numpy.typing import NDArray

from pipeline.audio import level
from pipeline.frames import AudioDone, AudioIn, AudioOut, Digit, Frame, Interrupt, Pause, Played, Resume, UserTurn
from tests.patience import until
from tests.transports.webrtc_page import WIRE_RATE, House, Microphone, Page, open_house, pitch, sine
from transports.browser_line import Refusal
from transports.webrtc.endpoint import WebRtcEndpoint
from transports.webrtc.ice import IceServers

RATE = 16_000
FLOW = {"flow_id": "flw_1"}


@pytest.fixture
async def opened() -> AsyncIterator[tuple[House, ClientSession, WebRtcEndpoint]]:
    async with open_house() as house:
        yield house


@asynccontextmanager
async def calling(http: ClientSession, **wanted: Any) -> AsyncIterator[tuple[Page, dict[str, Any]]]:
    """A page whose microphone hears 1 kHz."""
    page = Page(Microphone(sine(1000, 0.2, WIRE_RATE)), video=True)
    try:
        async with http.post("/webrtc/offer", json={**await page.offer(), **FLOW, **wanted}) as reply:
            assert reply.status == 200, await reply.text()
            answer = await reply.json()
        await page.take(answer)
        yield page, answer
    finally:
        await page.close()


def caller(house: House) -> bytes:
    return b"".join(frame.pcm for frame in house.frames if isinstance(frame, AudioIn))


def of(house: House, kind: type[Frame]) -> list[Any]:
    return [frame for frame in house.frames if isinstance(frame, kind)]


def say(house: House, pcm: bytes) -> None:
    house.lines[0].send(AudioOut(pcm, 1, "Good morning."))
    house.lines[0].send(AudioDone(1))


def loud(heard: bytes | bytearray) -> NDArray[np.bool_]:
    """Which of its 10 ms have sound in them."""
    samples = np.frombuffer(heard, "<i2").astype(np.float64)
    told: NDArray[np.bool_] = (samples[: len(samples) // 480 * 480].reshape(-1, 480) ** 2).mean(axis=1) > 500**2
    return told


def sounding(page: Page) -> int:
    return int(loud(page.heard).sum())


async def test_what_the_page_says_and_what_it_hears_are_true_to_pitch_and_level_without_a_gap(
    opened: tuple[House, ClientSession, WebRtcEndpoint],
) -> None:
    house, http, _ = opened
    async with calling(http) as (page, answer):
        assert answer["sdp"].count("a=inactive") == 1  # a picture is refused, not decoded
        await until(lambda: len(of(house, AudioIn)) >= 20)
        say(house, sine(440, 1.0, RATE))
        await until(lambda: any(played.over for played in of(house, Played)))
        await until(lambda: sounding(page) >= 97)
        said = caller(house)[RATE // 2 :][: RATE * 2]
        assert pitch(said, RATE) == pytest.approx(1000, abs=5)
        assert level(said) == pytest.approx(level(sine(1000, 1, RATE)), abs=1.0)
        told = np.flatnonzero(loud(page.heard))
        assert len(told) == pytest.approx(100, abs=4)
        assert told[-1] - told[0] == len(told) - 1
        tone = bytes(page.heard[(told[0] + 10) * 960 : (told[-1] - 10) * 960])
        assert pitch(tone, WIRE_RATE) == pytest.approx(440, abs=5)
        assert level(tone) == pytest.approx(level(sine(440, 1, RATE)), abs=1.0)
        (played,) = of(house, Played)
        assert (played.seconds, played.text, played.complete) == (1.0, "Good morning.", True)
    await asyncio.wait_for(house.over.wait(), 10)
    assert house.lines[0].ending == "callended"
    assert house.troubles == []


async def test_nothing_stale_is_heard_after_an_interrupt(
    opened: tuple[House, ClientSession, WebRtcEndpoint],
) -> None:
    house, http, _ = opened
    async with calling(http) as (page, _answer):
        await until(lambda: len(of(house, AudioIn)) >= 5)
        say(house, sine(440, 5.0, RATE))
        await until(lambda: sounding(page) >= 20)
        before = sounding(page)
        house.lines[0].send(Interrupt(0.0))
        begun = len(page.heard)
        await until(lambda: len(page.heard) - begun > WIRE_RATE * 2 * 0.5)
        assert sounding(page) - before <= 15  # 80 ms of the page's own jitter buffer, and a packet
        assert not loud(page.heard[-WIRE_RATE // 2 :]).any()
        (played,) = of(house, Played)
        assert played.over
        assert not played.complete
        assert played.seconds < 1.0


async def test_after_a_pause_the_bot_goes_on_where_it_was_cut(
    opened: tuple[House, ClientSession, WebRtcEndpoint],
) -> None:
    house, http, _ = opened
    async with calling(http) as (page, _answer):
        await until(lambda: len(of(house, AudioIn)) >= 5)
        say(house, sine(440, 1.0, RATE))
        await until(lambda: sounding(page) >= 20)
        house.lines[0].send(Pause(0.0))
        await until(lambda: not loud(page.heard[-WIRE_RATE // 5 :]).any().item())
        house.lines[0].send(Resume(0.0))
        await until(lambda: any(played.over for played in of(house, Played)))
        await until(lambda: sounding(page) >= 88)  # a packet or more is lost if this machine is late
        assert of(house, Played)[-1].complete


async def test_keys_and_typed_words_come_as_if_they_were_pressed_and_said(
    opened: tuple[House, ClientSession, WebRtcEndpoint],
) -> None:
    house, http, _ = opened
    async with calling(http) as (page, _answer):
        await until(lambda: page.channel.readyState == "open")
        page.say({"type": "dtmf", "digits": "1#"})
        page.say({"type": "dtmf", "digits": "12x"})
        page.say({"type": "text", "text": " When do you open? "})
        page.say("{")
        await until(lambda: bool(of(house, UserTurn)))
        assert [digit.key for digit in of(house, Digit)] == ["1", "#"]
        assert [turn.text for turn in of(house, UserTurn)] == ["When do you open?"]
        await until(lambda: len(page.said) == 2)
        assert "digits must be" in page.said[0]["error"]
        assert house.troubles == ["bad_digit", "bad_json"]
        page.say({"type": "end"})
        await asyncio.wait_for(house.over.wait(), 10)
        await until(lambda: page.kinds()[-1] == "end")


async def test_a_page_trickles_renegotiates_comes_back_by_a_new_connection_and_leaves(
    opened: tuple[House, ClientSession, WebRtcEndpoint],
) -> None:
    house, http, _ = opened
    async with calling(http) as (page, answer):
        number = {"pc_id": answer["pc_id"]}
        one = "candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host"
        candidates = [
            {"candidate": one, "sdp_mid": "0", "sdp_mline_index": 0},
            {"candidate": "", "sdp_mid": "0", "sdp_mline_index": 0},
        ]
        async with http.patch("/webrtc/offer", json={**number, "candidates": candidates}) as reply:
            assert await reply.json() == {"status": "success"}
        await until(lambda: len(of(house, AudioIn)) >= 5)
        async with http.post("/webrtc/offer", json={**await page.offer(), **number}) as reply:
            again = await reply.json()
            assert (reply.status, again["pc_id"], again["call"]) == (200, answer["pc_id"], answer["call"])
        await page.take(again)
        other = Page(Microphone(sine(2000, 0.2, WIRE_RATE)))
        async with http.post("/webrtc/offer", json={**await other.offer(), **number, "restart_pc": True}) as reply:
            assert reply.status == 200
            await other.take(await reply.json())
        await until(lambda: len(caller(house)) > RATE and pitch(caller(house)[-RATE // 2 :], RATE) > 1900)
        assert len(house.calls) == len(house.lines) == 1
        async with http.delete("/webrtc/offer", params=number) as reply:
            assert reply.status == 200
        await asyncio.wait_for(house.over.wait(), 10)
        await asyncio.wait_for(other.gone.wait(), 10)
        await other.close()
        async with http.delete("/webrtc/offer", params=number) as reply:
            assert reply.status == 404


async def test_strangers_and_what_is_no_offer_get_a_sentence_and_no_call(
    opened: tuple[House, ClientSession, WebRtcEndpoint],
) -> None:
    house, http, _ = opened
    page = Page(Microphone(sine(1000, 0.2, WIRE_RATE)), video=True)
    offer = await page.offer()
    await page.close()
    sdp = offer["sdp"]
    cases: list[tuple[str, str, Any, int, str]] = [
        ("POST", "/webrtc/offer", {**offer}, 400, "flow_id is required"),
        ("POST", "/webrtc/offer", {**offer, "flow_id": "none"}, 404, "Flow not found"),
        ("POST", "/webrtc/offer", {**offer, **FLOW, "type": "answer"}, 400, "type: "),
        ("POST", "/webrtc/offer", {**FLOW, "type": "offer"}, 400, "sdp: "),
        ("POST", "/webrtc/offer", {**FLOW, "type": "offer", "sdp": "v=0"}, 400, "sdp must offer audio"),
        ("POST", "/webrtc/offer", {**FLOW, "type": "offer", "sdp": "m=audio x"}, 400, "sdp is no offer"),
        ("POST", "/webrtc/offer", {**offer, **FLOW, "sdp": sdp.replace("a=ice-", "a=nice-")}, 400, "sdp is no offer"),
        ("POST", "/webrtc/offer", {**offer, **FLOW, "sdp": sdp.replace("opus", "lyra")}, 400, "sdp is no offer"),
        ("POST", "/webrtc/offer", {**offer, **FLOW, "sdp": sdp.replace("sendrecv", "sendonly")}, 400, "sdp must offer"),
        ("POST", "/webrtc/offer", {**offer, "sdp": "x" * 70_000}, 413, "The body is larger"),
        ("POST", "/webrtc/offer", {**offer, "pc_id": "nobody"}, 404, "Peer connection not found"),
        ("POST", "/api/offer", {**offer, "requestData": {"flow_id": 5}}, 400, "requestData.flow_id: "),
        ("PATCH", "/api/offer", {"pc_id": "nobody", "candidates": []}, 404, "Peer connection not found"),
        ("DELETE", "/webrtc/offer", {"pc_id": "nobody"}, 404, "Peer connection not found"),
        *(
            ("POST", "/webrtc/offer", {**offer, **FLOW, "sdp": sdp + sections}, 400, "sdp must have at most 4 media")
            for sections in ("\nm=x\nm=x", "\rm=x\rm=x", "\x0bm=x\x0bm=x", "\u2028m=x\u2028m=x")
        ),
        ("POST", "/webrtc/offer", {**offer, **FLOW, "variables": {"": "x"}}, 400, "variables"),
        ("POST", "/webrtc/offer", {**offer, **FLOW, "variables": {"a": "\0"}}, 400, "variables.a: "),
        ("POST", "/sessions/e30/api/offer", {**offer}, 400, "flow_id is required"),
        ("POST", "/sessions/nonsense/api/offer", {**offer}, 404, "Session not found"),
    ]
    for method, path, body, status, sentence in cases:
        async with http.request(method, path, json=body) as reply:
            detail = (await reply.json())["detail"]
            assert (reply.status, detail.startswith(sentence)) == (status, True), (path, detail)
    async with http.get("/webrtc/ice", headers={"Authorization": ""}) as reply:
        assert reply.status == 401
    for path, body in (("/webrtc/offer", {}), ("/webrtc/offer", offer), ("/api/offer", {}), ("/start", "x")):
        async with http.post(path, json=body, headers={"Authorization": ""}) as reply:
            assert reply.status == 401, "before anything is said of the body"
    assert house.lines == []


async def test_a_connection_belongs_to_whoever_made_it(opened: tuple[House, ClientSession, WebRtcEndpoint]) -> None:
    _house, http, _ = opened
    other = {"Authorization": "Bearer rival"}
    async with calling(http) as (page, answer):
        for more in ({}, {"restart_pc": True}):
            offer = {**await page.offer(), "pc_id": answer["pc_id"], **more}
            async with http.post("/webrtc/offer", json=offer, headers=other) as reply:
                assert reply.status == 404
        body = {"pc_id": answer["pc_id"], "candidates": []}
        for method in ("PATCH", "DELETE"):
            async with http.request(method, "/webrtc/offer", json=body, headers=other) as reply:
                assert reply.status == 404
        async with http.patch("/webrtc/offer", json=body) as reply:
            assert reply.status == 200


async def test_pages_of_named_origins_only_may_ask_and_get_the_helpers_that_the_settings_name() -> None:
    ice = IceServers("stun:stun.example.com", "turn:turn.example.com", "vaani", "secret")
    async with open_house(origins=["https://shop.example"], ice=ice) as (_house, http, _):
        for origin, allowed in (("https://shop.example", "https://shop.example"), ("https://evil.example", None)):
            async with http.options("/api/offer", headers={"Origin": origin}) as reply:
                assert reply.headers.get("Access-Control-Allow-Origin") == allowed
            async with http.post("/api/offer", json={}, headers={"Origin": origin}) as reply:
                assert reply.headers.get("Access-Control-Allow-Origin") == allowed
        wanted = [
            {"urls": "stun:stun.example.com"},
            {"urls": "turn:turn.example.com", "username": "vaani", "credential": "secret"},
        ]
        async with http.get("/webrtc/ice") as reply:
            assert await reply.json() == {"iceServers": wanted}
        async with http.post("/start", json={"transport": "webrtc", "body": {"flow_uuid": "flw_1"}}) as reply:
            started = await reply.json()
            assert started["iceConfig"] == {"iceServers": wanted}


async def test_pipecats_words_are_spoken_at_its_address_and_in_its_sessions(
    opened: tuple[House, ClientSession, WebRtcEndpoint],
) -> None:
    house, http, _ = opened
    async with http.post("/start", json={"body": {"flow_id": "flw_9", "variables": {"name": "Asha"}}}) as reply:
        session = (await reply.json())["sessionId"]
    page = Page(Microphone(sine(1000, 0.2, WIRE_RATE)), video=True)
    async with http.post(f"/sessions/{session}/api/offer", json={**await page.offer(), "restart_pc": False}) as reply:
        await page.take(await reply.json())
    await until(lambda: page.channel.readyState == "open")
    assert (house.calls[0].flow, house.calls[0].custom) == ("flw_9", {"name": "Asha"})
    page.say("ping: 1763700000000")
    page.say({"label": "rtvi-ai", "type": "client-ready", "id": "a1", "data": {"version": "2.1.0"}})
    await until(lambda: "bot-ready" in page.kinds())
    say(house, sine(440, 0.3, RATE))
    await until(lambda: "bot-stopped-speaking" in page.kinds())
    assert page.kinds().index("bot-started-speaking") < page.kinds().index("bot-stopped-speaking")
    page.say({"label": "rtvi-ai", "type": "disconnect-bot", "id": "f6"})
    await until(lambda: page.said[-1] == {"type": "signalling", "message": {"type": "peerLeft"}})
    await page.close()


async def test_calls_leave_no_task_thread_or_descriptor_behind() -> None:
    def held() -> tuple[int, int, int]:
        decoders = sum("decoder" in thread.name for thread in threading.enumerate())
        return len(asyncio.all_tasks()), decoders, len(os.listdir("/proc/self/fd"))

    async with open_house() as (house, http, endpoint):
        async with http.get("/webrtc/ice") as reply:  # the page's connection to the house stays
            assert reply.status == 200
        before = held()
        async with calling(http):
            await until(lambda: len(of(house, AudioIn)) >= 5)
        await asyncio.wait_for(house.over.wait(), 10)
        house.over.clear()
        async with calling(http) as (_page, answer):
            await until(lambda: len(house.lines) == 2)
            async with http.delete("/webrtc/offer", params={"pc_id": answer["pc_id"]}) as reply:
                assert reply.status == 200
            await asyncio.wait_for(house.over.wait(), 10)
        abandoned = Page(Microphone(sine(1000, 0.2, WIRE_RATE)))
        async with http.post("/webrtc/offer", json={**await abandoned.offer(), **FLOW}) as reply:
            assert reply.status == 200
        await abandoned.close()
        await endpoint.close()  # puts down the one that never came up
        await until(lambda: all(now <= then for now, then in zip(held(), before, strict=True)))


async def test_a_page_whose_line_is_gone_once_it_is_up_is_told_why(
    opened: tuple[House, ClientSession, WebRtcEndpoint],
) -> None:
    house, http, _ = opened
    house.refusal = Refusal(503, "All lines are busy.")
    async with calling(http) as (page, _answer):
        await asyncio.wait_for(page.gone.wait(), 10)
        assert page.said == [{"type": "error", "error": "All lines are busy.", "fatal": True}]
