"""Which form the dates of a column are written in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import pairwise, product

import pyarrow as pa
import pyarrow.compute as pc

from keepfit.data.cells import is_text
from keepfit.data.evidence import FormEvidence, Found
from keepfit.features.datetime.forms import ISO, expression, moments

_DAYS = (  # day first before month first: where both fit, most of the world means the former
    "%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%Y-%b-%d",
    "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d %m %Y", "%m.%d.%Y",
    "%d %b %Y", "%d-%b-%Y", "%d/%b/%Y", "%d. %b %Y", "%d de %b de %Y", "%d%b%Y", "%b %d, %Y", "%b %d %Y", "%b-%d-%Y",
    "%a, %d %b %Y", "%a %d %b %Y", "%a, %b %d, %Y", "%A, %d. %b %Y",
    "%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%y/%m/%d",
    "%d-%b-%y", "%d %b %y", "%d%b%y", "%b %d, %y",
    "%d. %m. %Y", "%Y. %m. %d.", "%Y. %b %d.", "%d %b %Y г.", "%d %b %Y r.", "%d %b %Y р.",
)  # fmt: skip
_MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y", "%b %Y", "%b-%Y", "%b/%Y", "%Y-%b", "%Y %b", "%b-%y", "%Y年%m月")
"""Of no day: the first of the month."""
_TIMES = (
    "%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%I %p", "%Hh%M", "%Hh%Mm%S", "%H.%M", "%H.%M.%S",
    "%I.%M.%S %p", "%I.%M %p", "%H%M%S", "%H时%M分%S秒", "%H时%M分", "%H点%M分", "%H:%M Uhr", "%p%I:%M", "%p%I:%M:%S",
)  # fmt: skip
_BETWEEN = (" ", "T", ", ", ":", " - ", " at ", " à ", " um ")
_ZONES = ("", " %z")
_WHOLE = ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %z %Y")
_CUSTOMS = {"%d": "day first", "%m": "month first", "%y": "year first"}
_MOST_SHAPES = 1000
"""Texts of more shapes are no dates."""
_LONGEST = 60


class DateEvidence(FormEvidence):
    """How many cells are written in which form."""

    def __init__(self) -> None:
        self._cells = 0
        self._reads: Counter[str] = Counter()
        self._shapes: dict[str, tuple[str, ...]] = {}
        """Texts with 1 for every digit → the forms that such a text may be in."""
        self._both = ""

    def add(self, cells: pa.Array) -> None:
        """Take texts and numbers such as 20240131; what is a date already needs no form."""
        if not (is_text(cells.type) or is_number(cells.type)):
            self._cells += len(cells) - cells.null_count
            self._reads[ISO] += len(cells) - cells.null_count
            return
        counted = pc.value_counts(texts_of(cells)).flatten()
        texts, counts = pc.utf8_trim_whitespace(counted[0]), counted[1]
        filled = pc.not_equal(texts, "").fill_null(False)
        texts, counts = texts.filter(filled), counts.filter(filled).to_numpy()
        self._cells += int(counts.sum())
        read = {form: moments(texts, form) for form in self._likely(texts)}
        for form, found in read.items():
            self._reads[form] += int(counts[found.is_valid().to_numpy(zero_copy_only=False)].sum())
        self._show(texts, read)

    def _likely(self, texts: pa.Array) -> list[str]:
        """The forms that any of the texts may be in."""
        shapes = pc.unique(pc.replace_substring_regex(texts, "[0-9]", "1")).to_pylist()
        for shape in shapes:
            if shape not in self._shapes and len(self._shapes) < _MOST_SHAPES:
                self._shapes[shape] = _forms_of(shape)
        return list(dict.fromkeys(form for shape in shapes for form in self._shapes.get(shape, ())))

    def _show(self, texts: pa.Array, read: dict[str, pa.Array]) -> None:
        """Keep the least text that is another day in another form; by its letters, not by its place."""
        known = [form for form in read if custom_of(form)]
        for one, other in pairwise(known):
            least = pc.min(texts.filter(pc.not_equal(read[one], read[other]))).as_py()
            self._both = min(filter(None, (self._both, least)), default="")

    def found(self) -> Found:
        """The form that reads most texts; of those that read as many, the first."""
        if not self._reads:
            return Found(cells=self._cells, plain=ISO)
        most = max(self._reads.values())
        first, *others = sorted((f for f, count in self._reads.items() if count == most), key=_rank)
        rivals = [(f, custom_of(f)) for f in others if custom_of(f) not in ("", custom_of(first))] if self._both else []
        form = "" if first == ISO else first
        return Found(form, custom_of(first), tuple(rivals), self._cells, most, self._both, ISO)


def is_number(kind: pa.DataType) -> bool:
    """Whether cells are numbers, which may be days such as 20240131."""
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def texts_of(cells: pa.Array) -> pa.Array:
    """Texts, and whole numbers as texts."""
    whole = cells.cast(pa.int64(), safe=False) if pa.types.is_floating(cells.type) else cells
    return whole.cast(pa.string())


def custom_of(form: str) -> str:
    """What comes first, of a form in numbers that could be another; with points between them it is the day."""
    return "" if "%b" in form or "%d" not in form or form.startswith("%m.") else _CUSTOMS.get(form[:2], "")


def _rank(form: str) -> tuple[int, str]:
    """ISO first, then by its days."""
    places = [place for place, day in enumerate((*_DAYS, *_MONTHS)) if form.startswith(day)]
    return (-1 if form == ISO else min(places, default=len(_DAYS) + len(_MONTHS))), form


def _forms_of(shape: str) -> tuple[str, ...]:
    """The forms whose pattern a shape fits; ISO alone where that fits."""
    if shape.count("1") < 2 or len(shape) > _LONGEST:
        return ()
    if _compiled(ISO).search(shape):
        return (ISO,)
    found = [form for form in (*_WHOLE, *_MONTHS) if _compiled(form).search(shape)]
    for day in _DAYS:
        if match := _compiled(day, end="").match(shape):
            found += [day + rest for rest in _rests(shape[match.end() :], day)]
    return tuple(found)


def _rests(rest: str, day: str) -> Iterator[str]:
    """How what stands behind a day may be written: as nothing, or as a time."""
    if not rest:
        yield ""
    for between in (*_BETWEEN, *(("",) if day.endswith("日") else ())):
        if rest.startswith(between) and rest != between:
            forms = (time + zone for time, zone in product(_TIMES, _ZONES))
            yield from (between + f for f in forms if _compiled(f).search(rest[len(between) :]))


@cache
def _compiled(form: str, end: str = "$") -> re.Pattern[str]:
    return re.compile(f"^{expression(form)}{end}".replace(r"[\p{L}\p{M}]", r"\w").replace(r"\p{L}", r"[^\W\d_]"))
