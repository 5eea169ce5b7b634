"""The one YAML file that describes a pipeline, as frozen, checked values.

`load("pipeline.yaml")` is the only way in: it names file, line and column of whatever is wrong.
"""

from keepfit.config.loading import load
from keepfit.config.model import CNN, MLP, Model, WideDeep
from keepfit.config.pipeline import Pipeline
from keepfit.config.sections import (
    Evaluation,
    Expectation,
    Feature,
    Kind,
    Preprocessing,
    Release,
    Source,
    Split,
    Training,
    Validation,
)

__all__ = [
    "CNN", "MLP", "Evaluation", "Expectation", "Feature", "Kind", "Model", "Pipeline", "Preprocessing",
    "Release", "Source", "Split", "Training", "Validation", "WideDeep", "load",
]  # fmt: skip
