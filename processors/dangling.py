"""How the last word tells whether somebody goes on, language by language.

Reasoned, not measured: conjunctions, possessives and fillers, behind which more must come, and forms of verbs that end
a sentence in languages whose verbs stand last. Recognisers put few full stops there.
"""

from __future__ import annotations

from collections.abc import Mapping

from processors.phrases import plain

OPEN: Mapping[str, str] = {
    "en": "a an the my your our their of and or but because if than into um umm uh uhh",
    "hi": (
        "और या कि लेकिन मगर क्योंकि अगर मेरा मेरी मेरे मतलब यानी जैसे का की के "
        "aur ya ki lekin magar kyunki kyonki agar mera meri mere matlab yaani jaise"
    ),
    "mr": "आणि किंवा पण कारण जर मग म्हणजे माझा माझी माझे जसे की aani ani kinva pan karan jar mhanje",
    "bn": "এবং আর বা কিন্তু কারণ যদি মানে আমার যেমন যে তারপর ebong ar kintu karon jodi mane amar",
    "gu": "અને અથવા પણ કારણકે જો એટલે મારો મારી મારું જેમ ane athva pan karanke jo etle maru",
    "pa": "ਅਤੇ ਜਾਂ ਪਰ ਕਿਉਂਕਿ ਜੇ ਮਤਲਬ ਮੇਰਾ ਮੇਰੀ ਮੇਰੇ ਜਿਵੇਂ ਕਿ ate jaan par kyunki je matlab mera meri",
    "ta": "மற்றும் அல்லது ஆனால் ஏனென்றால் என்றால் என் எனது அதாவது matrum allathu aanaal athavathu",
    "te": "మరియు లేదా కానీ ఎందుకంటే అయితే నా అంటే mariyu leda kaani endukante ante naa",
    "kn": "ಮತ್ತು ಅಥವಾ ಆದರೆ ಯಾಕೆಂದರೆ ಏಕೆಂದರೆ ನನ್ನ ಅಂದರೆ mattu athava aadare yaakendare nanna andre",
    "ml": "അല്ലെങ്കിൽ പക്ഷേ പക്ഷെ കാരണം എന്റെ അതായത് allenkil pakshe karanam ente athayathu",
}
"""Somebody who stops there has not finished."""
CLOSED: Mapping[str, str] = {
    "hi": "है हैं हूँ हूं था थी थे चाहिए गया गई दीजिए कीजिए दो बताइए बताओ रहा रही नहीं hai hain hoon chahiye dijiye batao",
    "mr": "आहे आहेत आहेस होता होती होते पाहिजे हवे हवा हवी सांगा करा द्या नाही aahe ahe pahije sanga nahi",
    "bn": "আছে আছি ছিল চাই হবে করুন বলুন দিন নেই না গেছে ache chai hobe korun bolun nei",
    "gu": "છે છું હતું હતો હતી જોઈએ કરો કહો આપો નથી chhe chhu joie karo kaho nathi",
    "pa": "ਹੈ ਹਨ ਹਾਂ ਸੀ ਚਾਹੀਦਾ ਚਾਹੀਦੀ ਦਿਓ ਦੱਸੋ ਕਰੋ ਨਹੀਂ hai han si chahida dasso nahi",
    "ta": "வேண்டும் இருக்கு இருக்கிறது உள்ளது சொல்லுங்கள் சொல்லுங்க பண்ணுங்க இல்லை வேண்டாம் தாங்க venum irukku sollunga illai vendam",
    "te": "ఉంది ఉన్నాయి ఉన్నాను కావాలి చెప్పండి చేయండి ఇవ్వండి లేదు వద్దు undi kavali cheppandi ivvandi ledu vaddu",
    "kn": "ಇದೆ ಇವೆ ಇದ್ದೇನೆ ಬೇಕು ಹೇಳಿ ಮಾಡಿ ಕೊಡಿ ಇಲ್ಲ ಬೇಡ ide beku heli maadi kodi illa beda",
    "ml": "ഉണ്ട് ആണ് ആയിരുന്നു വേണം പറയൂ തരൂ ചെയ്യൂ ഇല്ല വേണ്ട undu aanu venam parayu tharu illa venda",
}
"""What ends a sentence, though no full stop is behind it."""
_MARKS = (",", "...", "…", "-", "–", ":", ";")


class Endings:
    """Of one language, and of English, which is mixed into every other."""

    def __init__(self, language: str) -> None:
        """A BCP 47 tag."""
        tongue = language.lower().partition("-")[0]
        self._open = _words(OPEN["en"], OPEN.get(tongue, ""))
        self._closed = _words(CLOSED.get(tongue, ""))

    def goes_on(self, text: str) -> bool:
        """Whether it is half a sentence for sure ("on Monday,", "and the"). One without any mark may be a whole one."""
        return text.rstrip().endswith(_MARKS) or _last(text) in self._open

    def has_ended(self, text: str) -> bool:
        """Whether its last word ends sentences, and no mark says that it goes on."""
        return _last(text) in self._closed and not text.rstrip().endswith(_MARKS)


def _words(*lists: str) -> frozenset[str]:
    return frozenset(word for words in lists for word in plain(words).split())


def _last(text: str) -> str:
    words = plain(text).split()
    return words[-1] if words else ""
