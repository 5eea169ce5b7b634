"""The one YAML file that describes a pipeline, as frozen, checked values.

`load("pipeline.yaml")` is the only way in: it names file, line and column of whatever is wrong.
"""

from keepfit.config.sections import (
    Evaluation,
    Expectation,
    Feature,
    Model,
    Preprocessing,
    Problem,
    Release,
    Source,
    Split,
    Training,
    Validation,
)

# The sections come first: those of the open sets, which the pipeline reads, build on them.
from keepfit.config.pipeline import Pipeline  # isort: skip
from keepfit.config.loading import load  # isort: skip

__all__ = [
    "Evaluation", "Expectation", "Feature", "Model", "Pipeline", "Preprocessing", "Problem", "Release", "Source",
    "Split", "Training", "Validation", "load",
]  # fmt: skip
