from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from control_api.people import json_array
from control_api.people.json_array import LONGEST, NotAnArrayError, elements

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


class Trickle(StringIO):
    """Gives a few characters at a time, whatever is asked for."""

    def read(self, size: int | None = -1) -> str:
        return super().read(3)


def split(text: str) -> list[str]:
    return list(elements(StringIO(text), ["customers"]))


@given(values=st.lists(VALUES, max_size=6), indent=st.sampled_from([None, 1, "\t"]), ascii_only=st.booleans())
def test_each_element_comes_as_it_stands_however_the_file_is_cut(
    values: list[Any], indent: Any, ascii_only: bool
) -> None:
    text = json.dumps(values, indent=indent, ensure_ascii=ascii_only)
    for whole in text, json.dumps({"customers": values}, indent=indent, ensure_ascii=ascii_only):
        assert [json.loads(one) for one in elements(Trickle(whole), ["customers"])] == values
        assert [json.loads(one) for one in split(f" \r\n{whole}\n ")] == values


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("", "must be an array of objects"),
        ("  ", "must be an array of objects"),
        ("5", "must be an array of objects"),
        ('"x"', "must be an array of objects"),
        ("{}", "must be an array of objects"),
        ('{"people": []}', "must be an array of objects"),
        ('{"customers": {}}', "must be an array of objects"),
        ('{"customers": [], "mode": "upsert"}', "goes on after the array"),
        ('{"customers": []', "goes on after the array"),
        ("[] []", "goes on after the array"),
        ("[", "is not valid JSON in element 1"),
        ("[1, 2", "is not valid JSON after element 2"),
        ("[1, 2,", "is not valid JSON in element 3"),
        ("[1 2]", "is not valid JSON after element 1"),
        ("[1,]", "is not valid JSON in element 2"),
        ('[{"a": 1}, {"a" 2}]', "is not valid JSON in element 2"),
        ('["' + "x" * 2 * LONGEST + '"]', "is not valid JSON in element 1, or that is too long"),
        ("[" * 200_000, "is not valid JSON in element 1"),
        ("[" + "9" * 5000 + "]", "is not valid JSON in element 1"),
    ],
)
def test_what_is_no_whole_array_is_refused(text: str, trouble: str) -> None:
    with pytest.raises(NotAnArrayError, match=trouble):
        split(text)


def test_no_more_of_the_file_is_held_than_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_array, "READ", 100)
    file = StringIO("[" + ", ".join(["123456789"] * 1000) + "]")
    reading = elements(file, ())
    for _ in range(10):
        next(reading)
    assert file.tell() <= 300
