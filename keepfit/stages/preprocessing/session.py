"""One execution of the preprocess stage: split, fit, write."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from keepfit.config.source import UNTIL
from keepfit.data.snapshot import SnapshotRows
from keepfit.data.transform import Transform
from keepfit.problems.target import Counts
from keepfit.stages.preprocessing import apply, ids, leaks, profile, split, strata
from keepfit.stages.preprocessing.fit import fit
from keepfit.stages.preprocessing.split import Parts
from keepfit.stages.preprocessing.strata import Strata
from keepfit.store import files
from keepfit.store.artifacts import Prepared, Validated
from keepfit.store.stage import Room
from keepfit.store.store import MANIFEST


def session(room: Room, validated: Validated) -> Prepared:
    """Everything that `keepfit.stages.preprocessing.preprocess` promises."""
    config = room.config
    rows = SnapshotRows(room.store / validated.snapshot)
    parts = split.published(rows, ids.Quarantine(room.store / validated.path / "quarantine.parquet"))
    if repeated := split.leave_out_tested(rows, parts):
        room.note(f"train rows left out, since their features are those of a test row: {repeated:,}.")
    groups = strata.of_target(rows, parts, config)
    counts = _split(room, rows, parts, groups)
    transform = _write(room, rows, parts, groups, counts)
    ids.write_sorted(room.path, ["train", "validation"], room.path / "train_rows.parquet")
    transform.write(room.path)
    train, validation, test = counts.sum(axis=1).tolist()
    return Prepared(
        train=train,
        validation=validation,
        test=test,
        repeated=repeated,
        source=files.read_json(room.store / validated.snapshot / MANIFEST)["artifact"]["digest"],
        judged=ids.digest(room.path / "test_raw"),
        learned=_digest(room.path / "train", room.path / "validation", room.path / "transform.json"),
    )


def _split(room: Room, rows: SnapshotRows, parts: Parts, groups: Strata) -> Counts:
    """Draw the parts, and tell what a person should know of them; gives the rows of each part and group."""
    until = UNTIL if room.config.source.window else None
    for sentence in split.assign(rows, room.config.preprocessing.split, parts, groups, until):
        room.note(sentence)
    counts = strata.count(rows, parts, groups)
    for sentence in strata.notes(counts, groups):
        room.note(sentence)
    return counts


def _write(room: Room, rows: SnapshotRows, parts: Parts, groups: Strata, counts: Counts) -> Transform:
    """Fit, write the shards and the profile; gives the transform, complete."""
    config, names = room.config, groups.names.to_pylist()
    target = groups.target.fitter(config.target, names)
    entries, fitters = fit(rows, parts, config, target, _progress(room, "fitting", 0.1, 0.4, rows.count))
    for sentence in filter(None, (*(entry.idle() for entry in entries), *target.notes())):
        room.note(sentence)
    transform = Transform(target=target.entry(), features=tuple(entries))
    transform = apply.write(room.path, rows, parts, transform, _progress(room, "writing", 0.4, 1.0, rows.count))
    whole = groups.target.completed(transform.target, room.path, transform, config.problem)
    found = leaks.find(room.path / "train", transform)
    for leak in found:
        room.note(leak.sentence(config.target))
    files.write_json(room.path / "profile.json", profile.of(transform.features, fitters, target, counts, found))
    return Transform(target=whole, features=transform.features)


def _digest(*paths: Path) -> str:
    """Of files and of folders of files, by their content."""
    found = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    return files.digest_of([files.sha256(file) for file in found])


def _progress(room: Room, what: str, start: float, end: float, total: int) -> Callable[[int], None]:
    began = time.perf_counter()

    def step(rows: int) -> None:
        speed = rows / max(time.perf_counter() - began, 1e-9)
        room.step(what, start + (end - start) * rows / max(total, 1), rows_per_second=round(speed))

    return step
