"""The verdict: each reason on one example, and what must hold for all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.config import Release
from keepfit.stages.release.decision import Decision
from keepfit.stages.release.verdict import Evidence, Incomparable, decide
from keepfit.store.artifacts import Interval, Verdict


@dataclass(frozen=True)
class Compared:
    """The figures of a paired test, without the rows they come from."""

    low: float
    high: float
    difference: float = 0.0
    p_better: float = 0.5
    rows: int = 100
    otherwise: str = ""
    beside: str = ""

    @property
    def paired(self):
        return self


GOOD = Evidence(
    metric="accuracy",
    proofs=("roc_auc",),
    guess="most frequent class",
    passed=True,
    failure="",
    metrics={"accuracy": 0.95, "log_loss": 0.2, "roc_auc": 0.98},
    intervals={"accuracy": Interval(value=0.95, low=0.9, high=0.98)},
    trivial={"accuracy": 0.6, "roc_auc": 0.5},
    classical={"accuracy": 0.94},
    champion=True,
    in_service=False,
    earlier=None,
    barred=False,
)
FORCE = Decision(kind="force", reason="a person knows")
KINDS = ["auto", "hold", "force", "approve", "decline", "unanswered"]
EARLIER = Verdict(outcome="HOLD", reason="equal", sentence="Level: no difference.")
LOWER = Interval(value=0.61, low=0.55, high=0.66)
MIDDLE = Compared(-0.02, 0.02)


def judged(facts=GOOD, rules=None, compared=MIDDLE):
    return decide(facts, rules or Release(), lambda: compared)


@pytest.mark.parametrize(
    ("facts", "rules", "compared", "expected"),
    [
        (replace(GOOD, champion=False), {}, MIDDLE, "FIRST first"),
        (GOOD, {}, Compared(0.001, 0.02), "PROMOTE better"),
        (GOOD, {}, Compared(-0.03, -0.001), "REJECT worse"),
        (GOOD, {}, Compared(-0.009, 0.02), "HOLD equal"),
        (GOOD, {}, Compared(-0.011, 0.02), "HOLD inconclusive"),
        (GOOD, {}, Incomparable("a column is missing"), "HOLD not_comparable"),
        (replace(GOOD, passed=False, failure="too slow"), {}, MIDDLE, "REJECT check_failed"),
        (GOOD, {"gates": {"accuracy": 0.96}}, MIDDLE, "REJECT gate_failed"),
        (GOOD, {"gates": {"log_loss": 0.1}}, MIDDLE, "REJECT gate_failed"),
        (GOOD, {"gates": {"log_loss": 0.3, "accuracy": 0.95}}, MIDDLE, "HOLD inconclusive"),
        (GOOD, {"gates": {"pr_auc": 0.5}}, MIDDLE, "REJECT gate_failed"),
        (replace(GOOD, intervals={"accuracy": LOWER}), {}, MIDDLE, "REJECT not_better_than_trivial"),
        (replace(GOOD, intervals={}), {}, MIDDLE, "REJECT not_better_than_trivial"),
        (replace(GOOD, classical={"accuracy": 0.97}), {"beat_classical": True}, MIDDLE, "REJECT worse_than_classical"),
        (replace(GOOD, classical={"accuracy": 0.97}), {}, MIDDLE, "HOLD inconclusive"),
        (replace(GOOD, barred=True), {}, MIDDLE, "REJECT barred"),
        (replace(GOOD, barred=True, earlier=EARLIER), {}, MIDDLE, "REJECT barred"),
        (replace(GOOD, earlier=EARLIER), {}, MIDDLE, "HOLD nothing_new"),
        (replace(GOOD, in_service=True, earlier=EARLIER), {}, MIDDLE, "HOLD nothing_new"),
        (replace(GOOD, in_service=True), {}, MIDDLE, "HOLD in_service"),
        (replace(GOOD, in_service=True), {"gates": {"accuracy": 0.96}}, MIDDLE, "REJECT gate_failed"),
        (replace(GOOD, decision=FORCE), {}, Compared(-0.1, -0.05), "PROMOTE forced"),
        (replace(GOOD, decision=FORCE, barred=True), {}, MIDDLE, "PROMOTE forced"),
        (replace(GOOD, decision=FORCE, earlier=EARLIER), {}, MIDDLE, "PROMOTE forced"),
        (replace(GOOD, decision=FORCE, champion=False, intervals={}), {}, MIDDLE, "FIRST forced"),
        (replace(GOOD, decision=FORCE, in_service=True), {}, MIDDLE, "HOLD in_service"),
        (replace(GOOD, decision=FORCE, passed=False), {}, MIDDLE, "REJECT check_failed"),
        (replace(GOOD, decision=FORCE), {}, Compared(0.01, 0.05), "PROMOTE better"),
        (replace(GOOD, decision=Decision(kind="hold")), {}, Compared(0.01, 0.05), "HOLD held"),
        (replace(GOOD, decision=Decision(kind="decline")), {}, Compared(0.01, 0.05), "HOLD declined"),
        (replace(GOOD, decision=Decision(kind="unanswered")), {}, Compared(0.01, 0.05), "HOLD unanswered"),
        (replace(GOOD, decision=Decision(kind="approve")), {}, Compared(0.01, 0.05), "PROMOTE better"),
        (replace(GOOD, decision=Decision(kind="approve")), {}, MIDDLE, "PROMOTE forced"),
        (replace(GOOD, decision=Decision(kind="decline")), {}, MIDDLE, "HOLD inconclusive"),
        (replace(GOOD, decision=Decision(kind="hold"), in_service=True), {}, MIDDLE, "HOLD in_service"),
    ],
)
def test_each_reason(facts, rules, compared, expected):
    verdict = judged(facts, Release(**rules), compared)
    assert f"{verdict.outcome} {verdict.reason}" == expected


def test_a_ranking_that_is_better_than_chance_counts_where_every_row_gets_the_most_frequent_class():
    useful = replace(GOOD, intervals={"accuracy": LOWER, "roc_auc": Interval(value=0.9, low=0.85, high=0.94)})
    assert judged(useful).reason == "inconclusive"


def test_the_sentence_holds_the_figures():
    assert "+1.2 points" in judged(compared=Compared(0.004, 0.02, 0.012)).sentence
    assert "90 % interval +0.4 to +2.0, 100 test rows" in judged(compared=Compared(0.004, 0.02, 0.012)).sentence
    changed = "The positive class was another."
    assert judged(compared=Compared(0.004, 0.02, otherwise=changed)).sentence.endswith(f"100 test rows). {changed}")
    gate = judged(rules=Release(gates={"accuracy": 0.96})).sentence
    assert "accuracy is 95.0 %" in gate
    assert "at least 96.0 %" in gate


def test_a_guess_that_beats_the_champion_stays_out_and_the_champion_is_named():
    """After a drift the champion may be worse than always giving one answer: nothing else would tell the operator."""
    guess = replace(GOOD, intervals={"accuracy": LOWER})
    told = judged(guess, compared=Compared(0.15, 0.18, 0.166))
    assert f"{told.outcome} {told.reason}" == "REJECT not_better_than_trivial"
    assert "champion is worse still" in told.sentence
    assert "+16.6 points" in told.sentence
    assert "roll back" in told.sentence
    for otherwise in (MIDDLE, Compared(-0.1, -0.05), Incomparable("a column is missing")):
        assert "worse still" not in judged(guess, compared=otherwise).sentence


def test_changed_rules_speak_of_the_metric_they_name():
    better = replace(GOOD, metric="log_loss", in_service=True, trivial={"log_loss": 0.7},
                     intervals={"log_loss": Interval(value=0.2, low=0.1, high=0.3)})  # fmt: skip
    assert "Log loss 0.200" in judged(better).sentence
    misses = judged(better, Release(gates={"accuracy": 0.96})).sentence
    assert "at least 96.0 %" in misses
    assert "stays there" in misses


def test_an_earlier_verdict_is_repeated_without_a_second_look():
    def second_look():
        raise AssertionError("the rows were looked at again")

    verdict = decide(replace(GOOD, earlier=EARLIER), Release(), second_look)
    assert EARLIER.sentence in verdict.sentence


numbers = st.floats(-1, 1)
metrics = st.dictionaries(st.sampled_from(["accuracy", "log_loss", "roc_auc"]), st.floats(0, 1))
intervals = st.builds(lambda a, b, c: Interval(low=a, value=b, high=c), numbers, numbers, numbers)
facts = st.builds(
    Evidence,
    metric=st.sampled_from(["accuracy", "log_loss"]),
    proofs=st.just(("roc_auc",)),
    guess=st.text(),
    passed=st.booleans(),
    failure=st.text(),
    metrics=metrics,
    intervals=st.dictionaries(st.sampled_from(["accuracy", "log_loss", "roc_auc"]), intervals),
    trivial=metrics,
    classical=metrics,
    champion=st.booleans(),
    in_service=st.booleans(),
    earlier=st.none() | st.just(EARLIER),
    barred=st.booleans(),
    decision=st.builds(Decision, kind=st.sampled_from(KINDS), reason=st.sampled_from(["", "because"])),
)
rules = st.builds(
    Release,
    metric=st.sampled_from(["accuracy", "log_loss"]),
    gates=metrics,
    margin=st.floats(0, 0.2),
    beat_classical=st.booleans(),
)
RANK = {"worse": 0, "inconclusive": 1, "equal": 2, "better": 3}


@given(facts, rules, numbers, numbers)
def test_a_verdict_is_always_reached_and_safe(facts, rules, a, b):
    verdict = judged(facts, rules, Compared(min(a, b), max(a, b)))
    assert verdict.sentence.endswith(".")
    assert verdict == judged(facts, rules, Compared(min(a, b), max(a, b)))
    if verdict.enters_service:
        assert facts.passed
        assert not facts.in_service
        assert facts.decision.overrules or not facts.barred
        assert not facts.decision.stays
        assert (verdict.outcome == "FIRST") == (not facts.champion)


@given(numbers, numbers, numbers, st.floats(0, 0.2))
def test_a_larger_lower_bound_never_worsens_the_verdict(a, b, c, margin):
    low, higher, high = sorted((a, b, c))
    before, after = (judged(rules=Release(margin=margin), compared=Compared(x, high)) for x in (low, higher))
    assert RANK[before.reason] <= RANK[after.reason]


def test_the_first_verdict_names_the_figure_that_let_a_model_in_and_what_it_never_says() -> None:
    ends = {"accuracy": LOWER, "roc_auc": Interval(value=0.98, low=0.9, high=0.99)}
    facts = replace(GOOD, champion=False, intervals=ends, remarks=('It never says "fraud", though 3 test rows are.',))
    assert judged(facts).sentence.endswith(
        "the trivial baseline 60.0 %. Let in for its ROC-AUC, 0.980 (0.900 to 0.990) against 0.500. "
        'It never says "fraud", though 3 test rows are.'
    )
    assert "Let in for" not in judged(replace(GOOD, champion=False)).sentence


def test_a_sentence_ends_with_its_full_stop_however_long_a_word_it_quotes() -> None:
    verdict = judged(replace(GOOD, passed=False, failure="0" * 500))
    assert verdict.sentence.endswith("0….")
