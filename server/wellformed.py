"""Text from outside that every database and every reader takes."""

from __future__ import annotations


def wellformed(text: str) -> str:
    """Halves of a character that came one after the other are joined; half a one alone, and NUL, are replaced.

    A model's answer that is cut anywhere may hold both.
    """
    if text.isascii() and "\0" not in text:  # the usual case costs nothing
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
