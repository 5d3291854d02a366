"""An endpoint → what aiohttp calls: who asks, may they, how often, what for, and the answer as JSON."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import orjson
from aiohttp import web
from pydantic import TypeAdapter

from control_api.access.auth import require
from control_api.web import reading
from control_api.web.admission import VERDICT, admitted, counted
from control_api.web.asked import SERVICES, Asked
from control_api.web.contract import Endpoint
from control_api.web.errors import RefusedError
from control_api.web.vocabulary import Vocabulary
from storage.errors import DatabaseUnavailableError

_log = logging.getLogger(__name__)

JSON = "application/json"


def routes(endpoints: Iterable[Endpoint]) -> list[web.RouteDef]:
    """Fixed paths before those with placeholders, so that `/meta/tags` is nobody's id."""
    found = [
        web.route(endpoint.method, path, _handler(endpoint, vocabulary), **_head(endpoint))
        for endpoint in endpoints
        for vocabulary, path in endpoint.places
    ]
    return sorted(found, key=lambda route: [part.startswith("{") for part in route.path.split("/")])


def _head(endpoint: Endpoint) -> dict[str, bool]:
    """Who writes an answer bit by bit would write it after the head of a HEAD too."""
    streams = endpoint.method == "GET" and any(kind.startswith("text/") for kind in endpoint.media)
    return {"allow_head": False} if streams else {}


def _handler(endpoint: Endpoint, vocabulary: Vocabulary) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    shown = TypeAdapter(endpoint.answer) if endpoint.answer is not None else None
    dump = partial(shown.dump_json, by_alias=vocabulary.by_alias) if shown is not None else None

    async def handle(request: web.Request) -> web.StreamResponse:
        services = request.app[SERVICES]
        caller = await admitted(request, services, endpoint.name, endpoint.limit, query_token=endpoint.query_token)
        if endpoint.scope is not None:
            require(caller, endpoint.scope)
        given: dict[str, Any] = {name: reading.path_part(request, name) for name in endpoint.path_names}
        if endpoint.query is not None:
            given["query"] = reading.query(request, endpoint.query, vocabulary)
        else:
            reading.no_query(request)
        if endpoint.body is not None:
            given["body"] = await reading.body(request, endpoint.body, vocabulary)
        if endpoint.headers is not None:
            given["headers"] = reading.headers(request, endpoint.headers)
        asked = Asked(services, caller, datetime.now(UTC), request, vocabulary)
        answer = await endpoint.handler(asked=asked, **given)
        if isinstance(answer, web.StreamResponse):
            return answer
        if dump is None:
            return web.Response(status=endpoint.status)
        return web.Response(body=dump(answer), status=endpoint.status, content_type=JSON, headers=asked.headers)

    return handle


@web.middleware
async def answers(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> Any:
    """Every error in its documented form; limits told on every answer of the API."""
    try:
        response = await handler(request)
    except Exception as error:
        if request.writer.output_size:
            raise  # an answer has begun, or a socket is open: all that is left is to end the connection
        response = await _refusal(request, error)
    if not response.prepared:
        tell_limits(request, response)
    return response


async def _refusal(request: web.Request, error: Exception) -> web.StreamResponse:
    match error:
        case RefusedError():
            return problem(error.status, error.detail, retry_after=error.retry_after)
        case web.HTTPException():
            return await _unrouted(request, error)
        case DatabaseUnavailableError():
            said = str(error)
            _log.warning("a request was refused without the database", extra={"error": said})
            return problem(503, f"{said[:1].upper()}{said[1:]}", retry_after=1)
    reference = secrets.token_hex(8)
    _log.error("a request failed", extra={"reference": reference}, exc_info=error)
    return problem(500, f"Internal error, reference {reference}")


def problem(status: int, detail: str, *, retry_after: int | None = None) -> web.Response:
    """The shape of every error."""
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return web.Response(body=orjson.dumps({"detail": detail}), status=status, content_type=JSON, headers=headers)


async def _unrouted(request: web.Request, error: web.HTTPException) -> web.StreamResponse:
    """What aiohttp itself refuses: no such path, no such method on it."""
    if error.status < 400:
        raise error
    services = request.app.get(SERVICES)
    if services is not None and VERDICT not in request:
        try:
            await counted(request, services, "", None, key=None)
        except RefusedError as refused:
            return problem(refused.status, refused.detail, retry_after=refused.retry_after)
    words = {404: "Not found", 405: "Method not allowed", 413: "The body is too large"}
    response = problem(error.status, words.get(error.status, error.reason))
    if "Allow" in error.headers:
        response.headers["Allow"] = error.headers["Allow"]
    return response


def tell_limits(request: web.Request, response: web.StreamResponse) -> None:
    """In the headers. For what is prepared by its handler: every other response has them told."""
    verdict = request.get(VERDICT)
    if verdict is not None:
        response.headers["X-RateLimit-Limit"] = str(verdict.limit)
        response.headers["X-RateLimit-Remaining"] = str(verdict.remaining)
        response.headers["X-RateLimit-Reset"] = str(verdict.reset)
