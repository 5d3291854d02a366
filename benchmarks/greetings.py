"""What people and machines say first, as sound: recorded prompts put together, and sentences of the embedded voice."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pipeline.audio import decode, encode, seconds, silence
from processors.machines.words import Answerer
from processors.tts.embedded import EmbeddedTts, Options, VoiceName
from server.sounds.speech import spoken
from tests import speech
from transports.simulator.faults import Faults, Mischief

RATE = 8000
LISTENS = 6.0
"""Seconds of silence that a track ends with."""
PEOPLE = Answerer.PERSON

_RECORDED: Mapping[Answerer, Sequence[str]] = {
    Answerer.VOICEMAIL: (
        "vm-intro",
        "vm-nobodyavail vm-intro",
        "vm-theperson digits/4 digits/2 digits/7 vm-isunavail vm-intro",
        "vm-theperson digits/1 digits/9 vm-isonphone vm-intro",
        "vm-nobodyavail vm-rec-unv",
        "vm-rec-busy",
        "vm-rec-temp",
        "vm-record-prepend",
    ),
    Answerer.ANNOUNCEMENT: (
        "number-not-answering please-try-call-later",
        "all-circuits-busy-now please-try-call-later",
        "cannot-complete-as-dialed check-number-dial-again",
        "check-number-dial-again",
    ),
    Answerer.SCREENING: ("vm-rec-name",),
    Answerer.IVR: (
        "basic-pbx-ivr-main",
        "demo-instruct",
        "conf-adminmenu-18",
        "dir-multi9 vm-reachoper",
        "vm-tocallback vm-tohearenv vm-starmain",
    ),
    PEOPLE: (
        "hello",
        "hello hello",
        "hello vm-Work",
        "vm-youhave vm-Friends",
        "hello demo-thanks",
        "tt-somethingwrong",
        "please-try-again",
        "hello pls-hold-while-try",
        "hello privacy-thankyou",
        "auth-thankyou",
        "hello conf-onlyone",
        "hello vm-sorry",
    ),
}
"""Names of prompts, with a short pause between."""
_MORE = {"vm-intro": "Please leave your message after the tone. When done hang up or press the pound key."}
"""Prompts whose text is listed with a remark beside it."""

SAID: Mapping[str, Mapping[Answerer, Sequence[str]]] = {
    "en-IN": {
        PEOPLE: (
            "Hello?",
            "Hello, who is this?",
            "Yes, speaking.",
            "Good morning, Sharma Electronics.",
            "Haan, hello?",
        ),
        Answerer.VOICEMAIL: (
            "The person you are calling cannot come to the phone. Please leave a message after the tone.",
            "Hi, you have reached Ravi. I can't take your call right now. Leave me a message and I'll get back to you.",
        ),
        Answerer.ANNOUNCEMENT: (
            "The number you are calling is currently switched off. Please try again later.",
            "The subscriber you have dialled is not reachable at the moment.",
        ),
        Answerer.SCREENING: (
            "Hi, if you record your name and reason for calling, I'll see if this person is available.",
        ),
        Answerer.IVR: ("Welcome to City Hospital. For appointments, press 1. For billing, press 2.",),
    },
    "hi-IN": {
        PEOPLE: ("हेलो?", "हाँ जी, बोलिए।", "हेलो, कौन बोल रहा है?", "नमस्ते, शर्मा इलेक्ट्रॉनिक्स।"),
        Answerer.VOICEMAIL: ("इस समय हम आपका फ़ोन नहीं उठा सकते। कृपया बीप के बाद अपना संदेश छोड़ें।",),
        Answerer.ANNOUNCEMENT: ("आपने जिस नंबर पर कॉल किया है, वह अभी स्विच ऑफ है। कृपया थोड़ी देर बाद प्रयास करें।",),
    },
    "ta-IN": {
        PEOPLE: ("ஹலோ?", "ஹலோ, யார் பேசுவது?", "சொல்லுங்க."),
        Answerer.VOICEMAIL: ("இப்போது பேச முடியவில்லை. பீப் ஒலிக்குப் பிறகு உங்கள் செய்தியைப் பதிவு செய்யுங்கள்.",),
        Answerer.ANNOUNCEMENT: ("நீங்கள் அழைத்த எண் தற்போது ஸ்விட்ச் ஆஃப் செய்யப்பட்டுள்ளது. பிறகு முயற்சிக்கவும்.",),
    },
    "te-IN": {
        PEOPLE: ("హలో?", "హలో, ఎవరు మాట్లాడుతున్నారు?", "చెప్పండి."),
        Answerer.VOICEMAIL: ("ప్రస్తుతం మాట్లాడలేము. బీప్ తర్వాత మీ సందేశాన్ని రికార్డ్ చేయండి.",),
        Answerer.ANNOUNCEMENT: ("మీరు కాల్ చేస్తున్న నంబర్ ప్రస్తుతం స్విచ్ ఆఫ్ చేయబడింది. తర్వాత ప్రయత్నించండి.",),
    },
    "kn-IN": {
        PEOPLE: ("ಹಲೋ?", "ಹಲೋ, ಯಾರು ಮಾತಾಡ್ತಿರೋದು?", "ಹೇಳಿ."),
        Answerer.VOICEMAIL: ("ಈಗ ಮಾತನಾಡಲು ಆಗುತ್ತಿಲ್ಲ. ಬೀಪ್ ನಂತರ ನಿಮ್ಮ ಸಂದೇಶವನ್ನು ಬಿಡಿ.",),
        Answerer.ANNOUNCEMENT: ("ನೀವು ಕರೆ ಮಾಡಿದ ಸಂಖ್ಯೆ ಈಗ ಸ್ವಿಚ್ ಆಫ್ ಆಗಿದೆ. ದಯವಿಟ್ಟು ನಂತರ ಪ್ರಯತ್ನಿಸಿ.",),
    },
    "mr-IN": {
        PEOPLE: ("हॅलो?", "हॅलो, कोण बोलतंय?", "बोला."),
        Answerer.VOICEMAIL: ("आत्ता फोन घेता येत नाही. कृपया बीप नंतर आपला संदेश ठेवा.",),
        Answerer.ANNOUNCEMENT: ("आपण ज्या क्रमांकावर संपर्क करत आहात तो सध्या बंद आहे. कृपया नंतर प्रयत्न करा.",),
    },
    "bn-IN": {
        PEOPLE: ("হ্যালো?", "হ্যালো, কে বলছেন?", "বলুন।"),
        Answerer.VOICEMAIL: ("এখন ফোন ধরতে পারছি না। বিপের পর আপনার বার্তা রাখুন।",),
        Answerer.ANNOUNCEMENT: ("আপনি যে নম্বরে ফোন করেছেন সেটি এখন বন্ধ আছে। দয়া করে পরে চেষ্টা করুন।",),
    },
    "gu-IN": {
        PEOPLE: ("હેલો?", "હેલો, કોણ બોલો છો?", "બોલો."),
        Answerer.VOICEMAIL: ("અત્યારે ફોન ઉપાડી શકાય તેમ નથી. બીપ પછી તમારો સંદેશ છોડો.",),
        Answerer.ANNOUNCEMENT: ("તમે જે નંબર પર ફોન કર્યો છે તે હાલમાં સ્વિચ ઓફ છે. કૃપા કરીને પછી પ્રયત્ન કરો.",),
    },
    "ml-IN": {
        PEOPLE: ("ഹലോ?", "ഹലോ, ആരാണ് സംസാരിക്കുന്നത്?", "പറയൂ."),
        Answerer.VOICEMAIL: ("ഇപ്പോൾ സംസാരിക്കാൻ കഴിയില്ല. ബീപ്പിന് ശേഷം നിങ്ങളുടെ സന്ദേശം രേഖപ്പെടുത്തുക.",),
        Answerer.ANNOUNCEMENT: ("നിങ്ങൾ വിളിക്കുന്ന നമ്പർ ഇപ്പോൾ സ്വിച്ച് ഓഫ് ആണ്. പിന്നീട് ശ്രമിക്കുക.",),
    },
    "pa-IN": {
        PEOPLE: ("ਹੈਲੋ?", "ਹੈਲੋ, ਕੌਣ ਬੋਲ ਰਿਹਾ ਹੈ?", "ਹਾਂ ਜੀ, ਦੱਸੋ।"),
        Answerer.VOICEMAIL: ("ਅਸੀਂ ਹੁਣ ਫ਼ੋਨ ਨਹੀਂ ਚੁੱਕ ਸਕਦੇ। ਬੀਪ ਤੋਂ ਬਾਅਦ ਆਪਣਾ ਸੁਨੇਹਾ ਛੱਡੋ।",),
        Answerer.ANNOUNCEMENT: ("ਤੁਸੀਂ ਜਿਸ ਨੰਬਰ ਤੇ ਫ਼ੋਨ ਕੀਤਾ ਹੈ ਉਹ ਹੁਣ ਸਵਿੱਚ ਆਫ ਹੈ। ਬਾਅਦ ਵਿੱਚ ਕੋਸ਼ਿਸ਼ ਕਰੋ।",),
    },
}


@dataclass(frozen=True, slots=True)
class Greeting:
    """One far end, from the answer on; it hears nothing of what we say."""

    by: Answerer
    language: str
    pcm: bytes = field(repr=False)
    spans: tuple[tuple[float, float], ...]
    """Of speech, seconds, each with its words at the same place in `texts`."""
    texts: tuple[str, ...]
    beep_ends: float = 0.0
    """Seconds; 0: there is none."""

    def on_the_line(self, noise: float, seed: int) -> Greeting:
        """With noise, as decibels of signal above it, and as a µ-law line leaves it."""
        noisy = Mischief(Faults(seed=seed, noise=noise)).noisy(self.pcm)
        return replace(self, pcm=decode(encode(noisy, "mulaw"), "mulaw"))


def recorded() -> Iterator[Greeting]:
    """Of one professional speaker: only the prompts that are installed."""
    dice = random.Random(7)
    for by, every in _RECORDED.items():
        for names in every:
            try:
                parts = [_prompt(name) for name in names.split()]
            except KeyError:
                continue
            yield _composed(by, "en-US", [(part.text, _trimmed(part.pcm())) for part in parts], dice)


async def simulated() -> list[Greeting]:
    """In the embedded voice, of which each language has several."""
    dice = random.Random(8)
    made = []
    for language, kinds in SAID.items():
        voices: Sequence[VoiceName] = ("espeak+m3", "espeak+f2", *(("auto",) if language == "en-IN" else ()))
        for voice in voices:
            tts = EmbeddedTts(Options(voice=voice, language=language, speed=dice.uniform(0.95, 1.15)))
            for by, texts in kinds.items():
                for text in texts:
                    pcm = await spoken(tts, text, RATE)
                    made.append(_composed(by, language, [(text, pcm)], dice))
    return made


def _composed(by: Answerer, language: str, parts: Sequence[tuple[str, bytes]], dice: random.Random) -> Greeting:
    """People are heard a moment after the answer, machines some time later; what is between their parts is short."""
    pcm = silence(dice.uniform(0.2, 0.9), RATE)
    spans, texts = [], []
    for number, (text, sound) in enumerate(parts):
        if number:
            pcm += silence(dice.uniform(0.05, 0.35), RATE)
        spans.append((seconds(pcm, RATE), seconds(pcm, RATE) + seconds(sound, RATE)))
        texts.append(text)
        pcm += sound
    beep_ends = 0.0
    if by is Answerer.VOICEMAIL:
        pcm += silence(dice.uniform(0.2, 0.8), RATE) + _beep(dice)
        beep_ends = seconds(pcm, RATE)
    return Greeting(by, language, pcm + silence(LISTENS, RATE), tuple(spans), tuple(texts), beep_ends)


def _beep(dice: random.Random) -> bytes:
    hertz, length = dice.choice((440, 800, 950, 1000, 1400)), dice.uniform(0.25, 0.9)
    moments = np.arange(round(length * RATE)) / RATE
    return np.round(dice.uniform(3000, 9000) * np.sin(2 * np.pi * hertz * moments)).astype("<i2").tobytes()


def _prompt(name: str) -> speech.Prompt:
    return speech.Prompt(name, _MORE[name]) if name in _MORE else speech.prompt(name)


def _trimmed(pcm: bytes) -> bytes:
    """Without the silence at both ends."""
    loud = np.flatnonzero(np.abs(np.frombuffer(pcm, "<i2")) > 200)
    return pcm[2 * int(loud[0]) : 2 * int(loud[-1]) + 2] if len(loud) else pcm


if __name__ == "__main__":
    print(len(list(recorded())), len(asyncio.run(simulated())))
