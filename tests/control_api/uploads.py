"""Speech to upload, and forms to upload it in."""

from __future__ import annotations

import io
import wave
from collections.abc import Mapping
from functools import cache
from typing import Any

import av
import numpy as np
from aiohttp import FormData


@cache
def wav(seconds: float, *, rate: int = 8000, channels: int = 1) -> bytes:
    """Speech, as far as it is looked at: syllables of one pitch, and pauses."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(channels)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(_speech(seconds, rate).repeat(channels).tobytes())
    return file.getvalue()


@cache
def mp3(seconds: float, *, rate: int = 16000) -> bytes:
    """The same."""
    frame = av.AudioFrame.from_ndarray(_speech(seconds, rate)[None, :], format="s16", layout="mono")
    frame.sample_rate = rate
    file = io.BytesIO()
    with av.open(file, "w", "mp3") as container:
        stream = container.add_stream("libmp3lame", rate=rate, layout="mono")
        for packet in (*stream.encode(frame), *stream.encode(None)):
            container.mux(packet)
    return file.getvalue()


def form(fields: Mapping[str, Any]) -> FormData:
    """A value of bytes is a file, whose name and type tell nothing."""
    data = FormData(default_to_multipart=True)
    for name, value in fields.items():
        if isinstance(value, bytes):
            file = io.BytesIO(value)
            data.add_field(name, file, filename="../../speech", content_type="application/octet-stream")
        else:
            data.add_field(name, value)
    return data


def _speech(seconds: float, rate: int, *, pitch: float = 120.0) -> Any:
    time = np.arange(round(seconds * rate)) / rate
    voice = sum(np.sin(2 * np.pi * pitch * overtone * time) / overtone for overtone in range(1, 6))
    syllables = (0.2 + 0.8 * np.abs(np.sin(2 * np.pi * 2 * time))) * (time % 2 < 1.6)
    syllables = syllables * (0.7 + 0.3 * np.sin(0.7 * time))  # no two are of one height
    return (8000 * voice * syllables).astype("<i2")
