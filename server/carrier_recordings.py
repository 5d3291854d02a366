"""What carriers recorded of calls, fetched with the account of the organisation whose call it was."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

from aiohttp import ClientError, ClientResponse

from control_api.records.carrier_sound import CarrierSound, CarrierSoundError
from dialer import ports
from dialer.accounts import EXOTEL
from server.carriers import ConnectedCarriers
from storage.database import Database
from storage.records import Call
from transports import carrier
from transports.exotel.carrier import ExotelLine

PASSED_ON = ("Content-Length", "Content-Range", "Accept-Ranges", "ETag", "Last-Modified")
CHUNK = 64 << 10
"""Bytes in memory at a time, for each listener."""
AWAY = "The carrier could not be asked for its recording"


class CarriersRecordings:
    """Of Exotel: the simulator records nothing."""

    def __init__(self, database: Database, carriers: ConnectedCarriers) -> None:
        self._database, self._carriers = database, carriers

    async def find(self, call: Call) -> str | None:
        line = await self._line(call)
        return None if line is None else await self._address(call, line)

    @asynccontextmanager
    async def opened(self, call: Call, headers: Mapping[str, str]) -> AsyncGenerator[CarrierSound | None, None]:
        line = await self._line(call)
        address = None if line is None else await self._address(call, line)
        if line is None or address is None:
            yield None
            return
        try:
            async with line.recording(address, headers) as reply:
                yield None if reply is None else _sound(reply)
        except carrier.CarrierError as error:
            raise _told(error.trouble.value) from None

    async def _line(self, call: Call) -> ExotelLine | None:
        if call.carrier != EXOTEL or not (call.carrier_recording or call.carrier_call):
            return None
        try:
            return await self._carriers.exotel(call.organisation_id)
        except ports.CarrierError as error:
            raise _told(error.trouble.value) from None

    async def _address(self, call: Call, line: ExotelLine) -> str | None:
        """Remembered, once it is known."""
        if call.carrier_recording is not None or call.carrier_call is None:
            return call.carrier_recording or None
        try:
            address = await line.recorded(call.carrier_call)
        except carrier.CarrierError as error:
            raise _told(error.trouble.value) from None
        if not address:
            return None
        async with self._database.begin(call.organisation_id) as work:
            await work.calls.recorded_by_carrier(call.id, address)
        return address


def _sound(reply: ClientResponse) -> CarrierSound:
    headers = {name: reply.headers[name] for name in PASSED_ON if name in reply.headers}
    return CarrierSound(reply.status, headers, _chunks(reply))


async def _chunks(reply: ClientResponse) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in reply.content.iter_chunked(CHUNK):
            yield chunk
    except (ClientError, TimeoutError) as error:
        raise CarrierSoundError(f"{AWAY}: {type(error).__name__}") from None


def _told(trouble: str) -> CarrierSoundError:
    return CarrierSoundError(f"{AWAY}: {trouble}")
