"""Where the recordings of calls lie. Knows folders and names, nothing of what is in the files.

Everything here is quick work on the file system that may still wait for a disk: call it from a thread.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

FOLDER = "recordings"
UNFINISHED = "unfinished"
"""Folder of markers, one for each recording that is being written: a crash leaves them behind."""


class Recordings:
    def __init__(self, data: Path) -> None:
        self._data = data
        self._markers = data / FOLDER / UNFINISHED

    def path(self, call_id: str, started_at: datetime) -> str:
        """A call's recording, below the data folder: recordings/YYYY/MM/DD/<call>.wav, by the day in UTC."""
        return f"{FOLDER}/{started_at.astimezone(UTC):%Y/%m/%d}/{call_id}.wav"

    def file(self, path: str) -> Path:
        """Where that lies. Raises ValueError for a path that leads out of the recordings."""
        home = (self._data / FOLDER).resolve()
        found = (self._data / path).resolve()
        if home not in found.parents:
            raise ValueError("a recording outside its folder")
        return found

    def begin(self, path: str) -> Path:
        """Makes its folder and notes that it is being written. Returns the file to write."""
        file = self.file(path)
        for folder in (file.parent, self._markers):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._marker(path).write_text(path)
        return file

    def finish(self, path: str) -> None:
        self._marker(path).unlink(missing_ok=True)

    def unfinished(self) -> list[str]:
        """Paths of recordings that were begun and not finished, oldest first."""
        if not self._markers.is_dir():
            return []
        return [marker.read_text() for marker in sorted(self._markers.iterdir()) if marker.stat().st_size]

    def _marker(self, path: str) -> Path:
        return self._markers / Path(path).stem
