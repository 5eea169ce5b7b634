"""Series: the same however they are written, gaps filled, padding without a say."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hn

from keepfit.config import Preprocessing
from keepfit.data.ragged import Ragged
from keepfit.data.sources.opening import Reading, open_source
from keepfit.data.transform import Transform
from keepfit.errors import DataError
from keepfit.features.column import facts_of_classes
from keepfit.features.kind import Seen
from keepfit.features.lookup import kind_of, words_of
from keepfit.features.sequence import Entry, Settings
from keepfit.features.sequence.net import encoder
from keepfit.features.sequence.packed import pack, packed, unpack, whole
from keepfit.models.cnn import Settings as CnnSettings
from keepfit.models.cnn import net
from keepfit.problems.classification import Target

KIND = kind_of("sequence")
numbers = st.floats(-1e6, 1e6, width=32) | st.just(float("nan"))
series = st.tuples(st.integers(1, 12), st.integers(1, 3)).flatmap(
    lambda shape: hn.arrays(np.float32, shape, elements=numbers)
)


def listed(one: np.ndarray) -> list:
    return [[None if np.isnan(value) else float(value) for value in step] for step in one]


@given(one=series)
def test_however_a_series_is_written_it_is_the_same(one):
    steps = listed(one)
    channels = [list(channel) for channel in zip(*steps, strict=True)]
    nested = pa.list_(pa.list_(pa.float64()))
    found = [
        packed(pa.array([steps], nested)),
        packed(pa.array([channels], nested), by_channel=True),
        packed(pa.array([json.dumps(steps)])),
        packed(pa.array([pack(one)], pa.binary())),
    ]
    if one.shape[1] == 1:
        flat = [step[0] for step in steps]
        words = " ".join("?" if value is None else repr(value) for value in flat)
        found += [packed(pa.array([flat], pa.list_(pa.float64()))), packed(pa.array([f" {words}\t"]))]
    for cells in found:
        np.testing.assert_array_equal(unpack(cells[0].as_py()), one)


@given(one=series, length=st.integers(1, 14), channels=st.integers(1, 4))
def test_a_gap_is_filled_between_its_neighbours_and_what_is_there_stays(one, length, channels):
    found = whole(one, channels, length)
    assert found.shape == (min(len(one), length), channels)
    there = min(channels, one.shape[1])
    kept = one[:length, :there]
    known = np.isfinite(kept)
    np.testing.assert_array_equal(found[:, :there][known], kept[known])
    for channel in range(there):
        if known[:, channel].any():
            assert found[:, channel].min() >= kept[:, channel][known[:, channel]].min()
            assert found[:, channel].max() <= kept[:, channel][known[:, channel]].max()
        else:
            assert np.isnan(found[:, channel]).all()


@pytest.mark.parametrize("text", ["", "a b c", "[1, [2", "{}", "2024-01-01 10:00", '[[1], "x"]'])
def test_a_text_that_is_no_series_is_missing(text):
    assert packed(pa.array([text]))[0].as_py() is None


def walks(rows: int = 60, seed: int = 0) -> pa.Array:
    """Walks of two channels and 0 to 30 steps, some with gaps, one missing."""
    draw = np.random.default_rng(seed)
    found = [draw.normal(5, 2, (draw.integers(0, 31), 2)).cumsum(0).round(3) for _ in range(rows)]
    cells = [listed(one.astype(np.float32)) for one in found]
    return packed(pa.array([*cells, None], pa.list_(pa.list_(pa.float64()))))


def fitted(cells: pa.Array) -> tuple[Entry, dict]:
    fitter = KIND.fitter(Settings(), Preprocessing(), {})
    fitter.add(cells, Seen(np.ones(len(cells), np.bool_), None, np.arange(0), lambda places: [str(p) for p in places]))
    entry = fitter.entry("walk", 0)
    return entry, fitter.profile(entry)


def test_where_the_train_rows_fall_is_what_the_profile_says():
    cells = walks()
    entry, profile = fitted(cells)
    counts = KIND.binned(cells, KIND.feed(cells, KIND.schema(entry, None), {}), entry)
    assert {part: rows.tolist() for part, rows in counts.items()} == profile["bins"]
    assert all(rows[0] == 1 and rows.sum() == len(cells) for rows in counts.values())
    assert all(len(bins.names) == len(counts[part]) for part, bins in KIND.bins(entry).items())


def test_what_is_served_is_what_was_learned_from():
    cells = walks()
    entry, _ = fitted(cells)
    learned, served = KIND.encode(cells, entry, list), KIND.feed(cells, KIND.schema(entry, None), {})
    assert isinstance(learned, Ragged)
    assert isinstance(served, Ragged)
    np.testing.assert_array_equal(learned.values, served.values)
    assert np.isfinite(learned.values).all()


def nets() -> list[torch.nn.Module]:
    entry, _ = fitted(walks())
    target = Target(name="y", problem="classification", classes=("a", "b", "c"))
    transform = Transform(target=target, features=(entry,))
    torch.manual_seed(0)
    cnn = net.build(net.defaults(CnnSettings(), transform, 300), transform)
    dense = encoder([entry], 4, 8)
    return [lambda x: cnn.eval()({"sequence": x}), dense.eval()]  # type: ignore[list-item, return-value]


@pytest.mark.parametrize("place", [0, 1])
@given(more=st.integers(1, 20))
@settings(max_examples=10, deadline=None)
def test_padding_changes_no_answer(place, more):
    asked, cells = nets()[place], walks(12, seed=3)
    entry, _ = fitted(walks())
    rows = KIND.encode(cells, entry, list)
    assert isinstance(rows, Ragged)
    batch = torch.from_numpy(rows.padded())
    longer = torch.cat([batch, torch.full((len(batch), more, 2), float("nan"))], 1)
    with torch.no_grad():
        assert torch.allclose(asked(batch), asked(longer), atol=1e-5)
        alone = [asked(torch.from_numpy(rows[np.array([row])].padded())) for row in range(len(rows))]
    assert torch.allclose(torch.cat(alone), asked(batch), atol=1e-5)
    assert torch.isfinite(asked(longer)).all()


def test_the_edges_are_answered():
    entry, _ = fitted(walks())
    rows = KIND.edges(entry)
    assert isinstance(rows, Ragged)
    for asked in nets():
        with torch.no_grad():
            assert torch.isfinite(asked(torch.from_numpy(rows.padded()))).all()


def test_a_series_is_drawn():
    entry, _ = fitted(walks())
    shown = words_of("sequence").picture(walks()[3].as_py(), entry)
    assert shown is not None
    assert shown.startswith("data:image/svg+xml;base64,")
    assert words_of("sequence").picture(None, entry) is None


@pytest.mark.parametrize(
    "values", [["555 123 456"] * 40, ["1.5"] * 40, ["a b c d e f g h i"] * 40, ["10, 20", "30, 40"] * 20]
)
def test_what_is_no_series_is_not_taken_for_one(values):
    assert words_of("sequence").recognise(facts_of_classes("column", values)) is None


def test_texts_of_numbers_are_series():
    values = [" ".join(str(n * k) for n in range(12)) for k in range(40)]
    choice = words_of("sequence").recognise(facts_of_classes("column", values))
    assert choice is not None
    assert "12 steps" in choice.comment


TS = "# said\n@problemName walks\n@timeStamps false\n@classLabel true a b\n@data\n1,2,3:4,?,6:a\n7,8:9,10:b\n"


def opened(path: Path, content: str) -> list[pa.RecordBatch]:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        file.write(content)
    return list(open_source((path,), Reading(path.parent, target="of")).batches())


def test_a_ts_file_gives_steps_of_channels_and_labels(tmp_path):
    (batch,) = opened(tmp_path / "walks.ts.gz", TS)
    assert batch["series"].to_pylist() == [[[1, 4], [2, None], [3, 6]], [[7, 9], [8, 10]]]
    assert batch["of"].to_pylist() == ["a", "b"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("@data\n", "", "no line @data"),
        ("timeStamps false", "timeStamps true", "times of their own"),
        ("@classLabel true a b\n", "", "no class or value"),
        ("7,8", "7,x", "line 7"),
        ("7,8:9,10:b", "7", "no colon"),
    ],
)
def test_a_ts_file_that_is_amiss_is_told(tmp_path, old, new, said):
    with pytest.raises(DataError, match=said):
        opened(tmp_path / "walks.ts.gz", TS.replace(old, new))
