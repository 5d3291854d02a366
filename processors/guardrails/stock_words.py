"""What is said of stock, availability and delivery: patterns over `tokens.normal`, stems where endings are many."""

from __future__ import annotations

import re

from processors.tokens import MARKS, normal

_LETTER = rf"[^\W_]|[{MARKS}]"


def _any(*lists: str) -> re.Pattern[str]:
    """A word that begins with one of these; `$` at an end: is one of these."""
    stems = (
        rf"{re.escape(normal(word.removesuffix('$'))).replace('_', '[ _-]?')}"
        + (rf"(?!{_LETTER})" if word.endswith("$") else "")
        for words in lists
        for word in words.split()
    )
    return re.compile(rf"(?<![^\W_])(?<![{MARKS}])(?:{'|'.join(stems)})")


AVAILABLE = _any(
    "in_stock out_of_stock sold_out available$ unavailable availability stock$ stocks$ inventory restock back_order",
    "उपलब्ध स्टॉक मिल_जाएग मिल_जायेग साठ्यात शिल्लक মজুদ মজুত স্টকে উপলব্ধ পাওয়া_যা ઉપલબ્ધ સ્ટોક મળી_જશે ਉਪਲਬਧ ਸਟਾਕ ਮਿਲ_ਜਾ",
    "கிடைக்க கிடைக்கு கிடைக்கா இருப்பில் கைவசம் ஸ்டாக் అందుబాటు స్టాక్ దొరుకు దొరకదు ಲಭ್ಯ ಸ್ಟಾಕ್ ಸಿಗುತ್ತ ಸಿಗುವುದಿಲ್ಲ ലഭ്യ സ്റ്റോക്ക ലഭിക്കു ଉପଲବ୍ଧ",
)
LEFT = re.compile(
    r"\b(?:only|just|last)\s+(?:\w+\s+){1,5}(?:left|remaining|pieces|units)\b|\b\w+\s+(?:left|remaining)\s+in\b"
    r"|\b(?:\d+|one|two|three|four|five|six|seven|eight|nine|ten)\s+(?:\w+\s+)?(?:left|remaining)\b"
    r"|(?:सिर्फ|सिर्फ़|केवल|बस)\s+\S+\s+(?:\S+\s+)?(?:बचा|बचे|बची)|फक्त\s+\S+\s+(?:उरल|शिल्लक)"
)
NEGATIVE = re.compile(
    r"\bout[ _-]of[ _-]stock|\bsold[ _-]out|\bunavailable|\b(?:not|isn't|aren't|never|no longer|none|no)\b"
    r"|नहीं|नही|नाही|খালি|নেই|পাওয়া যাবে না|નથી|નહીં|ਨਹੀਂ|இல்லை|கிடைக்காது|లేదు|లేవు|దొరకదు|ಇಲ್ಲ|ವಿಲ್ಲ|വില്ല|ഇല്ല|മല്ല|ନାହିଁ"
)
HEDGED = re.compile(
    r"\b(?:if|whether|let me|i'll check|i will check|check|checking|find out|confirm|once|when|don't know|not sure)\b"
    r"|\b(?:i'm|i am|we're|we are)\s+(?:\w+\s+){0,2}available\b"
    r"|अगर|यदि|देखती|देखता|पता कर|जांच|पूछ|जर |যদি|દેખી|જો |ਜੇ |என்றால்|பார்த்து"
)
"""What only asks, or promises to look."""
DELIVERY = _any(
    "deliver ship$ shipped shipping ships$ dispatch courier will_arrive will_reach_you reaches_you",
    "डिलीवर डिलिवर पहुंच_जाए पहुँच_जाए पोहोच ডেলিভার પહોંચ ડિલિવર ડિલિવરી ਡਿਲੀਵਰ ਪਹੁੰਚ டெலிவரி வந்து_சேரும் డెలివరీ చేరుతుంది",
    "ಡೆಲಿವರಿ ತಲುಪ ഡെലിവറി എത്തിക്കു ଡେଲିଭରି",
)
DAYS = _any(
    "today tomorrow tonight monday tuesday wednesday thursday friday saturday sunday weekend next_week",
    "आज$ कल$ परसों सोमवार मंगलवार बुधवार गुरुवार शुक्रवार शनिवार रविवार उद्या আজ আগামীকাল কাল$ আગામી આજે આવતીકાલ ਅੱਜ ਕੱਲ੍ਹ",
    "இன்று நாளை ఈరోజు రేపు ಇಂದು ನಾಳೆ ഇന്ന് നാളെ",
)
_FIELD = r"(?:in[ _-]?stock|available|availability|stock|quantity|qty|units|inventory|left)[\"']?\s*[:=]\s*[\"']?"
"""As in a table or in JSON."""
TELLS_NONE = re.compile(rf"{_FIELD}(?:false|no\b|none|0(?![\d.]))")
TELLS_SOME = re.compile(rf"{_FIELD}(?:true|yes|[1-9])")
COMMON = frozenset(
    normal(
        "the a an is are was be been it this that these those in on at of to for and or yes no not out we our you your "
        "i have has had there here now currently right today still also only just left stock available sold will can "
        "very sir madam please ok okay sure well with by from all colour color size item product good news sorry "
        "unfortunately true false quantity qty units"
    ).split()
)
