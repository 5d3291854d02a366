from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import ClientSession
from yarl import URL

from tests.patience import until
from tests.transports.exotel_answers import API_KEY, API_TOKEN, SID
from tests.transports.exotel_recordings import CALL, Archive, archive
from transports.carrier import CarrierError, Trouble
from transports.exotel.account import ExotelAccount
from transports.exotel.carrier import ExotelLine, exotel_session
from transports.exotel.recording import is_exotels, opened

SOUND = bytes(range(256)) * 100
ACCOUNT = ExotelAccount(SID, API_KEY, API_TOKEN, mode="direct")


@pytest.fixture
async def kept(tmp_path: Path) -> AsyncIterator[Archive]:
    file = tmp_path / "one.mp3"
    file.write_bytes(SOUND)
    async with archive(file) as kept:
        yield kept


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with exotel_session() as http:
        yield http


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://recordings.exotel.com/exotelrecordings/x/1.mp3", True),
        ("https://recordings.in.exotel.com/1.mp3", True),
        ("https://EXOTEL.COM:443/1.mp3", True),
        ("https://my.exotel.in/1.mp3", True),
        ("http://recordings.exotel.com/1.mp3", False),
        ("https://recordings.exotel.com:8443/1.mp3", False),
        ("https://somebody@recordings.exotel.com/1.mp3", False),
        ("https://exotel.com.example.com/1.mp3", False),
        ("https://notexotel.com/1.mp3", False),
        ("https://169.254.169.254/latest", False),
        ("https://[::1]/1.mp3", False),
        ("file:///etc/passwd", False),
        ("/1.mp3", False),
        ("", False),
    ],
)
def test_credentials_are_shown_to_exotel_alone(address: str, good: bool) -> None:
    assert is_exotels(URL(address), ACCOUNT) is good


async def test_a_recording_is_opened_with_the_accounts_credentials(kept: Archive, http: ClientSession) -> None:
    async with opened(kept.account, http, kept.address, {}) as reply:
        assert reply is not None
        assert (reply.status, await reply.read()) == (200, SOUND)
    async with opened(kept.account, http, kept.address, {"Range": "bytes=10-19"}) as reply:
        assert reply is not None
        assert (reply.status, await reply.read()) == (206, SOUND[10:20])


async def test_it_is_followed_within_exotel_and_never_out_of_it(kept: Archive, http: ClientSession) -> None:
    near = f"{kept.url}/elsewhere?to={quote('/recordings/one.mp3')}"
    async with opened(kept.account, http, near, {}) as reply:
        assert reply is not None
        assert await reply.read() == SOUND
    async with archive(kept.file) as stranger:
        for address in (stranger.address, f"{kept.url}/elsewhere?to={quote(stranger.address)}"):
            with pytest.raises(CarrierError) as refused:
                async with opened(kept.account, http, address, {}):
                    pytest.fail("it was opened")
            assert refused.value.trouble is Trouble.ACCOUNT
        assert stranger.asked == []


async def test_it_is_not_followed_for_ever(kept: Archive, http: ClientSession) -> None:
    circle = f"{kept.url}/elsewhere?to={quote('/elsewhere?to=/elsewhere')}"
    with pytest.raises(CarrierError) as lost:
        async with opened(kept.account, http, circle, {}):
            pytest.fail("it was opened")
    assert lost.value.trouble is Trouble.DOUBT


@pytest.mark.parametrize(
    ("status", "trouble"), [(401, Trouble.ACCOUNT), (403, Trouble.ACCOUNT), (429, Trouble.DOUBT), (500, Trouble.DOUBT)]
)
async def test_a_refusal_names_the_trouble_and_no_address(
    kept: Archive, http: ClientSession, status: int, trouble: Trouble
) -> None:
    with pytest.raises(CarrierError) as refused:
        async with opened(kept.account, http, f"{kept.url}/status/{status}", {}):
            pytest.fail("it was opened")
    assert refused.value.trouble is trouble
    assert kept.url not in str(refused.value)
    assert API_TOKEN not in str(refused.value)


@pytest.mark.parametrize("status", [404, 410])
async def test_one_that_is_gone_is_none(kept: Archive, http: ClientSession, status: int) -> None:
    async with opened(kept.account, http, f"{kept.url}/status/{status}", {}) as reply:
        assert reply is None


async def test_nobody_answering_is_a_doubt(http: ClientSession) -> None:
    account = ExotelAccount(SID, API_KEY, API_TOKEN, mode="direct", base_url="http://127.0.0.1:9")
    with pytest.raises(CarrierError) as away:
        async with opened(account, http, "http://127.0.0.1:9/1.mp3", {}):
            pytest.fail("it was opened")
    assert away.value.trouble is Trouble.DOUBT


async def test_what_was_opened_and_not_read_is_closed(kept: Archive, http: ClientSession) -> None:
    async with opened(kept.account, http, kept.address, {}) as reply:
        assert reply is not None
    await until(lambda: reply.closed)


@pytest.mark.parametrize(
    ("told", "known"),
    [
        (None, ""),
        ("", ""),
        ("https://recordings.exotel.com/1.mp3", "https://recordings.exotel.com/1.mp3"),
        ("ftp://recordings.exotel.com/1.mp3", ""),
        ("https://recordings.exotel.com/" + "1" * 3000, ""),
        ("https://recordings.exotel.com/a b.mp3", ""),
    ],
)
async def test_call_details_tell_where_it_is(kept: Archive, http: ClientSession, told: str | None, known: str) -> None:
    kept.recording = told
    line = ExotelLine(
        kept.account, http, status_url=lambda call: "", stream_url=lambda call: "", clock=lambda: pytest.fail("late")
    )
    assert await line.recorded(CALL) == known
    assert await line.recorded("another") == ""
