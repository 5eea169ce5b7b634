"""One execution of the validate stage: prove the engine, check, put failing rows aside, stop where that is due."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from keepfit.config.expectations import columns_of
from keepfit.data.identity import UNREAD
from keepfit.data.unread import read_unread
from keepfit.errors import EngineError
from keepfit.stages.validation import applicable as fit
from keepfit.stages.validation import findings, quarantine
from keepfit.stages.validation.findings import Findings, plain, sentence
from keepfit.stages.validation.rows import RowView, machine_errors, opened
from keepfit.store import files
from keepfit.store.artifacts import Snapshot, Validated
from keepfit.store.stage import Room

if TYPE_CHECKING:
    from keepfit.config import Pipeline
    from keepfit.serving.bundle.model import ServedModel
    from keepfit.stages.validation.engine import Checked

CHECKS, RESULT = "checks.json", "beside/gx.json"


def session(room: Room, snapshot: Snapshot) -> Validated:
    """Everything that `keepfit.stages.validation.validate` promises."""
    folder = room.store / snapshot.path / "rows"
    suite, asks = room.config.validation.suite, room.config.validation.strangers is not None
    if passed_over := room.config.validation.bookkeeping:
        room.note(f"left out of the suite, as they say nothing of the rows: {', '.join(passed_over)}")
    with machine_errors(room.path):
        found = _checked(room, folder) if suite or asks else Findings()
    files.write_json(room.path / CHECKS, found.checks)
    if not found.quarantined:
        quarantine.write_none(folder, room.path / quarantine.FILE)
    _stop_if_due(room, found, snapshot)
    for remark in found.remarks(room.path.with_suffix("") / quarantine.FILE):  # where it lies when the stage is done
        room.note(remark)
    return Validated(
        snapshot=snapshot.path,
        rows=snapshot.rows - found.quarantined,
        quarantined=found.quarantined,
        expectations=len(suite) + asks,
        failed=tuple(check["expectation"] for check in found.checks if not check["passed"]),
    )


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without Python's search for garbage: in what an import makes there is none, and it is 0.5 of 2.5 CPU seconds."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _checked(room: Room, folder: Path) -> Findings:
    """Check a suite, and whether rows are strange; write quarantine.parquet where rows failed."""
    settings, watcher = room.config.validation, _watcher(room.config)
    with TemporaryDirectory(dir=room.path) as scratch, opened(folder, Path(scratch)) as rows:
        failing = quarantine.Failing(rows)
        checks, examples = _expected(room, rows, Path(scratch), failing) if settings.suite else ([], {})
        if watcher is not None:
            check, told = _strange(room, folder.parent, watcher, len(checks), failing)
            examples[len(checks)] = told
            checks.append(check)
        aside = failing.write(room.path / quarantine.FILE)
        return Findings(checks, aside, examples)


def _expected(
    room: Room, rows: RowView, scratch: Path, failing: quarantine.Failing
) -> tuple[list[dict[str, Any]], dict[int, str]]:
    """What came of each expectation of a suite, and the first rows that failed it."""
    names = (*room.config.features, room.config.target)
    suite = fit.fitted(room.config.validation.suite, rows, findings.suite_file(room), names)
    with _uncollected():
        from keepfit.stages.validation import engine, selftest  # Great Expectations takes seconds to import
    room.step("self-test")
    selftest.prove(scratch / "selftest")
    checker = engine.Engine(rows, suite)
    examples, checks = {}, []
    room.step(f"0 of {len(suite)} expectations", done=0.0)
    for one in checker.check():
        checks.append(one)
        room.step(f"{len(checks)} of {len(suite)} expectations", done=len(checks) / len(suite))
        if one.failing:
            examples[one.number] = _put_aside(one, rows, failing)
    checks.sort(key=lambda one: one.number)
    _write_result(room, engine.suite_result(checks))
    return [one.finding.check() for one in checks], examples


def _watcher(config: Pipeline) -> ServedModel | None:
    """Opened before the suite is checked, which takes time: it may be of a model that is of no use here."""
    if config.validation.strangers is None:
        return None
    from keepfit.stages.validation.strangers import watcher

    return watcher(config)


def _strange(
    room: Room, folder: Path, watcher: ServedModel, number: int, failing: quarantine.Failing
) -> tuple[dict[str, Any], str]:
    """What came of the check of strangers, which are put aside where they are too many; and the first in words."""
    from keepfit.stages.validation.strangers import strangers

    found = strangers(room, folder, watcher)
    if not found.check["passed"] and found.check["severity"] != "info":
        failing.add_rows(number, found.name, found.ids)
    return found.check, found.examples


def _put_aside(one: Checked, rows: RowView, failing: quarantine.Failing) -> str:
    """The rows that failed go to `failing`, unless they are only counted; the first of them in words."""
    expectation = one.finding.expectation
    if expectation.severity != "info":
        count = failing.add(one.number, sentence(expectation), one.relation, one.failing)
        if count != one.finding.unexpected:
            raise EngineError(
                f"{sentence(expectation)}: Great Expectations counted {one.finding.unexpected} failing rows, and "
                f"{count} were found.",
                todo="Please report this with the expectations; until it is mended, take them out of the suite.",
            )
    columns = [rows.columns[name] for name in columns_of(expectation)]
    return quarantine.examples(rows, columns, one.relation, one.failing)


def _write_result(room: Room, result: Any) -> None:
    files.write_json(room.path / RESULT, plain(result))
    if room.config.validation.docs:
        from keepfit.stages.validation.engine import docs

        files.write_bytes(room.path / "beside/docs/index.html", docs(result).encode())


def _stop_if_due(room: Room, found: Findings, snapshot: Snapshot) -> None:
    listed = room.store / snapshot.path / UNREAD
    unread = read_unread(listed)
    reason = findings.reason_to_stop(found, snapshot.rows, unread, room.config.validation)
    if not reason:
        return
    kept = room.run_folder / "validation"
    kept.mkdir(parents=True, exist_ok=True)
    for name in (quarantine.FILE, CHECKS, RESULT):
        if (room.path / name).exists():  # without a suite there is no result
            (room.path / name).replace(kept / Path(name).name)
    raise findings.stopped(reason, found, room, kept, listed if unread else None)
