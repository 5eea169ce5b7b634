"""Where a model comes from: the source, the code and libraries, the settings in use. And whom it was compared with."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from keepfit.metrics.naming import LOWER_IS_BETTER, SHOWN, figure, metric_name, signed
from keepfit.report.facts import COMPARED, RunFacts
from keepfit.store import files

FILES = 12
"""Files of the source that are listed; of more the number is said."""


def lineage(facts: RunFacts) -> dict[str, Any]:
    """Source, versions and settings; what a run did not come to is empty."""
    read = facts.read("ingest", "schema.json", {}).get("files", [])
    return {
        "source": _source(facts),
        "files": [(f"{entry['bytes']:,} bytes", entry["sha256"]) for entry in read[:FILES]],
        "more_files": max(0, len(read) - FILES),
        "libraries": [("keepfit", version("keepfit")), *sorted(facts.libraries.items())],
        "settings": _settings(facts),
    }


def _source(facts: RunFacts) -> list[tuple[str, str]]:
    """As the YAML has it: variables are not filled in."""
    said = facts.run.config.source.model_dump(mode="json", exclude_defaults=True)
    return [(name, ", ".join(map(str, v)) if isinstance(v, list) else str(v)) for name, v in said.items()]


def _settings(facts: RunFacts) -> list[tuple[str, str]]:
    """Of the model and its training, those that were derived included."""
    model = facts.read("train", "architecture.json", {}).get("settings", {})
    resolved = facts.read("train", "resolved.json", {})
    settings = [*model.items(), *resolved.get("plan", {}).items()]
    if taken := resolved.get("taken"):
        settings.append(("begins with", f"{taken['numbers']:,} of {taken['whole']:,} weights of the model in service"))
    return [(name, _value(value)) for name, value in settings]


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_value(inner)}" for name, inner in value.items())
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def compared(facts: RunFacts) -> dict[str, Any]:
    """Champion and challenger side by side on the rows that neither has learned from; empty without a comparison."""
    path = facts.run.folder / COMPARED
    if not path.is_file():
        return {}
    found = files.read_json(path)
    paired, metric = found["paired"], facts.run.config.metric
    names = [name for name in SHOWN if name in found["champion"] and name in found["challenger"]]
    return {
        "rows": f"{paired['rows']:,}",
        "notes": [*filter(None, (*_left_out(found), found.get("otherwise"), found.get("beside")))],
        "metrics": [_side_by_side(name, found) for name in names],
        "paired": f"{signed(metric, paired['difference'])} ({signed(metric, paired['low'])} to "
        f"{signed(metric, paired['high'])})",
        "metric": metric_name(metric),
        "chance": f"{paired['p_better']:.2g}",
    }


def _left_out(found: dict[str, Any]) -> list[str]:
    """Rows that one of the two has learned from."""
    counts = (("champion", found["seen_by_champion"]), ("challenger", found["seen_by_challenger"]))
    return [f"{count:,} test rows left out because the {who} has learned from them." for who, count in counts if count]


def _side_by_side(name: str, found: dict[str, Any]) -> dict[str, str]:
    before, after = found["champion"][name], found["challenger"][name]
    gain = before - after if name in LOWER_IS_BETTER else after - before
    return {
        "name": metric_name(name),
        "champion": figure(name, before),
        "challenger": figure(name, after),
        "difference": signed(name, after - before),
        "better": "" if abs(gain) < 5e-5 else "challenger" if gain > 0 else "champion",
    }
