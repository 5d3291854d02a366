"""One decorator: path, scope, rate limit, and the handler's own types → all that the router and the document need.

    contract = Contract("Scripts", "/scripts", v1="/scripts", read=Scope.CAMPAIGNS_READ, write=Scope.CAMPAIGNS_WRITE)

    @contract.get("/{script_uuid}")
    async def get(asked: Asked, script_uuid: str) -> ScriptShown: ...

A parameter named `query` is the query string, `body` the JSON body, `headers` what is obeyed of the headers, each of
its model; every other one is a part of the path. What is returned is answered as JSON; `None` is 204, and a
`web.StreamResponse` goes out as it is. A handler that may return either says so: `-> ScriptShown | web.StreamResponse`.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any, TypeVar, get_args, get_type_hints

from aiohttp import web
from pydantic import BaseModel

from control_api.web.vocabulary import Vocabulary
from storage.records import Scope

Handler = Callable[..., Awaitable[Any]]
_H = TypeVar("_H", bound=Handler)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One thing that can be asked for, wherever it can be asked for."""

    method: str
    path: str
    """As the documents name it in the table of limits: without a prefix."""
    places: tuple[tuple[Vocabulary, str], ...]
    tag: str
    handler: Handler
    scope: Scope | None
    """None: anybody with a good key."""
    limit: str | None
    """None: the default one."""
    status: int
    query: type[BaseModel] | None
    body: type[BaseModel] | None
    path_names: tuple[str, ...]
    answer: Any
    """What is answered as JSON: its type; None: nothing is."""
    errors: frozenset[int] = frozenset()
    """Beyond those that its parts bring about by themselves."""
    uploads: type[BaseModel] | None = None
    """Fields of its multipart/form-data, for the document."""
    query_token: bool = False
    """`?token=` signs in too."""
    headers: type[BaseModel] | None = None
    """Its fields are named as headers are, but for `_` in place of `-`."""
    media: tuple[str, ...] = field(default=())
    """Content types of an answer that is not that."""
    may_be_empty: bool = False
    """204 if there is nothing to tell."""

    @property
    def name(self) -> str:
        """What its limit is counted under."""
        return f"{self.method} {self.path}"

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.handler) or self.handler.__name__.replace("_", " ")).split("\n")[0].rstrip(".")


class Contract:
    """The endpoints of one kind of record, under both prefixes."""

    def __init__(
        self, tag: str, path: str, *, v1: str | None, read: Scope | None, write: Scope | None, prefix: bool = True
    ) -> None:
        """`v1` is the path under `/v1`; None: it is not there. Without `prefix` the path stands as it is."""
        self._tag, self._path, self._v1, self._read, self._write, self._prefix = tag, path, v1, read, write, prefix
        self.endpoints: list[Endpoint] = []

    def again(self) -> Contract:
        """The same without its endpoints: for those that stand in another module."""
        return Contract(self._tag, self._path, v1=self._v1, read=self._read, write=self._write, prefix=self._prefix)

    def get(self, path: str, **more: Any) -> Callable[[_H], _H]:
        return self._add("GET", path, self._read, 200, more)

    def post(self, path: str, *, status: int = 201, **more: Any) -> Callable[[_H], _H]:
        return self._add("POST", path, self._write, status, more)

    def put(self, path: str, **more: Any) -> Callable[[_H], _H]:
        return self._add("PUT", path, self._write, 200, more)

    def patch(self, path: str, **more: Any) -> Callable[[_H], _H]:
        return self._add("PATCH", path, self._write, 200, more)

    def delete(self, path: str, **more: Any) -> Callable[[_H], _H]:
        """Answers 204 when the handler returns None."""
        return self._add("DELETE", path, self._write, 200, more)

    def _add(
        self, method: str, path: str, scope: Scope | None, status: int, more: dict[str, Any]
    ) -> Callable[[_H], _H]:
        def remember(handler: _H) -> _H:
            self.endpoints.append(self._endpoint(method, path, handler, {"scope": scope, "status": status, **more}))
            return handler

        return remember

    def _endpoint(self, method: str, path: str, handler: Handler, more: dict[str, Any]) -> Endpoint:
        types = get_type_hints(handler)
        answer = types.pop("return")
        kinds = get_args(answer) or (answer,)
        shown = [kind for kind in kinds if not (isinstance(kind, type) and issubclass(kind, web.StreamResponse))]
        if answer is type(None):
            answer, more["status"] = None, 204
        elif len(shown) < len(kinds):
            if not more.get("media"):
                raise TypeError(f"{handler.__name__} does not say what media it answers")
            answer = reduce(or_, shown) if shown else None
        types.pop("asked")
        query, body, headers = (types.pop(part, None) for part in ("query", "body", "headers"))
        v1_path = more.pop("v1", None if self._v1 is None else self._v1 + path)
        return Endpoint(
            method,
            self._path + path,
            tuple(self._places(path, v1_path)),
            self._tag,
            handler,
            query=query,
            body=body,
            headers=headers,
            path_names=tuple(types),
            answer=answer,
            limit=more.pop("limit", None),
            errors=frozenset(more.pop("errors", ())),
            **more,
        )

    def _places(self, path: str, v1_path: str | None) -> list[tuple[Vocabulary, str]]:
        if not self._prefix:
            return [(Vocabulary.VAPI, self._path + path)]
        places = [(Vocabulary.DASHBOARD, Vocabulary.DASHBOARD.value + self._path + path)]
        if v1_path is not None:
            places.append((Vocabulary.DEVELOPERS, Vocabulary.DEVELOPERS.value + v1_path))
        return places
