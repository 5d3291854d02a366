"""What is reached: every address that is not public is refused at the socket, and nothing is connected."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientConnectorError, ClientError, ClientSession, InvalidURL

from control_api.links.public_only import PrivateAddressError, public_session
from tests.control_api.test_webhook_targets import PRIVATE
from tests.patience import until


class Wire:
    """Notes every connection that is tried, and makes none that leaves this machine."""

    def __init__(self) -> None:
        self.tried: list[Any] = []

    async def connect(self, loop: object, sock: socket.socket, address: Any) -> None:
        self.tried.append(address)
        raise ConnectionRefusedError("nobody is there")


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr(asyncio.SelectorEventLoop, "sock_connect", lambda *given: wire.connect(*given))
    return wire


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with public_session() as session:
        yield session


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> None:
    """What a name stands for, look by look; the last answer holds."""
    told = list(answers)

    def getaddrinfo(host: str, port: int, *more: object) -> list[Any]:
        found = told.pop(0) if len(told) > 1 else told[0]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in found
        ]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)


INSIDE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 - a system takes it for itself
    "224.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b:1::7f00:1",
    "2002:7f00:1::",
    "2001:0:7f00:1::",
    "fe80::1",
    "fc00::1",
    "fec0::1",
    "::ffff:0:7f00:1",
    "fd00:ec2::254",
    "ff02::1",
]


@pytest.mark.parametrize("url", [*PRIVATE, *(f"http{url.removeprefix('https')}" for url in PRIVATE)])
async def test_no_way_to_write_a_private_address_leads_there(url: str, wire: Wire, http: ClientSession) -> None:
    with pytest.raises((ClientError, InvalidURL)):
        await http.post(url, data=b"{}")
    assert wire.tried == []


@pytest.mark.parametrize("inside", INSIDE)
async def test_a_name_that_stands_for_a_private_address_leads_nowhere(
    inside: str, wire: Wire, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, [inside])
    with pytest.raises(ClientConnectorError) as caught:
        await http.post("https://rebound.example/", data=b"{}")
    assert isinstance(caught.value.os_error, PrivateAddressError)
    assert wire.tried == []


async def test_of_several_addresses_only_the_public_one_is_tried(
    wire: Wire, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, ["127.0.0.1", "93.184.216.34", "::1"])
    with pytest.raises(ClientConnectorError):
        await http.post("https://both.example/", data=b"{}")
    assert {address[0] for address in wire.tried} == {"93.184.216.34"}


async def test_a_name_that_changes_its_mind_is_judged_by_what_it_is_connected_to(
    wire: Wire, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(ClientConnectorError):
        await http.post("https://rebinding.example/", data=b"{}")
    with pytest.raises(ClientConnectorError) as caught:
        await http.post("https://rebinding.example/", data=b"{}")
    assert isinstance(caught.value.os_error, PrivateAddressError)
    assert [address[0] for address in wire.tried] == ["93.184.216.34"]


async def test_an_operator_may_allow_private_places(wire: Wire) -> None:
    async with public_session(private=True) as http:
        with pytest.raises(ClientConnectorError):
            await http.post("http://127.0.0.1:9/", data=b"{}")
    assert [address[0] for address in wire.tried] == ["127.0.0.1"]


async def test_a_name_that_nobody_answers_for_keeps_no_other_waiting(
    wire: Wire, http: ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, answered = Counter[str](), threading.Event()

    def getaddrinfo(host: str, port: int, *more: object) -> list[Any]:
        looks[host] += 1
        if host == "silent.example":
            answered.wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", port))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    asking = [asyncio.create_task(http.post("https://silent.example/", data=b"{}")) for _ in range(100)]
    try:
        await until(lambda: bool(looks["silent.example"]))
        for task in asking[:50]:
            task.cancel()
        async with asyncio.timeout(5):
            with pytest.raises(ClientConnectorError):
                await http.post("https://quick.example/", data=b"{}")
    finally:
        answered.set()
        ends = await asyncio.gather(*asking, return_exceptions=True)
    assert looks == {"silent.example": 1, "quick.example": 1}
    assert Counter(map(type, ends)) == {asyncio.CancelledError: 50, ClientConnectorError: 50}
