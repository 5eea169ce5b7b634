"""Score Adult's rows from raw strings against the barest ONNX Runtime loop: `python benchmarks/score.py`.

`--family auto` asks the portfolio in the place of the single net. The data set is looked for in KEEPFIT_DATA. Both
sides answer with the same bundle, on one core, in a process of its own, in turns. Ours reads a CSV or a Parquet file,
answers, counts where the rows fall and writes Parquet; the baseline has the arrays in memory, texts as Python strings
as the graph takes them, and does nothing but ask for 2,048 rows at a time. CPU seconds are the system's for the
process, start-up apart; the peak of memory is that of the whole process.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

ROOT = Path(__file__).parent.parent
DATA = os.environ.setdefault("KEEPFIT_DATA", str(ROOT.parent / "shared" / "data"))
LIMIT_SPEED, LIMIT_MB, CALL, CHUNK = 300_000, 1_000, 2_048, 500_000


def prepare(folder: Path, rows: int, family: str) -> None:
    """A model of Adult in service, and its rows again and again, as CSV and as Parquet of texts and numbers."""
    shutil.copy(ROOT / "data/adult/expectations.yaml", folder)
    asked = (ROOT / "data/adult/pipeline.yaml").read_text()
    (folder / "pipeline.yaml").write_text(asked.replace("family: mlp", f"family: {family}"))
    train = "from keepfit import config; from tests.chain import retrain; retrain(config.load('{}'))"
    subprocess.run(
        [sys.executable, "-c", train.format(folder / "pipeline.yaml")], check=True, capture_output=True, cwd=ROOT
    )
    from keepfit.config import load

    names = load(folder / "pipeline.yaml").source.columns
    assert names is not None
    once = pl.read_csv(f"{DATA}/adult/adult.data", has_header=False, new_columns=list(names))
    once = once.with_columns(pl.col(pl.String).str.strip_chars()).drop_nulls("age")
    repeated = pl.concat([once] * -(-CHUNK // len(once))).head(CHUNK)
    with (folder / "rows.csv").open("wb") as file:
        for start in range(0, rows, CHUNK):
            repeated.head(rows - start).write_csv(file, include_header=start == 0)
    pl.scan_csv(folder / "rows.csv").sink_parquet(folder / "rows.parquet", row_group_size=131_072)


def ours(folder: Path, rows: str) -> float:
    """CPU seconds of a batch, from opening the bundle to the last rename."""
    from keepfit.config import load
    from keepfit.serving.scoring import Asked, score

    config = load(folder / "pipeline.yaml")
    began = time.process_time()
    score(config, Asked(rows=folder / rows, out=folder / f"{rows}.scored"))
    return time.process_time() - began


def bare(folder: Path, rows: int) -> float:
    """CPU seconds of asking for so many rows that are in memory."""
    from keepfit.config import load
    from keepfit.serving import model_of
    from keepfit.serving.bundle.cells import typed
    from keepfit.serving.bundle.feeds import feeds
    from keepfit.serving.prediction.questions import questions

    config = load(folder / "pipeline.yaml")
    model = model_of(config)
    question = next(questions(folder / "rows.parquet", model, config, folder, [], []))
    table, _ = typed(question.features, model.columns, model.missing)
    arrays = [feeds(table.slice(at, CALL), model.columns, {}) for at in range(0, table.num_rows // CALL * CALL, CALL)]
    began = time.process_time()
    for call in range(rows // CALL):
        model.ask(arrays[call % len(arrays)])
    return time.process_time() - began


def measured(side: str, folder: Path, rows: str, *, cores: int) -> tuple[float, float]:
    """CPU seconds and peak megabytes of one side."""
    shutil.rmtree(folder / f"{rows}.scored", ignore_errors=True)
    shutil.rmtree(folder / ".keepfit/scored", ignore_errors=True)
    command = [sys.executable, __file__, "--side", side, "--of", rows, "--cores", str(cores), "--in", str(folder)]
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
    )
    seconds, peak = done.stdout.split()[-2:]
    return float(seconds), float(peak)


def one_side(side: str, folder: Path, rows: str, cores: int) -> None:
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    seconds = ours(folder, rows) if side == "ours" else bare(folder, int(rows))
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


def compare(folder: Path, rows: int, times: int, family: str) -> None:
    prepare(folder, rows, family)
    found: dict[str, list[float]] = {}
    for _ in range(times):
        for side, of in (("bare", str(rows)), ("ours", "rows.parquet"), ("ours", "rows.csv")):
            found.setdefault(of, []).append(measured(side, folder, of, cores=1)[0])
    bare_seconds = statistics.median(found.pop(str(rows)))
    print(f"{rows:,} rows; the bare loop: {rows / bare_seconds:,.0f} rows/s a core")
    for of, seconds in found.items():
        middle = statistics.median(seconds)
        share = bare_seconds / middle
        print(f"{of}: {rows / middle:,.0f} rows/s a core (goal {LIMIT_SPEED:,}), {share:.2f} of the loop's")
    cores = len(os.sched_getaffinity(0))
    for of in found:
        print(
            f"{of}: peak {measured('ours', folder, of, cores=cores)[1]:,.0f} MB on {cores} cores (at most {LIMIT_MB:,})"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--times", type=int, default=3, help="turns of each side")
    parser.add_argument("--family", default="mlp", help="the model's")
    for hidden in ("--side", "--of", "--in", "--cores"):
        parser.add_argument(hidden, help=argparse.SUPPRESS)
    given = vars(parser.parse_args())
    if given["side"]:
        one_side(given["side"], Path(given["in"]), given["of"], int(given["cores"]))
        return
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), given["rows"], given["times"], given["family"])


if __name__ == "__main__":
    main()
