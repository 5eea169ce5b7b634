"""What `keepfit history` tells, on a store where real models were judged, forced, approved and rolled back."""

from __future__ import annotations

import json
import shutil

import pytest

from keepfit import config
from keepfit.cli.housekeeping import history
from keepfit.serving import champion
from keepfit.serving.history import History, history_of
from keepfit.serving.rollback import rollback
from keepfit.stages.release.decision import Decision
from keepfit.store import files
from keepfit.store.run import start
from tests import bundled
from tests.stages.release.releasing import Pipeline, empty_registry  # noqa: F401


@pytest.fixture(scope="module")
def lived(tmp_path_factory, empty_registry):  # noqa: F811
    """A pipeline with a past; what was in service after each act."""
    pipeline = Pipeline(tmp_path_factory.mktemp("lived"))
    (pipeline.store / "registry.db").write_bytes(empty_registry)
    fair, good = pipeline.bundle("fair", bundled.FAIR), pipeline.bundle("good")
    acts = (
        lambda: pipeline.release(fair),
        lambda: pipeline.release(good, decision=Decision(kind="approve", reason="it is fine", who="Ann")),
        lambda: rollback(pipeline.config, "complaints from the ward"),
        lambda: pipeline.release(good),
        lambda: pipeline.release(good, decision=Decision(kind="force", reason="they were mistaken", who="Bob")),
    )
    served = []
    for act in acts:
        act()
        served.append(pipeline.serving)
    return pipeline, served


def test_the_terms_are_what_was_in_service_and_meet(lived):
    pipeline, served = lived
    told = history_of(pipeline.config)
    terms = told.terms[::-1]
    assert [term.bundle for term in terms] == [served[0], served[1], served[2], served[4]]
    assert [term.how for term in terms] == ["first", "better", "rolled back", "forced"]
    assert [term.version for term in terms] == ["1", "2", "1", "2"]
    assert [term.ended for term in terms] == [*(term.began for term in terms[1:]), None]
    assert told.terms[0].bundle == champion.current(pipeline.store).bundle


def test_every_decision_says_why_and_who(lived):
    pipeline, served = lived
    decisions = history_of(pipeline.config).decisions[::-1]
    assert [one.reason or one.action for one in decisions] == ["first", "better", "rollback", "barred", "forced"]
    assert [one.after for one in decisions] == served
    assert [one.before for one in decisions] == [None, *served[:-1]]
    assert [(one.who, one.why) for one in decisions[1:]] == [
        ("Ann", "it is fine"), ("", "complaints from the ward"), ("", ""), ("Bob", "they were mistaken"),
    ]  # fmt: skip
    assert decisions[2].sentence == "Version 2 was rolled back, because: complaints from the ward."
    assert all(one.sentence for one in decisions)


@pytest.fixture
def copy(lived, tmp_path):
    """The same past, to be changed."""
    return config.load(shutil.copytree(lived[0].file.parent, tmp_path / "copy") / "pipeline.yaml")


def test_scores_outlive_the_runs_records(lived, copy):
    before = history_of(lived[0].config)
    shutil.rmtree(copy.folder / ".keepfit/runs")
    assert history_of(copy) == before
    assert [score.value for score in before.scores] == [one.score for one in before.decisions if one.run]


def test_a_journal_without_scores_takes_them_from_the_records(lived, copy):
    journal = copy.folder / ".keepfit/journal.jsonl"
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    for line in lines:
        del line["metrics"]
    journal.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert history_of(copy).scores == history_of(lived[0].config).scores


def test_what_only_measured_the_model_in_service_is_a_score_too(copy):
    store, served = copy.folder / ".keepfit", history_of(copy).terms[0].bundle
    run = start(copy)
    run.add(metrics={copy.metric: 0.5}, champion=served, ended="2099-01-01T00:00:00+00:00")
    found = {"time": "2099-01-02T00:00:00", "bundle": served}
    files.write_json(store / "monitored/2.json", {**found, "live": {"metric": copy.metric, "value": 0.25}})
    files.write_json(store / "monitored/1.json", {**found, "live": None})
    files.write_bytes(store / "monitored/0.json", b"{torn")
    newest = history_of(copy).scores[:2]
    assert [(score.of, score.value, score.run, score.bundle) for score in newest] == [
        ("live", 0.25, "", served), ("test", 0.5, run.id, served),
    ]  # fmt: skip


def test_before_the_first_run_there_is_nothing_to_tell(tmp_path):
    told = history_of(Pipeline(tmp_path).config)
    assert (told.terms, told.decisions, told.scores) == ((), (), ())


def test_the_command_tells_every_term_with_its_reason(lived, capsys):
    file = lived[0].file
    capsys.readouterr()
    history(file)
    said = capsys.readouterr().out
    assert "version 1" in said
    assert "better: Better: " in said
    assert "Approved by Ann, because: it is fine." in said
    assert "rolled back: Version 2 was rolled back, because: complaints from the ward." in said
    assert "forced: Put in service by force by Bob, because: they were mistaken." in said
    assert "to now: version 2" in said
    history(file, json=True)
    told = History.model_validate_json(capsys.readouterr().out)
    assert told == history_of(lived[0].config)
