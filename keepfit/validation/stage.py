"""The stage: prove the engine, check the expectations, put the failing rows aside, and stop where that is due."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from keepfit import files
from keepfit.artifacts import Snapshot, Validated
from keepfit.config.expectations import WORKS, columns_of
from keepfit.errors import EngineError
from keepfit.run import Room, stage
from keepfit.validation import fit, outcome, quarantine
from keepfit.validation.findings import Finding, Outcome, plain
from keepfit.validation.rows import Rows, machine_errors, opened
from keepfit.validation.words import sentence

if TYPE_CHECKING:
    from keepfit.validation.engine import Engine

CHECKS, RESULT = "checks.json", "beside/gx.json"


@stage(reads=("validation",))
def validate(room: Room, snapshot: Snapshot) -> Validated:
    """Check every row of the snapshot; those that fail a critical or warning expectation go to quarantine.parquet.

    Raises ConfigError where an expectation does not fit the columns, CheckError where one could not be checked,
    EngineError where the engine fails its self-test, and DataError where the rows are too bad to go on with.
    """
    folder = room.store / snapshot.path / "rows"
    suite = room.config.validation.suite
    with machine_errors(room.path):
        found = _checked(room, folder) if suite else Outcome()
    files.write_json(room.path / CHECKS, found.checks)
    if not found.quarantined:
        quarantine.write_none(folder, room.path / quarantine.FILE)
    _stop_if_due(room, found, snapshot.rows)
    for remark in found.remarks(room.path.with_suffix("") / quarantine.FILE):  # where it lies when the stage is done
        room.note(remark)
    return Validated(
        snapshot=snapshot.path,
        rows=snapshot.rows - found.quarantined,
        quarantined=found.quarantined,
        expectations=len(suite),
        failed=tuple(check["expectation"] for check in found.checks if not check["passed"]),
    )


def _checked(room: Room, folder: Path) -> Outcome:
    """Check a suite that is not empty, and write quarantine.parquet where rows failed."""
    settings = room.config.validation
    with TemporaryDirectory(dir=room.path) as scratch, opened(folder, Path(scratch) / "spill") as rows:
        suite = fit.fitted(settings.suite, rows.columns, outcome.suite_file(room))
        from keepfit.validation import engine, selftest  # Great Expectations takes seconds to import

        room.step("self-test")
        selftest.prove(Path(scratch) / "selftest")
        room.step(f"{len(suite)} expectations", done=0.1)
        checker = engine.Engine(rows, suite)
        findings, result = checker.run()
        files.write_json(room.path / RESULT, plain(result))
        if settings.docs:
            from keepfit.validation import docs

            docs.write(result, room.path / "beside/docs")
        room.step("quarantine", done=0.9)
        return _outcome(rows, checker, findings, room.path / quarantine.FILE)


def _outcome(rows: Rows, checker: Engine, findings: list[Finding], path: Path) -> Outcome:
    failing = {n: f for n, f in enumerate(findings) if not f.passed and WORKS[f.expectation.type].rows}
    conditions = {n: checker.failing(n) for n in failing}
    aside = [(sentence(f.expectation), conditions[n]) for n, f in failing.items() if f.expectation.severity != "info"]
    quarantined = quarantine.write(rows, aside, path) if aside else 0
    _compare(quarantine.counts(rows, path) if aside else {}, failing)
    examples = {n: quarantine.examples(rows, columns_of(f.expectation), conditions[n]) for n, f in failing.items()}
    return Outcome([finding.check() for finding in findings], quarantined, examples)


def _compare(aside: dict[str, int], failing: dict[int, Finding]) -> None:
    """The rows put aside are found by a query of ours, so they must be as many as Great Expectations counted."""
    counted: Counter[str] = Counter()  # two expectations may read alike
    for finding in failing.values():
        if finding.expectation.severity != "info":
            counted[sentence(finding.expectation)] += finding.unexpected or 0
    if counted != aside:
        raise EngineError(
            f"Great Expectations counted the failing rows as {dict(counted)}, and {aside} were put aside.",
            todo="Please report this with the expectations; until it is mended, take them out of the suite.",
        )


def _stop_if_due(room: Room, found: Outcome, rows: int) -> None:
    sentence = outcome.reason_to_stop(found, rows, room.config.validation)
    if not sentence:
        return
    kept = room.run_folder / "validation"
    kept.mkdir(parents=True, exist_ok=True)
    for name in (quarantine.FILE, CHECKS, RESULT):
        (room.path / name).replace(kept / Path(name).name)
    raise outcome.stopped(sentence, room, kept)
