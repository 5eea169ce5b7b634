"""Recordings into samples at one rate. The only module that opens a recording, whoever asks.

T: samples. A sample is an int16; a recording of several channels becomes their mean.
"""

from __future__ import annotations

import io
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from keepfit.data.media import Medium, Size
from keepfit.errors import DataError

if TYPE_CHECKING:
    import soundfile

MOST_SECONDS = 3600
"""A longer recording is refused from its header: a file of some kilobytes may hold hours of silence."""
LOW, HIGH = 1_000, 768_000
"""Samples a second that a header may tell."""
RESAMPLE = "polyphase"
"""scipy's polyphase filter, a low-pass before samples are left out."""
LOUDEST = 32767
"""-32768 is no sample: it stands behind the end of a shorter row."""
IT = "it"
"""What a recording is called in a clause."""
NAMES = "WAV, FLAC, OGG, MP3, AIFF, AU"

_STARTS = re.compile(
    rb"(RIFF|RF64|RIFX)....WAVE|fLaC|OggS|ID3[\x02-\x04]|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]|FORM....AIF[FC]|\.snd",
    re.DOTALL,
)
"""How files of these formats begin; libsndfile would open others too, and raw bytes as whatever they are called."""
_OTHERS = (
    ("an M4A or MP4 file", rb"....ftyp"),
    ("a WMA file", rb"0&\xb2u"),
    ("an AMR file", rb"#!AMR"),
    ("a MIDI file, which holds notes and no sound", rb"MThd"),
    ("a Matroska or WebM file", rb"\x1aE\xdf\xa3"),
    ("a picture", rb"\x89PNG|\xff\xd8\xff|GIF8"),
    ("a NumPy array", rb"\x93NUMPY"),
    ("a zip file", rb"PK"),
    ("a gzip file", rb"\x1f\x8b"),
    ("a Git LFS pointer and not the file itself", rb"version https://git-lfs"),
    ("a page of HTML", rb"(?i:\s*<(!doctype\s+)?html)"),
)
"""What is met in folders of recordings and is none, by how it begins."""
_BLOCK = 1 << 18
_CHUNKED: dict[bytes, tuple[Literal["little", "big"], bytes]] = {
    b"RIFF": ("little", b"data"), b"RIFX": ("big", b"data"), b"FORM": ("big", b"SSND"),
}  # fmt: skip
"""How a file begins that is made of chunks → the order of their lengths' bytes, and the one with the samples."""
_STREAMED = (0, 0x7FFFFFFF, 0xFFFFFFFF)
"""What stands for a length in the header of a file that was written without knowing it."""

Samples = NDArray[np.int16]


class Header(NamedTuple):
    """What a recording's header says."""

    samples: int
    rate: int
    channels: int

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return self.samples / self.rate


def starts_as_recording(start: bytes) -> bool:
    """Whether the first bytes of a file are those of a format that is read, whatever the file is called."""
    return _STARTS.match(start) is not None


def header(content: bytes, name: str = "a recording") -> Header:
    """Read the header alone; raises DataError, naming `name`, where it is no recording, or too long a one."""
    with _opened(content, name) as file:
        return Header(file.frames, file.samplerate, file.channels)


def check(content: bytes, name: str = "a recording") -> None:
    """Read a recording to its end.

    Raises DataError, naming `name`, for what is no recording, is cut off, has no sample, or one that is no number.
    """
    with _opened(content, name) as file:
        count = 0
        for block in file.blocks(_BLOCK, dtype="float32"):
            count += len(block)
            if not np.isfinite(block).all():
                raise _unreadable(name, "holds samples that are no numbers")
        if count < file.frames:
            raise _cut_off(name, file.frames, count)


def fault(content: bytes) -> str:
    """Why a recording cannot be learned from, in a clause; empty where it can."""
    try:
        check(content, IT)
    except DataError as error:
        return error.found.rstrip(".")
    return ""


def decode(content: bytes, rate: int, seconds: float, *, name: str = "a recording") -> Samples:
    """The first `seconds` of a recording [T], at `rate` samples a second; what is louder than full scale is cut there.

    Raises DataError, naming `name`, where it cannot be read.
    """
    with _opened(content, name) as file:
        read = file.read(math.ceil(seconds * file.samplerate), dtype="float32", always_2d=True)
        samples, before = read.mean(1, dtype=np.float32), file.samplerate
    if not np.isfinite(samples).all():
        raise _unreadable(name, "holds samples that are no numbers")
    whole = np.rint(_resampled(samples, before, rate)[: round(seconds * rate)] * (LOUDEST + 1))
    return whole.clip(-LOUDEST, LOUDEST).astype(np.int16)


def _resampled(samples: NDArray[np.float32], before: int, rate: int) -> NDArray[np.float32]:
    if before == rate:
        return samples
    from scipy.signal import resample_poly

    common = math.gcd(before, rate)
    found: NDArray[np.float32] = resample_poly(samples, rate // common, before // common)
    return found


@contextmanager
def _opened(content: bytes, name: str) -> Iterator[soundfile.SoundFile]:
    """The recording, not yet decoded; whatever libsndfile finds wrong in the block is the recording's fault."""
    import soundfile

    if not isinstance(content, bytes):
        raise DataError(
            f"{name} is {content!r:.60}, not the bytes of a recording's file.",
            allowed="A table holds its recordings in a column of bytes, as Parquet has.",
            todo="Write each file's content into the column, or make source.path the folder of the recordings.",
        )
    if not starts_as_recording(content):
        raise _unreadable(name, what_it_is(content))
    try:
        with soundfile.SoundFile(io.BytesIO(content)) as file:
            _check_header(file, content, name)
            yield file
    except soundfile.LibsndfileError as error:
        raise _unreadable(name, f"cannot be read as a recording ({error.error_string.rstrip('.')})") from error


def _check_header(file: soundfile.SoundFile, content: bytes, name: str) -> None:
    if not LOW <= file.samplerate <= HIGH:
        raise _unreadable(name, f"has {file.samplerate:,} samples a second by its header; {LOW:,} to {HIGH:,} are read")
    if not file.frames:
        raise _unreadable(name, "has no sample")
    if file.frames > MOST_SECONDS * file.samplerate:
        raise DataError(
            f"{name} plays {file.frames / file.samplerate:,.0f} seconds.",
            allowed=f"A recording may play {MOST_SECONDS:,} seconds.",
            todo="Cut it into pieces, or leave it out.",
        )
    if lacking := _lacking(content):
        raise _unreadable(name, f"is cut off: {lacking:,} bytes of its samples are not there")


def _lacking(content: bytes) -> int:
    """Bytes of samples that the header of a WAV or AIFF file promises and that are not there: libsndfile takes what
    there is."""
    if content[:4] not in _CHUNKED:
        return 0
    order, name = _CHUNKED[content[:4]]
    at = 12
    while at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], order)
        if content[at : at + 4] == name:
            return 0 if size in _STREAMED else max(0, size - (len(content) - at - 8))
        at += 8 + size + size % 2
    return 0


def what_it_is(content: bytes) -> str:
    """In a clause, what bytes are that are no recording of a format that is read."""
    if not content:
        return "is empty, 0 bytes"
    if not content.strip(b"\0"):
        return "holds zero bytes alone, as a copy that broke off does"
    known = next((what for what, pattern in _OTHERS if re.match(pattern, content[:4096], re.DOTALL)), "")
    return (
        f"is {known}, which is not read as a recording"
        if known
        else (f"is no recording: it begins with {content[:12].decode('latin-1')!a}")
    )


def _cut_off(name: str, promised: int, there: int) -> DataError:
    return _unreadable(name, f"is cut off: {there:,} of the {promised:,} samples of its header are there")


def _unreadable(name: str, what: str) -> DataError:
    return DataError(f"{name} {what}.", allowed=f"Read are {NAMES}.", todo="Replace it or leave it out, and run again.")


def _size(content: bytes) -> Size:
    found = header(content)
    return found.seconds, found.rate


def _span(low: Size, high: Size) -> str:
    lengths = f"{low[0]:.1f}" if round(low[0], 1) == round(high[0], 1) else f"{low[0]:.1f} to {high[0]:.1f}"
    return f"{lengths} seconds"


MEDIUM = Medium(
    form="sounds",
    column="audio",
    one="recording",
    many="recordings",
    meant=(".m4a", ".mp4", ".aac", ".wma", ".amr", ".ape", ".ac3", ".caf", ".mka", ".webm", ".mid", ".midi"),
    names=NAMES,
    begins=starts_as_recording,
    fault=fault,
    size=_size,
    span=_span,
)
