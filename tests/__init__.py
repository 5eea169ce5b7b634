"""Proof on real parts and small real data; the folders are those of `keepfit/`, and what several share lies on top."""

from pathlib import Path

ROOT = Path(__file__).parent.parent
CARRIED = ROOT / "data"
"""The carried pipelines and their data."""
