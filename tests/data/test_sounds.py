"""Recordings: whatever they are written in they are the same samples, and what cannot be heard is named."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
import soundfile

from keepfit.data import sounds
from keepfit.errors import DataError
from tests.recordings import tone, wav


def spectral_peak(samples: np.ndarray, rate: int) -> float:
    """Hertz of the loudest frequency."""
    return float(np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples))


@pytest.mark.parametrize(
    ("form", "subtype", "apart"),
    [
        ("WAV", "PCM_U8", 300),
        ("WAV", "PCM_16", 1),
        ("WAV", "PCM_24", 1),
        ("WAV", "PCM_32", 1),
        ("WAV", "FLOAT", 1),
        ("WAV", "ULAW", 700),
        ("WAVEX", "PCM_16", 1),
        ("RF64", "PCM_16", 1),
        ("FLAC", "PCM_16", 1),
        ("FLAC", "PCM_24", 1),
        ("AIFF", "PCM_16", 1),
        ("AU", "PCM_16", 1),
    ],
)
def test_however_it_is_written_it_is_the_same_sound(form: str, subtype: str, apart: int) -> None:
    samples = tone(440, 0.5)
    content = wav(samples, form=form, subtype=subtype)
    assert not sounds.fault(content)
    found = sounds.decode(content, 8000, 10)
    assert found.dtype == np.int16
    np.testing.assert_allclose(found, np.rint(samples * 32768), atol=apart)


@pytest.mark.parametrize(("form", "subtype"), [("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III")])
def test_what_was_packed_with_loss_is_heard(form: str, subtype: str) -> None:
    content = wav(tone(440, 1.0), form=form, subtype=subtype)
    assert not sounds.fault(content)
    assert spectral_peak(sounds.decode(content, 8000, 10), 8000) == pytest.approx(440, abs=8)


def test_channels_are_averaged() -> None:
    left, right = tone(440, 0.2), tone(440, 0.2) / 2
    found = sounds.decode(wav(np.stack([left, right], 1)), 8000, 10)
    np.testing.assert_allclose(found, np.rint(0.75 * left * 32768), atol=2)


def test_three_bytes_a_sample_of_two_channels_are_heard() -> None:
    left, right = tone(440, 0.2), tone(440, 0.2) / 2
    found = sounds.decode(wav(np.stack([left, right], 1), subtype="PCM_24"), 8000, 10)
    np.testing.assert_allclose(found, np.rint(0.75 * left * 32768), atol=2)


@pytest.mark.parametrize("before", [4000, 11025, 22050, 44100, 48000])
def test_another_rate_is_resampled_and_what_lies_above_is_left_out(before: int) -> None:
    found = sounds.decode(wav(tone(1000, 0.5, before), before), 8000, 10)
    assert len(found) == pytest.approx(4000, abs=1)
    assert spectral_peak(found, 8000) == pytest.approx(1000, abs=3)
    if before > 16_000:
        high = sounds.decode(wav(tone(6000, 0.5, before), before), 8000, 10)  # 2 kHz, were it only thinned out
        assert np.abs(high[400:-400]).max() < 60


def test_only_the_beginning_is_heard() -> None:
    content = wav(np.concatenate([tone(440, 0.5), tone(1000, 5)]))
    assert len(sounds.decode(content, 8000, 0.25)) == 2000
    assert spectral_peak(sounds.decode(content, 8000, 0.25), 8000) == pytest.approx(440, abs=3)


def test_what_is_too_loud_is_cut_at_full_scale() -> None:
    found = sounds.decode(wav(3 * tone(440, 0.2), subtype="FLOAT"), 8000, 10)
    assert (found.min(), found.max()) == (-32767, 32767)


WHOLE = wav(tone(440, 0.5))
FAULTS = {
    "empty": (b"", "is empty, 0 bytes"),
    "zeros": (bytes(100), "holds zero bytes alone"),
    "text": (b"hello there", r"is no recording: it begins with 'hello there'"),
    "m4a": (b"\0\0\0 ftypM4A ", "is an M4A or MP4 file"),
    "header": (WHOLE[:44], "is cut off|has no sample"),
    "half": (WHOLE[: len(WHOLE) // 2], r"is cut off: [\d,]+ bytes of its samples are not there"),
    "no sample": (wav(np.empty(0)), "has no sample"),
    "cut flac": (wav(tone(440, 2), form="FLAC")[:3000], "is cut off|cannot be read"),
    "cut aiff": (wav(tone(440, 2), form="AIFF")[:3000], "is cut off"),
    "no chunks": (b"RIFF\x10\0\0\0WAVEjunk", "cannot be read as a recording"),
    "not numbers": (wav(np.array([0.1, np.nan, 0.2]), subtype="FLOAT"), "samples that are no numbers"),
    "rate": (WHOLE[:24] + struct.pack("<I", 7) + WHOLE[28:], "has 7 samples a second by its header"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_what_cannot_be_heard_is_named(name: str) -> None:
    content, said = FAULTS[name]
    with pytest.raises(DataError, match=f"a/1.wav.*({said})"):
        sounds.check(content, "a/1.wav")
    assert sounds.fault(content).startswith("it ")


def test_silence_is_a_recording() -> None:
    assert not sounds.fault(wav(np.zeros(800)))
    assert not sounds.decode(wav(np.zeros(800)), 8000, 10).any()


def test_hours_of_silence_are_refused_from_the_header() -> None:
    content = io.BytesIO()
    with soundfile.SoundFile(content, "w", 4000, 1, format="FLAC", subtype="PCM_16") as file:
        for _ in range(4000):
            file.write(np.zeros(4000, np.int16))
    assert len(content.getvalue()) < 200_000
    assert "plays 4,000 seconds" in sounds.fault(content.getvalue())
