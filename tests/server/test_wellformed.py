from __future__ import annotations

import pytest

from server.wellformed import wellformed


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("Hello?", "Hello?"),
        ("नमस्ते 😀", "नमस्ते 😀"),
        ("\ud83d\ude00", "😀"),
        ("a \ud83d", "a \ufffd"),
        ("\ude00 b", "\ufffd b"),
        ("a\0b", "a\ufffdb"),
        ("", ""),
    ],
)
def test_text_is_made_fit_for_everybody(text: str, taken: str) -> None:
    assert wellformed(text) == taken
    wellformed(text).encode()
