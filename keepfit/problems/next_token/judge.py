"""How surprising texts were to a language model, beside n-grams. N rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Evaluation
from keepfit.data.ragged import Ragged
from keepfit.data.shards import read_arrays, row_groups
from keepfit.data.transform import Transform
from keepfit.features.passage import Entry
from keepfit.features.shared.tokenized import UNKNOWN
from keepfit.metrics import surprise
from keepfit.metrics.paired import Paired
from keepfit.problems.answer import Answers, Labels
from keepfit.problems.judge import Judge, Judged
from keepfit.problems.next_token.ngram import NGrams, Stream, stream_of
from keepfit.problems.next_token.target import lengths
from keepfit.store.artifacts import PARTS, Interval


class JudgedTexts(Judged):
    """What texts cost [N, 2], and how many characters they have [N]."""

    sliced: ClassVar[tuple[str, ...]] = ("nats_per_character", "perplexity")

    def __init__(self, labels: Labels, answers: Answers) -> None:
        self.labels, self.answers = labels, answers

    def scores(self) -> dict[str, float]:
        """See `keepfit.metrics.surprise`."""
        return surprise.scores(*self._costs)

    def intervals(self, confidence: float) -> dict[str, Interval]:
        """The texts are what varies."""
        return surprise.intervals(*self._costs, confidence)

    def details(self) -> dict[str, Any]:
        """characters and tokens of all texts; `texts`: nats a character of each, in their order."""
        each = self.answers[:, 0] / np.maximum(self.labels, 1)
        totals = {"characters": int(self.labels.sum()), "tokens": int(self.answers[:, 1].sum())}
        return {**totals, "texts": each.tolist()}

    def order(self) -> NDArray[np.intp]:
        """By nats a character."""
        return np.argsort(-self._surprise, kind="stable")

    def told(self, row: int) -> dict[str, Any]:
        """How long it is, and how surprising."""
        return {"row": row, "label": int(self.labels[row]), "prediction": float(self._surprise[row])}

    @property
    def _surprise(self) -> NDArray[np.float64]:
        return np.asarray(self.answers[:, 0] / np.maximum(self.labels, 1))

    def part(self, rows: NDArray[np.intp]) -> Judged:
        """The same of some rows."""
        return JudgedTexts(self.labels[rows], self.answers[rows])

    def columns(self) -> dict[str, pa.Array]:
        """`characters`, `nats` and `tokens`."""
        nats, tokens = self.answers.T
        return {"characters": pa.array(self.labels), "nats": pa.array(nats), "tokens": pa.array(tokens)}

    @property
    def _costs(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        nats, tokens = self.answers.T
        return nats, tokens, self.labels.astype(np.float64)


class TextJudge(Judge):
    """By nats a character, which tokens of any kind can be compared by."""

    def judged(self, labels: Labels, answers: Answers, target: Any, rules: Evaluation, settings: Any) -> Judged:  # noqa: ARG002
        """Texts."""
        return JudgedTexts(labels, answers)

    def baselines(self, folder: Path, transform: Transform) -> tuple[str, Answers, Answers]:
        """The tokens' own shares, and n-grams whose length the validation rows choose."""
        (tensor,) = [tensor for tensor in transform.tensors if not tensor.view.name]
        train, validation, test = (_tokens(folder / part, transform, tensor.name) for part in PARTS)
        entry = transform.entries[transform.target.name]
        assert isinstance(entry, Entry)
        counted = NGrams(train, entry.vocabulary)
        costs = [-np.log(odds).sum() for odds in counted.odds(stream_of(validation))]
        best, asked = int(np.argmin(costs)), stream_of(test)
        found, spelled = counted.odds(asked), entry.spelling * (asked.tokens[asked.real] == UNKNOWN)
        unigrams, longer = (_answers(asked, spelled - np.log(odds)) for odds in (found[0], found[best]))
        return f"{best + 1}-grams of {entry.tokens}, Kneser-Ney", unigrams, longer

    def labels(self, cells: pa.ChunkedArray, _schema: dict[str, Any]) -> Labels:
        """Characters."""
        return lengths(cells)

    def figures(self, labels: Labels, answers: Answers, _schema: dict[str, Any]) -> dict[str, float]:
        """See `keepfit.metrics.surprise`."""
        return JudgedTexts(labels, answers).scores()

    def compare(
        self,
        labels: Labels,
        champion: Answers,
        challenger: Answers,
        _schema: dict[str, Any],
        metric: str,
        level: float,
    ) -> Paired:
        """See `keepfit.metrics.surprise`."""
        return surprise.compare(labels.astype(np.float64), champion[:, 0], challenger[:, 0], metric, level)


JUDGE = TextJudge()


def _tokens(folder: Path, transform: Transform, name: str) -> Ragged:
    found = read_arrays(row_groups(folder), transform)[name]
    assert isinstance(found, Ragged)
    return found


def _answers(texts: Stream, nats: NDArray[np.float64]) -> Answers:
    """What each token cost → what each text cost, and its tokens [N, 2]."""
    return np.stack([texts.summed(nats), texts.summed(np.ones(len(nats)))], axis=1)
