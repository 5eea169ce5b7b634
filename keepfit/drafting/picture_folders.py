"""The draft of a folder or zip of pictures or recordings, or of an idx file of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from keepfit.config.sets import FEATURES
from keepfit.data.media import Medium, Size, medium_of
from keepfit.data.sources.opening import Reading, open_source
from keepfit.data.sources.pictures import has_classes, listing, overview, parts_error, parts_of, shared_out
from keepfit.drafting.drafted import Drafted, name_of, written
from keepfit.drafting.labelled_pictures import Labelled, labels_beside, labels_of
from keepfit.drafting.learnable import refuse_few
from keepfit.drafting.suggestions import expectations_of_files
from keepfit.drafting.target import ask
from keepfit.drafting.yaml_text import SourceLines, family_for, pipeline_text
from keepfit.errors import ConfigError, DataError
from keepfit.features.column import Choice, ColumnFacts, facts_of_classes
from keepfit.features.lookup import kind_of, words_of


def plan_files(root: Path, named: str | None, test: Path | None, place: Path, medium: Medium) -> Drafted:
    """Look at the names, and into some of the files; folders that are parts of the data are told from classes.

    Where there are no folders of classes, the labels may stand in a table.
    """
    if not has_classes(root, medium) and (labelled := labels_beside(root, named, medium)):
        return _plan_labelled(root, labelled, test, place, medium)
    roots: tuple[Path, ...] = (root,)
    said: list[str] = []
    if parts := parts_of(root, medium):
        if root.is_file():
            raise parts_error(root, parts)
        learned, judged = shared_out(parts)
        roots = tuple(root / folder for folder in learned)
        test = test or (root / judged if judged else None)
        said.append(_told_parts(parts, learned, test))
    reading = Reading(place, target=named or "label")
    seen = overview(roots, reading, medium)
    target = facts_of_classes(reading.target, seen.labels)
    paths = tuple(written(path, place) for path in roots)
    source = SourceLines(paths if len(paths) > 1 else paths[0], test=written(test, place) if test else None)
    return _plan(root, source, target, medium, _span(seen.sizes, medium), [*said, *seen.said])


def _plan_labelled(root: Path, labelled: Labelled, test: Path | None, place: Path, medium: Medium) -> Drafted:
    """The same where a table holds the labels, perhaps one for the files of both parts."""
    parts = {} if test or root.is_file() else _parts_without_classes(root, medium)
    learned, judged = shared_out(parts) if parts else ([PurePosixPath()], None)
    roots = tuple(root / folder for folder in learned)
    table, name = labelled.table, labelled.target.name
    of_judged = labels_of(table, (root / judged,), name, roots, medium) if judged and not test else None
    tested = _tested(test, name, medium) if test else of_judged
    test = test or (root / judged if judged and tested else None)
    beside = (test,) if test and tested and tested.table == table else ()
    if beside or parts:
        labelled = labels_of(table, roots, name, beside, medium) or labelled
    target = labelled.target
    refuse_few(ask(target, str(table)), str(table))
    paths = tuple(written(path, place) for path in roots)
    source = SourceLines(paths if len(paths) > 1 else paths[0], labels=written(table, place))
    if tested and test:
        source = replace(source, test=written(test, place), test_labels=written(tested.table, place))
    said = [*([_told_parts(parts, learned, test)] if parts else []), *labelled.said]
    counted = f"{target.filled:,} {medium.many} with a label in {table.name}."
    return _plan(root, source, target, medium, _span(labelled.sizes, medium), said, counted, labelled.offered)


def _tested(test: Path, target: str, medium: Medium) -> Labelled:
    """The labels of a publisher's test files."""
    if found := labels_beside(test, target, medium):
        return found
    raise ConfigError(
        f"no table in or beside it names at least half of its {medium.many}.",
        todo="Put one of file names and labels there, or leave --test out.",
        where=str(test),
    )


def _parts_without_classes(root: Path, medium: Medium) -> dict[str, list[PurePosixPath]]:
    try:
        return parts_of(root, medium, with_classes=False)
    except DataError:  # all lie in one folder
        return {}


def _span(sizes: list[Size], medium: Medium) -> str:
    """From the smallest file to the largest, for a comment."""
    setting = words_of(_kind(medium)).setting
    return f"{medium.span(min(sizes), max(sizes))}; or {{kind: {_kind(medium)}, {setting}}}"


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
    medium = medium_of("images")
    return _plan(images, source, facts_of_classes(target, classes), medium, f"{width} × {height} pixels")


def _plan(
    root: Path,
    source: SourceLines,
    target: ColumnFacts,
    medium: Medium,
    comment: str,
    said: Sequence[str] = (),
    counted: str = "",
    offered: Sequence[Choice] = (),
) -> Drafted:
    asked = ask(target, str(root))
    counted = counted or f"{target.rows:,} {medium.many} in {target.distinct} classes."
    head = f"Written by keepfit init from {root.name}: {counted}"
    kind = _kind(medium)
    choices = [Choice(medium.column, kind, comment)]
    text = pipeline_text(name_of(root), source, asked, choices, family_for([kind]), head, offered)
    lines = expectations_of_files(medium.column, target, asked.problem)
    return Drafted(
        text,
        lines,
        target.name,
        1,
        [asked.sentence, counted, *said, *asked.found.said],
    )


def _kind(medium: Medium) -> str:
    """The kind whose cells are such files."""
    return next(name for name in FEATURES.names() if kind_of(name).whole_file == medium.form)


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
