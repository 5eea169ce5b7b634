"""The classical baselines on real data, apart from the stage."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse
from sklearn.datasets import load_breast_cancer, load_digits

from keepfit.data.transform import Target
from keepfit.features.image.cells import shrunk
from keepfit.features.text import grams
from keepfit.problems import boosting
from keepfit.problems.classification import judge
from keepfit.problems.examples import Matrix
from keepfit.problems.judge import Examples
from keepfit.problems.regression import judge as value_judge
from tests.tables import classified


def cut(rows: Matrix, labels: Matrix, categories: int = 0, what: str = "") -> tuple[Examples, Matrix]:
    """60, 20 and 20 % of shuffled rows, and the labels of the last."""
    order = np.random.default_rng(0).permutation(len(labels))
    known, asked = order[: int(0.8 * len(order))], order[int(0.8 * len(order)) :]
    halves = [rows[half] for half in np.array_split(asked, 2)]
    train = int(0.6 * len(order))
    made = Examples(rows[known], labels[known], train, len(known), lambda: iter(halves), categories, what)
    return made, labels[asked]


def classes(count: int) -> Target:
    return classified([str(n) for n in range(count)])


def test_pixels_of_digits() -> None:
    images, labels = load_digits(return_X_y=True)
    given, wanted = cut((images * 15).astype(np.uint8), labels, what="8×8 pixels")
    name, probabilities = judge.JUDGE.classical(given, classes(10))
    assert name == "logistic regression on 8×8 pixels"
    assert (probabilities.argmax(axis=1) == wanted).mean() > 0.95
    assert probabilities.sum(axis=1) == pytest.approx(1, abs=1e-5)


PROBLEMS = {
    "classification": (judge.JUDGE, classes(2), lambda odd: odd.astype(int)),
    "regression": (value_judge.JUDGE, None, lambda odd: 5.0 * odd),
}


@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("told_by", ["number", "category"])
def test_beside_pictures_columns_with_gaps_and_codes_without_an_order_are_learned_from(
    problem: str, told_by: str
) -> None:
    """Pictures of noise beside a column that is empty, and two that have gaps; one of the two tells the target."""
    draw = np.random.default_rng(0)
    judged, target, labelled = PROBLEMS[problem]
    number, codes = draw.normal(1e9, 2, 2000), draw.integers(0, 12, 2000).astype(float)
    labels = labelled(number > 1e9 if told_by == "number" else codes % 2 == 1)
    number[draw.random(2000) < 0.05], codes[draw.random(2000) < 0.05] = np.nan, np.nan
    noise, empty = draw.integers(0, 256, (2000, 16)), np.full(2000, np.nan)
    rows = np.column_stack([noise, empty, number, codes, empty])
    given, wanted = cut(rows, labels, categories=2, what="4×4 pixels and the other columns")
    name, answers = judged.classical(given, target)
    assert "4×4 pixels and the other columns" in name
    right = answers[:, -1] > (0.5 if problem == "classification" else 2.5)
    assert (right == (wanted > 0)).mean() > 0.9


def test_boosting_uses_categories_that_have_no_order() -> None:
    """The answer depends on whether a code is odd: no order of the codes helps, a category split does."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 40, 3000).astype(float)
    labels = (codes % 2).astype(int)
    codes[:200] = np.nan
    given, wanted = cut(np.stack([rng.normal(size=3000), codes], axis=1), labels, categories=1)
    _, probabilities = judge.JUDGE.classical(given, classes(2))
    assert (probabilities.argmax(axis=1) == wanted).mean() > 0.95


def test_a_class_that_stands_only_in_the_test_part_gets_no_probability() -> None:
    rows, labels = load_breast_cancer(return_X_y=True)
    given, wanted = cut(rows, labels)
    _, probabilities = judge.JUDGE.classical(replace(given, labels=given.labels * 2), classes(4))
    assert probabilities.shape == (len(wanted), 4)
    assert (probabilities[:, [1, 3]] == 0).all()


def test_of_too_many_rows_every_class_keeps_its_share_and_the_name_says_so() -> None:
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [9000, 990, 10]))
    kept = judge.sample(labels, 1000)
    assert np.bincount(labels[kept]) == pytest.approx([900, 99, 1], abs=1)
    assert (np.diff(kept) > 0).all()
    assert boosting._name(1000, 10_000) == "HistGradientBoosting on 1,000 of 10,000 rows"
    assert len(judge.sample(labels, 10_000)) == 10_000


def test_large_pictures_are_shrunk_by_the_mean_of_blocks() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 70, 100, 3)).astype(np.uint8)
    small = shrunk(images)
    assert small.shape == (2, 17, 25, 3)
    assert small[0, 0, 0, 0] == round(float(images[0, :4, :4, 0].mean()))
    assert shrunk(images[:, :32, :32]).shape == (2, 32, 32, 3)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_texts_are_learned_from_by_the_tf_idf_of_their_n_grams_beside_other_columns(problem: str) -> None:
    """One of two words tells the target of half of the rows, a code that of the others."""
    draw = np.random.default_rng(0)
    judged, target, labelled = PROBLEMS[problem]
    told, odd = draw.random(600) < 0.5, draw.random(600) < 0.5
    said = [
        f"this {'good' if yes else 'bad'} row {draw.integers(50)}" if by else "no word"
        for yes, by in zip(odd, told, strict=True)
    ]
    codes = np.where(told, np.nan, odd)
    counts = grams.matrix(grams.counted(said, "words"))
    rows = sparse.hstack([codes[:, None], counts], "csr")
    given, wanted = cut(rows, labelled(odd), categories=1, what="n-grams and the other columns")
    name, answers = judged.classical(replace(given, counts=counts.shape[1]), target)
    assert name.endswith("regression on the TF-IDF of n-grams and the other columns")
    right = answers[:, -1] > (0.5 if problem == "classification" else 2.5)
    assert (right == (wanted > 0)).mean() > 0.98
