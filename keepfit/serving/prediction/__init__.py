"""Predict a file: a table, a picture, or a folder or zip of pictures, into a CSV or Parquet file, in bounded memory."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from keepfit.config import Pipeline
from keepfit.serving import model_of
from keepfit.serving.bundle.told import Told
from keepfit.serving.prediction.answer_file import check_name, open_answers
from keepfit.serving.prediction.questions import questions

__all__ = ["predict_file"]


def predict_file(config: Pipeline, rows: Path, out: Path, bundle: str | None = None) -> str:
    """Write one line a row, in the rows' order: `file` (pictures), prediction, what else is said of it, model_version.

    Gives a sentence that says what was done. The file appears when it is whole. Raises ConfigError when no model is
    in service or `out` is neither .csv nor .parquet, DataError for rows that cannot be read or lack a feature column.
    """
    began = time.perf_counter()
    check_name(out, rows)
    model = model_of(config, bundle)
    with TemporaryDirectory() as scratch, open_answers(out) as answers:
        done, told = 0, Told()
        for table in questions(rows, model, config, Path(scratch)):
            scored = model.score(table, first_row=done)
            answers.add(model, table, scored.answers)
            told.add(scored.told)
            done += table.num_rows
    seconds = time.perf_counter() - began
    said = f"Predicted {done:,} rows with version {model.version} in {seconds:.1f} s: {out}"
    return "\n".join([said, *(f"Note: {sentence}" for sentence in told.sentences())])
