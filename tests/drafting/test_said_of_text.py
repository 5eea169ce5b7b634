"""What keepfit init is told of a text file: it is not guessed, it stands in the YAML, and ingest reads by it."""

from __future__ import annotations

from pathlib import Path

from keepfit import config
from keepfit.drafting import draft
from keepfit.stages.ingest import ingest
from keepfit.store import run

ROWS = [f"{i * 7 % 41}.5,{i % 5}.25,{'wysoka' if i % 3 else 'średnia'}" for i in range(120)]


def test_names_and_encoding_are_written_into_the_yaml(tmp_path: Path) -> None:
    data = tmp_path / "oceny.csv"
    data.write_bytes("\n".join(["x,x,ocena", *ROWS, "x,x,ocena", "7", *ROWS]).encode("cp1250"))
    drafted = draft(data, "grade", folder=tmp_path, encoding="cp1250", columns=("first", "second", "grade"))
    pipeline = config.load(drafted.pipeline)
    assert (pipeline.source.columns, pipeline.source.encoding) == (("first", "second", "grade"), "cp1250")
    assert any("stand for those of its header line" in sentence for sentence in drafted.said)
    assert any("repeats the header" in sentence for sentence in drafted.said)
    assert any("oceny.csv, line 123: it has 1 cells" in sentence for sentence in drafted.said)
    snapshot = ingest(run.start(pipeline))
    assert (snapshot.rows, snapshot.classes) == (240, ("wysoka", "średnia"))
