"""What the names of files say: `{digit}_{speaker}_{take}` gives three columns, `*_[0-4]` tells some files apart."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from keepfit.errors import ConfigError

_PART = re.compile(r"\{([^{}/]*)\}")
_GLOB = re.compile(r"\*|\?|\[[^\]/]+\]")


class FileNames:
    """A pattern over the end of a path: `{column}` and `*` are any characters but a slash, `?` one, `[0-4]` one of
    these.

    The names' ending may stand in it or not.
    """

    def __init__(self, pattern: str, ours: tuple[str, ...] = ()) -> None:
        """Raises ConfigError for a column without a name, named twice, or called as one of `ours`."""
        self.pattern = pattern
        self.columns = tuple(_PART.findall(pattern))
        wrong = next((n for n in self.columns if not n.strip() or n in ours or self.columns.count(n) > 1), None)
        if wrong is not None:
            raise ConfigError(
                f'the pattern of file names "{pattern}" has a column "{wrong}".',
                allowed=f"Each column has a name of its own{', other than ' + ' and '.join(ours) if ours else ''}.",
                todo='Write it so: "{label}_{speaker}_{take}".',
            )
        plain = _PART.split(pattern)[::2]
        self._path = re.compile("([^/]+?)".join(map(_expression, plain)))
        self._parts = 1 + pattern.count("/")

    def cells(self, name: PurePosixPath) -> tuple[str, ...] | None:
        """What stands in the columns; None where the name is another."""
        end = PurePosixPath(*name.parts[-self._parts :])
        is_whole = bool(end.suffix) and self.pattern.endswith(end.suffix)
        found = self._path.fullmatch(str(end if is_whole else end.with_suffix("")))
        return found.groups() if found else None


def _expression(plain: str) -> str:
    """What stands between columns, as a regular expression."""
    signs = {"*": "[^/]*", "?": "[^/]"}
    globs = [signs.get(sign, sign.replace("[!", "[^").replace("\\", r"\\")) for sign in _GLOB.findall(plain)]
    texts = [re.escape(text) for text in _GLOB.split(plain)]
    return "".join(text + sign for text, sign in zip(texts, [*globs, ""], strict=True))
