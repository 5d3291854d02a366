"""What numbers are called: English and Hindi up to a hundred, the other languages as far as prices go."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from itertools import chain

from processors.numbers import words


def _counted(text: str, begin: int = 0) -> dict[str, float]:
    """Names one after the other; `/` stands between two of one number."""
    named = enumerate(text.split(), begin)
    return {name: float(number) for number, names in named for name in names.split("/")}


def _tens(text: str) -> dict[str, float]:
    return {name: number * 10 for name, number in _counted(text, 1).items()}


def _hundreds(text: str) -> dict[str, float]:
    return {name: number * 100 for name, number in _counted(text, 1).items()}


def _thousands(text: str) -> dict[str, float]:
    return {name: number * 1000 for name, number in _counted(text, 2).items()}


_ENGLISH = {words(number): float(number) for number in (*range(20), *range(20, 100, 10))}
_HINDI = _counted(
    "शून्य एक दो तीन चार पांच/पाँच छह/छः/छे सात आठ नौ दस ग्यारह बारह तेरह चौदह पंद्रह/पन्द्रह सोलह सत्रह अठारह उन्नीस बीस "
    "इक्कीस बाईस तेईस चौबीस पच्चीस छब्बीस सत्ताईस अट्ठाईस उनतीस तीस इकतीस बत्तीस तैंतीस चौंतीस पैंतीस छत्तीस सैंतीस अड़तीस "
    "उनतालीस चालीस इकतालीस बयालीस तैंतालीस चौवालीस पैंतालीस छियालीस सैंतालीस अड़तालीस उनचास पचास इक्यावन बावन तिरपन चौवन "
    "पचपन छप्पन सत्तावन अट्ठावन उनसठ साठ इकसठ बासठ तिरसठ चौंसठ पैंसठ छियासठ सड़सठ अड़सठ उनहत्तर सत्तर इकहत्तर बहत्तर "
    "तिहत्तर चौहत्तर पचहत्तर छिहत्तर सतहत्तर अठहत्तर उनासी अस्सी इक्यासी बयासी तिरासी चौरासी पचासी छियासी सत्तासी अट्ठासी "
    "नवासी नब्बे इक्यानवे बानवे तिरानवे चौरानवे पचानवे/पंचानवे छियानवे सत्तानवे अट्ठानवे निन्यानवे"
)
_LATIN = {
    **_counted("ek - teen chaar/char paanch/panch chhe/cheh saat aath nau das", 1),
    **_tens("- bees tees chaalis/chalis pachaas/pachas - sattar assi nabbe"),
}
_MARATHI = {
    **_counted("एक दोन तीन चार पाच सहा सात आठ नऊ दहा", 1),
    **_tens("दहा वीस तीस चाळीस पन्नास साठ सत्तर ऐंशी नव्वद"),
    **_hundreds("शंभर/एकशे दोनशे तीनशे चारशे पाचशे सहाशे सातशे आठशे नऊशे"),
}
_BENGALI = {
    **_counted("এক দুই/দু তিন চার পাঁচ ছয় সাত আট নয় দশ", 1),
    **_tens("দশ বিশ/কুড়ি ত্রিশ/তিরিশ চল্লিশ পঞ্চাশ ষাট সত্তর আশি নব্বই"),
    **_hundreds("একশ/একশো দুশ/দুশো/দুইশ/দুইশো তিনশ/তিনশো চারশ/চারশো পাঁচশ/পাঁচশো ছয়শ/ছয়শো সাতশ/সাতশো আটশ/আটশো নয়শ/নয়শো"),
}
_GUJARATI = {
    **_counted("એક બે ત્રણ ચાર પાંચ છ સાત આઠ નવ દસ", 1),
    **_tens("દસ વીસ ત્રીસ ચાલીસ પચાસ સાઠ સિત્તેર એંસી નેવું"),
    **_hundreds("સો/એકસો બસો ત્રણસો ચારસો પાંચસો છસો સાતસો આઠસો નવસો"),
}
_PUNJABI = {
    **_counted("ਇੱਕ/ਇਕ ਦੋ ਤਿੰਨ ਚਾਰ ਪੰਜ ਛੇ ਸੱਤ ਅੱਠ ਨੌਂ/ਨੌ ਦਸ", 1),
    **_tens("ਦਸ ਵੀਹ ਤੀਹ ਚਾਲੀ ਪੰਜਾਹ ਸੱਠ ਸੱਤਰ ਅੱਸੀ ਨੱਬੇ"),
}
_TAMIL = {
    **_counted("ஒன்று/ஒரு இரண்டு மூன்று நான்கு ஐந்து ஆறு ஏழு எட்டு ஒன்பது பத்து", 1),
    **_tens("பத்து இருபது முப்பது நாற்பது ஐம்பது அறுபது எழுபது எண்பது தொண்ணூறு"),
    **_hundreds(
        "நூறு/நூற்று இருநூறு/இருநூற்று முந்நூறு/முந்நூற்று/முன்னூறு நானூறு/நானூற்று ஐநூறு/ஐந்நூறு/ஐநூற்று அறுநூறு/அறுநூற்று"
    ),
    **_thousands(
        "இரண்டாயிரம்/இரண்டாயிரத்து மூவாயிரம்/மூவாயிரத்து நாலாயிரம்/நான்காயிரம் ஐயாயிரம்/ஐயாயிரத்து ஆறாயிரம் ஏழாயிரம் எட்டாயிரம் "
        "ஒன்பதாயிரம் பத்தாயிரம்/பத்தாயிரத்து"
    ),
    "எழுநூறு": 700.0,
    "எண்ணூறு": 800.0,
    "தொள்ளாயிரம்": 900.0,
    "தொள்ளாயிரத்து": 900.0,
}
_TELUGU = {
    **_counted("ఒకటి/ఒక రెండు మూడు నాలుగు ఐదు/అయిదు ఆరు ఏడు ఎనిమిది తొమ్మిది పది", 1),
    **_tens("పది ఇరవై ముప్పై నలభై యాభై అరవై డెబ్బై ఎనభై తొంభై"),
}
_KANNADA = {
    **_counted("ಒಂದು ಎರಡು ಮೂರು ನಾಲ್ಕು ಐದು ಆರು ಏಳು ಎಂಟು ಒಂಬತ್ತು ಹತ್ತು", 1),
    **_tens("ಹತ್ತು ಇಪ್ಪತ್ತು ಮೂವತ್ತು ನಲವತ್ತು ಐವತ್ತು ಅರವತ್ತು ಎಪ್ಪತ್ತು ಎಂಬತ್ತು ತೊಂಬತ್ತು"),
    **_hundreds("ನೂರು/ನೂರ ಇನ್ನೂರು/ಇನ್ನೂರ ಮುನ್ನೂರು/ಮುನ್ನೂರ ನಾನೂರು/ನಾನೂರ ಐನೂರು/ಐನೂರ ಆರುನೂರು ಏಳುನೂರು ಎಂಟುನೂರು ಒಂಬೈನೂರು"),
}
_MALAYALAM = {
    **_counted("ഒന്ന്/ഒരു രണ്ട് മൂന്ന് നാല് അഞ്ച് ആറ് ഏഴ് എട്ട് ഒമ്പത് പത്ത്", 1),
    **_tens("പത്ത് ഇരുപത് മുപ്പത് നാല്പത്/നാൽപ്പത് അമ്പത്/അൻപത് അറുപത് എഴുപത് എൺപത് തൊണ്ണൂറ്"),
    **_thousands(
        "രണ്ടായിരം/രണ്ടായിരത്തി മൂവായിരം/മൂവായിരത്തി നാലായിരം അയ്യായിരം/അയ്യായിരത്തി ആറായിരം ഏഴായിരം എട്ടായിരം ഒമ്പതിനായിരം പതിനായിരം"
    ),
    **_hundreds("നൂറ്/നൂറ്റി ഇരുനൂറ്/ഇരുന്നൂറ് മുന്നൂറ് നാനൂറ് അഞ്ഞൂറ്/അഞ്ഞൂറ്റി അറുനൂറ് എഴുനൂറ് എണ്ണൂറ് തൊള്ളായിരം"),
}
_FRACTIONS = {"डेढ़": 1.5, "ढाई": 2.5, "दीड": 1.5, "अडीच": 2.5, "দেড়": 1.5, "আড়াই": 2.5, "દોઢ": 1.5, "અઢી": 2.5}

_SCALES = {
    100: "hundred sau सौ ਸੌ వంద వందల నూరు",
    1000: "thousand hazar hazaar k हजार हज़ार হাজার હજાર ਹਜ਼ਾਰ ஆயிரம் ஆயிரத்து వేయి వెయ్యి వేల ಸಾವಿರ ಸಾವಿರದ ആയിരം ആയിരത്തി ହଜାର",
    10**5: "lakh lakhs lac lacs लाख লাখ লক্ষ લાખ ਲੱਖ லட்சம் இலட்சம் లక్ష లక్షల ಲಕ್ಷ ലക്ഷം ଲକ୍ଷ",
    10**6: "million",
    10**7: "crore crores cr करोड़ कोटी কোটি કરોડ ਕਰੋੜ கோடி కోటి కోట్ల ಕೋಟಿ കോടി କୋଟି",
    10**9: "billion",
}


def _in_one_form(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """As `tokens.normal` leaves words."""
    return {unicodedata.normalize("NFKC", name): value for name, value in pairs if name != "-"}


_TABLES = (
    _ENGLISH,
    _HINDI,
    _LATIN,
    _MARATHI,
    _BENGALI,
    _GUJARATI,
    _PUNJABI,
    _TAMIL,
    _TELUGU,
    _KANNADA,
    _MALAYALAM,
    _FRACTIONS,
)
NUMBERS: Mapping[str, float] = _in_one_form(chain.from_iterable(table.items() for table in _TABLES))
SCALES: Mapping[str, float] = _in_one_form(
    (name, float(scale)) for scale, names in _SCALES.items() for name in names.split()
)
