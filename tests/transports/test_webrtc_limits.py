"""What a page by WebRTC may not do, over connections that are none."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any, cast

import pytest
from aiohttp import ClientSession

from pipeline.frames import AudioIn, Digit, Interrupt, UserTurn
from tests.patience import until
from tests.transports.webrtc_page import WIRE_RATE, House, open_house
from transports.webrtc.endpoint import MOST_WAITING, WebRtcEndpoint
from transports.webrtc.ice import IceServers
from transports.webrtc.peer import Peer, _Voice
from transports.webrtc.plain import Plain
from transports.webrtc.rtvi import Rtvi
from transports.webrtc.transport import WebRtcTransport

RATE = 16_000


@pytest.fixture
async def opened() -> AsyncIterator[tuple[House, ClientSession, WebRtcEndpoint]]:
    async with open_house() as house:
        yield house


class Silent:
    """A connection over which nothing comes any more. An offer is answered once `go` is set."""

    down = up = False

    def __init__(self, go: asyncio.Event | None = None) -> None:
        self.go = go
        self.closed = False

    async def answer(self, sdp: str) -> str:
        if self.go is not None:
            await self.go.wait()
        return "v=0"

    async def settled(self) -> None:
        await asyncio.get_running_loop().create_future()

    async def sound(self) -> tuple[bytes, int] | None:
        await asyncio.get_running_loop().create_future()
        return None

    def tell(self, texts: Sequence[str]) -> None:
        pass

    async def close(self) -> None:
        self.closed = True


class Slice(Silent):
    """Brings a slice of sound each time, and no more after `left`."""

    def __init__(self, left: int) -> None:
        super().__init__()
        self.left = left

    async def sound(self) -> tuple[bytes, int] | None:
        self.left -= 1
        return (bytes(640), 0) if self.left >= 0 else None


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> list[Silent]:
    """Those that are made in place of real connections; `go` of the next one may be set."""
    made: list[Silent] = []

    def new_peer(line: WebRtcTransport, ice: IceServers) -> Peer:
        made.append(Silent(asyncio.Event()))
        return cast(Peer, made[-1])

    monkeypatch.setattr(WebRtcTransport, "new_peer", new_peer)
    return made


OFFER = {"type": "offer", "sdp": "m=audio", "flow_id": "flw_1"}


async def offered(http: ClientSession, **more: Any) -> tuple[int, Any]:
    async with http.post("/webrtc/offer", json={**OFFER, **more}) as reply:
        return reply.status, await reply.json()


def goes(peer: Silent) -> None:
    assert peer.go is not None
    peer.go.set()


async def test_a_new_connection_that_comes_after_the_calls_end_is_closed(
    opened: tuple[House, ClientSession, WebRtcEndpoint], peers: list[Silent]
) -> None:
    _, http, endpoint = opened
    first = asyncio.ensure_future(offered(http))
    await until(lambda: len(peers) == 1)
    goes(peers[0])
    status, answer = await first
    assert status == 200
    again = asyncio.ensure_future(offered(http, pc_id=answer["pc_id"], restart_pc=True))
    await until(lambda: len(peers) == 2)
    for task in list(endpoint._tasks):
        task.cancel()
    await until(lambda: peers[0].closed)
    goes(peers[1])
    assert await again == (404, {"detail": "Peer connection not found"})
    assert peers[1].closed


async def test_an_offer_that_is_answered_while_the_server_goes_down_holds_nothing(
    opened: tuple[House, ClientSession, WebRtcEndpoint], peers: list[Silent]
) -> None:
    house, http, endpoint = opened
    late = asyncio.ensure_future(offered(http))
    await until(lambda: len(peers) == 1)
    await endpoint.close()
    goes(peers[0])
    assert await late == (503, {"detail": "The server is going down."})
    assert peers[0].closed
    assert not house.lines


async def test_a_call_that_had_not_begun_when_the_server_went_down_holds_nothing(
    opened: tuple[House, ClientSession, WebRtcEndpoint], peers: list[Silent], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, http, endpoint = opened
    closing: list[asyncio.Task[None]] = []

    async def answer(peer: Silent, sdp: str) -> str:
        closing.append(asyncio.create_task(endpoint.close()))  # runs before the call's own task
        return "v=0"

    monkeypatch.setattr(Silent, "answer", answer)
    assert (await offered(http))[0] == 200
    await closing[0]
    assert peers[0].closed


async def test_an_account_makes_twenty_connections_at_once_and_another_its_own(
    opened: tuple[House, ClientSession, WebRtcEndpoint], peers: list[Silent]
) -> None:
    _house, http, _ = opened
    many = [asyncio.ensure_future(offered(http)) for _ in range(MOST_WAITING + 10)]
    await until(lambda: len(peers) + sum(one.done() for one in many) == len(many))
    rival = asyncio.ensure_future(http.post("/webrtc/offer", json=OFFER, headers={"Authorization": "Bearer rival"}))
    await until(lambda: len(peers) > MOST_WAITING)
    for peer in peers:
        goes(peer)
    statuses = Counter(status for status, _ in await asyncio.gather(*many))
    assert statuses == {200: MOST_WAITING, 503: 10}
    async with await rival as reply:
        assert reply.status == 200


async def test_a_connection_that_does_not_come_up_in_time_is_given_up(
    opened: tuple[House, ClientSession, WebRtcEndpoint], peers: list[Silent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transports.webrtc.endpoint.CONNECT_WAIT", 0.01)
    house, http, _ = opened
    offer = asyncio.ensure_future(offered(http))
    await until(lambda: len(peers) == 1)
    goes(peers[0])
    _, answer = await offer
    await until(lambda: peers[0].closed)
    async with http.delete("/webrtc/offer", params={"pc_id": answer["pc_id"]}) as reply:
        assert reply.status == 404
    assert not house.lines


async def test_texts_and_keys_without_measure_are_trouble_and_a_few_are_heard() -> None:
    now = 100.0
    troubles: Counter[str] = Counter()
    line = WebRtcTransport(Plain(), trouble=lambda kind: troubles.update([kind]), clock=lambda: now)
    await line.joins(cast(Peer, Slice(5)))
    for _ in range(1000):
        line.hear('{"type":"text","text":"And then?"}')
    for _ in range(1000):
        now += 1
        line.hear('{"type":"dtmf","digits":"12"}')
    frames = [frame async for frame in line.receive()]
    assert [frame.text for frame in frames if isinstance(frame, UserTurn)] == ["And then?"] * 3
    assert 0 < sum(isinstance(frame, Digit) for frame in frames) <= 64
    assert sum(isinstance(frame, Interrupt) for frame in frames) == 3
    assert troubles["flood"] > 1900


async def test_more_sound_than_a_microphone_makes_is_dropped() -> None:
    troubles: Counter[str] = Counter()
    line = WebRtcTransport(Plain(), trouble=lambda kind: troubles.update([kind]), clock=lambda: 100.0)
    await line.joins(cast(Peer, Slice(1000)))
    frames = [frame async for frame in line.receive()]
    assert sum(isinstance(frame, AudioIn) for frame in frames) + troubles["flood"] == 1000
    assert troubles["flood"] >= 748


async def test_what_is_late_for_the_page_by_more_than_a_burst_is_left_out() -> None:
    now = 50.0
    asked: list[float] = []
    voice = _Voice(RATE, lambda: asked.append(now))
    voice._now = lambda: now
    assert (await voice.recv()).pts == 0
    now += 0.22  # 200 ms late: they are sent in a burst
    assert [(await voice.recv()).pts for _ in range(2)] == [960, 1920]
    asked.clear()
    now += 1.0
    late = await voice.recv()
    assert late.pts is not None
    assert len(asked) == late.pts // 960 - 2
    assert now - 50.0 - late.pts / WIRE_RATE < 0.02


@pytest.mark.parametrize(("pings", "after"), [(True, 3.0), (False, 15.0)])
async def test_a_page_that_fell_silent_without_a_word_is_gone(*, pings: bool, after: float) -> None:
    now = 100.0
    line = WebRtcTransport(Rtvi(), clock=lambda: now)
    await line.joins(cast(Peer, Silent()))
    stands_in = asyncio.Event()

    async def received() -> None:
        async for _silence in line.receive():
            stands_in.set()

    receiving = asyncio.ensure_future(received())
    await asyncio.sleep(0)
    if pings:
        line.hear("ping: 1763700000000")
    now += after - 0.1
    await asyncio.wait_for(stands_in.wait(), 10)
    assert line.ending == ""
    now += 0.2
    await asyncio.wait_for(receiving, 10)
    assert line.ending == "silent"
