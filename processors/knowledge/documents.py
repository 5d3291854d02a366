"""Files of a folder → passages. Nothing outside of the folder is read, whatever its links say."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

LARGEST_FILE, LARGEST_FOLDER = 2_000_000, 16_000_000
"""Bytes. What is beyond them is left out."""
LONGEST = 700
"""Characters of a passage; a longer paragraph is cut between sentences."""
_HEADING = re.compile(r"^(#{1,6})\s+(\S.*)$")
_BLANK = re.compile(r"\n\s*\n")
_SENTENCE = re.compile(r"(?<=[.!?।॥])\s+")
_HEADS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
_BLOCKS = _HEADS | {"p", "li", "tr", "div", "section", "article", "table", "ul", "ol", "br", "dt", "dd", "title"}
_SKIPPED = frozenset(("script", "style", "noscript", "template"))


@dataclass(frozen=True, slots=True)
class Found:
    """A file that can be read."""

    path: Path
    changed: int
    """Nanoseconds."""
    size: int


def found(folder: Path) -> tuple[Found, ...]:
    """In order of their names, with those of folders within. Links are not followed. Blocks."""
    files = []
    for place, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            path = Path(place, name)
            if path.suffix.lower() in READERS and not name.startswith("."):
                try:
                    status = path.lstat()
                except OSError:  # it was taken away just now
                    continue
                if stat.S_ISREG(status.st_mode):
                    files.append(Found(path, status.st_mtime_ns, status.st_size))
    return tuple(files)


def read(files: tuple[Found, ...]) -> tuple[list[str], int]:
    """Their passages, and how many files were left out: too large, or no text. Blocks."""
    passages: list[str] = []
    left_out = total = 0
    for file in files:
        if file.size > LARGEST_FILE or total + file.size > LARGEST_FOLDER:
            left_out += 1
            continue
        total += file.size
        try:
            text = file.path.read_text("utf-8-sig")
            passages += [one for whole in READERS[file.path.suffix.lower()](text) for one in _cut(whole)]
        except (OSError, ValueError, csv.Error, RecursionError, AssertionError):  # the last is how HTMLParser gives up
            left_out += 1
    return passages, left_out


def _text(text: str) -> Iterator[str]:
    yield from filter(None, (" ".join(part.split()) for part in _BLANK.split(text)))


def _markdown(text: str) -> Iterator[str]:
    """Each paragraph under its headings."""
    headings: list[tuple[int, str]] = []
    for block in _BLANK.split(text):
        lines: list[str] = []
        for line in block.splitlines():
            if heading := _HEADING.match(line):
                yield from _under(headings, lines)
                lines = []
                level = len(heading[1])
                headings = [*(one for one in headings if one[0] < level), (level, heading[2].rstrip(" \t#"))]
            else:
                lines.append(line)
        yield from _under(headings, lines)


def _html(text: str) -> Iterator[str]:
    reader = _Html()
    reader.feed(text)
    reader.close()
    yield from _markdown("\n\n".join(reader.blocks()))


def _csv(text: str) -> Iterator[str]:
    """Each row with the names of its columns."""
    for row in csv.DictReader(io.StringIO(text), restkey="", restval=""):
        yield "; ".join(f"{name.strip()}: {value.strip()}" for name, value in row.items() if name and value)


def _json(text: str) -> Iterator[str]:
    yield from _of(json.loads(text), "")


def _of(value: Any, path: str) -> Iterator[str]:
    """Objects of which every value is plain are passages."""
    if isinstance(value, list):
        for one in value:
            yield from _of(one, path)
    elif isinstance(value, Mapping):
        plain = {key: one for key, one in value.items() if not isinstance(one, Mapping | list)}
        if plain:
            fields = "; ".join(
                f"{key}: {json.dumps(one, ensure_ascii=False).strip(chr(34))}" for key, one in plain.items()
            )
            yield f"{path}: {fields}" if path else fields
        for key, one in value.items():
            if key not in plain:
                yield from _of(one, f"{path} {key}".strip())
    else:
        yield f"{path}: {value}" if path else str(value)


def _under(headings: list[tuple[int, str]], lines: list[str]) -> Iterator[str]:
    if words := " ".join(" ".join(lines).split()):
        above = " > ".join(heading for _, heading in headings)
        yield f"{above}: {words}" if above else words


def _cut(passage: str) -> Iterator[str]:
    part = ""
    for sentence in _SENTENCE.split(passage):
        if part and len(part) + len(sentence) >= LONGEST:
            yield part
            part = ""
        part = f"{part} {sentence}".strip()
        while len(part) > LONGEST:
            end = part.rfind(" ", 1, LONGEST)
            end = LONGEST if end < 0 else end
            yield part[:end]
            part = part[end:].strip()
    if part:
        yield part


class _Html(HTMLParser):
    """Its text as markdown: blocks, and headings among them."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[str] = [""]
        self._skipping = 0

    def blocks(self) -> list[str]:
        return [block for block in self._blocks if block.strip("# ")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._skipping += tag in _SKIPPED
        if tag in _BLOCKS:
            self._blocks.append(f"{'#' * int(tag[1])} " if tag in _HEADS else "")

    def handle_endtag(self, tag: str) -> None:
        self._skipping -= tag in _SKIPPED and self._skipping > 0
        if tag in _BLOCKS:
            self._blocks.append("")
        elif tag in ("td", "th"):
            self._blocks[-1] += "; "

    def handle_data(self, data: str) -> None:
        if not self._skipping:
            self._blocks[-1] += " ".join(data.split()) + (" " if data[-1:].isspace() else "")


READERS: Mapping[str, Callable[[str], Iterator[str]]] = {
    ".md": _markdown,
    ".txt": _text,
    ".csv": _csv,
    ".html": _html,
    ".htm": _html,
    ".json": _json,
}
