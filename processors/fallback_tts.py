"""A voice made of several. Where one breaks off the next one goes on, at the word if need be."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable

from pipeline.audio import SAMPLE_BYTES, Resampler
from pipeline.mailbox import Mailbox
from pipeline.tasks import alongside
from processors import fallback
from processors.fallback import PIECES, Attempt, Chain, Request
from processors.phrases import ends_sentence
from processors.ports import ProviderError, Sound, TextToSpeech

PACE = 14.0
"""Characters a second of a voice that has spoken no phrase whole yet: as people speak, in all our scripts."""
NEARLY = 0.85
"""Of a phrase, by its length: after so much of it all of it was spoken. A voice that only forgets to say that it is
done is not to be followed by its last word once more."""


class FallbackTts:
    """Watches the time of its voices itself."""

    def __init__(self, chain: Chain[TextToSpeech]) -> None:
        self._chain = chain
        self.rate = max(member.port.rate for member in chain.members)
        self.stay_connected = chain.stay_connected

    async def speak(self, text: AsyncIterable[str]) -> AsyncGenerator[Sound, None]:
        """The words of each phrase once, though two voices may share it. Raises AllFailedError."""
        async with Request[TextToSpeech, Sound](self._chain) as request:
            script = _Script(request)
            async with alongside(script.read(text)):
                for member in request.members():
                    words: Mailbox[str] = Mailbox(PIECES)
                    attempt = request.ask(member, member.port.speak(words))
                    script.give_to(attempt, words)
                    resampler = Resampler(member.port.rate, self.rate)
                    try:
                        async for sound in attempt:
                            request.gave()
                            seconds = len(sound.pcm) / SAMPLE_BYTES / member.port.rate
                            yield Sound(resampler.push(sound.pcm), script.spoken(sound.text, seconds))
                        script.ended(member.name)
                    except ProviderError as error:
                        request.failed(member, error)
                        script.broke_off()
                    if rest := resampler.flush():
                        yield Sound(rest)
                    if script.is_over:
                        return


class _Script:
    """The text of one reply, as far as it came, and how far it was spoken. Places are counted in characters."""

    def __init__(self, request: Request[TextToSpeech, Sound]) -> None:
        self._request = request
        self._text, self._closed = "", False
        self._sentences_to = 0
        """The end of the last sentence that is finished."""
        self._phrase = self._spoken_to = 0
        """Where the phrase that sounds begins and ends."""
        self._seconds = 0.0
        """How long it has sounded."""
        self._told_to = 0
        """The words up to here were passed on with a sound."""
        self._past_characters, self._past_seconds = 0, 0.0
        """Of the phrases that sounded whole."""
        self._began_at = 0
        self._attempt: Attempt[Sound] | None = None
        self._words: Mailbox[str] = Mailbox(PIECES)

    @property
    def is_over(self) -> bool:
        return self._closed and not _is_speech(self._text[self._spoken_to :])

    @property
    def _is_due(self) -> bool:
        """The voice has a sentence to speak, or all there is."""
        return self._closed or self._sentences_to > self._spoken_to

    async def read(self, text: AsyncIterable[str]) -> None:
        async for piece in text:
            self._text += piece
            if ends_sentence(piece):
                self._sentences_to = len(self._text)
            self._words.put(piece)
            if self._attempt is not None and self._is_due and not self._attempt.expected:
                self._attempt.expect(self._request.patience(fallback.FIRST))
        self._closed = True
        self._words.close()
        if self._attempt is not None:
            self._attempt.expect(self._request.patience(fallback.FIRST))

    def give_to(self, attempt: Attempt[Sound], words: Mailbox[str]) -> None:
        """All that was not spoken yet, and what is still to come."""
        self._attempt, self._words = attempt, words
        self._began_at = self._phrase = self._spoken_to
        self._seconds = 0.0
        if rest := self._text[self._spoken_to :]:
            words.put(rest)
        if self._closed:
            words.close()
        attempt.expect(self._request.patience(fallback.FIRST) if self._is_due else None)

    def spoken(self, text: str, seconds: float) -> str:
        """Of one sound. Gives the words that it begins, as far as no sound before has begun them."""
        new = ""
        if text:
            self._past_characters += self._spoken_to - self._phrase
            self._past_seconds += self._seconds
            self._phrase, self._spoken_to = self._place(text)
            self._seconds = 0.0
            new = self._text[max(self._phrase, self._told_to) : self._spoken_to]
            self._told_to = max(self._told_to, self._spoken_to)
        self._seconds += seconds
        assert self._attempt is not None
        self._attempt.expect(fallback.BETWEEN if self._is_due else None)
        return new

    def ended(self, provider: str) -> None:
        """The voice says that it is done. Raises ProviderError if it is not."""
        if not self._closed:
            raise ProviderError(provider, "ended before the text did")
        if self._spoken_to == self._began_at and not self._seconds and not self.is_over:
            raise ProviderError(provider, "spoke nothing")
        self._spoken_to = len(self._text)

    def broke_off(self) -> None:
        """Goes back to the word that was being spoken, by how long the phrase has sounded."""
        pace = self._past_characters / self._past_seconds if self._past_seconds > 1.0 else PACE
        spoken = self._seconds * pace
        if spoken < NEARLY * (self._spoken_to - self._phrase):
            self._spoken_to = max(self._text.rfind(" ", self._phrase, self._phrase + int(spoken)) + 1, self._phrase)

    def _place(self, phrase: str) -> tuple[int, int]:
        """Of a phrase of the voice's in the text. One that it words otherwise is taken for as many characters."""
        at = self._text.find(phrase.strip(), self._spoken_to)
        begin = self._spoken_to if at < 0 else at
        length = len(phrase.strip()) if at >= 0 else len(phrase)
        end = min(begin + length, len(self._text))
        return self._spoken_to, end + len(self._text[end:]) - len(self._text[end:].lstrip())


def _is_speech(text: str) -> bool:
    return any(map(str.isalnum, text))
