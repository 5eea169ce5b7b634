"""Train rows that answer for others: none for itself, and all of them only for what they know."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from keepfit.config import Training
from keepfit.data.batch import Rows
from keepfit.data.feed import held
from keepfit.learning.device import Machine
from keepfit.learning.plan import settle
from keepfit.models import retrieval
from keepfit.models.architecture import build, resolve
from keepfit.models.retrieval import net
from keepfit.models.retrieval.net import PLACE, Retrieval
from keepfit.problems.classification.learn import CrossEntropy
from keepfit.stages.training.beginning import begin
from tests.tables import Table, breast_cancer, mixed

SETTINGS = retrieval.Settings(width=16, dropout=0.0)
KNOWN = 300
every_table = pytest.mark.parametrize("table", [breast_cancer(), mixed()], ids=["numbers", "mixed"])


def begun(table: Table, settings: retrieval.Settings = SETTINGS) -> tuple[Retrieval, dict[str, Tensor]]:
    """A model that has drawn its candidates from the first rows, and what these are with what they carry."""
    transform, inputs, labels = table
    torch.manual_seed(0)
    model = build(resolve(settings, Training(), transform, KNOWN)[0])
    assert isinstance(model, Retrieval)
    rows = Rows(inputs, labels)
    parts = [rows.take(torch.arange(*ends)) for ends in ((0, KNOWN), (KNOWN, len(labels)))]
    carried, _ = model.begin(*map(held, parts), CrossEntropy())
    return model, {**parts[0].batch().inputs, **carried}


@every_table
def test_no_row_answers_for_itself(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net, "DRAWN", 1.0)
    model, inputs = begun(table)
    before = model.train()(inputs)
    model.sides[0] = 1 - model.sides[0]
    after = model(inputs)
    assert torch.allclose(before[0], after[0])
    assert not torch.allclose(before[1:], after[1:])
    without = {name: found for name, found in inputs.items() if name != PLACE}
    assert not torch.allclose(model(without)[0], after[0]), "asked as a new row, its own label is the nearest"


@every_table
def test_only_the_candidates_answer(table: Table) -> None:
    model, inputs = begun(table, SETTINGS.model_copy(update={"candidates": 40}))
    assert len(model.codes) == 40
    drawn = inputs[PLACE] >= 0
    assert int(drawn.sum()) == 40
    assert inputs[PLACE][drawn].sort().values.tolist() == [*range(40)]
    model.sides.zero_()[:, 0] = 1
    assert (model.eval()(inputs)[:, 0].softmax(1).std(0) < 1e-6).all(), "they know one answer"


@every_table
def test_it_learns_what_is_near_and_is_loaded_as_it_was(table: Table) -> None:
    transform, inputs, labels = table
    settings = retrieval.Settings()
    architecture, derived = resolve(settings, Training(epochs=15), transform, KNOWN)
    torch.manual_seed(0)
    rows = Rows(inputs, labels)
    train, later = (held(rows.take(torch.arange(*ends))) for ends in ((0, KNOWN), (KNOWN, len(labels))))
    plan = settle(Training(epochs=15), derived, 1)
    recipe, fit = begin(architecture, plan, Machine(torch.device("cpu"), torch.float32), CrossEntropy(), train, later)
    first = recipe.judge()["loss"]
    for epoch in range(plan.epochs):
        for number, batch in enumerate(fit.feed.epoch(epoch)):
            recipe.step(batch, (epoch + number / len(fit.feed)) / plan.epochs)
    found = recipe.judge()
    most = labels[KNOWN:].bincount().max() / len(labels[KNOWN:])
    assert found["loss"] < first
    assert found["accuracy"] > (1 + most) / 2
    loaded = build(architecture).eval()
    loaded.load_state_dict(recipe.weights())
    asked = later.load((0,)).batch().inputs
    assert torch.equal(loaded(asked), recipe.model(asked))
