"""Logs: one JSON object or one readable line for each event, with what stands in `extra` beside the sentence."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has. The rest came in `extra`."""

_SECRET = re.compile(r"^(/ws/exotel/).+")
"""Paths that hold a secret: what follows is not shown."""

_QUIET = ("aiosqlite", "asyncio", "alembic", "httpx", "httpcore", "openai", "websockets", "numba")
"""Libraries whose debug and info lines may hold a caller's words, or say nothing to an operator."""


def configure(level: str, style: Literal["json", "text"] | None, stream: TextIO = sys.stderr) -> None:
    """Sends every log line of this process to `stream`. Without a style: text on a terminal, else JSON."""
    text = stream.isatty() if style is None else style == "text"
    handler = logging.StreamHandler(stream)
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(True)


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
    """One line for each request, by its path alone: the query and some paths hold tokens."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        self.logger.info("request answered", extra=_request(request, response.status, time))

    @property
    def enabled(self) -> bool:
        return self.logger.isEnabledFor(logging.INFO)


def _request(request: web.BaseRequest, status: int, seconds: float) -> Mapping[str, Any]:
    return {
        "method": request.method,
        "path": shown_path(request.rel_url.raw_path),
        "status": status,
        "ms": round(seconds * 1000, 1),
    }


def shown_path(path: str) -> str:
    """A path as it may be logged."""
    return _SECRET.sub(r"\1***", path)
