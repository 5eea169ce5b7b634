"""The draft of a folder, zip or idx file of pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from keepfit.drafting.expectations import expectations_of_pictures
from keepfit.drafting.facts import Facts, facts_of_classes
from keepfit.drafting.kinds import Choice
from keepfit.drafting.pipeline import SourceLines, pipeline_text
from keepfit.drafting.plan import Plan, name_of, written
from keepfit.drafting.target import check_target
from keepfit.errors import ConfigError
from keepfit.sources import Reading, open_source
from keepfit.sources.pictures import overview


def plan_pictures(root: Path, named: str | None, test: Path | None, place: Path) -> Plan:
    """Look at the names, and at some of the pictures."""
    seen = overview(root)
    target = facts_of_classes(named or "label", seen.labels)
    sizes = sorted(seen.sizes)
    low, high = sizes[0], sizes[-1]
    span = f"{low[0]} × {low[1]}" if low == high else f"{low[0]} × {low[1]} to {high[0]} × {high[1]}"
    source = SourceLines(written(root, place), test=written(test, place) if test else None)
    return _plan(root, source, target, f"{span} pixels; or {{kind: image, size: 64}}")


def plan_idx(images: Path, named: str | None, test: Path | None, place: Path, scratch: Path) -> Plan:
    """Look at an idx file of pictures, whose label file lies beside it."""
    target = named or "label"
    labels = _labels_of(images)
    opened = open_source((images,), Reading(scratch, target=target, labels=(labels,)))
    classes = [label for batch in opened.batches() for label in batch[target].to_pylist()]
    source = SourceLines(
        path=written(images, place),
        labels=written(labels, place),
        test=written(test, place) if test else None,
        test_labels=written(_labels_of(test), place) if test else None,
    )
    height, width, _ = opened.pixels or (0, 0, 0)
    return _plan(images, source, facts_of_classes(target, classes), f"{width} × {height} pixels")


def _plan(root: Path, source: SourceLines, target: Facts, comment: str) -> Plan:
    check_target(target, str(root))
    head = f"Written by keepfit init from {root.name}: {target.rows:,} pictures in {target.distinct} classes."
    text = pipeline_text(name_of(root), source, target, [Choice("image", "image", comment)], "cnn", head)
    lines = expectations_of_pictures(target.rows, target.name, list(target.values))
    return Plan(text, lines, target.name, 1, list(_said(target)))


def _said(target: Facts) -> Iterator[str]:
    yield f"{target.rows:,} pictures in {target.distinct} classes."
    rare = [value for value, count in target.top if count < 5]
    if rare:
        yield f'The class "{rare[0]}" has fewer than 5 pictures: too few to learn.'


def _labels_of(images: Path) -> Path:
    """The label file's name as MNIST and its followers choose it."""
    labels = images.with_name(images.name.replace("images", "labels").replace("idx3", "idx1"))
    if labels == images or not labels.is_file():
        raise ConfigError(
            f"the label file of {images.name} was not found beside it.",
            allowed="It is called the same, with labels for images and idx1 for idx3.",
            todo="Rename it so, or write source.labels into the YAML by hand.",
            where=str(images.parent),
        )
    return labels
