"""The last stage: judge the new bundle, and put it in service if it has earned it.

It looks at the world (which model is live), so it is never reused; it is idempotent instead.
"""

from __future__ import annotations

from contextlib import ExitStack, suppress

from keepfit.config import Pipeline
from keepfit.metrics.naming import figure, metric_name, span
from keepfit.quoting import one_line
from keepfit.redact import redacted
from keepfit.stages.release.decision import NOBODYS, Decision
from keepfit.stages.release.steps import STEPS, TELLING, Case, commit, judge, settle
from keepfit.store import files
from keepfit.store.artifacts import Bundle, Evaluated, Prepared, Released, Verdict
from keepfit.store.events import Event
from keepfit.store.interrupt import interruptible, politely
from keepfit.store.locks import service_lock
from keepfit.store.run import Run
from keepfit.store.stage import timed


def release(
    run: Run, bundle: Bundle, evaluated: Evaluated, prepared: Prepared, decision: Decision = NOBODYS
) -> Released:
    """The verdict on a bundle, with what a person says of it, carried out: registry, journal, pointer, report."""
    case = Case(run, bundle, evaluated, prepared, decision)
    done = False
    try:
        with timed(run, "release", files.digest_of([bundle.id, evaluated.digest, decision.model_dump()])) as entry:
            run.tell(Event("release", "start", "always looks at what is in service"))
            with service_lock(run.store.root):
                case = interruptible(lambda: _carried_out(case))
            done = True
            entry.update(reused=False, reason=case.decided.sentence)
    except Exception as error:
        if not done:
            raise
        _warn(run, "the run's record", error)
    return _released(case)


def proposed(run: Run, bundle: Bundle, evaluated: Evaluated, prepared: Prepared) -> Verdict | None:
    """The verdict as the figures give it, with nothing carried out; None where it was decided before."""
    with service_lock(run.store.root):
        case = judge(settle(Case(run, bundle, evaluated, prepared)))
    return case.verdict if case.line is None else None


def _carried_out(case: Case) -> Case:
    """Step by step. A run that was told to stop ends between two of them; once the decision holds, after the last.

    Where it cannot be told, it stands all the same, and the next run tells it.
    """
    with ExitStack() as stack:
        for done, step in enumerate(STEPS):
            case.run.tell(Event("release", "step", f"{done} {step.__name__}", done / len(STEPS)))
            if step is commit:
                stack.enter_context(politely())
            try:
                case = step(case)
            except Exception as error:
                if step not in TELLING:
                    raise
                _warn(case.run, TELLING[step], error)
                break
    return case


def _warn(run: Run, what: str, error: Exception) -> None:
    """Say on the terminal and in the log what could not be kept, though the verdict holds."""
    told = redacted(str(error) or type(error).__name__)
    sentence = f"{what} could not be written: {told} The verdict stands, and the next run makes up for it."
    with suppress(Exception):  # a listener that fails as well is no reason to hide the verdict
        run.tell(Event("release", "note", one_line(sentence, 1000)))


def _released(case: Case) -> Released:
    champion = case.state.champion
    return Released(
        verdict=case.decided,
        bundle=case.bundle.id,
        version=case.version,
        champion=champion.bundle if champion else None,
        metrics=case.evaluated.metrics,
        report=str(case.run.folder / "report.html"),
        summary=_summary(case.evaluated, case.run.config),
        model=str(case.run.store / champion.path) if champion else "",
    )


def _summary(evaluated: Evaluated, config: Pipeline) -> tuple[str, ...]:
    """`test accuracy 97.4 % (95.1 to 98.6 %)` and the same metric of the baselines."""
    metric = config.metric
    interval = evaluated.intervals.get(metric)
    value = evaluated.metrics.get(metric)
    if value is None:
        return ()
    around = f" ({span(metric, interval.low, interval.high)})" if interval else ""
    names = {"trivial": config.problem.guess, "classical": evaluated.classical}
    others = [
        f"{names.get(name, name)} {figure(metric, figures[metric])}"
        for name, figures in evaluated.baselines.items()
        if metric in figures
    ]
    return (f"test {metric_name(metric)} {figure(metric, value)}{around} on {evaluated.rows:,} rows", *others)
