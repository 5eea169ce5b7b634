"""What was seen in the source and is not learned from as it stands there: counted, with an example, in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from keepfit.quoting import shown
from keepfit.store.artifacts import Snapshot


def told(snapshot: Snapshot, examples: Mapping[str, str]) -> Iterator[str]:
    """A sentence for each; `examples` has one unreadable cell of a column."""
    for name, count in snapshot.unreadable.items():
        such = f", such as {shown(examples[name])}" if examples.get(name) else ""
        yield f'cells of "{name}" that could not be read, and count as missing: {count:,}{such}.'
    if snapshot.without_target:
        yield f"rows left out, since they have no target: {snapshot.without_target:,}."
    if snapshot.duplicates:
        yield f"rows that repeat an earlier one in every feature and the target: {snapshot.duplicates:,}."
    if snapshot.shared:
        yield f"rows of the test file that also stand in the train file: {snapshot.shared:,}."
