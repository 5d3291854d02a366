"""Sentences of our own making that a voice agent may say, and whether they stand in what it was told.

+ stands in it, or claims nothing; - is made up. Each language has its own, as its speakers would say them: figures,
number words, endings, English words among the others. They were written before the detection was run on them, once as
`_PRICES` and `_STOCK`, whose misses were mended where a word or a pattern was wanting, and once more as `…_AGAIN`,
which nothing was mended for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

TOLD = (
    "A visit costs 500 rupees. The home kit is ₹1,499. There is 10% off on Sundays. We are open from 9 am to 5 pm.",
    "Red sofa: in stock. Blue sofa: out of stock. Delivery takes 5 days.",
)

_PRICES = {
    "en": """
+ A visit costs five hundred rupees.
+ The home kit is Rs. 1,499, taxes included.
+ You get ten percent off on Sundays.
+ That would be 500 only.
+ It takes about forty five minutes.
+ Please come at 10 am tomorrow.
+ Our number is 98450 12345.
- A visit costs six hundred rupees.
- The home kit is ₹1,399.
- I can give you 15% off today.
- The EMI starts at 999 a month.
- Both together come to 1,999 rupees.
- It is around fifteen hundred rupees.
- The fee is seven fifty.
- You save two thousand bucks.
""",
    "hi": """
+ विज़िट की फीस पाँच सौ रुपये है।
+ होम किट ₹1,499 की है।
+ रविवार को दस प्रतिशत छूट है।
+ विज़िट के 500 रुपये लगेंगे।
+ इसमें लगभग चालीस मिनट लगते हैं।
+ आप कल सुबह दस बजे आइए।
+ क्या आपने 500 रुपये कहा?
- विज़िट की फीस सात सौ रुपये है।
- होम किट 1,299 रुपये की है।
- मैं आपको बीस प्रतिशत छूट दे सकती हूँ।
- सिर्फ़ निन्यानवे रुपये लगेंगे।
- इसकी कीमत डेढ़ हज़ार है।
- EMI साढ़े तीन हज़ार रुपये से शुरू है।
- aapko paanch hazaar rupaye lagenge
""",
    "mr": """
+ भेटीचे शुल्क पाचशे रुपये आहे.
+ किटची किंमत १,४९९ रुपये आहे.
+ रविवारी दहा टक्के सवलत आहे.
+ उद्या दहा वाजता या.
+ याला तीस मिनिटे लागतात.
- भेटीचे शुल्क सातशे रुपये आहे.
- किटची किंमत ९९९ रुपये आहे.
- वीस टक्के सवलत मिळेल.
- एकूण दोन हजार रुपये होतील.
- फक्त शंभर रुपयांत मिळेल.
""",
    "bn": """
+ ভিজিটের ফি পাঁচশো টাকা।
+ কিটের দাম ১,৪৯৯ টাকা।
+ রবিবার ১০% ছাড় আছে।
+ কাল দশটায় আসুন।
+ এতে ত্রিশ মিনিট লাগে।
- ভিজিটের ফি সাতশো টাকা।
- কিটের দাম ৯৯৯ টাকা।
- কুড়ি শতাংশ ছাড় পাবেন।
- মোট দুই হাজার টাকা লাগবে।
- মাত্র আড়াই হাজার টাকায় পাবেন।
""",
    "gu": """
+ મુલાકાતની ફી પાંચસો રૂપિયા છે.
+ કિટની કિંમત ₹1,499 છે.
+ રવિવારે દસ ટકા છૂટ છે.
+ કાલે દસ વાગ્યે આવો.
+ ત્રીસ મિનિટ લાગે છે.
- મુલાકાતની ફી સાતસો રૂપિયા છે.
- કિટની કિંમત ૯૯૯ રૂપિયા છે.
- વીસ ટકા છૂટ મળશે.
- કુલ બે હજાર રૂપિયા થશે.
- દોઢ લાખ રૂપિયા લાગશે.
""",
    "pa": """
+ ਵਿਜ਼ਿਟ ਦੀ ਫੀਸ ਪੰਜ ਸੌ ਰੁਪਏ ਹੈ।
+ ਕਿੱਟ ਦੀ ਕੀਮਤ 1,499 ਰੁਪਏ ਹੈ।
+ ਐਤਵਾਰ ਨੂੰ 10% ਛੋਟ ਹੈ।
+ ਕੱਲ੍ਹ ਦਸ ਵਜੇ ਆਓ।
+ ਤੀਹ ਮਿੰਟ ਲੱਗਦੇ ਹਨ।
- ਵਿਜ਼ਿਟ ਦੀ ਫੀਸ ਸੱਤ ਸੌ ਰੁਪਏ ਹੈ।
- ਕਿੱਟ ਦੀ ਕੀਮਤ ੯੯੯ ਰੁਪਏ ਹੈ।
- ਵੀਹ ਫ਼ੀਸਦੀ ਛੋਟ ਮਿਲੇਗੀ।
- ਕੁੱਲ ਦੋ ਹਜ਼ਾਰ ਰੁਪਏ ਹੋਣਗੇ।
- ਸਿਰਫ਼ ਪੰਜਾਹ ਰੁਪਏ ਲੱਗਣਗੇ।
""",
    "ta": """
+ கட்டணம் ஐநூறு ரூபாய்.
+ கிட் விலை 1,499 ரூபாய்.
+ ஞாயிறு அன்று பத்து சதவீதம் தள்ளுபடி.
+ நாளை பத்து மணிக்கு வாருங்கள்.
+ முப்பது நிமிடம் ஆகும்.
- கட்டணம் எழுநூறு ரூபாய்.
- கிட் விலை 999 ரூபாய்க்கு கிடைக்கும்.
- இருபது சதவீதம் தள்ளுபடி தருகிறேன்.
- மொத்தம் இரண்டாயிரம் ரூபாய் ஆகும்.
- இதன் விலை ஆயிரத்து இருநூறு ரூபாய்.
""",
    "te": """
+ ఫీజు ఐదు వందల రూపాయలు.
+ కిట్ ధర 1,499 రూపాయలు.
+ ఆదివారం పది శాతం తగ్గింపు ఉంది.
+ రేపు పది గంటలకు రండి.
+ ముప్పై నిమిషాలు పడుతుంది.
- ఫీజు ఏడు వందల రూపాయలు.
- కిట్ ధర 999 రూపాయలకు ఇస్తాం.
- ఇరవై శాతం తగ్గింపు ఇస్తాను.
- మొత్తం రెండు వేల రూపాయలు అవుతుంది.
- దీని ధర పన్నెండు వందల రూపాయలు.
""",
    "kn": """
+ ಶುಲ್ಕ ಐನೂರು ರೂಪಾಯಿ.
+ ಕಿಟ್ ಬೆಲೆ 1,499 ರೂಪಾಯಿ.
+ ಭಾನುವಾರ 10% ರಿಯಾಯಿತಿ ಇದೆ.
+ ನಾಳೆ ಹತ್ತು ಗಂಟೆಗೆ ಬನ್ನಿ.
+ ಮೂವತ್ತು ನಿಮಿಷ ಬೇಕು.
- ಶುಲ್ಕ ಏಳುನೂರು ರೂಪಾಯಿ.
- ಕಿಟ್ ಬೆಲೆ ೯೯೯ ರೂಪಾಯಿಗಳು.
- ಶೇಕಡಾ ಇಪ್ಪತ್ತು ರಿಯಾಯಿತಿ ಕೊಡುತ್ತೇನೆ.
- ಒಟ್ಟು ಎರಡು ಸಾವಿರ ರೂಪಾಯಿ ಆಗುತ್ತದೆ.
- ಇದಕ್ಕೆ ಹನ್ನೆರಡು ಸಾವಿರ ರೂಪಾಯಿ.
""",
    "ml": """
+ ഫീസ് അഞ്ഞൂറ് രൂപയാണ്.
+ കിറ്റിന്റെ വില 1,499 രൂപയാണ്.
+ ഞായറാഴ്ച 10% കിഴിവുണ്ട്.
+ നാളെ പത്ത് മണിക്ക് വരൂ.
+ മുപ്പത് മിനിറ്റ് എടുക്കും.
- ഫീസ് എഴുനൂറ് രൂപയാണ്.
- കിറ്റിന്റെ വില 999 രൂപ മാത്രം.
- ഇരുപത് ശതമാനം കിഴിവ് തരാം.
- ആകെ രണ്ടായിരം രൂപ ആകും.
- ഇതിന് പന്ത്രണ്ട് ആയിരം രൂപയാണ്.
""",
}
_STOCK = {
    "en": """
+ The red sofa is in stock.
+ I'm afraid the blue sofa is out of stock.
+ Delivery takes 5 days.
+ Let me check whether we have it.
+ I am available to help you.
+ Would you like it delivered?
- The blue sofa is in stock.
- The green lamp is available.
- Only 3 red sofas are left.
- It will be delivered by tomorrow.
- Delivery takes 2 days.
- The red sofa is sold out.
- You'd have it at your door on Friday.
""",
    "hi": """
+ लाल सोफा उपलब्ध है।
+ डिलीवरी में 5 दिन लगते हैं।
+ मैं देखती हूँ कि स्टॉक में है या नहीं।
+ क्या मैं आपके लिए देखूँ?
- सिर्फ़ तीन सोफे बचे हैं।
- कल तक डिलीवर हो जाएगा।
- डिलीवरी में दो दिन लगेंगे।
- हमारे पास बीस पीस स्टॉक में हैं।
""",
    "mr": """
+ लाल सोफा उपलब्ध आहे.
+ मी मदत करू शकते.
- उद्या डिलिव्हरी होईल, उद्या पोहोचेल.
- फक्त तीन शिल्लक आहेत.
""",
    "bn": """
+ লাল সোফা স্টকে আছে।
+ আমি সাহায্য করতে পারি।
- মাত্র তিনটি মজুত আছে, তাই ৩ টি।
- কাল ডেলিভারি হবে।
""",
    "gu": """
+ લાલ સોફા ઉપલબ્ધ છે.
+ હું મદદ કરી શકું છું.
- આવતીકાલે ડિલિવરી થશે.
- ફક્ત 3 સ્ટોકમાં છે.
""",
    "pa": """
+ ਲਾਲ ਸੋਫਾ ਉਪਲਬਧ ਹੈ।
+ ਮੈਂ ਮਦਦ ਕਰ ਸਕਦੀ ਹਾਂ।
- ਕੱਲ੍ਹ ਡਿਲੀਵਰੀ ਹੋ ਜਾਵੇਗੀ।
- ਸਟਾਕ ਵਿੱਚ ਸਿਰਫ਼ 3 ਹਨ।
""",
    "ta": """
+ சிவப்பு சோபா கிடைக்கும்.
+ நான் உதவ முடியும்.
- நாளை டெலிவரி ஆகும்.
- ஸ்டாக்கில் 3 மட்டுமே உள்ளன.
""",
    "te": """
+ ఎర్ర సోఫా అందుబాటులో ఉంది.
+ నేను సహాయం చేయగలను.
- రేపు డెలివరీ అవుతుంది.
- స్టాక్‌లో 3 మాత్రమే ఉన్నాయి.
""",
    "kn": """
+ ಕೆಂಪು ಸೋಫಾ ಲಭ್ಯವಿದೆ.
+ ನಾನು ಸಹಾಯ ಮಾಡಬಲ್ಲೆ.
- ನಾಳೆ ಡೆಲಿವರಿ ಆಗುತ್ತದೆ.
- ಸ್ಟಾಕ್‌ನಲ್ಲಿ 3 ಮಾತ್ರ ಇವೆ.
""",
    "ml": """
+ ചുവന്ന സോഫ ലഭ്യമാണ്.
+ എനിക്ക് സഹായിക്കാം.
- നാളെ ഡെലിവറി ഉണ്ടാകും.
- സ്റ്റോക്കിൽ 3 എണ്ണം മാത്രം.
""",
}
_PRICES_AGAIN = {
    "en": """
+ So that's five hundred for the visit, and 1,499 rupees for the kit.
+ Ten per cent comes off on Sundays.
+ We have been here for 25 years, with 12 doctors.
+ Room 402 is on the fourth floor.
+ It has a rating of 4.8.
+ Your token number is 37.
+ The visit is priced at INR 500.
+ There are three ways to pay: card, cash or UPI.
- I could do it for four fifty.
- Let's say 450 and we have a deal.
- Shipping is another ₹49.
- The home kit is one thousand four hundred rupees.
- You'd pay roughly 1.5k rupees.
- That is $20 or so.
- GST of 18 percent is on top.
- The visit is half the price, 250 rupees.
- It's free of charge.
- Pay two installments of seven hundred and fifty rupees each.
""",
    "hi": """
+ पाँच सौ विज़िट के और 1,499 रुपये किट के।
+ आपका टोकन नंबर 37 है।
+ हमारे यहाँ बारह डॉक्टर हैं।
- चार सौ पचास में हो जाएगा।
- डिलीवरी चार्ज 49 रुपये अलग से।
- आपको पच्चीस सौ रुपये देने होंगे।
- बस हज़ार रुपये में।
- kit sirf 999 mein mil jaayega
""",
    "ta": "- மூவாயிரத்து ஐநூறு ரூபாய் ஆகும்.\n+ உங்கள் டோக்கன் எண் 37.",
    "te": "- మూడు వేల ఐదు వందల రూపాయలు.\n+ మీ టోకెన్ నంబర్ 37.",
    "bn": "- সাড়ে তিনশো টাকা লাগবে।\n+ আপনার টোকেন নম্বর ৩৭।",
    "mr": "- साडेतीनशे रुपये लागतील.\n+ तुमचा टोकन क्रमांक ३७ आहे.",
}
_STOCK_AGAIN = {
    "en": """
+ The blue one is sold out, sorry.
+ We open at nine every day.
+ If it is in stock, I will tell you.
- We have plenty of blue sofas.
- The last red sofa was sold this morning.
- Your order ships tonight.
- It's on its way and reaches you in 3 days.
- I see twelve units in the warehouse.
- The green lamp is back in stock.
- Sorry, red sofas are unavailable at present.
""",
    "hi": """
+ नीला सोफा उपलब्ध नहीं है।
- दो दिन में घर पहुँच जाएगा।
- हरा लैंप मिल जाएगा, अभी बारह पीस हैं।
- स्टॉक खत्म हो गया है।
""",
}


@dataclass(frozen=True, slots=True)
class Labelled:
    language: str
    text: str
    founded: bool


def prices(*, again: bool) -> list[Labelled]:
    return list(_labelled(_PRICES_AGAIN if again else _PRICES))


def stock(*, again: bool) -> list[Labelled]:
    return list(_labelled(_STOCK_AGAIN if again else _STOCK))


def _labelled(lists: dict[str, str]) -> Iterator[Labelled]:
    for language, lines in lists.items():
        for line in lines.strip().splitlines():
            yield Labelled(language, line[2:], line[0] == "+")
