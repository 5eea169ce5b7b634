"""Who is told how a run ended: by Apprise's addresses, or by a notification block of the Prefect server."""

from __future__ import annotations

from typing import Any

from prefect.runtime import flow_run

from keepfit import report
from keepfit.config.operation import Occasion
from keepfit.redact import redacted
from keepfit.store.events import Event
from keepfit.store.run import Run

BLOCK = "block:"


def notify(run: Run, occasion: Occasion, sentence: str) -> None:
    """Tell those that the YAML names, if they want to know of such an occasion.

    One that cannot be told is noted, and the run goes on: what it decided does not depend on who knows.
    """
    wanted = run.config.notify
    if wanted is None or occasion not in wanted.on:
        return
    title = f"keepfit: {run.config.name}: {occasion}"
    for address in wanted.to:
        try:
            _send(run.config.reveal(address), title, redacted(_body(run, sentence)))
        except Exception as error:  # whatever a messenger raises
            told = redacted(str(error) or type(error).__name__)
            run.tell(Event("", "note", f"{address} was not told of {occasion}: {told}."))


def _body(run: Run, sentence: str) -> str:
    seen = flow_run.ui_url
    lines = [sentence, "", f"Report: {report.address(run)}", *([f"Run: {seen}"] if seen else [])]
    return "\n".join(lines)


def _send(address: str, title: str, body: str) -> None:
    """Raises ValueError for an address that nobody can send to, ConnectionError for one that did not take it."""
    if address.startswith(BLOCK):
        from prefect.blocks.core import Block

        block: Any = Block.load(address.removeprefix(BLOCK))
        block.notify(body, subject=title)
        return
    from apprise import Apprise

    messenger = Apprise()
    if not messenger.add(address):
        raise ValueError("it is no address that Apprise knows")
    if not messenger.notify(body=body, title=title):
        raise ConnectionError("it did not take the message")
