"""Which differences are learned: those whose linear autoregression is best on the validation rows.

N rows, L values of a history, H steps ahead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from keepfit.errors import ConfigError
from keepfit.problems.forecasting import Settings, Target
from keepfit.problems.forecasting.linear import Autoregression, Floats, chosen
from keepfit.problems.forecasting.naive import scale
from keepfit.problems.forecasting.space import base, differences, learned, values_of

_SEASONAL = 0.3
"""The correlation of changes a season apart, from which there is one."""


@dataclass(frozen=True)
class Windows:
    """Histories [N, L] and what came next [N, H]."""

    histories: Floats
    labels: Floats


def completed(target: Target, train: Windows, validation: Windows, settings: Settings) -> Target:
    """The entry with the season, the differences, and the figures that depend on them.

    Raises ConfigError for a season that no history is long enough for.
    """
    length = train.histories.shape[1]
    season = settings.season or season_of(train.histories)
    if settings.season and season > length - 2:
        raise ConfigError(
            f"problem.season is {season}, and source.window.length {length}.",
            allowed="A history holds a season and two values at least.",
            todo="Lengthen source.window.length; two seasons or three are usual.",
        )
    found = {"length": length, "season": season, "linear": settings.linear}
    known = target.model_copy(update={**found, "scale": scale(train.histories, train.labels, season)})
    tried = [_measured(one, train) for one in _candidates(known, settings)]
    if not tried:
        raise ConfigError(
            f"problem.difference is {settings.difference}, and the train rows show no season.",
            todo="Say how many values a season has in problem.season, or leave problem.difference out.",
        )
    errors = [_error(one, train, validation, settings.loss) for one in tried]
    return tried[int(np.argmin(errors))]


def season_of(histories: Floats) -> int:
    """The lag at which changes are most alike, if it is no neighbour's likeness that is seen; 0 where there is none."""
    changes = np.diff(histories, axis=1)
    changes = changes - changes.mean()
    steps = changes.shape[1]
    spread = float(np.square(changes).mean())
    if not spread or steps < 4:
        return 0
    lags = np.arange(1, steps - 1)
    alike = np.array([float((changes[:, lag:] * changes[:, :-lag]).mean()) / spread for lag in lags])
    peaks = [
        place
        for place in range(1, len(alike) - 1)
        if alike[place] > _SEASONAL and alike[place] >= max(alike[place - 1], alike[place + 1])
    ]
    if not peaks:
        return 0
    most = max(alike[place] for place in peaks)
    # Twice a season is alike too, and by chance sometimes more so: the first peak that is nearly the highest.
    return int(lags[next(place for place in peaks if alike[place] > 0.9 * most)])


def _candidates(target: Target, settings: Settings) -> Iterator[Target]:
    """The simplest first: of equal ones it is taken."""
    lags: dict[str, tuple[int, ...]] = {"none": (), "first": (1,)}
    if target.season:
        lags |= {"seasonal": (target.season,), "combined": (target.season, 1)}
    logs = [False, True] if target.low > 0 and settings.log is None else [bool(settings.log and target.low > 0)]
    for log in logs:
        for name, some in lags.items():
            if settings.difference in (None, name) and sum(some) < target.length:
                yield target.model_copy(update={"lags": some, "log": log})


def _measured(target: Target, train: Windows) -> Target:
    """With the mean of what is learned, and the deviation of what differences leave."""
    plain = target.model_copy(update={"mean": 0.0, "std": 1.0})
    mean = float(learned(train.labels, plain).mean())
    plain = plain.model_copy(update={"mean": mean})
    left = learned(train.labels, plain) - learned(train.histories, plain) @ base(plain)
    return plain.model_copy(update={"std": float(np.sqrt(np.square(left).mean())) or 1.0})


def _error(target: Target, train: Windows, validation: Windows, loss: str) -> float:
    """Of the best linear autoregression on the validation rows, in the target's unit."""
    inputs, wanted, _ = of_differences(train, target)
    asked, _, ground = of_differences(validation, target)

    def missed(model: Autoregression) -> float:
        off = np.abs(values_of(model(asked) + ground, target) - validation.labels)
        return float((off if loss == "mae" else off**2).mean())

    return chosen(inputs, wanted, missed)[1]


def of_differences(windows: Windows, target: Target) -> tuple[Floats, Floats, Floats]:
    """The differences of histories [N, D], what is left to forecast by them [N, H], and what they start from [N, H]."""
    seen = learned(windows.histories, target)
    ground = seen @ base(target)
    return seen @ differences(target), learned(windows.labels, target) - ground, ground
