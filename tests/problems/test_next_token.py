"""A language model: learned, judged beside n-grams, compared, served, and writing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

from keepfit import config, load
from keepfit.cli.main import app, exit_code
from keepfit.data.ragged import Ragged, ragged
from keepfit.errors import ConfigError, DataError
from keepfit.problems.next_token.ngram import NGrams, stream_of
from keepfit.problems.next_token.writing import drawn, written
from keepfit.serving.generation import Wish, generate
from tests.chain import retrain

PLAIN = """name: english
source: {path: text.txt, format: text, piece: 200}
target: text
problem: next_token
features: {text: passage}
preprocessing: {split: {by: time, column: piece, test: 0.2, validation: 0.15}}
"""
SMALL = "model: {family: language, width: 48, window: 64}\ntraining: {epochs: 10, batch_size: 1, lr: 0.02}\n"


def english() -> str:
    """What scikit-learn tells of its data sets: 15,000 characters of English."""
    told = (datasets.load_iris, datasets.load_wine, datasets.load_diabetes, datasets.load_linnerud)
    return "\n".join(one().DESCR for one in (*told, datasets.load_digits, datasets.load_breast_cancer))


def pipeline(folder: Path, extra: str = SMALL) -> config.Pipeline:
    (folder / "text.txt").write_text(english())
    (folder / "pipeline.yaml").write_text(PLAIN + extra)
    return config.load(folder / "pipeline.yaml")


def document(folder: Path, stage: str, name: str) -> Any:
    (found,) = (folder / f".keepfit/stages/{stage}").glob(f"*/{name}")
    return json.loads(found.read_text())


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline's folder with a model in service."""
    folder = tmp_path_factory.mktemp("english")
    released = retrain(pipeline(folder))
    assert released.verdict.reason == "first", released.verdict.sentence
    return folder


def test_it_is_judged_beside_n_grams_on_text_it_never_saw(trained):
    metrics = document(trained, "evaluate", "metrics.json")
    model, trivial = metrics["model"], metrics["trivial"]
    assert model["nats_per_character"] < trivial["nats_per_character"]
    assert "grams of characters, Kneser-Ney" in metrics["classical"]["name"]
    assert model["bits_per_character"] == pytest.approx(model["nats_per_character"] / np.log(2))
    assert model["perplexity"] == pytest.approx(np.exp(model["nats_per_character"]))  # a token is a character
    ends = metrics["intervals"]["nats_per_character"]
    assert ends["low"] < model["nats_per_character"] < ends["high"]
    tested = pd.read_parquet(next(trained.glob(".keepfit/stages/preprocess/*/test_raw/*.parquet")))
    assert metrics["characters"] == tested["text"].str.len().sum()
    assert english().endswith("".join(tested.sort_values("piece")["text"]))


def test_the_report_shows_what_it_writes_and_what_surprised_it(trained):
    report = next(trained.glob(".keepfit/runs/*/report.html")).read_text()
    assert "What it writes" in report
    assert "Nats a character of each text" in report
    assert "most surprising" in report


def test_a_text_that_is_read_costs_what_it_cost_in_the_test(trained):
    model = load(trained / "pipeline.yaml")
    tested = pd.read_parquet(next(trained.glob(".keepfit/stages/preprocess/*/test_raw/*.parquet")))
    answers = model.predict(tested)
    assert list(answers) == ["prediction", "nats", "tokens", "model_version"]
    found = answers["nats"].sum() / tested["text"].str.len().sum()
    wanted = document(trained, "evaluate", "metrics.json")["model"]["nats_per_character"]
    assert found == pytest.approx(wanted, rel=1e-4)


def test_what_is_like_its_text_surprises_it_less(trained):
    texts = ["The data set has a number of attributes.", "xq zzvk 77##!! wqjx", ""]
    plain, odd, empty = load(trained / "pipeline.yaml").predict(pd.DataFrame({"text": texts}))["prediction"]
    assert plain < odd
    assert empty == 0


def test_new_text_files_are_read_as_the_source_was(trained):
    from keepfit.serving.prediction import predict_file

    (trained / "new.txt").write_text("The data set. " * 60)
    predict_file(config.load(trained / "pipeline.yaml"), trained / "new.txt", trained / "answers.csv")
    answers = pd.read_csv(trained / "answers.csv")
    assert answers["tokens"].sum() == 14 * 60


@pytest.mark.parametrize("extra", [
    pytest.param("model: {family: language, variant: gru, width: 32, depth: 2}\n", marks=pytest.mark.slow),
    "model: {family: language, variant: attention, width: 32, depth: 2, window: 32}\n",
])  # fmt: skip
def test_every_core_goes_through_all_stages(tmp_path, extra):
    released = retrain(pipeline(tmp_path, f"{extra}training: {{epochs: 6, batch_size: 1, lr: 0.01}}\n"))
    assert released.verdict.reason == "first", released.verdict.sentence


@pytest.mark.parametrize("tokens", [pytest.param("words", marks=pytest.mark.slow), "subwords"])
def test_other_tokens_are_compared_by_characters_too(tmp_path, tokens):
    made = PLAIN.replace("{text: passage}", f"{{text: {{kind: passage, tokens: {tokens}, vocabulary: 400}}}}")
    (tmp_path / "text.txt").write_text(english())
    (tmp_path / "pipeline.yaml").write_text(made + SMALL)
    retrain(config.load(tmp_path / "pipeline.yaml"))
    metrics = document(tmp_path, "evaluate", "metrics.json")
    assert metrics["tokens"] < metrics["characters"]
    assert metrics["model"]["nats_per_character"] < metrics["trivial"]["nats_per_character"]
    assert document(tmp_path, "export", "bundle/data.json")


def test_the_same_seed_writes_the_same_and_another_seed_another(trained):
    pipeline = config.load(trained / "pipeline.yaml")
    first, again, other = (
        "".join(generate(pipeline, Wish("The data", 40, 0.8, seed))) for seed in (1, 1, 2)
    )  # fmt: skip
    assert first == again != other
    assert len(first) == 40


def test_generate_prints_the_prompt_and_what_follows(trained, capsys):
    arguments = ["generate", str(trained / "pipeline.yaml"), "--prompt", "The data", "--tokens", "20"]
    assert exit_code(lambda: app(arguments, result_action="return_value")) == 0
    said = capsys.readouterr().out
    assert said.startswith("The data")
    assert len(said.rstrip("\n")) <= 28


def test_generating_needs_no_torch(trained):
    code = (
        "import sys; from keepfit import config; from keepfit.serving.generation import Wish, generate\n"
        f"found = generate(config.load({str(trained / 'pipeline.yaml')!r}), Wish('The ', 5, 0.8, 0))\n"
        "print(len(''.join(found)), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["5", "False"]


@pytest.mark.parametrize(("wish", "error", "said"), [
    (Wish("", 5, 0.8, 0), ConfigError, "the prompt is empty"),
    (Wish("The ", 0, 0.8, 0), ConfigError, "--tokens is 0"),
    (Wish("The ", 5, -1.0, 0), ConfigError, "--temperature is -1"),
    (Wish("数 The 据", 5, 0.8, 0), DataError, "数.*据"),
])  # fmt: skip
def test_what_cannot_be_written_on_is_told(trained, wish, error, said):
    with pytest.raises(error, match=said):
        list(generate(config.load(trained / "pipeline.yaml"), wish))


def test_other_models_write_nothing(carried):
    other = config.load(carried("breast_cancer"))
    retrain(other)
    with pytest.raises(ConfigError, match="writes no text"):
        generate(other, Wish("a", 5, 0.8, 0))


@pytest.mark.parametrize("said", ["features: {text: passage, other: number}", "features: {other: passage}"])
def test_the_target_is_the_one_feature(tmp_path, said):
    (tmp_path / "pipeline.yaml").write_text(PLAIN.replace("features: {text: passage}", said) + SMALL)
    with pytest.raises(ConfigError, match='asks "text" of itself'):
        config.load(tmp_path / "pipeline.yaml")


def texts(*ids: list[int]) -> Ragged:
    return ragged([np.array(one, np.int64) for one in ids], np.zeros(0, np.int64), 0)


def test_the_odds_of_all_that_may_follow_sum_to_one():
    draw = np.random.default_rng(0)
    counted = NGrams(texts(*(draw.integers(2, 12, 200).tolist() for _ in range(5))), 12)
    before = draw.integers(2, 12, 9).tolist()
    asked = stream_of(texts(*([*before, token] for token in range(12))))
    for odds in counted.odds(asked):
        assert odds.reshape(12, 10)[:, -1].sum() == pytest.approx(1, abs=1e-9)


def test_longer_n_grams_learn_what_repeats_itself():
    again = [2, 3, 4, 5, 2, 3, 6, 7] * 40
    counted = NGrams(texts(again, again), 8)
    odds = [float(-np.log(found).mean()) for found in counted.odds(stream_of(texts(again)))]
    assert odds[0] > odds[1] > odds[2]
    assert odds[2] < 0.2


def test_an_n_gram_does_not_reach_into_the_text_before():
    together, apart = NGrams(texts([2, 3, 4, 5] * 9), 8), NGrams(texts(*[[2, 3, 4, 5]] * 9), 8)
    asked = stream_of(texts([5, 2]))
    assert together.odds(asked)[1][1] > 3 * apart.odds(asked)[1][1]


def test_what_is_none_or_unknown_is_never_drawn():
    logits = np.array([50.0, 50.0, 1.0, 2.0], np.float32)
    draw = np.random.default_rng(0)
    assert {drawn(logits, 1.0, draw) for _ in range(100)} == {2, 3}
    assert drawn(logits, 0.0, draw) == 3


def test_tokens_are_read_once_each():
    asked = []

    def step(ids, state):
        asked.append(ids.tolist())
        return np.zeros((1, ids.shape[1], 4), np.float32), state + ids.shape[1]

    ids = [*written(step, 0, [2, 3], 3, 1.0, 0)]
    assert asked == [[[0, 2, 3]], [[ids[0]]], [[ids[1]]]]
