"""Predict a file: a table, a picture, or a folder or zip of pictures, into a CSV or Parquet file, in bounded memory."""

from __future__ import annotations

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from keepfit.config import Pipeline
from keepfit.data.unread import Unread, sentence
from keepfit.errors import DataError
from keepfit.serving import model_of
from keepfit.serving.bundle.remarks import Remarks
from keepfit.serving.prediction.answer_file import check_name, open_answers
from keepfit.serving.prediction.lines import Lines
from keepfit.serving.prediction.questions import questions

__all__ = ["predict_file"]


def predict_file(config: Pipeline, rows: Path, out: Path, bundle: str | None = None) -> str:
    """Write one line a row, in the rows' order: `file` (pictures), prediction, what else is said of it, model_version.

    Gives a sentence that says what was done; a row that could not be read has an empty line, and is named, also in
    `out`.unread.json beside it. The file appears when it is whole. Raises ConfigError when no model is in service or
    `out` is neither .csv nor .parquet, DataError for rows of which none can be read, or that lack a feature column.
    """
    began = time.perf_counter()
    check_name(out, rows)
    model = model_of(config, bundle)
    with TemporaryDirectory() as scratch, open_answers(out) as answers:
        unread, told, notes = list[Unread](), Remarks(), list[str]()
        lines = Lines(model, unread)
        for table in questions(rows, model, config, Path(scratch), unread, notes):
            scored = model.score(table)
            answers.add(lines.of(table, scored))
            told.add(scored.told)
        if (rest := lines.rest()) is not None:
            answers.add(rest)
        bad = lines.bad
        if bad and len(bad) == lines.written:
            raise DataError(f"{sentence(bad, lines.written)}.", todo="Mend them, or name others.", where=str(rows))
        answers.leave_empty(bad, lines.written)
    seconds = time.perf_counter() - began
    said = [f"Predicted {lines.written - len(bad):,} rows with version {model.version} in {seconds:.1f} s: {out}"]
    said += [f"Note: {note}" for note in (*notes, *told.sentences())]
    if bad:
        said.append(
            f"Warning: {sentence(bad, lines.written)}; their lines are empty, and {out}.unread.json names them."
        )
    return "\n".join(said)
