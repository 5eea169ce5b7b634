"""Which row goes to which part: by hash, by group, by time, or as the publisher split it.

Everything streams; what is held for all rows is one byte each (and eight for a split by time).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from keepfit.config import Split
from keepfit.config.sections import MOST_TESTED, MOST_VALIDATED
from keepfit.data.snapshot import SnapshotRows
from keepfit.errors import ConfigError, DataError, nearest
from keepfit.features.times import Times, times_of
from keepfit.quoting import shown, some
from keepfit.stages.preprocessing.draw import TEST_SALT, VALIDATION_SALT, Hashes, below, ranked
from keepfit.stages.preprocessing.ids import Quarantine
from keepfit.stages.preprocessing.known_by import Identity, Pool, by_column, by_features, count_into, large_groups
from keepfit.stages.preprocessing.newest import boundaries

if TYPE_CHECKING:
    from keepfit.stages.preprocessing.strata import Strata

TRAIN, VALIDATION, TEST, OUT = range(4)

Parts = NDArray[np.uint8]
"""A part's code for each row of the snapshot, in its order; OUT for those in no part."""

EXPECTED = 10
"""A stratum, such as a class, is rare where thresholds give its smaller part fewer rows than this on average: the
chance that it gets none is e^-10 at the limit and grows fast below it."""
TESTED, VALIDATED = 14_000, 7_000
"""How many rows are enough to judge and to choose: where nine of ten answers are right, 14,000 tell that share within
half a point at 95 %."""
FEW_GROUPS = 100
"""So few groups are ranked by hash: at 100 of one size, thresholds miss a test share of 0.2 by 0.04 (one deviation)."""


def published(rows: SnapshotRows, quarantine: Quarantine) -> Parts:
    """OUT for the rows in quarantine, TEST for the publisher's own, TRAIN for all others, which are yet to be drawn."""
    parts = np.full(rows.count, TRAIN, np.uint8)
    columns = ["keepfit_test", "keepfit_row"] if len(quarantine) else ["keepfit_test"]
    for place, batch in rows.read(columns):
        parts[place][batch["keepfit_test"].to_numpy(zero_copy_only=False)] = TEST
        if len(quarantine):
            parts[place][quarantine.holds(batch["keepfit_row"])] = OUT
    return parts


def leave_out_tested(rows: SnapshotRows, parts: Parts) -> int:
    """OUT for the TRAIN rows whose features are those of a TEST row: the model would be judged by what it has seen.

    Not where so many rows are equal that they tell nothing of each other (see `large_groups`). Gives how many went.
    """
    test = parts == TEST
    if not test.any():
        return 0
    known = np.unique(np.concatenate([hashes[test[place]] for place, hashes in _features(rows)]))
    known = np.setdiff1d(known, large_groups(rows, parts != OUT))
    gone = 0
    for place, hashes in _features(rows):
        seen = (parts[place] == TRAIN) & np.isin(hashes, known)
        parts[place][seen] = OUT
        gone += int(seen.sum())
    return gone


def _features(rows: SnapshotRows) -> Iterator[tuple[slice, Hashes]]:
    for place, batch in rows.read(["keepfit_features"]):
        yield place, batch["keepfit_features"].to_numpy()


def assign(rows: SnapshotRows, split: Split, parts: Parts, strata: Strata, until: str | None = None) -> list[str]:
    """Draw VALIDATION, and TEST unless the publisher did, among the rows of `parts` that are TRAIN so far.

    `until` is the column that says up to when a row's target reaches: one that reaches into a later part is OUT.
    Gives what a person should know of the drawing, in sentences.
    Raises ConfigError for a column that is not there, DataError where the split cannot be made.
    """
    if split.column is not None and split.column not in rows.columns:
        raise ConfigError(
            f'preprocessing.split.column is "{split.column}", and the source has no such column.',
            allowed=f"It has {', '.join(rows.columns)}.",
            todo=nearest(split.column, rows.columns),
        )
    pool = parts == TRAIN
    shares = _shares(split, int(pool.sum()), published=bool((parts == TEST).any()))
    told = shares.told(split)
    if split.by == "time":
        return told + _by_time(rows, str(split.column), parts, shares, until)
    if split.column is not None:
        drawing = _groups(rows, pool, by_column(split.column), shares)
    else:
        drawing = _stratified(rows, pool, by_features(rows, pool), shares, strata)
    _by_hash(rows, parts, shares, drawing)
    return told


@dataclass(frozen=True)
class Shares:
    """Of the rows that are ours to draw."""

    test: float
    """0 where the publisher has a test file."""
    validation: float

    def told(self, split: Split) -> list[str]:
        """Why fewer rows than usual are kept from learning, in a sentence."""
        small = [
            f"{share:.2%} {what}"
            for share, said, most, what in (
                (self.test, split.test, MOST_TESTED, "of them judge"),
                (self.validation, split.validation, MOST_VALIDATED, "choose"),
            )
            if said is None and 0 < share < most
        ]
        why = "so many tell a share of right answers within half a point"
        return [f"the rows are many, and {' and '.join(small)}: {why}."] if small else []


def _shares(split: Split, rows: int, *, published: bool) -> Shares:
    """As the YAML says, or by how many rows there are to draw from."""
    test = _halved(MOST_TESTED, TESTED, rows) if split.test is None else split.test
    validation = _halved(MOST_VALIDATED, VALIDATED, rows) if split.validation is None else split.validation
    return Shares(0.0 if published else test, validation)


def _halved(share: float, enough: int, rows: int) -> float:
    """For as long as `enough` rows are left: a part so only loses rows as a table grows, and none comes into it."""
    while rows * share >= 2 * enough:
        share /= 2
    return share


@dataclass(frozen=True)
class _Drawing:
    """Thresholds on the identity, but for some strata of rows whose identities were ranked."""

    identity: Identity
    strata: Strata | None
    """None when all rows are one."""
    chosen: dict[int, tuple[Hashes, Hashes]]
    """Stratum → its identities for test and for validation."""

    def stratum(self, batch: pa.RecordBatch) -> NDArray[np.int32]:
        return np.zeros(batch.num_rows, np.int32) if self.strata is None else self.strata.of(batch)


def _by_hash(rows: SnapshotRows, parts: Parts, shares: Shares, drawing: _Drawing) -> None:
    columns = [*drawing.identity.columns, *([drawing.strata.column] if drawing.strata else [])]
    for place, batch in rows.read(columns):
        identity, strata = drawing.identity.of(batch), drawing.stratum(batch)
        tested = below(identity, TEST_SALT, shares.test)
        validated = below(identity, VALIDATION_SALT, shares.validation / (1 - shares.test))
        for stratum, (for_test, for_validation) in drawing.chosen.items():
            here = np.flatnonzero(strata == stratum)
            tested[here] = np.isin(identity[here], for_test)
            validated[here] = np.isin(identity[here], for_validation)
        part = parts[place]
        pool = part == TRAIN
        part[pool & validated] = VALIDATION
        part[pool & tested] = TEST


def _groups(rows: SnapshotRows, pool: Pool, identity: Identity, shares: Shares) -> _Drawing:
    counts: dict[int, int] = {}
    for place, batch in rows.read(identity.columns):
        count_into(counts, identity.of(batch)[pool[place]])
        if len(counts) > FEW_GROUPS:
            return _Drawing(identity, None, {})
    parts = len([share for share in (shares.test, shares.validation) if share]) + 1
    if len(counts) < parts:
        raise _few_groups(rows, pool, identity.columns[-1], len(counts), parts)
    return _Drawing(identity, None, {0: _ranked(counts, shares)})


def _few_groups(rows: SnapshotRows, pool: Pool, column: str, groups: int, parts: int) -> DataError:
    """The error for a column that has not a group for each part."""
    cells = [batch[column].filter(pa.array(pool[place])).cast(pa.string()) for place, batch in rows.read([column])]
    found = pc.value_counts(pa.chunked_array(cells, pa.string())).to_pylist()
    named = some([f"{shown(one['values'])} in {one['counts']:,} rows" for one in found])
    return DataError(
        f'the column "{column}" has {groups} {"group" if groups == 1 else "groups"}: {named}.',
        allowed=f"Rows of one group stay together, and {parts} parts are drawn, each of a group at least.",
        todo="Add rows of other groups, name another column in preprocessing.split.column, or leave it out.",
    )


def _stratified(rows: SnapshotRows, pool: Pool, identity: Identity, shares: Shares, strata: Strata) -> _Drawing:
    sizes = sizes_of(rows, pool, strata)
    rare = sizes < EXPECTED / min(share for share in (shares.test, shares.validation) if share)
    counts: dict[int, dict[int, int]] = {int(code): {} for code in np.flatnonzero(rare)}
    for place, batch in rows.read([*identity.columns, strata.column]) if counts else ():
        groups = np.where(pool[place], strata.of(batch), -1)
        identities = identity.of(batch)
        for code, held in counts.items():
            count_into(held, identities[groups == code])
    return _Drawing(identity, strata, {code: _ranked(held, shares) for code, held in counts.items()})


def sizes_of(rows: SnapshotRows, pool: Pool, strata: Strata) -> NDArray[np.int64]:
    """Rows of each stratum among those of `pool`."""
    sizes = np.zeros(len(strata), np.int64)
    for place, batch in rows.read([strata.column]):
        sizes += np.bincount(strata.of(batch)[pool[place]], minlength=len(strata))
    return sizes


def _ranked(counts: dict[int, int], shares: Shares) -> tuple[Hashes, Hashes]:
    hashes = np.array(list(counts), np.uint64)
    return ranked(hashes, np.array(list(counts.values()), np.int64), shares.test, shares.validation)


def _by_time(rows: SnapshotRows, column: str, parts: Parts, shares: Shares, until: str | None) -> list[str]:
    times, told = times_of(rows, column)
    pool = parts == TRAIN
    validated, tested = boundaries(times[pool], shares.test, shares.validation)
    parts[pool & (times >= validated)] = VALIDATION
    parts[pool & (times >= tested)] = TEST
    if until is not None:
        told += _without_overlap(times_of(rows, until)[0], parts, (validated, tested))
    missing = int(np.isnan(times[pool]).sum())
    if missing:
        told.append(f'rows without a time in the column "{column}", all in the train part: {missing:,}.')
    return told


def _without_overlap(until: Times, parts: Parts, begins: tuple[float, float]) -> list[str]:
    """OUT for rows whose target reaches beyond the first row of the next part: that part would not be new to a model.

    `until` are the times that targets reach to, `begins` those of the first rows of VALIDATION and TEST.
    """
    gone = 0
    for part, begin in zip((TRAIN, VALIDATION), begins, strict=True):
        reaching = (parts == part) & (until > begin)
        parts[reaching] = OUT
        gone += int(reaching.sum())
    return [f"rows left out between the parts, since their targets reach into the next: {gone:,}."] if gone else []
