"""What a reply says, and where in its sound each phrase begins."""

from __future__ import annotations

SPEAKING_PACE = 14.0
"""Characters a second of ordinary speech: how long a phrase will last while its sound is still being made."""


class HeardWords:
    """Sound heard → words heard. Positions are bytes from the reply's start."""

    def __init__(self, bytes_per_second: int) -> None:
        self._pace = bytes_per_second / SPEAKING_PACE
        self._starts: list[int] = []
        self._texts: list[str] = []
        self._told = 0

    def add(self, text: str, start: int) -> None:
        self._starts.append(start)
        self._texts.append(text.strip())

    def news(self, heard: int, made: int, *, done: bool) -> bool:
        """Whether a phrase has been heard whole since the last time it was asked."""
        before = self._told
        while self._told < len(self._starts) and self._known_end(self._told, made, done=done) <= heard:
            self._told += 1
        return self._told > before

    def words(self, heard: int, made: int, *, done: bool) -> str:
        """The phrases heard whole, and of the one being said as many words as its time has brought."""
        spoken: list[str] = []
        for index, (start, text) in enumerate(zip(self._starts, self._texts, strict=True)):
            if start >= heard:
                break
            end = self._end(index, made, done=done)
            spoken.append(text if heard >= end else _leading_words(text, (heard - start) / (end - start)))
        return " ".join(filter(None, spoken))

    def _known_end(self, index: int, made: int, *, done: bool) -> float:
        if index + 1 < len(self._starts):
            return self._starts[index + 1]
        return made if done else float("inf")

    def _end(self, index: int, made: int, *, done: bool) -> float:
        if index + 1 < len(self._starts):
            return self._starts[index + 1]
        return made if done else max(made, self._starts[index] + len(self._texts[index]) * self._pace)


def _leading_words(text: str, share: float) -> str:
    """The words that end within the first `share` of a text's characters: long words take longer to say."""
    reach = len(text) * share
    if reach >= len(text):
        return text
    cut = text.rfind(" ", 0, int(reach) + 1)
    return text[:cut].rstrip() if cut > 0 else ""
