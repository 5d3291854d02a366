"""A line to a page in a browser: beside sound, it carries what the page shows of the call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pipeline.transport import Transport


class BrowserLine(Transport, Protocol):
    """A transport whose far end is a page of ours.

    Once `ending` is set no more sound goes over it, but the page is still told what comes after that: the call's `end`
    above all. So the connection itself stays until whoever made the line has no more use for it.
    """

    def tell(self, message: Mapping[str, Any]) -> None:
        """A message of the call's story, for the page. Never waits; what is told to a page that is gone is dropped."""
        ...


class Refusal(Exception):  # noqa: N818 - an answer, not an error of ours
    """Why a page gets no call. Its text is for the page's reader and holds nothing secret."""

    def __init__(self, status: int, detail: str, *, retry_after: int | None = None) -> None:
        """`status` is HTTP's: 401, 403, 404, 429 or 503. `retry_after` is in seconds."""
        super().__init__(detail)
        self.status, self.detail, self.retry_after = status, detail, retry_after
