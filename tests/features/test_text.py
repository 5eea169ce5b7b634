"""Texts as tokens and n-grams: the same whoever counts, however strange; and what is a text to `keepfit init`."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from itertools import pairwise, product

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.config import Preprocessing
from keepfit.features.column import facts_of_classes
from keepfit.features.kind import Seen
from keepfit.features.lookup import kind_of, words_of
from keepfit.features.shared.tokenized import size
from keepfit.features.text import Entry, Settings, grams, tokens
from tests.sentences import sentences

texts = st.text(st.characters(codec="utf-8"), max_size=40) | st.text("ab 中文。\t", max_size=30)
KIND = kind_of("text")


def plainly(text: str, unit: str) -> Counter[str]:
    """The n-grams of one text, by slices and a loop."""
    words = grams.normal(text).split()
    if unit == "characters":
        runs = (word[i : i + n] for word in words for n in (1, 2, 3) for i in range(len(word) - n + 1))
        return Counter(runs)
    found = Counter(f" {word} "[i : i + n] for word in words for n in (2, 3, 4, 5) for i in range(len(word) + 3 - n))
    return found + Counter(f" {word} " for word in words) + Counter(map(" ".join, pairwise(words)))


def grams_by_bucket(text: str, unit: str) -> dict[int, str]:
    """Bucket → an n-gram of the text that falls into it."""
    spaced = f" {grams.normal(text)} "
    codes, _, starts, stops = grams.spans([spaced], unit)
    found = zip((grams.buckets(codes, starts, stops) + 1).tolist(), starts.tolist(), stops.tolist(), strict=True)
    return {bucket: spaced[start:stop] for bucket, start, stop in found}


@pytest.mark.parametrize("unit", ["words", "characters"])
@given(some=st.lists(texts, max_size=6))
@settings(deadline=None)
def test_n_grams_are_those_that_a_loop_finds(unit, some):
    found = grams.counted(some, unit)
    for row, text in enumerate(some):
        named, pairs, wanted = grams_by_bucket(text, unit), found[row : row + 1].values.tolist(), plainly(text, unit)
        assert sum(count for _, count in pairs) == wanted.total()
        assert {named[bucket] for bucket, _ in pairs} <= set(wanted)
        assert len(wanted) - len(pairs) <= 3, "more share a bucket than chance would have it in a million"


@given(some=st.lists(texts, min_size=1, max_size=5), place=st.integers(0, 4))
@settings(deadline=None)
def test_a_text_has_its_n_grams_whatever_stands_beside_it(some, place):
    one = some[place % len(some)]
    alone, among = grams.counted([one], "words"), grams.counted(some, "words")[np.array([place % len(some)])]
    assert np.array_equal(alone.values, among.values)


def test_width_case_and_blanks_of_a_text_say_nothing():
    one, other = (
        grams.counted(["Ｈello  World", " hello world\n"], "words")[:1],
        grams.counted(["hello world"], "words"),
    )
    assert np.array_equal(one.values, other.values)


@pytest.mark.parametrize("kind", ["bpe", "words", "characters"])
def test_a_tokenizer_is_the_same_in_every_process_and_knows_its_own_texts(kind):
    said = sentences().said.tolist()
    made = tokens.trained(said, kind, 900)
    code = (
        "from tests.sentences import sentences; from keepfit.features.text import tokens;"
        f"print(tokens.trained(sentences().said.tolist(), {kind!r}, 900), end='')"
    )
    again = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert again == made
    assert size(made) <= 900
    found = tokens.encoded(said, made, 50)
    assert found.lengths.max() <= 50
    assert found.lengths.min() >= 1
    assert found.values.min() >= 1
    assert found.values.max() < size(made)


def test_what_training_never_saw_is_told_by_its_bytes():
    made = tokens.trained(sentences().said.tolist(), "bpe", 900)
    one, other = (tokens.encoded([text], made, 50).values.tolist() for text in ("饕餮", "饕饕"))
    assert one != other
    assert 1 not in one


def fitted(cells: pa.Array, said: Settings | None = None) -> tuple[Entry, dict]:
    fitter = KIND.fitter(said or Settings(), Preprocessing(), {})
    fitter.add(cells, Seen(np.ones(len(cells), np.bool_), None, np.arange(0), lambda places: [str(p) for p in places]))
    entry = fitter.entry("said", 0)
    return entry, fitter.profile(entry)


HOSTILE = ["a" * 1_000_000, "字" * 1_000_000, "word " * 250_000, "\x00\x01\x1f", "🙂" * 5000, "مرحبا שלום 你好 ǅ"]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_a_strange_text_is_cut_at_a_stated_length(text):
    entry, _ = fitted(pa.array([*sentences().said, None]), Settings(length=64))
    found = KIND.feed(KIND.read(pa.array([text, None, ""])), KIND.schema(entry, None), {})
    assert isinstance(found, dict)
    assert found[""].lengths.tolist()[1:] == [0, 0]
    assert found["grams"].lengths.tolist()[1:] == [0, 0]
    assert found[""].lengths[0] <= 64
    assert found["grams"].lengths[0] <= 8 * grams.MOST


def test_where_the_train_rows_fall_is_what_the_profile_says():
    cells = KIND.read(pa.array([*sentences().said, None, ""]))
    entry, profile = fitted(cells)
    fed = KIND.feed(cells, KIND.schema(entry, None), {})
    assert isinstance(fed, dict)
    (counts,) = KIND.binned(cells, fed[""], entry).values()
    assert counts.tolist() == profile["bins"]["length"]
    assert counts[0] == 2
    assert counts.sum() == len(cells)
    assert len(KIND.bins(entry)["length"].names) == len(counts)


NAMES = [
    f"{last}, {title}. {first} {middle}"
    for last, title, first, middle in product(
        ("Braund", "Allen", "Moran", "Palsson"), ("Mr", "Mrs"), ("Owen", "Anna", "Karl", "Maud"), ("Harris", "Lee")
    )
]
OTHERS = {
    "names": NAMES,
    "places": [f"{n} {street} Street, {town}" for n in range(1, 9) for street in ("High", "Mill") for town in "ABCDE"],
    "ids": [f"{n:08x}-ab12-4c{n:02d}" for n in range(99)],
    "addresses": [f"https://example.org/a/{n}?b={n * 7}" for n in range(99)],
    "numbers": [str(n * 1.5) for n in range(99)],
    "few": ["a long sentence that is said again and again"] * 60 + ["another sentence of a number of words"] * 39,
    "中文名": [f"{a}{b}{c}" for a in "王李张刘" for b in "小大建国" for c in "明华强"],
}


@pytest.mark.parametrize("values", OTHERS.values(), ids=OTHERS)
def test_a_name_an_id_or_a_category_is_no_text(values):
    assert words_of("text").recognise(facts_of_classes("column", values)) is None


CHINESE = [
    f"房间{a}，服务员{b}，下次{c}会再来住这里。"
    for a, b, c in product(("很小", "干净", "一般"), ("热情", "冷淡"), ("还", "不"))
]


@pytest.mark.parametrize("values", [sentences().said.tolist(), CHINESE], ids=["English", "Chinese"])
def test_sentences_are_texts(values):
    choice = words_of("text").recognise(facts_of_classes("column", values))
    assert choice is not None
    assert choice.kind == "text"
