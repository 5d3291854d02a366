"""Where the recordings of calls lie. Knows folders and names, nothing of what is in the files.

Everything here is quick work on the file system that may still wait for a disk: call it from a thread.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

FOLDER = "recordings"
UNFINISHED = "unfinished"
"""Folder of markers, one for each recording that is being written: a crash leaves them behind."""
WAITING = "waiting"
"""Folder of markers, one for each recording that is to be taken to the object store."""


class Recordings:
    def __init__(self, data: Path, *, stays: bool = True, node: str = "") -> None:
        """If they do not stay here, they wait for an object store once they are finished.

        `node` is the name of the process that writes: several may share the folder.
        """
        self._data, self._stays, self._node = data, stays, node
        self._unfinished = data / FOLDER / UNFINISHED
        self._waiting = data / FOLDER / WAITING

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
        for folder in (file.parent, self._unfinished):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _marker(self._unfinished, path).write_text(f"{path}\n{self._node}")
        _marker(self._waiting, path).unlink(missing_ok=True)  # of its first part, if the call goes on
        return file

    def finish(self, path: str) -> None:
        """It is whole. May be asked again."""
        marker = _marker(self._unfinished, path)
        if self._stays:
            marker.unlink(missing_ok=True)
        elif marker.exists():
            self._waiting.mkdir(mode=0o700, parents=True, exist_ok=True)
            marker.replace(_marker(self._waiting, path))

    def drop(self, path: str) -> bool:
        """Removes it and what was made of it, its markers last. False if there was no file."""
        wav = self.file(path)
        was_there = wav.exists()
        made = (wav.with_suffix(end) for end in (".mp3", ".part.wav"))
        for file in (wav, *made, _marker(self._waiting, path), _marker(self._unfinished, path)):
            file.unlink(missing_ok=True)
        return was_there

    def unfinished(self) -> list[str]:
        """Paths of recordings that were begun and not finished, oldest first."""
        return [path for path, _ in self.begun()]

    def begun(self) -> list[tuple[str, str]]:
        """As `unfinished`, each with the name of the process that began it; empty where that was not noted."""
        return _noted(self._unfinished)

    def waiting(self) -> list[str]:
        """Paths of recordings that are whole and have yet to be taken to the object store, oldest first."""
        return [path for path, _ in _noted(self._waiting)]


def call_of(path: str) -> str:
    """Id of the call that this is the recording of."""
    return Path(path).stem


def _marker(folder: Path, path: str) -> Path:
    return folder / call_of(path)


def _noted(folder: Path) -> list[tuple[str, str]]:
    noted = []
    for marker in sorted(folder.iterdir()) if folder.is_dir() else ():
        with suppress(FileNotFoundError):  # another process has just finished it
            path, _, node = marker.read_text().partition("\n")
            if path:
                noted.append((path, node))
    return noted
