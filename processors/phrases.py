"""Short utterances that mean something to turn-taking, in nine Indian languages and in English."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from processors.numerals.cardinal import LANGUAGES, cardinal

ACKNOWLEDGEMENTS: dict[str, tuple[str, ...]] = {
    "en": (
        "i understand",
        "i see",
        "i got it",
        "i hear you",
        "im listening",
        "im with you",
        "right",
        "okay",
        "ok",
        "sure",
        "alright",
        "got it",
        "understood",
        "yeah",
        "yes",
        "uh huh",
        "mm hmm",
        "gotcha",
        "mhmm",
        "mhm",
        "ah",
        "oh",
        "hmm",
        "mm",
        "yep",
        "fine",
        "great",
        "good",
        "go on",
        "uh",
        "um",
    ),
    "hi": (
        "haan",
        "ha",
        "haan ji",
        "ji",
        "ji haan",
        "achha",
        "accha",
        "acha",
        "theek hai",
        "thik hai",
        "theek",
        "sahi",
        "हाँ",
        "हां",
        "हाँ जी",
        "जी",
        "जी हाँ",
        "अच्छा",
        "ठीक है",
        "ठीक",
        "सही",
        "हम्म",
        "ओके",
    ),
    "ta": ("aama", "aamaa", "sari", "seri", "ஆமா", "ஆமாம்", "சரி", "சரிங்க", "ஆமாங்க", "ஓகே", "புரியுது", "ம்ம்", "ம்"),
    "te": ("avunu", "sare", "ok andi", "అవును", "అవునండి", "సరే", "సరేనండి", "ఓకే", "అలాగే", "హా", "ఆ", "ఊఁ"),
    "kn": ("howdu", "haudu", "sari", "aayitu", "ಹೌದು", "ಸರಿ", "ಆಯ್ತು", "ಓಕೆ", "ಹಾ", "ಹ್ಮ್"),
    "mr": ("ho", "hoy", "barobar", "theek ahe", "हो", "होय", "बरोबर", "ठीक आहे", "बरं", "अच्छा", "ओके", "हं", "समजलं"),
    "bn": ("hyan", "accha", "thik ache", "হ্যাঁ", "আচ্ছা", "ঠিক আছে", "হুম", "জি", "ওকে", "বুঝেছি"),
    "gu": ("ha", "haa", "barabar", "saru", "હા", "હા જી", "બરાબર", "સારું", "ઠીક છે", "ઓકે", "અચ્છા", "હં"),
    "ml": ("athe", "sheri", "sari", "അതെ", "ശരി", "ഉം", "ആ", "ഓക്കേ", "മനസ്സിലായി", "ഹാ"),
    "pa": ("haan", "haanji", "theek hai", "ਹਾਂ", "ਹਾਂ ਜੀ", "ਠੀਕ ਹੈ", "ਅੱਛਾ", "ਜੀ", "ਓਕੇ", "ਸਹੀ", "ਹੂੰ"),
}
"""What a listener says while the other speaks: takes no turn from a speaking bot, and is an answer to a silent one."""

INTERRUPTIONS: dict[str, tuple[str, ...]] = {
    "en": (
        "stop",
        "shut up",
        "enough",
        "quiet",
        "hold on",
        "wait",
        "cut",
        "pause",
        "nope",
        "nah",
        "never mind",
        "actually",
        "no",
    ),
    "hi": ("ruko", "rukiye", "bas", "suniye", "suno", "nahi", "रुको", "रुकिए", "बस", "सुनिए", "सुनो", "नहीं"),
    "ta": ("niruthu", "nillunga", "நிறுத்து", "நிறுத்துங்க", "நில்லுங்க", "கேளுங்க", "வேண்டாம்", "இல்லை", "இல்ல"),
    "te": ("aagandi", "aagu", "ఆగండి", "ఆగు", "వినండి", "వద్దు", "లేదు", "కాదు"),
    "kn": ("nillisi", "nilli", "ನಿಲ್ಲಿಸಿ", "ನಿಲ್ಲಿ", "ಕೇಳಿ", "ಬೇಡ", "ಇಲ್ಲ"),
    "mr": ("thamba", "thaamba", "थांबा", "ऐका", "बस", "नको", "नाही"),
    "bn": ("thamun", "darao", "থামুন", "দাঁড়ান", "শুনুন", "দরকার নেই", "না"),
    "gu": ("ubha raho", "roko", "ઊભા રહો", "રોકો", "સાંભળો", "બસ", "નહીં", "ના"),
    "ml": ("nirthu", "nilkku", "നിർത്തൂ", "നിൽക്കൂ", "കേൾക്കൂ", "വേണ്ട", "ഇല്ല", "അല്ല"),
    "pa": ("ruko", "bas", "ਰੁਕੋ", "ਸੁਣੋ", "ਬੱਸ", "ਨਹੀਂ"),
}
"""What takes the turn at once, however short."""

_DIGITS = frozenset(
    word
    for words in (
        "zero oh one two three four five six seven eight nine ten double triple hundred thousand lakh crore",
        "ek do teen chaar char paanch panch chhe saat aath nau das shunya",
    )
    for word in words.split()
) | {cardinal(number, language) for language in LANGUAGES for number in range(11)}
_AMBIGUOUS = frozenset(("oh", "one", "do", "दो", "নয়", *(cardinal(1, language) for language in LANGUAGES)))
"""Other words too: a number only beside another."""
_ENDED = (".", "?", "!", "।", "॥", "۔")


def plain(text: str) -> str:
    """Lower case, without punctuation, one space between words; letters of every script kept with their marks."""
    kept = (c if unicodedata.category(c)[0] in "LMN" else "" if c in "'’" else " " for c in text.casefold())
    return " ".join("".join(kept).split())


def phrase_set(phrases: dict[str, tuple[str, ...]], language: str, more: Iterable[str] = ()) -> frozenset[str]:
    """The phrases of one language (a BCP 47 tag) and of English, which is mixed into every other, and those given."""
    return frozenset(plain(p) for p in (*phrases["en"], *phrases.get(language.split("-")[0], ()), *more))


def made_of(text: str, phrases: frozenset[str]) -> bool:
    """Whether the text is nothing but phrases of the set, one after the other: "okay, yeah, I see"."""
    words = plain(text).split()
    reachable = {0}
    for end in range(1, len(words) + 1):
        if any(start in reachable and " ".join(words[start:end]) in phrases for start in range(max(0, end - 4), end)):
            reachable.add(end)
    return bool(words) and len(words) in reachable


def begins_with(text: str, phrases: frozenset[str]) -> bool:
    words = plain(text).split()
    return any(" ".join(words[:length]) in phrases for length in range(1, min(len(words), 4) + 1))


def ends_sentence(text: str) -> bool:
    """Whether it ends as a finished sentence is written. "I'd like to..." does not."""
    stripped = text.rstrip()
    return stripped.endswith(_ENDED) and not stripped.endswith("..")


def ends_in_number(text: str) -> bool:
    """Whether its last word is a figure or a number's name: somebody may be dictating."""
    words = plain(text).split()
    numbers = [word in _DIGITS or word[-1].isdigit() for word in words[-2:]]
    return bool(numbers) and numbers[-1] and (words[-1] not in _AMBIGUOUS or numbers[0])
