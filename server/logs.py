"""Logs: one JSON object or one readable line for each event, with what stands in `extra` beside the sentence."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has. The rest came in `extra`."""

_ID = re.compile(r"[a-z]{2,3}_[0-9a-hjkmnp-tv-z]{26}")
"""Nothing else in a path is ours: it may be a token, or somebody's number."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

_UNTOLD = ContextVar("untold", default=False)
"""What runs here is a call of which the log is to say nothing but errors."""

_QUIET = ("aiosqlite", "asyncio", "alembic", "httpx", "httpcore", "openai", "websockets", "numba")
"""Libraries whose debug and info lines may hold a caller's words, or say nothing to an operator."""


def configure(level: str, style: Literal["json", "text"] | None, stream: TextIO = sys.stderr) -> None:
    """Sends every log line of this process to `stream`. Without a style: text on a terminal, else JSON."""
    text = stream.isatty() if style is None else style == "text"
    handler = logging.StreamHandler(stream)
    handler.addFilter(told)
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)


@contextmanager
def quiet(untold: bool = True) -> Iterator[None]:
    """Only errors are logged by what runs inside, and by the tasks that it makes. Not if it is false."""
    before = _UNTOLD.set(untold)
    try:
        yield
    finally:
        _UNTOLD.reset(before)


def told(record: logging.LogRecord) -> bool:
    """Whether it is to stand in the log."""
    return record.levelno >= logging.ERROR or not _UNTOLD.get()


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _OWN}


class JsonFormatter(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            **_extra(record),
            "time": _time(record).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := _trace(self, record):
            line["exception"] = trace
        return json.dumps(line, ensure_ascii=False, default=str)


class TextFormatter(logging.Formatter):
    """`09:30:00.123 warning server.app  The sentence.  call=cal_1`, and a traceback below."""

    def format(self, record: logging.LogRecord) -> str:
        clock = f"{_time(record).astimezone():%H:%M:%S.%f}"[:-3]
        beside = "".join(f"  {name}={_readable(value)}" for name, value in _extra(record).items())
        line = f"{clock} {record.levelname.lower():<7} {record.name}  {record.getMessage()}{beside}"
        trace = _trace(self, record)
        return f"{line}\n{trace}" if trace else line


def _time(record: logging.LogRecord) -> datetime:
    return datetime.fromtimestamp(record.created, UTC)


def _readable(value: object) -> str:
    """On one line, whatever it is."""
    text = str(value)
    return text if text.isprintable() and " " not in text and text else json.dumps(text, ensure_ascii=False)


def _trace(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = [formatter.formatException(record.exc_info)] if record.exc_info else []
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return "\n".join(parts)


class AccessLog(AbstractAccessLogger):
    """One line for each request, by its route: paths, queries and headers hold what clients choose to put there."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        self.logger.info(
            "request answered",
            extra={
                "method": request.method if request.method in METHODS else "-",
                "path": shown_path(request),
                "status": response.status,
                "ms": round(time * 1000, 1),
            },
        )

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)


def shown_path(request: web.BaseRequest) -> str:
    """The route, with the ids that we have given; `-` for what is none of our routes."""
    try:
        found: web.UrlMappingMatchInfo = request.match_info  # type: ignore[attr-defined]
    except (AttributeError, AssertionError):  # it was never routed
        return "-"
    if found.route.resource is None:
        return "-"
    path = found.route.resource.canonical
    for name, value in found.items():
        if _ID.fullmatch(value):
            path = path.replace(f"{{{name}}}", value)
    return path
