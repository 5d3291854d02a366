"""What somebody hears who will not be called again."""

from __future__ import annotations

_LINES = {
    "en": "You will not be called again. Goodbye.",
    "hi": "आपको दोबारा कॉल नहीं किया जाएगा। नमस्ते।",
    "ta": "உங்களை மீண்டும் அழைக்க மாட்டோம். நன்றி.",
    "te": "మీకు మళ్ళీ కాల్ చేయము. నమస్కారం.",
    "kn": "ನಿಮಗೆ ಮತ್ತೆ ಕರೆ ಮಾಡುವುದಿಲ್ಲ. ನಮಸ್ಕಾರ.",
    "mr": "तुम्हाला पुन्हा कॉल केला जाणार नाही. नमस्कार.",
    "bn": "আপনাকে আর ফোন করা হবে না। নমস্কার।",
    "gu": "તમને ફરી કૉલ કરવામાં નહીં આવે. નમસ્તે.",
    "ml": "നിങ്ങളെ ഇനി വിളിക്കില്ല. നന്ദി.",
    "pa": "ਤੁਹਾਨੂੰ ਦੁਬਾਰਾ ਕਾਲ ਨਹੀਂ ਕੀਤੀ ਜਾਵੇਗੀ। ਸਤ ਸ੍ਰੀ ਅਕਾਲ।",
    "od": "ଆପଣଙ୍କୁ ଆଉ ଫୋନ୍ କରାଯିବ ନାହିଁ। ନମସ୍କାର।",
}


def confirmation(language: str) -> str:
    """By BCP 47 tag; a language that is not among them is served in English."""
    code = language.partition("-")[0].lower()
    return _LINES.get({"or": "od"}.get(code, code), _LINES["en"])
