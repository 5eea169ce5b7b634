"""A portfolio: several families, each learning what it can, and their answers mixed."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field, SerializeAsAny, ValidationError, field_validator

from keepfit.config.sections import Feature, Model
from keepfit.config.sets import MODELS
from keepfit.models.settings import APART

MEMBERS: tuple[dict[str, Any], ...] = (
    {"family": "linear"},
    {"family": "forest"},
    {"family": "forest", "random": True},
    {"family": "boosting"},
    {"family": "mlp"},
    {"family": "retrieval", "candidates": 800},
)
"""Where the YAML names none; how they were chosen stands in docs/accuracy.md."""


class Settings(Model):
    """Several families together, mixed by how well each answers rows that it did not learn from; the default for
    tables."""

    by_steps: ClassVar[bool] = False
    hint: ClassVar[str] = "or boosting, forest, linear, mlp, wide_deep"
    family: Literal["auto"] = "auto"
    families: tuple[SerializeAsAny[Model], ...] = Field(default=MEMBERS, validate_default=True, min_length=1)
    """The families: each by name, or as a section with its settings."""
    max_megabytes: float | None = Field(default=None, gt=0)
    """What the weights may take: members are left out for it, those whose absence costs least for what it saves."""

    @field_validator("families", mode="before")
    @classmethod
    def _sections(cls, value: Any) -> Any:
        return tuple(_section(one) for one in value) if isinstance(value, list | tuple) else value

    @classmethod
    def suits(cls, kinds: frozenset[str]) -> int:
        """Tables."""
        return 0 if kinds & {*APART} else 2

    def problem(self, features: Mapping[str, Feature]) -> str:
        """What one of the members says."""
        return next(filter(None, (member.problem(features) for member in self.families)), "")

    def modules(self) -> tuple[str, ...]:
        """Those of the members."""
        nets = (MODELS.where(member.family, "net") for member in self.families)
        own = (module for member in self.families for module in member.modules())
        return tuple(dict.fromkeys((*nets, *own)))


def _section(said: Any) -> Any:
    """A member's section. Raises ValueError for a family that cannot be a member."""
    if isinstance(said, Model):
        return said
    section = {"family": said} if isinstance(said, str) else said
    name = section.get("family") if isinstance(section, dict) else None
    allowed = [other for other in MODELS.names() if other not in ("auto", "language")]
    if name not in allowed:
        raise ValueError(f"a member is one of {', '.join(allowed)}, by name or as a section with its family")
    try:
        return MODELS.module(str(name)).Settings.model_validate(section)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"the member {name} has {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
