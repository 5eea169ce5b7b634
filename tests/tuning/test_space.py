"""What is varied where the YAML says nothing, and how numbers are drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit.config import load
from keepfit.errors import ConfigError
from keepfit.tuning.space import changed, rounded, space_of
from tests.tables import breast_cancer

YAML = "name: x\nsource: {path: x.csv}\ntarget: y\nfeatures: {a: number}\nmodel: {family: FAMILY}\n"


def written(folder: Path, family: str, more: str = "") -> Path:
    (folder / "pipeline.yaml").write_text(YAML.replace("FAMILY", family) + more)
    return folder / "pipeline.yaml"


@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_left_out_the_usual_settings_are_varied_about_what_they_are(tmp_path: Path, optimiser: str) -> None:
    transform, _, labels = breast_cancer()
    config = load(written(tmp_path, "mlp", f"training: {{optimiser: {optimiser}}}\n"))
    space = space_of(config, transform, len(labels))
    assert list(space.settings) == ["model.depth", "model.width", "model.dropout", "training.lr"]
    assert space.whole == {"model.depth", "model.width"}
    rate = space.settings["training.lr"]
    usual = 1e-3 if optimiser == "adamw" else 1e-2
    assert (rate.low, rate.high, rate.by_factors) == (pytest.approx(usual / 10), pytest.approx(usual * 10), True)
    for path, setting in space.settings.items():
        for value in setting.ends:
            changed(config, {path: value})  # or it would raise


def test_a_family_without_any_of_them_asks_for_settings_by_name(tmp_path: Path) -> None:
    transform, _, labels = breast_cancer()
    with pytest.raises(ConfigError, match=r"family forest has no depth.*Settings that can be searched: model\."):
        space_of(load(written(tmp_path, "forest")), transform, len(labels))


def test_a_whole_number_is_one_by_what_the_setting_is_and_not_by_how_its_range_is_written(tmp_path: Path) -> None:
    transform, _, labels = breast_cancer()
    said = "tuning: {settings: {training.weight_decay: {low: 0, high: 1}, model.width: {low: 4, high: 8}}}\n"
    space = space_of(load(written(tmp_path, "mlp", said)), transform, len(labels))
    assert space.whole == {"model.width"}


@given(st.floats(1e-9, 1e9), st.floats(1, 1e6), st.floats(0, 1))
def test_a_number_has_three_digits_and_stays_within_its_range(low: float, factor: float, share: float) -> None:
    high = low * factor
    value = min(max(low + share * (high - low), low), high)
    found = rounded(value, low, high)
    assert low <= found <= high
    assert found == pytest.approx(value, rel=0.006)
    assert found in (low, high) or len(f"{found:.15g}".replace(".", "").split("e")[0].strip("0")) <= 3
