"""`no_price_fabrication`: every amount of money, and every percentage, must stand in what the bot was told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from processors.guardrails.amounts import Amount, Kind, amounts, placed
from processors.tokens import normal, tokens

_PRICE_STEMS = tuple(
    normal(
        "price cost fee fees charge charges emi rate tariff discount cashback deposit premium salary rent "
        "कीमत क़ीमत दाम शुल्क फीस फ़ीस चार्ज किराया छूट ईएमआई किंमत भाव सवलत দাম মূল্য ফি খরচ ছাড় કિંમત ભાવ ફી ખર્ચ છૂટ "
        "ਕੀਮਤ ਫੀਸ ਫ਼ੀਸ ਖਰਚ ਛੋਟ விலை கட்டணம் தள்ளுபடி ధర ఫీజు ఖర్చు తగ్గింపు రుసుము ಬೆಲೆ ಶುಲ್ಕ ದರ ರಿಯಾಯಿತಿ വില ഫീസ് ചാർജ് കിഴിവ്"
    ).split()
)
_REACH = 6
"""Tokens behind such a word in which a number without a unit is a price."""
_LEAST = 10
"""The least number that is one."""
_BEFORE_END = frozenset(
    (
        "",
        *".,;:!?\n",
        *normal(
            "only per each plus and or for all inclusive including a an to with flat straight net in on today now "
            "है हैं रहेगा होगा लगेगा मात्र आहे असेल છે হবে হয় ਹੈ ஆகும் மட்டும் ఉంటుంది మాత్రమే ಆಗುತ್ತದೆ ಮಾತ್ರ ആണ് മാത്രം"
        ).split(),
    )
)
_SURE = 100.0
"""Per cent: "I am a hundred per cent sure" names no price."""
_MONEY = frozenset((Kind.RUPEES, Kind.DOLLARS, Kind.EUROS, Kind.POUNDS))
_CLAIMS = _MONEY | {Kind.PERCENT}


class TellsPrices:
    def __init__(self) -> None:
        self._told: set[Amount] = set()
        self._bare: set[float] = set()
        """Numbers of which nothing says what they count: `"price": 1499`."""
        self._callers: set[float] = set()

    def learn(self, texts: Sequence[str]) -> None:
        for text in texts:
            for amount in amounts(text):
                if amount.kind is Kind.BARE:
                    self._bare.add(amount.value)
                elif amount.kind is not Kind.OTHER:
                    self._told.add(amount)

    def asked(self, texts: Sequence[str]) -> None:
        self._callers.update(amount.value for text in texts for amount in amounts(text))

    def founded(self, sentence: str) -> bool:
        """The caller's own number may be asked back: "Did you say 500 rupees?"."""
        is_question = sentence.rstrip().endswith("?")
        return all(
            self._knows(amount) or (is_question and amount.value in self._callers) for amount in claims(sentence)
        )

    def _knows(self, amount: Amount) -> bool:
        if amount.value in self._bare or amount in self._told:
            return True
        return amount.kind is Kind.BARE and any(Amount(amount.value, kind) in self._told for kind in _CLAIMS)


def claims(sentence: str) -> Iterator[Amount]:
    """What is said of prices. A number without a unit is one where a word for a price stands shortly before it."""
    given = tokens(sentence)
    found = placed(given)
    if not found:
        return
    words = [place for place, word in enumerate(given) if word.startswith(_PRICE_STEMS)]
    for amount, place in found:
        is_near = amount.value >= _LEAST and _follows(place, words) and _stands_alone(given, place)
        match amount.kind:
            case Kind.PERCENT:
                is_claim = amount.value != _SURE
            case Kind.BARE:
                is_claim = is_near
            case kind:
                is_claim = kind in _MONEY
        if is_claim:
            yield amount


def _follows(place: int, words: Sequence[int]) -> bool:
    return any(0 < place - word <= _REACH for word in words)


def _stands_alone(given: Sequence[str], place: int) -> bool:
    """It counts nothing that is named: "the price list has 40 pages" is no price."""
    rest = (word for word in given[place + 1 :] if not _is_number(word))
    return next(rest, "") in _BEFORE_END


def _is_number(word: str) -> bool:
    return bool(amounts(word))
