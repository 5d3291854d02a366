"""OpenAPI 3.1, made of the same types that validate."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal

from pydantic import TypeAdapter

from control_api.access.limits import DEFAULT
from control_api.web.contract import Endpoint
from control_api.web.reading import header_name
from control_api.web.vocabulary import Vocabulary, path_in

PROBLEM = {"$ref": "#/components/schemas/Problem"}
REASONS = {
    400: "Bad input: the sentence names the field",
    401: "Missing, malformed, revoked or expired token",
    403: "The token lacks the scope",
    404: "There is no such record, or it is another organisation's",
    408: "The body came too slowly",
    409: "It cannot be done in the present state",
    413: "The body is too large",
    415: "The body is of another content type",
    429: "Rate limit exceeded",
    502: "The provider could not be asked",
    503: "Not possible at present",
}
LIMIT_HEADERS = {
    "X-RateLimit-Limit": {"schema": {"type": "integer"}, "description": "Requests in the window"},
    "X-RateLimit-Remaining": {"schema": {"type": "integer"}, "description": "How many of them are left"},
    "X-RateLimit-Reset": {"schema": {"type": "integer"}, "description": "When the window ends, in Unix seconds"},
}

PREFIXES = {Vocabulary.DASHBOARD: "", Vocabulary.DEVELOPERS: "v1.", Vocabulary.VAPI: "vapi."}
"""Of the components' names."""

_Mode = Literal["validation", "serialization"]


class Schemas:
    """The schemas of all types, in every vocabulary, and the components that they share."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self.components: dict[str, Any] = {}
        self._found: dict[tuple[Vocabulary, int, str], Any] = {}
        self._kept: list[Any] = []
        """A type must outlive the schemas that are found by its identity."""
        wanted: dict[Vocabulary, list[tuple[Any, _Mode]]] = {vocabulary: [] for vocabulary in Vocabulary}
        for endpoint in endpoints:
            for vocabulary, _ in endpoint.places:
                wanted[vocabulary] += _types(endpoint)
        for vocabulary, types in wanted.items():
            self._add(vocabulary, types)

    def of(self, kind: Any, mode: _Mode, vocabulary: Vocabulary) -> Any:
        return self._found[vocabulary, id(kind), mode]

    def _add(self, vocabulary: Vocabulary, types: Sequence[tuple[Any, _Mode]]) -> None:
        prefix = PREFIXES[vocabulary]
        inputs = [(str(number), mode, TypeAdapter(kind)) for number, (kind, mode) in enumerate(types)]
        schemas, defs = TypeAdapter.json_schemas(
            inputs, by_alias=vocabulary.by_alias, ref_template=f"#/components/schemas/{prefix}{{model}}"
        )
        for name, schema in defs.get("$defs", {}).items():
            self.components[prefix + name] = schema
        for number, (kind, mode) in enumerate(types):
            self._found[vocabulary, id(kind), mode] = schemas[str(number), mode]
            self._kept.append(kind)


def document(endpoints: Sequence[Endpoint], *, url: str, version: str) -> dict[str, Any]:
    """The whole document, ready to be sent."""
    schemas = Schemas(endpoints)
    paths: dict[str, Any] = {}
    for endpoint in endpoints:
        for vocabulary, path in endpoint.places:
            operation = _operation(endpoint, vocabulary, path, schemas)
            paths.setdefault(path_in(vocabulary, path), {})[endpoint.method.lower()] = operation
    problem = {"type": "object", "properties": {"detail": {"type": "string"}}, "required": ["detail"]}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Vaani",
            "version": version,
            "description": "Control API of a self-hosted voice-AI phone server.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": url}],
        "security": [{"bearer": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {**schemas.components, "Problem": problem},
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or a Firebase ID token"},
                "query": {"type": "apiKey", "in": "query", "name": "token"},
            },
        },
    }


def _types(endpoint: Endpoint) -> list[tuple[Any, _Mode]]:
    given = (endpoint.query, endpoint.body, endpoint.uploads, endpoint.headers)
    found: list[tuple[Any, _Mode]] = [(kind, "validation") for kind in given if kind is not None]
    if endpoint.answer is not None:
        found.append((endpoint.answer, "serialization"))
    return found


def _operation(endpoint: Endpoint, vocabulary: Vocabulary, path: str, schemas: Schemas) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(endpoint.method, path),
        "tags": [endpoint.tag],
        "summary": endpoint.summary,
        "description": _description(endpoint),
        "parameters": _parameters(endpoint, vocabulary, schemas),
        "responses": _responses(endpoint, vocabulary, schemas),
    }
    if endpoint.query_token:
        operation["security"] = [{"bearer": []}, {"query": []}]
    if endpoint.body is not None:
        schema = schemas.of(endpoint.body, "validation", vocabulary)
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if endpoint.uploads is not None:
        schema = schemas.of(endpoint.uploads, "validation", vocabulary)
        operation["requestBody"] = {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
    return operation


def _description(endpoint: Endpoint) -> str:
    scope = f"Scope: `{endpoint.scope}`." if endpoint.scope is not None else "Any key."
    return f"{scope} Rate limit: {endpoint.limit or DEFAULT}."


def _operation_id(method: str, path: str) -> str:
    words = path.strip("/").replace("{", "by_").replace("}", "").replace("-", "_").replace("/", "_").replace(".", "_")
    return f"{method.lower()}_{words}"


def _parameters(endpoint: Endpoint, vocabulary: Vocabulary, schemas: Schemas) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in endpoint.path_names:
        shown = path_in(vocabulary, f"{{{name}}}")[1:-1]
        found.append({"name": shown, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}})
    for place, model in (("query", endpoint.query), ("header", endpoint.headers)):
        if model is None:
            continue
        schema = _resolved(schemas.of(model, "validation", vocabulary), schemas.components)
        for name, property_ in schema.get("properties", {}).items():
            called = header_name(name) if model is endpoint.headers else name
            required = name in schema.get("required", ())
            found.append({"name": called, "in": place, "required": required, "schema": _without_null(property_)})
    return found


def _resolved(schema: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in schema:
        return schema
    found: dict[str, Any] = components[schema["$ref"].removeprefix("#/components/schemas/")]
    return found


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A query string knows no null: what is not given is not there."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "default", "title")}
    if len(choices) == 1:
        return {**choices[0], **rest}
    return {**rest, **({"anyOf": choices} if choices else {})}


def _responses(endpoint: Endpoint, vocabulary: Vocabulary, schemas: Schemas) -> dict[str, Any]:
    good: dict[str, Any] = {"description": "Done", "headers": LIMIT_HEADERS}
    content: dict[str, Any] = {kind: {} for kind in endpoint.media}
    if endpoint.answer is not None:
        content["application/json"] = {"schema": schemas.of(endpoint.answer, "serialization", vocabulary)}
    if content:
        good["content"] = content
    codes = {401, 429, 503, *endpoint.errors}
    if endpoint.scope is not None:
        codes.add(403)
    if endpoint.path_names:
        codes.add(404)
    if endpoint.query is not None or endpoint.body is not None or endpoint.headers is not None:
        codes.add(400)
    if endpoint.body is not None or endpoint.uploads is not None:
        codes |= {400, 408, 413, 415}
    bad = {
        str(code): {"description": REASONS[code], "content": {"application/json": {"schema": PROBLEM}}}
        for code in sorted(codes)
    }
    empty = {"204": {"description": "There is nothing to tell"}} if endpoint.may_be_empty else {}
    return {str(endpoint.status): good, **empty, **bad}
