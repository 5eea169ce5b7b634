"""Every error keepfit raises on purpose, with its retry class and exit code.

KeepfitError
├── InputError          exit 2, never retried: the user's input is at fault
│   ├── ConfigError     the YAML, or a command's arguments
│   ├── DataError       the source, its rows, or rows given to predict
│   └── CheckError      an expectation that could not be checked; it says nothing about the rows
├── TransientError      exit 1, retried with backoff: a database or network that may come back
├── OutOfMemoryError    exit 1, retried with half the micro-batch and the same effective batch
├── MachineError        exit 1, never retried: disk full, a store that is not writable, a lock that is held
├── EngineError         exit 1, never retried: the validation engine failed its self-test
└── BugError            exit 1, never retried: whatever else was raised, which is a fault of ours
"""

from __future__ import annotations

import os

from keepfit.quoting import cut, one_line, visible
from keepfit.redact import redacted

_MOST, _MOST_PLACE = 2500, 2000
"""Characters of a part of an error: a list of all expectations fits, and a long path does."""


class KeepfitError(Exception):
    """An error in three parts: what was found, what is allowed, what to do next.

    Each part is a full sentence. `where` names the file, line, column or row and comes first. What they quote is cut
    and escaped here, whoever wrote the sentence.
    """

    exit_code = 1
    retryable = False

    def __init__(self, found: str, *, allowed: str = "", todo: str = "", where: str = "") -> None:
        found, allowed, todo = (one_line(redacted(part), _MOST) for part in (found, allowed, todo))
        where = cut(visible(redacted(where)), _MOST_PLACE)  # nothing in a path is cut
        self.found, self.allowed, self.todo, self.where = found, allowed, todo, where
        place = f"{where}: " if where else ""
        super().__init__(place + " ".join(part for part in (found, allowed, todo) if part))

    def __reduce__(self) -> tuple[object, ...]:
        # Prefect carries exceptions between processes; keyword-only parts need their own constructor.
        return (_rebuild, (type(self), self.found, self.allowed, self.todo, self.where))


def _rebuild(kind: type[KeepfitError], found: str, allowed: str, todo: str, where: str) -> KeepfitError:
    return kind(found, allowed=allowed, todo=todo, where=where)


class InputError(KeepfitError):
    """The user's input is at fault; running again gives the same error until it is mended."""

    exit_code = 2


class ConfigError(InputError):
    """A YAML file or a command's argument says something that cannot be meant."""


class DataError(InputError):
    """The rows, files or pictures themselves are at fault."""


class CheckError(InputError):
    """An expectation could not be checked against these rows; neither met nor failed."""


class TransientError(KeepfitError):
    """Something outside may work if it is tried again."""

    retryable = True


class OutOfMemoryError(KeepfitError):
    """The device ran out of memory; half the micro-batch may fit."""

    retryable = True


class MachineError(KeepfitError):
    """The disk, a permission or a lock on this machine stands in the way."""


class EngineError(KeepfitError):
    """The validation engine gave a wrong answer where the right one is known; no row of the user's is judged."""


class BugError(KeepfitError):
    """Something that nobody's input can cause: a fault of ours."""


def ours(error: Exception) -> KeepfitError:
    """Any exception as one of ours: what a disk or a machine does is no bug, and what is left is one.

    The one place for what nobody nearer to it has explained.
    """
    if isinstance(error, KeepfitError):
        return error
    if isinstance(error, MemoryError):
        return OutOfMemoryError("memory ran out.", todo="Free some, or run where there is more.")
    if isinstance(error, OSError) and error.errno is not None:
        return MachineError(
            f"{error.strerror or type(error).__name__}.",
            todo="See whether the file or folder is there, is what it should be, and may be read and written.",
            where=os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else "",
        )
    if isinstance(error, UnicodeEncodeError):
        found = ascii(error.object[max(0, error.start - 20) : error.end])
        return InputError(f"a name or a text is not UTF-8: {found}.", todo="Give it another name.")
    return BugError(f"keepfit failed, and not because of your input: {type(error).__name__}: {error}")


def named(kind: str) -> type[KeepfitError]:
    """The class of one of our errors by its name; BugError for what is none."""
    classes = (one for above in (KeepfitError, InputError) for one in above.__subclasses__())
    return next((one for one in classes if one.__name__ == kind), BugError)


def nearest(name: str, known: list[str]) -> str:
    """`' Did you mean "x"?'` for the known name closest to `name`, or an empty string."""
    from difflib import get_close_matches

    close = get_close_matches(name, known, n=1, cutoff=0.6)
    return f'Did you mean "{close[0]}"?' if close else ""
