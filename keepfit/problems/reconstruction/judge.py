"""How well rows are described, and ordinary ones left alone. N rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Evaluation
from keepfit.data.transform import Transform
from keepfit.metrics.intervals import wilson
from keepfit.metrics.means import interval
from keepfit.metrics.paired import Paired, of_gains
from keepfit.problems.answer import Answers, Labels
from keepfit.problems.described import Rebuilt, layout_of
from keepfit.problems.judge import Judge, Judged
from keepfit.problems.reconstruction.answer import of_columns, parts, summed
from keepfit.store.artifacts import Interval

ACTIVE = 0.01
"""Variance over the rows from which a number of the code says something (Burda, Grosse and Salakhutdinov 2016,
"Importance weighted autoencoders")."""
ALARM = 0.99


class JudgedRows(Judged):
    """Answers [N, A]."""

    sliced: ClassVar[tuple[str, ...]] = ("elbo", "false_alarms")

    def __init__(self, answers: Answers, described: Any, alarm: float) -> None:
        self.answers, self.described, self.alarm = answers, described, alarm
        self.found = parts(answers, layout_of(described))

    def scores(self) -> dict[str, float]:
        """elbo: nats a cell; rate: those of them that go into the code; active_units: numbers of the code that say
        something; false_alarms: the share of these rows, which are ordinary, beyond the alarm."""
        return {
            "elbo": float(self.found["elbo"].mean()),
            "false_alarms": float(self._alarms.mean()),
            "rate": float(self.found["rate"].mean()),
            "active_units": float((self.found["code"].var(axis=0) > ACTIVE).sum()),
        }

    def intervals(self, confidence: float) -> dict[str, Interval]:
        """Of the bound and of the share of alarms."""
        made = {"false_alarms": wilson(float(self._alarms.mean()), len(self._alarms), confidence)}
        if len(self.answers) > 1:
            low, high = interval(self.found["elbo"].astype(np.float64), (1 - confidence) / 2)
            made["elbo"] = Interval(value=float(self.found["elbo"].mean()), low=low, high=high)
        return made

    def details(self) -> dict[str, Any]:
        """`strangeness` of each row, in their order; `off`: column → its mean share of what is off; `alarm`."""
        off = of_columns(self.found["share"], self._columns)
        shares = {name: float(summed(some).mean()) for name, some in off.items()}
        return {"strangeness": self.found["strangeness"].round(5).tolist(), "off": shares, "alarm": self.alarm}

    def order(self) -> NDArray[np.intp]:
        """By strangeness, and by the bound of those that are as strange."""
        return np.lexsort((self.found["elbo"], -self.found["strangeness"]))

    def told(self, row: int) -> dict[str, Any]:
        """How strange it is, and the column that most of that is due to."""
        off = of_columns(self.found["share"][[row]], self._columns)
        shares = [float(summed(some)[0]) for some in off.values()]
        column = int(np.argmax(shares))
        figures = {"prediction": float(self.found["strangeness"][row]), "elbo": float(self.found["elbo"][row])}
        return {"row": row, "label": None, **figures, "column": self._columns[column].name, "share": shares[column]}

    def part(self, rows: NDArray[np.intp]) -> Judged:
        """The same of some rows."""
        return JudgedRows(self.answers[rows], self.described, self.alarm)

    def columns(self) -> dict[str, pa.Array]:
        """`strangeness`, `elbo`, `rate`."""
        return {name: pa.array(self.found[name]) for name in ("strangeness", "elbo", "rate")}

    @property
    def _alarms(self) -> NDArray[np.bool_]:
        return np.asarray(self.found["strangeness"] > self.alarm)

    @property
    def _columns(self) -> list[Rebuilt]:
        found = self.described["columns"] if isinstance(self.described, dict) else self.described.columns
        return [one if isinstance(one, Rebuilt) else Rebuilt.model_validate(one) for one in found]


class RowJudge(Judge):
    """By nats a cell."""

    def judged(self, labels: Labels, answers: Answers, target: Any, rules: Evaluation, settings: Any) -> Judged:  # noqa: ARG002
        """Rows."""
        return JudgedRows(answers, target, settings.alarm)

    def baselines(self, folder: Path, transform: Transform) -> tuple[str, Answers, Answers]:
        """Each column by itself, and probabilistic principal components (Tipping and Bishop 1999)."""
        from keepfit.problems.reconstruction.classical import baselines

        return baselines(folder, transform)

    def labels(self, cells: pa.ChunkedArray, schema: dict[str, Any]) -> Labels:  # noqa: ARG002
        """0 for every row."""
        return np.zeros(len(cells), np.uint8)

    def figures(self, labels: Labels, answers: Answers, schema: dict[str, Any]) -> dict[str, float]:  # noqa: ARG002
        """As judged."""
        return JudgedRows(answers, schema, schema.get("alarm", ALARM)).scores()

    def compare(
        self,
        labels: Labels,  # noqa: ARG002
        champion: Answers,
        challenger: Answers,
        schema: dict[str, Any],  # noqa: ARG002
        metric: str,  # noqa: ARG002
        level: float,
    ) -> Paired:
        """By the bound of each row."""
        return of_gains((challenger[:, 1] - champion[:, 1]).astype(np.float64), level)


JUDGE = RowJudge()
