"""New rows from the model in service, by ONNX Runtime alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from keepfit.config import Pipeline
from keepfit.data.noise import NOISE, drawn
from keepfit.errors import ConfigError, DataError, nearest
from keepfit.features.lookup import kind_of
from keepfit.problems.synthesis.answer import NewAnswer, made
from keepfit.quoting import shown, some
from keepfit.serving import model_of
from keepfit.serving.bundle.feeds import feeds
from keepfit.serving.bundle.model import ServedModel
from keepfit.serving.prediction.answer_file import SUFFIXES, csv_of, open_answers

_MOST = 100_000_000


@dataclass(frozen=True)
class Wanted:
    """What shall be drawn."""

    rows: int
    where: Mapping[str, str]
    """Column that is given → its value; those left out are as often as in the train rows."""
    seed: int

    def check(self) -> None:
        """Raise ConfigError for what cannot be meant."""
        if not 1 <= self.rows <= _MOST:
            raise ConfigError(f"--rows is {self.rows:,}.", allowed=f"1 to {_MOST:,}.")
        if self.seed < 0:
            raise ConfigError(f"--seed is {self.seed}.", allowed="A whole number from 0 on.")


def wanted(rows: int, where: tuple[str, ...], seed: int) -> Wanted:
    """As the command line has it: `where` holds texts such as `class=3`."""
    pairs = [one.partition("=") for one in where]
    for one, (_, mark, value) in zip(where, pairs, strict=True):
        if not (mark and value):
            raise ConfigError(f"--where is {shown(one)}.", allowed="COLUMN=VALUE, such as --where digit=3.")
    return Wanted(rows, {name.strip(): value.strip() for name, _, value in pairs}, seed)


def sample(config: Pipeline, asked: Wanted, bundle: str | None = None) -> Iterator[pa.Table]:
    """New rows, some at a time, with the columns that the model learned from. The same seed gives the same rows.

    Raises ConfigError for a pipeline whose model draws nothing, and for a column that is not given; DataError for a
    value that it never met.
    """
    asked.check()
    model = model_of(config, bundle)
    if not isinstance(model.answer, NewAnswer):
        raise ConfigError(
            f"the model of {config.name} draws no rows: its problem is {config.problem.kind}.",
            allowed="keepfit sample is for problem: synthesis.",
            where=str(config.file),
        )
    groups, shares = _groups(model, asked.where)
    draw, noise = np.random.default_rng(asked.seed), drawn(asked.rows, model.noise, asked.seed)
    places = draw.choice(len(groups), asked.rows, p=shares)
    for start in range(0, asked.rows, model.rows_a_call):
        here = slice(start, start + model.rows_a_call)
        yield _drawn(model, [groups[place] for place in places[here]], noise[here])


def sample_file(config: Pipeline, asked: Wanted, out: Path, bundle: str | None = None) -> None:
    """The same into a .csv or .parquet file, which takes its name when all is there."""
    if out.is_dir() or out.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"the rows cannot go to {out}.", allowed=f"The name ends in {' or '.join(SUFFIXES)}.")
    tables = sample(config, asked, bundle)
    first = next(tables)
    with open_answers(out) as file:
        file.add(first)
        for table in tables:
            file.add(table)


def csv(config: Pipeline, asked: Wanted, bundle: str | None = None) -> Iterator[str]:
    """The same as lines of CSV."""
    for place, table in enumerate(sample(config, asked, bundle)):
        yield csv_of(table, header=not place)


def _groups(model: ServedModel, where: Mapping[str, str]) -> tuple[list[tuple[str, ...]], Any]:
    """The values of what is given that fit, and how often each is to be drawn."""
    given: list[str] = model.schema["given"]
    for name in where:
        if name not in given:
            raise ConfigError(
                f"--where names {shown(name)}, which is not given.",
                allowed=f"Given are: {', '.join(given)}." if given else "This model is given nothing.",
                todo=nearest(name, given),
            )
    if not given:
        return [()], None
    found = [(tuple(values), count) for values, count in model.schema["groups"]]
    kept = [(v, n) for v, n in found if all(v[given.index(name)] == value for name, value in where.items())]
    if not kept:
        known = {name: sorted({v[given.index(name)] for v, _ in found}) for name in where}
        told = "; ".join(f"{name} is {some([shown(value) for value in values])}" for name, values in known.items())
        said = ", ".join(f"{name}={value}" for name, value in where.items())
        raise DataError(f"no row that the model learned from has {said}.", allowed=f"In those rows {told}.")
    counts = np.array([count for _, count in kept], np.float64)
    return [values for values, _ in kept], counts / counts.sum()


def _drawn(model: ServedModel, groups: list[tuple[str, ...]], noise: np.ndarray) -> pa.Table:
    given: list[str] = model.schema["given"]
    told = {name: [values[place] for values in groups] for place, name in enumerate(given)}
    nothing = [None] * len(groups)
    cells = {
        column["name"]: kind_of(column["kind"]).read(pa.array(told.get(column["name"], nothing), pa.string()))
        for column in model.columns
    }
    arrays = feeds(pa.table(cells), model.columns, {})
    new = made(model.ask({**arrays, NOISE: noise}), model.schema)
    order = [column["name"] for column in model.columns]
    return pa.table({name: told.get(name, new[name]) for name in order})
