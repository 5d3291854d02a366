from __future__ import annotations

import pytest

from processors.numerals.cardinal import LANGUAGES, cardinal, digits, year
from processors.numerals.figures import FIGURES

# The numbers as Unicode CLDR spells them; Tamil's joined ones as AI4Bharat's indic-numtowords does.
KNOWN = {
    "hi": {0: "शून्य", 29: "उनतीस", 39: "उनतालीस", 69: "उनहत्तर", 79: "उनासी", 89: "नवासी", 99: "निन्यानबे", 100: "एक सौ"},
    "mr": {19: "एकोणीस", 26: "सव्वीस", 44: "चव्वेचाळीस", 76: "शहात्तर", 99: "नव्व्याण्णव", 100: "शंभर", 101: "एकशे एक"},
    "bn": {20: "কুড়ি", 35: "পঁয়ত্রিশ", 59: "উনষাট", 74: "চুয়াত্তর", 99: "নিরানব্বই", 600: "ছয়শো"},
    "gu": {6: "છ", 44: "ચુંમાલીસ", 45: "પિસ્તાલીસ", 89: "નેવ્યાસી", 99: "નવ્વાણું", 250: "બે સો પચાસ"},
    "pa": {11: "ਗਿਆਰਾਂ", 29: "ਉਣੱਤੀ", 54: "ਚੁਰੰਜਾ", 75: "ਪੰਝੱਤਰ", 99: "ਨੜ੍ਹਿੰਨਵੇ", 1000: "ਇੱਕ ਹਜ਼ਾਰ"},
    "ta": {13: "பதிமூன்று", 21: "இருபத்து ஒன்று", 93: "தொண்ணூற்று மூன்று", 400: "நானூறு", 905: "தொள்ளாயிரத்து ஐந்து"},
    "te": {14: "పద్నాలుగు", 58: "యాభై ఎనిమిది", 100: "వంద", 107: "నూట ఏడు", 300: "మూడు వందలు", 1000: "వెయ్యి"},
    "kn": {21: "ಇಪ್ಪತ್ತೊಂದು", 33: "ಮೂವತ್ತಮೂರು", 99: "ತೊಂಬತ್ತೊಂಬತ್ತು", 200: "ಇನ್ನೂರು", 901: "ಒಂಬೈನೂರ ಒಂದು", 1000: "ಸಾವಿರ"},
    "ml": {10: "പത്ത്", 21: "ഇരുപത്തിയൊന്ന്", 95: "തൊണ്ണൂറ്റിയഞ്ച്", 900: "തൊള്ളായിരം", 9000: "ഒൻപതിനായിരം"},
}
BIG = {
    "hi": "एक करोड़ तेईस लाख पैंतालीस हज़ार छह सौ अठहत्तर",
    "mr": "एक कोटी तेवीस लाख पंचेचाळीस हजार सहाशे अठ्ठ्याहत्तर",
    "bn": "এক কোটি তেইশ লাখ পঁয়তাল্লিশ হাজার ছয়শো আটাত্তর",
    "gu": "એક કરોડ તેવીસ લાખ પિસ્તાલીસ હજાર છ સો ઇઠ્યોતેર",
    "pa": "ਇੱਕ ਕਰੋੜ ਤੇਈ ਲੱਖ ਪੰਤਾਲੀ ਹਜ਼ਾਰ ਛੇ ਸੌ ਅਠੱਤਰ",
    "ta": "ஒரு கோடியே இருபத்து மூன்று லட்சத்து நாற்பத்து ஐந்து ஆயிரத்து அறுநூற்று எழுபத்து எட்டு",
    "te": "ఒక కోటి ఇరవై మూడు లక్షల నలభై ఐదు వేల ఆరు వందల డెబ్బై ఎనిమిది",
    "kn": "ಒಂದು ಕೋಟಿಯ ಇಪ್ಪತ್ತಮೂರು ಲಕ್ಷದ ನಲವತ್ತೈದು ಸಾವಿರದ ಆರುನೂರ ಎಪ್ಪತ್ತೆಂಟು",
    "ml": "ഒരു കോടി ഇരുപത്തിമൂന്ന് ലക്ഷത്തി നാൽപ്പത്തിയഞ്ചായിരത്തി അറുന്നൂറ്റി എഴുപത്തിയെട്ട്",
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_have_the_names_that_their_language_gives_them(language: str) -> None:
    assert {number: cardinal(number, language) for number in KNOWN[language]} == KNOWN[language]
    assert cardinal(12345678, language) == BIG[language]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_numbers_sound_the_same_and_none_is_left_as_figures(language: str) -> None:
    numbers = [*range(2000), *range(2000, 10**6, 4999), *(10**power for power in range(4, 12))]
    said = {cardinal(number, language) for number in numbers}
    assert len(said) == len(set(numbers))
    assert not any(sign.isdecimal() for text in said for sign in text)


@pytest.mark.parametrize(
    ("language", "text", "said"),
    [
        ("hi", "₹2,50,000 दीजिए", "दो लाख पचास हज़ार रुपये दीजिए"),
        ("hi", "₹99.50 और ₹5 lakh", "निन्यानबे रुपये पचास पैसे और पाँच लाख रुपये"),
        ("hi", "12.5% की छूट", "बारह दशमलव पाँच प्रतिशत की छूट"),
        ("hi", "कल 10:30 AM, 17:00, 9:15 बजे", "कल सुबह दस बजकर तीस मिनट, शाम पाँच बजे, नौ पन्द्रह बजे"),
        ("hi", "१५/०८/१९४७", "पन्द्रह अगस्त उन्नीस सौ सैंतालीस"),
        ("hi", "+91 98765 43210", "प्लस नौ एक, नौ आठ सात छह पाँच, चार तीन दो एक शून्य"),
        ("hi", "OTP 0042, A4 और 5-10 दिन", "OTP शून्य शून्य चार दो, A4 और पाँच से दस दिन"),
        ("bn", "৫টি, 2026-03-04", "পাঁচটি, চার মার্চ দুই হাজার ছাব্বিশ"),
        ("mr", "-3 अंश", "उणे तीन अंश"),
        ("ta", "₹1, 15 March, 5ம்", "ஒரு ரூபாய், பதினைந்து மார்ச், 5ம்"),
        ("te", "₹2000", "రెండు వేల రూపాయలు"),
        ("kn", "17:30", "ಸಂಜೆ ಐದು ಗಂಟೆ ಮೂವತ್ತು ನಿಮಿಷ"),
        ("ml", "₹1,00,000", "ഒരു ലക്ഷം രൂപ"),
        ("gu", "9876543210", "નવ આઠ સાત છ પાંચ, ચાર ત્રણ બે એક શૂન્ય"),
        ("pa", "20 %", "ਵੀਹ ਪ੍ਰਤੀਸ਼ਤ"),
    ],
)
def test_figures_are_said_in_words(language: str, text: str, said: str) -> None:
    assert FIGURES[language](text) == said


def test_a_year_is_said_in_hundreds_where_people_do_and_digits_of_any_script_one_by_one() -> None:
    assert year(1984, "hi") == "उन्नीस सौ चौरासी"
    assert year(1984, "te") == "వెయ్యి తొమ్మిది వందల ఎనభై నాలుగు"
    assert digits("9٠०", "hi") == "नौ शून्य शून्य"
