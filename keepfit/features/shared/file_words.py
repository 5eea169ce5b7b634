"""What is said of a column of whole files."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa

from keepfit.data.media import Medium
from keepfit.features.column import Choice, ColumnFacts
from keepfit.features.shared.whole_files import contents
from keepfit.features.words import Words

SOME = 50
"""Texts that are looked at."""


class FileWords(Words):
    """Words of a kind whose cells are such files."""

    medium: ClassVar[Medium]
    kind: ClassVar[str]
    setting: ClassVar[str]

    def recognise(self, column: ColumnFacts) -> Choice | None:
        """Bytes or texts, of which most are such files; or structs that hold such, as Hugging Face publishes them."""
        try:
            some = column.some if column.some is not None else column.texts.slice(0, SOME)
            found = contents(some).drop_null().to_pylist()
        except pa.ArrowException:
            return None
        sizes = [self.medium.size(one) for one in found if self.medium.begins(one) and not self.medium.fault(one)]
        if 2 * len(sizes) <= len(found):
            return None
        comment = f"{self.medium.span(min(sizes), max(sizes))}; or {{kind: {self.kind}, {self.setting}}}"
        return Choice(column.name, self.kind, comment, may_all_differ=True)
