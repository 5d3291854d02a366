"""A server of the user's own that says how long to wait, in the words of Vapi's `call.endpointing.request`."""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel, Field

from processors.tools.options import Address, Header, HeaderValue
from processors.tools.requests import Outside, Request, RequestError

LONGEST_WAIT = 15.0
"""Seconds that such a server can have a caller wait."""


class ReaderOptions(BaseModel, frozen=True, extra="forbid", hide_input_in_errors=True):
    url: Address
    headers: dict[Header, HeaderValue] = Field(default_factory=dict, max_length=20)
    timeout: float = Field(2.0, ge=0.1, le=5, description="seconds; the turn is judged without it meanwhile")


class TurnReader:
    """Asked at the end of what was said. A caller's turn does not hang on it: who does not answer is not heeded."""

    def __init__(self, options: ReaderOptions, outside: Outside, call: str) -> None:
        self._options, self._outside, self._call = options, outside, call

    async def wait(self, asked: str, said: str) -> float | None:
        """Seconds of silence, in [0, 15]; None: no answer that is of use."""
        spoken = (("assistant", asked), ("user", said))
        message = {
            "type": "call.endpointing.request",
            "call": {"id": self._call},
            "messagesOpenAIFormatted": [{"role": role, "content": text} for role, text in spoken if text],
        }
        options = self._options
        try:
            request = Request("POST", options.url, options.headers, options.timeout, {"message": message})
            return _seconds((await self._outside.asked(request)).json())
        except RequestError:
            return None


def _seconds(answer: Any) -> float | None:
    seconds = answer.get("timeoutSeconds") if isinstance(answer, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        return None
    return min(max(float(seconds), 0.0), LONGEST_WAIT)
