"""Columns in notations of their own: init finds them, ingest reads them, predict reads them again."""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest

from keepfit import config, load
from keepfit.drafting import draft
from keepfit.errors import ConfigError, DataError
from keepfit.serving.prediction import predict_file
from keepfit.stages.ingest import ingest
from keepfit.store import run
from keepfit.store.events import watching
from tests.chain import retrain
from tests.stages.ingest.ingesting import rows, schema, start

N = 400
DRAW = random.Random(3)
CENTS = [DRAW.randrange(-(10**6), 10**7) for _ in range(N)]
MOMENTS = [datetime(2023, 1, 1) + timedelta(minutes=DRAW.randrange(500_000)) for _ in range(N)]
CLASSES = ["high" if cents > 4 * 10**6 else "low" for cents in CENTS]


def number(cents: int, decimal: str = ".", thousands: str = "") -> str:
    return f"{cents / 100:,.2f}".translate(str.maketrans({",": thousands, ".": decimal}))


def behind(cents: int) -> str:
    return number(abs(cents)) + ("-" if cents < 0 else "")


def brackets(cents: int) -> str:
    return f"({number(-cents)})" if cents < 0 else number(cents)


NUMBERS: dict[str, Callable[[int], str]] = {
    "": number,
    "1234,56": lambda c: number(c, ","),
    "1,234.56": lambda c: number(c, ".", ","),
    "1.234,56": lambda c: number(c, ",", "."),
    "1 234,56": lambda c: number(c, ",", "\u202f"),
    "1'234.56": lambda c: number(c, ".", "’"),
    "1234.56-": behind,
    "(1234.56)": brackets,
    "$1,234.56": lambda c: f"-${number(abs(c), '.', ',')}" if c < 0 else f"${number(c, '.', ',')}",
    "R$ 1.234,56": lambda c: f"R$ {number(c, ',', '.')}",
    "1.234,56 EUR": lambda c: f"{number(c, ',', '.')} EUR",
    "1234.56 m2": lambda c: f"{number(c)} m2",
    "1234.56 %": lambda c: f"{number(c)}%",
}
DATES = (
    "%m/%d/%Y %H:%M", "%d/%m/%Y %Hh%M", "%m/%d/%Y %I:%M:%S %p", "%d-%b-%Y %H:%M:%S", "%Y年%m月%d日 %H:%M",
    "%d.%m.%y %H:%M",
)  # fmt: skip


def write(path: Path, **columns: list[str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([list(columns), *zip(*columns.values(), strict=True)])
    return path


def drafted(path: Path) -> config.Pipeline:
    return config.load(draft(path, "y", folder=path.parent, force=True).pipeline)


@pytest.mark.parametrize("form", NUMBERS)
def test_a_notation_is_found_by_init_and_without_it_by_ingest(tmp_path: Path, form: str) -> None:
    file = write(tmp_path / "a.csv", x=[NUMBERS[form](cents) for cents in CENTS], y=CLASSES)
    pipeline = drafted(file)
    assert (pipeline.features["x"].kind, pipeline.features["x"].form) == ("number", form or None)
    for begun in (run.start(pipeline), start(tmp_path, {"path": "a.csv"}, {"x": "number"}, "y")):
        snapshot = ingest(begun)
        assert rows(begun, snapshot)["x"].to_pylist() == [cents / 100 for cents in CENTS]
        assert snapshot.unreadable == {}
        assert schema(begun, snapshot)["columns"][0]["format"] == (form or None)


@pytest.mark.parametrize("form", DATES)
def test_a_form_of_dates_is_found_by_init_and_without_it_by_ingest(tmp_path: Path, form: str) -> None:
    file = write(tmp_path / "a.csv", x=[moment.strftime(form) for moment in MOMENTS], y=CLASSES)
    pipeline = drafted(file)
    assert (pipeline.features["x"].kind, pipeline.features["x"].form) == ("datetime", form)
    for begun in (run.start(pipeline), start(tmp_path, {"path": "a.csv"}, {"x": "datetime"}, "y")):
        snapshot = ingest(begun)
        assert rows(begun, snapshot)["x"].to_pylist() == MOMENTS
        assert schema(begun, snapshot)["columns"][0]["format"] == form


def test_the_form_is_that_of_all_rows_and_not_of_the_first(tmp_path: Path) -> None:
    some = [datetime(2024, 1, 1) + timedelta(minutes=n) for n in range(0, 40_000, 2)]  # 28 days, in their order
    labels = ["calm" if moment.hour < 12 else "busy" for moment in some]
    write(tmp_path / "a.csv", opened=[moment.strftime("%m/%d/%Y %H:%M") for moment in some], y=labels)
    pipeline = drafted(tmp_path / "a.csv")
    assert pipeline.features["opened"].form == "%m/%d/%Y %H:%M"
    begun = start(tmp_path, {"path": "a.csv"}, {"opened": "datetime"}, "y")
    assert rows(begun, ingest(begun))["opened"].to_pylist() == some


def test_a_marker_or_an_error_of_a_spreadsheet_changes_no_number(tmp_path: Path) -> None:
    cells = [NUMBERS["1.234,56"](cents) for cents in CENTS]
    odd = ["k. A." if n % 9 == 0 else "#DIV/0!" if n % 10 == 0 else cell for n, cell in enumerate(cells)]
    write(tmp_path / "a.csv", x=odd, y=CLASSES)
    pipeline = drafted(tmp_path / "a.csv")
    assert pipeline.features["x"].form == "1.234,56"
    for begun in (run.start(pipeline), start(tmp_path, {"path": "a.csv"}, {"x": "number"}, "y", validation={})):
        snapshot = ingest(begun)
        lost = [n % 9 == 0 or n % 10 == 0 for n in range(N)]
        assert rows(begun, snapshot)["x"].to_pylist() == [
            None if gone else cents / 100 for gone, cents in zip(lost, CENTS, strict=True)
        ]
        assert snapshot.unreadable == {"x": sum(n % 9 == 0 for n in range(N))}


def test_where_two_forms_fit_init_and_ingest_name_both(tmp_path: Path) -> None:
    days = [f"0{n % 9 + 1}/0{n % 7 + 1}/2024" for n in range(N)]
    weights = [f"{n % 9 + 1},{n % 90 + 100}" for n in range(N)]
    write(tmp_path / "a.csv", day=days, weight=weights, y=CLASSES)
    found = draft(tmp_path / "a.csv", "y", folder=tmp_path)
    said = "\n".join(found.said)
    assert "fit two forms: they are read as %d/%m/%Y, and not as %m/%d/%Y" in said
    assert "fit two forms: they are read as 1,234.56, and not as 1234,56" in said
    pipeline = config.load(found.pipeline)
    assert (pipeline.features["day"].form, pipeline.features["weight"].form) == ("%d/%m/%Y", "1,234.56")
    heard: list[str] = []
    with watching(lambda event: heard.append(event.message)):
        ingest(start(tmp_path, {"path": "a.csv"}, {"day": "datetime", "weight": "number"}, "y"))
    noted = "\n".join(heard)
    assert "%m/%d/%Y" in noted
    assert "1234,56" in noted


def test_cells_that_are_not_in_the_form_stop_the_run_above_the_share_that_may_be_bad(tmp_path: Path) -> None:
    cells = [NUMBERS["1.234,56"](cents) for cents in CENTS]
    cells[7::10] = ["12.5.3"] * len(cells[7::10])
    write(tmp_path / "a.csv", x=cells, y=CLASSES)
    begun = start(tmp_path, {"path": "a.csv"}, {"x": "number"}, "y", validation={})
    with pytest.raises(DataError) as caught:
        ingest(begun)
    assert "a.csv, row 8" in str(caught.value)
    assert '40 of 400 cells of "x" cannot be read as a number in the form "1.234,56", such as "12.5.3"' in str(
        caught.value
    )
    begun = start(tmp_path, {"path": "a.csv"}, {"x": "number"}, "y", validation={"max_bad_share": 0.1})
    assert ingest(begun).unreadable == {"x": 40}


def test_what_looks_like_numbers_or_dates_and_is_not_read_is_said_to_be_so(tmp_path: Path) -> None:
    units = ["kg", "lb", "oz", "st"]
    masses = [f"{abs(cents)} {units[n % 4]}" for n, cents in enumerate(CENTS)]
    days = [f"{moment:%Y-%m-%d %H:%M} EST{n % 3}" for n, moment in enumerate(MOMENTS)]
    write(tmp_path / "a.csv", mass=masses, day=days, x=[number(c) for c in CENTS], y=CLASSES)
    said = "\n".join(draft(tmp_path / "a.csv", "y", folder=tmp_path).said)
    assert f'"mass" is left out: it looks like numbers in a notation that is not read, such as {masses[0]}' in said
    assert f'"day" is left out: it looks like dates in a form that is not known, such as {days[0]}' in said
    assert "names the rows" not in said


@pytest.mark.parametrize(("kind", "form"), [("number", "1234"), ("datetime", "dd/mm/yyyy"), ("datetime", "%d/%m")])
def test_a_format_that_is_none_is_refused_with_the_yaml_line(tmp_path: Path, kind: str, form: str) -> None:
    (tmp_path / "pipeline.yaml").write_text(
        f'name: a\nsource: {{path: a.csv}}\ntarget: y\nfeatures:\n  x: {{kind: {kind}, format: "{form}"}}\n'
        "model: {family: mlp}\n"
    )
    with pytest.raises(ConfigError, match=r"features\.x.*such as|features\.x.*as in"):
        config.load(tmp_path / "pipeline.yaml")


def test_a_target_has_a_notation_too_and_predict_reads_each_column_as_in_training(tmp_path: Path) -> None:
    forms = ("1.234,56", "1'234.56", "1234.56 m2")
    cells = {f"x{n}": [NUMBERS[form](cents) for cents in CENTS] for n, form in enumerate(forms)}
    cells["day"] = [moment.strftime("%m/%d/%Y") for moment in MOMENTS]
    price = [NUMBERS["1.234,56 EUR"](3 * cents + 77) for cents in CENTS]
    pipeline = drafted(write(tmp_path / "a.csv", **cells, y=price))
    assert (pipeline.problem.kind, pipeline.problem.form) == ("regression", "1.234,56 EUR")
    text = pipeline.file.read_text(encoding="utf-8") + "training: {epochs: 1}\n"
    pipeline.file.write_text(text, encoding="utf-8")
    pipeline = config.load(pipeline.file)
    retrain(pipeline, force="a test")
    few = {name: column[:5] for name, column in cells.items()}
    clean = {f"x{n}": [cents / 100 for cents in CENTS[:5]] for n in range(3)}
    frame = pl.DataFrame({**clean, "day": [moment.replace(hour=0, minute=0) for moment in MOMENTS[:5]]})
    expected = load(pipeline.file).predict(frame)["prediction"].tolist()
    predict_file(pipeline, write(tmp_path / "few.csv", **few), tmp_path / "few.out.csv")
    assert pl.read_csv(tmp_path / "few.out.csv")["prediction"].to_list() == pytest.approx(expected)
    assert len(set(expected)) == 5
    said = predict_file(pipeline, write(tmp_path / "one.csv", x0=["1.234"], x1=["1234"], x2=["1,2"], day=["13/1/2024"]),
                        tmp_path / "one.out.csv")  # fmt: skip
    assert "count as missing: day 1, x2 1." in str(said)


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_whole_numbers_beyond_doubles_and_codes_with_zeros_are_names(tmp_path: Path, form: str) -> None:
    ids = [2**60 + 8_192 * (n % 5) + n % 2 for n in range(N)]
    frame = pl.DataFrame({"campaign": ids, "zip": [f"{n % 7:05d}" for n in range(N)], "x": CENTS, "y": CLASSES})
    path = tmp_path / f"a.{form}"
    {"csv": frame.write_csv, "jsonl": frame.write_ndjson, "parquet": frame.write_parquet}[form](path)
    pipeline = drafted(path)
    kinds = {name: feature.kind for name, feature in pipeline.features.items()}
    assert kinds == {"campaign": "category", "zip": "category", "x": "number"}
    begun = run.start(pipeline)
    assert rows(begun, ingest(begun))["campaign"].to_pylist() == [str(n) for n in ids]


@pytest.mark.parametrize("labels", [[True, False], [1.0, 0.0], [1, 0]])
def test_labels_are_the_same_classes_in_every_format(tmp_path: Path, labels: list[object]) -> None:
    y = [labels[cents > 4 * 10**6] for cents in CENTS]
    frame = pl.DataFrame({"x": CENTS, "y": y})
    frame.write_parquet(tmp_path / "a.parquet")
    frame.write_ndjson(tmp_path / "a.jsonl")
    write(tmp_path / "a.csv", x=[str(c) for c in CENTS], y=[str(label) for label in y])
    found = []
    for name in ("a.csv", "a.jsonl", "a.parquet"):
        begun = start(tmp_path, {"path": name}, {"x": "number"}, "y")
        found.append((ingest(begun).classes, rows(begun, ingest(begun))["keepfit_row"].to_pylist()))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("yes", "no"),
    [("True", "False"), ("TRUE", "false"), ("1", "0"), ("yes", "no"), ("J", "N"), ("ja", "nein"), ("oui", "non"),
     ("да", "нет"), ("是", "否"), ("sí", "no"), ("vrai", "faux"), ("Tak", "Nie")],
)  # fmt: skip
def test_words_for_yes_and_no(tmp_path: Path, yes: str, no: str) -> None:
    truths = [n % 3 == 0 for n in range(N)]
    write(tmp_path / "a.csv", x=[yes if truth else no for truth in truths], z=[number(c) for c in CENTS], y=CLASSES)
    if yes != "1":
        assert drafted(tmp_path / "a.csv").features["x"].kind == "boolean"
    begun = start(tmp_path, {"path": "a.csv"}, {"x": "boolean"}, "y")
    assert rows(begun, ingest(begun))["x"].to_pylist() == truths


def test_durations_are_seconds(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    waits = [timedelta(seconds=n, microseconds=500_000) for n in range(N)]
    for unit in ("ms", "us", "ns"):
        pq.write_table(pa.table({"x": pa.array(waits, pa.duration(unit)), "y": CLASSES}), tmp_path / "a.parquet")
        begun = start(tmp_path, {"path": "a.parquet"}, {"x": "number"}, "y")
        assert rows(begun, ingest(begun))["x"].to_pylist() == [n + 0.5 for n in range(N)]
