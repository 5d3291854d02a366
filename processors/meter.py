"""Reads what passes and feeds Prometheus. The only file of the media path that knows it."""

from __future__ import annotations

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from pipeline.frames import FRAME_SECONDS, AudioIn, Failure, Frame, Heard, Interrupt, Pause, Resume, ToolUsed
from pipeline.news import Answered, AskedAhead, DeadAir, FalseInterruption, Guarded
from pipeline.processor import Processor
from processors.breaker import Account
from processors.call_time import CallTime
from processors.fallback import Move
from processors.ports import Tokens

STEPS = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.25, 1.6, 2.0, 3.0, 5.0, 10.0)
"""Bucket edges in seconds: fine where a caller feels the difference."""


class Metrics:
    """Every metric of the media path. One for each process; labels come from short lists, never from calls."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.stage = Histogram(
            "vaani_stage_seconds",
            "How long a step of an answer took: vad (end of speech to its detection), stt (detection to final text), "
            "turn (end of speech to the turn's end), llm (turn to first text), tts (text to first sound), "
            "wire (first sound to the line)",
            ["stage", "provider", "transport"],
            buckets=STEPS,
            registry=registry,
        )
        self.answer = Histogram(
            "vaani_answer_seconds",
            "From the caller's last sound to the reply's first sound on the line",
            ["transport"],
            buckets=STEPS,
            registry=registry,
        )
        self.calls = Counter("vaani_calls", "Calls that ended", ["transport", "outcome"], registry=registry)
        self.live = Gauge("vaani_live_calls", "Calls going on now", ["transport"], registry=registry)
        self._time = CallTime(registry)
        self.interruptions = Counter(
            "vaani_interruptions", "Replies that the caller cut", ["transport"], registry=registry
        )
        self.false_interruptions = Counter(
            "vaani_false_interruptions", "Replies held for a noise, then gone on with", ["transport"], registry=registry
        )
        self.dead_air = Counter(
            "vaani_dead_air", "Times a caller heard nothing for 2 s after a turn", ["transport"], registry=registry
        )
        self.speculations = Counter(
            "vaani_speculations",
            "Questions to the language model before the turn was certain: adopted, or dropped for the caller went on",
            ["transport", "outcome"],
            registry=registry,
        )
        self.tokens = Counter(
            "vaani_llm_tokens",
            "Tokens of answers: read, of these cached (the provider had read them before), and written",
            ["provider", "kind"],
            registry=registry,
        )
        self.guardrails = Counter(
            "vaani_guardrail",
            "Phrases that a guardrail held back, and those that were said unjudged, for the judge was late",
            ["guardrail", "outcome"],
            registry=registry,
        )
        self.tools = Counter(
            "vaani_tools", "Tools that models had used, by what came of it", ["transport", "outcome"], registry=registry
        )
        self.failures = Counter(
            "vaani_provider_failures", "Troubles with a provider", ["stage", "provider"], registry=registry
        )
        self.switches = Counter(
            "vaani_provider_switches",
            "Times a call moved from a provider to its fallback: it failed, or rests",
            ["stage", "provider", "to"],
            registry=registry,
        )
        self.resting = Gauge(
            "vaani_providers_resting",
            "Accounts with a provider that are not asked for a while, for they failed",
            ["stage", "provider"],
            registry=registry,
        )
        self.trouble = Counter(
            "vaani_line_trouble", "Frames from a line that were refused or dropped", ["kind"], registry=registry
        )

    def took(self, provider: str, tokens: Tokens) -> None:
        for kind in ("read", "cached", "written"):
            self.tokens.labels(provider, kind).inc(getattr(tokens, kind))

    def rests(self, account: Account, resting: bool) -> None:
        """A rest began, or is over."""
        gauge = self.resting.labels(account.stage, account.provider)
        gauge.inc() if resting else gauge.dec()

    def began(self, transport: str) -> None:
        """A call of that transport goes on until `ended`."""
        self.live.labels(transport).inc()
        self._time.began(transport)

    def ended(self, transport: str) -> None:
        self.live.labels(transport).dec()
        self._time.ended(transport)


@dataclass(frozen=True, slots=True)
class Labels:
    """What is said of one call."""

    transport: str
    providers: dict[str, str] = field(default_factory=dict)
    """Stage → name of the provider that serves it now: `vad`, `stt`, `turn`, `llm`, `tts`."""
    call: str = ""
    """Our id of it: no label, but the exemplar that leads from a slow answer to its call."""

    def provider(self, stage: str) -> str:
        return self.providers.get(stage, "")

    def moved(self, move: Move, metrics: Metrics) -> None:
        """Counts it, and the failure that it came of. A failure that no move follows is the stage's own `Failure`."""
        if move.error is not None:
            metrics.failures.labels(move.stage, move.provider).inc()
        metrics.switches.labels(move.stage, move.provider, move.to).inc()
        self.providers[move.stage] = move.to


class Meter(Processor):
    """One call's share of the metrics."""

    def __init__(self, metrics: Metrics, labels: Labels) -> None:
        self._metrics = metrics
        self._labels = labels
        self._bot_until = self._now = self._held_at = -1.0
        self._cut_short = False
        """The bot was audible when it was last held."""

    def process(self, frame: Frame) -> None:
        match frame:
            case AudioIn():
                self._now = frame.at
            case Heard():
                self._bot_until = frame.at + FRAME_SECONDS
            case Pause(at):
                self._cut_short, self._held_at = self._audible(), at
            case Resume(at) if self._cut_short:
                self._cut_short = False
                self._metrics.false_interruptions.labels(self._labels.transport).inc()
                self.emit(FalseInterruption(at, at - self._held_at))
            case Interrupt(ours=ours) if self._cut_short or self._audible():
                self._cut_short = False
                self._bot_until = -1.0
                if not ours:
                    self._metrics.interruptions.labels(self._labels.transport).inc()
            case Answered():
                self._answered(frame)
            case AskedAhead(adopted):
                self._metrics.speculations.labels(self._labels.transport, "adopted" if adopted else "dropped").inc()
            case Guarded(guardrail, held):
                self._metrics.guardrails.labels(guardrail, "held" if held else "unjudged").inc()
            case ToolUsed(ok=ok):
                self._metrics.tools.labels(self._labels.transport, "done" if ok else "failed").inc()
            case DeadAir():
                self._metrics.dead_air.labels(self._labels.transport).inc()
            case Failure(stage=stage):
                self._metrics.failures.labels(stage, self._labels.provider(stage)).inc()
        self.emit(frame)

    def _audible(self) -> bool:
        return self._bot_until > self._now - FRAME_SECONDS

    def _answered(self, answer: Answered) -> None:
        exemplar = {"call": self._labels.call, "reply": str(answer.reply)} if self._labels.call else None
        self._metrics.answer.labels(self._labels.transport).observe(answer.on_line, exemplar)
        steps = {
            "vad": (0.0, answer.vad),
            "stt": (answer.vad, answer.transcript),
            "turn": (0.0, answer.turn),
            "llm": (answer.turn, answer.first_text),
            "tts": (answer.first_text, answer.first_audio),
            "wire": (answer.first_audio, answer.on_line),
        }
        for stage, (begin, end) in steps.items():
            if begin is not None and end is not None:
                labels = stage, self._labels.provider(stage), self._labels.transport
                self._metrics.stage.labels(*labels).observe(max(end - begin, 0.0), exemplar)
