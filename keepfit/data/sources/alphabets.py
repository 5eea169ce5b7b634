"""Which encoding of one byte a character a text is in, by the letters that it gives.

One letter in thirty is accented in these languages, and a table has a few words that come again and again: too little
for a library that judges by how a whole page reads (figures in docs/decisions.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_SYMBOLS = "°²³€£§«»–—’‘“”…µ±½·ºª\xa0№©®™×•¿¡"
_UNKNOWN, _SYMBOL, _SHOUTED, _CAPITAL = 1e-4, 2e-3, 0.04, 0.5
"""The share of what is no letter of the language; of a usual sign; what is left of that of a capital after a small
letter; of any other capital but a word's first: KOI8 has capitals where other encodings have small letters."""
_KNOWN = 4.0
"""What a word counts for that stands in many tables: as much as the letters of a short one."""


@dataclass(frozen=True)
class Language:
    """Its letters beyond a to z, the most frequent first, and the encodings that it is written in."""

    letters: str
    encodings: tuple[str, ...]
    words: str = ""
    """Those of answers, grades and persons: what a column of two words is made of."""

    def shares(self) -> dict[str, float]:
        """How often each letter comes, roughly: the second half as often as the first, and so on."""
        whole = sum(1 / (place + 1) for place in range(len(self.letters)))
        found = {letter: 1 / (place + 1) / whole for place, letter in enumerate(self.letters)}
        return dict.fromkeys(_SYMBOLS, _SYMBOL) | found


_WEST, _MIDDLE, _RUSSIAN = ("cp1252", "mac_roman"), ("cp1250", "iso8859_2"), ("cp1251", "koi8_r")
_LANGUAGES = (
    Language("éàèêçôâîûùëïœæü", _WEST),  # French
    Language("üäößé", _WEST),
    Language("óáíñéúü", _WEST),  # Spanish
    Language("ãçáéíóêõâôúàü", _WEST),  # Portuguese
    Language("àèòùìé", _WEST),  # Italian
    Language("äåöé", _WEST),  # Swedish, Finnish
    Language("øåæéö", _WEST),  # Danish, Norwegian
    Language("ëéïöüè", _WEST),  # Dutch
    Language("łóążęśćńź", _MIDDLE),  # Polish
    Language("íáéěýřčžšůúťňďó", _MIDDLE),  # Czech
    Language("áéíýčžľšťúôňäďóĺŕ", _MIDDLE),  # Slovak
    Language("áéöóőüíúű", _MIDDLE),  # Hungarian
    Language("čšžćđ", _MIDDLE),  # Croatian, Slovene, Serbian
    Language("ăîâşţ", _MIDDLE),  # Romanian
    Language(
        "оаеинтсрвлкмдпуяызьбгчйхжшюцщэфъё",
        _RUSSIAN,
        "да нет м ж муж жен мужской женский пол есть истина ложь хорошо плохо хороший плохой отлично высокий низкий "
        "средний новый старый большой малый дом квартира город село класс тип вид статус оценка ответ уровень группа "
        "годен негоден болен здоров нал безнал вкл выкл день ночь зима лето весна осень кошка собака север юг восток "
        "запад мир рубль руб шт кг год месяц норма брак принят отказ",
    ),
    Language(
        "оаинвтіерслкудмпзьягбчйхжїєцюшщфґ",
        ("cp1251", "koi8_u"),  # Ukrainian
        "так ні ч ж чол жін чоловік жінка стать є немає добре погано високий низький середній новий старий",
    ),
    Language(
        "аоиетнрсвлкдпмъзгуябчщжйцхшюфь",
        ("cp1251",),  # Bulgarian
        "да не м ж мъж жена пол има няма добър лош висок нисък среден нов стар",
    ),
    Language(
        "αοιτεσνηρπκυλμςίωόδάγέθήχύφβώξζψϊϋΐ",
        ("cp1253", "iso8859_7"),
        "ναι όχι α θ άνδρας γυναίκα καλό κακό υψηλό χαμηλό μεσαίο νέο παλιό",
    ),
    Language("ıüşğöçİâîû", ("cp1254",)),  # Turkish
    Language("יוהלאתרבשמנכדעםחפקגצטןסזךףץ", ("cp1255",), "כן לא ז נ זכר נקבה גבר אישה"),  # Hebrew
    Language("اليمنتربوعدسفهكقحةجشصطخأىذزثئضغءظإؤآ، ؟", ("cp1256",)),  # Arabic
    Language("ėšąųįūžęč", ("cp1257",)),  # Lithuanian
    Language("āīēšūņķļžčģ", ("cp1257",)),  # Latvian
    Language("äõüöšž", ("cp1257", "cp1252")),  # Estonian
    Language("íáðéóöúþýæ", ("cp1252",)),  # Icelandic
)


def by_letters(words: list[bytes]) -> tuple[str, float] | None:
    """The encoding under which the words, each with a byte beyond ASCII, are most like a language's, and how much so:
    the mean logarithm of their letters' shares, -3 or so in a text.

    None where they are like none: a tenth of their letters is not in its alphabet.
    """
    fits: dict[str, float] = {}
    letters = 1
    for number, language in enumerate(_LANGUAGES):
        shares, known = language.shares(), {*language.words.split()}
        for place, encoding in enumerate(language.encodings):
            texts = _texts(words, encoding)
            odds = [p for text in texts for p in _odds(text, shares)]
            if odds and 10 * sum(p <= _UNKNOWN for p in odds) <= len(odds):
                met = sum(text.lower() in known for text in texts)
                fit = sum(map(math.log, odds)) + _KNOWN * met - 0.02 * number - 4 * place
                fits[encoding] = max(fit, fits.get(encoding, -math.inf))
                letters = len(odds)
    best = max(fits, key=lambda encoding: fits[encoding], default=None)
    return (best, fits[best] / letters) if best else None


def _texts(words: list[bytes], encoding: str) -> list[str]:
    try:
        return [word.decode(encoding) for word in words]
    except UnicodeDecodeError:
        return []


def _odds(text: str, shares: dict[str, float]) -> list[float]:
    """How likely each character beyond ASCII is."""
    found = []
    for before, letter in zip(" " + text, text, strict=False):
        if letter >= "\x80":
            share = shares.get(letter, shares.get(letter.lower(), _UNKNOWN))
            if letter.isupper() and before != " ":
                share *= _SHOUTED if before.islower() else _CAPITAL
            found.append(share)
    return found
