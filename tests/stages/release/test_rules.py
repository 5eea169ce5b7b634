"""What is judged anew and what is not: equal answers are one model, changed rules or test rows another question."""

from __future__ import annotations

import pytest

from keepfit.serving.bundle.seal import answers_of, seal
from keepfit.serving.rollback import rollback
from keepfit.store.files import write_json
from tests import bundled
from tests.stages.release.releasing import reason


def told_again(pipeline, made, name):
    """The same model exported anew after a change that touches no answer: another slice, another sentence."""
    folder = pipeline.store / f"stages/export/{name}/bundle"
    folder.parent.mkdir(parents=True)
    (pipeline.store / made.folder).rename(folder)
    (folder / "manifest.json").unlink()
    write_json(folder / "metrics.json", {"slices": [name]})
    id = seal(folder)
    assert (id != made.id, answers_of(folder) == made.answers) == (True, True)
    return made.model_copy(update={"id": id, "path": f"stages/export/{name}"})


def test_a_model_that_answers_as_the_champion_does_is_the_champion(pipeline):
    first = pipeline.release(pipeline.bundle("good"))
    again = told_again(pipeline, pipeline.bundle("twin"), "described")
    held = pipeline.release(again)
    assert reason(held) == "HOLD nothing_new"
    assert first.verdict.sentence in held.verdict.sentence
    assert pipeline.decisions == ["first"]


def test_a_rolled_back_model_does_not_come_back_under_another_id(pipeline):
    pipeline.release(pipeline.bundle("fair", bundled.FAIR))
    pipeline.release(pipeline.bundle("good"))
    rollback(pipeline.config, "complaints")
    again = told_again(pipeline, pipeline.bundle("twin"), "described")
    assert reason(pipeline.release(again)) == "REJECT barred"


RULES = {
    "a gate it misses": ("gates: {accuracy: 0.999}", "REJECT gate_failed", "stays there"),
    "a gate it meets": ("gates: {accuracy: 0.6}", "HOLD in_service", "meets the rules as they are now"),
    "a margin": ("margin: 0.02", "HOLD in_service", "meets the rules"),
}


@pytest.mark.parametrize("rules", RULES)
def test_changed_rules_judge_the_model_in_service_once(pipeline, rules):
    good = pipeline.bundle("good")
    pipeline.release(good)
    extra, expected, words = RULES[rules]
    pipeline.write(f"release: {{{extra}}}\n")
    judged = pipeline.release(good)
    assert reason(judged) == expected
    assert words in judged.verdict.sentence
    assert pipeline.serving == good.id, "a verdict takes nothing out of service"
    again = pipeline.release(good)
    assert reason(again) == "HOLD nothing_new"
    assert judged.verdict.sentence in again.verdict.sentence
    assert len(pipeline.journal) == 2


def test_other_test_rows_are_another_question(pipeline):
    good = pipeline.bundle("good")
    pipeline.release(good)
    pipeline.prepared = pipeline.prepared.model_copy(update={"judged": "other rows"})
    assert reason(pipeline.release(good)) == "HOLD in_service"
    assert reason(pipeline.release(good)) == "HOLD nothing_new"


def test_a_rule_left_at_its_default_is_no_change(pipeline):
    good = pipeline.bundle("good")
    pipeline.release(good)
    pipeline.write("release: {margin: 0.01, level: 0.05}\n")
    assert reason(pipeline.release(good)) == "HOLD nothing_new"
