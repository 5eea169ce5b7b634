"""What the report says of new rows."""

from __future__ import annotations

from typing import Any, ClassVar

from keepfit.metrics.naming import figure
from keepfit.problems.show import Chapter, Listing, Show


class NewShow(Show):
    """How well they are told from those there are, and some of them."""

    loss: ClassVar[str] = "Loss"
    sliced: ClassVar[str] = "covered"
    worst_head: ClassVar[tuple[str, ...]] = ("row", "new row", "")
    worst_note: ClassVar[str] = ""

    def target(self, profile: dict[str, Any]) -> Listing:
        """How many rows."""
        return Listing("Whole rows, train", (), [("rows", f"{profile['rows']:,}")], frozenset({1}))

    def measured(self, metrics: dict[str, Any]) -> str:
        """What the figures mean."""
        if "rows" not in metrics:
            return ""
        return (
            "Covered are test rows that have a new one among their neighbours. Told apart is how often a forest tells "
            "a test row from a new one, having learned from neither: 50 % is a coin. Recognised are new rows that a "
            "classifier, which learned from test rows, takes for what was asked for. Copies are new rows within a "
            "tenth of the usual distance of a train row, beyond the share of test rows that are."
        )

    def errors(self, metrics: dict[str, Any]) -> Chapter:
        """What was asked for, and recognised."""
        groups = metrics.get("groups", [])
        if not groups:
            return Chapter("New rows", [])
        rows = [(one["given"], f"{one['rows']:,}", figure("recognised", one["recognised"])) for one in groups]
        note = f"Of test rows, asked by the others, {figure('recognised', metrics['recognised_real'])} are recognised."
        table = Listing("By what was asked for", ("given", "rows", "recognised"), rows, frozenset({1, 2}), note=note)
        return Chapter("New rows", [table])

    def curves(self, metrics: dict[str, Any]) -> Chapter:
        """Some of them."""
        from keepfit.problems.synthesis.charts import every

        return Chapter("New rows beside test rows", charts=every(metrics))

    def worst(self, row: dict[str, Any]) -> tuple[str, ...]:
        """None is shown."""
        return (str(row["row"]), "", "")


SHOW = NewShow()
