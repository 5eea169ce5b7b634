"""A release as a list of steps. Each is safe to repeat, so a release killed between any two is simply started again.

The decision is made by one line in the journal. Before it nothing that counts has changed; after it the rest
(aliases, pointer, report) follows from the journal, whoever carries it out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keepfit.report.facts import COMPARED
from keepfit.serving import journal
from keepfit.serving.bundle.seal import answers_of
from keepfit.serving.settled import settled, whole
from keepfit.stages.release.decision import NOBODYS, UNSETTLED, Decision
from keepfit.stages.release.verdict import Evidence, Incomparable, decide
from keepfit.store import files
from keepfit.store.artifacts import Bundle, Evaluated, Prepared, Verdict
from keepfit.store.run import Run

if TYPE_CHECKING:
    from keepfit.stages.release.compare import Compared

SHEET = "release.json"
"""What came of a run, in the run's folder; its presence says that the decision was told."""


@dataclass(frozen=True)
class Case:
    """One challenger on its way through the steps."""

    run: Run
    bundle: Bundle
    evaluated: Evaluated
    prepared: Prepared
    decision: Decision = NOBODYS
    """What a person says of it."""
    state: journal.State = field(default_factory=journal.State)
    verdict: Verdict | None = None
    line: journal.Line | None = None
    """The journal's line of this decision, or of the earlier one that is repeated."""
    version: str | None = None

    @property
    def decided(self) -> Verdict:
        """The verdict, once it was reached."""
        assert self.verdict is not None
        return self.verdict


ReleaseStep = Callable[[Case], Case]


def settle(case: Case) -> Case:
    """Bring the pointer and the registry to where the journal says they are."""
    return replace(case, state=settled(case.run.store, case.run.config))


def judge(case: Case) -> Case:
    """Reach the verdict, or take up the one of a run that was interrupted before it could tell."""
    line = _earlier(case)
    if line is not None and _is_ours_to_tell(case, line):
        return replace(case, verdict=line.verdict, line=line, version=line.version)
    verdict = decide(_facts(case, line), case.run.config.rules, lambda: _compare(case))
    repeated = line if verdict.reason == "nothing_new" else None
    return replace(case, verdict=verdict, line=repeated, version=line.version if line else None)


def register(case: Case) -> Case:
    """Give a bundle that enters service its version in the registry, once."""
    if case.line is not None or not case.decided.enters_service:
        return case
    from keepfit.serving.registry import open_registry

    registry = open_registry(case.run.store, case.run.config)
    return replace(case, version=registry.add(case.bundle.id, case.run.store / case.bundle.folder))


def commit(case: Case) -> Case:
    """Write the decision into the journal: from here on it holds."""
    if case.line is not None:
        return case
    line = _line(case)
    journal.append(case.run.store, line)
    return replace(case, line=line)


def note(case: Case) -> Case:
    """Write the verdict into the run's record."""
    champion = case.state.champion
    case.run.add(
        verdict=case.decided,
        bundle=case.bundle.id,
        version=case.version,
        champion=champion.bundle if champion else None,
        metrics=case.evaluated.metrics,
        repeats=_teller(case),
    )
    return case


def report(case: Case) -> Case:
    """Write report.html into the run's folder."""
    import keepfit.report

    keepfit.report.write(case.run)
    return case


def tell(case: Case) -> Case:
    """Leave release.json in the folder of this run, and of the interrupted run whose decision it carried out."""
    names = {"run", "verdict", "bundle", "version", "champion", "metrics"}
    sheet = case.run.record().model_dump(mode="json", include=names)
    for run in {case.run.id, case.line.run if case.line else case.run.id}:
        path = case.run.store / f"runs/{run}/{SHEET}"
        if run == case.run.id or not path.exists():
            files.write_json(path, sheet)
    return case


STEPS: tuple[ReleaseStep, ...] = (settle, judge, register, commit, settle, note, report, tell)
TELLING: dict[ReleaseStep, str] = {note: "the run's record", report: "the report", tell: SHEET}
"""The steps that only tell the decision, and what each writes."""


def _earlier(case: Case) -> journal.Line | None:
    """The last decision that still answers: on equal answers, by the same rules, on the same rows, and it put in
    service what is in service, or was reached against it."""
    champion, rules = case.state.champion, _rules(case)
    serving = champion.bundle if champion else None
    for line in reversed(case.state.lines):
        asked = (line.action, line.answers, line.rules, line.rows)
        if asked != ("release", case.bundle.answers, rules, case.prepared.judged) or line.verdict is None:
            continue
        if line.reason in UNSETTLED and line.run != case.run.id:
            continue
        if serving == (line.bundle if line.verdict.enters_service else line.champion):
            return line
    return None


def _in_service(case: Case) -> bool:
    """Whether the champion gives the same answers: then there is nothing to compare."""
    champion = case.state.champion
    return champion is not None and answers_of(case.run.store / champion.path) == case.bundle.answers


def _is_ours_to_tell(case: Case, line: journal.Line) -> bool:
    """Whether the run that decided was killed before it told, or is this one, tried again; a new force is new."""
    assert line.verdict is not None
    folder = case.run.store / f"runs/{line.run}"
    told = line.run != case.run.id and ((folder / SHEET).exists() or not folder.exists())  # told, and then pruned
    return not told and (line.why == case.decision.reason or line.verdict.enters_service)


def _teller(case: Case) -> str | None:
    """The run whose report tells the verdict that this one repeats."""
    if case.line is None or case.decided.reason != "nothing_new":
        return None
    try:
        told: str = files.read_json(case.run.store / f"runs/{case.line.run}/{SHEET}")["run"]
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
    ):  # lost or damaged: the verdict stands in the journal all the same
        return None
    return told


def _facts(case: Case, line: journal.Line | None) -> Evidence:
    champion, evaluated = case.state.champion, case.evaluated
    problem = case.run.config.problem
    return Evidence(
        metric=case.run.config.metric,
        proofs=problem.proofs,
        guess=problem.guess,
        passed=case.bundle.passed,
        failure=case.bundle.failure,
        metrics=evaluated.metrics,
        intervals=evaluated.intervals,
        trivial=evaluated.baselines.get("trivial", {}),
        classical=evaluated.baselines.get("classical", {}),
        champion=champion is not None,
        in_service=_in_service(case),
        earlier=line.verdict if line else None,
        remarks=evaluated.remarks,
        barred=bool({case.bundle.id, case.bundle.answers} & case.state.barred),
        decision=case.decision,
    )


def _compare(case: Case) -> Compared | Incomparable:
    """The paired test; the two models' figures beside each other go into the run's folder, for the report."""
    from keepfit.stages.release.compare import compare

    store, config = case.run.store, case.run.config
    champion = case.state.champion
    assert champion is not None
    raw = store / f"{case.prepared.path}/test_raw"
    found = compare(whole(store, champion), store / case.bundle.folder, raw, config)
    if not isinstance(found, Incomparable):
        files.write_json(case.run.folder / COMPARED, asdict(found))
    return found


def _line(case: Case) -> journal.Line:
    champion, rules = case.state.champion, _rules(case)
    return journal.Line(
        id=journal.identity(
            case.state,
            "release",
            case.bundle.id,
            rules=rules,
            rows=case.prepared.judged,
            decision=case.decision.model_dump(),
        ),
        time=datetime.now(UTC).isoformat(timespec="seconds"),
        action="release",
        run=case.run.id,
        bundle=case.bundle.id,
        path=case.bundle.folder,
        answers=case.bundle.answers,
        champion=champion.bundle if champion else None,
        version=case.version,
        rules=rules,
        rows=case.prepared.judged,
        **case.decided.model_dump(),
        metrics=case.evaluated.metrics,
        why=case.decision.reason,
        who=case.decision.who,
    )


def _rules(case: Case) -> str:
    # Without what is left at its default, so that a new option of ours is no new judgement.
    config = case.run.config
    release = config.release.model_dump(mode="json", exclude={"registry"}, exclude_defaults=True)
    return files.digest_of({**release, **config.judging})
