"""What was seen in the data and not used is counted and named, wherever a person or a program looks."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from keepfit import config
from keepfit.report import markdown
from keepfit.store.events import Event
from keepfit.store.store import Store
from tests.cli.test_hostile import told
from tests.refusing import go

ROWS = 60
WORDS = [
    r'cells of "x" that could not be read, and count as missing: 2, such as \'12 oder 13\'',
    r"rows left out, since they have no target: 3",
    r"rows that repeat an earlier one in every feature and the target: 1",
    r"not met: x: values to be between \(min_value 0, max_value 500\): 1 of ",
    r"rows left out: 1, kept in .*quarantine\.parquet",
]


@pytest.fixture
def pipeline(tmp_path: Path) -> Path:
    """A table with something of everything."""
    cells = [[str(i), "ab"[i % 2], "yn"[i % 2]] for i in range(ROWS)]
    cells[3][0] = cells[4][0] = "12 oder 13"
    for row in (10, 11, 12):
        cells[row][2] = ""
    cells.append(cells[20])
    cells[30][0] = "999"
    text = "x,c,y\n" + "".join(",".join(row) + "\n" for row in cells)
    (tmp_path / "t.csv").write_text(text)
    (tmp_path / "expectations.yaml").write_text(
        "expectations:\n  - type: expect_column_values_to_be_between\n    severity: warning\n"
        "    kwargs: {column: x, min_value: 0, max_value: 500}\n"
    )
    (tmp_path / "pipeline.yaml").write_text(
        "name: seen\nsource: {path: t.csv}\ntarget: y\nfeatures: {x: number, c: category}\nmodel: {family: mlp}\n"
        "validation: {expectations: expectations.yaml}\ntraining: {epochs: 1}\n"
    )
    return tmp_path / "pipeline.yaml"


def test_it_stands_wherever_a_person_looks(pipeline: Path, capsys: pytest.CaptureFixture[str]) -> None:
    heard: list[Event] = []
    assert go(pipeline, heard.append) == 0
    on_the_terminal = "\n".join(event.message for event in heard if event.what == "note")
    assert go(pipeline) == 0  # whatever is used again is told again
    capsys.readouterr()
    assert told(["show", str(pipeline)]) == 0
    shown = capsys.readouterr().out.partition("Seen in the data of the last run:\n")[2]
    assert told(["show", str(pipeline), "--json"]) == 0
    as_json = json.loads(capsys.readouterr().out)
    store = Store(pipeline.parent / ".keepfit")
    newest = next(iter(store.records))
    folder = store / f"runs/{newest.run}"
    report = html.unescape((folder / "report.html").read_text())
    for words in WORDS:
        assert re.search(words, on_the_terminal), words
        assert re.search(f"(?m)^- {words}", shown), words
        assert re.search(words, "\n".join(newest.seen)), words
        assert re.search(words, report), words
        assert re.search(words, "\n".join(as_json["runs"][0]["seen"])), words
    assert 'id="seen"' in report


def test_the_artifact_for_prefect_has_it_too(pipeline: Path) -> None:
    from keepfit.store.run import Run

    assert go(pipeline) == 0
    settings = config.load(pipeline)
    store = Store(settings.resolve(settings.store))
    run = Run(settings, store, next(iter(store.records)).run)
    assert "## Seen in the data\n\n- cells of " in markdown(run)


@pytest.mark.parametrize("bad", [12, 40])
def test_rows_that_could_not_be_read_stand_in_a_table_of_the_report(pipeline: Path, bad: int) -> None:
    lines = (pipeline.parent / "t.csv").read_text().splitlines()
    lines[20:20] = [f"{n},<b>{'x' * 300}" for n in range(bad)]
    (pipeline.parent / "t.csv").write_text("\n".join(lines))
    allowed = 12 / (ROWS + 1 + 12)
    pipeline.write_text(pipeline.read_text().replace("yaml}", f"yaml, max_bad_share: {allowed + 0.05}}}"))
    assert go(pipeline) == (0 if bad == 12 else 2)  # with too many the report tells why it stopped
    store = Store(pipeline.parent / ".keepfit")
    report = (store / f"runs/{next(iter(store.records)).run}/report.html").read_text()
    table = html.unescape(report.partition("<h3>Rows that could not be read</h3>")[2].partition("</table>")[0])
    assert f"{bad} in all, of which these are the first" in table
    assert re.findall(r'<td class="n">(\d+)</td><td class="name">t.csv, line (\d+)</td>', table) == [
        (str(row), str(row + 1)) for row in range(20, 30)
    ]
    assert table.count("it has 2 cells, and the others have 3") == 10
