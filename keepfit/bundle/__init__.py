"""The exported model in service: a bundle opened, verified and asked, through ONNX Runtime and without torch."""

from keepfit.bundle.model import Model, open_bundle
from keepfit.bundle.seal import seal, verify

__all__ = ["Model", "open_bundle", "seal", "verify"]
