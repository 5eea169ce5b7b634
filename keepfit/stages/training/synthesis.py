"""A training without made rows, and one with them: the one whose validation rows are answered better is kept."""

from __future__ import annotations

import shutil

import numpy as np

from keepfit.config import Pipeline
from keepfit.config.sections import Synthesis
from keepfit.config.sets import MODELS, PROBLEMS
from keepfit.config.training import PLAIN, without_synthesis
from keepfit.data import feed
from keepfit.data.batch import Rows
from keepfit.data.transform import Transform
from keepfit.errors import ConfigError, nearest
from keepfit.features.lookup import read_transform
from keepfit.metrics.naming import figure, gain, metric_name
from keepfit.models.architecture import load
from keepfit.problems.lookup import judge_of
from keepfit.stages.training import held_out
from keepfit.stages.training.enriched import Enriched, of_class
from keepfit.stages.training.generator import FILE, Drawn, draw, problem
from keepfit.stages.training.session import session
from keepfit.store import files
from keepfit.store.artifacts import Learnable, Trained
from keepfit.store.stage import Room, inner, parts_of

NAME = "synthesis.json"
"""In the trained folder: whether the made rows are `used`, and `told`, which were made and what came of either."""
LEFT = shutil.ignore_patterns("manifest.json", held_out.NAME)
"""What of a training's folder is that training's own."""


def synthesis(room: Room, prepared: Learnable) -> Trained:
    """Everything that `keepfit.stages.training.train` promises, of the better training of the two."""
    transform = read_transform(room.store / prepared.path)
    rows = _rows(room, prepared, transform)
    more = _more(room.config, transform, rows)
    without = _trained(room, prepared, "without made rows", (0.0, 0.4))
    tried = _trained(room, _enriched(room, prepared, transform, rows, more), "with made rows", (0.6, 1.0))
    metric, words = room.config.metric, transform.target.words
    found = [_judged(room, prepared, transform, one)[metric] for one in (without, tried)]
    used = gain(metric, found[1], found[0]) > 0
    kept = tried if used else without
    shutil.copytree(room.store / kept.path, room.path, dirs_exist_ok=True, ignore=LEFT)
    told = _told(room.config, {words[code]: count for code, count in more.items()}, found, used=used)
    files.write_json(room.path / NAME, {"used": used, "told": told})
    room.note(told)
    return kept.model_copy(update={"path": "", "digest": ""})


def _told(config: Pipeline, more: dict[str, int], found: list[float], *, used: bool) -> str:
    made = " and ".join(f'{count:,} of "{name}"' for name, count in more.items())
    without, tried = (figure(config.metric, value) for value in found)
    how = f"validation {metric_name(config.metric)} {tried} with them, {without} without"
    return f"rows made by {_asked(config).family}, {made}, are {'learned from' if used else 'left out'}: {how}"


def _rows(room: Room, prepared: Learnable, transform: Transform) -> Rows:
    """Those to learn from. Raises ConfigError where they are more than memory holds."""
    part = feed.read(room.store / prepared.path / "train", transform)
    if len(part.groups) == 1:
        return part.load((0,))
    raise ConfigError(
        f"training.synthesis needs the train rows in memory, and they are {len(part):,}, which are read in parts.",
        todo="Take it out: of so many rows a rare class has enough, or weigh its rows by problem.weights.",
        where=str(room.config.file),
    )


def _more(config: Pipeline, transform: Transform, rows: Rows) -> dict[int, int]:
    """A class's code → how many rows more. Raises ConfigError for a class that no train row has."""
    asked, target = _asked(config), transform.target
    for name in asked.classes:
        if name not in target.words:
            raise ConfigError(
                f'training.synthesis.classes names "{name}", which no train row is of.',
                allowed=f"There are: {', '.join(target.words)}.",
                todo=nearest(name, [*target.words]),
                where=str(config.file),
            )
    codes = [target.words.index(name) for name in dict.fromkeys(asked.classes)]
    return {code: round((asked.factor - 1) * int((rows.labels == code).sum())) for code in codes}


def _trained(room: Room, cut: Learnable, about: str, span: tuple[float, float]) -> Trained:
    from keepfit.stages.training import train

    within = inner(room, without_made(room.config), about, span)
    return within.made("member", Trained, parts_of(train, within.run, cut), lambda one: session(one, cut))


def _enriched(room: Room, prepared: Learnable, transform: Transform, rows: Rows, more: dict[int, int]) -> Enriched:
    """What is learned from beside made rows; those that a network draws are drawn first."""
    asked, seed = _asked(room.config), room.config.training.seed
    drawn = {code: "" for code in more if asked.family not in PLAIN}
    for number, code in enumerate(drawn):
        span = 0.4 + 0.2 * number / len(more), 0.4 + 0.2 * (number + 1) / len(more)
        drawn[code] = _drawn(room, prepared, transform, of_class(rows, code), code, more[code], span)
    made = {"by": asked.family, "more": [*more.items()], "seed": seed, "drawn": [*drawn.values()]}
    return Enriched(
        path=prepared.path,
        digest=files.digest_of({"learned": prepared.digest, **made}),
        train=prepared.train + sum(more.values()),
        by=asked.family,
        more=more,
        seed=seed,
        drawn=drawn,
    )


def _drawn(
    room: Room,
    prepared: Learnable,
    transform: Transform,
    own: Rows,
    code: int,
    count: int,
    span: tuple[float, float],
) -> str:
    """The file of the rows that a network draws for a class."""
    from keepfit.stages.training import train

    family = _asked(room.config).family
    sections = {"model": MODELS.module(family).Settings(), "problem": PROBLEMS.module(problem()).Settings()}
    config = without_made(room.config).model_copy(update=sections)
    within = inner(room, config, f'rows of "{transform.target.words[code]}" by {family}', span)
    digest = files.digest_of({"learned": prepared.digest, "class": code, "rows": count})
    one = Learnable(path=prepared.path, digest=digest, train=len(own))
    parts = parts_of(train, within.run, one)
    made = within.made("rows", Drawn, parts, lambda inside: draw(inside, transform, family, own, count))
    return f"{made.path}/{FILE}"


def without_made(config: Pipeline) -> Pipeline:
    """The pipeline as it is where no rows are made."""
    return config.model_copy(update={"training": without_synthesis(config.training)})


def _asked(config: Pipeline) -> Synthesis:
    assert config.training.synthesis is not None
    return config.training.synthesis


def _judged(room: Room, prepared: Learnable, transform: Transform, trained: Trained) -> dict[str, float]:
    """Every metric of the validation rows."""
    model, target, config = load(room.store / trained.path), transform.target, room.config
    part = feed.read(room.store / prepared.path / "validation", transform)
    labels = np.concatenate([batch.labels.numpy() for batch in part.in_order(4096)])
    judge = judge_of(target.problem)
    return judge.judged(labels, model.answers(part), target, config.evaluation, config.problem).scores()
