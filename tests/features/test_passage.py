"""Texts of which every character counts: cut, and put together again."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from sklearn import datasets

from keepfit.features.kind import EDGES, Seen
from keepfit.features.passage import Entry, Settings, tokens
from keepfit.features.passage.cells import KIND, PassageFitter
from keepfit.features.shared.tokenized import UNKNOWN, ids_of

ENGLISH = datasets.load_iris().DESCR
CHINESE = "北京是中华人民共和国的首都。\n北京的秋天很美，北京的冬天很冷。\n" * 3


def fitted(texts: list[str | None], kind: str, vocabulary: int | None = None) -> Entry:
    fitter = PassageFitter(Settings(tokens=kind, vocabulary=vocabulary))
    every = np.ones(len(texts), np.bool_)
    fitter.add(pa.array(texts), Seen(every, None, np.arange(len(texts)), lambda places: [str(p) for p in places]))
    return fitter.entry("text", 0)


@pytest.mark.parametrize("kind", ["characters", "words", "subwords"])
@pytest.mark.parametrize("text", [ENGLISH * 2, CHINESE])
def test_a_text_comes_back_as_it_was(kind, text):
    entry = fitted([text], kind, 20_000)
    ids = ids_of([text], entry.tokenizer)
    known = [id for id in ids.values.tolist() if id != UNKNOWN]
    if kind == "subwords":
        assert len(known) == len(ids.values)
    if len(known) == len(ids.values):
        assert tokens.decoded(known, entry.tokenizer) == text
    assert ids.values.min() >= 1
    assert ids.values.max() < entry.vocabulary


def test_subwords_know_what_was_never_seen():
    entry = fitted([ENGLISH], "subwords", 400)
    strange = "从未见过 🙂 é\0\r\n"
    ids = ids_of([strange], entry.tokenizer).values.tolist()
    assert tokens.decoded(ids, entry.tokenizer) == strange
    assert entry.spelling == 0


def test_what_was_seen_once_is_unknown_and_costs_its_spelling():
    entry = fitted(["aabbccz"], "characters")
    ids = ids_of(["abz数"], entry.tokenizer).values.tolist()
    assert ids[2:] == [UNKNOWN, UNKNOWN]
    assert entry.spelling == pytest.approx(np.log(0x110000))
    assert tokens.unknown("za数z", entry.tokenizer) == ["z", "数"]


def test_little_text_is_cut_into_characters():
    assert fitted([ENGLISH], None).tokens == "characters"


def test_blanks_count_and_an_empty_cell_is_missing():
    assert KIND.read(pa.array(["  a\n", "", None, " "])).to_pylist() == ["  a\n", None, None, " "]


@pytest.mark.parametrize("kind", ["characters", "words", "subwords"])
def test_the_edges_are_as_many_as_are_asked_for(kind):
    assert len(KIND.edges(fitted([ENGLISH], kind))) == EDGES


def test_where_lengths_fall_is_counted():
    entry = fitted(["a" * n for n in range(1, 101)], "characters")
    cells = pa.array(["a" * 5, None, "a" * 500])
    fed = KIND.encode(cells, entry, list)
    rows = KIND.binned(cells, fed, entry)["length"]
    assert rows.sum() == 3
    assert rows[0] == 1
    assert len(rows) == len(KIND.bins(entry)["length"].names)
