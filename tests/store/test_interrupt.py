"""Signals while work is done: heard at once, whatever the work is at; and work ends before the exception goes on."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from contextvars import ContextVar

import duckdb
import pytest

from keepfit.store.interrupt import Stopped, check, interruptible, on_stop, politely, stopping
from tests.alarming import Alarm

ENDLESS = "SELECT count(*) FROM range(1_000_000_000) a, range(1_000_000_000) b WHERE a.range + b.range = -1"


def test_what_the_work_gives_and_raises_comes_through() -> None:
    known = ContextVar("known", default=0)
    known.set(7)
    assert interruptible(lambda: (known.get(), threading.current_thread() is threading.main_thread())) == (7, False)
    with pytest.raises(ZeroDivisionError):
        interruptible(lambda: 1 // 0)
    assert interruptible(lambda: interruptible(lambda: "inside")) == "inside"
    assert not stopping()


def test_a_long_query_is_interrupted(alarm: Callable[[], None]) -> None:
    ended = []

    def query() -> None:
        with duckdb.connect() as connection, on_stop(connection.interrupt):
            alarm()
            try:
                connection.execute(ENDLESS).fetchall()
            finally:
                ended.append(True)

    with pytest.raises(Alarm):
        interruptible(query)
    assert ended


def test_work_that_never_asks_is_stopped_between_two_instructions(alarm: Callable[[], None]) -> None:
    seen: list[BaseException] = []

    def swallow() -> None:
        alarm()
        while not seen:
            try:
                while True:
                    pass
            except BaseException as error:  # as imports of large libraries do
                seen.append(error)

    with pytest.raises(Alarm):
        interruptible(swallow)
    assert isinstance(seen[0], Stopped)


def test_polite_work_ends_as_it_wants_to(alarm: Callable[[], None]) -> None:
    saved = []

    def save() -> None:
        with politely():
            alarm()
            while not stopping():
                pass
            check()  # does not raise: there is something to save first
            saved.append(sum(range(1_000_000)))
            raise Stopped

    with pytest.raises(Alarm):
        interruptible(save)
    assert saved


def test_told_before_it_could_begin_polite_work_does_not_begin(alarm: Callable[[], None]) -> None:
    begun = []

    def late() -> None:
        alarm()
        while not stopping():
            pass
        with politely():
            begun.append(True)

    with pytest.raises(Alarm):
        interruptible(late)
    assert not begun


def test_a_signal_that_would_kill_is_heard_first_and_kills_then() -> None:
    code = """
import os, signal
from keepfit.store.interrupt import check, heard, interruptible

def work():
    os.kill(os.getpid(), signal.SIGTERM)
    while True:
        check()

with heard():
    try:
        interruptible(work)
    finally:
        print("cleaned up", flush=True)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGTERM, "cleaned up\n", "")


def test_a_signal_that_is_ignored_stays_ignored() -> None:
    code = """
import os, signal
from keepfit.store.interrupt import heard, interruptible
signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell starts what it puts into the background
with heard():
    print(interruptible(lambda: os.kill(os.getpid(), signal.SIGINT) or "went on"))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "went on\n")


def test_a_stop_that_meets_a_destructor_is_raised_again_and_prints_nothing(alarm, capfd) -> None:
    class Endless:
        def __del__(self) -> None:
            while True:
                pass

    def work() -> None:
        alarm()
        Endless()
        while True:
            pass

    with pytest.raises(Alarm):
        interruptible(work)
    assert capfd.readouterr().err == ""
