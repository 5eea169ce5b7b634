"""A person's word on a release: given before the run, or asked in the middle of it."""

from __future__ import annotations

import json

import pytest

from keepfit.stages.release import proposed
from keepfit.stages.release.decision import Decision
from keepfit.store.run import start
from tests import bundled
from tests.stages.release.releasing import reason


def test_what_is_held_back_is_judged_anew_by_the_next_run(pipeline):
    good = pipeline.bundle("good")
    held = pipeline.release(good, decision=Decision(kind="hold", reason="a freeze until Monday"))
    assert reason(held) == "HOLD held"
    assert "because: a freeze until Monday. The verdict was: The first model" in held.verdict.sentence
    assert held.champion is None
    assert reason(pipeline.release(good)) == "FIRST first"
    assert pipeline.serving == good.id


def test_no_answer_holds_and_the_next_run_asks_again(pipeline):
    good = pipeline.bundle("good")
    assert reason(pipeline.release(good, decision=Decision(kind="unanswered"))) == "HOLD unanswered"
    assert ask(pipeline, good).outcome == "FIRST"
    assert reason(pipeline.release(good, decision=Decision(kind="approve", who="Ann"))) == "FIRST first"


def test_declined_stays_out_with_nothing_new_until_a_person_forces_it(pipeline):
    fair, good = pipeline.bundle("fair", bundled.FAIR), pipeline.bundle("good")
    pipeline.release(fair)
    declined = pipeline.release(good, decision=Decision(kind="decline", reason="not before the audit", who="Ann"))
    assert declined.verdict.sentence.startswith(
        "Declined by Ann, because: not before the audit. The verdict was: Better"
    )
    assert ask(pipeline, good) is None
    assert reason(pipeline.release(good)) == "HOLD nothing_new"
    assert pipeline.serving == fair.id
    assert reason(pipeline.release(good, force="the audit is over")) == "PROMOTE forced"
    assert [(line["who"], line["why"]) for line in pipeline.journal] == [
        ("", ""), ("Ann", "not before the audit"), ("", "the audit is over"),
    ]  # fmt: skip


def test_an_approved_model_keeps_the_reason_of_its_verdict(pipeline):
    pipeline.release(pipeline.bundle("fair", bundled.FAIR))
    released = pipeline.release(pipeline.bundle("good"), decision=Decision(kind="approve", reason="fine", who="Ann"))
    assert reason(released) == "PROMOTE better"
    assert released.verdict.sentence.endswith("Approved by Ann, because: fine.")


def test_a_person_may_approve_what_is_only_level(pipeline):
    pipeline.release(pipeline.bundle("good"))
    alike = pipeline.bundle("alike", strength=0.9)
    assert reason(pipeline.release(alike, decision=Decision(kind="approve", reason="simpler", who="Ann"))) == (
        "PROMOTE forced"
    )
    assert pipeline.serving == alike.id


@pytest.mark.parametrize("champion", [True, False])
def test_a_question_changes_nothing(pipeline, champion):
    if champion:
        pipeline.release(pipeline.bundle("fair", bundled.FAIR))
    before = list(pipeline.journal) if champion else []
    assert ask(pipeline, pipeline.bundle("good")).enters_service
    journal = pipeline.store / "journal.jsonl"
    lines = journal.read_text().splitlines() if journal.exists() else []
    assert [json.loads(line) for line in lines] == before


def ask(pipeline, bundle):
    return proposed(start(pipeline.config), bundle, bundled.evaluated(pipeline.store, bundle), pipeline.prepared)
