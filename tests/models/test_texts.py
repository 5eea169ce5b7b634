"""A linear model of n-grams, fitted first, and a network that learns what it leaves."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from keepfit.data.batch import Rows, tensor_or_ragged
from keepfit.data.feed import held
from keepfit.data.ragged import Ragged
from keepfit.data.transform import Transform
from keepfit.features.shared.tokenized import size
from keepfit.features.text import Entry, grams, tokens
from keepfit.models.linear_fit import Fitting
from keepfit.models.wide_deep import Settings, net
from keepfit.models.wide_deep.grams import Grams
from keepfit.models.wide_deep.residual import WIDE
from keepfit.problems.classification import Target
from keepfit.problems.classification.learn import CrossEntropy
from tests import tables
from tests.sentences import sentences

SMALL = {**net._RESIDUAL, "units": 8, "bins": 4, "batch_norm": False, "activation": "relu", "width": 16}


@pytest.fixture(scope="module")
def read() -> tuple[Transform, Rows]:
    """All sentences, what their sets hold being the class; every tenth stands there twice."""
    frame = sentences()
    said = [*frame.said, *frame.said[::10]]
    of = [*frame.of, *frame.of[::10]]
    classes = tuple(sorted(set(of)))
    made = tokens.trained(said, "bpe", 600)
    known = {"tokenizer": made, "vocabulary": size(made), "length": 64, "grams": "words", "missing": 0}
    entry = Entry.model_validate({"name": "said", "kind": "text", "slot": 0, **known})
    target = Target(name="of", problem="classification", classes=classes)
    views: dict[str, Ragged] = {"text": tokens.encoded(said, made, 64), "text_grams": grams.counted(said, "words")}
    inputs = {name: tensor_or_ragged(block) for name, block in views.items()}
    return Transform(target=target, features=(entry,)), Rows(inputs, torch.tensor([classes.index(one) for one in of]))


FITTING = Fitting(CrossEntropy(), 3, Grams.strengths)


def seen(rows: Rows) -> tuple[Grams, Any]:
    part = Grams("text_grams", 3)
    part.see(rows)
    (found,) = part.turn(True)
    return part, found


def test_the_fit_is_logistic_regression(read):
    _, rows = read
    _, found = seen(rows)
    ours = FITTING.fitted(found, rows.labels, 1.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = LogisticRegression(C=1.0, max_iter=500, tol=1e-6).fit(found, rows.labels.numpy())
    probabilities = torch.from_numpy(ours.logits(found)).softmax(1).numpy()
    np.testing.assert_allclose(probabilities, theirs.predict_proba(found), atol=0.02)


def test_the_module_gives_the_numbers_of_the_fit(read):
    _, rows = read
    module, found = seen(rows)
    linear = FITTING.fitted(found, rows.labels, 10.0, Grams.prior)
    module.take(linear.weight)
    given = module(rows.batch().inputs["text_grams"]).numpy() + linear.bias
    np.testing.assert_allclose(given, linear.logits(found), atol=1e-4)


def test_an_n_gram_of_one_row_is_not_known_and_says_nothing(read):
    _, rows = read
    module, found = seen(rows)
    buckets, times = np.unique(rows.inputs["text_grams"].values[:, 0].numpy(), return_counts=True)
    assert not module.place[buckets[times == 1]].any()
    assert (module.place[buckets[times > 1]] > 0).all()
    assert not found[:, [0]].nnz


def begun(read: tuple[Transform, Rows]) -> tuple[torch.nn.Module, dict[str, torch.Tensor]]:
    transform, rows = read
    torch.manual_seed(0)
    module = net.build(dict(SMALL), transform)
    some = held(rows.take(torch.arange(0, 60)))
    given, asked = module.begin(held(rows), some, CrossEntropy())  # type: ignore[operator]
    assert asked[WIDE].shape == (60, 3)
    return module, given


def test_before_its_first_step_the_whole_is_the_linear_model(read):
    module, _ = begun(read)
    inputs = read[1].batch().inputs
    with torch.no_grad():
        assert torch.equal(module.eval()(inputs)[:, 0], module.linear(inputs))  # type: ignore[operator]
        right = (module(inputs)[:, 0].argmax(1) == read[1].labels).float().mean()
    assert right > 0.95


def test_what_a_train_row_carries_comes_from_fits_that_did_not_see_its_text(read):
    """A text that stands there twice is in one fold; so its numbers are no better than those of others."""
    _, given = begun(read)
    rows, count = read[1], len(sentences())
    assert given[WIDE].shape == (len(rows), 3)
    twice = torch.cat([torch.arange(0, count, 10), torch.arange(count, len(rows))])
    right = (given[WIDE].argmax(1) == rows.labels).float()
    assert right[twice].mean() < 0.95
    assert torch.allclose(given[WIDE][count:], given[WIDE][:count:10], atol=1e-5)
    assert right.mean() > 0.6


def test_two_beginnings_are_equal(read):
    (one, carried), (other, again) = begun(read), begun(read)
    assert torch.equal(carried[WIDE], again[WIDE])
    assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_gradients_reach_the_deep_part_and_leave_the_wide_one(read):
    module, given = begun(read)
    batch = read[1].batch()
    loss = CrossEntropy().loss(module({**batch.inputs, **given}), batch.labels)
    loss.backward()
    assert {name.split(".")[0] for name, value in module.named_parameters() if value.grad is not None} == {"deep"}


def test_padding_changes_nothing(read):
    module, _ = begun(read)
    module.eval()
    rows = read[1].take(torch.arange(5))
    inputs = rows.batch().inputs
    longer = {name: torch.cat([one, one.new_zeros(5, 7, *one.shape[2:])], 1) for name, one in inputs.items()}
    torch.manual_seed(1)
    for tower in module.deep.towers:  # type: ignore[union-attr]
        torch.nn.init.normal_(tower.head.weight)
    with torch.no_grad():
        assert torch.allclose(module(inputs), module(longer), atol=1e-5)


def with_columns(read: tuple[Transform, Rows], numbers: np.ndarray, codes: np.ndarray) -> tuple[Transform, Rows]:
    """The sentences with a number and a name beside each."""
    transform, rows = read
    columns = tables.transform([tables.number(numbers)], [tables.category(["u", "v", "w"])], ["a", "b"]).features
    beside = {"numbers": torch.tensor(numbers)[:, None], "codes": torch.tensor(codes)[:, None]}
    known = transform.model_copy(update={"features": (*transform.features, *columns)})
    return known, Rows({**rows.inputs, **beside}, rows.labels)


def test_columns_that_tell_more_stand_beside_the_text(read):
    draw, labels = np.random.default_rng(0), read[1].labels.numpy()
    told = with_columns(read, np.where(labels == 0, 2.0, 0) + draw.normal(size=len(labels)), 2 + labels % 2)
    module, given = begun(told)
    _, alone = begun(read)
    right, by_text = ((one[WIDE].argmax(1) == read[1].labels).float().mean() for one in (given, alone))
    assert right > by_text + 0.05
    inputs = told[1].batch().inputs
    with torch.no_grad():
        assert torch.equal(module.eval()(inputs)[:, 0], module.linear(inputs))  # type: ignore[operator]
        assert (module.linear(inputs).argmax(1) == read[1].labels).float().mean() > 0.95  # type: ignore[operator]


def test_columns_that_tell_nothing_change_nothing(read):
    draw, count = np.random.default_rng(0), len(read[1])
    module, given = begun(with_columns(read, draw.normal(size=count), draw.integers(0, 5, count)))
    assert not module.beside.weight.any()  # type: ignore[union-attr]
    assert torch.equal(given[WIDE], begun(read)[1][WIDE])


def test_texts_are_asked_of_this_family():
    assert Settings.suits(frozenset({"text", "number"})) > 1
    assert Settings.suits(frozenset({"number"})) == 0
