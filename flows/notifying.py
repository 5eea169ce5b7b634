"""Who is told how a run ended: by Apprise's addresses, or by a notification block of the Prefect server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from prefect.runtime import flow_run
from prefect.utilities.urls import url_for

from keepfit import report
from keepfit.config import Pipeline
from keepfit.config.operation import Occasion
from keepfit.errors import ours
from keepfit.redact import redacted
from keepfit.store.events import Event, logger
from keepfit.store.run import Run

BLOCK = "block:"


def notify(run: Run, occasion: Occasion, sentence: str) -> None:
    """Tell those that the YAML names how a run ended, with where its report is.

    One that cannot be told is noted, and the run goes on: what it decided does not depend on who knows.
    """
    for failure in tell(run.config, occasion, sentence, f"Report: {report.address(run)}"):
        run.tell(Event("", "note", failure))


def tell(config: Pipeline, occasion: Occasion, sentence: str, *places: str, of: UUID | None = None) -> Iterator[str]:
    """Tell those who want to know of such an occasion; a sentence for each that could not be told.

    The message links to the flow run that it is about: this one, unless it is `of` another.
    """
    wanted = config.notify
    if wanted is None or occasion not in wanted.on:
        return
    seen = url_for("flow-run", of) if of else flow_run.ui_url
    body = redacted("\n".join([sentence, "", *places, *([f"Run: {seen}"] if seen else [])]))
    for address in wanted.to:
        try:
            _send(config.reveal(address), title(config, occasion), body)
        except Exception as error:  # whatever a messenger raises
            yield f"{address} was not told of {occasion}: {redacted(str(error) or type(error).__name__)}."


@contextmanager
def failures_told(config: Pipeline) -> Iterator[None]:
    """An error in the block is told to those who want to know of `failed`, and raised all the same."""
    try:
        yield
    except Exception as error:
        for failure in tell(config, "failed", f"This run failed: {ours(error)}"):
            logger.warning(failure)
        raise


def title(config: Pipeline, occasion: Occasion) -> str:
    """What stands above a message."""
    return f"keepfit: {config.name}: {occasion}"


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
