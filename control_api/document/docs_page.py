"""`/docs`: the document as a page to read. It loads nothing from anywhere, and needs no script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from html import escape
from itertools import groupby
from typing import Any

STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --accent: #0f766e; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1rem; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; padding: .5rem 0 1rem; border-bottom: 1px solid var(--line); }
a { color: inherit; }
h1 { margin: .5rem 0 0; }
h2 { margin: 2.5rem 0 .5rem; }
details { border: 1px solid var(--line); border-radius: .5rem; margin: .5rem 0; }
summary { padding: .5rem .75rem; cursor: pointer; display: flex; flex-wrap: wrap; gap: .25rem .75rem; }
summary code { overflow-wrap: anywhere; }
summary span { margin-left: auto; opacity: .75; }
details > div { padding: 0 .75rem .75rem; }
b { font: 600 12px/1.8 ui-monospace, monospace; color: #fff; background: var(--accent); border-radius: .25rem;
    padding: 0 .5rem; align-self: center; }
b.get { background: #1d4ed8; } b.delete { background: #b91c1c; } b.patch, b.put { background: #92400e; }
table { border-collapse: collapse; width: 100%; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--soft); }
h3 { font-size: 13px; margin: 1rem 0 .25rem; text-transform: uppercase; letter-spacing: .05em; opacity: .75; }
small { opacity: .75; }
"""
POLICY = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)
"""Content-Security-Policy: this style and nothing else."""

DEPTH = 3
"""Objects within objects that are written out."""


def page(document: Mapping[str, Any]) -> str:
    """The document as HTML."""
    operations = sorted(
        (
            (operation["tags"][0], path, method, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
        ),
        key=lambda found: found[:2],
    )
    tags = [(tag, list(found)) for tag, found in groupby(operations, key=lambda found: found[0])]
    links = "".join(f'<a href="#{_anchor(tag)}">{escape(tag)}</a>' for tag, _ in tags)
    info, components = document["info"], document["components"]["schemas"]
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(info["title"])} API</title>',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<style>{STYLE}</style></head><body><main>",
        f"<h1>{escape(info['title'])} API <small>{escape(info['version'])}</small></h1>",
        f"<p>{escape(info['description'])} The same as a document for programs: ",
        '<a href="/openapi.json">openapi.json</a>.</p>',
        "<p>Send <code>Authorization: Bearer &lt;API key&gt;</code>. Every error is ",
        '<code>{"detail": "one sentence"}</code>. Lists take <code>limit</code> and <code>offset</code>.</p>',
        f"<nav>{links}</nav>",
    ]
    for tag, found in tags:
        parts.append(f'<h2 id="{_anchor(tag)}">{escape(tag)}</h2>')
        parts += [_operation(path, method, operation, components) for _, path, method, operation in found]
    return "".join([*parts, "</main></body></html>"])


def _operation(path: str, method: str, operation: Mapping[str, Any], components: Mapping[str, Any]) -> str:
    parts = [
        f'<details id="{escape(operation["operationId"])}"><summary><b class="{method}">{method.upper()}</b>',
        f"<code>{escape(path)}</code><span>{escape(operation['summary'])}</span></summary><div>",
        f"<p>{_ticked(operation['description'])}</p>",
    ]
    if operation["parameters"]:
        rows = [
            (one["name"], _kind(one["schema"], components), one["required"], one["schema"].get("description", ""))
            for one in operation["parameters"]
        ]
        parts.append(_table("Parameters", rows))
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        parts.append(_table(f"Body, {kind}", list(_fields(content["schema"], components))))
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            if status.startswith("2"):
                fields = list(_fields(content.get("schema", {}), components))
                parts.append(_table(f"Answer {status}, {kind}", fields))
    errors = ", ".join(
        f"{status} {escape(response['description'].lower())}"
        for status, response in operation["responses"].items()
        if not status.startswith("2")
    )
    return "".join([*parts, f"<p><small>Errors: {errors}.</small></p></div></details>"])


def _table(title: str, rows: list[tuple[str, str, bool, str]]) -> str:
    cells = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(kind)}</td>"
        f"<td>{'required' if required else ''}</td><td>{escape(about)}</td></tr>"
        for name, kind, required, about in rows
    )
    return f"<h3>{escape(title)}</h3><table>{cells}</table>"


def _fields(
    schema: Mapping[str, Any], components: Mapping[str, Any], above: str = "", depth: int = DEPTH
) -> Iterator[tuple[str, str, bool, str]]:
    """Name, kind, whether it is required, and what is said of it, of each field of an object or of a list of them."""
    schema = _followed(schema, components)
    if schema.get("type") == "array":
        yield from _fields(schema.get("items", {}), components, f"{above}[]", depth)
    for choice in schema.get("anyOf", ())[:1]:
        yield from _fields(choice, components, above, depth)
    for name, field in schema.get("properties", {}).items():
        whole = f"{above}.{name}".lstrip(".")
        yield whole, _kind(field, components), name in schema.get("required", ()), field.get("description", "")
        if depth > 1:
            yield from _fields(field, components, whole, depth - 1)


def _kind(schema: Mapping[str, Any], components: Mapping[str, Any]) -> str:
    """A type in a few words."""
    schema = _followed(schema, components)
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_kind(choice, components) for choice in schema["anyOf"]))
    kind = str(schema.get("type", "any"))
    if kind == "array":
        return f"list of {_kind(schema.get('items', {}), components)}"
    bounds = [f"{word} {schema[key]}" for key, word in _BOUNDS.items() if key in schema]
    return ", ".join([str(schema.get("format", kind)), *bounds])


_BOUNDS = {"minimum": "from", "maximum": "to", "maxLength": "at most"}


def _followed(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    about = {key: value for key, value in schema.items() if key != "$ref"}
    return {**components[schema["$ref"].removeprefix("#/components/schemas/")], **about}


def _anchor(tag: str) -> str:
    return tag.lower().replace(" ", "-")


def _ticked(text: str) -> str:
    """Text in which `words` are code."""
    return "".join(
        f"<code>{escape(part)}</code>" if odd % 2 else escape(part) for odd, part in enumerate(text.split("`"))
    )
