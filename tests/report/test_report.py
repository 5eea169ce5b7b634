"""The report of real runs: self-contained, safe with any text, the same twice, and short when nothing is new."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keepfit import config, report
from keepfit.data.picking import pick
from keepfit.errors import DataError
from keepfit.metrics.naming import figure, seconds, signed, span
from keepfit.problems import drawing
from keepfit.problems.classification import charts
from keepfit.report import charts as over_epochs
from keepfit.report.facts import RunFacts
from keepfit.report.worst import LONG, cell_in_pieces, worst
from keepfit.stages.evaluation import evaluate
from keepfit.stages.export import export
from keepfit.stages.ingest import ingest
from keepfit.stages.preprocessing import preprocess
from keepfit.stages.release import release
from keepfit.stages.training import train
from keepfit.stages.validation import validate
from keepfit.store import records
from keepfit.store.artifacts import Prepared
from keepfit.store.run import Run, begin

STRANGE = '<script>alert("x")</script> | *好* $\\alpha$'
ROWS = 90
YAML = f"""
name: flowers
source: {{path: rows.csv}}
target: kind
features: {{height: number, width: number, '{STRANGE}': category}}
evaluation: {{slices: ['{STRANGE}']}}
validation: {{expectations: expectations.yaml, stop: false}}
model: {{family: mlp, width: 8, depth: 1, members: 1}}
training: {{epochs: 3}}
"""
EXPECTATIONS = """
expectations:
  - {type: expect_column_values_to_be_between, kwargs: {column: height, max_value: 80}, severity: warning}
"""


def retrain(pipeline: Path) -> Run:
    with begin(config.load(pipeline)) as run:
        validated = validate(run, ingest(run))
        prepared: Prepared = preprocess(run, validated)
        trained = train(run, prepared.learnable)
        evaluated = evaluate(run, trained, prepared)
        bundle = export(run, trained, prepared, evaluated)
        release(run, bundle, evaluated, prepared)
        return run


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Run]:
    """Two runs over the same rows, whose column and class names are as unfriendly as they come."""
    folder = tmp_path_factory.mktemp("report")
    quoted = '"' + STRANGE.replace('"', '""') + '"'
    lines = [f"height,width,{quoted},kind"]
    for n in range(ROWS):
        lines.append(f"{n + 40 * (n % 2)},{n % 7},{'a' if n % 3 else quoted},{'玫瑰' if n % 2 else quoted}")
    (folder / "rows.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "pipeline.yaml").write_text(YAML, encoding="utf-8")
    (folder / "expectations.yaml").write_text(EXPECTATIONS, encoding="utf-8")
    return [retrain(folder / "pipeline.yaml") for _ in range(2)]


class Page(HTMLParser):
    """What a page holds: its tags, whatever it would load, its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.text = ""
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if (
                name in ("src", "href", "xlink:href", "srcset")
                and value
                and not value.startswith(("#", "data:", "../"))
            ):
                self.loads.append(value)
            if name == "id":
                self.ids.append(value or "")

    def handle_data(self, data: str) -> None:
        self.text += data


def page(run: Run) -> Page:
    return Page((run.folder / "report.html").read_text(encoding="utf-8"))


def test_it_loads_nothing_and_runs_nothing(runs):
    for run in runs:
        found = page(run)
        assert found.loads == []
        assert "script" not in found.tags
        text = (run.folder / "report.html").read_text(encoding="utf-8")
        assert not re.search(r"url\((?!#)|@import|https?://(?!www\.w3\.org)", text)
        assert len(found.ids) == len(set(found.ids))


def test_it_shows_every_section_and_text_as_it_is(runs):
    found = page(runs[0])
    titles = ("Test score", "What changed", "Data", "Validation", "Training", "Where it is wrong", "Ranking and")
    for title in (*titles, "Slices", "Worst predictions", "Lineage"):
        assert title in found.text
    assert STRANGE in found.text
    assert "玫瑰" in found.text
    assert "0 of 1 expectations met" in found.text
    assert runs[0].record().verdict.sentence in found.text
    assert found.tags.count("svg") >= 5


def test_a_challenger_stands_beside_the_champion_with_the_difference(tmp_path):
    folder = tmp_path / "digits"
    rows = [f"{n % 50},{n % 3},{'a' if n % 50 > 25 - n % 5 else 'b'}" for n in range(600)]
    folder.mkdir()
    (folder / "rows.csv").write_text("x,y,kind\n" + "\n".join(rows) + "\n")
    (folder / "pipeline.yaml").write_text(
        "name: sides\nsource: {path: rows.csv}\ntarget: kind\nfeatures: {x: number, y: number}\n"
        "model: {family: mlp, width: 8, depth: 1, members: 1}\ntraining: {epochs: 1, lr: 0.00001}\n"
    )
    retrain(folder / "pipeline.yaml")
    text = (folder / "pipeline.yaml").read_text().replace("epochs: 1, lr: 0.00001", "epochs: 4")
    (folder / "pipeline.yaml").write_text(text)
    run = retrain(folder / "pipeline.yaml")
    found = json.loads((run.folder / "compared.json").read_text())
    shown = page(run)
    assert "compared" in shown.ids
    champion, challenger = (figure("accuracy", found[who]["accuracy"]) for who in ("champion", "challenger"))
    paired = signed("accuracy", found["paired"]["difference"])
    for words in (f"{champion}{challenger}", paired, f"{found['paired']['rows']} test rows that neither has learned"):
        assert words in shown.text, words
    assert all(word in shown.text for word in ("rows.csv", "torch", "epochs"))


def test_the_worst_rows_are_named_by_their_place_in_the_source_and_the_wrong_come_first(runs):
    shown = worst(RunFacts(runs[0]))
    lines = (runs[0].config.folder / "rows.csv").read_text().splitlines()
    for row in shown["rows"]:
        cells = lines[int(row["row"])].split(",")  # the header is line 0
        assert ["".join(text for text, _ in pieces) for pieces in row["cells"][:2]] == cells[:2]
        assert (row["told"][0] == "玫瑰") == ("玫瑰" in cells[-1])
    wrong = [row["wrong"] for row in shown["rows"]]
    assert wrong == sorted(wrong, reverse=True)


def test_nothing_new_is_short_and_leads_to_the_verdict(runs):
    first, second = runs
    assert second.record().verdict.reason == "nothing_new"
    found, text = page(second), (second.folder / "report.html").read_text(encoding="utf-8")
    assert "svg" not in found.tags
    assert f'href="../{first.id}/report.html"' in text
    assert "same as run" in found.text


def test_writing_again_gives_the_same_bytes_however_long_the_release_took(runs):
    for run in runs:
        before = (run.folder / "report.html").read_bytes()
        record = run.record()
        slow = record.stages["release"].model_copy(update={"seconds": 1e4})
        records.write(
            run.folder / records.FILE, record.model_copy(update={"stages": {**record.stages, "release": slow}})
        )
        assert report.write(run).read_bytes() == before
        assert report.markdown(run) == report.markdown(run)


def test_the_markdown_is_small_safe_and_its_charts_are_pictures(runs):
    text = report.markdown(runs[0])
    assert len(text.encode()) < 1_000_000
    assert "<script" not in text
    pictures = re.findall(r"data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)", text)
    assert len(pictures) == 6
    for content in pictures:
        svg = base64.b64decode(content).decode()
        assert ElementTree.fromstring(svg).tag.endswith("svg")
        assert "var(" not in svg
    rows = [line for line in text.splitlines() if line.startswith("| evaluate")]
    assert rows
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 5 for row in rows)


def test_a_run_that_reached_nothing_has_a_report_too(runs, tmp_path):
    bare = replace(runs[0], id="bare")
    bare.folder.mkdir()
    record = {"run": "bare", "pipeline": "flowers", "started": "2026-01-01T00:00:00+00:00", "pid": 1}
    (bare.folder / "record.json").write_text(json.dumps(record), encoding="utf-8")
    assert "has not reached a verdict" in Page(report.write(bare).read_text(encoding="utf-8")).text
    assert "has not reached a verdict" in report.markdown(bare)


def test_rows_in_quarantine_are_shown_with_what_they_failed(runs, tmp_path):
    failed = "height: values to be between (max_value 80)"
    shown = page(runs[0]).text
    assert "In quarantine" in shown
    assert failed in shown
    for path in filter(Path.is_file, runs[0].config.folder.iterdir()):
        (tmp_path / path.name).write_text(path.read_text().replace("stop: false", "max_bad_share: 0.01"))
    with pytest.raises(DataError), begin(config.load(tmp_path / "pipeline.yaml"), report.write) as run:
        validate(run, ingest(run))
    stopped = page(run).text
    assert "In quarantine" in stopped
    assert f"all are in {run.folder}/validation/quarantine.parquet" in stopped
    assert stopped.count(failed) > 10


def test_a_short_report_imports_no_plotting(runs):
    script = f"""
import sys
from keepfit import config, report
from keepfit.store.run import Run
from keepfit.store.store import Store
settings = config.load({str(runs[1].config.file)!r})
run = Run(settings, Store(settings.resolve(settings.store)), {runs[1].id!r})
report.write(run), report.markdown(run)
print([m for m in ("matplotlib", "pyarrow", "numpy", "pandas", "torch") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_rows_are_found_by_number_across_files_and_groups(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    for part in range(3):
        rows = pa.table({"n": range(10 * part, 10 * part + 10)})
        pq.write_table(rows, tmp_path / f"part-{part:05}.parquet", row_group_size=4)
    assert pick(tmp_path, [29, 0, 13, 13], ["n"])["n"].to_pylist() == [29, 0, 13, 13]


def test_a_class_name_is_text_in_a_chart_too():
    svg = charts.curves("roc", STRANGE, ("x", "y"), [(STRANGE, [0, 1], [0, 1])], chance=True)
    texts = [node.text for node in ElementTree.fromstring(svg).iter() if node.tag == "text"]
    assert texts.count(STRANGE) == 2


@pytest.mark.parametrize("name", ["_", "_child", "__init__", "$x$", " "])
def test_a_class_is_named_in_the_curves_whatever_it_is_called(name):
    svg = charts.curves(
        "roc", "ROC", ("x", "y"), [(f"{name}  0.9", [0, 1], [0, 1]), ("b", [0, 1], [0, 1])], chance=True
    )
    texts = [node.text for node in ElementTree.fromstring(svg).iter() if node.tag == "text"]
    assert {f"{name}  0.9", "b"} <= set(texts)


def test_a_chart_without_a_style_sheet_brings_its_own_paper_and_can_be_read_on_it():
    history = [{"epoch": 1, "train_loss": 1, "validation_loss": 1, "validation_accuracy": 0}]
    drawn = drawing.plain(over_epochs.training(history, 1, "Log loss")[0])
    root = ElementTree.fromstring(drawn)
    paper = root[0]
    assert (paper.tag.endswith("rect"), paper.get("width"), paper.get("height")) == (True, "100%", "100%")
    words = [node.get("style") or "" for node in root.iter() if node.tag.endswith("text")]
    inks = {found for style in words for found in re.findall(r"fill: (#[0-9a-f]{6})", style)}
    assert inks
    for ink in inks:
        assert contrast(ink, str(paper.get("fill"))) >= 4.5, "the least that WCAG 2 asks of small text"


def contrast(one: str, other: str) -> float:
    """WCAG 2.2's ratio of two colours, 1 to 21."""

    def light(colour: str) -> float:
        shares = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
        red, green, blue = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@given(st.floats(0, 1), st.floats(0, 1))
def test_figures_keep_the_order_and_do_not_round_up_to_perfect(a, b):
    low, high = sorted((a, b))
    assert float(figure("mcc", low)) <= float(figure("mcc", high)) + 5e-4
    assert figure("accuracy", 0.9996) != figure("accuracy", 1.0)


def test_words():
    assert figure("accuracy", 0.97412) == "97.4 %"
    assert span("accuracy", 0.951, 0.986) == "95.1 to 98.6 %"
    assert signed("log_loss", -0.0123) == "-0.012"
    assert [seconds(s) for s in (0.031, 4.21, 200.4, 7500)] == ["0.03 s", "4.2 s", "3 min 20 s", "2 h 5 min"]


def test_a_text_is_shown_in_pieces_with_what_its_answer_rests_on():
    said = "The room was\nclean, " + "and quiet " * 60
    spans = [[0, 3, 0.1], [13, 18, 2.0], [300, 305, -1.0], [700, 705, 9.0]]
    found = cell_in_pieces(said, spans)
    assert found[:5] == [("The", 1), (" room was\\n", 0), ("clean", 22), (found[3][0], 0), (found[4][0], -11)]
    assert "".join(text for text, _ in found) == said[:LONG].replace("\n", "\\n") + "…"
    assert cell_in_pieces(said, None) == [(f"{said[: LONG - 1]}…".replace("\n", "\\n"), 0)]
    assert cell_in_pieces(None, None) == [("–", 0)]
