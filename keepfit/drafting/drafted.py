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


_SAYS_NOTHING = re.compile(
    r"(train|training|test|valid|data|dataset|rows|input|file|table|export|download|raw|csv)?[\d_-]*"
)
"""A name that every second source has; the folder that it lies in says better."""
_FOLDERS = 2
"""So many of them are asked."""


def name_of(path: Path) -> str:
    """A pipeline's name from the source's: `adult.data` gives adult, and so does `adult/train.csv`."""
    stems = [re.sub(r"[^a-z0-9_]+", "-", part.split(".")[0].lower()).strip("-_")[:63] for part in path.parts[::-1]]
    better = (stem for stem in stems[: _FOLDERS + 1] if not _SAYS_NOTHING.fullmatch(stem))
    return next(better, stems[0]) or "pipeline"


def written(path: Path, place: Path) -> str:
    """A path as the YAML in `place` names it: relative where it lies near."""
    relative = Path(os.path.relpath(path, place))
    near = relative.parts.count("..") <= _UPS
    return relative.as_posix() if near else path.as_posix()
