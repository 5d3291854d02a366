"""What came with a request → values of the types that the endpoint named. Raises RefusedError."""

from __future__ import annotations

import re
from typing import Any, TypeVar, get_origin

import orjson
from aiohttp import web
from pydantic import BaseModel, ValidationError

from control_api.web.bodies import read_whole
from control_api.web.errors import RefusedError, bad, sentence
from control_api.web.vocabulary import Vocabulary

_M = TypeVar("_M", bound=BaseModel)

BODY_BYTES = 4 << 20
"""A thousand customers with much metadata."""
SIGNS_IN = "token"
"""The parameter that may sign in."""
DEPTH = 100
"""Objects within objects: more is nobody's data, and some databases refuse it."""
_ID = re.compile(r"[A-Za-z0-9_.:-]{1,80}")


def path_part(request: web.Request, name: str) -> str:
    """404 for what can be nobody's id."""
    part = request.match_info[name]
    if not _ID.fullmatch(part):
        raise RefusedError(404, "Not found")
    return part


def query(request: web.Request, model: type[_M], vocabulary: Vocabulary) -> _M:
    names = _query_names(model, vocabulary)
    given: dict[str, Any] = {}
    for name in request.query:
        if name == SIGNS_IN:
            continue
        values = request.query.getall(name)
        if name not in names:
            raise bad(f"{name} is not a known parameter")
        if not all(map(_storable, values)):
            raise bad(f"{name} holds a character that cannot be stored")
        if names[name]:
            given[name] = values
        elif len(values) > 1:
            raise bad(f"{name} is given more than once")
        elif values[0] != "":
            given[name] = values[0]
    try:
        return model.model_validate(given, by_alias=vocabulary.by_alias, by_name=True)
    except ValidationError as error:
        raise bad(sentence(error, "the query")) from None


def no_query(request: web.Request) -> None:
    for name in request.query:
        if name != SIGNS_IN:
            raise bad(f"{name} is not a known parameter")


def headers(request: web.Request, model: type[_M]) -> _M:
    """Those that the model names. A header is not empty, nor there twice."""
    given: dict[str, str] = {}
    for name in model.model_fields:
        values = request.headers.getall(header_name(name), [])
        if len(values) > 1:
            raise bad(f"{header_name(name)} is given more than once")
        if values:
            given[name] = values[0]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        name = str(error.errors(include_url=False, include_input=False, include_context=False)[0]["loc"][0])
        raise bad(sentence(error).replace(name, header_name(name), 1)) from None


def header_name(field: str) -> str:
    """`idempotency_key` is `Idempotency-Key`."""
    return field.replace("_", "-").title()


async def body(request: web.Request, model: type[_M], vocabulary: Vocabulary) -> _M:
    if not _is_json(request):
        raise RefusedError(415, "Content-Type must be application/json")
    value = parsed(await read_whole(request, BODY_BYTES))
    try:
        return model.model_validate(value, by_alias=vocabulary.by_alias, by_name=True)
    except ValidationError as error:
        raise bad(sentence(error)) from None


def parsed(raw: bytes) -> Any:
    """JSON that every database takes: no NUL, no half a character, no number beyond a float, nothing too deep."""
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise bad("the body is not valid JSON") from None
    if b"\\u0000" in raw and _holds_nul(value):
        raise bad("the body holds a character that cannot be stored")
    if raw.count(b"[") + raw.count(b"{") > DEPTH and _depth(value) > DEPTH:
        raise bad("the body is nested too deeply")
    return value


def _is_json(request: web.Request) -> bool:
    kind = request.content_type
    charset = request.charset or "utf-8"
    return (kind == "application/json" or kind.endswith("+json")) and charset.lower() in ("utf-8", "utf8", "us-ascii")


def _storable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def _holds_nul(value: Any) -> bool:
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(_holds_nul, value))
        case dict():
            return any("\0" in key or _holds_nul(item) for key, item in value.items())
    return False


def _depth(value: Any) -> int:
    """By layers, so that no depth costs a stack."""
    depth, layer = 0, [value]
    while layer := [item for item in layer if isinstance(item, list | dict)]:
        depth += 1
        layer = [inner for item in layer for inner in (item.values() if isinstance(item, dict) else item)]
    return depth


def _query_names(model: type[BaseModel], vocabulary: Vocabulary) -> dict[str, bool]:
    """Parameter → whether it may come more than once."""
    names = {}
    for name, field in model.model_fields.items():
        many = get_origin(field.annotation) is list or "list[" in str(field.annotation)
        names[vocabulary.word(model, name)] = many
        names.setdefault(name, many)
    return names
