"""The far end: people, their ears, and calls over the real wire."""

import json
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from aiohttp import ClientSession, web
from pydantic import ValidationError

from pipeline.audio import level
from pipeline.frames import AudioDone, AudioIn, AudioOut, Digit, Frame, Heard
from pipeline.frames import Interrupt as InterruptFrame
from tests.transports.exchange import Exchange, Serve, say_once
from transports.loopback import quiet, tone
from transports.simulator import casting
from transports.simulator.casting import from_recording, from_script
from transports.simulator.ear import Ear
from transports.simulator.exotel_wire import CallFacts, CarrierWriter
from transports.simulator.faults import Faults
from transports.simulator.line import Conversation, SimulatedLine
from transports.simulator.people import HangUp, Interrupt, Person, Press, Say, Silence, Step, WaitForBot


def live(person: Person, bot: str) -> list[str]:
    """A letter for every 20 ms: `s` speaks, `.` listens, a key, `|` gone. `bot` has `b` where it is audible."""
    letters: list[str] = []
    for sign in bot:
        moment = person.tick(sign == "b")
        if moment.gone:
            return [*letters, "|"]
        letters.append(moment.digit or ("s" if any(moment.pcm) else "."))
    return letters


def test_people_wait_until_the_bot_has_finished() -> None:
    person = Person([WaitForBot(quiet=0.1), Say(tone(0.06))])
    assert "".join(live(person, "--bb--bb" + "-" * 12)) == "............sss|"


def test_people_interrupt_after_so_much_of_the_bots_speech() -> None:
    person = Person([Interrupt(tone(0.04), after=0.1)])
    assert "".join(live(person, "--bbbbbbbb")) == "......ss|"


def test_people_press_keys_one_by_one() -> None:
    person = Person([Press("4#")])
    assert "".join(live(person, "-" * 30)) == "4.........#.........|"


def test_people_hang_up_in_the_middle_of_a_word() -> None:
    person = Person([Silence(0.04), HangUp(tone(1.0), after=0.06), Say(tone(1))])
    assert "".join(live(person, "-" * 30)) == "..sss|"


def test_people_give_up_on_a_bot_that_says_nothing() -> None:
    person = Person([WaitForBot()], patience=0.2)
    assert "".join(live(person, "-" * 30)) == ".........|"
    assert person.gave_up


def test_an_ear_plays_from_when_sound_comes_and_passes_marks_in_their_place() -> None:
    ear = Ear(8000)
    sound = tone(0.04)[:480]
    ear.play(sound, at=0.005)
    ear.mark("end")
    assert ear.tick() == (bytes(80) + sound[:240], [])
    assert ear.tick() == (sound[240:].ljust(320, b"\0"), ["end"])


def test_an_ear_that_is_cleared_finishes_the_present_slice() -> None:
    ear = Ear(8000)
    ear.play(tone(1), at=0.0)
    ear.mark("end")
    ear.tick()
    ear.clear()
    assert ear.tick() == (tone(1)[320:640], [])
    assert ear.tick() == (bytes(320), [])


async def voice(text: str) -> bytes:
    return tone(0.04 * len(text))


async def test_a_script_becomes_a_person() -> None:
    script = json.loads(
        """["Hello", {"do": "interrupt", "text": "Wait", "after": 0.5}, {"do": "press", "digits": "1"},
            {"do": "silence", "seconds": 0.2}, {"do": "wait"}, {"do": "say", "text": "Bye"}, {"do": "hang_up"}]"""
    )
    one, other = [await from_script(script, voice, seed=4) for _ in range(2)]
    bot = "b" * 10 + "-" * 80 + "b" * 60 + "-" * 100
    assert live(one, bot) == live(other, bot)


@pytest.mark.parametrize("line", [{"do": "sing"}, {"do": "say"}, {"do": "press", "digits": "x"}, 7, {"text": "a"}])
async def test_a_script_that_is_none_is_refused(line: Any) -> None:
    with pytest.raises(ValidationError):
        await from_script([line], voice)


async def test_the_demo_caller_can_be_cast() -> None:
    script = json.loads((Path(casting.__file__).parent / "demo_caller.json").read_text())
    person = await from_script(script, voice)
    assert not person.gone


async def test_a_recording_becomes_a_person(tmp_path: Path) -> None:
    path = tmp_path / "caller.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(np.repeat(np.frombuffer(tone(1, 44000), "<i2"), 2).tobytes())
    person = await from_recording(path)
    letters = "".join(live(person, "b" * 5 + "-" * 100))
    assert letters.count("s") == pytest.approx(50, abs=2)


async def call(exchange: Exchange, http: ClientSession, steps: list[Step], **options: Any) -> Conversation:
    rate = options.pop("rate", 8000)
    facts = CallFacts(
        account_sid="acc", to_number="0800", custom={"a": "b"}, rate=rate, codec=options.pop("codec", "pcm16")
    )
    line = SimulatedLine(exchange.url, Person(steps, rate=rate), facts, **{"speed": 0, **options})
    talk = await line.run(http)
    await exchange.over.wait()
    return talk


async def test_a_simulated_call_is_a_call(serve: Serve, http: ClientSession) -> None:
    exchange = await serve(say_once(tone(0.5)))
    talk = await call(exchange, http, [WaitForBot(), Press("7"), Say(tone(0.2)), Silence(0.5)])
    assert talk.call == exchange.calls[0][0].call == "cal_0"
    assert exchange.calls[0][0].custom == {"a": "b"}
    assert any(isinstance(frame, Digit) and frame.key == "7" for frame in exchange.bot.seen)
    assert bytes(talk.said) == exchange.bot.caller
    assert bytes(talk.heard).strip(b"\0") == tone(0.5).strip(b"\0")
    assert (exchange.line.ending, talk.close_code, talk.gave_up) == ("callended", 1000, False)
    assert len(talk.times("mark")) == 1


@pytest.mark.parametrize(
    ("rate", "codec", "message_ms"),
    [(8000, "pcm16", 100), (16000, "pcm16", 20), (24000, "pcm16", 100), (8000, "mulaw", 20)],
)
async def test_every_kind_of_line_carries_both_sides(
    serve: Serve, http: ClientSession, rate: int, codec: str, message_ms: int
) -> None:
    exchange = await serve(say_once(tone(0.5, rate)))
    talk = await call(
        exchange, http, [Say(tone(0.3, rate)), WaitForBot()], rate=rate, codec=codec, message_ms=message_ms
    )
    assert len(exchange.bot.caller) == len(talk.said)
    assert level(exchange.bot.caller) == pytest.approx(level(bytes(talk.said)), abs=0.2)
    assert sum(map(bool, np.frombuffer(bytes(talk.heard), "<i2"))) == pytest.approx(0.5 * rate, abs=5)


async def test_what_the_server_reckons_heard_is_what_the_caller_heard_when_he_heard_it(
    serve: Serve, http: ClientSession
) -> None:
    """In real time, over a real socket: both ends place the bot's sound within 20 ms of each other."""
    exchange = await serve(say_once(tone(0.3)))
    for message_ms in (20, 100):
        exchange.over.clear()
        talk = await call(exchange, http, [Silence(0.7)], speed=1, message_ms=message_ms)
        theirs = np.flatnonzero(np.frombuffer(bytes(talk.heard), "<i2"))[0] / 8000
        ours = next(frame.at for frame in exchange.bot.seen if isinstance(frame, Heard))
        assert abs(theirs - ours) < 0.03


async def test_an_interruption_is_cleared_and_the_bot_falls_silent(serve: Serve, http: ClientSession) -> None:
    def on(frame: Frame) -> list[Frame]:
        if not isinstance(frame, AudioIn):
            return []
        if frame.at == 0:
            return [AudioOut(tone(5), 1), AudioDone(1)]
        return [InterruptFrame(frame.at)] if any(frame.pcm) else []

    exchange = await serve(on)
    talk = await call(exchange, http, [Interrupt(tone(0.02), after=0.5), Silence(1.0)])
    (cleared,) = talk.times("clear")
    heard = np.flatnonzero(np.frombuffer(bytes(talk.heard), "<i2"))
    assert cleared == pytest.approx(0.56, abs=0.1)
    assert heard[-1] / 8000 <= cleared + 0.04


async def test_faults_are_survived_and_the_same_for_the_same_seed(serve: Serve, http: ClientSession) -> None:
    exchange = await serve()
    faults = Faults(seed=5, loss=0.1, malformed=0.2, noise=20)
    for _ in range(2):
        exchange.over.clear()
        await call(exchange, http, [Say(tone(1.0))], faults=faults)
    one, other = (bot.caller for _, bot, _ in exchange.calls)
    assert one == other
    assert 0.6 * 16000 < len(one) < 16000
    assert exchange.troubles["bad_json"] > 0


async def test_a_line_that_breaks_ends_the_call(serve: Serve, http: ClientSession) -> None:
    exchange = await serve()
    talk = await call(exchange, http, [Say(tone(2.0))], faults=Faults(cut_at=0.5))
    assert talk.times("cut")
    assert exchange.line.ending == "closed"


async def test_a_conversation_is_saved_in_stereo(tmp_path: Path) -> None:
    talk = Conversation(8000, said=bytearray(tone(0.1)), heard=bytearray(quiet(0.1)))
    talk.save(tmp_path / "call.wav")
    with wave.open(str(tmp_path / "call.wav")) as file:
        both = np.frombuffer(file.readframes(800), "<i2").reshape(-1, 2)
    assert both[:, 0].tobytes() == tone(0.1)
    assert not both[:, 1].any()


class Scripted:
    """A websocket that has received these texts, as Pipecat's helpers read one."""

    def __init__(self, *texts: bytes) -> None:
        self._texts = iter([text.decode() for text in texts])

    async def iter_text(self) -> Any:
        for text in self._texts:
            yield text

    async def receive_text(self) -> str:
        return next(self._texts)


@pytest.mark.filterwarnings("ignore")
async def test_another_reader_of_the_protocol_understands_both_ends() -> None:
    """Pipecat's own Exotel parser and serializer, as a foreign reader of what carrier and server send."""
    serializers = pytest.importorskip("pipecat.serializers.exotel")
    frames = pytest.importorskip("pipecat.frames.frames")
    processors = pytest.importorskip("pipecat.processors.frame_processor")
    utils = pytest.importorskip("pipecat.runner.utils")
    from transports.exotel.wire import Writer, parse

    carrier = CarrierWriter(CallFacts("MZ1", "call1", "acc", "0980", "0800", {"k": "v"}))
    kind, data = await utils.parse_telephony_websocket(Scripted(carrier.connected(), carrier.start()))
    assert kind == "exotel"
    assert (data["stream_id"], data["call_id"], data["from"], data["to"]) == ("MZ1", "call1", "0980", "0800")

    serializer = serializers.ExotelFrameSerializer("MZ1")
    await serializer.setup(
        processors.FrameProcessorSetup(
            clock=None, task_manager=None, pipeline_worker=None, audio_in_sample_rate=8000, audio_out_sample_rate=8000
        )
    )
    for text in (carrier.media(tone(0.02), 0.0), Writer("MZ1").media(tone(0.02), 0.0)):
        assert (await serializer.deserialize(text)).audio == tone(0.02)
    digit = await serializer.deserialize(carrier.dtmf("5"))
    assert digit.button.value == "5"
    spoken = await serializer.serialize(frames.OutputAudioRawFrame(tone(0.02), 8000, 1))
    assert getattr(parse(spoken), "payload", b"") == tone(0.02)


async def test_a_server_that_refuses_is_an_error_for_the_caller(http: ClientSession) -> None:
    runner = web.AppRunner(web.Application())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    with pytest.raises(Exception, match="404"):
        await SimulatedLine(f"ws://127.0.0.1:{port}/no", Person([]), CallFacts()).run(http)
    await runner.cleanup()
