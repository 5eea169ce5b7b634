"""What keepfit tells of a run goes into the log that Prefect keeps of it.

Prefect's own setting for other loggers is read when it is first imported, which a worker does before it knows of us.
"""

from __future__ import annotations

import logging

from prefect.context import FlowRunContext, TaskRunContext
from prefect.logging.handlers import APILogHandler


def to_prefect() -> None:
    """Send the lines of the logger keepfit to Prefect while one of its runs is under way."""
    logger = logging.getLogger("keepfit")
    logger.setLevel(logging.INFO)
    if not any(isinstance(handler, APILogHandler) for handler in logger.handlers):
        handler = APILogHandler()
        handler.addFilter(lambda _record: bool(FlowRunContext.get() or TaskRunContext.get()))
        logger.addHandler(handler)
