"""What is said in place of a sentence that a guardrail holds back, in nine Indian languages and in English."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Instead:
    unfounded: str = "Let me check that and get back to you."
    """Of a price or of stock that the bot was not told."""
    unfit: str = "I'm sorry, I can't speak about that. How else can I help you?"
    """It breaks a rule."""


_INSTEAD = {
    "en": Instead(),
    "hi": Instead("मैं यह जाँचकर आपको बताऊँगी।", "क्षमा कीजिए, मैं इस बारे में कुछ नहीं कह सकती। मैं और कैसे मदद करूँ?"),
    "ta": Instead("இதைச் சரிபார்த்துச் சொல்கிறேன்.", "மன்னிக்கவும், அதைப் பற்றி என்னால் பேச முடியாது. வேறு எப்படி உதவட்டும்?"),
    "te": Instead("ఇది చూసి మీకు చెబుతాను.", "క్షమించండి, దాని గురించి నేను మాట్లాడలేను. నేను ఇంకెలా సహాయం చేయగలను?"),
    "kn": Instead("ಇದನ್ನು ನೋಡಿ ನಿಮಗೆ ತಿಳಿಸುತ್ತೇನೆ.", "ಕ್ಷಮಿಸಿ, ಅದರ ಬಗ್ಗೆ ನಾನು ಮಾತನಾಡಲಾರೆ. ಬೇರೆ ಹೇಗೆ ಸಹಾಯ ಮಾಡಲಿ?"),
    "mr": Instead("मी हे तपासून तुम्हाला सांगते.", "माफ करा, मी याबद्दल बोलू शकत नाही. मी आणखी कशी मदत करू?"),
    "bn": Instead("আমি এটা দেখে আপনাকে জানাচ্ছি।", "দুঃখিত, এ বিষয়ে আমি কিছু বলতে পারি না। আর কীভাবে সাহায্য করতে পারি?"),
    "gu": Instead("હું આ તપાસીને તમને જણાવું છું.", "માફ કરશો, હું એ વિશે કહી શકતી નથી. હું બીજી કેવી રીતે મદદ કરું?"),
    "ml": Instead("ഞാൻ ഇത് നോക്കിയിട്ട് പറയാം.", "ക്ഷമിക്കണം, അതിനെക്കുറിച്ച് എനിക്ക് പറയാനാവില്ല. മറ്റെങ്ങനെ സഹായിക്കാം?"),
    "pa": Instead("ਮੈਂ ਇਹ ਦੇਖ ਕੇ ਤੁਹਾਨੂੰ ਦੱਸਦੀ ਹਾਂ।", "ਮਾਫ਼ ਕਰਨਾ, ਮੈਂ ਇਸ ਬਾਰੇ ਕੁਝ ਨਹੀਂ ਕਹਿ ਸਕਦੀ। ਮੈਂ ਹੋਰ ਕਿਵੇਂ ਮਦਦ ਕਰਾਂ?"),
}


def instead(language: str) -> Instead:
    """By BCP 47 tag; a language that is not among them is served in English."""
    return _INSTEAD.get(language.split("-")[0], _INSTEAD["en"])
