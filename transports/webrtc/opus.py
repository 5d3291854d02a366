"""Opus on the wire ↔ mono PCM16 at a call's rate.

Our own encoder, because a track may bring packets in place of sound: mono at the call's rate, on the event loop, for
less than aiortc's stereo at 48 kHz in a thread. Silence costs no encoding at all.
"""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Any

from av import AudioCodecContext, AudioFrame, AudioResampler, CodecContext, Packet

from pipeline.audio import SAMPLE_BYTES, frame_bytes
from pipeline.frames import FRAME_SECONDS

WIRE_RATE = 48_000
"""Hertz of Opus' timestamps, whatever the sound in it."""
WIRE_FRAME = int(WIRE_RATE * FRAME_SECONDS)
BITS = 40_000
"""Bits a second: transparent for one voice up to 8 kHz."""
FADING = 5
"""Frames of silence that are encoded, before the same one is repeated: the far end's decoder has come to rest."""

_TIME_BASE = Fraction(1, WIRE_RATE)


class OpusOut:
    """20 ms of sound, or none, → one packet."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._encoder = _encoder(rate)
        self._nothing = bytes(frame_bytes(rate))
        self._silent = FADING
        self._pts = 0

    def packet(self, pcm: bytes | None) -> Packet[Any]:
        """`pcm` is 20 ms; None: silence. Takes about 0.1 ms."""
        self._silent = self._silent + 1 if pcm is None else 0
        if self._silent > FADING:
            packet = Packet(_silence(self._rate))
        else:
            packet = _encoded(self._encoder, self._rate, self._nothing if pcm is None else pcm)
        packet.pts, packet.time_base = self._pts, _TIME_BASE
        self._pts += WIRE_FRAME
        return packet

    def skip(self, frames: int) -> None:
        """So many are never sent: the far end fills them in."""
        self._pts += frames * WIRE_FRAME


class OpusIn:
    """What aiortc has decoded, stereo at 48 kHz, → mono at the call's rate."""

    def __init__(self, rate: int) -> None:
        self._resampler = AudioResampler(format="s16", layout="mono", rate=rate)
        self._next: int | None = None
        self._begun = False

    def sound(self, frame: AudioFrame) -> tuple[bytes, int]:
        """The sound, and how many frames like it were lost before it."""
        lost = 0
        if frame.pts is not None:
            if self._next is not None and frame.pts > self._next:
                lost = (frame.pts - self._next) // frame.samples
            self._next = frame.pts + frame.samples
        frame.pts = None
        pcm = b"".join(bytes(one.planes[0])[: one.samples * SAMPLE_BYTES] for one in self._resampler.resample(frame))
        if not self._begun:  # the filter keeps its first samples back: without them every slice would wait for the next
            self._begun = True
            pcm = pcm.rjust(frame.samples * self._resampler.rate // frame.sample_rate * SAMPLE_BYTES, b"\0")
        return pcm, lost


def _encoder(rate: int) -> AudioCodecContext:
    encoder = CodecContext.create("libopus", "w")
    assert isinstance(encoder, AudioCodecContext)
    encoder.bit_rate, encoder.sample_rate = BITS, rate
    encoder.format, encoder.layout = "s16", "mono"
    encoder.time_base = Fraction(1, rate)
    # The low delay is 4 ms less, and half the work of the mode for speech, which pays off below 20 kbit/s.
    encoder.options = {"application": "lowdelay", "compression_level": "5"}
    return encoder


def _encoded(encoder: AudioCodecContext, rate: int, pcm: bytes) -> Packet[Any]:
    frame = AudioFrame(format="s16", layout="mono", samples=len(pcm) // SAMPLE_BYTES)
    frame.sample_rate = rate
    frame.planes[0].update(pcm)
    (packet,) = encoder.encode(frame)
    return packet


@cache
def _silence(rate: int) -> bytes:
    """What an encoder says of silence once it has come to rest."""
    encoder, nothing = _encoder(rate), bytes(frame_bytes(rate))
    for _ in range(FADING):
        packet = _encoded(encoder, rate, nothing)
    return bytes(packet)
