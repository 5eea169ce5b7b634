"""What answers to texts rest on, found by leaving parts out: of rows really prepared and a model that learned."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from keepfit.data.batch import Rows, tensor_or_ragged
from keepfit.data.feed import held
from keepfit.features.lookup import kind_of, read_transform
from keepfit.models.architecture import load
from keepfit.models.wide_deep import Settings
from keepfit.stages.evaluation import evaluate
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.training import train
from tests.sentences import sentences
from tests.stages import snapshot_by_hand as by_hand

WORDS = {"classification": ("granted", "refused"), "regression": ("large", "small")}


def told() -> tuple[list[str], np.ndarray]:
    """Sentences with one of two words somewhere in them, or a gap, and which word it is; half of a gap's rows each."""
    rng = np.random.default_rng(0)
    said = sentences().said.tolist() * 2
    return said, rng.random(len(said)) < 0.5


def table(problem: str) -> pa.Table:
    said, first = told()
    rng = np.random.default_rng(1)
    cells: list[str | None] = []
    for text, one in zip(said, first, strict=True):
        words = text.split()
        words.insert(int(rng.integers(len(words))), WORDS[problem][0 if one else 1])
        cells.append(" ".join(words))
    cells[::25] = [None] * len(cells[::25])
    answer: list[Any] = np.where(first, "yes", "no").tolist()
    if problem == "regression":
        answer = (np.where(first, 20.0, 10.0) + rng.normal(0, 1, len(first))).tolist()
    n = rng.normal(size=len(cells)).tolist()
    return by_hand.with_ids(pa.table({"said": cells, "n": n, "answer": pa.array(answer)}))


@pytest.fixture(scope="module", params=["classification", "regression"])
def judged(request: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, Path, Path]:
    """The problem; the folders of what was prepared, trained, evaluated."""
    folder = tmp_path_factory.mktemp("told")
    sections: dict[str, Any] = {"problem": {"kind": request.param}, "training": {"epochs": 1}}
    config = by_hand.pipeline(folder, {"said": "text", "n": "number"}, **sections)
    config = config.model_copy(update={"model": Settings()})
    run, validated = by_hand.validated(config, table(request.param))
    prepared = preprocess(run, validated)
    trained = train(run, prepared.learnable)
    evaluated = evaluate(run, trained, prepared)
    return request.param, *(run.store / one.path for one in (prepared, trained, evaluated))


def test_the_word_that_tells_the_target_leads(judged):
    problem, _, _, evaluated = judged
    (found,) = json.loads((evaluated / "metrics.json").read_text())["telling"]
    assert found["column"] == "said"
    leading = {side["side"]: side["parts"][0]["part"] for side in found["sides"]}
    one, other = WORDS[problem]
    assert leading == ({"no": other, "yes": one} if problem == "classification" else {"higher": one, "lower": other})


def test_an_effect_is_how_far_the_answer_moves_without_the_part(judged):
    problem, prepared, trained, evaluated = judged
    worst = json.loads((evaluated / "metrics.json").read_text())["worst"]
    raw, model = pq.read_table(prepared / "test_raw"), load(trained)
    row = next(row for row in worst if "rests_on" in row)
    start, stop, effect = max(row["rests_on"]["said"], key=lambda span: abs(span[2]))
    cell, n = raw["said"][row["row"]].as_py(), raw["n"][row["row"]].as_py()
    asked = [cell, cell[:start] + cell[stop:]]
    entries = read_transform(prepared).entries
    views = kind_of("text").encode(pa.array(asked), entries["said"], list)
    inputs = {f"text_{name}" if name else "text": tensor_or_ragged(block) for name, block in views.items()}
    inputs["numbers"] = torch.tensor([[n], [n]], dtype=torch.float64)
    answers = model.answers(held(Rows(inputs, torch.zeros(2)))).astype(np.float64)
    if problem == "classification":
        answers = np.log(answers / (1 - answers))[:, ["no", "yes"].index(row["prediction"])][:, None]
    assert effect == pytest.approx(answers[0, 0] - answers[1, 0], abs=2e-3)


def test_a_row_without_a_text_rests_on_nothing_and_is_judged(judged):
    _, prepared, _, evaluated = judged
    found = json.loads((evaluated / "metrics.json").read_text())
    gaps = {row for row, cell in enumerate(pq.read_table(prepared / "test_raw")["said"]) if not cell.is_valid}
    assert gaps
    assert all("said" not in row.get("rests_on", {}) for row in found["worst"] if row["row"] in gaps)


@pytest.mark.parametrize("cell", ["", " \n", "Well, well — 5 % off! 🙂🙃", "word " * 100_000, "\x00\x07a"])
def test_parts_stand_in_the_cell_one_behind_the_other(judged, cell):
    _, prepared, _, _ = judged
    parts = kind_of("text").parts(cell, read_transform(prepared).entries["said"])
    assert all(0 <= start < stop <= len(cell) and cell[start:stop].strip() for start, stop in parts)
    assert all(stop <= start for (_, stop), (start, _) in pairwise(parts))
    assert bool(parts) == bool(cell.strip())


def test_of_a_language_without_blanks_the_parts_are_tokens(judged):
    _, prepared, _, _ = judged
    entry = read_transform(prepared).entries["said"].model_copy(update={"grams": "characters"})
    cell = "房间很干净，服务也好。 再来🙂"
    parts = kind_of("text").parts(cell, entry)
    covered = {place for start, stop in parts for place in range(start, stop)}
    assert {place for place, letter in enumerate(cell) if letter.strip()} <= covered
    assert len(set(parts)) == len(parts)
