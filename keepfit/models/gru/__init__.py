"""A recurrent network: GRU."""

from typing import Literal

from keepfit.models.settings import RecurrentSettings


class Settings(RecurrentSettings):
    """Gated recurrent units (Cho et al. 2014) over a series, the words of a text, or the rows of a picture."""

    family: Literal["gru"] = "gru"
