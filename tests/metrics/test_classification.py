"""The metrics against scikit-learn's: ties, absent classes, one row, probabilities of 0 and 1."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as reference

from keepfit.metrics import curves
from keepfit.metrics.answers import Answers
from keepfit.metrics.confusion import Margins
from keepfit.metrics.probabilistic import Values
from keepfit.metrics.ranking import Ranking


@st.composite
def answers(draw: st.DrawFn, most: int = 50) -> Answers:
    """Probabilities from a coarse grid, so that many are equal, 0 or 1."""
    classes, rows = draw(st.integers(2, 5)), draw(st.integers(1, most))
    labels = draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows))
    weights = draw(
        st.lists(
            st.lists(st.sampled_from([0, 0, 1, 2, 5]), min_size=classes, max_size=classes).filter(any),
            min_size=rows, max_size=rows,
        )
    )  # fmt: skip
    shares = np.array(weights, np.float64)
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    return Answers(np.array(labels), (shares / shares.sum(axis=1, keepdims=True)).astype(dtype))


def quietly(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """scikit-learn warns of absent classes, and of float32 rows that sum to 1 less a bit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


thorough = settings(max_examples=80, deadline=None)


@thorough
@given(answers())
def test_what_follows_from_the_confusion_matrix(given: Answers) -> None:
    labels, predictions = given.labels, given.predictions
    classes = range(given.probabilities.shape[1])
    assert (given.confusion == reference.confusion_matrix(labels, predictions, labels=classes)).all()
    found = given.scores()
    assert found["accuracy"] == pytest.approx(reference.accuracy_score(labels, predictions))
    assert found["balanced_accuracy"] == pytest.approx(quietly(reference.balanced_accuracy_score, labels, predictions))
    assert found["mcc"] == pytest.approx(quietly(reference.matthews_corrcoef, labels, predictions), abs=1e-12)
    for average in ("macro", "weighted"):
        expected = reference.precision_recall_fscore_support(labels, predictions, average=average, zero_division=0)
        ours = [found[f"{average}_{name}"] for name in ("precision", "recall", "f1")]
        assert ours == pytest.approx(expected[:3])


@thorough
@given(answers(), st.integers(0, 1), st.booleans())
def test_the_positive_class_is_the_named_one_and_otherwise_the_rarer(given: Answers, named: int, name: bool) -> None:
    shares = given.probabilities[:, :2] + 1e-3
    labels = given.labels % 2
    ours = Answers(labels, shares / shares.sum(axis=1, keepdims=True), named if name else None)
    positive = named if name else int(2 * (labels == 1).sum() <= len(labels))
    found, there = ours.scores(), (labels == positive).any()
    assert ours.positive == positive
    assert ("f1" in found) == there
    if there:
        expected = reference.precision_recall_fscore_support(
            labels, ours.predictions, average="binary", pos_label=positive, zero_division=0
        )
        assert [found[name] for name in ("precision", "recall", "f1")] == pytest.approx(expected[:3])
        assert {"precision", "recall", "f1"} <= ours.intervals(0.9).keys()
    if len(set(labels)) == 2:
        scores = ours.probabilities[:, positive]
        assert found["pr_auc"] == pytest.approx(reference.average_precision_score(labels == positive, scores))


@thorough
@given(answers())
def test_each_class(given: Answers) -> None:
    classes = range(given.probabilities.shape[1])
    expected = reference.precision_recall_fscore_support(
        given.labels, given.predictions, labels=classes, zero_division=np.nan
    )
    rows = given.per_class()
    for name, values in zip(("precision", "recall", "f1", "support"), expected, strict=True):
        ours = [np.nan if row[name] is None else row[name] for row in rows]
        assert ours == pytest.approx(values, nan_ok=True)


@thorough
@given(answers())
def test_probabilities(given: Answers) -> None:
    labels, probabilities, classes = given.labels, given.probabilities, range(given.probabilities.shape[1])
    found = given.scores(top_k=2)
    assert found["log_loss"] == pytest.approx(
        quietly(reference.log_loss, labels, probabilities, labels=classes), rel=1e-5, abs=1e-6
    )
    if len(classes) > 2:
        assert found["brier"] == pytest.approx(
            quietly(reference.brier_score_loss, labels, probabilities, labels=classes), abs=1e-6
        )
        # scikit-learn gives the last of equal classes the better rank, argmax and we the first.
        last = classes[-1]
        hits = reference.top_k_accuracy_score(last - labels, probabilities[:, ::-1], k=2, labels=classes)
        assert found["top_k_accuracy"] == pytest.approx(hits)
    else:
        assert found["brier"] == pytest.approx(
            reference.brier_score_loss(labels, probabilities[:, 1], labels=[0, 1], pos_label=1), abs=1e-6
        )
        assert "top_k_accuracy" not in found


@thorough
@given(answers())
def test_rankings(given: Answers) -> None:
    labels, probabilities = given.labels, given.probabilities
    rarer = int(2 * np.count_nonzero(labels == 1) <= len(labels))
    ranked = [rarer] if probabilities.shape[1] == 2 else range(probabilities.shape[1])
    defined = [k for k in ranked if 0 < (labels == k).sum() < len(labels)]
    assert list(given.rankings) == defined
    areas = [reference.roc_auc_score(labels == k, probabilities[:, k]) for k in defined]
    precisions = [reference.average_precision_score(labels == k, probabilities[:, k]) for k in defined]
    found = given.scores()
    assert found.get("roc_auc", np.nan) == pytest.approx(np.mean(areas) if areas else np.nan, nan_ok=True)
    assert found.get("pr_auc", np.nan) == pytest.approx(np.mean(precisions) if precisions else np.nan, nan_ok=True)


@thorough
@given(answers())
def test_calibration_bins_hold_every_row_once(given: Answers) -> None:
    confidence = given.probabilities.max(axis=1)
    edges = np.linspace(0, 1, 16)
    places = np.clip(np.floor(confidence.astype(float) * 15), 0, 14)
    right = given.predictions == given.labels
    inside = [places == b for b in np.unique(places)]
    gaps = [rows.sum() * abs(confidence[rows].mean() - right[rows].mean()) for rows in inside]
    assert given.scores()["calibration_error"] == pytest.approx(sum(gaps) / len(confidence), abs=1e-6)
    assert sum(b["rows"] for b in given.calibration) == len(confidence)
    for b in given.calibration:
        assert b["low"] == pytest.approx(edges[round(b["low"] * 15)])
        assert b["low"] - 1e-6 <= b["confidence"] <= b["high"] + 1e-6


@thorough
@given(answers(most=25))
def test_an_influence_is_the_derivative_by_a_row_s_weight(given: Answers) -> None:
    """Doubling every row but one takes half of that row's weight; n copies make the step small."""
    for k, ranking in given.rankings.items():
        positive, scores = given.labels == k, given.probabilities[:, k]
        for metric, ours in (
            (reference.roc_auc_score, ranking.of_rows(ranking.roc_influence(), positive)),
            (reference.average_precision_score, ranking.of_rows(ranking.precision_influence(), positive)),
        ):
            weight = np.ones(len(scores))
            weight[0] += 1e-5
            slope = (metric(positive, scores, sample_weight=weight) - metric(positive, scores)) / 1e-5
            assert ours[0] == pytest.approx(slope, abs=1e-3)
            assert ours.sum() == pytest.approx(0, abs=1e-9)


def drawn_curve(rows: int) -> Ranking:
    rng = np.random.default_rng(1)
    positive = rng.random(rows) < 0.2
    return Ranking.of((rng.normal(size=rows) + 1.5 * positive).astype(np.float32), positive)


def strays(x: Values, y: Values, line_x: list[float], line_y: list[float]) -> float:
    """The largest distance of a thousand points of a curve from a line through a few of them."""
    some = np.linspace(0, len(x) - 1, 1000).astype(int)
    point, ends = x[some] + 1j * y[some], np.array(line_x) + 1j * np.array(line_y)
    start, step = ends[:-1], np.diff(ends)
    along = ((point[:, None] - start) * step.conj()).real / np.abs(step) ** 2
    return float(np.abs(point[:, None] - start - np.clip(along, 0, 1) * step).min(axis=1).max())


@pytest.mark.parametrize("rows", [1000, 200_000])
def test_a_thinned_curve_keeps_its_shape(rows: int) -> None:
    ranking = drawn_curve(rows)
    fpr, tpr = curves.roc(ranking)
    assert len(fpr) <= curves.POINTS
    assert (fpr[0], tpr[0], fpr[-1], tpr[-1]) == (0, 0, 1, 1)
    full_x, full_y = ranking.wrong_above / ranking.wrong_above[-1], ranking.above / ranking.above[-1]
    assert np.trapezoid(tpr, fpr) == pytest.approx(ranking.roc_auc, abs=0.002)
    assert strays(full_x, full_y, fpr, tpr) < 0.01
    recall, precision = curves.precision_recall(ranking)
    assert len(recall) <= curves.POINTS
    assert strays(full_y, ranking.precision, recall, precision) < 0.01


def test_few_points_are_kept_as_they_are_but_for_those_on_a_line() -> None:
    x, y = np.array([0, 0, 0, 0.5, 1.0]), np.array([0, 0.5, 1.0, 1.0, 1.0])
    assert curves.thin(x, y) == ([0, 0, 1], [0, 1, 1])


def test_metrics_of_many_matrices_are_those_of_each() -> None:
    matrices = np.random.default_rng(0).integers(0, 9, (5, 3, 3))
    margins = Margins(matrices.diagonal(axis1=1, axis2=2), matrices.sum(2), matrices.sum(1))
    for name, values in margins.scores().items():
        assert values == pytest.approx([float(Margins.of(m).scores()[name]) for m in matrices])
