"""What of a YAML follows from the rest of it, where it does not say so itself."""

from __future__ import annotations

from typing import Any

from keepfit.config import sets
from keepfit.config.sections import Problem
from keepfit.config.source import WHOLE

Sections = dict[str, Any]
"""A YAML's sections, not checked yet."""


def implied(sections: Sections) -> Sections:
    """The sections with what follows. Raises ValueError where they say the contrary of what must."""
    said = sections.get("problem", sets.PROBLEMS.names()[0])
    kind = said.get("kind") if isinstance(said, dict) else getattr(said, "kind", said)
    if kind not in sets.PROBLEMS.names():
        return sections
    settings = sets.PROBLEMS.module(kind).Settings
    return _decided(_of_rows(sections, settings), kind, settings)


def _of_rows(sections: Sections, settings: type[Problem]) -> Sections:
    """Of a problem that is asked of whole rows the target is a column of ours."""
    if not settings.reads_rows:
        return sections
    if sections.get("target", WHOLE) != WHOLE:
        raise ValueError(
            f'the problem is asked of whole rows, and target names "{sections["target"]}": take target out, and put '
            "the column among the features or leave it out"
        )
    return {**sections, "target": WHOLE}


def _decided(sections: Sections, kind: str, settings: type[Problem]) -> Sections:
    """How answers are read off follows from what models are compared on."""
    release, problem = sections.get("release"), sections.get("problem")
    metric = release.get("metric") if isinstance(release, dict) else getattr(release, "metric", None)
    follows = settings.follows.get(metric, {}) if isinstance(metric, str) else {}
    if not follows or isinstance(problem, Problem):
        return sections
    return {**sections, "problem": {**follows, **(problem if isinstance(problem, dict) else {"kind": kind})}}
