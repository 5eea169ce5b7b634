"""Recordings: what is served is what was learned from, padding has no say, and the network's front is what it says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from keepfit.config import Preprocessing
from keepfit.data.ragged import Ragged
from keepfit.data.transform import Transform
from keepfit.errors import DataError
from keepfit.features.audio import PAD, Entry, Settings
from keepfit.features.audio.net import LogMel, augment, encoder
from keepfit.features.audio.spectrum import bands, bank, log_mel, window
from keepfit.features.kind import Seen
from keepfit.features.lookup import kind_of, words_of
from keepfit.models.cnn import Settings as CnnSettings
from keepfit.models.cnn import net
from keepfit.problems.classification import Target
from tests.recordings import PITCHES, said, tone, wav

KIND = kind_of("audio")


def cells(rows: int = 30) -> pa.Array:
    return pa.array([said([*PITCHES][n % 3], n) for n in range(rows)], pa.binary())


def fitted(found: pa.Array, **given: Any) -> tuple[Entry, dict[str, Any]]:
    """As preprocessing fits: headers first, then what the shards hold."""
    places = np.arange(len(found))
    fitter = KIND.fitter(Settings(**given), Preprocessing(), {})
    fitter.add(found, Seen(np.ones(len(found), np.bool_), None, places, lambda some: [str(p) for p in some]))
    finisher = KIND.finisher(fitter.entry("said", 0))
    assert finisher is not None
    finisher.add(KIND.encode(found, fitter.entry("said", 0), lambda: [str(p) for p in places]))
    entry = finisher.entry()
    assert isinstance(entry, Entry)
    return entry, fitter.profile(entry)


@pytest.mark.parametrize(
    ("rates", "rate"),
    [
        ([8000], 8000),
        ([8000, 16000, 16000], 16000),
        ([44100], 44100),
        ([48000], 44100),
        ([11025], 16000),
        ([4000], 8000),
    ],
)
def test_the_rate_is_what_most_recordings_have(rates: list[int], rate: int) -> None:
    assert fitted(pa.array([wav(tone(440, 0.1, one), one) for one in rates]))[0].rate == rate


def test_the_rate_may_be_said() -> None:
    entry, _ = fitted(cells(), rate=5000, seconds=0.2)
    rows = KIND.encode(cells(), entry, lambda: [""] * 30)
    assert isinstance(rows, Ragged)
    assert rows.lengths.max() == 1000


def test_what_is_served_is_what_was_learned_from() -> None:
    found = cells()
    entry, _ = fitted(found)
    learned, unfit = KIND.encode(found, entry, lambda: [""] * 30), {}
    served = KIND.feed(found, KIND.schema(entry, None), unfit)
    assert isinstance(learned, Ragged)
    assert isinstance(served, Ragged)
    np.testing.assert_array_equal(learned.values, served.values)
    assert not unfit


def test_what_cannot_be_heard_is_unfit_and_has_no_sample() -> None:
    entry, _ = fitted(cells())
    odd, unfit = pa.array([None, b"", said("low", 1), said("low", 1)[:300]], pa.binary()), dict[int, str]()
    served = KIND.feed(odd, KIND.schema(entry, None), unfit)
    assert isinstance(served, Ragged)
    assert KIND.lacking(odd) == {0: "it has no recording"}
    assert unfit[1] == "it is empty, 0 bytes"
    assert "it is cut off" in unfit[3]
    assert [*unfit] == [1, 3] == [*KIND.unfit(odd, None)]
    with pytest.raises(DataError, match=r"b/2\.wav is empty"):
        KIND.encode(odd[1:2], entry, lambda: ["b/2.wav"])


def test_where_the_train_rows_fall_is_what_the_profile_says() -> None:
    found = cells()
    entry, profile = fitted(found)
    counts = KIND.binned(found, KIND.feed(found, KIND.schema(entry, None), {}), entry)
    assert {part: tuple(rows) for part, rows in counts.items()} == profile["bins"]
    assert all(len(bins.names) == len(counts[part]) for part, bins in KIND.bins(entry).items())
    softer = pa.array([wav(0.01 * tone(440, 0.2))] * 8)
    assert KIND.binned(softer, KIND.feed(softer, KIND.schema(entry, None), {}), entry)["loudness"][1] == 8


def test_a_frame_may_hold_bytes_paths_and_decoded_sound(tmp_path) -> None:
    (tmp_path / "a.wav").write_bytes(content := said("high", 3))
    array = {"array": tone(440, 0.2), "sampling_rate": 8000}
    taken = KIND.taken([content, str(tmp_path / "a.wav"), {"bytes": content}, array, None, float("nan")])
    assert taken is not None
    assert taken.to_pylist()[:3] == [content] * 3
    assert not KIND.unfit(taken[:4], None)
    assert taken.to_pylist()[4:] == [None, None]
    with pytest.raises(DataError, match="row 1 has a ndarray for a recording"):
        KIND.taken([np.zeros(3)])


@pytest.mark.parametrize("rate", [4000, 8000, 16000, 22050, 44100, 48000])
def test_every_band_hears_something(rate: int) -> None:
    found = bank(rate)
    assert found.shape == (bands(rate), window(rate) // 2 + 1)
    assert found.max(1).min() > 0.3


@pytest.mark.parametrize("rate", [8000, 16000])
def test_the_networks_front_is_the_spectrum_that_is_drawn(rate: int) -> None:
    entry = fitted(cells())[0].model_copy(update={"rate": rate})
    samples = (3000 * np.random.default_rng(0).normal(size=3001)).astype(np.int16)
    with torch.no_grad():
        found, there = LogMel(entry).eval()(torch.from_numpy(samples)[None])
    wanted = log_mel(samples, rate)
    assert int(there.sum()) == wanted.shape[1]
    np.testing.assert_allclose(found[0, :, : wanted.shape[1]].numpy(), wanted, atol=1e-3)


def test_a_tone_is_heard_in_its_band() -> None:
    samples = (32767 * tone(1000, 0.3)).astype(np.int16)
    loudest = log_mel(samples, 8000)[:, 10].argmax()
    frequencies = np.arange(129) * 8000 / 256
    assert frequencies[bank(8000)[loudest] > 0].min() <= 1000 <= frequencies[bank(8000)[loudest] > 0].max()


def nets() -> list[Any]:
    entry, _ = fitted(cells())
    target = Target(name="y", problem="classification", classes=("a", "b", "c"))
    transform = Transform(target=target, features=(entry,))
    torch.manual_seed(0)
    cnn = net.build(net.defaults(CnnSettings(), transform, 300), transform).eval()
    return [lambda x: cnn({"audio": x}), encoder([entry], 4, 8).eval()]


@pytest.mark.parametrize("place", [0, 1])
@given(more=st.integers(1, 3000))
@settings(max_examples=10, deadline=None)
def test_padding_changes_no_answer(place: int, more: int) -> None:
    asked, (entry, _) = nets()[place], fitted(cells())
    rows = KIND.edges(entry)
    assert isinstance(rows, Ragged)
    batch = torch.from_numpy(rows.padded())
    longer = torch.cat([batch, torch.full((len(batch), more), PAD, dtype=torch.int16)], 1)
    with torch.no_grad():
        alone = torch.cat([asked(torch.from_numpy(rows[np.array([row])].padded())) for row in range(len(rows))])
        assert torch.allclose(asked(batch), asked(longer), atol=1e-5)
        assert torch.allclose(alone, asked(batch), atol=1e-5)
    assert torch.isfinite(alone).all()


def test_a_changed_recording_stays_one() -> None:
    torch.manual_seed(0)
    rows = KIND.encode(cells(), fitted(cells())[0], lambda: [""] * 30)
    assert isinstance(rows, Ragged)
    found = augment({"speed": 0.2, "gain": 12.0})(torch.from_numpy(rows.padded()))
    lengths = (found != PAD).sum(1).numpy()
    assert (np.abs(lengths / rows.lengths - 1) < 0.26).all()
    assert not (lengths == rows.lengths).all()
    for row, length in zip(found, lengths, strict=True):
        assert (row[:length] != PAD).all()
        assert (row[length:] == PAD).all()
    assert found.abs().max() <= 32768


def test_a_recording_is_drawn_and_told() -> None:
    found = cells()
    entry, profile = fitted(found)
    words = words_of("audio")
    shown = words.picture(found[0].as_py(), entry)
    assert shown is not None
    assert shown.startswith("data:image/png;base64,")
    assert words.picture(wav(np.zeros(1)), entry)
    assert words.picture(None, entry) is None
    assert words.told(profile, 30).text == "0.1 to 0.4 seconds, heard at 8,000 samples a second"


def test_a_classical_model_sees_the_same_however_long_it_is() -> None:
    rows = KIND.edges(fitted(cells())[0])
    found = KIND.plain(rows)
    assert found.values.shape == (10, 480)
    assert np.isfinite(found.values).all()
    assert found.what == "24 bands at 20 moments"
