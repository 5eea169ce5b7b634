"""A network that begins as an earlier one: what means the same keeps its weights, what is new is fresh."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from keepfit.config import Model, Training
from keepfit.config.sets import MODELS
from keepfit.data.transform import Entry, Transform
from keepfit.features.datetime import Entry as DatetimeEntry
from keepfit.features.passage import Entry as Passage
from keepfit.features.shared.entries import FIRST
from keepfit.features.text import Entry as Text
from keepfit.models.architecture import REACH, build
from keepfit.models.takeover import Architecture, TakenOver, axes_of, resumed, take_over, why_not
from keepfit.problems.next_token import Target as Next
from tests.models.test_steps import entry_of
from tests.tables import category, classified, number, transform

OF_TABLES = ("mlp", "wide_deep", "attention")
DRAW = np.random.default_rng(0)


def words(*tokens: str, kind: str = "text") -> Entry:
    """A text's entry whose tokens are these, from the third on."""
    known = ["<pad>", "<unk>", *tokens]
    return Text(
        name=kind, kind=kind, slot=0, tokenizer=tokenizer(known), length=64, vocabulary=len(known), grams="words",
        missing=0,
    )  # fmt: skip


def tokenizer(tokens: Sequence[str]) -> str:
    """One that knows these."""
    return json.dumps({"model": {"vocab": {token: place for place, token in enumerate(tokens)}}})


def table(classes: Sequence[str], *vocabularies: Sequence[str], shift: float = 0.0) -> Transform:
    """Two numbers, a moment and some categories; `shift` is how far the numbers' figures have moved."""
    values = DRAW.normal(shift, 1 + shift, size=(300, 2))
    moment = number(1.7e9 + DRAW.random(300) * 3e7, kind=DatetimeEntry)
    numbers = [number(values[:, 0]), number(values[:, 1]), moment]
    return transform(numbers, [category([*some]) for some in vocabularies], [*classes])


def architecture(family: str, seen: Transform, **said: Any) -> Architecture:
    """As the defaults have it for few rows."""
    net, model = MODELS.module(family, "net"), section(family, **said)
    settings = {k: v for k, v in net.defaults(model, seen, 300).items() if k not in ("augment", "epochs")}
    return {"format": 2, "family": family, "settings": settings, "transform": seen.plain()}


def section(family: str, **said: Any) -> Model:
    found: Model = import_module(f"keepfit.models.{family}").Settings(**said)
    return found


def trained(folder: Path, made: Architecture, seed: int = 1) -> nn.Module:
    """As the training stage leaves it, with weights that are all its own."""
    torch.manual_seed(seed)
    net = build(made).eval()
    for one in net.parameters():
        torch.nn.init.normal_(one, std=0.1)
    folder.mkdir()
    save_file(net.state_dict(), folder / "model.safetensors")
    (folder / "architecture.json").write_text(json.dumps(made))
    (folder / REACH).write_text("{}")
    return net


def going_on(folder: Path, family: str, seen: Transform, **said: Any) -> tuple[nn.Module, Architecture]:
    """Fresh, as it is before anything is taken over."""
    earlier = json.loads((folder / "architecture.json").read_text())
    made, _ = resumed(earlier, section(family, **said), Training(), seen, 300)
    torch.manual_seed(2)
    return build(made).eval(), made


def begun(folder: Path, family: str, seen: Transform, **said: Any) -> tuple[nn.Module, TakenOver]:
    net, made = going_on(folder, family, seen, **said)
    return net, take_over(net, made, folder)


def rows(seen: Transform, names: Sequence[Sequence[str]]) -> dict[str, Tensor]:
    """30 rows of the table, with these categories."""
    draw = np.random.default_rng(1)
    values = np.c_[draw.normal(size=(30, 2)), 1.7e9 + draw.random(30) * 3e7]
    values[draw.random(values.shape) < 0.1] = np.nan
    known = [entry.words for entry in seen.features if entry.group == "codes"]
    codes = [
        [FIRST + of.index(word) if word in of else 1 for word in draw.choice(list(some), 30)]
        for of, some in zip(known, names, strict=True)
    ]
    return {"numbers": torch.tensor(values), "codes": torch.tensor(codes).T}


@pytest.mark.parametrize("family", OF_TABLES)
def test_before_its_first_step_it_answers_as_the_earlier_one_on_what_both_know(tmp_path: Path, family: str) -> None:
    said = {"dropout": 0.0}
    before = table(["a", "b", "c"], ["red", "green", "blue"], ["no", "yes"])
    old = trained(tmp_path / "old", architecture(family, before, **said))
    now = table(["c", "new", "a", "b"], ["blue", "pink", "red", "green"], ["yes", "no"], shift=1.5)
    net, taken = begun(tmp_path / "old", family, now, **said)
    known = [["red", "green", "blue"], ["no", "yes"]]
    with torch.no_grad():
        was, found = old(rows(before, known)), net(rows(now, known))
    torch.testing.assert_close(found[..., [2, 3, 0]], was, rtol=1e-4, atol=1e-5)
    assert 0.5 < taken.numbers / taken.whole < 1
    assert all("head" in name or "table" in name or "wide" in name for name in taken.fresh)


def test_a_new_class_and_a_new_word_begin_fresh_and_all_others_keep_their_rows(tmp_path: Path) -> None:
    before, now = table(["a", "b"], ["red", "green"]), table(["b", "new", "a"], ["pink", "green", "red"])
    old = trained(tmp_path / "old", architecture("mlp", before, members=1)).state_dict()
    net, _ = begun(tmp_path / "old", "mlp", now, members=1)
    fresh = going_on(tmp_path / "old", "mlp", now, members=1)[0].state_dict()
    found = net.state_dict()
    head, codes = "towers.0.head.weight", next(name for name in found if name.endswith("groups.1.table"))
    assert torch.equal(found[head][..., [2, 0]], old[head])
    assert torch.equal(found[head][..., 1], fresh[head][..., 1])
    assert torch.equal(found[codes][[0, 1, 4, 3]], old[codes])
    assert torch.equal(found[codes][2], fresh[codes][2])


def test_columns_are_known_by_their_names(tmp_path: Path) -> None:
    before = table(["a", "b"], ["red", "green"], ["no", "yes"])
    old = trained(tmp_path / "old", architecture("mlp", before, members=1))
    one, two = (entry for entry in before.features if entry.group == "codes")
    swapped = [one.model_copy(update={"slot": 1}), two.model_copy(update={"slot": 0})]
    now = before.completed([*(e for e in before.features if e.group != "codes"), *swapped])
    net, taken = begun(tmp_path / "old", "mlp", now, members=1)
    inputs = rows(before, [["red", "green"], ["no", "yes"]])
    with torch.no_grad():
        was = old(inputs)
        torch.testing.assert_close(net({**inputs, "codes": inputs["codes"].flip(1)}), was)
    assert taken.numbers == taken.whole


@pytest.mark.parametrize("family", ["lstm", "attention", "mlp", "wide_deep"])
def test_a_token_keeps_its_row_wherever_it_stands_now(tmp_path: Path, family: str) -> None:
    before, now = (
        Transform(target=classified(["a", "b"]), features=(words(*tokens),))
        for tokens in (("rain", "sun", "snow"), ("snow", "hail", "rain"))
    )
    old = trained(tmp_path / "old", architecture(family, before)).state_dict()
    found = begun(tmp_path / "old", family, now)[0].state_dict()
    name = next(name for name in found if name.endswith("table.weight"))
    assert torch.equal(found[name][[2, 4]], old[name][[4, 2]])
    assert not torch.equal(found[name][3], old[name][3])


def test_numbers_that_are_cut_otherwise_are_not_taken_for_those_that_were(tmp_path: Path) -> None:
    seen = table(["a", "b"], ["red", "green"])
    old = trained(tmp_path / "old", architecture("mlp", seen, bins=16, members=1)).state_dict()
    found = begun(tmp_path / "old", "mlp", seen, bins=24, members=1)[0].state_dict()
    slope, level = (next(name for name in found if name.endswith(f"numbers.{one}")) for one in ("slope", "level"))
    assert torch.equal(found[level], old[level])
    assert not torch.isin(found[slope], old[slope]).any()


def test_another_family_or_problem_gives_nothing_and_other_settings_what_fits(tmp_path: Path) -> None:
    seen = table(["a", "b"], ["red", "green"])
    mlp, named = architecture("mlp", seen), section("mlp")
    assert "family mlp" in why_not(section("attention"), seen, mlp)
    assert not why_not(named, seen, mlp)
    trained(tmp_path / "old", architecture("mlp", seen, width=32))
    wider, taken = begun(tmp_path / "old", "mlp", seen, width=64)
    assert wider.state_dict()["towers.0.head.weight"].shape[1] == 64
    assert 0 < taken.numbers < taken.whole
    as_before, taken = begun(tmp_path / "old", "mlp", seen)
    assert as_before.state_dict()["towers.0.head.weight"].shape[1] == 32
    assert taken.numbers == taken.whole
    assert not taken.fresh


def test_a_network_that_names_nothing_is_taken_over_whole_or_not_at_all(tmp_path: Path) -> None:
    before, now = table(["a", "b"], ["red", "green"]), table(["a", "b"], ["green", "red"])
    said = {"module": f"{__name__}:Own", "settings": {}}
    trained(tmp_path / "old", architecture("custom", before, **said))
    assert begun(tmp_path / "old", "custom", before, **said)[1].fresh == ()
    assert begun(tmp_path / "old", "custom", now, **said)[1].numbers == 0


class Own(nn.Linear):
    """A network of a user's own, which says nothing of its weights."""

    def __init__(self, columns: int, units: int, outputs: int) -> None:
        super().__init__(columns * units, outputs)

    def forward(self, columns: Tensor) -> Tensor:
        return super().forward(columns.flatten(1))


def grown(seen: Transform) -> list[Transform]:
    """The same with a class more, and with a word more in each vocabulary."""
    more = classified([*seen.target.words, "more"]) if hasattr(seen.target, "classes") else seen.target
    wordy = [one for one in seen.features if one.words]
    return [
        Transform(target=more, features=seen.features),
        *(seen.completed(_longer(e) if e is one else e for e in seen.features) for one in wordy),
    ]


def _longer(entry: Any) -> Entry:
    if not hasattr(entry, "tokenizer"):
        return cast(Entry, entry.model_copy(update={"vocabulary": (*entry.words, "more")}))
    tokens = (*entry.words, "more")
    return cast(Entry, entry.model_copy(update={"tokenizer": tokenizer(tokens), "vocabulary": len(tokens)}))


def passage() -> Transform:
    """What a language model reads."""
    tokens = ["", "?", *"abcdef"]
    entry = Passage(
        name="p", kind="passage", slot=0, tokens="characters", tokenizer=tokenizer(tokens), vocabulary=len(tokens),
        spelling=0.0, steps=20, edges=(),
    )  # fmt: skip
    return Transform(target=Next(name="p", problem="next_token", characters=20.0), features=(entry,))


def beside() -> Transform:
    """A table with a picture and a text."""
    seen = table(["a", "b", "c"], ["red", "green"], ["no", "yes"])
    return seen.completed([*seen.features, entry_of("image"), words("rain", "sun")])


def alone(entry: Entry) -> Transform:
    return Transform(target=classified(["a", "b", "c"]), features=(entry,))


FITTED = {"wide_deep": ("wide.0.", "beside.", "bias"), "retrieval": ("codes", "sides")}
"""What is fitted before the first step, and so anew; of wide_deep where there are texts or series."""
SEEN = {
    **{f"{family} of a table": (family, {}, table(["a", "b", "c"], ["red", "green"], ["no"])) for family in OF_TABLES},
    **{f"{family} beside": (family, {}, beside()) for family in OF_TABLES},
    **{f"{f} of {k}": (f, {}, alone(entry_of(k))) for f in ("rnn", "lstm", "attention") for k in ("sequence", "image")},
    **{f"{family} of text": (family, {}, alone(words("rain", "sun"))) for family in ("gru", "attention", "wide_deep")},
    **{f"cnn of {kind}": ("cnn", {}, alone(entry_of(kind))) for kind in ("sequence", "image", "audio")},
    "language": ("language", {}, passage()),
    "language by attention": ("language", {"variant": "attention"}, passage()),
    "retrieval": ("retrieval", {}, table(["a", "b", "c"], ["red", "green"])),
    "cnn of textbooks": ("cnn", {"variant": "plain"}, alone(entry_of("image"))),
    "mlp of pixels": ("mlp", {"variant": "plain"}, alone(entry_of("image"))),
    "wide_deep of pictures": ("wide_deep", {}, alone(entry_of("image"))),
    "wide_deep of series": ("wide_deep", {}, alone(entry_of("sequence"))),
}


@pytest.mark.parametrize("case", SEEN)
def test_whatever_grows_with_classes_or_words_says_what_its_places_are(case: str) -> None:
    """So that nothing is taken over by its place that has a meaning."""
    family, said, seen = SEEN[case]
    made = architecture(family, seen, **said)
    net, target = build(made), seen.target
    axes = axes_of(net, seen)
    assert hasattr(net, "named")
    for name, tensor in net.state_dict().items():
        for size, axis in zip(tensor.shape, axes.get(name, ()), strict=False):
            assert axis is None or len(set(axis)) == size, name
    for more in grown(seen):
        for name, tensor in build({**made, "transform": more.plain()}).state_dict().items():
            was = net.state_dict()[name]
            if not was.is_floating_point() or name.startswith(FITTED.get(family, ("?",))):
                continue
            for axis, (size, now) in enumerate(zip(was.shape, tensor.shape, strict=True)):
                assert size == now or axes.get(name, ())[axis] is not None, (name, target)
