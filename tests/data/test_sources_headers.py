"""Which line names the columns, what stands around the table, and which columns are none: told each time."""

from __future__ import annotations

from pathlib import Path

import pytest

from keepfit.data.sources.opening import Reading, open_source
from keepfit.errors import DataError

BODY = "".join(f"{i}.5,{i % 7},{'ab'[i % 2]}flat,{'high' if i % 3 else 'low'}\n" for i in range(40))
HEADER = "area,ratio,kind,grade\n"
INDEXED = "".join(f"{i},{line}\n" for i, line in enumerate(BODY.splitlines()))


def opened(folder: Path, content: str, **reading: object) -> tuple[tuple[str, ...], int, str]:
    """The columns, the number of rows, and all that was told."""
    path = folder / "rows.csv"
    path.write_bytes(content.encode())
    source = open_source((path,), Reading(folder, **{"target": "", **reading}))  # type: ignore[arg-type]
    rows = sum(map(len, source.batches()))
    unread = [f"{one.where}: {one.reason}" for one in source.unread]
    return source.columns, rows, "\n".join([*source.notes, *source.later, *unread])


@pytest.mark.parametrize("target", ["", "grade"])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (HEADER + BODY, ""),
        ("\n \n" + HEADER + "\n" + BODY.replace("\n", "\n\n") + "\n\n", ""),
        (HEADER.replace("area", '"area"') + BODY, ""),
        (HEADER + BODY + HEADER + HEADER, "2 lines that repeat the header left out"),
        (HEADER + "ft2,-,text,class\n" + BODY, 'the line below the header, "ft2 - text class", is taken for a second'),
        (HEADER + ",Response,Response,Response\n" + BODY, 'the line below the header, "Response Response Response"'),
        ("A report\n\n" + HEADER + BODY + "\nTotal,40\nSource: registry\n", "2 lines after the table"),
        ("A report,,,\n,,,\n" + HEADER + BODY + ",,,\nTotal,40,,\n", "1 line after the table"),
        ("sep=,\n" + HEADER + BODY, ""),
        ("# by hand\n" + HEADER + BODY + "# done\n", "1 line before the table"),
        (HEADER.replace("\n", ",,\n") + BODY.replace("\n", ",,\n"), "2 columns have neither name nor value"),
        (HEADER + BODY.replace("\n", ",,\n"), "2 columns have neither name nor value"),
        (HEADER.replace("\n", ",\n") + BODY, ""),
        ("," + HEADER + INDEXED, "the column without a name that numbers the rows is left out"),
        ("Unnamed: 0," + HEADER + INDEXED, "the column without a name that numbers the rows is left out"),
        (HEADER + BODY.replace("\n", "\n# a comment\n", 1), "1 line that begins with # left out"),
    ],
)
def test_the_table_is_found(tmp_path: Path, content: str, told: str, target: str) -> None:
    columns, rows, said = opened(tmp_path, content, target=target)
    assert (columns, rows) == (("area", "ratio", "kind", "grade"), 40)
    assert told in said
    assert bool(told) == bool(said)


def test_the_line_that_holds_the_targets_name_is_the_header(tmp_path: Path) -> None:
    content = "Flats,Q1,,\nby region,,,\n2019,2020,2021,2022\n" + "".join(f"{i},{i},{i},{i % 2}\n" for i in range(20))
    assert opened(tmp_path, content, target="2022")[:2] == (("2019", "2020", "2021", "2022"), 20)


@pytest.mark.parametrize(
    ("content", "columns", "needed", "found"),
    [
        ("a,b,b,y\n" + "1,2,3,u\n" * 9, ("a", "b", "b2", "y"), {"a", "b", "b2"}, ("a", "b", "b2", "y")),
        ("a,b,b\n" + "1,2,3\n" * 9, ("a", "b", "b2", "y"), {"a", "b", "b2"}, ("a", "b", "b2")),
        ("1,2,3,u\n" * 9, ("a", "b", "b2", "y"), {"a", "b", "b2"}, ("a", "b", "b2", "y")),
        ("1,2,3\n" * 9, ("a", "b", "b2", "y"), {"a", "b", "b2"}, ("a", "b", "b2")),
        ("y,b2,b,a\n" + "u,3,2,1\n" * 9, ("a", "b", "b2", "y"), {"a", "b", "b2"}, ("y", "b2", "b", "a")),
        ("面积,数,价,y\n" + "1,2,3,u\n" * 9, ("a", "b", "b2", "y"), {"a", "b", "b2"}, ("a", "b", "b2", "y")),
        ("a,b,b,y,,\n" + "1,2,3,u,,\n" * 9, ("a", "b", "b2", "y"), {"a", "b", "b2"}, ("a", "b", "b2", "y")),
    ],
)
def test_names_in_the_yaml_stand_for_a_header_that_lacks_them(
    tmp_path: Path, content: str, columns: tuple[str, ...], needed: set[str], found: tuple[str, ...]
) -> None:
    got, rows, _ = opened(tmp_path, content, columns=columns, needed=frozenset(needed), target="y")
    assert (got, rows) == (found, 9)


def test_a_row_of_rare_words_is_no_second_header(tmp_path: Path) -> None:
    assert opened(tmp_path, HEADER + "?,?,loft,mid\n" + BODY)[1] == 41
    assert opened(tmp_path, HEADER + "1.5,2,loft,mid\n" + BODY)[1] == 41


def test_a_column_that_the_model_asks_for_is_not_dropped(tmp_path: Path) -> None:
    assert opened(tmp_path, ",a\n1,x\n2,y\n", needed=frozenset({"column_1"}))[0] == ("column_1", "a")


def test_one_column_is_a_table_where_its_name_is_known(tmp_path: Path) -> None:
    assert opened(tmp_path, "\nx\n1\n2\n", needed=frozenset({"x"}))[:2] == (("x",), 2)
    with pytest.raises(DataError, match="no delimiter"):
        opened(tmp_path, "x\n1\n2\n")


def test_doubles_say_how_to_name_them(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r'line 2: the column "a" is there 2 times.*source.columns'):
        opened(tmp_path, "\na,a\n1,2\n")


@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("before", ["", "bad,row\n", BODY * 200])
@pytest.mark.parametrize("other", ["ratio,area,kind,grade", "grade, kind ,ratio,area"])
def test_a_header_in_another_order_is_no_row_and_stops(tmp_path: Path, other: str, before: str, quoted: bool) -> None:
    other = ",".join(f'"{name}"' for name in other.split(",")) if quoted else other
    content = HEADER + BODY + before + other + "\n" + BODY
    line = content[: content.index(other)].count("\n") + 1
    with pytest.raises(DataError, match=f"rows.csv, line {line}: this line holds the header's names in another order"):
        opened(tmp_path, content)


def test_cells_that_happen_to_be_names_of_columns_are_cells(tmp_path: Path) -> None:
    header, lines = "area,kind,grade\n", ["area,area,kind", "kind,grade,grade", "1,kind,area"] * 20
    assert opened(tmp_path, header + "\n".join(lines), target="grade")[1] == 60
