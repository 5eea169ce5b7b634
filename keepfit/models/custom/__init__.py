"""A network of a user's own."""

from typing import Any, Literal

from pydantic import Field

from keepfit.config.sections import Model


class Settings(Model):
    """A network of your own over keepfit's encoded columns; see docs/architecture.md."""

    family: Literal["custom"] = "custom"
    module: str = Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$")
    """Its class as package.module:Class; importable where the pipeline runs, or beside the YAML."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """What its class takes besides columns, units and outputs."""
    units: int = Field(default=16, ge=1, le=4096)
    """Numbers that each column becomes."""
    bins: int | None = Field(default=None, ge=2, le=65_536)
    """Bins a numeric column."""

    def modules(self) -> tuple[str, ...]:
        """That of the class."""
        return (self.module.partition(":")[0],)
