"""Are new rows like those there are? N rows that are there, and as many new ones that are given the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Evaluation
from keepfit.data.transform import Transform
from keepfit.errors import DataError
from keepfit.metrics.intervals import wilson
from keepfit.metrics.naming import LOWER_IS_BETTER
from keepfit.metrics.paired import Paired, of_gains
from keepfit.problems.answer import Answers, Labels
from keepfit.problems.judge import Judge, Judged
from keepfit.problems.synthesis.alike import LEAST, Alike
from keepfit.store.artifacts import Interval

WHY = "the rows are asked for by nothing, so that there is nothing to recognise"


class JudgedNew(Judged):
    """Answers [N, A]."""

    sliced: ClassVar[tuple[str, ...]] = ("covered",)

    def __init__(self, answers: Answers, described: Any) -> None:
        self.answers, self.described = answers, described
        self.alike = Alike(answers, described)

    def scores(self) -> dict[str, float]:
        """See `keepfit.problems.synthesis.alike`."""
        return self.alike.figures

    def intervals(self, confidence: float) -> dict[str, Interval]:
        """Of shares of rows."""
        rows = {"covered": self.alike.rows, "told_apart": 2 * self.alike.rows, "recognised": self.alike.rows}
        found = self.alike.figures
        return {name: wilson(found[name], count, confidence) for name, count in rows.items() if name in found}

    def undefined(self) -> dict[str, str]:
        """What is recognised, where nothing is given."""
        return {} if self.alike.groups is not None else dict.fromkeys(("recognised", "classes"), WHY)

    def details(self) -> dict[str, Any]:
        """`groups`: of what is `given` in each, how many rows were made, and how many of them recognised;
        `recognised_real`: of rows that are there, by those that are not asked about."""
        return self.alike.told

    def order(self) -> NDArray[np.intp]:
        """None: a new row has no truth that it misses."""
        return np.zeros(0, np.intp)

    def told(self, row: int) -> dict[str, Any]:
        """Its number."""
        return {"row": row}

    def part(self, rows: NDArray[np.intp]) -> Judged:
        """The same of some rows."""
        return JudgedNew(self.answers[rows], self.described)

    def columns(self) -> dict[str, pa.Array]:
        """`likeness`: what the network thinks of each row that is there."""
        return {"likeness": pa.array(np.ascontiguousarray(self.answers[:, 0]))}


class NewJudge(Judge):
    """By how many of the rows there are have new ones near."""

    def judged(self, labels: Labels, answers: Answers, target: Any, rules: Evaluation, settings: Any) -> Judged:  # noqa: ARG002
        """Rows."""
        return JudgedNew(answers, target)

    def baselines(self, folder: Path, transform: Transform) -> tuple[str, Answers, Answers]:
        """Every cell from another train row; and rows of principal components. Both within what is given."""
        from keepfit.problems.synthesis.classical import baselines

        return baselines(folder, transform)

    def labels(self, cells: pa.ChunkedArray, schema: dict[str, Any]) -> Labels:  # noqa: ARG002
        """0 for every row."""
        return np.zeros(len(cells), np.uint8)

    def figures(self, labels: Labels, answers: Answers, schema: dict[str, Any]) -> dict[str, float]:  # noqa: ARG002
        """As judged."""
        return JudgedNew(answers, schema).scores()

    def compare(
        self,
        labels: Labels,  # noqa: ARG002
        champion: Answers,
        challenger: Answers,
        schema: dict[str, Any],
        metric: str,
        level: float,
    ) -> Paired:
        """Row by row: whether it has a new one near, or whether it and the new one beside it are told apart."""
        if len(champion) < LEAST:
            raise DataError(f"fewer than {LEAST} rows can be compared.")
        before, after = (getattr(Alike(answers, schema), f"each_{metric}") for answers in (champion, challenger))
        gains = before.astype(np.float64) - after
        return of_gains(gains if metric in LOWER_IS_BETTER else -gains, level, most=1.0)


JUDGE = NewJudge()
