"""Language models: before training, after it, and step by step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from keepfit.data.transform import Transform
from keepfit.features.passage import Entry
from keepfit.models.language import Settings
from keepfit.models.language.net import Language, build, defaults
from keepfit.problems.next_token import Target

VARIANTS = ["lstm", "gru", "attention"]
KNOWN = 30


def seen() -> Transform:
    """A fitted passage of some tokens."""
    entry = Entry(
        name="text", kind="passage", slot=0, tokens="characters", tokenizer="{}", vocabulary=KNOWN, spelling=10.0,
        steps=40, edges=(),
    )  # fmt: skip
    return Transform(target=Target(name="text", problem="next_token", characters=40.0), features=(entry,))


def network(variant: str, **settings: Any) -> Language:
    torch.manual_seed(0)
    derived = defaults(Settings(variant=variant, width=32, depth=2, window=16, **settings), seen(), 100)
    made = build(derived, seen())
    assert isinstance(made, Language)
    return made


def tokens(rows: int, steps: int, seed: int = 0) -> Tensor:
    return torch.randint(2, KNOWN, (rows, steps), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("rows", "steps"), [(1, 1), (3, 5), (2, 16), (2, 100)])
def test_a_text_gives_what_it_cost_and_its_tokens(variant, rows, steps):
    for model in (network(variant).train(), network(variant).eval()):
        found = model({"passage": tokens(rows, steps)})
        assert found.shape == (rows, 1, 2)
        assert (found[..., 1] == steps).all()
        assert (found[..., 0] > 0).all()


@pytest.mark.parametrize("variant", VARIANTS)
def test_what_fills_a_batch_up_costs_nothing(variant):
    model, short, long = network(variant).eval(), tokens(1, 7), tokens(1, 20, 1)
    padded = torch.cat([torch.nn.functional.pad(short, (0, 13)), long])
    both = model({"passage": padded})
    assert torch.allclose(both[0], model({"passage": short})[0], rtol=1e-5)
    assert torch.allclose(both[1], model({"passage": long})[0], rtol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS)
def test_no_token_is_told_by_those_behind_it(variant):
    model, text = network(variant).eval(), tokens(1, 30)
    other = torch.cat([text[:, :20], tokens(1, 10, 5)], 1)
    assert torch.allclose(model.cost(text)[:, :20], model.cost(other)[:, :20], atol=1e-6)


@pytest.mark.parametrize("variant", VARIANTS)
def test_going_on_from_a_state_comes_to_the_same(variant):
    model, text = network(variant).eval(), tokens(3, 50)
    whole, end = model.logits(text, model.core.begin(text))
    state, parts = model.core.begin(text), []
    for start, stop in ((0, 1), (1, 2), (2, 20), (20, 21), (21, 50)):
        found, state = model.logits(text[:, start:stop], state)
        parts.append(found)
    assert torch.allclose(torch.cat(parts, 1), whole, atol=1e-5)
    for one, other in zip(state, end, strict=True):
        assert torch.allclose(one, other, atol=1e-5)


def test_attention_forgets_what_lies_before_its_window():
    torch.manual_seed(0)
    derived = defaults(Settings(variant="attention", width=32, depth=1, window=8), seen(), 100)
    model, text = build(derived, seen()).eval(), tokens(1, 30)
    other = torch.cat([tokens(1, 10, 7), text[:, 10:]], 1)
    assert isinstance(model, Language)
    assert torch.allclose(model.cost(text)[:, 20:], model.cost(other)[:, 20:], atol=1e-6)
    _, state = model.logits(text, model.core.begin(text))
    assert state[0].shape[2] == 7


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_gradient_reaches_every_weight(variant):
    model = network(variant, dropout=0.0).train()
    model({"passage": tokens(4, 40)})[..., 0].sum().backward()
    for name, weight in model.named_parameters():
        assert weight.grad is not None, name
        assert weight.grad.abs().sum() > 0, name


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_batch_is_learned_by_heart(variant):
    model, text = network(variant, dropout=0.0).train(), tokens(2, 16)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        optimiser.zero_grad()
        loss = model.cost(text).mean()
        torch.autograd.backward(loss)
        optimiser.step()
    assert loss < 0.3


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_same_seed_gives_the_same_network(variant):
    first, second = (network(variant).eval().cost(tokens(2, 9)) for _ in range(2))
    assert torch.equal(first, second)


def test_an_unknown_token_costs_its_spelling_too():
    model = network("lstm").eval()
    model.spelling = 0.0
    text = torch.tensor([[5, 1, 6]])
    plain = model.cost(text)
    model.spelling = 10.0
    assert (model.cost(text) - plain).tolist()[0] == pytest.approx([0, 10, 0])


def test_little_text_gets_a_small_network_and_many_passes():
    few, many = (defaults(Settings(), seen(), rows) for rows in (100, 100_000))
    assert few["width"] < many["width"]
    assert few["epochs"] > many["epochs"]
    assert few["batch_size"] < many["batch_size"]
