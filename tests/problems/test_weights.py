"""Classes that count more, and rows that are answered well and count less."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from keepfit import config
from keepfit.config import Model, Training
from keepfit.data.batch import Rows
from keepfit.data.feed import held
from keepfit.errors import ConfigError
from keepfit.models import boosting, forest, linear
from keepfit.models.architecture import build, resolve
from keepfit.problems.classification import Settings, Target
from keepfit.problems.classification.learn import CrossEntropy, objective
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.validation import validate
from keepfit.store.files import read_json
from keepfit.store.run import start
from tests import tables

TARGET = Target(name="y", problem="classification", classes=("a", "b", "c"), rows=(80, 15, 5))
LABELS = torch.arange(3).repeat_interleave(torch.tensor(TARGET.rows))


@pytest.mark.parametrize("said", ["balanced", {"b": 3.0}, {"a": 0.1, "c": 7.0}])
def test_rows_count_one_on_average_and_as_said(said: str | dict[str, float]) -> None:
    weights = objective(Settings(weights=said), TARGET, 0.0).weights(LABELS)
    assert weights is not None
    assert float(weights.mean()) == pytest.approx(1)
    sums = [float(weights[k == LABELS].sum()) for k in range(3)]
    if said == "balanced":
        assert sums == pytest.approx([100 / 3] * 3)
    else:
        counted = [row * said.get(name, 1.0) for name, row in zip("abc", TARGET.rows, strict=True)]
        assert sums == pytest.approx([100 * one / sum(counted) for one in counted])


def test_losses_are_weighed_row_by_row_in_training_and_in_judging() -> None:
    outputs = torch.randn(100, 4, 3)
    made = objective(Settings(weights="balanced"), TARGET, 0.0)
    plain = torch.stack([F.cross_entropy(outputs[:, m], LABELS, reduction="none") for m in range(4)], 1).mean(1)
    assert made.loss(outputs, LABELS) == pytest.approx(float((plain * made.weights(LABELS)).sum()), rel=1e-5)
    one = outputs[:, :1]
    assert float(made.score(one, LABELS)[0]) == pytest.approx(float(made.loss(one, LABELS)), rel=1e-5)


def test_focus_turns_to_rows_that_are_answered_badly() -> None:
    outputs = torch.tensor([[[9.0, 0.0]], [[0.1, 0.0]], [[-2.0, 0.0]], [[200.0, 0.0]]], requires_grad=True)
    labels = torch.zeros(4, dtype=torch.int64)
    plain, focused = CrossEntropy(), CrossEntropy(focus=2.0)
    few = outputs.detach()
    shares = [
        float(focused.loss(few[i : i + 1], labels[:1]) / plain.loss(few[i : i + 1], labels[:1])) for i in range(3)
    ]
    assert shares == sorted(shares)
    assert shares == pytest.approx([(1 - 1 / (1 + np.exp(-z))) ** 2 for z in (9.0, 0.1, -2.0)], rel=1e-3)
    CrossEntropy(focus=0.5).loss(outputs, labels).backward()
    assert outputs.grad is not None
    assert outputs.grad.isfinite().all()


@pytest.mark.parametrize("family", [linear.Settings(), forest.Settings(least=5), boosting.Settings(trees=30)])
def test_fitted_families_find_more_of_a_class_that_counts_more(family: Model) -> None:
    random = np.random.default_rng(0)
    labels = (random.random(1500) < 0.08).astype(np.int64)
    cells = random.normal(size=(1500, 3)) + labels[:, None]
    transform = tables.transform([tables.number(column) for column in cells.T], [], ["many", "few"])
    rows = Rows({"numbers": torch.from_numpy(cells)}, torch.from_numpy(labels))
    parts = [held(rows.take(torch.arange(*ends))) for ends in ((0, 800), (800, 1000))]
    later = rows.take(torch.arange(1000, 1500))
    found = []
    for made in (CrossEntropy(), CrossEntropy(of_classes=[0.5, 6.0])):
        torch.manual_seed(0)
        model = build(resolve(family, Training(), transform, 800)[0]).eval()
        model.begin(*parts, made)  # type: ignore[operator]
        said = model(later.inputs)[:, 0].argmax(1)
        found.append(float((said[later.labels == 1] == 1).float().mean()))
    assert found[1] > found[0] + 0.2


def pipeline(folder: Path, weights: str) -> config.Pipeline:
    rows = [f"{number},{'no' if number % 4 else 'yes'}" for number in range(400)]
    (folder / "rows.csv").write_text("\n".join(["x,y", *rows]) + "\n")
    (folder / "pipeline.yaml").write_text(
        "name: weighed\nsource: {path: rows.csv}\ntarget: y\nfeatures: {x: number}\nmodel: {family: mlp}\n"
        f"problem: {{kind: classification, weights: {weights}}}\n"
    )
    return config.load(folder / "pipeline.yaml")


def test_the_rows_of_each_class_of_the_train_part_are_counted(tmp_path: Path) -> None:
    run = start(pipeline(tmp_path, "{yes: 3}"))
    prepared = preprocess(run, validate(run, ingest(run)))
    target = read_json(run.store / prepared.path / "transform.json")["target"]
    assert target["rows"] == [pytest.approx(prepared.train * share, rel=0.1) for share in (0.75, 0.25)]


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ("{yse: 3}", '"yse".*Did you mean "yes"'),
        ("{yes: 0}", "above 0"),
        ("{yes: true}", "above 0"),
        ("heavy", "heavy"),
    ],
)
def test_weights_that_cannot_be_are_refused(tmp_path: Path, weights: str, words: str) -> None:
    with pytest.raises(ConfigError, match=f"(?s){words}"):
        ingest(start(pipeline(tmp_path, weights)))
