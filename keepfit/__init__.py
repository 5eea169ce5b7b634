"""keepfit retrains a model on schedule, proves that the new model is better, and only then puts it in service."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from keepfit.serving.bundle.model import ServedModel


# None of the libraries we use reports home. Most read this when they are first imported, and nothing of ours imports
# one before this line.
for _name, _off in {
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "ORT_DISABLE_TELEMETRY": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
}.items():
    os.environ.setdefault(_name, _off)


def load(pipeline: str | Path, bundle: str | None = None) -> ServedModel:
    """The model in service of a pipeline's YAML, or the bundle whose id begins with `bundle`.

    `load("pipeline.yaml").predict(frame)` takes and returns a pandas frame. Raises ConfigError when no model is in
    service, telling which verdict stands, and MachineError when a file of the bundle was changed.
    """
    from keepfit.config import load as load_config
    from keepfit.serving import model_of

    return model_of(load_config(pipeline), bundle)
