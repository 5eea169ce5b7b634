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
from keepfit.serving.prediction.lines import lines_of, pieces
from keepfit.serving.prediction.predicted import Predicted
from keepfit.serving.prediction.questions import questions

__all__ = ["Predicted", "predict_file"]


def predict_file(config: Pipeline, rows: Path, out: Path, bundle: str | None = None) -> Predicted:
    """Write one line a row, in the rows' order: `file` (pictures), prediction, what else is said of it, model_version.

    A row that could not be read has an empty line, and is named, also in `out`.unread.json beside it. The file appears
    when it is whole. Raises ConfigError when no model is in service or `out` is neither .csv nor .parquet, DataError
    for rows of which none can be read, or that lack a feature column.
    """
    began = time.perf_counter()
    check_name(out, rows)
    model = model_of(config, bundle)
    with TemporaryDirectory() as scratch, open_answers(out) as answers:
        unread, told, notes, bad, written = list[Unread](), Remarks(), list[str](), list[Unread](), 0
        for piece in pieces(questions(rows, model, config, Path(scratch), unread, notes), unread):
            scored = model.score(piece.features)
            lines = lines_of(piece, scored, model)
            answers.add(lines.columns)
            told.add(scored.told)
            bad += lines.bad
            written = piece.last
        if bad and len(bad) == written:
            raise DataError(f"{sentence(bad, written)}.", todo="Mend them, or name others.", where=str(rows))
        answers.leave_empty(bad, written)
    said = [f"Note: {note}" for note in (*notes, *told.sentences())]
    if bad:
        said.append(f"Warning: {sentence(bad, written)}; their lines are empty, and {out}.unread.json names them.")
    seconds = round(time.perf_counter() - began, 3)
    return Predicted(str(out), written, len(bad), model.version, model.id, tuple(said), seconds)
