"""A portfolio: members that learn in turns, their mixture, and what is trained anew when something changes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from keepfit.data import feed
from keepfit.errors import ConfigError
from keepfit.features.lookup import read_transform
from keepfit.models.architecture import load
from keepfit.problems.classification import learn as classes
from keepfit.problems.regression import learn as values
from keepfit.stages.training import train
from keepfit.stages.training.folds import fold, places
from keepfit.stages.training.mixing import WORTH, mixed, mixed_sparingly, mixed_within
from keepfit.store.artifacts import Learnable, Trained
from keepfit.store.events import watching
from keepfit.store.run import Run
from tests import ROOT
from tests.stages.training.training_data import quantity, run, table

SHORT = "{epochs: 2, checkpoint_seconds: 0}"
TREES = "{family: forest, trees: 20}, {family: boosting, trees: 20}"
MEMBERS = f"{{family: auto, families: [linear, {TREES}, {{family: mlp, width: WIDE}}]}}"
MODEL = MEMBERS.replace("WIDE", "16")


def members_of(begun: Run, trained: Trained) -> list[dict]:
    return json.loads((begun.store / trained.path / "members.json").read_text())["members"]


def seen(folder: Path, model: str, prepared: Learnable) -> tuple[Trained, list[str]]:
    """What was trained, and the members that were taken as they were."""
    told: list[str] = []
    with watching(lambda event: told.append(event.message)):
        trained = train(run(folder, SHORT, model, "x0: number"), prepared)
    return trained, [message for message in told if message.endswith(": as before")]


@pytest.mark.parametrize("maker", [table, quantity])
def test_it_is_one_network_that_answers_unseen_rows_at_least_as_well_as_its_members(tmp_path: Path, maker) -> None:
    begun, prepared = maker(tmp_path, SHORT, MODEL)
    trained = train(begun, prepared)
    members = members_of(begun, trained)
    assert [one["family"] for one in members] == ["linear", "forest", "boosting", "mlp"]
    assert sum(one["share"] for one in members) == pytest.approx(1)
    assert trained.validation["loss"] <= min(one["validation"]["loss"] for one in members) * 1.02
    transform = read_transform(begun.store / prepared.path)
    part = feed.read(begun.store / prepared.path / "validation", transform)
    model = load(begun.store / trained.path)
    assert len(model.answers(part)) == len(part)
    assert np.isfinite(model.answers(part)).all()


def test_a_changed_setting_of_one_member_trains_that_one_alone(tmp_path: Path) -> None:
    begun, prepared = table(tmp_path, SHORT, MODEL)
    train(begun, prepared)
    _, kept = seen(tmp_path, MEMBERS.replace("WIDE", "24"), prepared)
    assert sorted({message.split()[0].rstrip(":") for message in kept}) == ["boosting", "forest", "linear"]


def test_the_weights_take_no_more_than_they_may(tmp_path: Path) -> None:
    begun, prepared = table(tmp_path, SHORT, MODEL)
    whole = train(begun, prepared)
    size = (begun.store / whole.path / "model.safetensors").stat().st_size
    members, shared = members_of(begun, whole), [one for one in members_of(begun, whole) if one["share"]]
    again, kept = seen(tmp_path, f"{MODEL[:-1]}, max_megabytes: {size / 2e6}}}", prepared)
    assert (begun.store / again.path / "model.safetensors").stat().st_size <= size / 2
    assert len(kept) == sum(one["trainings"] for one in members)
    fewer = [one for one in members_of(begun, again) if one["share"]]
    assert 0 < len(fewer) < len(shared)
    with pytest.raises(ConfigError, match=r"no member of the portfolio is so small[\s\S]*they take: linear 0\.0"):
        train(run(tmp_path, SHORT, f"{MODEL[:-1]}, max_megabytes: 0.00001}}", "x0: number"), prepared)


def test_the_same_seed_gives_the_same_bits(tmp_path: Path) -> None:
    digests = []
    for number in (0, 1):
        (folder := tmp_path / str(number)).mkdir()
        begun, prepared = table(folder, SHORT, MODEL)
        digests.append(train(begun, prepared).digest)
    assert digests[0] == digests[1]


@pytest.mark.slow
def test_killed_at_any_member_it_goes_on_with_that_one_and_ends_in_the_same_bits(tmp_path: Path) -> None:
    (whole := tmp_path / "whole").mkdir()
    begun, prepared = table(whole, SHORT, MODEL)
    expected = train(begun, prepared).digest
    (folder := tmp_path / "killed").mkdir()
    table(folder, SHORT, MODEL)
    for part in ("boosting", "mlp 2 of 3: epoch 2"):
        program = [sys.executable, "-m", "tests.stages.training.training_data", str(folder)]
        with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
            assert process.stdout is not None
            assert any(part in line for line in process.stdout), "it ended before"
            process.send_signal(signal.SIGKILL)
    trained, kept = seen(folder, MODEL, prepared)
    assert trained.digest == expected
    assert any(message.startswith("forest") for message in kept)


def test_rows_of_a_group_stay_where_the_split_put_them(tmp_path: Path) -> None:
    begun, prepared = table(tmp_path, SHORT, MODEL)
    text = (tmp_path / "pipeline.yaml").read_text() + "preprocessing: {split: {by: group, column: x0}}\n"
    (tmp_path / "pipeline.yaml").write_text(text)
    from keepfit import config
    from keepfit.store.run import start

    begun = start(config.load(tmp_path / "pipeline.yaml"))
    trained = train(begun, prepared)
    assert [one["trainings"] for one in members_of(begun, trained)] == [1, 1, 1, 1]


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ("[auto]", "a member is one of"),
        ("[{family: forest, leafs: 3}]", "leafs"),
        ("[]", "members"),
        ("[7]", "a member is one of"),
    ],
)
def test_members_that_cannot_be_are_refused(tmp_path: Path, members: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        run(tmp_path, "", f"{{family: auto, families: {members}}}", "x0: number")


@given(st.integers(2, 7), st.integers(20, 300))
def test_every_row_chooses_once_and_classes_are_spread(of: int, rows: int) -> None:
    labels = np.random.default_rng(rows).integers(0, 3, rows)
    prepared = Learnable(path="p", digest="d", train=rows - 5)
    cuts = [fold(prepared, number, of, rows) for number in range(of)]
    chosen = [places(labels, cut) for cut in cuts]
    assert sorted(np.concatenate(chosen)) == list(range(rows))
    assert [cut.train + len(one) for cut, one in zip(cuts, chosen, strict=True)] == [rows] * of
    counts = np.array([np.bincount(labels[one], minlength=3) for one in chosen])
    assert (counts.max(0) - counts.min(0) <= 1).all()
    assert len({cut.digest for cut in cuts}) == of


def test_a_member_that_knows_nothing_gets_no_share() -> None:
    random = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (600,), generator=random)
    known = torch.nn.functional.one_hot(labels, 3) * 2.0 + torch.randn(600, 3, generator=random)
    outputs = torch.stack([known, torch.randn(600, 3, generator=random) * 3], 1)
    shares, _ = mixed(outputs, labels, classes.CrossEntropy(), classes)
    assert shares.tolist() == pytest.approx([1, 0], abs=0.05)


def test_of_too_large_members_those_go_that_help_least_for_their_size() -> None:
    random = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 2, (2000,), generator=random)
    noisy = torch.nn.functional.one_hot(labels, 2)[:, None] * 2.0 + torch.randn(2000, 3, 2, generator=random)
    given = noisy, labels, classes.CrossEntropy(), classes, torch.tensor([5.0, 1.0, 1.0])
    assert torch.equal(mixed_within(*given, 7.0)[0], mixed(*given[:4])[0])
    for most, there in ((6.5, 2), (5.5, 2), (1.5, 1)):
        shares, _ = mixed_within(*given, most)
        assert given[4][shares > 0].sum() <= most
        assert shares[0] == 0
        assert int((shares > 0).sum()) == there


def test_a_member_that_is_hardly_worth_its_time_is_left_out() -> None:
    random = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (3000,), generator=random)
    known = torch.nn.functional.one_hot(labels, 3) * 2.0 + torch.randn(3000, 3, generator=random)
    outputs = torch.stack([known, known + 0.02 * torch.randn(3000, 3, generator=random)], 1)
    given = outputs, labels, classes.CrossEntropy(), classes
    losses = []
    for mixture in (mixed, mixed_sparingly):
        shares, sharpness = mixture(*given)
        losses.append(float(given[2].loss(classes.pooled(outputs, shares) * sharpness, labels)))
    assert int((shares > 0).sum()) == 1
    assert losses[0] <= losses[1] <= losses[0] * (1 + WORTH)


def test_two_members_that_err_apart_share_alike() -> None:
    random = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 2, (4000,), generator=random)
    noisy = [torch.nn.functional.one_hot(labels, 2) * 2.0 + torch.randn(4000, 2, generator=random) for _ in "ab"]
    shares, _ = mixed(torch.stack(noisy, 1), labels, classes.CrossEntropy(), classes)
    assert shares.tolist() == pytest.approx([0.5, 0.5], abs=0.06)


def test_answers_that_are_too_sure_are_made_less_so() -> None:
    random = torch.Generator().manual_seed(0)
    logits = torch.randn(4000, 3, generator=random) * 2
    labels = torch.multinomial(logits.softmax(1), 1, generator=random)[:, 0]
    _, sharpness = mixed(logits[:, None] * 2.5, labels, classes.CrossEntropy(), classes)
    assert sharpness == pytest.approx(1 / 2.5, rel=0.1)


def test_what_is_pooled_answers_the_mean_of_the_answers() -> None:
    outputs, shares = torch.randn(50, 3, 4), torch.tensor([0.5, 0.3, 0.2])
    mean = (outputs.softmax(-1) * shares[:, None]).sum(1)
    assert torch.allclose(classes.answers(classes.pooled(outputs, shares), None, {}), mean, atol=1e-6)
    assert torch.allclose(values.pooled(outputs[..., :1], shares)[:, 0], (outputs[..., :1] * shares[:, None]).sum(1))
