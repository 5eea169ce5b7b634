"""Export: the trained model as a bundle that predicts from raw columns without torch or us, checked before use."""

from keepfit.stages.export.stage import export

__all__ = ["export"]
