"""What the report says of a language model."""

from __future__ import annotations

from typing import Any, ClassVar

from keepfit.metrics.naming import quantity
from keepfit.problems.show import Chapter, Listing, Show


class TextShow(Show):
    """What it writes, and how surprising the test texts were."""

    loss: ClassVar[str] = "Nats a character"
    sliced: ClassVar[str] = "nats_per_character"
    worst_head: ClassVar[tuple[str, ...]] = ("characters", "nats a character")
    worst_note: ClassVar[str] = "The test texts that were most surprising, by nats a character, the worst first."

    def target(self, profile: dict[str, Any]) -> Listing:
        """How many texts, and how long."""
        shortest, median, longest = (f"{length:,.0f}" for length in profile["lengths"])
        rows = [
            ("texts", f"{profile['texts']:,}"),
            ("characters", f"{profile['characters']:,}"),
            ("characters a text", f"{shortest} to {longest}, median {median}"),
        ]
        return Listing("Texts, train rows", (), rows, frozenset({1}))

    def measured(self, metrics: dict[str, Any]) -> str:
        """Of how much text the figures are."""
        if "characters" not in metrics:
            return ""
        return f"Of {metrics['characters']:,} characters in {metrics['tokens']:,} tokens that it never saw."

    def errors(self, metrics: dict[str, Any]) -> Chapter:
        """What it writes by itself."""
        rows = [(sample["prompt"] or "–", sample["text"]) for sample in metrics.get("samples", [])]
        note = "Behind the beginning of a test text, at temperature 0.8: no sentence of it need be in any text."
        return Chapter(
            "What it writes", [Listing("Continuations", ("prompt", "text"), rows, note=note)] if rows else []
        )

    def curves(self, metrics: dict[str, Any]) -> Chapter:
        """How surprising each text was."""
        from keepfit.problems.next_token.charts import every

        return Chapter("How surprising the texts were", charts=every(metrics))

    def worst(self, row: dict[str, Any]) -> tuple[str, ...]:
        """Its length, and what it cost."""
        return f"{row['label']:,}", quantity(row["prediction"])


SHOW = TextShow()
