"""A signal is heard at once, whatever a stage is doing.

Python runs signal handlers in the main thread only, and between two of its own instructions: never during a long
query, and what a handler raises in the middle of an import may be swallowed there. So the work is done in a thread of
its own, while the thread that was asked for it waits and hears every signal. What the handler raises ends the wait;
the work is then told to stop, and the exception goes on when it has.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar, copy_context
from types import FrameType
from typing import Generic, TypeVar, cast

T = TypeVar("T")

HEARD = 0.5
"""Seconds between two looks; other threads' exceptions (a Prefect timeout is one) are only delivered at a look."""
LOOK = 0.2
"""The same once work was told to stop."""
PUSH = 1.5
"""Seconds between two exceptions raised in work that swallowed the first: its cleaning up takes a while too."""
PATIENCE = 5.0
"""Seconds after which work that does not end is left to itself: a process that exits takes it along."""


class Stopped(SystemExit):
    """Raised in work that was told to stop; whoever asked for the work gets what interrupted it instead.

    A SystemExit, as a thread ends without a word by no other.
    """


class Terminated(BaseException):
    """The system asked the process to end; raised where nobody else listens for that signal."""


@contextmanager
def heard() -> Iterator[None]:
    """In the block SIGTERM raises Terminated where it would have killed at once; after the block it kills."""
    alone = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    if not alone:
        yield
        return
    signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    except Terminated:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)
        raise
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise_terminated(_number: int, _frame: FrameType | None) -> None:
    raise Terminated("SIGTERM")


class _Work:
    """One call of `interruptible`: whether it was told to stop, and how to stop what does not ask."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self.done = threading.Event()
        self.cancels: list[Callable[[], None]] = []
        self.politely = False
        """The work looks at `stopping` by itself and needs its time to end well."""


_current: ContextVar[_Work | None] = ContextVar("work", default=None)


def interruptible(work: Callable[[], T]) -> T:
    """Do the work, and hear every signal meanwhile; work inside such work is simply done.

    Raises what the work raises, or what a signal's handler does, once the work has ended.
    """
    if _current.get() is not None:
        return work()
    with heard():
        scope, context, outcome = _Work(), copy_context(), _Outcome[T]()
        thread = threading.Thread(target=context.run, args=(_do, scope, work, outcome), daemon=True, name="keepfit")
        try:
            thread.start()
            while not scope.done.wait(HEARD):
                pass
        except BaseException:
            _stop(scope, thread)
            raise
        return outcome.given()


def stopping() -> bool:
    """Whether the work under way was told to stop."""
    scope = _current.get()
    return scope is not None and scope.told.is_set()


def check() -> None:
    """Raise Stopped where the work under way was told to stop, unless it ends `politely` by itself."""
    scope = _current.get()
    if scope is not None and scope.told.is_set() and not scope.politely:
        raise Stopped


@contextmanager
def on_stop(cancel: Callable[[], None]) -> Iterator[None]:
    """In the block, work that is told to stop calls `cancel`, from another thread: a query's interrupt, for example."""
    scope = _current.get()
    if scope is None:
        yield
        return
    scope.cancels.append(cancel)
    try:
        check()  # told between the block's beginning and the line above
        yield
    finally:
        scope.cancels.remove(cancel)


@contextmanager
def politely() -> Iterator[None]:
    """In the block, work is only told to stop, and given all the time it needs: it looks at `stopping` by itself.

    Raises Stopped instead of entering where the work was told before.
    """
    scope = _current.get()
    if scope is None:
        yield
        return
    scope.politely = True
    try:
        if scope.told.is_set():
            raise Stopped
        yield
    finally:
        scope.politely = False


class _Outcome(Generic[T]):
    """What the work gave or raised."""

    def __init__(self) -> None:
        self.value: T | None = None
        self.error: BaseException | None = None

    def given(self) -> T:
        if self.error is not None:
            raise self.error
        return cast(T, self.value)


def _do(scope: _Work, work: Callable[[], T], outcome: _Outcome[T]) -> None:
    _current.set(scope)
    try:
        outcome.value = work()
    except BaseException as error:
        outcome.error = error
    finally:
        scope.done.set()


@contextmanager
def _unheard(kind: type[BaseException]) -> Iterator[None]:
    """In the block nothing is printed of such an exception that met a destructor, where Python drops it: it is raised
    again, and its traceback would only alarm."""
    before = sys.unraisablehook

    def hook(lost: sys.UnraisableHookArgs) -> None:
        if lost.exc_type is not kind:
            before(lost)

    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = before


def _stop(scope: _Work, thread: threading.Thread) -> None:
    """Tell the work to stop, and wait until it has; what is not polite is stopped between two Python instructions."""
    scope.told.set()
    with _unheard(Stopped):
        _wait_for_end(scope, thread)


def _wait_for_end(scope: _Work, thread: threading.Thread) -> None:
    until = 0.0
    pushed = time.monotonic() if scope.cancels else 0.0  # what is cancelled ends by an error, and closes what it opened
    while not scope.done.wait(LOOK):
        if scope.politely:
            continue
        now = time.monotonic()
        until = until or now + PATIENCE
        if now > until:
            return
        for cancel in [*scope.cancels]:  # again and again: an interrupt before a query begins has no effect on it
            with suppress(Exception):
                cancel()
        if now - pushed > PUSH:
            pushed = now
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(Stopped))
