"""What a run came to, for a person to read: report.html, and the same essentials as markdown.

Both are made from the run's record and the folders of its stages alone, so they can be made again at any time.
"""

from __future__ import annotations

import os
from pathlib import Path

from keepfit.redact import redacted
from keepfit.store import files
from keepfit.store.run import Run

__all__ = ["address", "markdown", "write"]

NAME = "report.html"


def write(run: Run) -> Path:
    """report.html in the run's folder: one file that loads nothing from elsewhere.

    A run that found nothing new gets a short one, without charts, that leads to the report of the earlier verdict.
    """
    from keepfit.report.page import html

    path = run.folder / NAME
    files.write_bytes(path, html(run).encode())
    return path


def address(run: Run) -> str:
    """Where a person finds the report: at `keepfit reports`, where KEEPFIT_REPORTS names it, else on the disk."""
    served = os.environ.get("KEEPFIT_REPORTS", "").rstrip("/")
    return f"{served}/{run.config.name}/{run.id}/{NAME}" if served else str(run.folder / NAME)


def markdown(run: Run) -> str:
    """The same essentials for a Prefect artifact, under 1 MB."""
    from keepfit.report.brief import brief

    return redacted(brief(run, address(run)))
