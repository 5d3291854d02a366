"""Whether the caller lets the call be recorded: how that is asked, and what an answer means."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from processors.hook_options import HangupAction, ToolAction
from processors.phrases import begins_with, made_of, phrase_set


class TransferAction(BaseModel, frozen=True, extra="forbid"):
    kind: Literal["transfer"]
    queue: str = Field(min_length=1, max_length=100, description="of human agents")


Decline = Annotated[HangupAction | ToolAction | TransferAction, Field(discriminator="kind")]


class ConsentOptions(BaseModel, frozen=True, extra="forbid"):
    kind: Literal["stay", "ask"] = Field("stay", description="stay: who stays on the line agrees; ask: who says yes")
    message: str = Field(min_length=1, max_length=1000, description="said before the greeting, with {{variables}}")
    wait_seconds: float = Field(3.0, ge=1, le=6, description="of staying on the line after the message; with `stay`")
    decline: Decline | None = Field(None, description="done when the caller does not say yes; null: the call goes on")


YES: dict[str, tuple[str, ...]] = {
    "en": (
        "yes", "yeah", "yep", "yup", "sure", "okay", "ok", "of course", "certainly", "absolutely", "go ahead",
        "please do", "i agree", "i consent", "i accept", "i do", "agreed", "thats fine", "thats okay", "thats ok",
        "it is fine", "its fine", "its okay", "its ok", "fine", "alright", "all right", "no problem", "no worries",
        "you can record", "you may record", "you can", "you may", "record it", "i dont mind", "sounds good",
    ),
    "hi": (
        "haan", "ha", "ji", "haan ji", "ji haan", "bilkul", "theek hai", "thik hai", "theek", "kar lijiye",
        "kar sakte hain", "हाँ", "हां", "जी", "हाँ जी", "जी हाँ", "बिल्कुल", "ठीक है", "ठीक", "कर लीजिए", "कर सकते हैं",
        "मंज़ूर है", "मंजूर है", "सहमत हूँ",
    ),
    "ta": ("aama", "aamaa", "sari", "seri", "ஆமா", "ஆமாம்", "சரி", "பரவாயில்லை", "சம்மதம்"),
    "te": ("avunu", "sare", "అవును", "సరే", "పర్వాలేదు", "ఒప్పుకుంటున్నాను", "సరేనండి"),
    "kn": ("howdu", "haudu", "sari", "ಹೌದು", "ಸರಿ", "ಪರವಾಗಿಲ್ಲ", "ಒಪ್ಪಿಗೆ", "ಆಯ್ತು"),
    "mr": ("ho", "hoy", "theek ahe", "chalel", "हो", "होय", "ठीक आहे", "चालेल", "हरकत नाही"),
    "bn": ("hyan", "thik ache", "হ্যাঁ", "ঠিক আছে", "আচ্ছা", "অবশ্যই", "করুন"),
    "gu": ("ha", "haa", "saru", "હા", "સારું", "ઠીક છે", "વાંધો નથી", "ચોક્કસ"),
    "ml": ("athe", "sheri", "അതെ", "ശരി", "കുഴപ്പമില്ല", "സമ്മതം"),
    "pa": ("haan", "haanji", "theek hai", "ਹਾਂ", "ਹਾਂ ਜੀ", "ਠੀਕ ਹੈ", "ਬਿਲਕੁਲ"),
    "or": ("han", "thik achhi", "ହଁ", "ଠିକ୍ ଅଛି", "ଠିକ ଅଛି", "ହଉ"),
}  # fmt: skip
"""An answer that is made of nothing else agrees."""

NO: dict[str, tuple[str, ...]] = {
    "en": ("no", "nope", "nah", "never", "dont", "do not", "not", "i refuse", "i decline", "i disagree", "stop"),
    "hi": ("nahi", "nahin", "mat", "na", "नहीं", "नही", "मत", "ना"),
    "ta": ("illai", "vendam", "இல்லை", "வேண்டாம்"),
    "te": ("ledu", "vaddu", "వద్దు", "లేదు", "కాదు"),
    "kn": ("illa", "beda", "ಇಲ್ಲ", "ಬೇಡ"),
    "mr": ("nahi", "nako", "नाही", "नको"),
    "bn": ("na", "না", "করবেন না"),
    "gu": ("na", "nahi", "ના", "નહીં"),
    "ml": ("illa", "venda", "ഇല്ല", "വേണ്ട"),
    "pa": ("nahi", "nahin", "ਨਹੀਂ", "ਨਾ"),
    "or": ("na", "nahin", "ନା", "ନାହିଁ"),
}
"""An answer that begins with one of these refuses."""

MEANINGLESS = frozenset(
    (
        "uh",
        "um",
        "hmm",
        "mm",
        "ah",
        "oh",
        "well",
        "hello",
        "hi",
        "please",
        "thanks",
        "thank you",
        "so",
        "that",
        "with that",
    )
)
"""May stand beside a yes, and is none."""


def agrees(answer: str, language: str) -> bool:
    """Whether it is a yes, and nothing else. A no is none, nor what is doubtful or says more.

    `language` is a BCP 47 tag; English counts beside every other.
    """
    yes = phrase_set(YES, language.lower())
    return made_of(answer, yes | MEANINGLESS) and not made_of(answer, MEANINGLESS)


def refuses(answer: str, language: str) -> bool:
    """Whether it is a plain no: what is neither that nor a yes was perhaps not understood."""
    return begins_with(answer, phrase_set(NO, language.lower()))
