"""From the raw tensors of a batch to one vector a column, with the fitted transform inside the module.

Training and the exported graph so run the same code on the same doubles, codes and bytes.
"""

from keepfit.features.encoder import Encoder

__all__ = ["Encoder"]
