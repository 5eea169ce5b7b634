"""Releases of real models on real rows: what goes into service, what stays out, and what a kill leaves."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from keepfit.errors import ConfigError, MachineError
from keepfit.serving import journal
from keepfit.serving.rollback import rollback
from keepfit.stages.release import release
from keepfit.stages.release.steps import STEPS
from keepfit.store.run import start
from tests import bundled
from tests.stages.release.releasing import Pipeline, aliases, reason


def test_better_is_promoted_worse_rejected_equal_held_and_rolled_back_stays_out(pipeline):
    fair, good = pipeline.bundle("fair", bundled.FAIR), pipeline.bundle("good")
    alike = pipeline.bundle("alike", strength=0.9)

    first = pipeline.release(fair)
    assert reason(first) == "FIRST first"
    assert pipeline.serving == fair.id == first.champion

    better = pipeline.release(good)
    assert reason(better) == "PROMOTE better"
    assert pipeline.serving == good.id
    assert better.model == str(pipeline.store / good.folder)
    assert aliases(pipeline) == ({"champion": "2", "previous-champion": "1"}, 2)

    assert reason(pipeline.release(fair)) == "REJECT worse"
    assert reason(pipeline.release(alike)) == "HOLD equal"
    assert pipeline.serving == good.id

    back = rollback(pipeline.config, "complaints from the ward")
    assert good.id in str(back)
    assert pipeline.serving == fair.id
    assert aliases(pipeline)[0] == {"champion": "1"}

    assert reason(pipeline.release(good)) == "REJECT barred"
    assert reason(pipeline.release(good)) == "HOLD nothing_new"
    assert pipeline.serving == fair.id

    forced = pipeline.release(good, force="the complaints were about something else")
    assert reason(forced) == "PROMOTE forced"
    assert forced.version == "2"
    assert pipeline.serving == good.id
    assert pipeline.decisions == ["first", "better", "worse", "equal", "rollback", "barred", "forced"]


def test_with_nothing_to_go_back_to_a_rollback_says_so(pipeline):
    with pytest.raises(ConfigError, match="no model is in service"):
        rollback(pipeline.config, "why not")
    pipeline.release(pipeline.bundle("good"))
    with pytest.raises(ConfigError, match="no earlier model"):
        rollback(pipeline.config, "why not")
    assert pipeline.decisions == ["first"]


def test_nothing_new_repeats_the_verdict_and_leaves_no_line(pipeline):
    good = pipeline.bundle("good")
    first = pipeline.release(good)
    again = pipeline.release(good)
    assert reason(again) == "HOLD nothing_new"
    assert first.verdict.sentence in again.verdict.sentence
    assert again.version == first.version
    assert pipeline.decisions == ["first"]


def test_nothing_new_imports_nothing_heavy(pipeline):
    good = pipeline.bundle("good")
    pipeline.release(good)
    facts = bundled.evaluated(pipeline.store, good).model_dump_json()
    script = f"""
import sys
from keepfit import config
from keepfit.store.artifacts import Bundle, Evaluated, Prepared
from keepfit.stages.release import release
from keepfit.store.run import start
released = release(
    start(config.load({str(pipeline.file)!r})),
    Bundle.model_validate_json({good.model_dump_json()!r}),
    Evaluated.model_validate_json({facts!r}),
    Prepared.model_validate_json({pipeline.prepared.model_dump_json()!r}),
)
assert released.verdict.reason == "nothing_new"
print([m for m in ("mlflow", "torch", "onnxruntime", "pandas", "matplotlib", "scipy", "sklearn") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_new_rules_are_a_new_judgement(pipeline):
    fair = pipeline.bundle("fair", bundled.FAIR)
    pipeline.write("release: {gates: {accuracy: 0.9}}")
    assert reason(pipeline.release(fair)) == "REJECT gate_failed"
    assert reason(pipeline.release(fair)) == "HOLD nothing_new"
    assert not (pipeline.store / "champion.json").exists()
    pipeline.write("release: {gates: {accuracy: 0.6}}")
    assert reason(pipeline.release(fair)) == "FIRST first"


def test_a_bundle_that_failed_its_checks_never_serves(pipeline):
    failed = pipeline.bundle("good").model_copy(update={"passed": False, "failure": "parity: off by 0.2"})
    assert "parity: off by 0.2" in pipeline.release(failed, force="I want it").verdict.sentence
    assert pipeline.decisions == ["check_failed"]


@pytest.mark.parametrize(
    ("columns", "settings", "why"),
    [
        (("mean_texture", "gone"), {}, '"gone"|gone'),
        (bundled.FAIR, {"classes": ("benign", "other")}, "classes changed"),
    ],
)
def test_a_champion_of_another_schema_is_held_until_a_person_forces(pipeline, columns, settings, why):
    old = pipeline.bundle("old", bundled.FAIR, **settings)
    if "gone" in columns:
        _rename_input(pipeline.store / old.folder, "mean_smoothness", "gone")
        old = old.model_copy(update={"id": bundled.seal(pipeline.store / old.folder)})
    judged = bundled.evaluated(pipeline.store, pipeline.bundle("fair", bundled.FAIR))
    release(start(pipeline.config), old, judged, pipeline.prepared)
    held = pipeline.release(pipeline.bundle("good"))
    assert reason(held) == "HOLD not_comparable"
    assert any(word in held.verdict.sentence for word in why.split("|"))
    assert pipeline.serving == old.id


def _rename_input(folder, before, after):
    (folder / "manifest.json").unlink()
    schema = json.loads((folder / "schema.json").read_text(encoding="utf-8"))
    for column in schema["inputs"]:
        column["name"] = after if column["name"] == before else column["name"]
    (folder / "schema.json").write_text(json.dumps(schema), encoding="utf-8")


def test_rows_the_champion_learned_from_do_not_count(pipeline):
    from keepfit.stages.release.compare import seen_rows

    fair = pipeline.bundle("fair", bundled.FAIR)
    seen = seen_rows(bundled.rows()["keepfit_row"], pipeline.store / fair.folder)
    assert seen.tolist() == [True] * bundled.TRAIN + [False] * 250


def test_a_lost_pointer_is_written_again_and_a_damaged_journal_is_named(pipeline):
    good = pipeline.bundle("good")
    pipeline.release(good)
    for content in (None, "{"):
        pointer = pipeline.store / "champion.json"
        pointer.unlink() if content is None else pointer.write_text(content, encoding="utf-8")
        pipeline.release(good)
        assert pipeline.serving == good.id
    path = pipeline.store / "journal.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"torn')
    assert len(journal.read(pipeline.store).lines) == 1
    path.write_bytes(b"{}\n" + whole)
    with pytest.raises(MachineError, match=r"journal\.jsonl, line 1.*damaged"):
        journal.read(pipeline.store)


def killed_at(file, bundle_json, step):
    """A process that releases, and kills itself the hard way when `step` is about to begin."""
    from keepfit.store.artifacts import Bundle

    def listener(event):
        if event.message == step:
            os.kill(os.getpid(), signal.SIGKILL)

    pipeline = Pipeline(file.parent)
    pipeline.release(Bundle.model_validate_json(bundle_json), listener=listener)


@pytest.fixture(scope="module")
def processes():
    """Children forked off a clean server that has imported MLflow once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["keepfit.serving.registry", "mlflow", "tests.bundled"])
    return context


@pytest.mark.parametrize("step", [f"{n} {step.__name__}" for n, step in enumerate(STEPS)][1:])
def test_killed_between_any_two_steps_it_ends_in_the_same_place(pipeline, processes, step):
    good = pipeline.bundle("good")
    child = processes.Process(target=killed_at, args=(pipeline.file, good.model_dump_json(), step))
    child.start()
    child.join(120)
    assert child.exitcode == -signal.SIGKILL

    assert reason(pipeline.release(good)) == "FIRST first"
    assert reason(pipeline.release(good)) == "HOLD nothing_new"
    assert pipeline.decisions == ["first"]
    assert pipeline.serving == good.id
    assert aliases(pipeline) == ({"champion": "1"}, 1)


def test_a_killed_rollback_goes_back_once(pipeline):
    names = [pipeline.bundle("fair", bundled.FAIR), pipeline.bundle("good"), pipeline.bundle("alike", strength=0.9)]
    for made in names:
        pipeline.release(made, force="to have three")
    before = (pipeline.store / "champion.json").read_bytes()
    rollback(pipeline.config, "once")
    (pipeline.store / "champion.json").write_bytes(before)  # as a kill before the last write leaves it
    again = rollback(pipeline.config, "once")
    assert again.barred == names[2].id
    assert pipeline.serving == names[1].id
    assert pipeline.decisions.count("rollback") == 1
