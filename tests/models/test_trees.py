"""Families that are fitted at once: what they hold as tensors answers as the library that fitted it."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.datasets import load_diabetes
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from keepfit.config import Model, Training
from keepfit.data.batch import Rows
from keepfit.data.feed import held
from keepfit.models import boosting, forest, linear
from keepfit.models.architecture import build, resolve
from keepfit.models.boosting.rounds import Booster, Rounds
from keepfit.models.fitted import HELD_OUT
from keepfit.models.plain import PRIOR, Plain, sides_of
from keepfit.models.tree_nodes import ensembles
from keepfit.models.trees import Tree, Trees
from keepfit.problems.classification.learn import CrossEntropy, answers
from keepfit.stages.export.core import quiet
from tests.tables import Table, breast_cancer, mixed

FAMILIES = {
    "forest": forest.Settings(trees=30),
    "random forest": forest.Settings(trees=30, random=True),
    "boosting": boosting.Settings(trees=30),
    "linear": linear.Settings(),
}
every_name = pytest.mark.parametrize("name", FAMILIES)
every_family = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)


def fitted(family: Model, table: Table, known: int) -> tuple[torch.nn.Module, dict[str, torch.Tensor], ...]:
    """A model fitted to the first rows, the others being for validation; and what the rows carry."""
    transform, inputs, labels = table
    torch.manual_seed(0)
    model = build(resolve(family, Training(), transform, known)[0]).eval()
    rows = Rows(inputs, labels)
    parts = (held(rows.take(torch.arange(*ends))) for ends in ((0, known), (known, len(labels))))
    carried = model.begin(*parts, CrossEntropy())
    return model, *carried


@every_family
@pytest.mark.parametrize("table", [breast_cancer(), mixed()], ids=["numbers", "mixed"])
def test_it_answers_rows_that_it_did_not_see(family: Model, table: Table) -> None:
    model, *_ = fitted(family, table, 300)
    later = {name: values[300:] for name, values in table[1].items()}
    right = model(later)[:, 0].argmax(1) == table[2][300:]
    most = table[2][300:].bincount().max() / len(right)
    assert right.float().mean() > (1 + most) / 2


@every_family
def test_a_loaded_one_answers_the_same(family: Model) -> None:
    table = mixed()
    model, *_ = fitted(family, table, 300)
    architecture = resolve(family, Training(), table[0], 300)[0]
    settings = {**architecture["settings"], **getattr(model, "fitted", {})}
    loaded = build({**architecture, "settings": settings}).eval()
    loaded.load_state_dict(model.state_dict())
    assert torch.equal(loaded(table[1]), model(table[1]))


@every_family
def test_a_row_is_answered_alone_as_among_others(family: Model) -> None:
    table = mixed()
    model, *_ = fitted(family, table, 300)
    alone = torch.cat([model({name: values[at : at + 1] for name, values in table[1].items()}) for at in range(9)])
    assert torch.allclose(alone, model(table[1])[:9], atol=1e-5)


@every_name
def test_rows_that_were_fitted_to_carry_what_did_not_see_them(name: str) -> None:
    """Labels that nothing tells: whoever saw a row's own label would answer it right."""
    transform, inputs, labels = breast_cancer()
    noise = labels[torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))]
    model, known, asked = fitted(FAMILIES[name], (transform, inputs, noise), 400)
    carried = torch.cat([known[HELD_OUT], asked[HELD_OUT]])
    seen = (model(inputs)[:, 0].argmax(1) == noise).float().mean()
    unseen = (carried.argmax(1) == noise).float().mean()
    assert unseen < 0.68
    assert "forest" not in name or seen > 0.95
    assert torch.equal(model({**inputs, HELD_OUT: carried})[:, 0], carried)


def test_boosting_adds_up_to_what_the_library_says() -> None:
    transform, inputs, labels = breast_cancer()
    model, *_ = fitted(boosting.Settings(trees=20), (transform, inputs, labels), 400)
    cells = inputs["numbers"].numpy()
    rounds = model.trees.trees
    theirs = HistGradientBoostingClassifier(max_iter=rounds, l2_regularization=1.0, early_stopping=False)
    theirs.fit(cells, labels.numpy())
    ours = answers(model(inputs), transform.target, {})
    assert ours.numpy() == pytest.approx(theirs.predict_proba(cells), abs=1e-5)


@pytest.mark.parametrize("missing", [False, True])
def test_rounds_of_three_classes_and_of_values_add_up(missing: bool) -> None:
    cells, values = load_diabetes(return_X_y=True)
    if missing:
        cells = np.where(np.random.default_rng(0).random(cells.shape) < 0.2, np.nan, cells)
    labels = np.digitize(values, [100, 200])
    rows = slice(0, 400)
    given = {"max_iter": 7, "max_leaf_nodes": 8, "l2_regularization": 1.0, "early_stopping": False}
    for truth, classes, model in (
        (labels, 3, HistGradientBoostingClassifier(**given)),
        (values, 0, HistGradientBoostingRegressor(**given)),
    ):
        made = Booster(most=7, rate=0.1, leaves=8, seed=0, classes=classes).fitted(cells[rows], truth[rows], 7)
        sums = summed(made, cells)
        theirs = model.fit(cells[rows], truth[rows])
        raw = theirs._raw_predict(cells)
        assert sums == pytest.approx(raw, abs=1e-3)


def summed(made: Rounds, cells: np.ndarray) -> np.ndarray:
    trees = Trees()
    trees.take([tree for turn in made.trees for tree in turn], cells.shape[1], len(made.base))
    return trees(torch.from_numpy(cells)).numpy() + made.base


def test_a_class_without_rows_to_fit_to_has_a_small_chance() -> None:
    cells, values = load_diabetes(return_X_y=True)
    labels = np.where(np.digitize(values, [120]) > 0, 3, 1)
    booster = Booster(9, 0.1, 8, 0, classes=5)
    for found in (summed(booster.fitted(cells, labels, 9), cells), booster.chosen(cells, labels)[1]):
        shares = torch.tensor(found).softmax(1)
        assert (shares[:, [0, 2, 4]] < 0.05).all()
        assert (shares.argmax(1).numpy() == labels).mean() > 0.65
    assert np.argmax(booster.fitted(cells, np.full(len(cells), 2), 9).base) == 2


@pytest.mark.parametrize("classes", [2, 3])
def test_a_class_of_one_row_is_judged_by_fits_that_never_saw_it(classes: int) -> None:
    cells, _ = load_diabetes(return_X_y=True)
    labels = np.arange(len(cells)) % (classes - 1)
    labels[7] = classes - 1
    rounds, found = Booster(9, 0.1, 8, 0, classes).chosen(cells, labels)
    assert 1 <= rounds <= 9
    assert np.isfinite(found).all()
    assert found.shape == (len(cells), 1 if classes == 2 else 3)


def test_the_linear_family_is_logistic_regression() -> None:
    transform, inputs, labels = breast_cancer()
    model, *_ = fitted(linear.Settings(), (transform, inputs, labels), 450)
    cells = StandardScaler().fit_transform(inputs["numbers"].numpy())
    theirs = LogisticRegression(C=1.0, max_iter=1000).fit(cells, labels.numpy()).predict(cells)
    assert (model(inputs)[:, 0].argmax(1).numpy() == theirs).mean() > 0.97


@given(
    arrays(np.float64, (6, 2), elements=st.sampled_from([-np.inf, -1.5, 0.0, 1.0, 2.0, np.inf, np.nan])), st.booleans()
)
def test_a_tree_goes_where_its_nodes_say(cells: np.ndarray, missing_left: bool) -> None:
    """x1 up to 1 → 10; else x0 up to 0 → 20, else 30; and a tree of one leaf."""
    tree = Tree(
        np.array([2, 3, -1, -1, -1]), np.array([1, 4, -1, -1, -1]), np.array([1, 0, 0, 0, 0]),
        np.array([1.0, 0.0, 0, 0, 0]), np.array([missing_left] * 5), np.array([[0], [0], [10], [20], [30]], float),
    )  # fmt: skip
    leaf = Tree(*(np.array([one]) for one in (-1, -1, 0, 0.0, False)), np.array([[7.0]]))
    trees = Trees()
    trees.take([tree, leaf], 2, groups=2)

    def left(cell: float, most: float) -> bool:
        return missing_left if np.isnan(cell) else cell <= most

    expected = [[10 if left(x1, 1.0) else 20 if left(x0, 0.0) else 30, 7] for x0, x1 in cells]
    assert trees(torch.from_numpy(cells)).tolist() == expected


@pytest.mark.parametrize("classes", [0, 2, 3])
def test_as_the_runtime_s_own_node_trees_answer_the_same(classes: int) -> None:
    cells, values = load_diabetes(return_X_y=True)
    cells[np.random.default_rng(0).random(cells.shape) < 0.2] = np.nan
    cells[:5, :5] = np.inf
    labels = np.digitize(values, [150, 220][: classes - 1]) if classes else values
    made = Booster(most=9, rate=0.1, leaves=8, seed=0, classes=classes).fitted(cells, labels, 9)
    trees = Trees().eval()
    trees.take([tree for turn in made.trees for tree in turn], cells.shape[1], len(made.base))
    rows = torch.from_numpy(cells)
    with quiet():
        free = ({0: torch.export.Dim("rows")},)
        program = torch.onnx.export(trees, (rows,), dynamo=True, verbose=False, dynamic_shapes=free)
    ensembles(proto := program.model_proto)
    session = onnxruntime.InferenceSession(proto.SerializeToString())
    found = session.run(None, {session.get_inputs()[0].name: cells})[0]
    assert found == pytest.approx(trees(rows).numpy(), rel=1e-6)


def test_a_code_is_told_what_the_target_was_in_other_rows() -> None:
    transform, inputs, labels = mixed()
    plain = Plain(transform)
    sides = sides_of(labels, transform.target)
    own = plain.learn(Rows(inputs, labels), sides)
    again = plain(inputs)
    assert own.shape == again.shape
    codes, numbers = inputs["codes"], plain.numbers_of(inputs).shape[1]
    assert torch.equal(own[:, :numbers].nan_to_num(), again[:, :numbers].nan_to_num())
    first = codes.shape[1] + numbers
    for code in codes[:, 0].unique():
        rows = codes[:, 0] == code
        mean = (sides[rows].sum(0) + PRIOR * sides.mean(0)) / (rows.sum() + PRIOR)
        assert again[rows][:, first : first + sides.shape[1]] == pytest.approx(mean.expand(int(rows.sum()), -1))
    assert not torch.equal(own[:, first:], again[:, first:])
