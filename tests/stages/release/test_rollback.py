"""Back to a model that is named: what comes into service, what stays out, and what a kill leaves."""

from __future__ import annotations

import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.cli.housekeeping import rollback as command
from keepfit.errors import ConfigError, MachineError
from keepfit.serving import journal
from keepfit.serving.rollback import rollback
from keepfit.serving.verify import verify
from tests.stages.release.releasing import Pipeline, aliases, reason


@pytest.fixture(scope="module")
def four_in_service(tmp_path_factory, empty_registry):
    """A pipeline where four models came into service one after the other, and their bundles."""
    pipeline = Pipeline(tmp_path_factory.mktemp("four"))
    (pipeline.store / "registry.db").write_bytes(empty_registry)
    made = [pipeline.bundle(f"m{n}", strength=1 - n / 10) for n in range(4)]
    for one in made:
        pipeline.release(one, force="to have four")
    return pipeline, made


@pytest.fixture
def four(four_in_service, tmp_path):
    """Registry, journal and bundles of a test's own; MLflow keeps absolute paths, which still lead to whole copies."""
    pipeline, made = four_in_service
    shutil.copytree(pipeline.file.parent, tmp_path, dirs_exist_ok=True)
    copy = Pipeline.__new__(Pipeline)
    copy.file, copy.store, copy.prepared = tmp_path / "pipeline.yaml", type(pipeline.store)(tmp_path / ".keepfit"), None
    copy.prepared = pipeline.prepared
    return copy, made


@pytest.mark.parametrize("name", ["version", "bundle"])
def test_a_model_is_named_by_its_version_or_its_bundle(four, name):
    pipeline, made = four
    done = rollback(pipeline.config, "all since are bad", "2" if name == "version" else made[1].id[:8])
    assert (done.barred, done.champion.bundle, done.champion.version) == (made[3].id, made[1].id, "2")
    assert pipeline.serving == made[1].id
    assert aliases(pipeline)[0] == {"champion": "2", "previous-champion": "1"}
    assert verify(pipeline.config).sentences == ()


def test_those_gone_past_are_not_barred_and_come_back_by_name_only(four):
    pipeline, made = four
    rollback(pipeline.config, "all since are bad", "2")
    rollback(pipeline.config, "the third was good", "3")
    assert pipeline.serving == made[2].id
    assert aliases(pipeline)[0] == {"champion": "3", "previous-champion": "1"}
    rollback(pipeline.config, "back one more")
    assert pipeline.serving == made[0].id
    assert reason(pipeline.release(made[1])) == "REJECT barred"


def test_asked_for_twice_it_goes_back_once(four):
    pipeline, made = four
    before = (pipeline.store / "champion.json").read_bytes()
    rollback(pipeline.config, "once", "2")
    (pipeline.store / "champion.json").write_bytes(before)  # as a kill before the last write leaves it
    assert rollback(pipeline.config, "once", "2").barred == made[3].id
    assert str(rollback(pipeline.config, "once", "2")).startswith("Nothing to do: version 2 ")
    assert pipeline.decisions.count("rollback") == 1


def test_another_than_a_killed_one_went_to_is_reached_too(four):
    pipeline, made = four
    before = (pipeline.store / "champion.json").read_bytes()
    rollback(pipeline.config, "killed", "3")
    (pipeline.store / "champion.json").write_bytes(before)
    rollback(pipeline.config, "no, the first", "1")
    assert pipeline.serving == made[0].id
    assert aliases(pipeline)[0] == {"champion": "1"}


@pytest.mark.parametrize("to", ["9", "", "zzz"])
def test_what_cannot_be_had_is_refused_with_what_can(four, to):
    pipeline, made = four
    rollback(pipeline.config, "the fourth is bad")
    lines = pipeline.journal
    to = to or made[3].id
    with pytest.raises(ConfigError, match="no model of tumours") as caught:
        rollback(pipeline.config, "x", to)
    assert f"version 1 (bundle {made[0].id})" in str(caught.value)
    assert made[3].id not in str(caught.value).partition("There are")[2]
    assert pipeline.journal == lines


def test_damage_is_found_before_anything_is_written(four):
    pipeline, made = four
    (pipeline.store / made[1].folder / "model.onnx").write_bytes(b"torn")
    lines = pipeline.journal
    with pytest.raises(MachineError, match="changed"):
        rollback(pipeline.config, "x", "2")
    assert (pipeline.journal, pipeline.serving) == (lines, made[3].id)


def test_a_program_reads_what_was_done(four, capsys):
    pipeline, made = four
    capsys.readouterr()
    command(pipeline.file, to="1", json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["barred"], told["champion"]["bundle"]) == (made[3].id, made[0].id)


LINE = {"time": "t", "run": "", "path": "p", "champion": None, "version": "1", "rules": ""}
ACTS = st.lists(st.tuples(st.sampled_from(["release", "rollback", "named"]), st.integers(0, 5)), max_size=12)


@given(ACTS)
def test_whatever_was_done_the_named_model_serves_and_no_barred_one_does(acts):
    state = journal.State()
    for n, (act, which) in enumerate(acts):
        name = f"b{which}"
        if act == "release":
            made = journal.Line(id=str(n), action="release", bundle=name, outcome="PROMOTE", **LINE)
            state = journal.after(state, made)
            assert state.champion.bundle == name
            continue
        out = state.champion
        to = name if act == "named" else ""
        if out is None or to == out.bundle or (to and to not in state.reachable):
            continue
        before = state
        state = journal.after(state, journal.Line(id=str(n), action="rollback", bundle=out.bundle, to=to, **LINE))
        assert out.bundle in state.barred
        assert set(state.reachable) == set(before.reachable) - {out.bundle}
        assert not to or state.champion.bundle == to
        assert not state.barred & set(state.reachable)
        assert not {c.bundle for c in state.passed} & {c.bundle for c in state.served}
