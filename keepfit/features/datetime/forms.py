"""The forms in which dates and times are written, in strptime's words, and how texts are read in one. n texts.

Read by patterns and NumPy's calendar: C's strptime makes 2 March of 31 February and the year 24 of a %Y, knows no
fraction and forgets the zone.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.features.datetime.names import MONTH_OF, ZONES, plain

ISO = "ISO 8601"
ZONE = "|".join(("Z", *ZONES, "[+-](?:0[0-9]|1[0-5])(?::?[0-5][0-9])?"))
_ISO = (
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})"
    r"(?:[T ](?P<H>[0-9]{2})(?::?(?P<M>[0-9]{2})(?::?(?P<S>[0-9]{2})(?:[.,](?P<f>[0-9]+))?)?)? ?"
    rf"(?P<z>{ZONE}|))?"
)
_FIELDS = {
    "Y": "[0-9]{4}", "y": "[0-9]{2}", "m": "[0-9]{1,2}", "d": "[0-9]{1,2}", "H": "[0-9]{1,2}", "I": "[0-9]{1,2}",
    "M": "[0-9]{2}", "f": "[0-9]+", "b": r"\p{L}[\p{L}\p{M}]*\.?", "p": r"[AaPp]\.?[Mm]\.?|上午|下午",
    "z": ZONE,
}  # fmt: skip
_SAME = {"B": "b", "e": "d", "Z": "z"}
_WORDS = {"a": r"\p{L}+\.?", "A": r"\p{L}+\.?"}
"""Days of the week say nothing that the date does not."""
_WIDE = {"T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y", "F": "%Y-%m-%d"}
_PIVOT = 69
"""Of two digits, as POSIX has it: 69 to 99 are of the 20th century."""
KNOWN = "%Y %y %m %d %b %B %a %A %H %I %M %S %f %p %z"

Micros = NDArray[np.int64]


@cache
def pattern(form: str) -> str:
    """The regular expression of a form. Raises ValueError for a form that no date can be read in."""
    found = expression(form)
    if form != ISO and not all(re.search(field, found) for field in ("<[Yy]>", "<[mb]>")):
        raise ValueError(f'format "{form}" names no year and month: it is made of {KNOWN}, as in "%d/%m/%Y %H:%M"')
    return f"^{found}$"


def expression(form: str) -> str:
    """The same of any part of a form, to be put between others."""
    if form == ISO:
        return _ISO
    for letter, long in _WIDE.items():
        form = form.replace(f"%{letter}", long)
    parts, seen = [], set[str]()
    pieces = re.findall(r"%.|[^%]+|%$", form)
    for place, piece in enumerate(pieces):
        parts.append(_piece(piece, pieces[place - 1] if place else "", "".join(pieces[place + 1 : place + 2]), seen))
    return "".join(parts)


def _piece(piece: str, before: str, after: str, seen: set[str]) -> str:
    if not piece.startswith("%"):
        blank = r"\s*" if after in ("%p", "%z", "%Z") else r"\s+"
        return "".join(blank if run.isspace() else re.escape(run) for run in re.findall(r"\s+|\S+", piece))
    letter = _SAME.get(piece[1:], piece[1:])
    if letter in _WORDS:
        return _WORDS[letter]
    if letter in seen or (letter not in _FIELDS and letter != "S"):
        why = "twice" if letter in seen else "that is not known"
        raise ValueError(f'a format has "{piece}" {why}: it is made of {KNOWN}, as in "%d/%m/%Y %H:%M"')
    seen.add(letter)
    if letter == "S":
        return r"(?P<S>[0-9]{2})(?:[.,](?P<f>[0-9]+))?" if not re.match(r"[.,]$", after) else r"(?P<S>[0-9]{2})"
    joined = any(re.fullmatch("%[YymdHIMS]", piece) for piece in (before, after))
    return f"(?P<{letter}>{_FIELDS[letter].replace('{1,2}', '{2}') if joined else _FIELDS[letter]})"


def moments(texts: pa.Array, form: str) -> pa.Array:
    """Strings as timestamp[us], in UTC where they name a zone; null where one is not of the form or of the calendar."""
    matched = pc.extract_regex(pc.utf8_trim_whitespace(texts), pattern(form))
    fits = matched.is_valid().to_numpy(zero_copy_only=False)
    values = np.zeros(len(texts), np.int64)
    if fits.any():
        found, right = _micros(matched.filter(pa.array(fits)))
        values[fits], fits[fits] = found, right
    return pa.array(values, pa.int64(), mask=~fits).cast(pa.timestamp("us"))


def _micros(matched: pa.StructArray) -> tuple[Micros, NDArray[np.bool_]]:
    """Microseconds since 1970 [n], and which of them are in the calendar."""
    names = {matched.type.field(i).name: i for i in range(matched.type.num_fields)}

    def field(name: str, missing: int) -> Micros:
        if name not in names:
            return np.full(len(matched), missing, np.int64)
        texts = matched.field(names[name])
        return _whole(pc.if_else(pc.equal(texts, ""), str(missing), texts))

    year = field("Y", 0)
    if "y" in names:
        two = field("y", 0)
        year = np.where(two < _PIVOT, 2000, 1900) + two
    month = _named(matched.field(names["b"])) if "b" in names else field("m", 0)
    day, hour, minute, second = field("d", 1), field("H", 0), field("M", 0), field("S", 0)
    right = (month >= 1) & (month <= 12) & (year >= 1)
    if "I" in names:
        twelve = field("I", 12)
        right &= (twelve >= 1) & (twelve <= 12)
        late = pc.match_substring_regex(matched.field(names["p"]), "(?i)^p|下午") if "p" in names else None
        hour = twelve % 12 + (12 * late.to_numpy(zero_copy_only=False) if late is not None else 0)
    months = ((year - 1970) * 12 + np.clip(month, 1, 12) - 1).astype("M8[M]")
    days = months.astype("M8[D]") + (day - 1)
    right &= (days.astype("M8[M]") == months) & (hour < 24) & (minute < 60) & (second < 60)
    seconds = days.astype("M8[D]").astype(np.int64) * 86_400 + hour * 3600 + minute * 60 + second
    micros = seconds * 1_000_000 + (_fraction(matched.field(names["f"])) if "f" in names else 0)
    return micros - (_offset(matched.field(names["z"])) * 60_000_000 if "z" in names else 0), right


def _whole(texts: pa.Array) -> Micros:
    whole: Micros = texts.cast(pa.int64()).to_numpy(zero_copy_only=False)
    return whole


def _named(words: pa.Array) -> Micros:
    """Names of months as 1 to 12; 0 for another word."""
    coded = words.dictionary_encode()
    months = [MONTH_OF.get(plain(word), 0) for word in coded.dictionary.to_pylist()]
    return np.asarray(np.array(months, np.int64)[coded.indices.to_numpy()])


def _fraction(digits: pa.Array) -> Micros:
    """Digits behind the seconds as microseconds; what is smaller is cut off."""
    return _whole(pc.utf8_slice_codeunits(pc.utf8_rpad(digits, 6, "0"), 0, 6))


def _offset(zones: pa.Array) -> Micros:
    """Minutes east of UTC."""
    coded = zones.dictionary_encode()
    minutes = np.array([_minutes(zone) for zone in coded.dictionary.to_pylist()], np.int64)
    return np.asarray(minutes[coded.indices.to_numpy()])


@lru_cache(maxsize=1024)
def _minutes(zone: str) -> int:
    if zone[:1] not in "+-" or not zone:
        return 60 * ZONES.get(zone, 0)
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if zone[0] == "-" else 1)
