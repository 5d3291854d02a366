from __future__ import annotations

import re
import time

import pytest

from storage.ids import new_id


def test_an_id_is_its_prefix_and_at_least_twenty_plain_characters() -> None:
    assert re.fullmatch(r"cal_[0-9a-z]{20,}", new_id("cal_"))


def test_ids_sort_as_they_were_made_even_when_the_clock_stands_or_steps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    made = [new_id("cal_") for _ in range(100)]
    monkeypatch.setattr(time, "time_ns", lambda: 1_000_000)
    made += [new_id("cal_") for _ in range(100)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_the_part_after_the_time_is_new_in_every_id() -> None:
    ends = [new_id("cal_")[-15:] for _ in range(1000)]
    assert len(set(ends)) == len(ends)
    assert all(len({end[place] for end in ends}) > 20 for place in range(15))
