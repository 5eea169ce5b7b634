"""What a language model writes, by ONNX Runtime alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from keepfit.config import Pipeline
from keepfit.errors import ConfigError, DataError
from keepfit.features.passage import tokens
from keepfit.features.shared.tokenized import ids_of
from keepfit.problems.next_token.writing import written
from keepfit.quoting import shown, some
from keepfit.serving import model_of
from keepfit.serving.bundle.model import session_of

STEP = "step.onnx"
_BROKEN = "\ufffd"
"""What a character of several bytes looks like while some are missing."""
State = dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Wish:
    """What shall be written."""

    prompt: str
    """The beginning."""
    tokens: int
    """How many tokens behind it."""
    temperature: float
    seed: int

    def check(self) -> None:
        """Raise ConfigError for what cannot be meant."""
        if not self.prompt:
            raise ConfigError("the prompt is empty.", todo="Give the beginning of a text, such as --prompt 'The '.")
        if self.tokens < 1:
            raise ConfigError(f"--tokens is {self.tokens}.", allowed="One token at least is written.")
        if not 0 <= self.temperature <= 100:
            raise ConfigError(
                f"--temperature is {self.temperature:g}.",
                allowed="0 writes what is likeliest, 1 draws by the odds, up to 100 more evenly.",
            )


def generate(config: Pipeline, wish: Wish, bundle: str | None = None) -> Iterator[str]:
    """What follows the prompt, as it is written, from the model in service or from the bundle of this id.

    Raises ConfigError for a pipeline of another problem, DataError for a prompt with tokens never seen.
    """
    wish.check()
    model = model_of(config, bundle)
    path = model.folder / STEP
    if not path.is_file():
        raise ConfigError(
            f"the model of {config.name} writes no text: its problem is {config.problem.kind}.",
            allowed="keepfit generate is for problem: next_token.",
            where=str(config.file),
        )
    tokenizer = model.columns[0]["tokenizer"]
    ids = ids_of([wish.prompt], tokenizer).values.tolist()
    if unknown := tokens.unknown(wish.prompt, tokenizer):
        raise DataError(
            f"the prompt has {some([shown(part) for part in unknown])}, which the model never saw, or once at most.",
            todo="Leave that out of the prompt, or train on texts that have it.",
        )
    return _texts(path.read_bytes(), ids, wish, tokenizer)


def _texts(graph: bytes, ids: list[int], wish: Wish, tokenizer: str) -> Iterator[str]:
    session = session_of(graph)
    whole: list[int] = []  # tokens that make no whole character yet
    state = blank(session, 1)
    for token in written(partial(step, session), state, ids, wish.tokens, wish.temperature, wish.seed):
        whole.append(token)
        text = tokens.decoded(whole, tokenizer)
        if not text.endswith(_BROKEN):
            yield text
            whole = []


def step(
    session: onnxruntime.InferenceSession, ids: NDArray[np.int64], state: State
) -> tuple[NDArray[np.float32], State]:
    """Tokens [B, T] and the state before them → what comes behind each [B, T, V], and the state behind them."""
    logits, *after = session.run(None, {"tokens": ids, **state})
    return logits, dict(zip(state, after, strict=True))


def blank(session: onnxruntime.InferenceSession, rows: int) -> State:
    """The state before the first token of so many texts, as step.onnx takes it."""
    sizes = {"rows": rows, "past": 0}
    asked = session.get_inputs()[1:]
    return {one.name: np.zeros([sizes.get(size, size) for size in one.shape], np.float32) for one in asked}
