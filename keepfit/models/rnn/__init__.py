"""A recurrent network: RNN."""

from typing import Literal

from keepfit.models.settings import RecurrentSettings


class Settings(RecurrentSettings):
    """A plain recurrent network (Elman 1990) over a series, the words of a text, or the rows of a picture."""

    family: Literal["rnn"] = "rnn"
