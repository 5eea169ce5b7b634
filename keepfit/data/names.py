"""How a name is written, wherever it comes from: 1.0 is 1, and so is true; false is 0."""

from __future__ import annotations

import math
import re
from typing import Any

WHOLE = r"^([+-]?[0-9]+)\.0+$"
TRUE, FALSE = r"^(?:[Tt]rue|TRUE)$", r"^(?:[Ff]alse|FALSE)$"


def plain(value: float) -> str:
    """A number as a name."""
    return str(int(value)) if value.is_integer() else repr(value)


def name_of(value: Any) -> str:
    """A value of the YAML as a cell of equal meaning is named: see `keepfit.data.cells.categories`."""
    if isinstance(value, float):
        return plain(value)
    text = str(value).strip()
    for pattern, written in ((WHOLE, r"\1"), (TRUE, "1"), (FALSE, "0")):
        text = re.sub(pattern, written, text)
    return text


def natural(name: str) -> tuple[float, str]:
    """What names are put in order by: numbers by size, then others by their letters."""
    try:
        number = float(name)
    except ValueError:
        return math.inf, name
    return (math.inf if math.isnan(number) else number), name
