"""An expectation in words."""

from __future__ import annotations

from keepfit.config import Expectation
from keepfit.config.expectations import columns_of

_WIDEST = 80
_PREFIXES = ("expect_column_pair_", "expect_select_column_", "expect_column_", "expect_")
_HIDDEN = ("column", "column_A", "column_B", "condition_parser")


def sentence(expectation: Expectation) -> str:
    """A short sentence, such as `age: values to be between (min_value 0, max_value 120)`."""
    columns = columns_of(expectation)
    prefix = next((p for p in _PREFIXES if expectation.type.startswith(p)), "")
    verb = expectation.type.removeprefix(prefix).replace("_", " ")
    hidden = (*_HIDDEN, "column_list") if columns else ("condition_parser",)
    given = ", ".join(f"{k} {_short(v)}" for k, v in expectation.kwargs.items() if k not in hidden)
    subject = f"{', '.join(columns)}: " if columns else ""
    return f"{subject}{verb}" + (f" ({given})" if given else "")


def _short(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"
