"""The draft of a folder, zip or idx file of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from keepfit.config.sets import FEATURES
from keepfit.data.sources.opening import Reading, open_source
from keepfit.data.sources.pictures import PICTURE, has_classes, listing, overview, parts_error, parts_of, shared_out
from keepfit.drafting.drafted import Drafted, name_of, written
from keepfit.drafting.labelled_pictures import Labelled, labels_beside, labels_of
from keepfit.drafting.learnable import refuse_few
from keepfit.drafting.suggestions import expectations_of_files
from keepfit.drafting.target import ask
from keepfit.drafting.yaml_text import SourceLines, family_for, pipeline_text
from keepfit.errors import ConfigError, DataError
from keepfit.features.column import Choice, ColumnFacts, facts_of_classes
from keepfit.features.lookup import kind_of


def plan_pictures(root: Path, named: str | None, test: Path | None, place: Path) -> Drafted:
    """Look at the names, and at some of the pictures; folders that are parts of the data are told from classes.

    Where there are no folders of classes, the labels may stand in a table.
    """
    if not has_classes(root) and (labelled := labels_beside(root, named)):
        return _plan_labelled(root, labelled, test, place)
    roots: tuple[Path, ...] = (root,)
    said: list[str] = []
    if parts := parts_of(root):
        if root.is_file():
            raise parts_error(root, parts)
        learned, judged = shared_out(parts)
        roots = tuple(root / folder for folder in learned)
        test = test or (root / judged if judged else None)
        said.append(_told_parts(parts, learned, test))
    seen = overview(roots)
    target = facts_of_classes(named or "label", seen.labels)
    paths = tuple(written(path, place) for path in roots)
    source = SourceLines(paths if len(paths) > 1 else paths[0], test=written(test, place) if test else None)
    return _plan(root, source, target, _span(seen.sizes), [*said, *seen.said])


def _plan_labelled(root: Path, labelled: Labelled, test: Path | None, place: Path) -> Drafted:
    """The same where a table holds the labels, perhaps one for the pictures of both parts."""
    parts = {} if test or root.is_file() else _parts_without_classes(root)
    learned, judged = shared_out(parts) if parts else ([PurePosixPath()], None)
    roots = tuple(root / folder for folder in learned)
    table, name = labelled.table, labelled.target.name
    tested = _tested(test, name) if test else labels_of(table, (root / judged,), name, roots) if judged else None
    test = test or (root / judged if judged and tested else None)
    beside = (test,) if test and tested and tested.table == table else ()
    if beside or parts:
        labelled = labels_of(table, roots, name, beside) or labelled
    target = labelled.target
    refuse_few(ask(target, str(table)), str(table))
    paths = tuple(written(path, place) for path in roots)
    source = SourceLines(paths if len(paths) > 1 else paths[0], labels=written(table, place))
    if tested and test:
        source = replace(source, test=written(test, place), test_labels=written(tested.table, place))
    said = [*([_told_parts(parts, learned, test)] if parts else []), *labelled.said]
    counted = f"{target.filled:,} pictures with a label in {table.name}."
    return _plan(root, source, target, _span(labelled.sizes), said, counted, labelled.offered)


def _tested(test: Path, target: str) -> Labelled:
    """The labels of a publisher's test pictures."""
    if found := labels_beside(test, target):
        return found
    raise ConfigError(
        "no table in or beside it names at least half of its pictures.",
        todo="Put one of file names and labels there, or leave --test out.",
        where=str(test),
    )


def _parts_without_classes(root: Path) -> dict[str, list[PurePosixPath]]:
    try:
        return parts_of(root, with_classes=False)
    except DataError:  # all lie in one folder
        return {}


def _span(sizes: list[tuple[int, int]]) -> str:
    """From the smallest picture to the largest, for a comment."""
    low, high = min(sizes), max(sizes)
    span = f"{low[0]} × {low[1]}" if low == high else f"{low[0]} × {low[1]} to {high[0]} × {high[1]}"
    return f"{span} pixels; or {{kind: {_kind()}, size: 64}}"


def _told_parts(parts: dict[str, list[PurePosixPath]], learned: list[PurePosixPath], judged: Path | None) -> str:
    """What becomes of each folder."""
    names = " and ".join(f'"{folder.name}"' for folder in learned)
    test = f', "{judged.name}" only judges' if judged else ""
    return f"The folders {listing(parts)} are parts of the data and no classes: {names} is learned from{test}."


def plan_idx(images: Path, named: str | None, test: Path | None, place: Path, scratch: Path) -> Drafted:
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


def _plan(
    root: Path,
    source: SourceLines,
    target: ColumnFacts,
    comment: str,
    said: Sequence[str] = (),
    counted: str = "",
    offered: Sequence[Choice] = (),
) -> Drafted:
    asked = ask(target, str(root))
    counted = counted or f"{target.rows:,} pictures in {target.distinct} classes."
    head = f"Written by keepfit init from {root.name}: {counted}"
    kind = _kind()
    choices = [Choice(PICTURE, kind, comment)]
    text = pipeline_text(name_of(root), source, asked, choices, family_for([kind]), head, offered)
    lines = expectations_of_files(PICTURE, target, asked.problem)
    return Drafted(
        text,
        lines,
        target.name,
        1,
        [asked.sentence, counted, *said, *asked.found.said],
    )


def _kind() -> str:
    """The kind whose cells are whole files."""
    return next(name for name in FEATURES.names() if kind_of(name).whole_file)


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
