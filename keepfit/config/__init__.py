"""The one YAML file that describes a pipeline, as frozen, checked values.

`load("pipeline.yaml")` is the only way in: it names file, line and column of whatever is wrong.
"""

from typing import TYPE_CHECKING, Any

from keepfit.config.sections import (
    Evaluation,
    Expectation,
    Feature,
    Model,
    Preprocessing,
    Problem,
    Release,
    Split,
    Training,
    Validation,
)
from keepfit.config.source import Source

if TYPE_CHECKING:
    from keepfit.config.loading import load
    from keepfit.config.pipeline import Pipeline

__all__ = [
    "Evaluation", "Expectation", "Feature", "Model", "Pipeline", "Preprocessing", "Problem", "Release", "Source",
    "Split", "Training", "Validation", "load",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Pipeline and load, when asked for: they read the members of the open sets, which build on the sections."""
    if name == "Pipeline":
        from keepfit.config.pipeline import Pipeline

        return Pipeline
    if name == "load":
        from keepfit.config.loading import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
