"""What is said to whoever picks up, and when."""

from __future__ import annotations

from pipeline.frames import Frame, Hangup, Mute, Note, Played, Say, SpeechStarted, Transcript, UserTurn
from pipeline.news import Said
from processors.machines.pickup import AFTER_BEEP, Pickup, VoicemailOptions
from tests.processors.machines.lines import RATE, FarEnd

GREETING, MESSAGE = "Hello, this is Asha of Acme.", "Please call Acme back."


class Call:
    """Everything that the stage emits, with when it did."""

    def __init__(self, message: str = "", greeting: str = GREETING, **options: object) -> None:
        opening = Say(greeting) if greeting else None
        self.stage = Pickup(VoicemailOptions.model_validate({"message": message, **options}), RATE, opening)
        self.line = FarEnd(self.stage.process)
        self.emitted: list[tuple[float, Frame]] = []
        self.stage.emit = lambda frame: self.emitted.append((self.line.now, frame))

    def of(self, *kinds: type[Frame]) -> list[Frame]:
        return [frame for _, frame in self.emitted if isinstance(frame, kinds)]

    def when(self, frame: Frame) -> float:
        (at,) = [at for at, each in self.emitted if each == frame]
        return at


def test_a_hello_is_answered_within_a_second_of_its_end_and_not_before() -> None:
    call = Call()
    call.line.silence(0.4)
    call.line.speak(0.6, final="Hello?", silent=1.0)
    assert call.of(Say) == [Say(GREETING)]
    assert 1.0 + 0.4 < call.when(Say(GREETING)) < 1.0 + 0.7
    assert call.of(UserTurn) == [UserTurn("Hello?", 0.4, 1.0)]
    assert call.of(SpeechStarted, Transcript) == [], "nor is it answered a second time"


def test_a_hello_that_is_understood_late_is_in_the_transcript_and_not_answered_again() -> None:
    call = Call()
    call.line.speak(0.6, silent=1.2)
    assert call.of(Say) == [Say(GREETING)]
    call.stage.process(Transcript("Hello", final=False))
    call.stage.process(Transcript("Hello?", final=True))
    assert call.of(Transcript, UserTurn) == []
    assert call.of(Said) == [Said("customer", "Hello?", 0.0, 0.6)]
    call.line.speak(0.5, final="Who is this?")
    assert call.of(Transcript) == [Transcript("Who is this?", final=True)]


def test_who_picks_up_and_says_nothing_is_greeted() -> None:
    call = Call()
    call.line.silence(1.4)
    assert call.of(Say) == []
    call.line.silence(0.2)
    assert call.of(Say) == [Say(GREETING)]


def test_without_a_greeting_the_person_speaks_first_and_is_answered() -> None:
    call = Call(greeting="")
    call.line.speak(0.6, final="Hello?", silent=1.0)
    assert call.of(Say, UserTurn) == []
    assert call.of(Transcript) == [Transcript("Hello?", final=True)]


def test_words_of_a_mailbox_end_the_call_where_there_is_no_message() -> None:
    call = Call()
    call.line.speak(4.0, "you have reached", "you have reached ravi please leave a message", "after the tone")
    assert call.of(Hangup, Say) == [Hangup("voicemail")]
    assert call.when(Hangup("voicemail")) <= 3.0


def test_the_message_is_left_after_the_beep_and_the_call_ended_with_it() -> None:
    call = Call(MESSAGE)
    call.line.speak(4.0, "please leave a message after the tone", final="Please leave a message after the tone.")
    call.line.silence(1.0)
    call.line.tone(0.4)
    beeped = call.line.now
    assert call.of(Say) == []
    call.line.silence(1.0)
    left = Say(MESSAGE, hangup="voicemail")
    assert call.of(Say) == [left]
    assert beeped + AFTER_BEEP <= call.when(left) < beeped + 0.5
    assert [said.text for said in call.of(Said) if isinstance(said, Said)] == ["Please leave a message after the tone."]


def test_a_beep_after_speech_is_a_mailbox_in_any_language() -> None:
    call = Call(MESSAGE)
    call.line.speak(3.5)
    call.line.silence(0.3)
    call.line.tone(0.5, hertz=440)
    call.line.silence(0.5)
    assert call.of(Say) == [Say(MESSAGE, hangup="voicemail")]


def test_speech_without_an_end_is_a_machine_in_any_language() -> None:
    call = Call()
    call.line.speak(6.5)
    assert call.of(Hangup) == [Hangup("voicemail")]


def test_long_speech_of_which_no_word_is_understood_is_a_machine_and_not_with_words() -> None:
    deaf, understood = Call(), Call()
    deaf.line.speak(4.5, silent=1.8)
    assert deaf.of(Hangup, Say) == [Hangup("voicemail")]
    understood.line.speak(4.5, final="Good morning, Acme, Ravi speaking, how can I help you today?", silent=1.0)
    assert understood.of(Hangup, Say) == [Say(GREETING)]


def test_where_no_beep_comes_silence_will_do_after_a_while() -> None:
    call = Call(MESSAGE, beep_seconds=10)
    call.line.speak(4.0, "leave a message")
    call.line.silence(5.5)
    assert call.of(Say) == []
    call.line.silence(1.0)
    assert call.of(Say) == [Say(MESSAGE, hangup="voicemail")]


def test_the_carriers_word_is_as_good_and_the_beep_is_still_waited_for() -> None:
    call = Call(MESSAGE)
    call.line.silence(0.2)
    call.stage.process(Hangup("voicemail"))
    call.line.speak(3.0)
    call.line.tone(0.3)
    call.line.silence(0.5)
    assert call.of(Say, Hangup) == [Say(MESSAGE, hangup="voicemail")]


def test_the_carriers_word_ends_a_call_that_has_no_message() -> None:
    call = Call()
    call.stage.process(Hangup("voicemail"))
    assert call.of(Hangup) == [Hangup("voicemail")]


def test_a_line_that_rings_on_is_waited_for() -> None:
    call = Call()
    for _ in range(3):
        for pause in (0.2, 2.0):
            call.line.tone(0.4, hertz=400)
            call.line.silence(min(pause, 1.2))
    assert call.of(Hangup, Say) == []


def test_a_machine_that_was_greeted_for_a_person_is_found_out() -> None:
    call = Call()
    call.line.speak(0.5, final="Hi.", silent=1.0)
    assert call.of(Say) == [Say(GREETING)]
    call.line.speak(3.0, "this is ravi leave me a message")
    assert call.of(Mute, Hangup) == [Mute(True), Hangup("voicemail")]


def test_who_let_the_greeting_be_heard_may_speak_of_messages_and_beep() -> None:
    call = Call()
    call.line.speak(0.5, final="Hello?", silent=1.0)
    call.stage.process(Played(1, 1.5, 2.0, GREETING, complete=True, over=True))
    call.line.speak(3.0, "can I leave a message with somebody", final="Can I leave a message after the beep?")
    call.line.tone(0.4, hertz=1400)
    call.line.silence(3.0)
    assert call.of(Hangup, Mute) == []


def test_an_announcement_is_heard_out_and_ends_the_call_with_its_reason() -> None:
    call = Call(MESSAGE)
    call.line.speak(3.0, "the number you are calling", "the number you are calling is currently switched off")
    assert call.of(Hangup) == []
    call.line.silence(1.6)
    assert call.of(Hangup) == [Hangup("switched_off")]


def test_a_mailbox_that_follows_an_announcement_is_one() -> None:
    call = Call(MESSAGE)
    call.line.speak(3.0, "the person you are calling is not available", silent=0.8)
    call.line.speak(2.0, "please record your message", "please record your message at the tone")
    call.line.tone(0.4)
    call.line.silence(0.6)
    assert call.of(Say, Hangup) == [Say(MESSAGE, hangup="voicemail")]


def test_a_phone_that_screens_is_told_who_calls_once_it_has_finished() -> None:
    call = Call(MESSAGE)
    call.line.speak(5.0, "hi if you record your name", "if you record your name and reason for calling")
    assert call.of(Say) == []
    call.line.tone(0.3)
    call.line.silence(1.0)
    assert call.of(Say, Hangup) == [Say(GREETING)]
    assert len(call.of(Note)) == 1


def test_a_menu_is_a_partner_and_the_model_is_told() -> None:
    call = Call()
    call.line.speak(4.0, "thank you for calling", "for sales press one", final="For sales press 1.")
    assert len(call.of(Note)) == 1
    assert call.of(Say, Hangup) == []
    assert isinstance(call.of(SpeechStarted, Transcript)[0], SpeechStarted)
    assert call.of(Transcript)[-1] == Transcript("For sales press 1.", final=True)


def test_a_busy_tone_is_no_silence_and_ends_the_call() -> None:
    call = Call()
    for _ in range(5):
        call.line.tone(0.76, hertz=400)
        call.line.silence(0.76)
    assert call.of(Say) == []
    assert call.of(Hangup) == [Hangup("busy")]
