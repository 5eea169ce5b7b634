"""What the report says of values."""

from __future__ import annotations

from typing import Any, ClassVar

from keepfit.metrics.naming import quantity
from keepfit.problems.show import Chapter, Listing, Show, quantities


class ValueShow(Show):
    """Predicted against true, and residuals."""

    loss: ClassVar[str] = "Loss, in units of the target's deviation"
    sliced: ClassVar[str] = "rmse"
    leaning: ClassVar[str] = "in the target's unit"
    level: ClassVar[str] = "predicted value"
    worst_head: ClassVar[tuple[str, ...]] = ("true", "predicted", "interval")
    worst_note: ClassVar[str] = "The test rows with the largest error, the worst first."

    def target(self, profile: dict[str, Any]) -> Listing:
        """Its range and its histogram."""
        return quantities(profile)

    def errors(self, metrics: dict[str, Any]) -> Chapter:
        """Residuals by tenths of the prediction."""
        rows = [
            (
                f"{quantity(tenth['low'])} to {quantity(tenth['high'])}",
                f"{tenth['rows']:,}",
                *(quantity(tenth[name], "+") for name in ("p10", "p50", "p90")),
            )
            for tenth in metrics.get("deciles", [])
        ]
        head = ("predicted", "rows", "10 %", "median", "90 %")
        note = "True value minus predicted one; where the median is far from zero, the model errs to one side."
        table = Listing("Residuals by the prediction", head, rows, frozenset({1, 2, 3, 4}), note=note)
        return Chapter("Where it is wrong", [table] if rows else [])

    def curves(self, metrics: dict[str, Any]) -> Chapter:
        """Predicted against true, and residuals by tenths."""
        from keepfit.problems.regression.charts import every

        return Chapter("Predicted against true", charts=every(metrics))

    def worst(self, row: dict[str, Any]) -> tuple[str, ...]:
        """The value, what was predicted, and the interval."""
        label, prediction, low, high = (quantity(row[name]) for name in ("label", "prediction", "low", "high"))
        return label, prediction, f"{low} to {high}"


SHOW = ValueShow()
