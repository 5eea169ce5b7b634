"""Which class is said of a row, by the probabilities of all. K classes."""

from __future__ import annotations

from keepfit.problems.classification import Settings, Target


def counted(settings: Settings, target: Target) -> list[float]:
    """What each class's train rows count in training [K], together as many as there are."""
    rows = [max(count, 1) for count in target.rows]
    if settings.weights == "balanced":
        said = [1 / count for count in rows]
    else:
        said = [(settings.weights or {}).get(name, 1.0) for name in target.classes]
    found = [weight * count for weight, count in zip(said, rows, strict=True)]
    return [sum(rows) / sum(found) * one for one in found]


def factors(settings: Settings, target: Target) -> list[float]:
    """What each class's probability counts [K] when one is said; empty where all count alike.

    By balanced accuracy the best is to say the class that is most above its share of the rows learned from, as far
    as probabilities are right (Menon et al. 2013, "On the statistical consistency of algorithms for binary
    classification under class imbalance"); so its inverse, 1 for the rarest."""
    if settings.decide == "probable":
        return []
    shares = counted(settings, target)
    return [min(shares) / share for share in shares]
