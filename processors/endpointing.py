"""How long a silence must be before the caller has finished."""

from __future__ import annotations

from collections.abc import Callable

from processors.dangling import Endings
from processors.dictation import dictated, is_phone_number
from processors.phrases import ends_in_number, ends_sentence, plain
from processors.turn_options import Expression, TurnOptions
from processors.wait_function import wait_function
from processors.wording.patterns import compiled

Found = Callable[[str], bool]


class Endpointing:
    """A rule that matches stands above whoever reads the text, they above the judge of the sound, he above the text."""

    def __init__(self, options: TurnOptions, *, judged: bool, language: str = "en-IN") -> None:
        """`judged`: somebody listens to the melody of the last words. `language` is a BCP 47 tag."""
        self._options, self._judged = options, judged
        self._endings = Endings(language)
        self._rules = [(_finds(rule.asked), _finds(rule.said), rule.seconds) for rule in options.rules]
        self._wait_function = wait_function(options.wait_function) if options.wait_function else None
        self._ruled: tuple[str, str, float | None] = ("", "", None)

    def listen_for(self, language: str) -> None:
        self._endings = Endings(language)

    def wait(self, said: str, asked: str = "", *, finished: float | None = None, told: float | None = None) -> float:
        """Seconds of silence that `said` calls for, if the bot said `asked` before.

        `finished` is how likely that is by its sound, None: not known yet; `told` are the seconds that a reader of the
        text wants, None: nobody knows.
        """
        ruled = self._rule(said, asked)
        if ruled is None:
            ruled = told if told is not None else self._unruled(said, finished)
        return max(ruled, self._options.at_least)

    def _rule(self, said: str, asked: str) -> float | None:
        if (said, asked) != self._ruled[:2]:
            matching = (seconds for before, now, seconds in self._rules if before(asked) and now(said))
            self._ruled = said, asked, next(matching, None)
        return self._ruled[2]

    def _unruled(self, said: str, finished: float | None) -> float:
        options = self._options
        if self._wait_function is not None and self._judged:
            return options.after_open if finished is None else self._wait_function(1 - finished)
        if ends_in_number(said):
            digits = dictated(said) if self._judged else ""
            if len(digits) == 1 and " " in plain(said):  # "at five": hardly dictated
                return options.after_open
            if not is_phone_number(digits):
                return options.after_number
        if self._judged:
            if finished is None:
                return options.after_open
            if finished >= options.finished_above:
                return options.after_open if self._endings.goes_on(said) else options.after_sentence
            return (options.after_sentence + options.after_open) / 2 if self._ends(said) else options.after_open
        return options.after_sentence if self._ends(said) else options.after_open

    def _ends(self, said: str) -> bool:
        return ends_sentence(said) or self._endings.has_ended(said)


def _finds(expression: Expression | None) -> Found:
    if expression is None:
        return lambda text: True
    pattern = compiled(**expression.model_dump())
    return lambda text: pattern.search(text) is not None
