"""What happens in a call → what was asked to be done about it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence

from pipeline.frames import (
    FRAME_SECONDS,
    AudioIn,
    Frame,
    Hangup,
    Heard,
    Interrupt,
    Mute,
    Note,
    Played,
    ReplyDone,
    ReplyText,
    Say,
    SpeechStarted,
    SpeechStopped,
    ToolUsed,
    UserTurn,
)
from pipeline.processor import Processor
from processors.hook_options import Event, HangupAction, Hook, MessageAction, PromptAction, SayAction, ToolAction
from processors.ports import ToolCall
from processors.silence import Silence
from processors.tools.toolbox import Toolbox

HUNG_UP = "assistant_ended_call"
"""Why a call ends that a hook has ended."""
ENDING_SECONDS = 10.0
"""What is done of a call that is over has so long."""
FILLERS = -2_000_000
"""Numbers of the replies that fill a silence, from here downwards: below those of keys that are pressed."""


class _Count:
    """How often a hook was acted on."""

    def __init__(self, hook: Hook) -> None:
        self.hook = hook
        self._left = hook.times
        self.reached = 0
        """How often it was due in what still lasts."""

    def take(self) -> bool:
        self._left -= 1
        return self._left >= 0

    def begin_anew(self) -> None:
        if self.hook.again:
            self._left = self.hook.times


class Hooks(Processor):
    """Stands before the dialogue. What happens when the call is over is for `at_the_end`."""

    def __init__(
        self,
        hooks: Sequence[Hook],
        toolbox: Toolbox,
        *,
        from_start: bool,
        since: float = 0.0,
        choose: Callable[[Sequence[str]], str] = random.choice,
    ) -> None:
        """`from_start`: the caller is to speak first. The call was answered `since` seconds ago."""
        self._counts = [_Count(hook) for hook in hooks if hook.on is not Event.ELAPSED or since < hook.seconds]
        self._toolbox, self._choose, self._since = toolbox, choose, since
        self._silence = Silence(from_start=from_start)
        self._now = 0.0
        self._begun = since > 0
        self._muted = False
        self._asked_at: float | None = None
        """The caller waits for the model's answer."""
        self._speaking = False
        self._heard = 0
        """The reply that was heard last."""
        self._interrupted = False
        self._filler = FILLERS

    def process(self, frame: Frame) -> None:
        self._silence.hear(frame)
        self.emit(frame)
        match frame:
            case AudioIn():
                self._now = frame.at + FRAME_SECONDS
                self._tick()
            case SpeechStarted():
                self._speaking = True
            case SpeechStopped():
                self._speaking = False
            case Mute(on):
                self._muted = on
            case Interrupt():
                self._interrupted = True
                self._asked_at = None
            case UserTurn():
                self._interrupted = False
                self._asked_at = self._now
                for count in self._counts:
                    count.begin_anew()
            case Heard() if frame.reply > 0:
                self._asked_at = None
                self._sounds(frame.reply)
            case Played(over=True) if frame.reply > 0:
                if self._interrupted and not frame.complete:
                    self._happened(Event.ASSISTANT_CUT)
                self._interrupted = False

    def _sounds(self, reply: int) -> None:
        """A reply that begins while the caller speaks has interrupted them."""
        if reply == self._heard:
            return
        self._heard = reply
        if self._speaking:
            self._happened(Event.CUSTOMER_CUT)

    def _tick(self) -> None:
        if not self._begun:
            self._begun = True
            self._happened(Event.CREATED)
        waited = 0.0 if self._asked_at is None or self._muted else self._now - self._asked_at
        lasts = {
            Event.ELAPSED: self._since + self._now,
            Event.CUSTOMER_SILENT: self._silence.seconds,
            Event.MODEL_LATE: waited,
        }
        for count in self._counts:
            reached = int(lasts.get(count.hook.on, 0.0) // count.hook.seconds)
            if reached > count.reached and count.take():
                self._act(count.hook)
            count.reached = reached

    def _happened(self, event: Event) -> None:
        for count in self._counts:
            if count.hook.on is event and count.take():
                self._act(count.hook)

    def _act(self, hook: Hook) -> None:
        for action in hook.do:
            match action:
                case SayAction(texts=texts) if hook.on is Event.MODEL_LATE:
                    self._fill(self._choose(texts))
                case SayAction(texts=texts):
                    self.emit(Say(self._choose(texts), after_sentence=True))
                case PromptAction(text=text):
                    self.emit(Note(text, answer=True))
                case MessageAction():
                    self.emit(Note(action.text, answer=action.answer, role=action.role))
                case ToolAction():
                    self.tasks.create_task(self._use(action))
                case HangupAction():
                    self.emit(Hangup(HUNG_UP))

    def _fill(self, text: str) -> None:
        """The model's answer may still come, and follows it."""
        self._filler -= 1
        self.emit(ReplyText(text, self._filler))
        self.emit(ReplyDone(self._filler))

    async def _use(self, action: ToolAction) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        done = await self._toolbox.use(_call(action), lambda text: self.emit(Say(text, after_sentence=True)))
        self.emit(ToolUsed(action.name, done.ok, round(loop.time() - began, 3), done.answer))
        self.emit(Note(f"{action.name}: {done.answer}"))
        if done.say:
            self.emit(Say(done.say, hangup=done.hangup, after_sentence=True))
        elif done.hangup:
            self.emit(Hangup(done.hangup))


async def at_the_end(hooks: Sequence[Hook], toolbox: Toolbox, reason: str) -> None:
    """The call is over for this reason: uses the tools that are wanted then, each once. Takes 10 s at most."""
    matching = (hook for hook in hooks if hook.on is Event.ENDING and (not hook.reasons or reason in hook.reasons))
    wanted = [action for hook in matching for action in hook.do if isinstance(action, ToolAction)]
    try:
        async with asyncio.timeout(ENDING_SECONDS), asyncio.TaskGroup() as tasks:
            for action in wanted:
                tasks.create_task(toolbox.use(_call(action), lambda text: None))
    except TimeoutError:
        return


def _call(action: ToolAction) -> ToolCall:
    return ToolCall(f"hook-{action.name}", action.name, action.arguments)
