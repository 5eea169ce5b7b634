"""The verdict on a challenger: a total, pure function of what is known about it.

    outcome   reason                    meaning
    REJECT    check_failed              the bundle's own parity or isolation check failed
    REJECT    gate_failed               a figure misses a bound of release.gates
    REJECT    not_better_than_trivial   cannot be told from a guess, such as the most frequent class
    REJECT    worse_than_classical      release.beat_classical is on, and the classical baseline is ahead by the margin
    REJECT    barred                    was rolled back before
    REJECT    worse                     the paired test shows it worse than the champion
    FIRST     first                     no champion yet, and nothing of the above
    PROMOTE   better                    the paired test shows it better than the champion
    HOLD      equal                     no worse than the champion by the margin, and not shown to be better
    HOLD      inconclusive              the rows are too few to tell
    HOLD      in_service                answers as the champion does, and meets the rules or rows that are new
    HOLD      not_comparable            champion and challenger cannot be scored on the same rows
    HOLD      nothing_new               judged before under the same rules: no second look at the same rows
    FIRST, PROMOTE  forced              put in service by a person, for the reason given

The bounds follow the usual scheme for non-inferiority with a later test for superiority: one interval answers
both, so that no correction for two tests is needed (European Medicines Agency, CPMP/EWP/482/99, 2000).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keepfit.config import Release
from keepfit.metrics.naming import LOWER_IS_BETTER, against, begun, figure, gain, gap, metric_name, span
from keepfit.quoting import one_line
from keepfit.stages.release.decision import NOBODYS, Decision, carried
from keepfit.store.artifacts import Interval, Outcome, Verdict

if TYPE_CHECKING:
    from keepfit.metrics.paired import Paired
    from keepfit.stages.release.compare import Compared


@dataclass(frozen=True)
class Incomparable:
    """Why champion and challenger cannot be compared, as a clause."""

    why: str


@dataclass(frozen=True)
class Evidence:
    """What is known of a challenger without comparing it."""

    metric: str
    """What models are compared on."""
    proofs: tuple[str, ...]
    """Metrics that prove a model useful too."""
    guess: str
    """What the trivial baseline always gives."""
    passed: bool
    """Whether the bundle's own checks passed."""
    failure: str
    """Which one did not."""
    metrics: Mapping[str, float]
    """Its test metrics."""
    intervals: Mapping[str, Interval]
    trivial: Mapping[str, float]
    """Metrics of always giving the guess."""
    classical: Mapping[str, float]
    """Metrics of the classical baseline."""
    champion: bool
    """Whether there is one."""
    in_service: bool
    """Whether the challenger answers every row as the champion does."""
    earlier: Verdict | None
    """The verdict already reached on it, against this champion and under these rules."""
    barred: bool
    """Whether it was rolled back."""
    remarks: tuple[str, ...] = ()
    """What the figures alone do not tell."""
    decision: Decision = NOBODYS
    """What a person says of it."""


def decide(facts: Evidence, rules: Release, compare: Callable[[], Compared | Incomparable]) -> Verdict:
    """The verdict. `compare` is called only when everything before it leaves the question open."""
    verdict = _by_figures(facts, rules, compare)
    repeated = facts.earlier if verdict.reason == "nothing_new" else None
    can_serve = facts.passed and not facts.in_service  # one that fails its own checks cannot serve
    if (repeated and repeated.enters_service) or (facts.decision.overrules and not can_serve):
        return verdict
    open_question = repeated or verdict
    said = carried(open_question, facts.decision, "PROMOTE" if facts.champion else "FIRST")
    return verdict if said is open_question else said


def _by_figures(facts: Evidence, rules: Release, compare: Callable[[], Compared | Incomparable]) -> Verdict:
    rungs = (_nothing_new, _check, _barred, _gates, _trivial, _classical)
    found = next(filter(None, (rung(facts, rules) for rung in rungs)), None)
    if found is not None and facts.in_service and found.outcome == "REJECT":
        return _of_serving(found)
    if found is not None and found.reason == "not_better_than_trivial" and facts.champion:
        return _beside_champion(found, facts.metric, compare())
    if found is not None:
        return found
    if facts.in_service:
        return _hold_in_service(facts)
    if not facts.champion:
        return _first(facts)
    compared = compare()
    if isinstance(compared, Incomparable):
        return _hold_incomparable(compared)
    return _against_champion(compared, facts.metric, rules)


def _nothing_new(facts: Evidence, _rules: Release) -> Verdict | None:
    earlier = facts.earlier
    if earlier is None or (facts.barred and earlier.reason != "barred"):
        return None
    what = "this model is the one in service" if facts.in_service else "this model was judged before"
    figures = {"earlier": {"outcome": earlier.outcome, "reason": earlier.reason}}
    return _verdict("HOLD", "nothing_new", f"Nothing new: {what}. The verdict was: {earlier.sentence}", **figures)


def _barred(facts: Evidence, _rules: Release) -> Verdict | None:
    if not facts.barred:
        return None
    return _verdict("REJECT", "barred", "This model was rolled back before and stays out until it is forced.")


def _check(facts: Evidence, _rules: Release) -> Verdict | None:
    if facts.passed:
        return None
    return _verdict("REJECT", "check_failed", f"The exported model failed its own check: {facts.failure.rstrip('.')}.")


def _gates(facts: Evidence, rules: Release) -> Verdict | None:
    for metric, bound in rules.gates.items():
        value = facts.metrics.get(metric)
        upper = metric in LOWER_IS_BETTER
        if value is not None and (value <= bound if upper else value >= bound):
            continue
        name, limit = metric_name(metric), "at most" if upper else "at least"
        got = "could not be computed" if value is None else f"is {figure(metric, value)}"
        sentence = f"The {name} {got}, and release.gates asks for {limit} {figure(metric, bound)}."
        return _verdict("REJECT", "gate_failed", sentence, gate=metric, value=value, bound=bound)
    return None


def _trivial(facts: Evidence, _rules: Release) -> Verdict | None:
    """Beaten when the interval of the chosen metric, or of one that proves as much, lies beyond the guess's figure."""
    metric = facts.metric
    if any(_beats(one, facts) for one in (metric, *facts.proofs)):
        return None
    interval, base = facts.intervals.get(metric), facts.trivial.get(metric)
    name = metric_name(metric)
    if interval is None or base is None:
        sentence = f"The {name} could not be set against the trivial baseline."
        return _verdict("REJECT", "not_better_than_trivial", sentence)
    sentence = (
        f"No better than always giving the {facts.guess}: {name} {figure(metric, interval.value)} "
        f"({span(metric, interval.low, interval.high)}) against {figure(metric, base)}."
    )
    return _verdict("REJECT", "not_better_than_trivial", sentence, value=interval.value, trivial=base)


def _beside_champion(found: Verdict, metric: str, compared: Compared | Incomparable) -> Verdict:
    """A champion that is worse than a model no better than a guess: after the world turned, it does harm every day."""
    if isinstance(compared, Incomparable) or compared.paired.low <= 0:
        return found
    difference, ends = against(metric, compared.paired.difference, compared.paired.low, compared.paired.high)
    worse = f"The champion is worse still: {difference}, interval {ends}."
    todo = "Look at what changed in the data, and roll back, or force this model with a reason."
    return found.model_copy(update={"sentence": one_line(f"{found.sentence} {worse} {todo}", 2000)})


def _beats(metric: str, facts: Evidence) -> bool:
    interval, base = facts.intervals.get(metric), facts.trivial.get(metric)
    if interval is None or base is None:
        return False
    return interval.high < base if metric in LOWER_IS_BETTER else interval.low > base


def _classical(facts: Evidence, rules: Release) -> Verdict | None:
    metric = facts.metric
    value, base = facts.metrics.get(metric), facts.classical.get(metric)
    if not rules.beat_classical or value is None or base is None:
        return None
    if gain(metric, base, value) <= rules.margin:
        return None
    sentence = (
        f"The classical baseline is better: {metric_name(metric)} {figure(metric, base)} against "
        f"{figure(metric, value)}, and release.beat_classical asks to come within {gap(metric, rules.margin)}."
    )
    return _verdict("REJECT", "worse_than_classical", sentence, value=value, classical=base)


def _first(facts: Evidence) -> Verdict:
    metric = facts.metric
    value, base = facts.metrics.get(metric), facts.trivial.get(metric)
    shown = "" if value is None else f" {begun(metric)} {figure(metric, value)}"
    against = f", the trivial baseline {figure(metric, base)}" if shown and base is not None else ""
    sentence = f"The first model of this pipeline.{shown}{against}{'.' if shown else ''}{_let_in(facts)}"
    sentence = " ".join((sentence, *facts.remarks))
    return _verdict("FIRST", "first", sentence, value=value, trivial=base)


def _let_in(facts: Evidence) -> str:
    """The figure that proves a model useful, where it is not the one that models are compared on."""
    proof = next((one for one in (facts.metric, *facts.proofs) if _beats(one, facts)), facts.metric)
    if proof == facts.metric:
        return ""
    interval = facts.intervals[proof]
    shown = f"{figure(proof, interval.value)} ({span(proof, interval.low, interval.high)})"
    return f" Let in for its {metric_name(proof)}, {shown} against {figure(proof, facts.trivial[proof])}."


def _of_serving(verdict: Verdict) -> Verdict:
    """A verdict takes nothing out of service: a person who reads it does."""
    stays = "This is the model in service, and it stays there until a better one comes or it is rolled back."
    return verdict.model_copy(update={"sentence": f"{verdict.sentence} {stays}"})


def _hold_in_service(facts: Evidence) -> Verdict:
    """The rules or the test rows are new, and the model is not."""
    metric, value = facts.metric, facts.metrics.get(facts.metric)
    shown = "" if value is None else f" {begun(metric)} {figure(metric, value)}."
    sentence = f"This model is the one in service, and it meets the rules as they are now.{shown}"
    return _verdict("HOLD", "in_service", sentence, value=value, metric=metric)


def _hold_incomparable(compared: Incomparable) -> Verdict:
    sentence = f"Cannot be compared with the champion: {compared.why}. Force it with a reason to put it in service."
    return _verdict("HOLD", "not_comparable", sentence)


def _against_champion(compared: Compared, metric: str, rules: Release) -> Verdict:
    paired = compared.paired
    outcome, reason, words = _standing(paired, rules)
    level = f"{100 * (1 - 2 * rules.level):g} %"
    difference, ends = against(metric, paired.difference, paired.low, paired.high)
    sentence = f"{words}: {difference} ({level} interval {ends}, {paired.rows:,} test rows)."
    todo = "Force it with a reason where that is worth it." if compared.beside and outcome != "PROMOTE" else ""
    sentence = " ".join(filter(None, (sentence, compared.otherwise, compared.beside, todo)))
    figures = {"difference": paired.difference, "low": paired.low, "high": paired.high}
    return _verdict(outcome, reason, sentence, **figures, p_better=paired.p_better, rows=paired.rows, metric=metric)


def _standing(paired: Paired, rules: Release) -> tuple[Outcome, str, str]:
    if paired.low > 0:
        return "PROMOTE", "better", "Better"
    if paired.high < 0:
        return "REJECT", "worse", "Worse"
    if paired.low > -rules.margin:
        return "HOLD", "equal", "Level"
    return "HOLD", "inconclusive", "Too close to call"


def _verdict(outcome: Outcome, reason: str, sentence: str, **figures: Any) -> Verdict:
    return Verdict(outcome=outcome, reason=reason, sentence=one_line(sentence, 2000), figures=figures)
