"""What a prune leaves: all that is needed, nothing besides, and the same whenever it is killed."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
from pathlib import Path

import pytest

from keepfit import config
from keepfit.cli.housekeeping import prune as command
from keepfit.errors import ConfigError, MachineError
from keepfit.serving.prune import prune, pruning
from keepfit.serving.registry import open_registry
from keepfit.serving.retention import names
from keepfit.serving.rollback import rollback
from keepfit.serving.settled import whole
from keepfit.serving.verify import verify
from keepfit.store import records
from keepfit.store.artifacts import Artifact
from keepfit.store.locks import part_lock, run_lock
from keepfit.store.records import Settled
from keepfit.store.run import start
from keepfit.store.store import CHECKPOINT, Store
from keepfit.store.trash import size_of
from tests.refusing import go, kept
from tests.serving.nights import STAGES, Nights
from tests.stages.release.releasing import reason
from tests.stages.release.test_rollback import aliases, four, four_in_service  # noqa: F401


def sound(nights: Nights) -> None:
    """What must hold after any prune."""
    state, store = nights.state, nights.store
    assert pruning(nights.config).items == ()
    assert list(store.damaged()) == []
    for champion in state.reachable.values():
        whole(store, champion)
    assert verify(nights.config).sentences == ()
    for record in (nights.records[0], *(one for one in nights.records if one.waiting)):
        for stage, note in record.stages.items():
            assert store.find(stage, note.key, Artifact)[0] is not None, (record.run, stage)


def test_what_the_next_training_begins_with_stays(tmp_path: Path) -> None:
    nights = Nights(tmp_path, "runs: 9, outputs: 1, models: 2")
    first = nights.run(verdict="PROMOTE")
    for _ in range(3):
        nights.run(verdict="PROMOTE")
    last, path = nights.records[0], f"stages/export/{first.stages['export'].key}"
    began = last.model_copy(update={"start": Settled(rows="r", bundle=first.bundle or "", path=f"{path}/bundle")})
    records.write(nights.store / f"runs/{last.run}/{records.FILE}", began)
    prune(nights.config)
    assert (nights.store / path / "bundle/model.onnx").is_file()
    nights.run()
    prune(nights.config)
    assert not (nights.store / path).exists()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happened_all_that_is_needed_stays(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    runs, outputs, models = chance.randint(1, 8), chance.randint(1, 3), chance.randint(2, 4)
    nights = Nights(tmp_path, f"runs: {runs}, outputs: {outputs}, models: {models}", seed)
    for _ in range(25):
        nights.anything()
        if chance.random() < 0.3:
            before = nights.state
            told = prune(nights.config)
            sound(nights)
            assert nights.state.champion == before.champion
            assert (nights.state.previous is None) == (before.previous is None or before.previous == before.champion)
            assert len(nights.state.reachable) <= models
            assert told.done


def test_the_store_stays_small_over_sixty_nights(tmp_path: Path) -> None:
    nights = Nights(tmp_path, "runs: 10, outputs: 2, models: 3")
    sizes = []
    for night in range(60):
        nights.run(verdict="PROMOTE" if night % 3 == 0 else "HOLD")
        if night % 5 == 4:
            prune(nights.config)
            sizes.append(size_of(nights.store.root) - (nights.store / "journal.jsonl").stat().st_size)
    sound(nights)
    assert max(sizes[3:]) - min(sizes[3:]) < 0.05 * max(sizes)
    stages = nights.store / "stages"
    assert {stage: len(names(stages / stage)) for stage in STAGES if stage != "export"} == dict.fromkeys(STAGES[:-1], 2)
    assert len(names(stages / "export")) <= 2 + 3
    assert len(names(nights.store / "runs")) <= 10 + 3


def test_nothing_is_changed_until_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nights = Nights(tmp_path, "runs: 1, outputs: 1, models: 2")
    for _ in range(4):
        nights.run(verdict="PROMOTE")
    before, runs = kept(tmp_path), names(nights.store / "runs")
    capsys.readouterr()
    command(nights.file)
    said = capsys.readouterr().out
    assert (kept(tmp_path), names(nights.store / "runs")) == (before, runs)
    assert "2 runs, " in said
    assert f"    {runs[0]}  " in said
    assert f"bundle {nights.state.served[0].bundle}, bundle {nights.state.served[1].bundle}" in said
    assert f"Nothing was changed. To do it:  keepfit prune {nights.file} --yes" in said
    command(nights.file, json=True)
    would = json.loads(capsys.readouterr().out)
    command(nights.file, yes=True, json=True)
    done = json.loads(capsys.readouterr().out)
    assert (would.pop("done"), done.pop("done")) == (False, True)
    assert {**would, "stays": 0} == {**done, "stays": 0}
    assert not any((nights.store / item["path"]).exists() for item in done["items"])
    command(nights.file)
    assert "Nothing to take away: the store holds " in capsys.readouterr().out


def test_a_retired_model_cannot_be_named_and_says_what_can(tmp_path: Path) -> None:
    nights = Nights(tmp_path, "models: 2, outputs: 1")
    for _ in range(3):
        nights.run(verdict="PROMOTE")
    first = nights.state.served[0].bundle
    assert prune(nights.config).retired == (first,)
    with pytest.raises(ConfigError, match="no model of tumours") as caught:
        rollback(nights.config, "x", first)
    assert nights.state.served[0].bundle in str(caught.value)


def test_a_run_under_way_keeps_everything(tmp_path: Path) -> None:
    nights = Nights(tmp_path, "runs: 1, outputs: 1")
    nights.run()
    nights.run()
    with run_lock(nights.store.root), pytest.raises(MachineError, match="another run of this pipeline is under way"):
        prune(nights.config)
    assert len(names(nights.store / "runs")) == 2
    assert not (nights.store / "trash").exists()


def test_of_unfinished_outputs_the_newest_and_those_being_written_stay(tmp_path: Path) -> None:
    nights = Nights(tmp_path)
    nights.run()
    parts = [nights.store.begin("train", f"{n}" * 24, resume=False) for n in range(4)]
    for n, part in enumerate(parts):
        (part / "beside").mkdir()
        (part / CHECKPOINT).write_bytes(b"weights")
        os.utime(part / CHECKPOINT, (n, n))
    with part_lock(parts[0]):
        prune(nights.config)
    assert [part.exists() for part in parts] == [True, False, False, True]


def test_a_persons_folder_and_a_damaged_record_are_no_error(tmp_path: Path) -> None:
    nights = Nights(tmp_path, "runs: 2, outputs: 1")
    for _ in range(3):
        nights.run()
    (nights.store / "runs/my notes").mkdir()
    (nights.store / "runs" / names(nights.store / "runs")[0] / "record.json").write_text("{torn")
    prune(nights.config)
    assert names(nights.store / "runs")[-1] == "my notes"
    assert len(names(nights.store / "runs")) == 3
    sound(nights)


def killed_at(nights: Nights, count: int) -> bool:
    """Whether a prune was killed, in a process of its own, right before it renamed or deleted something that often."""
    child = os.fork()
    if child == 0:
        left = [count]

        def hear(event: str, _: object) -> None:
            if event in ("os.rename", "os.remove", "os.rmdir"):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hear)
        prune(nights.config)
        os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def test_killed_anywhere_the_next_one_ends_where_an_undisturbed_one_does(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    nights = Nights(tmp_path / "a", "runs: 2, outputs: 1, models: 2")
    for _ in range(3):
        nights.run(verdict="PROMOTE")
    nights.run(until="train")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    whole_one = Nights(tmp_path / "b", "runs: 2, outputs: 1, models: 2")
    prune(whole_one.config)
    expected = kept(tmp_path / "b").keys(), names(whole_one.store / "runs")
    for count in range(0, 300, 5):
        shutil.rmtree(tmp_path / "c", ignore_errors=True)
        shutil.copytree(tmp_path / "a", tmp_path / "c")
        victim = Nights(tmp_path / "c", "runs: 2, outputs: 1, models: 2")
        victim.count = nights.count
        was_killed = killed_at(victim, count)
        for champion in victim.state.reachable.values():
            whole(victim.store, champion)
        assert list(victim.store.damaged()) == []
        prune(victim.config)
        sound(victim)
        assert (kept(tmp_path / "c").keys(), names(victim.store / "runs")) == expected
        if not was_killed:
            return
    pytest.fail("it was never left alone")


def test_the_next_run_with_nothing_new_reuses_all_and_tells_nothing_twice(table: Path) -> None:
    with table.open("a") as file:
        file.write("retention: {runs: 1, outputs: 1, models: 2}\n")
    assert go(table) == 0
    prune(config.load(table))
    assert go(table) == 0
    newest = next(iter(Store(table.parent / ".keepfit").records))
    assert newest.verdict.reason == "nothing_new"
    assert [stage for stage, note in newest.stages.items() if not note.reused] == ["release"]


def test_a_verdict_whose_run_is_gone_is_not_told_again(pipeline) -> None:
    pipeline.write("retention: {runs: 1}\n")
    good, alike = pipeline.bundle("good"), pipeline.bundle("alike", strength=0.9)
    pipeline.release(good)
    assert reason(pipeline.release(alike)) == "HOLD equal"
    start(pipeline.config)
    held = pipeline.journal[-1]["run"]
    prune(pipeline.config)
    assert not (pipeline.store / f"runs/{held}").exists()
    assert reason(pipeline.release(alike)) == "HOLD nothing_new"
    assert reason(pipeline.release(good)) == "HOLD nothing_new"
    assert pipeline.decisions == ["first", "equal"]


def test_the_registry_keeps_what_a_rollback_or_an_alias_needs(four) -> None:  # noqa: F811
    pipeline, made = four
    pipeline.write("retention: {models: 2, outputs: 1}\n")
    registry = open_registry(pipeline.store, pipeline.config)
    registry.client.set_registered_model_alias(registry.name, "audited", "1")
    for name in ("m0", "m1"):
        shutil.rmtree(pipeline.store / f"stages/export/{name}")
    told = prune(pipeline.config)
    assert told.retired == (made[0].id, made[1].id)
    assert [item.name for item in told.items if item.kind == "model"] == [f"version 2, bundle {made[1].id}"]
    assert [registry.version_of(one.id) for one in made] == ["1", None, "3", "4"]
    assert len(names(pipeline.store / "registry/models")) == 3
    assert verify(pipeline.config).sentences == ()
    rollback(pipeline.config, "still there")
    assert pipeline.serving == made[2].id
    assert registry.add(pipeline.bundle("new", strength=0.3).id, pipeline.store / "stages/export/new/bundle") == "5"
    assert aliases(pipeline)[0] == {"champion": "3", "audited": "1"}


def test_a_teams_registry_is_left_alone(tmp_path: Path) -> None:
    nights = Nights(tmp_path, "models: 2, outputs: 1")
    nights.run(verdict="PROMOTE")
    (nights.store / "registry/models/m-of-earlier").mkdir(parents=True)
    nights.file.write_text(nights.file.read_text() + "release: {registry: 'http://127.0.0.1:9'}\n")
    assert prune(config.load(nights.file)).items == ()
