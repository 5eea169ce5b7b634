"""Secrets kept out of everything that is written or printed.

Whoever learns a secret, or an address that may hold one, says so here, once. Every error, event, record, report and
log line passes `redacted`, whatever its words come from: a database driver's own message quotes a password in ways
nobody foresees.
"""

from __future__ import annotations

import logging
import re
import traceback
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, unquote, unquote_plus

HIDDEN = "***"
_SHORTEST = 3
"""Characters. A shorter text stands in too many places by chance to be cut out of all of them."""
_NAMES = re.compile(r"(?i)pass|pwd|secret|token|key|credential|odbc_connect")
"""Options of an address that hold secrets."""
_WORDS = re.compile(r"(?i)(?:pwd|password)\s*=\s*(\{[^}]*\}|[^;&]*)")
"""The same inside an option, as in ODBC's `PWD=…;`."""

_PIECES = re.compile(r"[/?#@:]")
"""A driver that stumbles over one of these in a password quotes what stands on one side of it."""

_known: dict[str, str] = {}
"""Secret → what stands in its place; the longest first, so that one inside another leaves no rest."""
_lock = Lock()


def secret(text: str, shown: str = HIDDEN) -> None:
    """Never write or print this text again, nor its forms in an address; `shown` stands in its place."""
    forms = {text, unquote(text), unquote_plus(text), quote(text, safe=""), quote(text), quote_plus(text)}
    forms |= {repr(form)[1:-1] for form in forms}
    with _lock:
        known = {**_known, **{form: shown for form in forms if len(form) >= _SHORTEST and form != shown}}
        _known.clear()
        _known.update(sorted(known.items(), key=lambda pair: -len(pair[0])))


def address(url: str) -> None:
    """The secrets in a database's or server's address: the password, and options that are called like one."""
    rest = url.partition("://")[2]
    # A password in which nobody quoted the slash or the question mark reaches farther than the address allows.
    for end in (re.search(r"[/?#]|$", rest), re.search(r"\?|$", rest), re.search("$", rest)):
        user, _, _ = rest[: end.start() if end else 0].rpartition("@")
        password = user.partition(":")[2]
        for part in (password, *_PIECES.split(password)):
            secret(part)
    for name, given in parse_qsl(url.partition("?")[2], keep_blank_values=True):
        if _NAMES.search(name):
            secret(given)
        for word in _WORDS.findall(given):
            secret(word.strip("{}"))


def redacted(text: str) -> str:
    """The text without any of the secrets known so far."""
    for known, shown in _known.items():
        if known in text:
            text = text.replace(known, shown)
    return text


def in_logs() -> None:
    """Let every log record of this process pass `redacted`, tracebacks and what other libraries say included."""
    make = logging.getLogRecordFactory()
    if getattr(make, "redacts", False):
        return

    def record(*args: Any, **kwargs: Any) -> logging.LogRecord:
        made = make(*args, **kwargs)
        if _known:
            made.msg, made.args = redacted(made.getMessage()), ()
            if made.exc_info and made.exc_info[0]:
                made.exc_text = redacted("".join(traceback.format_exception(*made.exc_info)))
        return made

    record.redacts = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(record)


def value(content: object) -> object:
    """The same for every text inside lists and dicts."""
    if isinstance(content, str):
        return redacted(content)
    if isinstance(content, dict):
        return {redacted(str(key)): value(inner) for key, inner in content.items()}
    if isinstance(content, list | tuple):
        return [value(inner) for inner in content]
    return content
