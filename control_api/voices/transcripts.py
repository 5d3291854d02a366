"""Whether a transcript can be what is said in a recording: by how much of it there is, in any script."""

from __future__ import annotations

import unicodedata

from control_api.web.errors import bad

SLOWEST, FASTEST = 1.0, 30.0
"""Letters a second. People read aloud 10 to 20 of them; Indian scripts write marks, which are not counted, too."""


def must_fit(transcript: str, seconds: float) -> None:
    """Raises RefusedError, which names the field."""
    letters = sum(unicodedata.category(character)[0] in "LN" for character in transcript)
    if letters < SLOWEST * seconds:
        raise bad(f"transcript is too short for {seconds:.0f} seconds of speech")
    if letters > FASTEST * seconds:
        raise bad(f"transcript is too long for {seconds:.0f} seconds of speech")
