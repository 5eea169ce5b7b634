"""Tables whose lines are points of series, and those whose lines are rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from keepfit import config
from keepfit.config.source import Points
from keepfit.drafting import draft
from keepfit.drafting.points import long_form
from keepfit.features.column import facts_of
from keepfit.stages.ingest import ingest
from keepfit.store.run import start

RANDOM = np.random.default_rng(0)


def walks() -> pd.DataFrame:
    """Fifty series of two channels, a state and an age each."""
    parts = []
    for place in range(50):
        steps = int(RANDOM.integers(9, 15))
        part = pd.DataFrame(RANDOM.normal(size=(steps, 2)).cumsum(0), columns=["x", "y"])
        parts.append(part.assign(trial=f"t{place}", moment=range(steps), age=20 + place % 7, state="ab"[place % 2]))
    return pd.concat(parts, ignore_index=True)


def found(frame: pd.DataFrame, target: str = "state"):
    columns = facts_of(pa.Table.from_pandas(frame, preserve_index=False).combine_chunks().to_batches())
    return long_form(columns, next(column for column in columns if column.name == target))


def apart(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.melt(["trial", "moment", "age", "state"], ["x", "y"], "sensor", "reading")


def test_a_line_for_each_point_is_recognised() -> None:
    wide = Points(id="trial", time="moment", values=("x", "y"))
    assert found(walks()).points == wide
    dated = walks()
    dated["moment"] = (pd.Timestamp("2024-01-28") + pd.to_timedelta(dated["moment"], "D")).dt.strftime("%d.%m.%Y")
    assert found(dated).points == wide
    noted = walks()
    noted["note"] = RANDOM.choice(["u", "v"], len(noted))
    assert found(noted).left == ("note",)


def test_a_line_for_each_point_and_channel_is_recognised() -> None:
    assert found(apart(walks())).points == Points(
        id="trial", time="moment", values=("reading",), channel="sensor", channels=("x", "y")
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.assign(state=RANDOM.choice(["a", "b"], len(f))),  # each line has its own
        lambda f: f.drop(columns="moment"),
        lambda f: f.drop(columns="trial"),
        lambda f: f.drop(columns=["x", "y"]),
        lambda f: f[f["moment"] < 5],
        lambda f: f[f["trial"].isin([f"t{n}" for n in range(20)])],
        lambda f: f.sample(frac=1, random_state=0),
    ],
)
def test_rows_are_not_taken_for_points(change) -> None:
    assert found(change(walks())) is None


@pytest.mark.parametrize("make", [lambda frame: frame, apart])
def test_what_init_writes_reads_the_series(tmp_path: Path, make) -> None:
    make(walks()).to_csv(tmp_path / "walks.csv", index=False)
    drafted = draft(tmp_path / "walks.csv", "state", folder=tmp_path)
    pipeline = config.load(drafted.pipeline)
    assert pipeline.features["series"].kind == "sequence"
    assert pipeline.features["age"].kind == "number"
    assert not {"trial", "x", "moment", "sensor"} & {*pipeline.features}
    assert ingest(start(pipeline)).rows == 50
    assert any("source.points" in sentence for sentence in drafted.said)
