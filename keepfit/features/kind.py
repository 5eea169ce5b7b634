"""What a kind of column is: the contract of the first open set.

A kind is a package of small modules, so that none imports more than its part needs:

    __init__   `Settings`, its section in the YAML, and `Entry`, its entry in transform.json
    cells      `KIND`, a `Kind` as below: NumPy and Arrow only
    words      `WORDS`, what is said of it: see `keepfit.features.words`
    net        `encoder`, torch: see `keepfit.features.encoder`; of a kind that is read step by step `steps`: see
               `keepfit.features.lookup.steps_of`; of one whose cells can be given back `rebuilder`: see
               `keepfit.features.rebuilder`
    graph      of single values, the nodes before the net, ONNX: see `keepfit.features.front`

n rows; a served column is one line of schema.json's `inputs`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from keepfit.config import Feature, Preprocessing
from keepfit.data.evidence import FormEvidence
from keepfit.data.ragged import Block
from keepfit.data.transform import Entry, Tensor

ServedColumn = dict[str, Any]
"""One line of schema.json's `inputs`: `name`, `input` (of the graph), `kind`, and what its kind adds."""
EDGES = 10
"""Rows at the edge of what a column may hold."""


@dataclass(frozen=True)
class Bins:
    """Where the cells of a column may fall, to tell how far rows have moved from those that were learned from."""

    names: tuple[str, ...]
    """What is in each, in words: `17 to 22`, `Private`, `missing`."""
    alarms: bool = True
    """Whether values that fall elsewhere are amiss. Where not, as new rows have new dates, only cells in the first bin,
    that of missing ones, are."""


Region = tuple[int, ...]
"""Where a part of a cell stands: of a text or a series from and to, of a picture from and to down and then across."""
Views = Block | dict[str, Block]
"""Cells as a network takes them: of the one view of a column, or of each by its name."""
Binned = dict[str, NDArray[np.int64]]
"""What is looked at in a column, empty where it is the cells themselves → cells in each of its bins."""


@dataclass(frozen=True)
class Seen:
    """Some rows going by while entries are fitted: which of them may be looked at."""

    train: NDArray[np.bool_]
    """[n]."""
    sampled: NDArray[np.bool_] | None
    """Of the train rows, those that quantiles are taken from; None for all."""
    looked_at: NDArray[np.intp]
    """A few train rows, evenly spaced, for what is costly to look at."""
    called: Callable[[NDArray[np.intp]], list[str]]
    """What to call rows in messages."""

    @cached_property
    def rows(self) -> NDArray[np.intp]:
        """The numbers of the train rows: found once for all columns, and taken twice as fast as by a mask."""
        return np.flatnonzero(self.train)


class Fitter(ABC):
    """Learns one column's entry, batch by batch, from the train rows and from nothing else."""

    held: int = 0
    """Cells with a value so far."""

    @abstractmethod
    def add(self, cells: pa.Array, seen: Seen) -> None:
        """Take the column's typed cells [n]."""

    @abstractmethod
    def entry(self, name: str, slot: int) -> Entry:
        """What was fitted. Raises DataError where the values cannot be learned from."""

    @abstractmethod
    def profile(self, entry: Any) -> dict[str, Any]:
        """What the report says of the column, in profile.json; `bins`, where its kind has some, are the train rows."""


class Finisher(ABC):
    """Completes an entry by what its shards hold, as pixels are known only once pictures are decoded."""

    @abstractmethod
    def add(self, values: Any) -> None:
        """Take the encoded cells of train rows, of the entry's first view [n, …]."""

    @abstractmethod
    def entry(self) -> Entry:
        """The whole entry."""


@dataclass(frozen=True)
class ClassicalColumns:
    """A column's shard as a classical model takes it: [n, columns]."""

    values: Any
    """An array, or scipy's csr_matrix of counts where they are of very many things, and few in each row."""
    is_category: bool = False
    """Whether the values are codes without an order."""
    what: str = ""
    """What the columns are, where they are so many and alike that a linear model suits them: `8×8 pixels`."""


def joined(faults: Sequence[tuple[str, Kind, pa.Array, dict[int, str]]]) -> dict[int, str]:
    """Rows → why they cannot be learned from or answered, of all columns: names, kinds, typed cells, and unfit ones.

    A column that stands alone must have a value, and need not be named.
    """
    found: dict[int, str] = {}
    alone = len(faults) == 1
    for name, kind, cells, unfit in faults:
        for row, why in {**unfit, **(kind.lacking(cells) if alone else {})}.items():
            found.setdefault(row, why if alone else f'in "{name}" {why}')
    return dict(sorted(found.items()))


def in_views(cells: Views) -> dict[str, Block]:
    """By the views' names, "" where there is one alone."""
    return cells if isinstance(cells, dict) else {"": cells}


def stacked(tensor: Tensor, columns: Mapping[str, dict[str, Block]]) -> Block:
    """A tensor from the columns that are in it: column → its views; single values side by side [n, columns]."""
    blocks = [columns[entry.name][tensor.view.name] for entry in tensor.entries]
    if not tensor.view.stacks:
        return blocks[0]
    made = np.empty((len(blocks[0]), len(blocks)), tensor.dtype)
    for slot, block in enumerate(blocks):
        made[:, slot] = block
    return made


class Kind(ABC):
    """Everything that can be done with a column of one kind without torch."""

    name: ClassVar[str]
    coded: ClassVar[bool] = True
    """Whether its cells, where they are text, may come as codes of a dictionary."""
    is_quantity: ClassVar[bool] = False
    """Whether its cells are quantities: a range of values means something."""
    looks_up: ClassVar[bool] = False
    """Whether the graph takes its cells as texts, and looks them up by one LabelEncoder."""
    is_raw: ClassVar[bool] = False
    """Whether a cell may be bytes, or a list: more than a value in words."""
    whole_file: ClassVar[str] = ""
    """The source's format whose files may be its cells, such as `images`: such a cell is raw."""
    is_series: ClassVar[bool] = False
    """Whether a cell is many numbers, so that columns side by side may be one."""
    is_passage: ClassVar[bool] = False
    """Whether a problem may ask its texts of themselves."""
    is_moment: ClassVar[bool] = False
    """Whether its cells are points in time."""
    has_parts: ClassVar[bool] = False
    """Whether parts of its cells can be left out: see `parts`."""
    parts_have_names: ClassVar[bool] = False
    """Whether the same part may stand in other cells, as words do: see `part_name`."""

    # Reading: raw cells, as a source or a caller has them.

    @abstractmethod
    def read(self, cells: pa.Array, *, form: str = "") -> pa.Array:
        """Cells in the kind's type; what cannot be read becomes null. `form` is how texts are written.

        What is in that type already stays as it is: rows are stored typed, and read again when they are scored.
        """

    def unfit(self, _cells: pa.Array, _pixels: Sequence[int] | None) -> dict[int, str]:
        """Typed cells with which their row can neither be learned from nor answered: place → why, in a clause.

        Most kinds have none. `pixels`: the shape of cells that are raw pixels.
        """
        return {}

    def lacking(self, _cells: pa.Array) -> dict[int, str]:
        """Typed cells without a value, of a kind of which the answer needs one where nothing stands beside it, as
        `unfit` has them. Most kinds have none: what is missing is a value too."""
        return {}

    def evidence(self) -> FormEvidence | None:
        """What finds the form of a column's texts, where there is more than one."""
        return None

    def taken(self, _cells: Any) -> pa.Array | pa.ChunkedArray | None:
        """A frame's column as Arrow cells, where it is more than values; None leaves it to Arrow."""
        return None

    # Fitting, and the shards.

    @abstractmethod
    def fitter(self, feature: Feature, settings: Preprocessing, source: dict[str, Any]) -> Fitter:
        """What fits its entry; `source` is the column's line in the snapshot's schema.json."""

    def finisher(self, _entry: Entry) -> Finisher | None:
        """What completes the entry while shards are written."""
        return None

    @abstractmethod
    def encode(self, cells: pa.Array, entry: Any, called: Callable[[], list[str]]) -> Views:
        """Typed cells [n] → the shard's values, in the shape and dtype of each of the entry's views, untransformed."""

    @abstractmethod
    def plain(self, values: Any) -> ClassicalColumns:
        """A column's shards, in the views of `encode` [N, …], for a classical model."""

    # Explaining: parts of a cell, each of which may be left out to see what an answer rests on.

    def parts(self, _cell: Any, _entry: Any) -> list[Region]:
        """Where the parts of a typed cell stand."""
        return []

    def without(self, _cell: Any, _parts: Sequence[Region], _entry: Any) -> Views:
        """A typed cell, as `encode` has it, once for each of these parts, without it [parts, …]."""
        raise NotImplementedError

    def part_name(self, _cell: Any, _part: Region) -> str:
        """What stands there."""
        return ""

    # Rebuilding: what a network that describes whole rows gives back, see `keepfit.features.rebuilder`.

    looks: ClassVar[int] = 0
    """Figures of a cell as a whole, such as how bright a picture is."""

    def rebuilding(self, _entry: Any) -> dict[str, Any] | None:
        """What makes cells of the numbers that a network gives back; None for a kind that cannot be rebuilt."""
        return None

    def rebuilt(self, _values: NDArray[np.float64], _how: Mapping[str, Any]) -> NDArray[Any] | pa.Array:
        """Such numbers [n, *entry.shape] → cells [n] as a person has them, by what `rebuilding` gave."""
        raise NotImplementedError

    # Serving.

    @abstractmethod
    def schema(self, entry: Any, form: str | None) -> dict[str, Any]:
        """What a caller must know of the graph's input: `type`, what missing looks like, sizes."""

    @abstractmethod
    def feed(self, cells: pa.Array, column: ServedColumn, unfit: dict[int, str]) -> Views:
        """Typed cells [n] → what the graph takes.

        A cell with which its row cannot be answered is put into `unfit`: place → why, in a clause; what stands for
        it in the array is arbitrary.
        """

    def looked_up(self, _cells: pa.Array, _entry: Any) -> NDArray[np.int64]:
        """Typed cells [n] → what the graph's LabelEncoder makes of their texts, for a kind that `looks_up`."""
        raise NotImplementedError

    def unseen(self, _cells: pa.Array, _entry: Any) -> pa.Array | None:
        """Of typed cells [n] the texts that training did not see; None for a kind to which none is new."""
        return None

    def served(self, values: Any, _entry: Any) -> Block:
        """The graph's input as the shard's values, of one view; apart from the graph, on purpose: it proves the graph.

        The same, of a kind for which the graph has no nodes.
        """
        return values  # type: ignore[no-any-return]

    @abstractmethod
    def edges(self, entry: Any) -> Views:
        """EDGES rows of the graph's input: missing, unknown, huge, strange."""

    # Watching.

    def bins(self, _entry: Any) -> dict[str, Bins]:
        """What is looked at in a column, and where it may fall; nothing for a kind of which no drift is known."""
        return {}

    def binned(self, _cells: pa.Array, _fed: Any, _entry: Any) -> Binned:
        """Typed cells [n], all fit, and the same as the graph was fed in their first view → how many fell into each of
        the bins."""
        return {}

    def rows_a_call(self, _column: ServedColumn) -> int:
        """How many rows a call of the runtime may have; 8,192 were no faster, and took four times the memory."""
        return 2048
