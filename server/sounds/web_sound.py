"""A sound file that somebody keeps on the web."""

from __future__ import annotations

from aiohttp import ClientSession, ClientTimeout

from server.sounds.sound_file import NoSoundError


async def fetched(http: ClientSession | None, url: str, *, seconds: float, biggest: int) -> bytes:
    """The file, of at most `biggest` bytes, there within so many seconds. `http` leads to public addresses alone.

    Raises NoSoundError, TimeoutError, aiohttp's ClientError, or ValueError for what is no URL.
    """
    if http is None:
        raise NoSoundError
    async with http.get(url, timeout=ClientTimeout(total=seconds), max_redirects=3) as answer:
        answer.raise_for_status()
        sound = bytearray()
        async for piece in answer.content.iter_chunked(65_536):
            sound += piece
            if len(sound) > biggest:
                raise NoSoundError
        return bytes(sound)
