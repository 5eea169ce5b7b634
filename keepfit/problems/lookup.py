"""A problem by its name: only the part that is asked for is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from keepfit.config.sets import PROBLEMS

if TYPE_CHECKING:
    from keepfit.problems.answer import Answer
    from keepfit.problems.judge import Judge
    from keepfit.problems.show import Show
    from keepfit.problems.target import TargetColumn


def target_column(name: str) -> TargetColumn:
    """What can be done with the column to predict, without torch."""
    return cast("TargetColumn", PROBLEMS.module(name, "target").TARGET)


def learn_of(name: str) -> Any:
    """The module that makes the objective and the answers; see `keepfit.problems.objective`."""
    return PROBLEMS.module(name, "learn")


def judge_of(name: str) -> Judge:
    """How answers are judged."""
    return cast("Judge", PROBLEMS.module(name, "judge").JUDGE)


def answer_of(schema: dict[str, Any]) -> Answer:
    """How an answer leaves, of the problem that a bundle's schema.json names."""
    # Bundles of version 0.1 name none: there was one.
    return cast("Answer", PROBLEMS.module(schema.get("problem", PROBLEMS.names()[0]), "answer").ANSWER)


def graph_of(name: str) -> Any:
    """The module that makes the nodes behind the net."""
    return PROBLEMS.module(name, "graph")


def show_of(name: str) -> Show:
    """What the report says of it."""
    return cast("Show", PROBLEMS.module(name, "show").SHOW)
