"""How the numbers of a column are written: decimal mark, thousands, currency or unit, where the minus stands.

A notation is written as 1234.56 is in it: `1.234,56`, `$1,234.56`, `1234.56 kg`; where the minus is not in front, as
-1234.56 is: `1234.56-`, `(1,234.56)`. The plain one is written as nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from keepfit.data.evidence import FormEvidence, Found

PLAIN = "1234.56"
NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"

_MARKS = ((".", ""), (".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "'"))
"""Decimal mark and what stands between thousands; of those that read as many cells the first is taken."""
_ALL = (1 << len(_MARKS)) - 1
_CURRENCIES = (
    "AED|ARS|AUD|BGN|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|ISK|JPY|KES|KRW|MXN|MYR|NGN|NOK|"
    "NZD|PEN|PHP|PLN|RMB|RON|RSD|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
_BEFORE = rf"[A-Z]{{0,3}}\p{{Sc}}|{_CURRENCIES}|Rs\.?|Kr\.?|kr\.?|Fr\.?|R"
_WORD = r"[\p{L}°][\p{L}0-9²³°/*^.%]{0,11}"
_AFTER = rf"[%‰\p{{Sc}}]|{_WORD}(?: {_WORD})?"
_ANY = (
    rf"^(?P<open>\(?) ?(?P<sign>[-+]?) ?(?P<before>(?:{_BEFORE})?) ?(?P<inner>[-+]?) ?"
    r"(?P<body>[.,]?[0-9](?:[0-9., ']*[0-9])?[.,]?)(?P<power>(?:[eE][+-]?[0-9]{1,3})?)"
    rf"(?P<behind>-?) ?(?P<after>(?:{_AFTER})?) ?(?P<last>-?) ?(?P<close>\)?)$"
)
_SAME = ((r"[\x{00a0}\x{2007}\x{2009}\x{202f}]", " "), (r"[’ʼ´`]", "'"), (r"[−–]", "-"))
"""Blanks, apostrophes and minus signs of several kinds, each as one."""
_UNIT_SHARE = 0.5
"""Letters behind fewer of the numbers than this are no unit: 12a is a house."""
_THREE = r"^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
_LONG = r"^[0-9]{4,}$"

Minus = Literal["", "-", "()"]
"""In front, behind, or brackets around."""


@dataclass(frozen=True)
class Notation:
    """What must be known to read a column's numbers; an affix may lack in any cell."""

    decimal: str = "."
    thousands: str = ""
    before: str = ""
    after: str = ""
    minus: Minus = ""

    def written(self) -> str:
        """1234.56 in this notation."""
        body = f"1{self.thousands}234{self.decimal}56" + ("-" if self.minus == "-" else "")
        before = self.before + (" " if self.before[-1:].isalpha() or self.before[-1:] == "." else "")
        if self.before and not self.before.isalpha() and self.before[0].isalpha():
            before = f"{self.before} "
        after = f" {self.after}" if self.after else ""
        text = f"{before}{body}{after}"
        return f"({text})" if self.minus == "()" else "" if text == PLAIN else text


@cache
def notation_of(form: str) -> Notation:
    """The notation that is written so. Raises ValueError for what is no 1234.56."""
    found = _matched(pa.array([form or PLAIN], pa.string()))[0].as_py()
    marks = [pair for pair in _MARKS if found and found["body"] == f"1{pair[1]}234{pair[0]}56"]
    if not marks or found["power"] or found["sign"] == "+" or bool(found["open"]) != bool(found["close"]):
        raise ValueError(
            f'format "{form}" is not the number 1234.56 as a column has it, such as "1.234,56", "1 234,56 €", '
            '"$1,234.56", "1234.56 kg", "1234.56-" or "(1,234.56)"'
        )
    (decimal, thousands), behind = marks[0], found["behind"] or found["last"]
    minus: Minus = "()" if found["open"] else "-" if behind else ""
    return Notation(decimal, thousands, found["before"], found["after"], minus)


def read(texts: pa.Array, form: str) -> pa.Array:
    """Strings in a notation as float64; null where a cell is not written so."""
    notation = notation_of(form)
    parts = _parts(pc.extract_regex(_unified(texts), _pattern(notation)))
    body = parts["body"]
    if notation.thousands:
        body = pc.replace_substring(body, notation.thousands, "")
    if notation.decimal != ".":
        body = pc.replace_substring(body, notation.decimal, ".")
    signs = pc.binary_join_element_wise(parts["sign"], parts["inner"], "")
    behind = pc.binary_join_element_wise(parts["open"], parts["behind"], parts["last"], "")
    minus = pc.or_(pc.equal(signs, "-"), pc.not_equal(behind, ""))
    numbers = pc.binary_join_element_wise(body, parts["power"], "").cast(pa.float64())
    numbers = pc.if_else(minus, pc.negate(numbers), numbers)
    twice = pc.greater(pc.binary_length(pc.binary_join_element_wise(signs, behind, "")), 1)
    return pc.if_else(pc.or_(twice, pc.xor(pc.equal(parts["open"], "("), pc.equal(parts["close"], ")"))), None, numbers)


class NumberEvidence(FormEvidence):
    """How many cells are written in which way."""

    def __init__(self) -> None:
        self._cells = 0
        self._seen: Counter[tuple[str, str, Minus, int, bool]] = Counter()
        self._both = ""

    def add(self, cells: pa.Array) -> None:
        """Take texts; what is number or date already needs no notation."""
        kind = cells.type.value_type if pa.types.is_dictionary(cells.type) else cells.type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
            self._cells += len(cells) - cells.null_count
            self._seen["", "", "", _ALL, False] += len(cells) - cells.null_count
            return
        counted = pc.value_counts(cells).flatten()
        texts, counts = _unified(counted[0].cast(pa.string())), counted[1]
        filled = pc.not_equal(texts, "").fill_null(False)
        texts, counts = texts.filter(filled), counts.filter(filled).to_numpy()
        self._cells += int(counts.sum())
        if not self._add_plain(texts, counts):
            self._add_any(texts, counts)

    def _add_plain(self, texts: pa.Array, counts: np.ndarray) -> bool:
        """The quick way, for texts that all are plain."""
        if not pc.all(pc.match_substring_regex(texts, NUMBER)).as_py():
            return False
        marked = pc.match_substring(texts, ".").to_numpy(zero_copy_only=False)
        three = pc.match_substring_regex(texts, _THREE).to_numpy(zero_copy_only=False)
        long = pc.match_substring_regex(texts, _LONG).to_numpy(zero_copy_only=False)
        point = sum(1 << i for i, (decimal, _) in enumerate(_MARKS) if decimal == ".")
        masks = np.where(three, point | 1 << _MARKS.index((",", ".")), np.where(marked, point, _ALL))
        for mask, is_long in {*zip(masks.tolist(), long.tolist(), strict=True)}:
            self._seen["", "", "", mask, is_long] += int(counts[(masks == mask) & (long == is_long)].sum())
        self._show(texts, masks)
        return True

    def _add_any(self, texts: pa.Array, counts: np.ndarray) -> None:
        matched = _matched(texts)
        right = matched.is_valid().to_numpy(zero_copy_only=False)
        matched, texts, counts = matched.filter(pa.array(right)), texts.filter(pa.array(right)), counts[right]
        parts = _parts(matched)
        masks = np.zeros(len(texts), np.int64)
        for place, (decimal, thousands) in enumerate(_MARKS):
            fits = pc.match_substring_regex(parts["body"], f"^(?:{_body(decimal, thousands)})$")
            masks |= fits.to_numpy(zero_copy_only=False).astype(np.int64) << place
        long = pc.match_substring_regex(parts["body"], _LONG).to_pylist()
        ways = zip(
            *(parts[name].to_pylist() for name in _ANY_NAMES), masks.tolist(), long, counts.tolist(), strict=True
        )
        for opened, sign, before, inner, behind, after, last, closed, mask, is_long, count in ways:
            signs = [sign, inner, behind, last, opened]
            if mask and bool(opened) == bool(closed) and sum(map(bool, signs)) <= 1:
                minus: Minus = "()" if opened else "-" if behind or last else ""
                self._seen[before, after, minus, mask, is_long] += count
        self._show(texts, masks)

    def _show(self, texts: pa.Array, masks: np.ndarray) -> None:
        """Keep the least cell that can be read with either decimal mark; by its letters, not by its place."""
        point, comma = (sum(1 << i for i, (d, _) in enumerate(_MARKS) if d == mark) for mark in ".,")
        both = (masks != _ALL) & ((masks & point) != 0) & ((masks & comma) != 0)
        if both.any():
            least = pc.min(texts.filter(pa.array(both))).as_py()
            self._both = min(self._both or least, least)

    def found(self) -> Found:
        """The notation that reads most cells, in it the affix that most have."""
        affix = self._affix()
        kept = Counter[tuple[int, bool]]()
        minus = Counter[Minus]()
        for (before, after, where, mask, is_long), count in self._seen.items():
            if (before, after) in (affix, ("", "")):
                kept[mask, is_long] += count
                minus[where] += count
        behind = minus.most_common(1)[0][0] if (minus := minus - Counter({"": minus[""]})) else ""
        reads = [sum(c for (mask, _), c in kept.items() if mask >> i & 1) for i in range(len(_MARKS))]
        most = max(reads)
        best = [i for i, count in enumerate(reads) if count == most]
        first, others = _chosen(best, kept)
        read = sum(
            c for (b, a, where, mask, _), c in self._seen.items()
            if (b, a) in (affix, ("", "")) and mask >> first & 1 and where in ("", behind)
        )  # fmt: skip
        forms = [Notation(*_MARKS[i], *affix, behind).written() for i in (first, *others)]
        shown = any(mask != _ALL and mask >> first & 1 and _shows(mask, first) for mask, _ in kept)
        customs = [_MARKS[i][0] for i in (first, *others)]
        pairs = tuple(zip(forms[1:], customs[1:], strict=True))
        return Found(forms[0], customs[0] if shown or others else "", pairs, self._cells, read, self._both, PLAIN)

    def _affix(self) -> tuple[str, str]:
        """What stands before and behind most of the numbers that have something there."""
        affixes = Counter[tuple[str, str]]()
        for (before, after, *_), count in self._seen.items():
            affixes[before, after] += count
        whole = affixes.total()
        del affixes["", ""]
        for (before, after), count in sorted(affixes.items(), key=lambda item: (-item[1], item[0])):
            if not any(c.isalpha() for c in before + after) or count >= _UNIT_SHARE * whole:
                return before, after
        return "", ""


_ANY_NAMES = ("open", "sign", "before", "inner", "behind", "after", "last", "close")


def _chosen(best: list[int], kept: Counter[tuple[int, bool]]) -> tuple[int, list[int]]:
    """Of the marks that read most: those to read with, and those of the other decimal mark that would read otherwise.

    A comma before three digits stands between thousands, unless there are larger numbers without one.
    """
    first = best[0]
    rivals = [i for i in best if _MARKS[i][0] != _MARKS[first][0]]
    rivals = [i for i in rivals if any(mask != _ALL and mask >> i & 1 and mask >> first & 1 for mask, _ in kept)][:1]
    if rivals and _MARKS[first][1] and any(is_long for _, is_long in kept):
        return rivals[0], [first]
    return first, rivals


def _shows(mask: int, place: int) -> bool:
    """Whether cells of these readings show the decimal mark: no reading with the other one."""
    return not any(mask >> i & 1 for i, (decimal, _) in enumerate(_MARKS) if decimal != _MARKS[place][0])


def _unified(texts: pa.Array) -> pa.Array:
    for kinds, one in _SAME:
        texts = pc.replace_substring_regex(texts, kinds, one)
    return pc.utf8_trim_whitespace(texts)


def _matched(texts: pa.Array) -> pa.StructArray:
    return pc.extract_regex(_unified(texts), _ANY)


def _parts(matched: pa.StructArray) -> dict[str, pa.Array]:
    """The groups of a pattern; missing where it did not match."""
    valid = matched.is_valid()
    names = [matched.type.field(i).name for i in range(matched.type.num_fields)]
    return {name: pc.if_else(valid, matched.field(name), None) for name in names}


def _body(decimal: str, thousands: str) -> str:
    """Digits; groups of three, of two as well where commas part them, as in India."""
    d, t = re.escape(decimal), re.escape(thousands)
    smaller = "{2,3}" if thousands == "," else "{3}"
    grouped = rf"[1-9][0-9]{{0,2}}(?:{t}[0-9]{smaller})*{t}[0-9]{{3}}|" if thousands else ""
    return rf"(?:{grouped}[0-9]+)(?:{d}[0-9]*)?|{d}[0-9]+"


@cache
def _pattern(notation: Notation) -> str:
    """A number in this notation, with or without what stands before and behind it."""
    before = rf"(?:{re.escape(notation.before)})?" if notation.before else ""
    after = rf"(?:{re.escape(notation.after)})?" if notation.after else ""
    behind = "-?" if notation.minus == "-" else ""
    opened, closed = (r"\(?", r"\)?") if notation.minus == "()" else ("", "")
    return (
        rf"^(?P<open>{opened}) ?(?P<sign>[-+]?) ?{before} ?(?P<inner>[-+]?) ?"
        rf"(?P<body>{_body(notation.decimal, notation.thousands)})(?P<power>(?:[eE][+-]?[0-9]+)?)"
        rf"(?P<behind>{behind}) ?{after} ?(?P<last>{behind}) ?(?P<close>{closed})$"
    )
