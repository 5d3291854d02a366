from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from storage.recordings import Recordings
from tests.storage.samples import NOW


def test_a_recording_lies_under_the_day_of_its_call_in_utc(tmp_path: Path) -> None:
    india = timezone(timedelta(hours=5, minutes=30))
    path = Recordings(tmp_path).path("cal_1", datetime(2026, 3, 2, 1, 0, tzinfo=india))
    assert path == "recordings/2026/03/01/cal_1.wav"


def test_what_a_crash_left_unfinished_is_found(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    assert recordings.unfinished() == []
    whole, torn = (recordings.path(call, NOW) for call in ("cal_1", "cal_2"))
    for path in (whole, torn):
        recordings.begin(path).write_bytes(b"RIFF")
    recordings.finish(whole)
    recordings.finish(whole)
    assert Recordings(tmp_path).unfinished() == [torn]
    assert recordings.file(torn).read_bytes() == b"RIFF"


@pytest.mark.parametrize("path", ["../secret", "recordings/../vaani.db", "/etc/passwd", "recordings"])
def test_no_path_leads_out_of_the_recordings(tmp_path: Path, path: str) -> None:
    with pytest.raises(ValueError, match="outside"):
        Recordings(tmp_path).file(path)


def test_one_that_goes_on_waits_for_the_store_only_when_it_is_whole_again(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path, stays=False)
    path = recordings.path("cal_1", NOW)
    for _ in range(2):
        recordings.begin(path)
        assert (recordings.unfinished(), recordings.waiting()) == ([path], [])
        recordings.finish(path)
        assert (recordings.unfinished(), recordings.waiting()) == ([], [path])


def test_what_is_dropped_leaves_nothing_that_was_made_of_it(tmp_path: Path) -> None:
    recordings = Recordings(tmp_path)
    path = recordings.path("cal_1", NOW)
    file = recordings.begin(path)
    for end in (".wav", ".mp3", ".part.wav"):
        file.with_suffix(end).write_bytes(b"sound")
    assert recordings.drop(path)
    assert [left for left in tmp_path.rglob("*") if left.is_file()] == []
