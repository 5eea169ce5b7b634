"""A recording as the loudness of its bands, moment by moment; for a dense network convolutions over these, pooled.

B rows, T samples, L samples of a window, F frequencies, M bands, N moments, d units a column.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from keepfit.features.audio import PAD, Entry
from keepfit.features.audio.spectrum import FLOOR, bands, bank, basis, hop, window
from keepfit.features.shared.masked import Masked, pooled

COLUMNS = 8
"""Vectors of d units that one recording becomes."""
SPARE = 8
"""Moments behind the last one, so that pooling by halves, three times, leaves out none that is there, whatever else is
in the batch."""
_FILTERS, _WIDTHS = 48, (5, 5)


class LogMel(nn.Module):
    """The logarithm of the power in each band, standardised by that of the train rows, a band.

    The transform is a convolution by fixed cosines and sines: all that runs it knows convolutions, and the exported
    graph takes samples.
    """

    basis: Tensor
    bank: Tensor

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.bands, self.hop, self.window = bands(entry.rate), hop(entry.rate), window(entry.rate)
        self.register_buffer("basis", torch.from_numpy(basis(entry.rate))[:, None], persistent=False)
        self.register_buffer("bank", torch.from_numpy(bank(entry.rate)), persistent=False)
        self.norm = Masked(self.bands)

    def forward(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """[B, T], PAD behind the end → [B, M, N], 0 there; and 1 or 0 [B, 1, N]."""
        known = samples.float()
        inside = known != PAD
        with _exact(samples):
            padded = F.pad((known / 32768).where(inside, 0.0), (self.window // 2, self.window + SPARE * self.hop))
            real, imaginary = F.conv1d(padded[:, None], self.basis, stride=self.hop).square().chunk(2, 1)
            logs = (self.bank @ (real + imaginary) + FLOOR).log()
            begins = torch.arange(logs.shape[2], device=samples.device) * self.hop
            there = (begins < inside.sum(1, keepdim=True)).float()[:, None]
            return self.norm(logs, there) * there, there


def _exact(samples: Tensor) -> AbstractContextManager[object]:
    """Without bfloat16, whose 8 bits would drown what is quiet in the rounding of what is loud."""
    kind = samples.device.type
    return torch.autocast(kind, enabled=False) if torch.is_autocast_enabled(kind) else nullcontext()


class SoundFilters(nn.Module):
    """Two convolutions over the moments, pooled and mixed."""

    def __init__(self, entry: Entry, units: int) -> None:
        super().__init__()
        self.columns, self.units = COLUMNS, units
        self.front = LogMel(entry)
        self.filters = nn.ModuleList(
            nn.Conv1d(inputs, _FILTERS, width, padding=width // 2)
            for inputs, width in zip((self.front.bands, _FILTERS), _WIDTHS, strict=True)
        )
        self.mix = nn.Linear(2 * _FILTERS, COLUMNS * units)

    def forward(self, samples: Tensor) -> Tensor:
        """[B, T] → [B, 8, d]."""
        maps, there = self.front(samples)
        for one in self.filters:
            maps = F.relu(one(maps)) * there
        mixed: Tensor = self.mix(pooled(maps, there))
        return mixed.view(-1, COLUMNS, self.units)


class Moments(nn.Module):
    """A recording as a series of its moments."""

    def __init__(self, entry: Entry) -> None:
        super().__init__()
        self.front = LogMel(entry)
        self.width, self.hop = self.front.bands, self.front.hop

    def forward(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """[B, T] → [B, N, M], and 1 or 0 [B, N, 1]."""
        found, there = self.front(samples)
        return found.transpose(1, 2), there.transpose(1, 2)


def steps(entry: Entry) -> nn.Module:
    """[B, T] → [B, N, M], and which moments are there [B, N, 1]."""
    return Moments(entry)


def amounts(_entry: Entry, _rows: int) -> dict[str, float]:
    """A tenth faster or slower, so that voices differ more than those at hand; half or twice as loud."""
    return {"speed": 0.1, "gain": 6.0}


def augment(amounts: Mapping[str, float]) -> Callable[[Tensor], Tensor]:
    """A change of recordings [B, T], each in its own way: a little faster or slower, louder or softer, later."""
    return partial(_changed, speed=amounts.get("speed", 0.0), gain=amounts.get("gain", 0.0))


def _changed(samples: Tensor, speed: float, gain: float) -> Tensor:
    rows, steps = samples.shape
    inside = samples != PAD
    known = samples.float().where(inside, 0.0)
    length = inside.sum(1, keepdim=True)
    if speed:
        rate = 1 + speed * _either_way(samples, rows)
        places = torch.arange(int(steps / (1 - speed)) + 1, device=samples.device) * rate
        before = places.long().clamp(max=steps - 1)
        after = (before + 1).clamp(max=steps - 1)
        known = torch.lerp(known.gather(1, before), known.gather(1, after), (places - before).clamp(0, 1))
        length = (length / rate).ceil()
    known = known * 10 ** (gain / 20 * _either_way(samples, rows))
    inside = torch.arange(known.shape[1], device=samples.device) < length
    return known.clamp(PAD + 1, -PAD - 1).where(inside, PAD)


def _either_way(samples: Tensor, rows: int) -> Tensor:
    """Uniform from -1 to 1, one a row."""
    return torch.rand(rows, 1, device=samples.device) * 2 - 1


def encoder(entries: Sequence[Entry], bins: int, units: int) -> nn.Module:  # noqa: ARG001
    """[B, T] → [B, 8, d]."""
    return SoundFilters(entries[0], units)
