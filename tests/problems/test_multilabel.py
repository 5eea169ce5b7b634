"""Several labels a row as the target: read, learned, judged, compared, served."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from keepfit import config, load
from keepfit.errors import ConfigError, DataError
from keepfit.problems.multilabel import Settings, Target
from keepfit.problems.multilabel.cells import LabelEvidence, places, read
from keepfit.problems.multilabel.learn import Labels, answers
from keepfit.problems.multilabel.target import TARGET
from keepfit.store.events import watching
from tests import ROOT
from tests.chain import retrain

NAMES = ["red", "blue sky", "rare, one", "绿"]


def sets(rows: int, seed: int = 0) -> tuple[pd.DataFrame, list[list[str]]]:
    """Numbers, and the labels that follow from them."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(rows, 3)).round(3)
    odds = np.stack([4 * x[:, 0], 4 * x[:, 1] - 1, 3 * x[:, 2] - 5, 3 * x[:, 0] - 3 * x[:, 1]], 1)
    there = draw.random(odds.shape) < 1 / (1 + np.exp(-odds))
    return pd.DataFrame(x, columns=list("abc")), [[NAMES[k] for k in np.flatnonzero(row)] for row in there]


def pipeline(folder: Path, file: str, extra: str = "", problem: str = "multilabel") -> config.Pipeline:
    (folder / "pipeline.yaml").write_text(
        f"name: tags\nsource: {{path: {file}}}\ntarget: tags\nproblem: {problem}\n"
        "features: {a: number, b: number, c: number}\n"
        f"model: {{family: mlp, members: 2, width: 32}}\ntraining: {{epochs: 15, lr: 0.01}}\n{extra}"
    )
    return config.load(folder / "pipeline.yaml")


def separated(folder: Path, rows: pd.DataFrame, cells: list[Any]) -> str:
    rows.assign(tags=cells).to_csv(folder / "rows.csv", index=False)
    return "rows.csv"


def document(folder: Path, stage: str, name: str) -> Any:
    newest = max(folder.glob(f".keepfit/stages/{stage}/*/{name}"), key=lambda path: path.stat().st_mtime_ns)
    return json.loads(newest.read_text())


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline whose first model is in service; two rows have no target, and one has an unheard-of label."""
    folder = tmp_path_factory.mktemp("tags")
    rows, found = sets(600)
    cells: list[str | None] = [" ;".join(labels) or "[]" for labels in found]
    cells[3], cells[4] = "", None
    assert (
        retrain(pipeline(folder, separated(folder, rows, cells), "evaluation: {worst: 5}\n")).verdict.outcome == "FIRST"
    )
    return folder


def test_it_is_better_than_a_guess_and_says_how_sure_that_is(first: Path) -> None:
    found = document(first, "evaluate", "metrics.json")
    assert found["model"]["log_loss"] < 0.75 * found["trivial"]["log_loss"]
    assert found["model"]["macro_f1"] > found["trivial"]["macro_f1"] + 0.2
    assert set(found["intervals"]) == set(found["model"])
    assert found["labels"] == sorted(NAMES)
    assert [row["loss"] for row in found["worst"]] == sorted((row["loss"] for row in found["worst"]), reverse=True)
    assert document(first, "ingest", "manifest.json")["artifact"]["without_target"] == 2


def test_the_graph_gives_probabilities_and_prediction_names_the_labels(first: Path) -> None:
    (graph,) = first.glob(".keepfit/stages/export/*/bundle/model.onnx")
    session = onnxruntime.InferenceSession(graph)
    assert [(o.name, o.shape) for o in session.get_outputs()] == [("probabilities", ["rows", 4])]
    rows, truth = sets(400, seed=7)
    found = load(first / "pipeline.yaml").predict(rows)
    labels = sorted(NAMES)
    assert list(found)[:5] == ["prediction", *(f"probability_{name}" for name in labels)]
    given = found[[f"probability_{name}" for name in labels]].to_numpy() >= 0.5
    said = [[name for name, yes in zip(labels, row, strict=True) if yes] for row in given]
    assert [json.loads(cell) for cell in found["prediction"]] == said
    (probabilities,) = session.run(None, {f"column_{k}": rows[name].to_numpy() for k, name in enumerate("abc")})
    assert np.array_equal(given, probabilities >= 0.5)
    wanted = [[name in row for name in labels] for row in truth]
    assert (given == np.array(wanted)).mean() > 0.8


def test_each_part_has_its_share_of_the_rarest_label(first: Path) -> None:
    rare = sorted(NAMES).index("rare, one")
    supports = document(first, "evaluate", "metrics.json")["per_label"][rare]["support"]
    learned = document(first, "preprocess", "profile.json")["target"]["labels"][rare]["train"]
    assert 0.1 < supports / (supports + learned) < 0.4


def test_nothing_new_is_held_a_worse_model_too_and_gates_are_of_labels(first: Path, tmp_path: Path) -> None:
    again = tmp_path / "again"
    shutil.copytree(first, again)
    assert retrain(config.load(again / "pipeline.yaml")).verdict.reason == "nothing_new"
    text = (again / "pipeline.yaml").read_text()
    (again / "pipeline.yaml").write_text(text.replace("epochs: 15", "epochs: 2"))
    assert retrain(config.load(again / "pipeline.yaml")).verdict.reason == "worse"
    (again / "pipeline.yaml").write_text(f"{text}release: {{metric: label_accuracy, gates: {{macro_f1: 0.999}}}}\n")
    assert retrain(config.load(again / "pipeline.yaml")).verdict.reason == "gate_failed"
    (again / "pipeline.yaml").write_text(f"{text}release: {{metric: accuracy}}\n")
    with pytest.raises(ConfigError, match="accuracy is no such metric of multilabel"):
        config.load(again / "pipeline.yaml")


def snapshot(folder: Path) -> list[Any]:
    (rows,) = folder.glob(".keepfit/stages/ingest/*/rows/*.parquet")
    return pq.read_table(rows)["tags"].to_pylist()


def test_lists_and_texts_are_the_same_target(tmp_path: Path) -> None:
    rows, found = sets(80)
    wanted = [json.dumps(sorted(labels), ensure_ascii=False) for labels in found]
    forms = {
        "lists.parquet": lambda place: pq.write_table(
            pa.table({**{name: rows[name] for name in "abc"}, "tags": pa.array(found, pa.list_(pa.string()))}), place
        ),
        "lists.jsonl": lambda place: rows.assign(tags=found).to_json(place, orient="records", lines=True),
        "json.csv": lambda place: rows.assign(tags=[json.dumps(one) for one in found]).to_csv(place, index=False),
        "printed.csv": lambda place: rows.assign(tags=[str(one) for one in found]).to_csv(place, index=False),
        "bars.csv": lambda place: rows.assign(tags=["|".join(one) or "[]" for one in found]).to_csv(place, index=False),
    }
    from keepfit.stages.ingest import ingest
    from keepfit.store.run import start

    for name, write in forms.items():
        folder = tmp_path / name
        folder.mkdir()
        write(folder / name)
        made = ingest(start(pipeline(folder, name)))
        assert snapshot(folder) == wanted, name
        assert made.classes == tuple(sorted(NAMES))


@pytest.mark.parametrize("form", ["", ";", ",", "json"])
def test_what_was_read_is_read_again_as_the_same(form: str) -> None:
    cells = pa.array(['["a, b", "c;d"]', "[]", None, "  ", '["1"]'])
    once = read(cells, form)
    assert once.to_pylist() == ['["a, b", "c;d"]', "[]", None, None, '["1"]']
    assert read(once.cast(pa.string()), form).to_pylist() == once.to_pylist()


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (["a;b", "b", "a;c"], ";"), (["a, b", "new york", "c,a"], ","), (["big cat", "cat", "dog cat"], " "),
        (['["a"]', "[]", '["b","c"]'], "json"), (["['a', 'it\\'s']", "['b']"], "json"), (["a", "b"], ""),
    ],
)  # fmt: skip
def test_what_stands_between_labels_is_found(cells: list[str], form: str) -> None:
    evidence = LabelEvidence()
    evidence.add(pa.array(cells))
    assert evidence.found().form == form


@pytest.mark.parametrize("cell", ["[" * 100_000, "[" * 50_000 + "]" * 50_000, "['a" * 10_000, ";" * 10_000, "\x00;\n"])
def test_odd_cells_are_read_as_something(cell: str) -> None:
    (found,) = read(pa.array([cell]), ";").to_pylist()
    assert found is None or isinstance(json.loads(found), list)


def test_a_row_belongs_to_its_rarest_label() -> None:
    cells = read(pa.array(["a;b", "a", "a;c", "a;c", "[]", "b;c"]), ";")
    strata = TARGET.strata([cells], "y")
    assert strata.to_pylist() == ["b", "c", "a", ""]
    assert TARGET.stratum(cells, strata).tolist() == [0, 2, 1, 1, 3, 0]
    assert places(cells, ["a", "c"]).tolist() == [[1, 0], [1, 0], [1, 1], [1, 1], [0, 0], [0, 1]]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (["a;b"] * 60, "every row has the same labels in the target \"tags\": 'a', 'b'"),
        (["[]"] * 60, 'every row has the same labels in the target "tags": none'),
        ([f"a;x{n};y{n}" for n in range(600)], "more than 1,000 different labels"),
    ],
)
def test_a_target_that_cannot_be_learned_is_refused(cells: list[str], said: str, tmp_path: Path) -> None:
    rows, _ = sets(len(cells))
    with pytest.raises(DataError, match=said):
        retrain(pipeline(tmp_path, separated(tmp_path, rows, cells)))


def test_labels_too_rare_are_told_and_those_without_train_rows_left_out(tmp_path: Path) -> None:
    rows, found = sets(300)
    cells = [";".join(labels) or "[]" for labels in found]
    parts = np.where(np.arange(300) % 5 < 3, "train", np.where(np.arange(300) % 5 == 3, "validation", "test"))
    cells[4], cells[5] = "only in test;red", "once;red"
    told: list[str] = []
    extra = "preprocessing: {split: {by: time, column: when}}\n"
    rows = rows.assign(when=[{"train": 0, "validation": 1, "test": 2}[part] + 2000 for part in parts])
    with watching(lambda event: told.append(event.message)):
        retrain(pipeline(tmp_path, separated(tmp_path, rows, cells), extra))
    assert any("no train row has the label 'only in test': it is left out" in one for one in told), told
    assert any("fewer than 5 train rows have the label 'once'" in one for one in told), told
    assert document(tmp_path, "evaluate", "metrics.json")["labels"] == ["blue sky", "once", "rare, one", "red", "绿"]


def target(shares: tuple[float, ...] = (0.5, 0.1)) -> Target:
    labels = tuple("abcdef"[: len(shares)])
    return Target(name="y", problem="multilabel", labels=labels, shares=shares)


def test_the_loss_of_members_is_their_mean_and_the_score_that_of_their_mean_answer() -> None:
    outputs = torch.tensor([[[0.3, -2.0], [1.1, -1.0]], [[-0.4, 2.0], [0.2, 0.0]]])
    truth = torch.tensor([[1, 0], [0, 1]], dtype=torch.uint8)
    learning = Labels(target())
    labels = learning.labels(truth)
    each = [learning.loss(outputs[:, [m]], labels) for m in range(2)]
    assert learning.loss(outputs, labels) == pytest.approx(sum(each) / 2)
    found = answers(outputs, target(), {}).double().numpy()
    wanted = -np.log(np.where(truth.numpy(), found, 1 - found)).mean(1).sum()
    figures = learning.judged(learning.score(outputs, labels).tolist(), 2)
    assert figures == pytest.approx({"loss": wanted / 2, "label_accuracy": ((found >= 0.5) == truth.numpy()).mean()})


def test_smoothing_draws_towards_the_share_of_each_label() -> None:
    """The loss is least where the answer is the share of the train rows, smoothed or not."""
    shares = torch.tensor([0.5, 0.1])
    labels = (torch.rand(20_000, 2, generator=torch.Generator().manual_seed(0)) < shares).float()
    at = torch.logit(labels.mean(0)).expand(20_000, 1, 2).clone().requires_grad_()
    learning = Labels(target(tuple(labels.mean(0).tolist())), smoothing=0.1)
    learning.loss(at, labels).backward()
    assert at.grad is not None
    assert at.grad.sum(0).abs().max() < 0.05


def digits(folder: Path) -> int:
    """The pictures of the 8×8 digits, and a table that calls each even, prime and small or not."""
    shutil.copy(ROOT / "data/digits/digits.zip", folder / "all.zip")
    shutil.unpack_archive(folder / "all.zip", folder / "unpacked")
    (folder / "photos").mkdir()
    rows = []
    for file in sorted((folder / "unpacked").rglob("*.png")):
        digit = int(file.parent.name)
        name = f"{digit}-{file.name}"
        file.rename(folder / "photos" / name)
        told = [
            label for label, which in (("even", "02468"), ("prime", "2357"), ("small", "01234")) if str(digit) in which
        ]
        rows.append((name, ";".join(told) or "[]"))
    with (folder / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "said"), *rows])
    return len(rows)


def test_pictures_may_have_several_labels_through_all_stages(tmp_path: Path) -> None:
    assert digits(tmp_path) > 1000
    (tmp_path / "pipeline.yaml").write_text(
        "name: digits\nsource: {path: photos, labels: labels.csv}\ntarget: said\n"
        "problem: {kind: multilabel, format: ';'}\nfeatures: {image: image}\n"
        "model: {family: cnn}\ntraining: {epochs: 6}\n"
    )
    released = retrain(config.load(tmp_path / "pipeline.yaml"))
    assert released.verdict.reason == "first", released.verdict.sentence
    found = document(tmp_path, "evaluate", "metrics.json")
    assert found["labels"] == ["even", "prime", "small"]
    assert found["model"]["subset_accuracy"] > 0.9
    assert found["model"]["log_loss"] < found["classical"]["log_loss"]
    assert found["classical"]["name"] == "logistic regression on 8×8 pixels"
    report = Path(released.report).read_text()
    assert "Labels, the weakest first" in report
    assert "most often together" in report


def test_settings_take_a_mark_or_json() -> None:
    assert Settings(format=";").form == ";"
    assert Settings().form is None
