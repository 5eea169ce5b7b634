"""The columns that later stages' settings name."""

from __future__ import annotations

from keepfit.config import Pipeline
from keepfit.errors import ConfigError, nearest


def check_named(config: Pipeline, names: list[str]) -> None:
    """Raise ConfigError where a later stage's settings name a column that is not among the source's."""
    split = config.preprocessing.split.column
    named = [("preprocessing.split.column", split)] if split is not None else []
    for key, name in [*named, *(("evaluation.slices", name) for name in config.evaluation.slices)]:
        if name not in names:
            raise ConfigError(
                f'{key} names "{name}", and the source has no such column.',
                allowed=listed(names),
                todo=nearest(name, names) or "Name one of them, or leave the key out.",
                where=str(config.file),
            )


def listed(names: list[str]) -> str:
    """The columns that there are, in a sentence."""
    return f"There are: {', '.join(names[:40])}{' …' if len(names) > 40 else ''}."
