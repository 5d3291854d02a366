"""Marks that are made to be read, and taken out or turned into a pause."""

from __future__ import annotations

import re

from processors.wording.tongue import Tongue

_LINK = re.compile(r"!?\[([^\[\]\n]{1,300})\]\([^()\s]{1,500}\)")
_HEAD = re.compile(r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]+|[-+][ \t]+|```\w*[ \t]*$)", re.M)
_MARKS = re.compile(r"[`~|]+|(?<!\w)_+|_+(?!\w)")
_TAG = re.compile(r"(?<!<)<(?!<|/?break\b|/?spell\b)[^<>\n]{1,200}>(?!>)")
_STARRED = re.compile(r"\*\*[^*\n]{1,300}\*\*|\*[^*\n]{1,300}\*")
_QUOTES = re.compile(r"[\"“”„«»]")
_DASH = re.compile(r"\s+[-–—]+\s+|\s*—+\s*|(?<!\d)\s*–+\s*(?!\d)")
_LINES = re.compile(r"\s*\n\s*")
_COLON = re.compile(r":(?=\s|$)")
_PAUSES = ".!?:;,।॥۔"


def angles(text: str, _tongue: Tongue) -> str:
    """But for what some voices read as commands."""
    return _TAG.sub("", text)


def markdown(text: str, _tongue: Tongue) -> str:
    """Asterisks stay: they have formatters of their own."""
    return _MARKS.sub("", _HEAD.sub("", _LINK.sub(r"\1", text)))


def starred(text: str, _tongue: Tongue) -> str:
    """What stands in asterisks goes, words and all: *coughs*."""
    return _STARRED.sub("", text)


def asterisks(text: str, _tongue: Tongue) -> str:
    return text.replace("*", "")


def quotes(text: str, _tongue: Tongue) -> str:
    return _QUOTES.sub("", text)


def dashes(text: str, _tongue: Tongue) -> str:
    """One between words is a pause; one inside a word or between figures is not."""
    return _DASH.sub(", ", text)


def newlines(text: str, _tongue: Tongue) -> str:
    def stop(found: re.Match[str]) -> str:
        return " " if not found.start() or text[found.start() - 1] in _PAUSES else ". "

    return _LINES.sub(stop, text.rstrip("\n"))


def colons(text: str, _tongue: Tongue) -> str:
    return _COLON.sub(".", text)
