"""A recurrent network: LSTM."""

from typing import Literal

from keepfit.models.settings import RecurrentSettings


class Settings(RecurrentSettings):
    """Long short-term memory (Hochreiter and Schmidhuber 1997) over a series, a text, or the rows of a picture."""

    family: Literal["lstm"] = "lstm"
