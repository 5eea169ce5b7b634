"""What a draft is made of, before anything is written."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from keepfit.features.column import Suggestion

_UPS = 2
"""A path that climbs more folders than this is written in full."""


@dataclass(frozen=True)
class Drafted:
    """The content of both files and what is to be said."""

    pipeline: str
    expectations: list[Suggestion]
    target: str
    features: int
    said: list[str]


def name_of(path: Path) -> str:
    """A pipeline's name from the source's: `adult.data` gives adult."""
    stem = re.sub(r"[^a-z0-9_]+", "-", path.name.split(".")[0].lower()).strip("-_")
    return stem[:63] or "pipeline"


def written(path: Path, place: Path) -> str:
    """A path as the YAML in `place` names it: relative where it lies near."""
    relative = Path(os.path.relpath(path, place))
    near = relative.parts.count("..") <= _UPS
    return relative.as_posix() if near else path.as_posix()
