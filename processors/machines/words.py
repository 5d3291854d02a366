"""What machines say that people do not, in English and in the Indian languages: words that give a machine away.

Networks announce themselves in several languages, whatever the call's own is, so all are looked for in every call.
Spelt as recognisers write them, and in Latin letters where those mix the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from processors.phrases import plain


class Answerer(StrEnum):
    """Who it is that answers."""

    PERSON = "person"
    VOICEMAIL = "voicemail"
    SCREENING = "screening"
    """A phone that asks who is calling, and lets its owner choose."""
    IVR = "ivr"
    """A menu, which can be talked to or keyed."""
    ANNOUNCEMENT = "announcement"
    """The network says why nobody can be reached."""


@dataclass(frozen=True, slots=True)
class Told:
    by: Answerer
    reason: str
    """Of a short list: it is counted and logged."""


BUSY, SWITCHED_OFF, UNREACHABLE, UNANSWERED = "busy", "switched_off", "unreachable", "not_answering"
NO_SUCH_NUMBER = "invalid_number"
ANNOUNCED = frozenset({BUSY, SWITCHED_OFF, UNREACHABLE, UNANSWERED, NO_SUCH_NUMBER})
"""Reasons of announcements."""

_SCREENING = (
    r"(state|say) your name (and|or|before)",
    r"record your name",
    r"(why|reason) (youre|you are|for) calling",
    r"call (screening|assist)",
    r"screening service",
    r"(using|from) google to (screen|answer)",
    r"who is calling and why",
    "अपना नाम और कॉल करने",
    "कॉल करने (का|की) (कारण|वजह)",
)
_IVR = (
    r"press (\d|one|two|three|four|five|six|seven|eight|nine|zero|star|pound|hash)",
    r"dial (\d|one|two|three|zero) (for|to|now)",
    r"main menu",
    r"following options",
    r"(know|dial) (your partys|the) extension",
    r"(\d|एक|दो|तीन|शून्य) दबा",
    r"बटन दबा",
    r"(\d|ఒకటి) నొక్క",
    r"(\d|ஒன்றை|ஒன்று) அழுத்த",
    r"(\d|ಒಂದನ್ನು|ಒಂದು) ಒತ್ತ",
    r"(\d|ഒന്ന്) അമർത്ത",
    r"(\d|এক) (টিপুন|চাপুন)",
    r"(\d|એક) દબાવ",
    r"(\d|ਇੱਕ) ਦਬਾ",
    r"(\d|एक) दाबा",
    r"(\d|ଏକ) ଦବା",
)
_VOICEMAIL = (
    r"(after|at|hear|wait for) (the |a )?(beep|tone|signal)",
    r"leave (me |us |him |her |them )?(an? |your |the |any )?(brief |short |voice )?(message|name|number)",
    r"record (a|your|the) message",
    r"voice ?mail",
    r"mail ?box",
    r"answering machine",
    r"(cant|cannot|can not|unable to|not able to|couldnt) (come|get) to the phone",
    r"(cant|cannot|can not|unable to|not able to|couldnt) (take|answer) (your|the|my|this|any) (call|phone)",
    r"available to take your call",
    r"(ill|i will|we will|well) (get back to you|call you back|return your call) (as soon as|when|soon)",
    "संदेश (छोड़|रिकॉर्ड|रिकार्ड|दर्ज)",
    "मैसेज (छोड़|रिकॉर्ड|रिकार्ड)",
    "(बीप|टोन) के बाद",
    "(वॉइस|वॉयस|वॉइस|व्हॉइस) ?मेल",
    "(beep|tone) ke baa?d",
    "(sandesh|message) chh?o(d|r)",
    "(संदेश|निरोप|मेसेज) (ठेवा|सोडा|नोंदवा|द्या)",
    "(बीप|टोन) नंतर",
    "(பீப்|பீப் ஒலி|ஒலி)(க்கு|க்குப்)? (பிறகு|பின்)",
    "செய்தியை (பதிவு|விட்டு|விடு|சொல்ல)",
    "குரல் அஞ்சல்",
    "(బీప్|టోన్)( శబ్దం)? తర్వాత",
    "(సందేశాన్ని|సందేశం|మెసేజ్) (వదల|రికార్డ్|ఇవ్వ|తెలియజేయ)",
    "(ಬೀಪ್|ಟೋನ್)( ಶಬ್ದದ)? ನಂತರ",
    "(ಸಂದೇಶವನ್ನು|ಸಂದೇಶ|ಮೆಸೇಜ್) (ಬಿಡಿ|ಬಿಡ|ರೆಕಾರ್ಡ್|ದಾಖಲಿಸ|ನೀಡ)",
    "(ബീപ്പിന്|ബീപ് ശബ്ദത്തിന്|ടോണിന്) ശേഷം",
    "സന്ദേശം (നൽക|രേഖപ്പെടുത്ത|വിട|റെക്കോർഡ്|അയ)",
    "(বিপের|বীপের|বিপ|টোনের) পর",
    "(বার্তা|মেসেজ) (রাখুন|রেখে|রেকর্ড|দিন)",
    "(બીપ|ટોન)( પછી|ના પછી)",
    "(સંદેશ|સંદેશો|મેસેજ) (છોડ|મૂક|રેકોર્ડ|આપ)",
    "(ਬੀਪ|ਟੋਨ) (ਤੋਂ|ਦੇ) ਬਾਅਦ",
    "(ਸੁਨੇਹਾ|ਸੰਦੇਸ਼|ਮੈਸੇਜ) (ਛੱਡ|ਰਿਕਾਰਡ|ਦਿਓ)",
    "(ବିପ୍|ଟୋନ୍) ପରେ",
    "(ବାର୍ତ୍ତା|ମେସେଜ୍|ସନ୍ଦେଶ) (ଛାଡ|ରେକର୍ଡ|ଦିଅ)",
)
_CALLED = r"(number|person|subscriber|customer|party|airtel|jio|vodafone|bsnl)( \w+)? you (are|re|have|had|were)"
_ANNOUNCED: Mapping[str, Sequence[str]] = {
    NO_SUCH_NUMBER: (
        r"number (you have )?(dialed|dialled|called)? ?(does not|doesnt|do not) exist",
        r"(dialed|dialled|called) (is|was) (not valid|invalid|incorrect|not in (service|use))",
        r"(not in service|been disconnected|invalid number|check the number)",
        r"cannot be completed as dial+ed",
        "(नंबर|नम्बर) (मौजूद नहीं|अस्तित्व में नहीं|गलत|सेवा में नहीं|अमान्य)",
        "अस्तित्व में नहीं",
        "नंबर की जांच",
        "अस्तित्वात नाही",
        "அழைத்த எண் (தவறான|உபயோகத்தில் இல்லை)",
    ),
    SWITCHED_OFF: (
        r"(currently|presently|is|been) switched? off",
        r"स्वि(च|च्ड|च्च) ?(ऑफ|ऑफ़|आफ)",
        "switch off (hai|he)",
        "फोन बंद (है|आहे)",
        "ஸ்விட்ச் ஆஃப்|சுவிட்ச் ஆஃப்|அணைத்து வைக்க",
        "స్విచ్ ?(డ్ )?ఆఫ్|స్విచ్ ఆఫ్",
        "ಸ್ವಿಚ್ ?ಆಫ್|ಸ್ವಿಚ್ಡ್ ಆಫ್",
        "സ്വിച്ച് ?(ഡ് )?ഓഫ്",
        "সুইচ(ড)? অফ|বন্ধ (আছে|রয়েছে)",
        "સ્વિચ ?(ડ )?(ઓફ|ઑફ)",
        "ਸਵਿੱਚ ?ਆ(ਫ|ਫ਼)",
        "ସୁଇଚ୍ ?ଅଫ୍",
    ),
    BUSY: (
        rf"{_CALLED}.* (is|are) (currently |presently )?(busy|on another call|speaking to)",
        r"(is|are) (currently )?speaking (to|with) someone else",
        r"all (circuits|lines|routes)( to this route)? are (currently )?busy",
        r"(lines|routes).* are busy",
        "व्यस्त (है|आहे|चल)",
        "(किसी|दूसरी|अन्य).*(कॉल|व्यक्ति).*(बात कर|व्यस्त)",
        "(vyast|busy) hai",
        "(பிஸியாக|வேறொரு அழைப்பில்|உபயோகத்தில்) (உள்ளது|உள்ளார்|இருக்கிற)",
        "(బిజీగా|వేరే కాల్|మరో కాల్)",
        "(ಬ್ಯುಸಿ|ಕಾರ್ಯನಿರತ|ಬೇರೆ ಕರೆ)",
        "(തിരക്കിലാണ്|മറ്റൊരു കോളിൽ)",
        "(ব্যস্ত (আছে|রয়েছে)|অন্য কলে)",
        "(વ્યસ્ત છે|બીજા કોલ)",
        "(ਵਿਅਸਤ ਹੈ|ਹੋਰ ਕਾਲ)",
    ),
    UNANSWERED: (
        rf"{_CALLED}.* (not|isnt) (answering|picking|responding)",
        r"(number|person|subscriber|customer) is not answering",
        r"(उत्तर|जवाब) नहीं (दे|मिल)",
        "उत्तर देत नाही",
        "பதில் (அளிக்கவில்லை|இல்லை)",
        "సమాధానం (ఇవ్వ|లేదు)",
        "ಉತ್ತರಿಸುತ್ತಿಲ್ಲ",
        "മറുപടി (നൽകുന്നില്ല|ഇല്ല)",
        "উত্তর (দিচ্ছে|দিচ্ছেন) না",
        "જવાબ (આપતા|મળતો) નથી",
        "ਜਵਾਬ ਨਹੀਂ",
    ),
    UNREACHABLE: (
        rf"{_CALLED}.* (not|un|isnt) ?(reachable|available)",
        r"(out of|outside|not in) (the )?(coverage|network|service) area",
        r"(currently|presently|is) (not reachable|unreachable)",
        rf"{_CALLED} (calling|trying|dial|reach|call)",
        "you have (dialed|dialled|called) is",
        "(नंबर|नम्बर|व्यक्ति|ग्राहक).*(उपलब्ध|संपर्क|पहुंच|पहुँच).*नहीं",
        "(आपने|आप) जिस (नंबर|नम्बर|व्यक्ति|एयरटेल|ग्राहक|जियो)",
        "जिस (नंबर|नम्बर|व्यक्ति|ग्राहक) (पर|से|को)",
        "(कवरेज|नेटवर्क) क्षेत्र",
        "(aap ?ne|aap) jis (number|vyakti|nambar)",
        "(आपण|तुम्ही) (ज्या|डायल|संपर्क)",
        "(संपर्क|कव्हरेज) (क्षेत्रा|होऊ शकत)",
        "நீங்கள் (அழைத்த|அழைக்கும்|தொடர்பு கொள்ள|டயல்)",
        "தொடர்பு எல்லை",
        "మీరు (డయల్|కాల్|సంప్రదించ|ప్రయత్నిస్త)",
        "కవరేజ్ (ఏరియా|ప్రాంత)",
        "ನೀವು (ಕರೆ|ಡಯಲ್|ಸಂಪರ್ಕಿಸ)",
        "ವ್ಯಾಪ್ತಿ ?(ಪ್ರದೇಶ|ಯ)",
        "നിങ്ങൾ (വിളിച്ച|വിളിക്കുന്ന|ഡയൽ|ബന്ധപ്പെട)",
        "പരിധിക്ക് (പുറത്ത്|വെളിയിൽ)",
        "আপনি যে (নম্বর|নাম্বার|গ্রাহক|ব্যক্তি)",
        "আপনার (কাঙ্ক্ষিত|ডায়াল)",
        "(এই মুহূর্তে )?সংযোগ (দেওয়া|দেয়া|স্থাপন) সম্ভব",
        "(તમે|આપે|આપ) (જે|ડાયલ|જેનો)",
        "સંપર્ક (થઈ|કરી) શક",
        "(ਤੁਸੀਂ|ਤੁਹਾਡੇ) (ਜਿਸ|ਵੱਲੋਂ)",
        "(ਨੰਬਰ|ਗਾਹਕ).*(ਉਪਲਬਧ|ਸੰਪਰਕ).*ਨਹੀਂ",
        "ଆପଣ (ଯେଉଁ|ଡାଏଲ|କଲ୍)",
        "ଯୋଗାଯୋଗ (ହୋଇ|ସମ୍ଭବ)",
    ),
}
"""The general last: what is not known yet when somebody has only begun to announce it."""


def told_by(text: str) -> Told | None:
    """Whom these words give away; None if a person may have said them.

    A phone that screens is asked for before a mailbox, which also wants names recorded; a mailbox before the
    announcement that leads to it.
    """
    said = plain(text)
    return next((told for told, words in (_IN_LATIN if said.isascii() else _TOLD) if words.search(said)), None)


def _any(phrases: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{phrase})" for phrase in map(_spaced, phrases)))


def _spaced(phrase: str) -> str:
    """Signs without a width stand as spaces, as `plain` leaves them."""
    return phrase.replace("\u200c", " ").replace("\u200d", " ")


_PHRASES = (
    (Told(Answerer.SCREENING, "screening"), _SCREENING),
    (Told(Answerer.VOICEMAIL, "voicemail"), _VOICEMAIL),
    (Told(Answerer.IVR, "ivr"), _IVR),
    *((Told(Answerer.ANNOUNCEMENT, reason), phrases) for reason, phrases in _ANNOUNCED.items()),
)
_TOLD = tuple((told, _any(phrases)) for told, phrases in _PHRASES)
_IN_LATIN = tuple((told, _any([each for each in phrases if each.isascii()])) for told, phrases in _PHRASES)
"""All that a text in plain letters can hold: a tenth of the time."""
