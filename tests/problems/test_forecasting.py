"""What comes next in a series: windows, differences, intervals, through all stages on series whose law is known."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import torch

from keepfit import config, load
from keepfit.data.transform import Transform
from keepfit.errors import ConfigError
from keepfit.features.sequence import Entry
from keepfit.problems.forecasting import Settings, Target
from keepfit.problems.forecasting.choosing import Windows, completed, season_of
from keepfit.problems.forecasting.learn import answers, network, objective
from keepfit.problems.forecasting.naive import forecasts
from keepfit.problems.forecasting.space import base, differences, learned, values_of
from keepfit.serving.prediction import predict_file
from keepfit.stages.ingest import ingest
from keepfit.store.events import watching
from keepfit.store.run import start
from tests.chain import retrain

SEASON, LENGTH, HORIZON = 7, 21, 3


def seasonal(points: int, seed: int = 0) -> np.ndarray:
    """A season of seven that grows, a trend, and noise of one."""
    place = np.arange(points)
    return 100 + 0.3 * place + 20 * np.sin(2 * np.pi * place / SEASON) + np.random.default_rng(seed).normal(size=points)


def shops(points: int = 160) -> pd.DataFrame:
    """Two series by day."""
    days = pd.date_range("2024-01-01", periods=points).strftime("%Y-%m-%d")
    parts = [
        pd.DataFrame({"day": days, "shop": name, "sold": seasonal(points, n).round(2)}) for n, name in enumerate("ab")
    ]
    return pd.concat(parts)


def pipeline(folder: Path, rows: pd.DataFrame, window: str, extra: str = "") -> config.Pipeline:
    rows.to_csv(folder / "rows.csv", index=False)
    (folder / "pipeline.yaml").write_text(
        f"name: ahead\nsource: {{path: rows.csv, window: {{{window}}}}}\ntarget: sold\n"
        "features: {history: sequence}\nmodel: {family: cnn, width: 8}\n"
        f"preprocessing: {{split: {{by: time, column: day}}}}\ntraining: {{epochs: 4}}\n{extra}"
    )
    return config.load(folder / "pipeline.yaml")


def document(folder: Path, stage: str, name: str) -> Any:
    newest = max(folder.glob(f".keepfit/stages/{stage}/*/{name}"), key=lambda path: path.stat().st_mtime_ns)
    return json.loads(newest.read_text())


SHOPS = f"time: day, by: shop, length: {LENGTH}, horizon: {HORIZON}"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pipeline whose first model is in service."""
    folder = tmp_path_factory.mktemp("shops")
    assert retrain(pipeline(folder, shops(), SHOPS, "problem: forecasting\n")).verdict.outcome == "FIRST"
    return folder


def test_the_season_is_found_and_the_errors_are_those_of_the_noise(first: Path) -> None:
    target, found = (
        document(first, "preprocess", "transform.json")["target"],
        document(first, "evaluate", "metrics.json"),
    )
    assert target["season"] == SEASON
    assert 0.9 < found["model"]["rmse"] < 1.7  # noise of one, and that of a season before
    assert found["model"]["rmse"] < 0.2 * found["trivial"]["rmse"]
    assert found["model"]["mase"] == pytest.approx(found["model"]["mae"] / target["scale"])
    assert found["model"]["coverage"] == pytest.approx(0.9, abs=0.1)
    assert [way["name"] for way in found["naive"]] == [
        "last value", "a season before", "a season before, and the last change"
    ]  # fmt: skip
    assert found["naive"][0]["rmse"] == pytest.approx(found["trivial"]["rmse"])
    assert found["intervals"]["rmse"]["value"] == found["model"]["rmse"]
    assert len(found["steps"]) == HORIZON


def test_a_target_never_reaches_into_the_next_part(first: Path) -> None:
    (snapshot,) = first.glob(".keepfit/stages/ingest/*/rows")
    whole = pd.read_parquet(snapshot).set_index("keepfit_row")
    (prepared,) = first.glob(".keepfit/stages/preprocess/*/transform.json")
    parts = [pd.read_parquet(prepared.parent / part)["keepfit_row"] for part in ("train", "validation", "test")]
    for earlier, later in itertools.pairwise(parts):
        assert whole.loc[earlier, "until"].max() <= whole.loc[later, "day"].min()
    left_out = len(whole) - sum(map(len, parts))
    assert left_out == 2 * 2 * (HORIZON - 1)  # two boundaries, two shops


def test_a_table_gives_the_next_values_of_each_series(first: Path) -> None:
    rows = shops(60)
    rows.drop(columns="shop").assign(shop=rows["shop"].to_numpy()).to_csv(first / "new.csv", index=False)
    predict_file(config.load(first / "pipeline.yaml"), first / "new.csv", first / "out.csv")
    found = pd.read_csv(first / "out.csv")
    assert found[["shop", "day"]].values.tolist() == [["a", "2024-02-29"], ["b", "2024-02-29"]]
    for shop, (_, row) in enumerate(found.iterrows()):
        truth = seasonal(60 + HORIZON, shop)[60:] - np.random.default_rng(shop).normal(size=60 + HORIZON)[60:]
        ahead = [row[name] for name in ("prediction", "prediction_2", "prediction_3")]
        assert ahead == pytest.approx(truth, abs=4)
        assert all(row[f"low{at}"] < row[f"prediction{at}"] < row[f"high{at}"] for at in ("", "_2", "_3"))
    history = rows[rows["shop"] == "a"]["sold"].tolist()
    model = load(first / "pipeline.yaml")
    again = model.predict(pd.DataFrame({"history": [history[-LENGTH:], history]}))
    assert again["prediction_3"].tolist() == pytest.approx([found["prediction_3"][0]] * 2)


def test_a_series_that_is_too_short_is_named_and_the_others_are_forecast(first: Path) -> None:
    rows = pd.concat([shops(30), pd.DataFrame({"day": ["2024-01-01"], "shop": ["c"], "sold": [5.0]})])
    rows.to_csv(first / "short.csv", index=False)
    said = str(predict_file(config.load(first / "pipeline.yaml"), first / "short.csv", first / "short_out.csv"))
    assert "series c: it has 1 points, and a forecast is made from 21" in said
    assert pd.read_csv(first / "short_out.csv")["prediction"].isna().tolist() == [False, False, True]


def test_the_bare_graph_reads_raw_histories(first: Path) -> None:
    (bundle,) = first.glob(".keepfit/stages/export/*/bundle")
    session = onnxruntime.InferenceSession(bundle / "model.onnx")
    history = shops(60)["sold"].to_numpy(np.float32)[None, 60 - LENGTH : 60, None]
    found = session.run(["prediction_2"], {"column_0": history.repeat(2, 0)})[0]
    assert found.tolist() == pytest.approx([shops(62)["sold"].to_numpy()[61]] * 2, abs=4)


def test_the_same_rows_use_every_stage_again(first: Path) -> None:
    seen: list[tuple[str, str]] = []
    with watching(lambda event: seen.append((event.stage, event.what))):
        retrain(config.load(first / "pipeline.yaml"))
    assert {stage for stage, what in seen if what == "reused"} >= {"ingest", "preprocess", "train", "export"}


def test_other_windows_are_other_rows(tmp_path: Path) -> None:
    found = []
    for window in (SHOPS, SHOPS.replace("horizon: 3", "horizon: 2"), SHOPS.replace("by: shop, ", "")):
        rows = shops() if "shop" in window else shops()[lambda f: f["shop"] == "a"]
        found.append(ingest(start(pipeline(tmp_path, rows, window, "problem: forecasting\n"))))
    assert len({snapshot.digest for snapshot in found}) == 3
    assert [snapshot.rows for snapshot in found] == [2 * (160 - 23), 2 * (160 - 22), 160 - 23]


def test_the_report_draws_forecasts_and_tells_what_was_learned(first: Path) -> None:
    page = min(first.glob(".keepfit/runs/*/report.html")).read_text("utf-8")
    for words in ("One step ahead", "Errors by the step ahead", "Forecast of test row 1", "A season has 7 values"):
        assert words in page
    assert "a season before, and the last change" in page


def test_a_walk_without_a_law_is_not_let_in(tmp_path: Path) -> None:
    walk = np.random.default_rng(0).normal(size=400).cumsum()
    rows = pd.DataFrame({"day": pd.date_range("2020-01-01", periods=400).strftime("%Y-%m-%d"), "sold": walk})
    verdict = retrain(pipeline(tmp_path, rows, "time: day, length: 10", "problem: forecasting\n")).verdict
    assert (verdict.outcome, verdict.reason) == ("REJECT", "not_better_than_trivial")
    assert "No better than always giving the last value" in verdict.sentence
    found = document(tmp_path, "evaluate", "metrics.json")
    assert found["model"]["rmse"] == pytest.approx(found["trivial"]["rmse"], rel=0.1)


def test_other_columns_stand_beside_the_history(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    rain = draw.integers(0, 2, 400)
    sold = np.concatenate([[0.0], 10 * rain[:-1] + draw.normal(size=399)])  # rain today sells tomorrow
    rows = pd.DataFrame({"day": range(400), "rain": rain, "sold": sold})
    extra = "problem: {kind: forecasting, difference: none}\n"
    made = pipeline(tmp_path, rows, "time: day, length: 4", extra)
    text = made.file.read_text().replace("history: sequence", "history: sequence, rain: boolean")
    made.file.write_text(
        text.replace("family: cnn, width: 8", "family: mlp, members: 1, width: 32").replace(
            "epochs: 4", "epochs: 20, lr: 0.02"
        )
    )
    retrain(config.load(made.file), "to see it answer")
    found = document(tmp_path, "evaluate", "metrics.json")
    assert found["model"]["rmse"] < 0.5 * found["classical"]["rmse"]


# The parts.


def target_of(lags: tuple[int, ...], *, log: bool = False, horizon: int = HORIZON) -> Target:
    return Target(
        name="y", problem="forecasting", horizon=horizon, length=LENGTH, lags=lags, log=log, season=SEASON,
        mean=2.0 if log else 50.0, std=0.5, low=5.0, high=200.0,
    )  # fmt: skip


@pytest.mark.parametrize("lags", [(), (1,), (SEASON,), (SEASON, 1)])
def test_differences_and_where_they_start_from_make_the_series_again(lags: tuple[int, ...]) -> None:
    series = np.random.default_rng(0).normal(size=LENGTH + HORIZON)
    target = target_of(lags)
    whole = target.model_copy(update={"length": LENGTH + HORIZON})
    changes = (series @ differences(whole))[-HORIZON:]
    found = list(series[:LENGTH])
    for change in changes:  # a change added to the forecast by which it is zero
        found.append(float(np.array(found[-LENGTH:]) @ base(target)[:, 0] + change))
    assert found == pytest.approx(series)


def test_naive_forecasts_are_what_they_are_called() -> None:
    history = np.arange(LENGTH, dtype=float)[None] ** 2
    found = forecasts(history, target_of((), horizon=9))
    y = history[0]
    assert found["last value"][0].tolist() == [y[-1]] * 9
    assert found["a season before"][0].tolist() == [*y[-7:], *y[-7:-5]]
    assert found["a season before, and the last change"][0][:2].tolist() == [
        y[-7] + y[-1] - y[-8],
        y[-6] + y[-1] - y[-8],
    ]


def test_a_season_is_found_where_there_is_one() -> None:
    def windows(series: np.ndarray) -> np.ndarray:
        return np.lib.stride_tricks.sliding_window_view(series, LENGTH)

    assert season_of(windows(seasonal(100))) == SEASON
    assert season_of(windows(np.random.default_rng(0).normal(size=300).cumsum())) == 0
    assert season_of(windows(np.ones(100))) == 0


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize("loss", ["mse", "mae"])
def test_losses_answers_and_their_reach(log: bool, loss: str) -> None:
    target = target_of((1,), log=log)
    learning = objective(Settings(loss=loss), target, 0.0)
    labels = torch.tensor([[10.0, 20.0, 40.0], [30.0, 30.0, 30.0]], dtype=torch.float64)
    wanted = learning.labels(labels)
    off = torch.tensor([[0.1, -0.2, 0.0], [0.3, 0.0, 0.0]], dtype=torch.float64)
    outputs = (wanted + off)[:, None]
    each = (off**2 if loss == "mse" else off.abs()).mean(1)
    assert learning.loss(outputs, wanted).item() == pytest.approx(each.sum().item())
    losses, *distances = learning.misses(outputs, wanted)
    assert losses.tolist() == pytest.approx(each.tolist())
    _, plain, *_ = torch.stack(distances).T.tensor_split(4, 1)
    assert plain.numpy() == pytest.approx(off.abs().numpy())
    figures = learning.judged(learning.score(outputs, wanted).tolist(), 2)
    raw = values_of((wanted + off).numpy(), target) - labels.numpy()
    assert figures["loss"] == pytest.approx(each.mean().item())
    assert list(figures.values())[1] == pytest.approx(np.sqrt((raw**2).mean()) if loss == "mse" else np.abs(raw).mean())
    alike = torch.tensor([[0.1], [0.2], [0.4]]).double().repeat(3, 9)
    reach = learning.reach(torch.cat([torch.zeros(3, 9, dtype=torch.float64), alike]))
    found = answers(outputs, target, reach).numpy()
    middle = (wanted + off).numpy()
    assert found[:, :3] == pytest.approx(values_of(middle, target))
    assert found[:, 6:] == pytest.approx(values_of(middle + np.array([0.1, 0.2, 0.4]), target))


class Nothing(torch.nn.Module):
    def __init__(self, transform: Transform) -> None:
        super().__init__()
        self.steps, self.seen = transform.features[0].steps, torch.empty(0)

    def forward(self, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
        self.seen = inputs["sequence"]
        return torch.zeros(len(self.seen), 1, HORIZON)


@pytest.mark.parametrize("log", [False, True])
def test_the_network_sees_differences_and_what_is_before_the_first_step_is_naive(log: bool) -> None:
    target = target_of((SEASON, 1), log=log)
    entry = Entry(name="history", kind="sequence", slot=0, channels=1, length=4096, mean=(60.0,), std=(9.0,), missing=0)
    net = network(Nothing, Transform(target=target, features=(entry,)))
    series = torch.from_numpy(seasonal(LENGTH + 4).astype(np.float32))
    batch = torch.full((3, LENGTH + 4, 1), torch.nan)
    batch[0, :, 0], batch[1, :LENGTH, 0], batch[2, :5, 0] = series, series[4:], series[:5]
    found = net({"sequence": batch})
    assert found[0].tolist() == found[1].tolist()  # the last values count, whatever stands beside the row
    assert found.isfinite().all()
    raw = series[4:].double().numpy()[None]
    wanted = learned(raw, target) @ base(target)
    assert found[0, 0].detach().numpy() == pytest.approx(wanted[0], rel=1e-6)
    assert net.net.seen.shape == (3, LENGTH - SEASON - 1, 1)
    assert net.net.steps == LENGTH - SEASON - 1


def windows(points: int, series: Any) -> tuple[Windows, Windows]:
    found = np.lib.stride_tricks.sliding_window_view(series, LENGTH + 1)
    cut = points * 3 // 4
    return tuple(Windows(part[:, :LENGTH], part[:, LENGTH:]) for part in (found[:cut], found[cut:]))  # type: ignore[return-value]


def entry_of(train: Windows) -> Target:
    ends = {"low": float(train.labels.min()), "high": float(train.labels.max())}
    return Target(name="y", problem="forecasting", horizon=1, mean=0.0, std=1.0, **ends)


def test_logarithms_are_learned_where_a_season_grows_with_the_level() -> None:
    place = np.arange(180)
    series = np.exp(
        0.02 * place + 0.5 * np.sin(2 * np.pi * place / SEASON) + 0.02 * np.random.default_rng(0).normal(size=180)
    )
    train, validation = windows(158, series)
    found = completed(entry_of(train), train, validation, Settings())
    assert found.log
    assert found.season == SEASON
    plain = completed(entry_of(train), train, validation, Settings(log=False, difference="first"))
    assert (plain.log, plain.lags) == (False, (1,))


def test_a_season_that_cannot_be_is_refused() -> None:
    train, validation = windows(60, np.random.default_rng(0).normal(size=100).cumsum())
    with pytest.raises(ConfigError, match="no season"):
        completed(entry_of(train), train, validation, Settings(difference="seasonal"))
    with pytest.raises(ConfigError, match=r"problem.season is 20"):
        completed(entry_of(train), train, validation, Settings(season=20))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("problem: forecasting", "problem: regression"), "takes none: leave source.window out"),
        ((", window: {time: day, length: 10}", ""), "forecasts series: say source.window"),
        (("by: time, column: day", "by: hash"), "windows of series are split by their time"),
        (("history: sequence", "other: number"), "features needs"),
    ],
)
def test_what_does_not_go_together_is_said(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    made = pipeline(tmp_path, shops(), "time: day, length: 10", "problem: forecasting\n")
    made.file.write_text(made.file.read_text().replace(*change).replace("family: cnn, width: 8", "family: mlp"))
    with pytest.raises(ConfigError, match=message):
        config.load(made.file)
