"""What the report says of rows that are described."""

from __future__ import annotations

from typing import Any, ClassVar

from keepfit.metrics.naming import figure
from keepfit.problems.show import Chapter, Listing, Show


class RowShow(Show):
    """How strange the test rows were, and whether planted strangers are told."""

    loss: ClassVar[str] = "Nats a row"
    sliced: ClassVar[str] = "elbo"
    worst_head: ClassVar[tuple[str, ...]] = ("strangeness", "mostly in", "nats a cell")
    worst_note: ClassVar[str] = "The strangest test rows, the column that most of what is off lies in, and the bound."

    def target(self, profile: dict[str, Any]) -> Listing:
        """How many rows."""
        return Listing("Whole rows, train", (), [("rows", f"{profile['rows']:,}")], frozenset({1}))

    def measured(self, metrics: dict[str, Any]) -> str:
        """What the figures mean."""
        if "alarm" not in metrics:
            return ""
        share = f"{100 * (1 - metrics['alarm']):g} %"
        return (
            f"False alarms are the test rows beyond a strangeness of {metrics['alarm']:g}, of which {share} are "
            "expected. The bound (ELBO) is of the logarithm of a row's density, in nats a cell: higher is better."
        )

    def errors(self, metrics: dict[str, Any]) -> Chapter:
        """Planted strangers."""
        rows = [
            (one["what"], figure("strangers_auroc", one["auroc"]), *(f"{value:.3f}" for value in one["strangeness"]))
            for one in metrics.get("strangers", [])
        ]
        head = ("test rows with", "ROC-AUC", "strangeness beyond which 95 % lie", "and half")
        note = "Made of test rows, and told from them by their strangeness alone."
        tables = [Listing("Planted strangers", head, rows, frozenset({1, 2, 3}), note=note)] if rows else []
        return Chapter("Strangers", tables)

    def curves(self, metrics: dict[str, Any]) -> Chapter:
        """How strange each row was, and some rows mended."""
        from keepfit.problems.reconstruction.charts import every

        return Chapter("Strangeness, and rows mended", charts=every(metrics))

    def worst(self, row: dict[str, Any]) -> tuple[str, ...]:
        """How strange, and where."""
        where = f"{row['column']} ({100 * row['share']:.0f} %)"
        return f"{row['prediction']:.4f}", where, f"{row['elbo']:.3f}"


SHOW = RowShow()
