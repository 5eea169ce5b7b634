"""Whether the section `training` fits the others."""

from __future__ import annotations

from collections.abc import Mapping

from keepfit.config import sets
from keepfit.config.sections import Feature, Model, Problem, Training

PLAIN = ("smote", "repeat")
"""How rows are made without a network."""


def check(training: Training, problem: Problem, model: Model, features: Mapping[str, Feature]) -> None:
    """Raise ValueError for what cannot be trained so."""
    _check_start(training, model)
    _check_synthesis(training, problem, model, features)


def _check_start(training: Training, model: Model) -> None:
    """A family that is fitted at once does not go on from what another one learned."""
    if training.start == "fresh" or model.by_steps:
        return
    able = (name for name in sets.MODELS.names() if sets.MODELS.module(name).Settings.by_steps)
    raise ValueError(
        f"training.start is champion, and model.family {model.family} does not learn by steps that could go on: "
        f"take start out, or let the family be {', '.join(able)}"
    )


def _check_synthesis(training: Training, problem: Problem, model: Model, features: Mapping[str, Feature]) -> None:
    """Rows are made of classes, of kinds whose cells can be made, and for one training."""
    asked = training.synthesis
    if asked is None:
        return
    if problem.kind != "classification":
        raise ValueError(f"training.synthesis makes rows of classes, and the problem is {problem.kind}: take it out")
    if hasattr(model, "families"):
        raise ValueError(
            f"training.synthesis needs one family, and model.family {model.family} cuts the rows anew for each of "
            "several: name one, such as mlp or boosting"
        )
    if training.start == "champion":
        raise ValueError("training.synthesis compares two trainings from fresh weights: take start or synthesis out")
    networks = drawing()
    if asked.family not in (*PLAIN, *networks):
        allowed = ", ".join((*PLAIN, *networks))
        raise ValueError(f'training.synthesis.family is "{asked.family}", and allowed is {allowed}')
    other = networks[0] if asked.family == PLAIN[0] else asked.family  # what lies between two is made of cells, too
    if other in networks and (lacking := sets.MODELS.module(other).Settings().problem(features)):
        told = lacking.removeprefix(f"model.family {other} ")
        raise ValueError(f"training.synthesis.family {asked.family} {told}; {PLAIN[1]} takes rows of any kind")


def without_synthesis(training: Training) -> Training:
    """The same, where no rows are made."""
    return training.model_copy(update={"synthesis": None})


def drawing() -> list[str]:
    """The families that draw rows."""
    return [name for name in sets.MODELS.names() if "draw" in sets.MODELS.module(name).Settings.rows]
