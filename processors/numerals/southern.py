"""Numbers under a thousand, and how they join, in the four Dravidian languages: made of parts that change when joined.

From Unicode CLDR's rules (common/rbnf), release of 2026. Tamil's are of 2012 there, and join nothing: its joined forms
are those of AI4Bharat's indic-numtowords.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping


def _names(text: str) -> list[str]:
    return text.split()


TAMIL = _names(
    "பூஜ்ஜியம் ஒன்று இரண்டு மூன்று நான்கு ஐந்து ஆறு ஏழு எட்டு ஒன்பது "
    "பத்து பதினொன்று பன்னிரண்டு பதிமூன்று பதினான்கு பதினைந்து பதினாறு பதினேழு பதினெட்டு பத்தொன்பது"
)
_TAMIL_TENS = _names("இருபது முப்பது நாற்பது ஐம்பது அறுபது எழுபது எண்பது தொண்ணூறு")
_TAMIL_TENS_JOINED = _names("இருபத்து முப்பத்து நாற்பத்து ஐம்பத்து அறுபத்து எழுபத்து எண்பத்து தொண்ணூற்று")
_TAMIL_HUNDREDS = _names("நூறு இருநூறு முந்நூறு நானூறு ஐநூறு அறுநூறு எழுநூறு எண்ணூறு தொள்ளாயிரம்")
_TAMIL_HUNDREDS_JOINED = _names("நூற்று இருநூற்று முந்நூற்று நானூற்று ஐநூற்று அறுநூற்று எழுநூற்று எண்ணூற்று தொள்ளாயிரத்து")

TELUGU = _names(
    "సున్నా ఒకటి రెండు మూడు నాలుగు ఐదు ఆరు ఏడు ఎనిమిది తొమ్మిది పది పదకొండు పన్నెండు పదమూడు పద్నాలుగు పదిహేను పదహారు పదిహేడు పద్దెనిమిది పంతొమ్మిది"
)
_TELUGU_TENS = _names("ఇరవై ముప్పై నలభై యాభై అరవై డెబ్బై ఎనభై తొంభై")

KANNADA = _names(
    "ಸೊನ್ನೆ ಒಂದು ಎರಡು ಮೂರು ನಾಲ್ಕು ಐದು ಆರು ಏಳು ಎಂಟು ಒಂಬತ್ತು "
    "ಹತ್ತು ಹನ್ನೊಂದು ಹನ್ನೆರಡು ಹದಿಮೂರು ಹದಿನಾಲ್ಕು ಹದಿನೈದು ಹದಿನಾರು ಹದಿನೇಳು ಹದಿನೆಂಟು ಹತ್ತೊಂಬತ್ತು"
)
_KANNADA_TENS = _names("ಇಪ್ಪತ್ತ ಮೂವತ್ತ ನಲವತ್ತ ಐವತ್ತ ಅರವತ್ತ ಎಪ್ಪತ್ತ ಎಂಬತ್ತ ತೊಂಬತ್ತ")
_KANNADA_ONES = _names("ು ೊಂದು ೆರಡು ಮೂರು ನಾಲ್ಕು ೈದು ಾರು ೇಳು ೆಂಟು ೊಂಬತ್ತು")
"""As they are written onto a ten; the first onto one without."""
_KANNADA_HUNDREDS = _names("ನೂರ ಇನ್ನೂರ ಮುನ್ನೂರ ನಾನೂರ ಐನೂರ ಆರುನೂರ ಏಳುನೂರ ಎಂಟುನೂರ ಒಂಬೈನೂರ")

_MALAYALAM_STEMS = _names(
    "ഒന്ന രണ്ട മൂന്ന നാല അഞ്ച ആറ ഏഴ എട്ട ഒൻപത പത്ത പതിനൊന്ന പന്ത്രണ്ട പതിമൂന്ന പതിനാല പതിനഞ്ച പതിനാറ പതിനേഴ പതിനെട്ട പത്തൊൻപത"
)
MALAYALAM = ["പൂജ്യം", *(f"{stem}്" for stem in _MALAYALAM_STEMS)]
_MALAYALAM_ONES = _names("യൊന്ന് രണ്ട് മൂന്ന് നാല് യഞ്ച് യാറ് യേഴ് യെട്ട് യൊൻപത്")
_MALAYALAM_TENS = _names("ഇരുപത മുപ്പത നാൽപ്പത അൻപത അറുപത എഴുപത എൺപത തൊണ്ണൂറ")
_MALAYALAM_HUNDREDS = _names("നൂറ ഇരുനൂറ മുന്നൂറ നാനൂറ അഞ്ഞൂറ അറുന്നൂറ എഴുന്നൂറ എണ്ണൂറ തൊള്ളായിര")


def _tamil(number: int) -> str:
    if number < 20:
        return TAMIL[number]
    if number < 100:
        ten, one = divmod(number, 10)
        return f"{_TAMIL_TENS_JOINED[ten - 2]} {TAMIL[one]}" if one else _TAMIL_TENS[ten - 2]
    hundreds, rest = divmod(number, 100)
    return f"{_TAMIL_HUNDREDS_JOINED[hundreds - 1]} {_tamil(rest)}" if rest else _TAMIL_HUNDREDS[hundreds - 1]


def _telugu(number: int) -> str:
    if number < 20:
        return TELUGU[number]
    if number < 100:
        ten, one = divmod(number, 10)
        return f"{_TELUGU_TENS[ten - 2]} {TELUGU[one]}" if one else _TELUGU_TENS[ten - 2]
    hundreds, rest = divmod(number, 100)
    if hundreds == 1:
        return f"నూట {_telugu(rest)}" if rest else "వంద"
    return f"{TELUGU[hundreds]} వందల {_telugu(rest)}" if rest else f"{TELUGU[hundreds]} వందలు"


def _kannada(number: int) -> str:
    if number < 20:
        return KANNADA[number]
    if number < 100:
        ten, one = divmod(number, 10)
        return _KANNADA_TENS[ten - 2] + _KANNADA_ONES[one]
    hundreds, rest = divmod(number, 100)
    return f"{_KANNADA_HUNDREDS[hundreds - 1]} {_kannada(rest)}" if rest else f"{_KANNADA_HUNDREDS[hundreds - 1]}ು"


def _malayalam(number: int) -> str:
    if number < 20:
        return MALAYALAM[number]
    if number < 100:
        ten, one = divmod(number, 10)
        stem = _MALAYALAM_TENS[ten - 2]
        link = "്റി" if ten == 9 else "്തി"
        return f"{stem}{link}{_MALAYALAM_ONES[one - 1]}" if one else f"{stem}്"
    hundreds, rest = divmod(number, 100)
    stem = _MALAYALAM_HUNDREDS[hundreds - 1]
    if hundreds == 9:
        return f"{stem}ത്തി{_behind(rest)}" if rest else f"{stem}ം"
    return f"{stem}്റി{_behind(rest)}" if rest else f"{stem}്"


def _behind(rest: int) -> str:
    """One to nine are written onto what stands before them."""
    return _MALAYALAM_ONES[rest - 1] if rest < 10 else f" {_malayalam(rest)}"


UNDER_THOUSAND: Mapping[str, Callable[[int], str]] = {
    "ta": _tamil,
    "te": _telugu,
    "kn": _kannada,
    "ml": _malayalam,
}


def tamil(thousands: int, lakhs: int, crores: str, rest: int) -> str:
    said = [crores and (f"{crores} கோடியே" if thousands or lakhs or rest else f"{crores} கோடி")]
    if lakhs:
        said.append(f"{'ஒரு' if lakhs == 1 else _tamil(lakhs)} {'லட்சத்து' if thousands or rest else 'லட்சம்'}")
    if thousands:
        word = "ஆயிரத்து" if rest else "ஆயிரம்"
        said.append(word if thousands == 1 else f"{_tamil(thousands)} {word}")
    return _joined(said, _tamil, rest)


def telugu(thousands: int, lakhs: int, crores: str, rest: int) -> str:
    """What ends in several of them ends otherwise than what goes on."""
    said = [crores and f"{crores} {'కోటి' if crores == 'ఒక' else 'కోట్ల' if thousands or lakhs or rest else 'కోట్లు'}"]
    if lakhs:
        said.append("ఒక లక్ష" if lakhs == 1 else f"{_telugu(lakhs)} {'లక్షల' if thousands or rest else 'లక్షలు'}")
    if thousands:
        said.append("వెయ్యి" if thousands == 1 else f"{_telugu(thousands)} {'వేల' if rest else 'వేలు'}")
    return _joined(said, _telugu, rest)


def kannada(thousands: int, lakhs: int, crores: str, rest: int) -> str:
    said = [crores and f"{crores} {'ಕೋಟಿಯ' if thousands or lakhs or rest else 'ಕೋಟಿ'}"]
    if lakhs:
        said.append(f"{_kannada(lakhs)} {'ಲಕ್ಷದ' if thousands or rest else 'ಲಕ್ಷ'}")
    if thousands:
        word = "ಸಾವಿರದ" if rest else "ಸಾವಿರ"
        said.append(word if thousands == 1 else f"{_kannada(thousands)} {word}")
    return _joined(said, _kannada, rest)


def malayalam(thousands: int, lakhs: int, crores: str, rest: int) -> str:
    said = [crores and f"{crores} കോടി"]
    if lakhs:
        said.append(f"{'ഒരു' if lakhs == 1 else _malayalam(lakhs)} {'ലക്ഷത്തി' if thousands or rest else 'ലക്ഷം'}")
    if thousands:
        link = f"ത്തി{_behind(rest)}" if rest else "ം"
        stem = _malayalam(thousands).removesuffix("്")
        said.append(f"ആയിര{link}" if thousands == 1 else f"{_thousands(stem)}ായിര{link}")
        rest = 0
    return _joined(said, _malayalam, rest)


def _thousands(stem: str) -> str:
    """Ten and nine change before a thousand."""
    changed = {"ഒൻപത": "ഒൻപതിന", "പത്ത": "പതിന"}
    return changed.get(stem, stem)


def _joined(said: list[str], name: Callable[[int], str], rest: int) -> str:
    return " ".join(filter(None, (*said, name(rest) if rest else "")))
